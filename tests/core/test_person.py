"""A person: their nick, and what is new about them."""

from __future__ import annotations

from chatd.core.names import parse_nick
from chatd.core.person import Person


def test_a_new_person_is_not_away_and_ignores_nobody() -> None:
    person = Person(parse_nick("Ada"))
    assert (person.nick, person.away, person.reply_to) == ("Ada", None, "")
    assert not person.ignoring


def test_rights_are_about_the_account_and_for_a_guest_about_the_seat() -> None:
    guest, owner = Person(parse_nick("Ada")), Person(parse_nick("Ada"), "ada")
    assert (guest.account, guest.subject("5ea7")) == ("", "5ea7")
    assert (owner.account, owner.subject("5ea7")) == ("ada", "=ada")
