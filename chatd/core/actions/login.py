"""Logging in, changing the nick, and quitting."""

from __future__ import annotations

import secrets
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from chatd.core.actions.base import Result
from chatd.core.commands import Hello, Nick, Quit
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered, Refusal, TooMany
from chatd.core.events import DRAFT, Answer, Closing, Done, Event, Reason, Refused, Renamed, Welcome
from chatd.core.identity import identify
from chatd.core.limits import EVENT_LINES, ROOMS_PER_PERSON, SCROLLBACK_EVENTS, TOKEN_CHARACTERS
from chatd.core.names import Name, parse_nick, parse_room
from chatd.core.person import Person
from chatd.core.policy import check_may_come
from chatd.core.presence import Entering, Resume, end, quit_session
from chatd.core.registry import Registry
from chatd.core.session import Session


async def hello(registry: Registry, session: Session, command: Hello) -> Answer:
    """Log in and enter the rooms, all with one commit. The final answer is about the last room."""
    if session.person is not None:
        raise BadUsage("You already have a nick.", f"You are {session.nick}; /nick changes it.")
    name = parse_nick(command.nick, registry.reserved)
    rooms = _requested_rooms(registry, command)
    _take_seat(registry, session, name, _sender_id(command.token))
    session.scrollback = min(max(command.scrollback, 0), SCROLLBACK_EVENTS)
    settings = registry.settings
    session.out.tell(Welcome(name.text, settings.name, registry.store.name, settings.motd, id=command.id))
    entering = [Entering(registry, session, room, resume) for room, resume in rooms]
    answers = [name.text, *[""] * len(rooms[1:])]
    for room, newcomer in zip(entering[:-1], answers, strict=False):
        session.out.tell(replace(await _entered(room, newcomer), id=command.id))
        await Later(session.out.when_taken)
    return await _entered(entering[-1], answers[-1])


async def _entered(entering: Entering, newcomer: str) -> Answer:
    """The answer to entering one room of several."""
    try:
        return await entering.finish(newcomer)
    except Refusal as refusal:
        return Refused(refusal.code, refusal.reason, refusal.hint)


def _requested_rooms(registry: Registry, command: Hello) -> Sequence[tuple[Name, Resume | None]]:
    """The rooms to enter, each with the event to resume after, if any. Raises BadRoom and
    TooMany."""
    if len(command.rooms) > ROOMS_PER_PERSON or len(command.resume) > ROOMS_PER_PERSON:
        raise _too_many_rooms()  # Before parsing the names, which costs more than sending them.
    resume = {parse_room(room).key: Resume(seq, command.log) for room, seq in command.resume.items()}
    rooms = {room.key: room for room in map(parse_room, [*command.rooms, *command.resume])}
    if len(rooms) > ROOMS_PER_PERSON:
        raise _too_many_rooms()
    return [(room, resume.get(room.key)) for room in rooms.values() or [registry.default_room]]


def _too_many_rooms() -> TooMany:
    return TooMany("You asked for too many rooms.", f"A person can be in {ROOMS_PER_PERSON} rooms.")


def _sender_id(token: str) -> str:
    """The sender_id of a seat: a hash of the token, from which nobody can recover the token, or
    random if there is none. Raises BadUsage."""
    if not token:
        return secrets.token_hex(16)
    shortest, longest = TOKEN_CHARACTERS
    if not shortest <= len(token) <= longest:
        raise BadUsage("The token is too short or too long.", f"A token has {shortest} to {longest} characters.")
    return sha256(token.encode()).hexdigest()[:32]


def _take_seat(registry: Registry, session: Session, name: Name, sender_id: str) -> None:
    """Give ``session`` a seat as a new person, who replaces the session that has the seat, if any.

    Raises NickTaken and Banned.
    """
    directory = registry.directory
    before = directory.session_of(sender_id)
    old = before.person if before else None
    directory.check_free(name, except_for=old)
    check_may_come(registry, identify(name.key, "", [sender_id], [session.address]))
    if before is not None:
        end(registry, before, Reason.REPLACED)
    person = directory.arrive(session, name, sender_id)
    if old is not None:
        directory.set_away(person, old.away)
        directory.set_ignoring(person, old.ignoring)


def nick(registry: Registry, session: Session, command: Nick) -> Result:
    """Change the nick; before login, the same as hello."""
    person = session.person
    if person is None:
        return hello(registry, session, Hello(command.nick, id=command.id))
    old, name = person.nick, parse_nick(command.nick, registry.reserved)
    registry.directory.check_free(name, person)
    _check_free_by_logs(registry, person, name)
    registry.directory.rename(person, name)
    return Done("nick", name.text) if name.text == old else _renamed(registry, session, person, old)


def _check_free_by_logs(registry: Registry, person: Person, name: Name) -> None:
    """Raise NotDelivered if the log of one of the person's rooms still assigns ``name`` to somebody
    else."""
    for room in registry.rooms.of(person).values():
        if not room.attendance.may_take(name.key, room.members[person]):
            reason = f"#{room.name.text} still lists {name.text}, since a change could not be stored yet."
            raise NotDelivered(reason, "Try again later, or choose another nick.")


async def _renamed(registry: Registry, session: Session, person: Person, old: str) -> Done:
    """Report in every room that ``person`` has changed their nick from ``old``. Later messages of
    the person follow the report."""
    session.out.spend(EVENT_LINES * len(registry.rooms.of(person)))
    reported = []
    for room in registry.rooms.of(person).values():
        draft = Renamed(room.name.text, DRAFT, registry.now(), old, session.sender_id, person.nick)
        reported.append(Later[Event | NotDelivered](room.report, draft, room.members[person]))
    done = Done("nick", person.nick)
    for each in reported:
        await each
    return done


def quit(registry: Registry, session: Session, command: Quit) -> Coroutine[Later[Any], None, Closing]:
    """Leave all rooms and end the connection."""
    return quit_session(registry, session, Reason.QUIT, command.text)
