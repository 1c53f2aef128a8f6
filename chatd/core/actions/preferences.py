"""Settings of a person: ignoring others, and being away."""

from __future__ import annotations

from chatd.core.actions.base import Result
from chatd.core.commands import Away, Back, Ignore, Unignore
from chatd.core.errors import BadUsage, TooLong, TooMany
from chatd.core.events import Done, Ignoring
from chatd.core.limits import AWAY_CHARACTERS, IGNORED_PER_PERSON
from chatd.core.names import parse_nick
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.session import Session


def ignore(registry: Registry, session: Session, command: Ignore) -> Result:
    """Ignore somebody's messages, or list who is ignored."""
    person = _person(session)
    if command.nick:
        key = parse_nick(command.nick).key
        if key == person.name.key:
            raise BadUsage("You cannot ignore yourself.", "Write /ignore NICK.")
        if len(person.ignoring | {key}) > IGNORED_PER_PERSON:
            raise TooMany(f"You already ignore {IGNORED_PER_PERSON} people.", "/unignore one of them first.")
        registry.directory.set_ignoring(person, person.ignoring | {key})
    return _ignoring(person)


def unignore(registry: Registry, session: Session, command: Unignore) -> Result:
    """Stop ignoring somebody."""
    person, key = _person(session), parse_nick(command.nick).key
    if key not in person.ignoring:
        raise BadUsage(f"You do not ignore {command.nick}.", "/ignore lists the people you ignore.")
    registry.directory.set_ignoring(person, person.ignoring - {key})
    return _ignoring(person)


def _ignoring(person: Person) -> Ignoring:
    return Ignoring(tuple(sorted(person.ignoring)))


def away(registry: Registry, session: Session, command: Away) -> Result:
    """Be away, with a text for people who send private messages."""
    if len(command.text) > AWAY_CHARACTERS:
        raise TooLong("The text is too long.", f"An away text has at most {AWAY_CHARACTERS} characters.")
    registry.directory.set_away(_person(session), command.text)
    return Done("away", command.text)


def back(registry: Registry, session: Session, command: Back) -> Result:
    """Stop being away."""
    person = _person(session)
    if person.away is None:
        raise BadUsage("You are not away.", "/away marks you as away.")
    registry.directory.set_away(person, None)
    return Done("back")


def _person(session: Session) -> Person:
    assert session.person is not None, "the table says that this needs a nick"
    return session.person
