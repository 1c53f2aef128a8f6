"""The log of a room: events in order, numbered without a hole.

A log answers when an event is as safe as that log makes it; only then may it be shown to anybody.  :class:`MemoryLog` makes
it no safer than the process is, and answers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from chatd.errors import NotDelivered
from chatd.events import Event, Said
from chatd.limits import LOG_BYTES, LOG_EVENTS

Stored = Callable[[NotDelivered | None], None]
"""Told once how storing an event ended: None, or why it is not stored."""

EVENT_BYTES = 200
"""What an event takes besides its text, in bytes, about."""


class Log(Protocol):
    """An append-only sequence of events, of which the older ones may be held no longer."""

    @property
    def first(self) -> int:
        """The number of the oldest event that can be read."""

    @property
    def end(self) -> int:
        """The number that the next event gets."""

    def append(self, event: Event, stored: Stored) -> None:
        """Store ``event``, whose ``seq`` is :attr:`end`, and tell ``stored`` when that is done or has failed."""

    def read(self, start: int, stop: int) -> Sequence[Event]:
        """The stored events from number ``start`` up to, not including, ``stop``, as far as they are held."""

    def find(self, origin: str, id: str) -> Said | None:
        """The message that was said from ``origin`` under ``id``, if the log holds it."""


class MemoryLog:
    """A log that lives as long as the process, and holds the last events: so many, and so many bytes of text."""

    def __init__(self, events: int = LOG_EVENTS, size: int = LOG_BYTES) -> None:
        self.first = 1
        self.end = 1
        self._max_events = events
        self._max_size = size
        self._size = 0
        self._events: list[Event] = []
        self._said: dict[tuple[str, str], Said] = {}

    def append(self, event: Event, stored: Stored) -> None:
        assert event.seq == self.end, "an event was numbered for another place"
        self._events.append(event)
        self.end += 1
        self._size += _size(event)
        if type(event) is Said and event.id:
            self._said[event.origin, event.id] = event
        if self._size > self._max_size or len(self._events) > self._max_events:
            self._shrink()
        stored(None)

    def read(self, start: int, stop: int) -> Sequence[Event]:
        first = self.first
        return self._events[max(start - first, 0) : max(stop - first, 0)]

    def find(self, origin: str, id: str) -> Said | None:
        return self._said.get((origin, id))

    def _shrink(self) -> None:
        """Drop the oldest events until an eighth is free: to move the others up for each of them would cost more than they do."""
        keep, size, dropped = self._max_events * 7 // 8, self._max_size * 7 // 8, 0
        for event in self._events:
            if self._size <= size and len(self._events) - dropped <= keep:
                break
            self._size -= _size(event)
            if type(event) is Said and event.id:
                self._said.pop((event.origin, event.id), None)
            dropped += 1
        del self._events[:dropped]
        self.first += dropped


def _size(event: Event) -> int:
    """What ``event`` takes, in bytes, about."""
    text = getattr(event, "text", "")
    return EVENT_BYTES + (len(text) if text.isascii() else 4 * len(text))
