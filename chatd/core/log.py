"""The log of a room: events in order, numbered without a hole; and the store, which has the logs of
all rooms.

A log answers when an event is as safe as that log makes it; only then may it be shown to anybody.
:class:`MemoryLog` makes it no safer than the process is, and answers at once; ``store/`` has the
one that is on disk.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from chatd.core.errors import NotDelivered
from chatd.core.events import Event, RetentionSet, Said, TopicSet
from chatd.core.limits import LOG_BYTES, LOG_EVENTS, SEARCHED_EVENTS
from chatd.core.names import Name
from chatd.core.retention import NONE, Retention
from chatd.core.search import Query, matches

Stored = Callable[[NotDelivered | None], object]
"""Told once how storing an event ended: None, or why it is not stored."""

Forgotten = Callable[[int, int], object]
"""Told once what has been deleted: everything before a number, which is everything before a time
(milliseconds since 1970)."""

Found = Callable[[Sequence[Event] | None], object]
"""Told once the newest messages that are sought, the newest first; None where that would take too
long."""

EVENT_BYTES = 200
"""What an event takes besides its text, in bytes, about."""


class Log(Protocol):
    """An append-only sequence of events, of which the older ones may be held no longer.

    Numbers go up like this: ``first <= held <= stored <= end``. What is asked of a log that must
    look further than its memory is answered later; a log in memory answers before the call returns.
    """

    @property
    def first(self) -> int:
        """The number of the oldest event that there is."""

    @property
    def held(self) -> int:
        """The number from which on memory holds every stored event."""

    @property
    def stored(self) -> int:
        """The number after that of the last stored event: from here on, events are still on their
        way."""

    @property
    def end(self) -> int:
        """The number that the next event gets."""

    @property
    def topic(self) -> str:
        """The topic that was set last; empty: there is none."""

    @property
    def keep(self) -> Retention:
        """How long the room is kept."""

    def append(self, event: Event, stored: Stored) -> None:
        """Store ``event``, whose ``seq`` is :attr:`end`, and tell ``stored`` when that is done or
        has failed.

        When it fails, so has everything that was appended after it, and :attr:`end` is
        :attr:`stored` again.
        """

    def confirm(self, event: Said, stored: Stored) -> None:
        """Tell ``stored`` how storing ``event``, which :meth:`find` has found, has ended or will
        end."""

    def read(self, start: int, stop: int) -> Sequence[Event]:
        """The stored events from number ``start`` (or :attr:`first`) up to, not including,
        ``stop``, as far as they are in memory.

        They follow one another without a hole; there are none where the one at ``start`` is not in
        memory.
        """

    def load(self, start: int, stop: int, loaded: Callable[[bool], None]) -> None:
        """Bring the events from ``start`` to ``stop``, which are not too many, into memory for now.

        ``loaded`` is told whether they are there.
        """

    def find(self, sender_id: str, id: str, found: Callable[[Said | None], None]) -> None:
        """Tell ``found`` the message that was said from ``sender_id`` under ``id``, in whichever
        room, or None."""

    def at(self, time: int, found: Callable[[int], None]) -> None:
        """Tell ``found`` the number of the first event at or after ``time``; :attr:`stored` where
        there is none.

        Where the clock was set back, it is the first of one of the stretches in which times go up.
        """

    def forget(self, now: int, most: int, forgotten: Forgotten) -> None:
        """Delete what is too old, by :attr:`keep` and where the server keeps for ``most``, and tell
        ``forgotten`` if something was.

        ``most`` is in milliseconds, ``now`` in milliseconds since 1970-01-01 UTC.
        """


class Store(Protocol):
    """The logs of all rooms."""

    @property
    def name(self) -> str:
        """What names the logs: under another name, other numbers."""

    @property
    def logs(self) -> Mapping[str, Log]:
        """Every log that there is, by the key of its room."""

    def log(self, name: Name) -> Log:
        """The log of the room called ``name``, made if need be. Raises TooMany."""

    def close_log(self, key: str) -> None:
        """The room of this key is closed: a log that is in memory alone is gone with it."""

    def room_names(self) -> Sequence[str]:
        """How the rooms of all logs are called, the first that was made first."""

    def after_pending(self, then: Callable[[], object]) -> None:
        """Call ``then`` when all that has been appended until now is stored, or has failed to
        be."""

    def search(self, query: Query, found: Found) -> None:
        """Tell ``found`` the messages that are sought."""


class MemoryLog:
    """A log that lives as long as the process, and holds the last events: so many, and so many
    bytes of text.

    It begins with number ``first``. Logs that share ``said`` find one another's messages;
    ``dropped`` is told of each message with an id that is held no longer.
    """

    def __init__(
        self,
        events: int = LOG_EVENTS,
        size: int = LOG_BYTES,
        first: int = 1,
        said: dict[tuple[str, str], Said] | None = None,
        dropped: Callable[[Said], None] | None = None,
    ) -> None:
        self.first = first
        self.end = first
        self.topic = ""
        self.keep = Retention()
        self._max_events = events
        self._max_size = size
        self._size = 0
        self._events: list[Event] = []
        self._said = {} if said is None else said
        self._tell_dropped = dropped

    @property
    def held(self) -> int:
        return self.first

    @property
    def stored(self) -> int:
        return self.end

    def append(self, event: Event, stored: Stored) -> None:
        assert event.seq == self.end, "an event was numbered for another place"
        self._events.append(event)
        self.end += 1
        self._size += _size(event)
        if type(event) is Said and event.id:
            self._said[event.sender_id, event.id] = event
        elif type(event) is TopicSet:
            self.topic = event.text
        elif type(event) is RetentionSet:
            self._choose(event)
        if self._size > self._max_size or len(self._events) > self._max_events:
            self._shrink()
        stored(None)

    def confirm(self, event: Said, stored: Stored) -> None:
        stored(None)

    def read(self, start: int, stop: int) -> Sequence[Event]:
        first = self.first
        return self._events[max(start - first, 0) : max(stop - first, 0)]

    def load(self, start: int, stop: int, loaded: Callable[[bool], None]) -> None:
        loaded(True)

    def find(self, sender_id: str, id: str, found: Callable[[Said | None], None]) -> None:
        found(self._said.get((sender_id, id)) if id else None)

    def at(self, time: int, found: Callable[[int], None]) -> None:
        found(self.first + bisect_left(self._events, time, key=lambda event: event.time))

    def forget(self, now: int, most: int, forgotten: Forgotten) -> None:
        before, oldest = self.keep.before(now, most), self._events[:1]
        self.at(before, self.drop)
        if oldest and oldest != self._events[:1] and not self.keep.is_none(oldest[0].time):
            forgotten(self.first, before)

    def drop(self, first: int) -> None:
        """Drop everything before number ``first``, which is at most :attr:`end`."""
        self._drop(first - self.first)

    def _choose(self, event: RetentionSet) -> None:
        """The room is kept otherwise from now on; what was said while nothing was kept is not."""
        if self.keep.is_none(event.time):
            self.drop(event.seq)
        self.keep = Retention(event.keep, event.since)

    def _shrink(self) -> None:
        """Drop the oldest events until an eighth is free: to move the others up for each of them
        would cost more than they do."""
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
                self._forget(event)
        if number > 0:
            del self._events[:number]
            self.first += number

    def _forget(self, said: Said) -> None:
        self._said.pop((said.sender_id, said.id), None)
        if self._tell_dropped is not None:
            self._tell_dropped(said)


class MemoryStore:
    """Logs in memory, which ``make`` makes; ``name`` names them."""

    def __init__(self, name: str, make: Callable[..., MemoryLog] = MemoryLog) -> None:
        self.name = name
        self.logs: dict[str, MemoryLog] = {}
        self._names: dict[str, str] = {}
        self._make = make
        self._said: dict[tuple[str, str], Said] = {}
        self._unused = 1
        """A number that no log has given yet: under one name no number comes twice, also where a
        room is made anew."""

    def log(self, name: Name) -> MemoryLog:
        log = self.logs.get(name.key)
        if log is None:
            log = self.logs[name.key] = self._make(first=self._unused, said=self._said)
            self._names[name.key] = name.text
        return log

    def close_log(self, key: str) -> None:
        log = self.logs.pop(key)
        self._unused = max(self._unused, log.end)
        log.drop(log.end)
        del self._names[key]

    def room_names(self) -> Sequence[str]:
        return list(self._names.values())

    def after_pending(self, then: Callable[[], object]) -> None:
        then()

    def search(self, query: Query, found: Found) -> None:
        """Look through the newest of each log, as far as the time of one turn allows."""
        logs = [log for key, log in self.logs.items() if query.room in ("", key) and log.keep.text != NONE]
        each = SEARCHED_EVENTS // max(1, len(logs))
        sought = (
            [event for event in reversed(log.read(log.end - each, log.end)) if isinstance(event, Said) and matches(query, event)]
            for log in logs
        )
        found(list(islice(heapq.merge(*sought, key=lambda event: event.time, reverse=True), query.most)))


def _size(event: Event) -> int:
    """What ``event`` takes, in bytes, about."""
    text = getattr(event, "text", "")
    return EVENT_BYTES + (len(text) if text.isascii() else 4 * len(text))
