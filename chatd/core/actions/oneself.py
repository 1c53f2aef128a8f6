"""Oneself: whom one ignores, and being away."""

from __future__ import annotations

from chatd.core.actions.base import Result, check_text
from chatd.core.commands import Away, Back, Ignore, Unignore
from chatd.core.errors import BadUsage, TooLong, TooMany
from chatd.core.events import Done, Ignoring
from chatd.core.limits import AWAY_CHARACTERS, IGNORED_PER_SESSION
from chatd.core.names import parse_nick
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.session import Session


def ignore(registry: Registry, session: Session, command: Ignore) -> Result:
    """Stop seeing somebody's messages, or list whom one ignores."""
    person = _person(session)
    if command.nick:
        key = parse_nick(command.nick).key
        if key == person.name.key:
            raise BadUsage("You cannot ignore yourself.", "Write /ignore NICK.")
        if len(person.ignoring | {key}) > IGNORED_PER_SESSION:
            raise TooMany(f"You ignore {IGNORED_PER_SESSION} people already.", "/unignore one of them first.")
        registry.directory.set_ignoring(person, person.ignoring | {key})
    return _ignoring(person)


def unignore(registry: Registry, session: Session, command: Unignore) -> Result:
    """See somebody's messages again."""
    person, key = _person(session), parse_nick(command.nick).key
    if key not in person.ignoring:
        raise BadUsage(f"You do not ignore {command.nick}.", "/ignore lists whom you do.")
    registry.directory.set_ignoring(person, person.ignoring - {key})
    return _ignoring(person)


def _ignoring(person: Person) -> Ignoring:
    return Ignoring(tuple(sorted(person.ignoring)))


def away(registry: Registry, session: Session, command: Away) -> Result:
    """Be away, with a text for those who write."""
    if command.text:
        check_text(command.text)
    if len(command.text) > AWAY_CHARACTERS:
        raise TooLong("The text is too long.", f"An away text has at most {AWAY_CHARACTERS} characters.")
    registry.directory.set_away(_person(session), command.text)
    return Done("away", command.text)


def back(registry: Registry, session: Session, command: Back) -> Result:
    """Be away no longer."""
    person = _person(session)
    if person.away is None:
        raise BadUsage("You are not away.", "/away marks you as away.")
    registry.directory.set_away(person, None)
    return Done("back")


def _person(session: Session) -> Person:
    assert session.person is not None, "the table says that it takes a nick"
    return session.person
