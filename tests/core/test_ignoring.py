"""Whom a person ignores."""

from __future__ import annotations

import pytest

from chatd.core.events import Left, Reason, Said
from chatd.core.ignoring import NO_ONE, IgnoreList
from chatd.core.limits import SEATS_PER_IGNORED
from chatd.testing import NOON


def said(nick: str, seat: str = "") -> Said:
    return Said("lobby", 1, NOON, nick, seat, "hi")


def test_a_nick_is_recognised_in_any_spelling() -> None:
    ignoring = IgnoreList()
    ignoring.add("éva")
    assert ignoring.heard(said("E\u0301VA")) is None
    assert "éva" in ignoring
    assert len(ignoring) == 1


def test_a_seat_is_recognised_under_any_nick() -> None:
    ignoring = IgnoreList()
    ignoring.add("Bob", ["desk", "phone"])
    assert ignoring.heard(said("eve", "phone")) is None
    assert ignoring.heard(said("eve", "other")) == said("eve", "other")


def test_a_leaving_is_heard_without_its_text() -> None:
    ignoring = IgnoreList()
    ignoring.add("bob")
    silent = Left("lobby", 1, NOON, "bob", "", Reason.QUIT)
    assert ignoring.heard(Left("lobby", 1, NOON, "bob", "", Reason.QUIT, "hear me")) == silent
    assert ignoring.heard(silent) is silent


def test_either_nick_or_seat_ends_it() -> None:
    ignoring = IgnoreList()
    ignoring.add("bob", ["desk"])
    ignoring.add("eve")
    assert not ignoring.remove("adam", ["elsewhere"])
    assert ignoring.remove("bob2", ["desk"])
    assert not ignoring.covers("bob", "desk")
    assert [ignored.nick for ignored in ignoring.people] == ["eve"]
    assert ignoring.remove("EVE")
    assert not ignoring


def test_a_seat_belongs_to_the_first_who_is_ignored_with_it() -> None:
    ignoring = IgnoreList()
    ignoring.add("bob", ["desk"])
    ignoring.add("bob2", ["desk"])
    assert ignoring.remove("bob2", ["desk"])
    assert not ignoring


def test_the_newest_seats_are_remembered() -> None:
    ignoring = IgnoreList()
    ignoring.add("bob", [f"seat {number}" for number in range(SEATS_PER_IGNORED + 1)])
    assert not ignoring.covers("eve", "seat 0")
    assert ignoring.covers("eve", "seat 1")
    assert ignoring.remove("bob")
    assert not ignoring.covers("eve", "seat 1")


def test_a_copy_changes_alone() -> None:
    ignoring = IgnoreList(["bob"])
    copy = ignoring.copy()
    copy.add("bob", ["desk"])
    copy.add("eve")
    assert [ignored.nick for ignored in copy.people] == ["bob", "eve"]
    assert [(ignored.nick, [*ignored.seats]) for ignored in ignoring.people] == [("bob", [])]


def test_nobody_is_added_to_the_list_of_everybody() -> None:
    with pytest.raises(AssertionError, match="everybody would ignore them"):
        NO_ONE.add("eve")
    assert not NO_ONE
