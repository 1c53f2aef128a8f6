"""A person: their nick, and whom they ignore (see also test_session.py)."""

from __future__ import annotations

from chatd.core.events import Said
from chatd.core.names import parse_nick
from chatd.core.person import Person
from chatd.testing import NOON


def test_a_new_person_is_not_away_and_ignores_nobody() -> None:
    person = Person(parse_nick("Ada"))
    assert (person.nick, person.away, person.reply_to) == ("Ada", None, "")
    assert not person.ignores(Said("lobby", 1, NOON, "eve", "", "hi"))


def test_rights_are_about_the_account_and_for_a_guest_about_the_seat() -> None:
    guest, owner = Person(parse_nick("Ada")), Person(parse_nick("Ada"), "ada")
    assert (guest.account, guest.subject("5ea7")) == ("", "5ea7")
    assert (owner.account, owner.subject("5ea7")) == ("ada", "=ada")


def test_an_ignored_nick_is_recognised_in_any_spelling() -> None:
    person = Person(parse_nick("Ada"))
    person.ignoring = frozenset({"éva"})
    assert person.ignores(Said("lobby", 1, NOON, "E\u0301VA", "", "hi"))
