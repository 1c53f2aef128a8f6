"""The past: reading back, and searching."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.core.commands import History, Search
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered, TooMany
from chatd.core.events import Answer, Event, HistoryPage, SearchResults
from chatd.core.limits import FOUND_EVENTS, HISTORY_EVENTS, HISTORY_LINES, SCROLLBACK_EVENTS, SEARCH_LINES
from chatd.core.log import Asker
from chatd.core.names import fold
from chatd.core.policy import visible
from chatd.core.presence import without_ignored
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.search import Query, words_of
from chatd.core.session import Session
from chatd.core.when import FOR_EVER, moment


async def history(registry: Registry, session: Session, command: History) -> Answer:
    """Show events of a room: the last ones, or those before, after or around a place."""
    room = registry.rooms.room_of(session, command.room)
    _check_place(command)
    count = min(command.count or SCROLLBACK_EVENTS, HISTORY_EVENTS)
    named = command.before_time or command.after_time or command.around_time
    time = moment(named, registry.now()) if named else 0
    session.out.spend(HISTORY_LINES)
    await Later(registry.store.after_pending)  # So that people see what they have just said themselves.
    if room.retention.is_none(registry.now()):
        return HistoryPage(room.name.text, (), False)
    place = await _at(room, time) if named else _seq(room, command)
    start = min(place, room.log.end) + _later(command, count) - count
    return await _page(session, room, start, start + count)


def _check_place(command: History) -> None:
    """Raise BadUsage where the numbers are impossible, or name several places."""
    if min(command.count, command.before, command.after, command.around) < 0:
        raise BadUsage("These numbers make no sense.", "Write numbers above 0.")
    seqs = (command.before, command.after, command.around)
    times = (command.before_time, command.after_time, command.around_time)
    if sum(map(bool, (*seqs, *times))) > 1:
        raise BadUsage("These are several places.", "Name one: before, after or around a seq or a time.")


async def _at(room: Room, time: int) -> int:
    place: int = await Later(room.log.find_time, time)
    return place


def _seq(room: Room, command: History) -> int:
    """The place that is named by a seq; the end of the log where none is."""
    return command.after + 1 if command.after else command.before or command.around or room.log.end


def _later(command: History, count: int) -> int:
    """How many of ``count`` events are to come from the place on."""
    if command.after or command.after_time:
        return count
    return count // 2 if command.around or command.around_time else 0


async def _page(session: Session, room: Room, start: int, stop: int) -> HistoryPage:
    """The events of ``room`` from ``start`` up to ``stop``, as far as there are any. Raises
    NotDelivered."""
    log = room.log
    start, stop = max(start, log.first), min(stop, log.end)
    is_there: bool = await Later(log.load, start, stop)
    if not is_there:
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    past = without_ignored(session, log.read(start, stop))
    return HistoryPage(room.name.text, past, start > log.first, stop < log.end)


async def search(registry: Registry, session: Session, command: Search) -> Answer:
    """Find messages, the newest first."""
    query, most = _query(registry, session, command), _most(command)
    session.out.spend(SEARCH_LINES)
    await Later(registry.store.after_pending)
    asker = Asker(session.address, lambda: registry.directory.session_of(session.sender_id) is session)
    found: Sequence[Event] | None = await Later(registry.store.search, query, asker)
    if found is None:
        raise TooMany("Too much would be looked through.", "Add a word, in:#room or after:DATE.")
    return SearchResults(query.words, without_ignored(session, found[:most]), len(found) > most)


def _most(command: Search) -> int:
    return min(command.count or FOUND_EVENTS, HISTORY_EVENTS)


def _query(registry: Registry, session: Session, command: Search) -> Query:
    """What ``command`` searches for. Raises BadUsage and NoSuchRoom."""
    words, now, gate = words_of(command.text), registry.now(), visible(registry, session.person)
    if not words or command.count < 0:
        raise BadUsage("There is nothing to search for in that.", "Give a word, or several.")
    return Query(
        words,
        frozenset({gate.room(command.room).name.key}) if command.room else gate.logs(),
        fold(command.nick),
        moment(command.after_time, now) if command.after_time else 0,
        moment(command.before_time, now) if command.before_time else FOR_EVER,
        _most(command) + 1,
    )
