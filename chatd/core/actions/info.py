"""Information about the commands, the rooms and the people, and the ping."""

from __future__ import annotations

from chatd.core.actions.base import Result
from chatd.core.commands import Help, Ping, Rooms, Who, Whois, find_row, usage_line
from chatd.core.events import HelpLine, HelpText, Members, PersonInfo, Pong, RoomLine, RoomList
from chatd.core.limits import NAMES_SHOWN, ROOM_LINES
from chatd.core.policy import visible
from chatd.core.registry import Registry
from chatd.core.session import Session


def help(registry: Registry, session: Session, command: Help) -> Result:
    """List the commands, or explain one."""
    rows = (find_row(command.about),) if command.about else visible(registry, session.person).commands()
    return HelpText(tuple(HelpLine(row.name, usage_line(row), row.help, row.also) for row in rows))


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
    return Members(room.name.text, len(room.members), room.nicks(NAMES_SHOWN), room.away(NAMES_SHOWN))


def whois(registry: Registry, session: Session, command: Whois) -> Result:
    """Show who a person is: connected since their first session, and as idle as their most recently
    active one."""
    gate = visible(registry, session.person)
    person = gate.person(command.nick)
    sessions = registry.directory.sessions(person)
    latest = max(sessions, key=lambda session: session.last_active)
    idle = max(0, registry.now() - latest.last_active) // 1000
    rooms = tuple(room.name.text for room in gate.rooms_of(person))
    return PersonInfo(person.nick, rooms, sessions[0].since, idle, latest.door, person.away)
