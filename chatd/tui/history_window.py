"""A window on the history of a room: a range of its log without a hole, and the rows of it that are
visible.

Pure, and knows neither server nor screen: `history_view` fetches what is missing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chatd.tui.cells import Line, Row, wrap

MAX_EVENTS: Final = 1000
"""How many events are held: some forty screenfuls. Those further away are fetched again when they
are needed."""

INDENT: Final = 6
"""The indent of every row of a line but the first, in cells."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Event number ``seq``, its time (milliseconds since 1970-01-01 UTC), its lines, and the line
    that names its day."""

    seq: int
    time: int
    day: Line
    lines: tuple[Line, ...]


class HistoryWindow:
    """The events of ``room`` that have been fetched, as rows. Call `resize` first.

    ``beginning`` is shown above the first event of the log; ``unread_mark`` has the number of an
    event and the line to show above it.
    """

    def __init__(self, room: str, beginning: Line, unread_mark: tuple[int, Line] | None = None) -> None:
        self.room = room
        self.low = self.high = 0
        """The window holds the events from number ``low`` up to, not including, ``high``."""
        self.more = self.later = False
        """Whether the log has older events, or later ones."""
        self._beginning = beginning
        self._unread_mark = unread_mark
        self._entries: list[Entry] = []
        self._wrapped: dict[int, list[Row]] = {}
        self._rows: list[tuple[int, Row]] = []  # each with the seq of its event; that of the beginning is 0
        self._columns = self._height = 1
        self._end = 0  # the index after the last visible row

    def resize(self, columns: int, height: int) -> None:
        """Fill ``height`` rows of ``columns`` cells. The event in the middle stays there, unless
        either end is visible."""
        if (columns, height) == (self._columns, self._height):
            return
        top, bottom = not self.above, not self.below
        middle = self._rows[(self.above + self._end) // 2][0] if self._rows and not bottom else 0
        self._columns, self._height = columns, height
        self._wrapped.clear()
        self._lay_out()
        if top and not bottom:
            self.show_oldest()
        elif not bottom:
            self.show_event(middle)

    # -- Events

    def replace(self, entries: Sequence[Entry], low: int, high: int, more: bool, later: bool) -> None:
        """Hold ``entries``, which are all events from ``low`` to ``high``, instead of what is here;
        the last one is visible."""
        self._entries = list(entries)
        self.low, self.high, self.more, self.later = low, high, more, later
        self._wrapped.clear()
        self._lay_out()
        self._end = len(self._rows)

    def add_older(self, entries: Sequence[Entry], low: int, more: bool) -> None:
        """Add ``entries``, which are all events from ``low`` to the first one here."""
        self._entries[:0] = entries
        self.low, self.more = low, more
        if len(self._entries) > MAX_EVENTS:
            del self._entries[MAX_EVENTS:]
            self.high, self.later = self._entries[-1].seq + 1, True
        self._lay_out()

    def add_later(self, entries: Sequence[Entry], high: int, later: bool) -> None:
        """Add ``entries``, which are all events from the last one here to ``high``."""
        self._entries += entries
        self.high, self.later = high, later
        if len(self._entries) > MAX_EVENTS:
            del self._entries[:-MAX_EVENTS]
            self.low, self.more = self._entries[0].seq, True
        self._lay_out()

    def drop_before(self, seq: int) -> None:
        """Drop the events before number ``seq``: the log no longer has them."""
        if seq > self.low:
            self._entries = [entry for entry in self._entries if entry.seq >= seq]
            self.low, self.high, self.more = seq, max(seq, self.high), False
            self._lay_out()

    def drop(self, seq: int) -> None:
        """Drop event number ``seq``: it was deleted."""
        kept = [entry for entry in self._entries if entry.seq != seq]
        if len(kept) != len(self._entries):
            self._entries = kept
            self._lay_out()

    # -- Visible rows

    @property
    def rows(self) -> list[Row]:
        """The visible rows."""
        return [row for _, row in self._rows[self.above : self._end]]

    @property
    def time(self) -> int:
        """The time of the first visible event, in milliseconds since 1970-01-01 UTC; 0: there is
        none."""
        seq = next((seq for seq, _ in self._rows[self.above : self._end] if seq), 0)
        index = bisect_left(self._entries, seq, key=_seq)
        return self._entries[index].time if index < len(self._entries) else 0

    @property
    def page(self) -> int:
        """How many rows a page has: two rows of the last page stay visible, fewer on a low
        screen."""
        return self._height - min(2, self._height // 4)

    @property
    def above(self) -> int:
        """How many rows there are above the visible ones."""
        return max(0, self._end - self._height)

    @property
    def below(self) -> int:
        """How many rows there are below the visible ones."""
        return len(self._rows) - self._end

    def scroll(self, rows: int) -> bool:
        """Move by ``rows``, down if positive, as far as possible; whether anything moved."""
        before, self._end = self._end, self._end + rows
        self._clamp()
        return self._end != before

    def show_event(self, seq: int) -> None:
        """Move event ``seq``, or the next one, to the middle."""
        index = bisect_left(self._rows, seq, key=_seq_of_row)
        self._end = index + (self._height + 1) // 2
        self._clamp()

    def show_before(self, seq: int) -> None:
        """Show a page up from event ``seq``, or from the end of it if it fills the screen."""
        first = bisect_left(self._rows, seq, key=_seq_of_row)
        after = bisect_right(self._rows, seq, key=_seq_of_row)
        fills = after - first >= self._height
        self._end = after - self.page if fills else min(after, first + self._height - self.page)
        self._clamp()

    def show_oldest(self) -> None:
        """Move the first event that is here to the top."""
        self._end = 0
        self._clamp()

    def _clamp(self) -> None:
        """Fill the screen, if there are enough rows."""
        self._end = min(max(self._end, self._height), len(self._rows))

    # -- Rows

    def _lay_out(self) -> None:
        """Make all rows again; the last visible row stays the last, if it is still there."""
        last, after = self._anchor()
        self._rows = list(self._all_rows())
        self._wrapped = {seq: rows for seq, rows in self._wrapped.items() if self.low <= seq < self.high}
        end = bisect_right(self._rows, last, key=_seq_of_row)
        first = bisect_left(self._rows, last, key=_seq_of_row)
        self._end = max(end - after, min(end, first + 1))
        self._clamp()

    def _anchor(self) -> tuple[int, int]:
        """The seq of the last visible row, and how many rows below it have the same."""
        if not self._end:
            return 0, 0
        seq = self._rows[self._end - 1][0]
        return seq, bisect_right(self._rows, seq, key=_seq_of_row) - self._end

    def _all_rows(self) -> Iterator[tuple[int, Row]]:
        if not self.more and self._entries:
            yield from ((0, row) for row in self._wrap([self._beginning]))
        before: Entry | None = None
        for entry in self._entries:
            above = [] if before is not None and before.day == entry.day else [entry.day]
            if self._is_first_unread(entry, before):
                above += [self._unread_mark[1]] if self._unread_mark else []
            yield from ((entry.seq, row) for row in self._wrap(above))
            if entry.seq not in self._wrapped:
                self._wrapped[entry.seq] = self._wrap(entry.lines)
            yield from ((entry.seq, row) for row in self._wrapped[entry.seq])
            before = entry

    def _is_first_unread(self, entry: Entry, before: Entry | None) -> bool:
        seq = self._unread_mark[0] if self._unread_mark else 0
        return seq == entry.seq or (before is not None and before.seq < seq < entry.seq)

    def _wrap(self, lines: Sequence[Line]) -> list[Row]:
        return [row for line in lines for row in wrap(line, self._columns, INDENT)]


def _seq(entry: Entry) -> int:
    return entry.seq


def _seq_of_row(row: tuple[int, Row]) -> int:
    return row[0]
