"""Logs in memory: they are bounded, call back immediately and are lost when the process ends."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from chatd.core.account import Change
from chatd.core.events import MESSAGES, Deleted, Edited, Event, Private, RetentionSet, Said, blanked
from chatd.core.limits import INBOX_LOG_BYTES, LOG_BYTES, LOG_EVENTS, SEARCHED_EVENTS
from chatd.core.log import Asker, Copy, OnChanged, OnDeleted, OnResults, OnStored
from chatd.core.names import Name, fold, is_inbox
from chatd.core.retention import NONE
from chatd.core.search import Query, matches
from chatd.core.state import RoomState, changes_state

EVENT_BYTES = 240
"""The approximate size of an event without its text, in bytes (measured: 214 to 245)."""

ID_BYTES = 160
"""How much more it is with an id, in bytes (measured: 134 to 165, with the entry by which it is
found)."""

Messages = dict[tuple[str, str], Said]
"""Messages that have an id, by sender_id and id."""


class MemoryLog:
    """A log that holds the last ``events`` events, which take at most ``size`` bytes.

    Its first event gets the number ``first``. Logs that share ``messages`` recognise a message that
    was said in any of them. ``on_dropped`` is called with each message that has an id when the log
    drops it.
    """

    has_pending = False
    is_changing = False

    def __init__(
        self,
        events: int = LOG_EVENTS,
        size: int = LOG_BYTES,
        first: int = 1,
        messages: Messages | None = None,
        on_dropped: Callable[[Said], None] | None = None,
    ) -> None:
        self.on_news: Callable[[], object] = _ignore
        self.first = first
        self.end = first
        self.state = RoomState()
        self.last_message = 0
        self._max_events = events
        self._max_size = size
        self.size = 0
        """The approximate size of all events, in bytes."""
        self._events: list[Event] = []
        self._sizes = array("L")
        """The approximate sizes of the events, in bytes."""
        self._messages = {} if messages is None else messages
        self._on_dropped = on_dropped

    @property
    def held(self) -> int:
        return self.first

    def append(self, draft: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
        event: Event | None = None
        if isinstance(draft, Said) and draft.id:
            event = self._messages.get((draft.sender_id, draft.id))
        if event is None:
            event = self.add(draft.number(self.end))
            self.on_news()
            if copy is not None:
                copy[0].append(copy[1], _ignore)
        on_stored(event)

    def append_series(self, drafts: Sequence[Said], on_stored: OnStored) -> None:
        for seq, draft in enumerate(drafts, self.end):
            draft.number(seq)
        self.add_series(drafts)
        for _ in drafts:
            self.on_news()
        on_stored(drafts[-1])

    def find_talk(self, peer: str, seq: int, count: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        start, stop = (seq, self.end) if count > 0 else (self.first, seq)
        talk = [event for event in self.read(start, stop) if isinstance(event, Private) and fold(event.peer) == peer]
        on_found(talk[:count] if count > 0 else talk[count:])

    def find_talks(self, seq: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        last = {fold(event.peer): event for event in self.read(seq, self.end) if isinstance(event, Private)}
        on_found(sorted(last.values(), key=lambda event: event.seq))

    def find_sent(self, sender_id: str, id: str, on_found: Callable[[Said | None], object]) -> None:
        on_found(self._messages.get((sender_id, id)))

    def add(self, event: Event) -> Event:
        """Add ``event``, whose seq must be :attr:`end`, and return it."""
        size = size_of(event)
        self._events.append(event)
        self._sizes.append(size)
        self.end += 1
        self.size += size
        if type(event) in MESSAGES:
            self.last_message = event.seq
            if event.id:  # type: ignore[attr-defined]
                self._messages[event.sender_id, event.id] = event  # type: ignore[attr-defined, assignment]
        elif changes_state(event):
            self._change_state(event)
        elif type(event) is Edited:
            self._change(event.target, event)
        elif type(event) is Deleted:
            self._change(event.target, None)
        if self.size > self._max_size or len(self._events) > self._max_events:
            self._shrink()
        return event

    def add_series(self, series: Sequence[Event]) -> None:
        """Add ``series``, messages without ids, the first of which has the seq :attr:`end`."""
        sizes = [*map(size_of, series)]
        self._events += series
        self._sizes.extend(sizes)
        self.end += len(series)
        self.size += sum(sizes)
        self.last_message = self.end - 1
        if self.size > self._max_size or len(self._events) > self._max_events:
            self._shrink()

    def read(self, start: int, stop: int) -> Sequence[Event]:
        first = self.first
        return self._events[max(start - first, 0) : max(stop - first, 0)]

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        on_loaded(True)

    def find_time(self, time: int, on_found: Callable[[int], object]) -> None:
        on_found(self.first + bisect_left(self._events, time, key=lambda event: event.time))

    def delete_before(self, seq: int, on_deleted: OnDeleted) -> None:
        self.drop(seq)
        on_deleted(self.first, 0)

    def delete_old(self, now: int, most: int, on_deleted: OnDeleted) -> None:
        retention = self.state.retention
        cutoff, oldest = retention.cutoff(now, most), self._events[:1]
        self.find_time(cutoff, self.drop)
        if oldest and oldest != self._events[:1] and not retention.is_none(oldest[0].time):
            on_deleted(self.first, cutoff)

    def drop(self, first: int) -> None:
        """Drop all events before seq ``first``, which is at most :attr:`end`."""
        self._drop(first - self.first)

    def _change_state(self, event: Event) -> None:
        """Apply ``event`` to the state; when a room is kept again, drop what was said before."""
        if type(event) is RetentionSet and self.state.retention.is_none(event.time):
            self.drop(event.seq)
        self.state = self.state.apply(event)

    def _shrink(self) -> None:
        """Drop the oldest events until an eighth is free: dropping them one by one would move all
        others each time."""
        max_left, excess, dropped = self._max_events * 7 // 8, self.size - self._max_size * 7 // 8, 0
        for size in self._sizes:
            if excess <= 0 and len(self._events) - dropped <= max_left:
                break
            excess -= size
            dropped += 1
        self._drop(dropped)

    def _change(self, seq: int, edited: Edited | None) -> None:
        """Give the message ``seq``, if it is here, the text of ``edited``; None: delete its text.

        The event that it had its text from loses it: the text is nowhere else.
        """
        said = self._at(seq)
        if not isinstance(said, Said) or type(said) not in MESSAGES:
            return
        changed = replace(said, text=edited.text, edited=edited.seq) if edited is not None else blanked(said)
        self._replace(said, changed)
        if said.id:
            self._messages[said.sender_id, said.id] = changed
        earlier = self._at(said.edited)
        if type(earlier) is Edited:
            self._replace(earlier, replace(earlier, text=""))

    def _at(self, seq: int) -> Event | None:
        """The event ``seq``, if it is here."""
        index = seq - self.first
        return self._events[index] if 0 <= index < len(self._events) else None

    def _replace(self, event: Event, by: Event) -> None:
        index, size = event.seq - self.first, size_of(by)
        self.size += size - self._sizes[index]
        self._events[index], self._sizes[index] = by, size

    def _drop(self, count: int) -> None:
        if count <= 0:
            return
        for event in self._events[:count]:
            if isinstance(event, Said) and event.id:
                self._drop_message(event)
        self.size -= sum(self._sizes[:count])
        del self._events[:count], self._sizes[:count]
        self.first += count

    def _drop_message(self, said: Said) -> None:
        self._messages.pop((said.sender_id, said.id), None)
        if self._on_dropped is not None:
            self._on_dropped(said)


class MemoryStore:
    """Logs in memory, made by ``make_log``; ``name`` is the name of this set of logs."""

    is_full = False

    def __init__(self, name: str, make_log: Callable[..., MemoryLog] = MemoryLog) -> None:
        self.name = name
        self.logs: dict[str, MemoryLog] = {}
        self._names: dict[str, str] = {}
        self._make_log = make_log
        self._messages: Messages = {}
        self._next_first = 1
        """The first seq of the next log. No closed log has used it: a room that is created again
        must not use a seq twice."""

    def knows(self, name: str, key: str, seq: int) -> bool:
        return name == self.name

    def log(self, name: Name) -> MemoryLog:
        log = self.logs.get(name.key)
        if log is None:
            limits = {"size": INBOX_LOG_BYTES} if is_inbox(name.key) else {}
            log = self.logs[name.key] = self._make_log(first=self._next_first, messages=self._messages, **limits)
            self._names[name.key] = name.text
        return log

    def close_log(self, key: str) -> None:
        log = self.logs.pop(key)
        self._next_first = max(self._next_first, log.end)
        log.drop(log.end)
        del self._names[key]

    def remove_log(self, key: str) -> None:
        self.close_log(key)

    def room_names(self) -> Sequence[str]:
        return [name for key, name in self._names.items() if not is_inbox(key)]

    @property
    def accounts(self) -> Iterable[Change]:
        return ()

    def change_accounts(self, changes: Sequence[Change], on_changed: OnChanged) -> None:
        on_changed(None)

    def after_pending(self, then: Callable[[], object]) -> None:
        then()

    def search(self, query: Query, asker: Asker, on_results: OnResults) -> None:
        """Look through the newest of each log, as far as the time of one turn allows."""
        logs = [(key, log) for key, log in self.logs.items() if key in query.rooms and log.state.retention.text != NONE]
        per_log = SEARCHED_EVENTS // max(1, len(logs))
        newest_of = (reversed(log.read(max(log.end - per_log, query.firsts.get(key, 0)), log.end)) for key, log in logs)
        matching = ([event for event in some if isinstance(event, Said) and matches(query, event)] for some in newest_of)
        newest = heapq.merge(*matching, key=lambda event: event.time, reverse=True)
        on_results(list(islice(newest, query.limit)))


def _ignore(outcome: object = None) -> None:
    """Do nothing: no room listens to this log yet, or nobody waits for the outcome."""


def size_of(event: Event) -> int:
    """The approximate size of ``event``, in bytes."""
    if type(event) is Said:  # Nearly all are.
        text, id = event.text, event.id
    else:
        text, id = getattr(event, "text", ""), getattr(event, "id", "")
    fixed = EVENT_BYTES + ID_BYTES if id else EVENT_BYTES
    return fixed + (len(text) if text.isascii() else 4 * len(text))
