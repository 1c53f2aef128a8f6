"""A person: their nick, and what is new about them."""

from __future__ import annotations

from chatd.core.names import parse_nick
from chatd.core.person import Person


def test_a_new_person_is_not_away_and_ignores_nobody() -> None:
    person = Person(parse_nick("Ada"))
    assert (person.nick, person.away) == ("Ada", None)
    assert not person.ignoring


def test_what_one_has_read_is_not_read_by_others() -> None:
    ada, bob = Person(parse_nick("ada")), Person(parse_nick("bob"))
    ada.note_read("lobby", 3, 1000)
    assert (ada.read, bob.read) == ({"lobby": (3, 1000)}, {})
