"""Information about the commands, the rooms and the people, and the ping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from chatd.core.actions.base import Result
from chatd.core.answers import (
    Answer,
    Counts,
    FormerPeople,
    HelpLine,
    HelpText,
    Members,
    PeopleList,
    PersonInfo,
    PersonLine,
    Pong,
    RoomLine,
    RoomList,
    ServerInfo,
)
from chatd.core.bans import Pattern
from chatd.core.command_table import GROUPS, Row, find_row, usage_line
from chatd.core.commands import Census, Help, People, Ping, Rooms, Who, Whois, Whowas
from chatd.core.driver import Later
from chatd.core.errors import NoSuchNick
from chatd.core.limits import NAMES_SHOWN, PEOPLE_SHOWN, ROOM_LINES, SEARCH_LINES, SHOWN_LINES
from chatd.core.membership import Role
from chatd.core.names import fold
from chatd.core.person import Person
from chatd.core.policy import Visible, role_of, visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


def help(registry: Registry, session: Session, command: Help) -> Result:
    """List the commands of everyday use or those of a group, or explain one."""
    about = command.about.lower()
    if about and about not in GROUPS:
        rows: Iterable[Row] = (find_row(about),)
    else:
        rows = (row for row in visible(registry, session.person).commands() if row.group == about)
    lines = tuple(HelpLine(row.name, usage_line(row), row.help, row.also) for row in rows)
    return HelpText(lines, () if about else GROUPS)


async def ping(registry: Registry, session: Session, command: Ping) -> Answer:
    """Answer a ping after everything that was said before it is delivered, or refused."""
    if session.out.is_owed:
        await Later(registry.store.after_pending)
        await Later(registry.next_turn)  # The rooms are told of what is stored at the end of this one.
    await Later(session.out.after_news)
    return Pong()


def rooms(registry: Registry, session: Session, command: Rooms) -> Result:
    """List the rooms, largest first."""
    rooms = list(visible(registry, session.person).rooms())
    largest_first = sorted(rooms, key=lambda room: (-len(room.members), room.name.key))
    session.out.spend(ROOM_LINES * min(len(rooms), NAMES_SHOWN))
    lines = tuple(
        RoomLine(room.name.text, len(room.members), room.topic, session.person in room.members)
        for room in largest_first[:NAMES_SHOWN]
    )
    return RoomList(len(largest_first), lines)


def who(registry: Registry, session: Session, command: Who) -> Result:
    """List who is in a room."""
    gate, name = visible(registry, session.person), command.room
    room = gate.room(name) if name else registry.rooms.joined_room(session, name)
    if command.everybody and len(room.members) > NAMES_SHOWN:
        return _everybody(registry, session, room)
    return _members(registry, room, tuple(islice(room.members, NAMES_SHOWN)))


async def _everybody(registry: Registry, session: Session, room: Room) -> Answer:
    """All members of a room, in parts, between which others are served. Who leaves meanwhile is not
    listed; who comes meanwhile is not either, but those in the room are sent that event."""
    left = tuple(room.members)
    while len(left) > NAMES_SHOWN:
        session.out.tell(_members(registry, room, left[:NAMES_SHOWN], more=True))
        left = left[NAMES_SHOWN:]
        await Later(session.out.when_taken)
        await Later(registry.next_turn)
    return _members(registry, room, left)


def _members(registry: Registry, room: Room, people: Iterable[Person], more: bool = False) -> Members:
    """Those of ``people`` who are members of ``room``."""
    present = [person for person in people if person in room.members]
    roles = {person.nick: role.word for person in present if (role := role_of(registry, person, room)) > Role.MEMBER}
    return Members(
        room.name.text,
        len(room.members),
        tuple([person.nick for person in present]),
        {person.nick: person.away for person in present if person.away is not None},
        roles,
        tuple([person.nick for person in present if person.account]),
        not room.rights.modes.is_listed,
        more,
    )


def whois(registry: Registry, session: Session, command: Whois) -> Result:
    """Show who a person is: connected since their first session, and as idle as their most recently
    active one. By its name, show what the server is."""
    gate = visible(registry, session.person)
    if fold(command.nick) == fold(registry.settings.name):  # No person can have this nick.
        return ServerInfo(registry.settings.name, len(registry.directory.people), registry.ssh_fingerprint)
    person = gate.person(command.nick)
    sessions = registry.directory.sessions(person)
    latest = max(sessions, key=lambda session: session.last_active)
    idle = max(0, registry.now() - latest.last_active) // 1000
    rooms = gate.rooms_of(person)
    key = next((session.key.fingerprint for session in sessions if session.key is not None), "")
    roles = {room.name.text: role_of(registry, person, room) for room in rooms}
    return PersonInfo(
        person.nick,
        tuple(roles),
        sessions[0].since,
        idle,
        latest.door,
        person.away,
        bool(person.account),
        key,
        registry.is_operator(person.identity),
        person.user,
        person.realname,
        {room: role.word for room, role in roles.items() if role > Role.MEMBER},
        all(session.is_encrypted for session in sessions),
    )


def whowas(registry: Registry, session: Session, command: Whowas) -> Result:
    """Show who had a nick and has left."""
    pattern = Pattern(fold(command.nick))
    found = (line for line in registry.directory.former if pattern.matches(fold(line.nick)))
    session.out.spend(SEARCH_LINES)
    lines = tuple(islice(found, min(command.count or PEOPLE_SHOWN, PEOPLE_SHOWN)))
    if not lines:
        raise NoSuchNick(f"Nobody called {command.nick} was here lately.", "/whois NICK shows who is here now.")
    return FormerPeople(command.nick, lines)


def people(registry: Registry, session: Session, command: People) -> Result:
    """Describe some people."""
    gate, room = visible(registry, session.person), None
    if command.room:
        room = gate.room(command.room)
    elif not command.nicks and not command.like:
        room = registry.rooms.joined_room(session, "")
    if room is not None:
        chosen: Iterable[Person] = room.members
    elif command.like:
        session.out.spend(SEARCH_LINES)
        pattern = Pattern(fold(command.like))
        chosen = (person for person in registry.directory if pattern.matches(person.name.key) and gate.knows(person))
    else:
        chosen = _called(gate, command.nicks[:PEOPLE_SHOWN])
    lines = tuple(_person_line(registry, person, room) for person in islice(chosen, PEOPLE_SHOWN))
    session.out.spend(SHOWN_LINES * len(lines))
    return PeopleList(lines, room.name.text if room else "")


def _called(gate: Visible, nicks: Iterable[str]) -> Iterator[Person]:
    """Those who are here of the people called ``nicks``."""
    for nick in nicks:
        with suppress(NoSuchNick):
            yield gate.person(nick)


def _person_line(registry: Registry, person: Person, room: Room | None) -> PersonLine:
    last = max(session.last_active for session in registry.directory.sessions(person))
    role = Role.MEMBER if room is None else max(role_of(registry, person, room), room.rights.role_of(person.identity))
    return PersonLine(
        person.nick,
        person.user,
        person.realname,
        person.away,
        bool(person.account),
        registry.is_operator(person.identity),
        role.title,
        max(0, registry.now() - last) // 1000,
    )


def census(registry: Registry, session: Session, command: Census) -> Result:
    """Count the people and the rooms."""
    directory = registry.directory
    operators = sum(registry.is_operator(person.identity) for person in directory)
    sessions = sum(len(directory.sessions(person)) for person in directory)
    rooms = sum(1 for room in visible(registry, session.person).rooms() if room.members)
    session.out.spend(SHOWN_LINES * len(directory))
    return Counts(len(directory), operators, directory.most, max(0, len(registry.admission) - sessions), rooms)
