"""The screen: what a terminal has to be told so that it shows the conversation.

At the bottom stands the live part: own messages on their way, the status line, the line being typed.  Everything above is
settled: it is printed once and scrolls away by itself, into the terminal's own scrollback.  Only what changed is painted;
after a change of size, everything.  Pure: every method gives the characters to be written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatd.client.cells import FAINT, Line, Row, Span, Style, clip, plain, row_width, width, wrap
from chatd.client.editor import pieces
from chatd.text import safe_text

SETTLED_LINES: Final = 500
"""The settled lines that are kept for painting them anew, in number: more than the rows of any screen."""

INDENT: Final = 6
"""How far the second row of a line and the next are moved in, in cells: the time stands free."""

_OPEN: Final = "\x1b[?7l\x1b[?2004h"  # no automatic wrap: a width that we misjudge cannot push rows; bracketed paste
_CLOSE: Final = "\x1b[m\x1b[?2004l\x1b[?7h\x1b[?25h"
_HIDE: Final = "\x1b[?25l"
_SHOW: Final = "\x1b[?25h"
_ERASE_REST_OF_ROW: Final = "\x1b[K"
_ERASE_BELOW: Final = "\x1b[J"
RESTORE: Final = _CLOSE
"""Undoes whatever `Screen.open` has changed in a terminal."""


@dataclass(frozen=True, slots=True)
class Live:
    """The live part: messages on their way, the two sides of the status line, and what is typed, around the cursor.

    ``alarm``: the link's side of the status line stands out, and is the last to go where there is no room for both.
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
        self._colours = colours
        self._settled: deque[Line] = deque(maxlen=SETTLED_LINES)
        self._live = Live()
        self._painted: list[Row] = [()]

    def open(self) -> str:
        """Begin at the bottom; what the terminal shows moves up and stays."""
        self._painted = [()]
        return f"{_OPEN}{_go(self.rows)}\r\n"

    def close(self) -> str:
        """Take the live part away, and leave the cursor where it was."""
        return f"{_go(self._top())}\x1b[m{_ERASE_BELOW}{_CLOSE}"

    def show(self, settled: Sequence[Line], live: Live) -> str:
        """Print ``settled`` above the live part, and show the live part as it is now."""
        self._live = live
        settled = [_safe(line) for line in settled]
        self._settled.extend(settled)
        printed = [row for line in settled for row in wrap(line, self.columns, INDENT)]
        rows, column = self._live_rows()
        if len(rows) + len(printed) < len(self._painted):
            return self._all(rows, column)
        moves = printed or len(rows) != len(self._painted)
        change = self._print(printed, rows) if moves else self._repaint(rows)
        self._painted = rows
        return f"{_HIDE}{change}{_go(self.rows, column)}{_SHOW}"

    def resize(self, columns: int, rows: int) -> str:
        """Paint everything for the new size: nobody knows what the terminal has made of the old picture."""
        self.columns, self.rows = max(1, columns), max(1, rows)
        return self._all(*self._live_rows())

    def redraw(self) -> str:
        """Paint everything anew."""
        return self._all(*self._live_rows())

    # -- Painting

    def _top(self) -> int:
        return self.rows - len(self._painted) + 1

    def _print(self, printed: Iterable[Row], rows: Iterable[Row]) -> str:
        """Write from where the live part began; the terminal scrolls by itself."""
        lines = "\r\n".join(self._paint(row) for row in (*printed, *rows))
        return f"{_go(self._top())}{_ERASE_BELOW}{lines}"

    def _repaint(self, rows: Sequence[Row]) -> str:
        changed = (
            f"{_go(self._top() + number)}{self._paint(row)}{self._erase_after(row)}"
            for number, (row, old) in enumerate(zip(rows, self._painted, strict=True))
            if row != old
        )
        return "".join(changed)

    def _all(self, live: list[Row], column: int) -> str:
        """Every row of the screen.  They are erased one by one: a terminal may keep a cleared screen in its scrollback."""
        above = self._last_settled(self.rows - len(live))
        blank: list[Row] = [()] * (self.rows - len(live) - len(above))
        painted = (
            f"{_go(number)}{self._paint(row)}{self._erase_after(row)}"
            for number, row in enumerate([*blank, *above, *live], start=1)
        )
        self._painted = live
        return f"{_OPEN}{_HIDE}{''.join(painted)}{_go(self.rows, column)}{_SHOW}"

    def _last_settled(self, wanted: int) -> list[Row]:
        rows: list[Row] = []
        for line in reversed(self._settled):
            if len(rows) >= wanted:
                break
            rows[:0] = wrap(line, self.columns, INDENT)
        return rows[-wanted:] if wanted > 0 else []

    def _paint(self, row: Row) -> str:
        return "".join(map(self._ink, row))

    def _erase_after(self, row: Row) -> str:
        """What erases the rest of a row.  On a full one the cursor stays on the last character, which would go with it."""
        return _ERASE_REST_OF_ROW if row_width(row) < self.columns else ""

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
        """The last own messages on their way, in at most ``most`` rows, and how many there are before them."""
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
        """The line being typed, as much of it as fits around the cursor, and the cursor's column, counted from 1."""
        prompt = clip(_safe(self._live.prompt), self.columns // 2)
        start = row_width(prompt)
        text, cursor = _window(pieces(self._live.before), pieces(self._live.after), self.columns - start)
        return (*prompt, Span(text)), min(self.columns, start + cursor + 1)


class DumbScreen(Screen):
    """A terminal that can only print lines: it shows what is settled, and echoes itself what is typed."""

    def __init__(self) -> None:
        super().__init__(columns=80, rows=24, colours=False)

    def open(self) -> str:
        return ""

    def close(self) -> str:
        return ""

    def show(self, settled: Sequence[Line], live: Live) -> str:
        return "".join(f"{safe_text(plain(line))}\n" for line in settled)

    def redraw(self) -> str:
        return ""


CUT_LEFT: Final = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
CUT_RIGHT: Final = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


def _window(before: Sequence[str], after: Sequence[str], cells: int) -> tuple[str, int]:
    """What of a line is seen through a window of ``cells``, with marks where it is cut, and the cursor's cell in it.

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
    """``shown`` without the clusters that begin before cell ``start``, and how many cells those take."""
    skipped = 0
    for number, cluster in enumerate(shown):
        if skipped >= start:
            return shown[number:], skipped
        skipped += width(cluster)
    return [], skipped


def _safe(line: Line) -> Line:
    """``line`` made safe to show once more: here is the last place before the terminal, and no peer is trusted."""
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
