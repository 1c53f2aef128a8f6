"""Registering, capabilities and quitting, with every line that is sent."""

from __future__ import annotations

import pytest

from tests.codecs.irc.network import STEPS, follow


@pytest.mark.parametrize("step", STEPS)
def test_the_conversation(step: int) -> None:
    follow("connecting", step)
