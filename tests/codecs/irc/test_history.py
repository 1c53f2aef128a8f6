"""The conversations of ``conversations/history.txt``, line by line and byte by byte."""

from __future__ import annotations

import pytest

from tests.codecs.irc.network import STEPS, follow


@pytest.mark.parametrize("step", STEPS)
def test_conversation(step: int) -> None:
    follow("history", step)


@pytest.mark.parametrize("step", STEPS)
def test_redaction(step: int) -> None:
    follow("redaction", step)
