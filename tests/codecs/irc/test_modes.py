"""The modes of channels and people, kicking and inviting, with every line that is sent."""

from __future__ import annotations

import pytest

from tests.codecs.irc.network import STEPS, follow


@pytest.mark.parametrize("step", STEPS)
def test_the_conversation(step: int) -> None:
    follow("modes", step)


@pytest.mark.parametrize("step", STEPS)
def test_bans_and_masks(step: int) -> None:
    follow("bans", step)
