"""Information about the commands, the rooms and the people, and the ping."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from chatd.core.actions.base import Result
from chatd.core.commands import GROUPS, Help, Ping, Rooms, Row, Who, Whois, find_row, usage_line
from chatd.core.events import HelpLine, HelpText, Members, PersonInfo, Pong, RoomLine, RoomList, ServerInfo
from chatd.core.limits import NAMES_SHOWN, ROOM_LINES
from chatd.core.membership import Role
from chatd.core.names import fold
from chatd.core.policy import role_of, visible
from chatd.core.registry import Registry
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


def ping(registry: Registry, session: Session, command: Ping) -> Result:
    """Answer a ping."""
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
    shown = tuple(islice(room.members, NAMES_SHOWN))
    roles = {person.nick: role_of(registry, person, room) for person in shown}
    more = {nick: role.word for nick, role in roles.items() if role > Role.MEMBER}
    return Members(room.name.text, len(room.members), tuple(roles), room.away(NAMES_SHOWN), more)


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
    rooms = tuple(room.name.text for room in gate.rooms_of(person))
    key = next((session.key.fingerprint for session in sessions if session.key is not None), "")
    return PersonInfo(person.nick, rooms, sessions[0].since, idle, latest.door, person.away, bool(person.account), key)
