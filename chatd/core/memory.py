"""Logs in memory: as safe as the process, bounded, and answering at once."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from chatd.core.events import Event, RetentionSet, Said
from chatd.core.limits import LOG_BYTES, LOG_EVENTS, SEARCHED_EVENTS
from chatd.core.log import OnDeleted, OnFound, OnNoted, OnStored
from chatd.core.names import Name
from chatd.core.retention import NONE
from chatd.core.search import Query, matches
from chatd.core.state import STATE_EVENTS, RoomState

EVENT_BYTES = 200
"""What an event takes besides its text, in bytes, about."""

Messages = dict[tuple[str, str], Said]
"""Messages that have an id, by sender_id and id."""


class MemoryLog:
    """A log that holds the last events: so many, and so many bytes of text.

    It begins with number ``first``. Logs that share ``messages`` recognise what was said in any of
    them; ``on_dropped`` is told of each message with an id that is held no longer.
    """

    has_pending = False

    def __init__(
        self,
        events: int = LOG_EVENTS,
        size: int = LOG_BYTES,
        first: int = 1,
        messages: Messages | None = None,
        on_dropped: Callable[[Said], None] | None = None,
    ) -> None:
        self.on_news: Callable[[], object] = _nobody
        self.first = first
        self.end = first
        self.state = RoomState()
        self._max_events = events
        self._max_size = size
        self._size = 0
        self._events: list[Event] = []
        self._messages = {} if messages is None else messages
        self._on_dropped = on_dropped

    @property
    def held(self) -> int:
        return self.first

    def append(self, draft: Event, on_stored: OnStored) -> None:
        earlier = None
        if type(draft) is Said and draft.id:
            earlier = self._messages.get((draft.sender_id, draft.id))
        on_stored(self.add(draft.number(self.end)) if earlier is None else earlier)

    def add(self, event: Event) -> Event:
        """Hold ``event``, whose seq is :attr:`end`, as the newest; the same event."""
        self._events.append(event)
        self.end += 1
        self._size += _size(event)
        if type(event) is Said:
            if event.id:
                self._messages[event.sender_id, event.id] = event
        elif type(event) in STATE_EVENTS:
            self._change_state(event)
        if self._size > self._max_size or len(self._events) > self._max_events:
            self._shrink()
        self.on_news()
        return event

    def read(self, start: int, stop: int) -> Sequence[Event]:
        first = self.first
        return self._events[max(start - first, 0) : max(stop - first, 0)]

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        on_loaded(True)

    def find_time(self, time: int, on_found: Callable[[int], object]) -> None:
        on_found(self.first + bisect_left(self._events, time, key=lambda event: event.time))

    def delete_old(self, now: int, most: int, on_deleted: OnDeleted) -> None:
        retention = self.state.retention
        before, oldest = retention.before(now, most), self._events[:1]
        self.find_time(before, self.drop)
        if oldest and oldest != self._events[:1] and not retention.is_none(oldest[0].time):
            on_deleted(self.first, before)

    def drop(self, first: int) -> None:
        """Drop everything before number ``first``, which is at most :attr:`end`."""
        self._drop(first - self.first)

    def _change_state(self, event: Event) -> None:
        """Go by what ``event`` has set; what was said while nothing was kept is dropped."""
        if type(event) is RetentionSet and self.state.retention.is_none(event.time):
            self.drop(event.seq)
        self.state = self.state.apply(event)

    def _shrink(self) -> None:
        """Drop the oldest events until an eighth is free: dropping them one by one would move all
        others up each time."""
        keep, size, dropped = self._max_events * 7 // 8, self._size - self._max_size * 7 // 8, 0
        for event in self._events:
            if size <= 0 and len(self._events) - dropped <= keep:
                break
            size -= _size(event)
            dropped += 1
        self._drop(dropped)

    def _drop(self, number: int) -> None:
        for event in self._events[: max(number, 0)]:
            self._size -= _size(event)
            if type(event) is Said and event.id:
                self._drop_message(event)
        if number > 0:
            del self._events[:number]
            self.first += number

    def _drop_message(self, said: Said) -> None:
        self._messages.pop((said.sender_id, said.id), None)
        if self._on_dropped is not None:
            self._on_dropped(said)


class MemoryStore:
    """Logs in memory, which ``make`` makes; ``name`` names them."""

    def __init__(self, name: str, make: Callable[..., MemoryLog] = MemoryLog) -> None:
        self.name = name
        self.logs: dict[str, MemoryLog] = {}
        self._names: dict[str, str] = {}
        self._make = make
        self._messages: Messages = {}
        self._unused = 1
        """A number that no log has given yet: under one name no number comes twice, also where a
        room is made anew."""

    def knows(self, name: str, key: str, seq: int) -> bool:
        return name == self.name

    def log(self, name: Name) -> MemoryLog:
        log = self.logs.get(name.key)
        if log is None:
            log = self.logs[name.key] = self._make(first=self._unused, messages=self._messages)
            self._names[name.key] = name.text
        return log

    def close_log(self, key: str) -> None:
        log = self.logs.pop(key)
        self._unused = max(self._unused, log.end)
        log.drop(log.end)
        del self._names[key]

    def room_names(self) -> Sequence[str]:
        return list(self._names.values())

    @property
    def private_ids(self) -> Iterable[tuple[str, str, str]]:
        return ()

    def note_private(self, sender_id: str, id: str, nick: str, on_stored: OnNoted) -> None:
        on_stored(None)

    def after_pending(self, then: Callable[[], object]) -> None:
        then()

    def search(self, query: Query, on_found: OnFound) -> None:
        """Look through the newest of each log, as far as the time of one turn allows."""
        logs = [log for key, log in self.logs.items() if key in query.rooms and log.state.retention.text != NONE]
        each = SEARCHED_EVENTS // max(1, len(logs))
        found = (
            [event for event in reversed(log.read(log.end - each, log.end)) if isinstance(event, Said) and matches(query, event)]
            for log in logs
        )
        newest = heapq.merge(*found, key=lambda event: event.time, reverse=True)
        on_found(list(islice(newest, query.most)))


def _nobody() -> None:
    """Nobody wants to know of what is new."""


def _size(event: Event) -> int:
    """What ``event`` takes, in bytes, about."""
    text = getattr(event, "text", "")
    return EVENT_BYTES + (len(text) if text.isascii() else 4 * len(text))
