"""History and search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chatd.core.answers import Answer, HistoryPage, SearchResults
from chatd.core.command_table import FIELD_OF_FILTER
from chatd.core.commands import History, Search
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered, NotInRoom, TooMany
from chatd.core.events import Event, Private
from chatd.core.inboxes import Inbox
from chatd.core.limits import (
    HISTORY_EVENTS,
    HISTORY_LINES,
    SCROLLBACK_EVENTS,
    SEARCH_LINES,
    SEARCH_RESULTS,
    SEARCHED_ROOM_LINES,
    SHOWN_LINES,
)
from chatd.core.log import Asker
from chatd.core.names import INBOX, fold, is_inbox
from chatd.core.policy import Visible, room_of, visible
from chatd.core.presence import heard
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.search import Query, matches
from chatd.core.search_text import SearchText, read_search
from chatd.core.session import Session
from chatd.core.when import FOR_EVER, parse_time


async def history(registry: Registry, session: Session, command: History) -> Answer:
    """Show events of a room: the last ones, or those before, after or around a position."""
    room = room_of(registry, session, command.room)
    _check_position(command)
    count = min(command.count or SCROLLBACK_EVENTS, HISTORY_EVENTS)
    named = command.before_time or command.after_time or command.around_time
    time = parse_time(named, registry.now()) if named else 0
    session.out.spend(HISTORY_LINES + SHOWN_LINES * count)
    await Later(registry.store.after_pending)  # So that people see what they have just said themselves.
    if room.retention.is_none(registry.now()):
        return HistoryPage(room.name.text, (), False)
    seq = await _seq_at_time(room, time) if named else _seq(room, command)
    seq, after = min(seq, room.log.end), _count_after(command, count)
    if len(command.room) > len(INBOX) and isinstance(room, Inbox):
        page = await _talk(session, room, command.room.removeprefix(INBOX), seq, count, after)
    else:
        page = await _page(registry, session, room, seq + after - count, seq + after)
    return page if command.count <= HISTORY_EVENTS else replace(page, limit=HISTORY_EVENTS)


def _check_position(command: History) -> None:
    """Raise BadUsage if a number is negative, or if there is more than one position."""
    if min(command.count, command.before, command.after, command.around) < 0:
        raise BadUsage("A number is below 0.", "Use numbers above 0.")
    seqs = (command.before, command.after, command.around)
    times = (command.before_time, command.after_time, command.around_time)
    if sum(map(bool, (*seqs, *times))) > 1:
        raise BadUsage("You gave more than one position.", "Give one: before, after or around a seq or a time.")


async def _seq_at_time(room: Room, time: int) -> int:
    seq: int = await Later(room.log.find_time, time)
    return seq


def _seq(room: Room, command: History) -> int:
    """The position that is given by a seq; the end of the log if there is none."""
    return command.after + 1 if command.after else command.before or command.around or room.log.end


def _count_after(command: History, count: int) -> int:
    """How many of ``count`` events are at or after the position."""
    if command.after or command.after_time:
        return count
    return (count + 1) // 2 if command.around or command.around_time else 0


async def _page(registry: Registry, session: Session, room: Room, start: int, stop: int) -> HistoryPage:
    """The events of ``room`` from ``start`` up to ``stop``, as far as they exist and the person may
    read them. Raises NotDelivered, and NotInRoom if the person was removed meanwhile."""
    log = room.log
    first = max(log.first, visible(registry, session.person).first_seq(room))
    start, stop = max(start, first), min(stop, log.end)
    is_loaded: bool = await Later(log.load, start, stop)
    if not is_loaded:
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    room_of(registry, session, room.name.text)
    past = heard(session, log.read(start, stop))
    return HistoryPage(room.name.text, past, start > first, stop < log.end)


async def _talk(session: Session, inbox: Inbox, nick: str, seq: int, count: int, after: int) -> HistoryPage:
    """Some ``count`` private messages between the owner of ``inbox`` and ``nick``, ``after`` of
    them from ``seq`` on and the others before. Raises NotDelivered."""
    before, peer = count - after, fold(nick)
    earlier: Sequence[Event] | None = await Later(inbox.log.find_talk, peer, seq, -(before + 1))
    later: Sequence[Event] | None = await Later(inbox.log.find_talk, peer, seq, after + 1)
    if earlier is None or later is None:
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    page = [*earlier[max(0, len(earlier) - before) :], *later[:after]]
    return HistoryPage(f"{INBOX}{nick}", heard(session, page), len(earlier) > before, len(later) > after)


async def search(registry: Registry, session: Session, command: Search) -> Answer:
    """Find messages, newest first."""
    command, text = _resolved(command)
    inbox = registry.inboxes.of(session) if is_inbox(command.room.lower()) else None
    query, limit = _query(registry, session, command, text, inbox), _limit(command)
    session.out.spend(SEARCH_LINES + SEARCHED_ROOM_LINES * len(query.rooms))
    await Later(registry.store.after_pending)
    found = await _found(registry, session, query, inbox)
    return SearchResults(query.words, heard(session, found[:limit]), len(found) > limit)


async def _found(registry: Registry, session: Session, query: Query, inbox: Inbox | None) -> Sequence[Event]:
    """What ``query`` finds in the rooms that the person may read, or in their own ``inbox``."""
    if inbox is not None and not inbox.is_kept:
        events = reversed(inbox.log.read(inbox.log.first, inbox.log.end))
        return [event for event in events if isinstance(event, Private) and matches(query, event)]
    asker = Asker(session.address, lambda: registry.directory.session_of(session.sender_id) is session)
    results: Sequence[Event] | TooMany = await Later(registry.store.search, query, asker)
    if isinstance(results, TooMany):
        raise results
    if inbox is not None:
        return results
    gate = visible(registry, session.person)
    return [event for event in results if _may_read(registry, gate, event)]  # Rights may have changed meanwhile.


def _may_read(registry: Registry, gate: Visible, event: Event) -> bool:
    key = fold(event.room)
    room = registry.rooms.get(key)
    return gate.may_search(key) and (room is None or event.seq >= gate.first_seq(room))


def _limit(command: Search) -> int:
    return min(command.count or SEARCH_RESULTS, HISTORY_EVENTS)


def _resolved(command: Search) -> tuple[Search, SearchText]:
    """``command`` with the filters of its text as fields, and the words of the text. Raises
    BadUsage."""
    if command.count < 0:
        raise BadUsage("A number is below 0.", "Use numbers above 0.")
    text = read_search(command.text)
    for name, value in text.filters.items():
        if getattr(command, FIELD_OF_FILTER[name]):
            raise BadUsage(f"You gave {name}: twice.", "Give it once.")
        given: dict[str, Any] = {FIELD_OF_FILTER[name]: value}
        command = replace(command, **given)
    return command, text


def _query(registry: Registry, session: Session, command: Search, text: SearchText, inbox: Inbox | None) -> Query:
    """The query of ``command``. Raises BadUsage and NoSuchRoom."""
    now, gate = registry.now(), visible(registry, session.person)
    if inbox is not None:
        rooms = frozenset({inbox.name.key})
    else:
        rooms = frozenset({_readable_room(gate, command.room)}) if command.room else gate.logs()
    return Query(
        text.words,
        rooms,
        fold(command.nick),
        parse_time(command.after_time, now) if command.after_time else 0,
        parse_time(command.before_time, now) if command.before_time else FOR_EVER,
        _limit(command) + 1,
        text.excluded,
        gate.firsts(),
        fold(command.room.removeprefix(INBOX)) if inbox is not None else "",
    )


def _readable_room(gate: Visible, name: str) -> str:
    """The key of the room called ``name``. Raises BadRoom, NoSuchRoom, and NotInRoom if only its
    members may read it."""
    room = gate.room(name)
    if not gate.may_search(room.name.key):
        raise NotInRoom(f"You are not in #{room.name.text}.", f"/join #{room.name.text} enters it.")
    return room.name.key
