"""A request until it is answered."""

from __future__ import annotations

from chatd.codecs.irc.request import Request


def test_changes_of_modes_become_one_line() -> None:
    request = Request("MODE")
    assert request.mode_change() == ""
    request.changes += [("+", "i", ""), ("+", "o", "bob"), ("-", "t", ""), ("+", "l", "7")]
    assert request.mode_change() == "+io-t+l bob 7"


def test_a_request_is_answered_when_nothing_is_open() -> None:
    request = Request("JOIN", open=1)
    request.is_closed = True
    assert not request.is_answered
    request.open = 0
    assert request.is_answered
