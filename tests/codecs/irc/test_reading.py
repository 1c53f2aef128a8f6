"""The conversation of ``conversations/reading.txt``, line by line and byte by byte."""

from __future__ import annotations

import pytest

from tests.codecs.irc.network import STEPS, follow


@pytest.mark.parametrize("step", STEPS)
def test_the_conversation(step: int) -> None:
    follow("reading", step)
