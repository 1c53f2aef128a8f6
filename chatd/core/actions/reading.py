"""What one has read, and what there is to read."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.core.account import Mark
from chatd.core.actions.base import person_of
from chatd.core.answers import Answer, ReadIs, RecentLine, RecentList
from chatd.core.commands import Read, Recent
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered
from chatd.core.events import MESSAGES, Event, Private
from chatd.core.limits import HISTORY_EVENTS, HISTORY_LINES, RECENT, SEARCH_LINES, TALKS_EVENTS
from chatd.core.names import INBOX, fold, inbox_key, is_inbox
from chatd.core.policy import visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.core.when import FOR_EVER, parse_time


async def read(registry: Registry, session: Session, command: Read) -> Answer:
    """Note how far one has read, and tell one's other sessions; or only say how far that is."""
    person, now = person_of(session), registry.now()
    room, key, name = _readable(registry, session, command.room)
    if not 0 <= command.seq < room.log.end or key == INBOX or (command.seq and command.time):
        hint = "Give the seq or the time of one that you have got, in a room or in @NICK."
        raise BadUsage("There is no such event yet.", hint)
    time = min(parse_time(command.time, now), now) if command.time else 0
    account = registry.accounts.get(person.account)
    known, known_time = person.read.get(key, (0, 0))
    before = max(known, registry.accounts.mark(account, key) if account else 0)
    if time or max(command.seq, before) < room.log.held:
        session.out.spend(HISTORY_LINES)  # The disk is read.
    seq = max(before, await _last_until(room, time) if time else command.seq)
    of_event = await _time_of(room, seq)
    read = ReadIs(name, seq, max(of_event, known_time, time))
    if command.seq or command.time:
        person.note_read(key, seq, read.time)
        if account is not None and seq > registry.accounts.mark(account, key):
            registry.accounts.set_marks([Mark(account.id, key, seq)])
        if seq > before or time > max(of_event, known_time):
            for other in registry.directory.sessions(person):
                if other is not session:
                    other.out.tell(read)
    return read


def _readable(registry: Registry, session: Session, name: str) -> tuple[Room, str, str]:
    """The log of the room or talk called ``name``, and the key and the name under which it is
    marked. Raises BadRoom and NotInRoom."""
    if is_inbox(name.lower()):
        key = inbox_key(fold(name.removeprefix(INBOX)))
        return registry.inboxes.of(session), key, key
    room = registry.rooms.joined_room(session, name)
    return room, room.name.key, room.name.text


async def _last_until(room: Room, time: int) -> int:
    """The seq of the last event of ``room`` that is not later than ``time``; 0: there is none."""
    later: int = await Later(room.log.find_time, time + 1)
    return later - 1 if later > room.log.first else 0


async def _time_of(room: Room, seq: int) -> int:
    """When event ``seq`` has happened; 0: it is not there any more, or the disk cannot be read."""
    if not await Later(room.log.load, seq, seq + 1):
        return 0
    found = room.log.read(seq, seq + 1)
    return found[0].time if found else 0


async def recent(registry: Registry, session: Session, command: Recent) -> Answer:
    """List the rooms of a person and their private talks, by the time of the last message."""
    person, inbox, now = person_of(session), registry.inboxes.of(session), registry.now()
    if command.count < 0:
        raise BadUsage("A number is below 0.", "Use numbers above 0.")
    first = parse_time(command.after_time, now) if command.after_time else 0
    last = parse_time(command.before_time, now) if command.before_time else FOR_EVER
    session.out.spend(SEARCH_LINES)
    await Later(registry.store.after_pending)
    found = [await _last_in(registry, session, room) for room in registry.rooms.of(person)]
    talks: Sequence[Event] | None = await Later(inbox.log.find_talks, max(inbox.log.first, inbox.log.end - TALKS_EVENTS))
    if talks is None:
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    lines = [RecentLine(event.room, event.time) for event in found if event is not None]
    lines += [RecentLine(f"{INBOX}{event.peer}", event.time) for event in talks if isinstance(event, Private)]
    lines = sorted((line for line in lines if first < line.time < last), key=lambda line: line.time)
    count = min(command.count or RECENT, RECENT)
    return RecentList(tuple(lines[:count] if command.oldest else lines[-count:]))


async def _last_in(registry: Registry, session: Session, room: Room) -> Event | None:
    """The last message of ``room`` that the person may read; or if it is not among the last events
    from when there may have been one, the last of these."""
    log = room.log
    stop = log.last_message + 1
    start = max(log.first, stop - HISTORY_EVENTS, visible(registry, session.person).first_seq(room))
    if start >= stop or room.retention.is_none(registry.now()) or not await Later(log.load, start, stop):
        return None
    events = log.read(start, stop)
    return next((event for event in reversed(events) if type(event) in MESSAGES), events[-1] if events else None)
