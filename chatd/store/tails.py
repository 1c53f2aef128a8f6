"""Tails: the ends of the logs of all rooms in memory, within one budget.

Each has the last minute of its room, and at least as many events as one answer contains. If all
together exceed the budget, the least recently used tails are shortened. What they drop is on the
disk, from which a reader that still needs it loads a page. Each keeps the scrollback at first; if
that is not enough, the least recently used tails keep nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from chatd.core.events import Event, Said
from chatd.core.limits import SCROLLBACK_EVENTS, TAIL_EVENTS, TAIL_SECONDS, TAILS_BYTES
from chatd.core.memory import MemoryLog, Messages


class Tails:
    """The tails of all rooms, with at most ``limit`` bytes together; all share ``messages`` and
    ``on_dropped`` (:class:`MemoryLog`)."""

    def __init__(self, messages: Messages, on_dropped: Callable[[Said], None], limit: int = TAILS_BYTES) -> None:
        self.size = 0
        """The size of all tails, in bytes."""
        self.last: Tail | None = None
        """The tail that was used last."""
        self._messages = messages
        self._on_dropped = on_dropped
        self._limit = limit
        self._long: Order = OrderedDict()
        """The tails with more events than are shown on entering, the one that was used last at the
        end."""
        self._short: Order = OrderedDict()
        """The other ones that have any, in the same order."""

    def new(self, first: int) -> Tail:
        """A tail without events, whose first event gets the number ``first``."""
        return Tail(self, first, self._messages, self._on_dropped)

    def use(self, tail: Tail) -> None:
        """Count ``tail`` as the one that was used last, with its size of now, and shorten others if
        need be."""
        self.count(tail)
        if tail is not self.last:
            self.last = tail
            if tail.order is not None:
                tail.order.move_to_end(tail)
        while self.size > self._limit:
            self._shorten()

    def forget(self, tail: Tail) -> None:
        """Count ``tail`` no longer: its room is gone, and so is the tail when nobody reads it any
        more."""
        tail.tails = None
        self.last = None
        self.size -= tail.counted
        if tail.order is not None:
            del tail.order[tail]

    def count(self, tail: Tail) -> None:
        """Count ``tail`` with its size of now."""
        self.size += tail.size - tail.counted
        tail.counted = tail.size
        number = tail.end - tail.first
        order = self._long if number > SCROLLBACK_EVENTS else self._short if number else None
        if order is not tail.order:
            if tail.order is not None:
                del tail.order[tail]
            if order is not None:
                order[tail] = None
            tail.order = order

    def _shorten(self) -> None:
        """Drop an eighth of the long tail that was used longest ago; if there is none, all of a
        short one."""
        tail = next(iter(self._long or self._short))
        number = tail.end - tail.first
        tail.shorten(min(-(-number // 8), number - SCROLLBACK_EVENTS) if self._long else number)
        self.count(tail)


class Tail(MemoryLog):
    """The last events of a room. It belongs to ``tails``, which may shorten it whenever one of them
    is used."""

    def __init__(self, tails: Tails, first: int, messages: Messages, on_dropped: Callable[[Said], None]) -> None:
        super().__init__(first=first, messages=messages, on_dropped=on_dropped)
        self.tails: Tails | None = tails
        self.counted = 0
        """The size with which it is counted, in bytes."""
        self.order: Order | None = None
        """Where it is counted: None where it has no events."""

    def on_added(self) -> None:
        """Drop what has become too old, and count this tail as the one that was used last; to be
        called when events were added."""
        if self._events:
            self.drop_old(self._events[-1].time)
        self.use()

    def read(self, start: int, stop: int) -> Sequence[Event]:
        events = super().read(start, stop)
        # Many readers that are behind read the same tail in turn: this must cost little.
        if self.tails is not None and self.tails.last is not self:
            self.tails.use(self)
        return events

    def drop(self, first: int) -> None:
        super().drop(first)
        self.use()

    def drop_old(self, now: int) -> None:
        """Drop the events that are older than ``TAIL_SECONDS`` at ``now``, in milliseconds, but for
        the last ``TAIL_EVENTS``. A room that is not kept has its events only here, and keeps
        them."""
        if self.state.retention.is_none(now):
            return
        while (excess := self.end - self.first - TAIL_EVENTS) > 0:
            part = -(-excess // 8)  # Dropping events one by one would move all others each time.
            if now - self._events[part - 1].time < TAIL_SECONDS * 1000:
                break
            self.shorten(part)
        if self.tails is not None:
            self.tails.count(self)

    def shorten(self, number: int) -> None:
        """Drop the oldest ``number`` events, which counts as no use."""
        super().drop(self.first + number)

    def use(self) -> None:
        """Count this tail as the one that was used last, with its size of now."""
        if self.tails is not None:
            self.tails.use(self)


Order = OrderedDict[Tail, None]
"""Tails, the one that was used longest ago first."""
