"""The screen: what a terminal has to be told so that it shows the conversation.

At the bottom stands the live part: own messages on their way, the status line, the line being
typed. Everything above is settled: it is printed once and scrolls away by itself, into the
terminal's own scrollback. Only what changed is painted; after a change of size, everything. Pure:
every method gives the characters to be written.

The past is painted on the terminal's alternate screen, as pagers do: what was printed stays as it
was printed, a change of size pushes nothing of the past into the scrollback, and most terminals
give the wheel of the mouse as the keys Up and Down there. Where a terminal has no such screen (the
Linux console, GNU screen as it comes) the past is painted over the present, row by row and without
scrolling, and afterwards the present is painted again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatd.client.cells import FAINT, Line, Row, Settled, Span, Style, clip, plain, row_width, width, wrap
from chatd.client.editor import pieces
from chatd.core.text import safe_text

SETTLED_LINES: Final = 500
"""The settled lines that are kept for painting them anew, in number: more than the rows of any
screen."""

INDENT: Final = 6
"""How far the second row of a line and the next are moved in, in cells: the time stands free."""

_OPEN: Final = "\x1b[?7l\x1b[?2004h"  # no automatic wrap: a width that we misjudge cannot push rows; bracketed paste
_CLOSE: Final = "\x1b[m\x1b[?2004l\x1b[?7h\x1b[?25h"
_HIDE: Final = "\x1b[?25l"
_SHOW: Final = "\x1b[?25h"
_ERASE_REST_OF_ROW: Final = "\x1b[K"
_ERASE_BELOW: Final = "\x1b[J"
_ALTERNATE: Final = "\x1b[?1049h"
_BACK: Final = "\x1b[?1049l"
RESTORE: Final = _CLOSE
"""Undoes whatever `Screen.open` has changed in a terminal."""


@dataclass(frozen=True, slots=True)
class Live:
    """The live part: messages on their way, the two sides of the status line, and what is typed,
    around the cursor.

    ``alarm``: the link's side of the status line stands out, and is the last to go where there is
    no room for both.
    """

    waiting: tuple[Line, ...] = ()
    status: Line = ()
    link: Line = ()
    alarm: bool = False
    prompt: Line = ()
    before: str = ""
    after: str = ""


class Screen:
    """A terminal of ``columns`` and ``rows``; with ``colours`` it shows the 256."""

    def __init__(self, columns: int, rows: int, colours: bool) -> None:
        self.columns, self.rows = max(1, columns), max(1, rows)
        self.can_paint = True
        """Whether the terminal can show something else for a while."""
        self._colours = colours
        self._settled: deque[Settled] = deque(maxlen=SETTLED_LINES)
        self._live = Live()
        self._painted: list[Row] = [()]
        self._ours = 0
        self._past: list[Row] | None = None
        self._moved = False

    def open(self) -> str:
        """Begin at the bottom; what the terminal shows moves up and stays."""
        self._painted = [()]
        self._ours = 0
        return f"{_OPEN}{_go(self.rows)}\r\n"

    def close(self) -> str:
        """Take the live part away, and leave the cursor where it was."""
        return f"{_go(self._top())}\x1b[m{_ERASE_BELOW}{_CLOSE}"

    def undo(self) -> str:
        """Undo whatever is changed in the terminal, amid anything."""
        # To leave the alternate screen moves the cursor, in some terminals even where there is
        # nothing to leave.
        return RESTORE if self._past is None else _BACK + RESTORE

    def show(self, settled: Sequence[Settled], live: Live) -> str:
        """Print ``settled`` above the live part, and show the live part as it is now."""
        self._live = live
        settled = [replace(one, line=_safe(one.line)) for one in settled]
        self._settled.extend(settled)
        printed = [row for one in settled for row in self._wrapped(one)]
        self._ours += len(printed)
        rows, column = self._live_rows()
        if len(rows) + len(printed) < len(self._painted):
            return self._all(rows, column)
        moves = printed or len(rows) != len(self._painted)
        change = self._print(printed, rows) if moves else self._repaint(self._top(), rows, self._painted)
        self._painted = rows
        return f"{_HIDE}{change}{_go(self.rows, column)}{_SHOW}"

    def resize(self, columns: int, rows: int) -> str:
        """Paint everything for the new size: nobody knows what the terminal has made of the old
        picture.

        What was shown of the past has to be shown again.
        """
        self.columns, self.rows = max(1, columns), max(1, rows)
        return self.redraw()

    def redraw(self) -> str:
        """Paint everything anew; the past has to be shown again."""
        if self._past is not None:
            self._past, self._moved = [], True
            return ""
        return self._all(*self._live_rows())

    # -- What is settled

    def oldest_in_sight(self, room: str) -> int:
        """The number of the oldest event of ``room`` among what stands above the live part; 0: none
        does."""
        free, oldest = self._rows_in_sight(), 0
        for one in reversed(self._settled):
            free -= len(self._wrapped(one))
            if free < 0:
                break
            if one.room == room and one.seq and not one.quoted:
                oldest = min(oldest or one.seq, one.seq)
        return oldest

    def _rows_in_sight(self) -> int:
        """How many rows above the live part we have written."""
        return max(0, min(self._ours, self.rows - len(self._painted)))

    def holds(self, settled: Sequence[Settled]) -> bool:
        """Whether all of ``settled`` can be in sight at once."""
        return sum(len(self._wrapped(one)) for one in settled) <= self.height

    def forget(self, room: str, before: int) -> str:
        """Show no more of ``room`` what is before event number ``before``; what has scrolled away
        belongs to the terminal."""
        shown = self._last_settled(self._rows_in_sight())
        kept = [one for one in self._settled if not one.is_of(room, before)]
        self._settled = deque(kept, maxlen=SETTLED_LINES)
        return self.redraw() if self._last_settled(len(shown)) != shown else ""

    # -- The past

    @property
    def height(self) -> int:
        """The rows above the status line and the line being typed."""
        return max(0, self.rows - 2)

    def show_past(self, past: Sequence[Row], live: Live) -> str:
        """Show the rows ``past``, which are at most `height`, instead of all that is settled or
        waits, until `leave_past`."""
        self._live = replace(live, waiting=())
        below, column = self._live_rows()
        blank: list[Row] = [()] * (self.rows - len(below) - len(past))
        rows = [*blank, *map(_safe, past), *below]
        begin = _ALTERNATE if self._past is None else ""
        old = self._past if self._past and len(self._past) == len(rows) else [None] * len(rows)
        self._past = rows
        return f"{begin}{_HIDE}{self._repaint(1, rows, old)}{_go(self.rows, column)}{_SHOW}"

    def leave_past(self) -> str:
        """Show the present again as it was left; `show` goes on from there."""
        if self._past is None:
            return ""
        self._past = None
        left = "".join(f"{_go(row)}{_ERASE_REST_OF_ROW}" for row in range(1, self.rows + 1)) + _BACK
        if self._moved:
            self._moved = False
            return left + self._all(*self._live_rows())
        above = self._last_settled(self._rows_in_sight())  # What is above these the shell has written.
        return left + self._repaint(self._top() - len(above), [*above, *self._painted])

    # -- Painting

    def _top(self) -> int:
        return self.rows - len(self._painted) + 1

    def _print(self, printed: Iterable[Row], rows: Iterable[Row]) -> str:
        """Write from where the live part began; the terminal scrolls by itself."""
        lines = "\r\n".join(self._paint(row) for row in (*printed, *rows))
        return f"{_go(self._top())}{_ERASE_BELOW}{lines}"

    def _repaint(self, top: int, rows: Sequence[Row], old: Sequence[Row | None] = ()) -> str:
        """``rows`` from row ``top`` on, where they are not as they were in ``old``."""
        changed = (
            f"{_go(top + number)}{self._paint(row)}{self._erase_after(row)}"
            for number, row in enumerate(rows)
            if not old or row != old[number]
        )
        return "".join(changed)

    def _erase_after(self, row: Row) -> str:
        """What erases the rest of a row. On a full one the cursor stays on the last character,
        which would go with it."""
        return _ERASE_REST_OF_ROW if row_width(row) < self.columns else ""

    def _all(self, live: list[Row], column: int) -> str:
        """Every row of the screen. They are erased one by one: a terminal may keep a cleared screen
        in its scrollback."""
        above = self._last_settled(self.rows - len(live))
        blank: list[Row] = [()] * (self.rows - len(live) - len(above))
        self._painted, self._ours = live, self.rows
        return f"{_OPEN}{_HIDE}{self._repaint(1, [*blank, *above, *live])}{_go(self.rows, column)}{_SHOW}"

    def _last_settled(self, wanted: int) -> list[Row]:
        rows: list[Row] = []
        for one in reversed(self._settled):
            if len(rows) >= wanted:
                break
            rows[:0] = self._wrapped(one)
        return rows[-wanted:] if wanted > 0 else []

    def _wrapped(self, settled: Settled) -> list[Row]:
        return wrap(settled.line, self.columns, INDENT)

    def _paint(self, row: Row) -> str:
        return "".join(map(self._ink, row))

    def _ink(self, span: Span) -> str:
        codes = _codes(span.style, self._colours)
        return f"\x1b[{codes}m{span.text}\x1b[m" if codes else span.text

    # -- The live part

    def _live_rows(self) -> tuple[list[Row], int]:
        """The rows of the live part, and the column of the cursor on the last."""
        typed, column = self._input_row()
        rows = [typed]
        if self.rows > 1:
            rows.insert(0, self._status_row())
        return [*self._waiting_rows((self.rows - len(rows)) // 2), *rows], column

    def _waiting_rows(self, most: int) -> list[Row]:
        """The last own messages on their way, in at most ``most`` rows, and how many there are
        before them."""
        shown: list[list[Row]] = []
        free = most
        for line in reversed(self._live.waiting):
            rows = wrap(_safe(line), self.columns, INDENT)
            if len(rows) > free:
                break
            shown.insert(0, rows)
            free -= len(rows)
        hidden = len(self._live.waiting) - len(shown)
        if hidden and not free and shown:
            hidden, free = hidden + 1, len(shown.pop(0))
        more = [clip((Span(f"{hidden} more on their way", FAINT),), self.columns)] if hidden and free else []
        return more + [row for rows in shown for row in rows]

    def _status_row(self) -> Row:
        status, link = _safe(self._live.status), _safe(self._live.link)
        if not self._live.alarm and row_width((*status, *link)) > self.columns:
            link = ()
        link = clip(link, self.columns)
        status = clip(status, self.columns - row_width(link))
        gap = Span(" " * (self.columns - row_width(link) - row_width(status)))
        row = (*status, gap, *link)
        bar = Style(reverse=True, bold=self._live.alarm)
        return tuple(Span(span.text, replace(bar, bold=bar.bold or span.style.bold)) for span in row if span.text)

    def _input_row(self) -> tuple[Row, int]:
        """The line being typed, as much of it as fits around the cursor, and the cursor's column,
        counted from 1."""
        prompt = clip(_safe(self._live.prompt), self.columns // 2)
        start = row_width(prompt)
        text, cursor = _window(pieces(self._live.before), pieces(self._live.after), self.columns - start)
        return (*prompt, Span(text)), min(self.columns, start + cursor + 1)


class DumbScreen(Screen):
    """A terminal that can only print lines: it shows what is settled, and echoes itself what is
    typed."""

    def __init__(self) -> None:
        super().__init__(columns=80, rows=24, colours=False)
        self.can_paint = False

    def open(self) -> str:
        return ""

    def close(self) -> str:
        return ""

    def show(self, settled: Sequence[Settled], live: Live) -> str:
        return "".join(f"{safe_text(plain(one.line))}\n" for one in settled)

    def redraw(self) -> str:
        return ""


CUT_LEFT: Final = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
CUT_RIGHT: Final = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


def _window(before: Sequence[str], after: Sequence[str], cells: int) -> tuple[str, int]:
    """What of a line is seen through a window of ``cells``, with marks where it is cut, and the
    cursor's cell in it.

    The window moves by half its width, so that the line does not run under the cursor at every key.
    """
    cursor = sum(map(width, before))
    start = 0
    if cursor > cells - 3:  # Two cells for the cluster under the cursor, and one for a mark.
        step = max(1, cells // 2)
        start = min(cursor, -(-(cursor - cells + 4) // step) * step)
    shown, skipped = _from_cell([*before, *after], start)
    left = CUT_LEFT if start else ""
    text, room = "".join(shown), cells - len(left)
    if width(text) > room:
        text = "".join(span.text for span in clip((Span(text),), max(0, room - 1))) + CUT_RIGHT
    return left + text, cursor - skipped + len(left)


def _from_cell(shown: list[str], start: int) -> tuple[list[str], int]:
    """``shown`` without the clusters that begin before cell ``start``, and how many cells those
    take."""
    skipped = 0
    for number, cluster in enumerate(shown):
        if skipped >= start:
            return shown[number:], skipped
        skipped += width(cluster)
    return [], skipped


def _safe(line: Line) -> Line:
    """``line`` made safe to show once more: here is the last place before the terminal, and no peer
    is trusted."""
    return tuple(Span(safe_text(span.text), span.style) for span in line)


def _go(row: int, column: int = 1) -> str:
    return f"\x1b[{row};{column}H"


def _codes(style: Style, colours: bool) -> str:
    """The parameters of SGR (ECMA-48, 8.3.117) for ``style``."""
    codes = [
        "1" if style.bold else "",
        "2" if style.dim else "",
        "7" if style.reverse else "",
        f"38;5;{style.colour}" if colours and style.colour is not None else "",
    ]
    return ";".join(code for code in codes if code)
