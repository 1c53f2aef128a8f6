"""A person: what they are called, and whom they ignore (see also test_session.py)."""

from __future__ import annotations

from chatd.core.events import Said
from chatd.core.names import parse_nick
from chatd.core.person import Person
from chatd.testing import NOON


def test_a_person_is_here_and_ignores_nobody() -> None:
    person = Person(parse_nick("Ada"))
    assert (person.nick, person.away, person.correspondent) == ("Ada", None, "")
    assert not person.ignores(Said("lobby", 1, NOON, "eve", "", "hi"))


def test_whom_a_person_ignores_is_known_in_every_spelling() -> None:
    person = Person(parse_nick("Ada"))
    person.ignoring = frozenset({"éva"})
    assert person.ignores(Said("lobby", 1, NOON, "E\u0301VA", "", "hi"))
