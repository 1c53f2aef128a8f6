"""The past of a room as it is looked at: a stretch of its log without a hole, and which rows of it
are in sight.

Pure, and knows neither server nor screen: `lookback` brings what is missing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chatd.client.cells import Line, Row, wrap

PAST_EVENTS: Final = 1000
"""The events that are held, in number: forty screenfuls; what is farther from those in sight is
asked for again."""

INDENT: Final = 6
"""How far the second row of a line and the next are moved in, in cells."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Event number ``seq``, its time (milliseconds since 1970-01-01 UTC), its lines, and the line
    that says its day."""

    seq: int
    time: int
    day: Line
    lines: tuple[Line, ...]


class Past:
    """The events of ``room`` that have been fetched, as rows on a screen that is `fit` first.

    ``beginning`` stands above the first event that there is; ``mark`` has a line that stands above
    the event of a number, and that number.
    """

    def __init__(self, room: str, beginning: Line, mark: tuple[int, Line] | None = None) -> None:
        self.room = room
        self.low = self.high = 0
        """Everything from number ``low`` to the one before ``high`` is here."""
        self.more = self.later = False
        """Whether the log has older events, or later ones."""
        self._beginning = beginning
        self._mark = mark
        self._entries: list[Entry] = []
        self._wrapped: dict[int, list[Row]] = {}
        self._rows: list[tuple[int, Row]] = []  # each with its number; that of the beginning is 0
        self._columns = self._height = 1
        self._end = 0  # the row after the last in sight

    def fit(self, columns: int, height: int) -> None:
        """Fill ``height`` rows of ``columns`` cells; what is in the middle stays there, unless
        either end is in sight."""
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

    # -- What is here

    def begin(self, entries: Sequence[Entry], low: int, high: int, more: bool, later: bool) -> None:
        """Hold ``entries``, which are all from ``low`` to ``high``, and nothing else; the last is
        in sight."""
        self._entries = list(entries)
        self.low, self.high, self.more, self.later = low, high, more, later
        self._wrapped.clear()
        self._lay_out()
        self._end = len(self._rows)

    def add_older(self, entries: Sequence[Entry], low: int, more: bool) -> None:
        """Hold ``entries`` too, which go from ``low`` to what is here."""
        self._entries[:0] = entries
        self.low, self.more = low, more
        if len(self._entries) > PAST_EVENTS:
            del self._entries[PAST_EVENTS:]
            self.high, self.later = self._entries[-1].seq + 1, True
        self._lay_out()

    def add_later(self, entries: Sequence[Entry], high: int, later: bool) -> None:
        """Hold ``entries`` too, which go from what is here to ``high``."""
        self._entries += entries
        self.high, self.later = high, later
        if len(self._entries) > PAST_EVENTS:
            del self._entries[:-PAST_EVENTS]
            self.low, self.more = self._entries[0].seq, True
        self._lay_out()

    def forget(self, before: int) -> None:
        """Drop what is before number ``before``: the log has it no longer."""
        if before > self.low:
            self._entries = [entry for entry in self._entries if entry.seq >= before]
            self.low, self.high, self.more = before, max(before, self.high), False
            self._lay_out()

    # -- What is in sight

    @property
    def rows(self) -> list[Row]:
        """What is in sight."""
        return [row for _, row in self._rows[self.above : self._end]]

    @property
    def time(self) -> int:
        """The time of the first event in sight, in milliseconds since 1970-01-01 UTC; 0 where there
        is none."""
        seq = next((seq for seq, _ in self._rows[self.above : self._end] if seq), 0)
        place = bisect_left(self._entries, seq, key=_number)
        return self._entries[place].time if place < len(self._entries) else 0

    @property
    def page(self) -> int:
        """How many rows a page is: two of the last one stay in sight."""
        return max(1, self._height - 2)

    @property
    def above(self) -> int:
        """How many rows there are above those in sight."""
        return max(0, self._end - self._height)

    @property
    def below(self) -> int:
        """How many rows there are below those in sight."""
        return len(self._rows) - self._end

    def scroll(self, rows: int) -> bool:
        """Move by ``rows``, down if that is above 0, as far as there are any; whether something
        moved."""
        before, self._end = self._end, self._end + rows
        self._clamp()
        return self._end != before

    def show_event(self, seq: int) -> None:
        """Bring event ``seq``, or the next one, into the middle."""
        place = bisect_left(self._rows, seq, key=_number_of_row)
        self._end = place + (self._height + 1) // 2
        self._clamp()

    def show_oldest(self) -> None:
        """Bring the first event that is here to the top."""
        self._end = 0
        self._clamp()

    def _clamp(self) -> None:
        """Fill the screen, if there is enough to fill it."""
        self._end = min(max(self._end, self._height), len(self._rows))

    # -- Rows

    def _lay_out(self) -> None:
        """Make the rows anew; the last row in sight stays the last, if it is still there."""
        last, after = self._anchor()
        self._rows = list(self._numbered())
        self._wrapped = {seq: rows for seq, rows in self._wrapped.items() if self.low <= seq < self.high}
        end = bisect_right(self._rows, last, key=_number_of_row)
        first = bisect_left(self._rows, last, key=_number_of_row)
        self._end = max(end - after, min(end, first + 1))
        self._clamp()

    def _anchor(self) -> tuple[int, int]:
        """The number of the last row in sight, and how many rows below it have the same."""
        if not self._end:
            return 0, 0
        seq = self._rows[self._end - 1][0]
        return seq, bisect_right(self._rows, seq, key=_number_of_row) - self._end

    def _numbered(self) -> Iterator[tuple[int, Row]]:
        if not self.more and self._entries:
            yield from ((0, row) for row in self._wrap([self._beginning]))
        before: Entry | None = None
        for entry in self._entries:
            above = [] if before is not None and before.day == entry.day else [entry.day]
            if self._is_marked(entry, before):
                above += [self._mark[1]] if self._mark else []
            yield from ((entry.seq, row) for row in self._wrap(above))
            if entry.seq not in self._wrapped:
                self._wrapped[entry.seq] = self._wrap(entry.lines)
            yield from ((entry.seq, row) for row in self._wrapped[entry.seq])
            before = entry

    def _is_marked(self, entry: Entry, before: Entry | None) -> bool:
        mark = self._mark[0] if self._mark else 0
        return mark == entry.seq or (before is not None and before.seq < mark < entry.seq)

    def _wrap(self, lines: Sequence[Line]) -> list[Row]:
        return [row for line in lines for row in wrap(line, self._columns, INDENT)]


def _number(entry: Entry) -> int:
    return entry.seq


def _number_of_row(row: tuple[int, Row]) -> int:
    return row[0]
