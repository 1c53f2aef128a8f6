"""What all clients share."""

from __future__ import annotations

from chatd.codecs.irc.shared import Shared, is_quit
from chatd.core.events import Left, Reason
from chatd.core.registry import Settings
from chatd.testing import NOON


def test_lines_have_their_tags_and_ends() -> None:
    shared = Shared(Settings(), lambda: NOON, {"sasl": "PLAIN"})
    assert shared.join([("", ":a B"), ("x=1", ":c D")]) == b":a B\r\n@x=1 :c D\r\n"
    assert shared.offered["sasl"] == "PLAIN"


def test_who_is_removed_or_leaves_does_not_quit() -> None:
    kinds = {reason for reason in Reason if not is_quit(Left("dev", 1, NOON, "ada", "", reason, "", "bob"))}
    assert kinds == {Reason.LEFT, Reason.KICKED}


def test_who_is_removed_from_the_server_quits() -> None:
    assert is_quit(Left("dev", 1, NOON, "ada", "", Reason.KICKED))
