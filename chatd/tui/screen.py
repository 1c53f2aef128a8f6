"""The screen: the characters that make a terminal show the conversation.

At the bottom is the footer: pending messages of the user, the status line, and the line being
typed. The lines above it do not change: each is printed once and scrolls away into the terminal's
own scrollback. Only what has changed is painted; after a change of size, everything. Pure: every
method returns the characters to write.

The history is painted on the terminal's alternate screen, as pagers do. So what was printed stays
as it was printed, a change of size pushes no history into the scrollback, and most terminals send
the mouse wheel as the keys Up and Down there. If a terminal has no such screen (the Linux console,
GNU screen by default), the history is painted over the live view, row by row and without scrolling,
and afterwards the live view is painted again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatd.core.text import safe_part, safe_text
from chatd.tui.cells import FAINT, FinalLine, Line, Row, Span, Style, clip, plain, row_width, same_cells, width, without_cells, wrap
from chatd.tui.editor import visible_clusters
from chatd.tui.kept_lines import KeptLines
from chatd.tui.terminal_types import RESTORE_TITLE, SAVE_TITLE, has_title, notification, notifier, title

KEPT_LINES: Final = 500
"""How many printed lines are kept for painting them again: more than the rows of any screen."""

INDENT: Final = 6
"""The indent of every row of a line but the first, in cells: the width of the time."""

_OPEN: Final = "\x1b[?7l\x1b[?2004h"  # no automatic wrap, so that a wrong width cannot push rows; bracketed paste
_CLOSE: Final = "\x1b[m\x1b[?2004l\x1b[?7h\x1b[?25h"
_WRAP: Final = "\x1b[?7h"
_NO_WRAP: Final = "\x1b[?7l"
_HIDE: Final = "\x1b[?25l"
_SHOW: Final = "\x1b[?25h"
_ERASE_REST_OF_ROW: Final = "\x1b[K"
_ERASE_BELOW: Final = "\x1b[J"
_SMALLEST_REGION: Final = 3
"""The first row of the footer that leaves two rows above it, the smallest region that scrolls."""
_ALTERNATE: Final = "\x1b[?1049h"
_BACK: Final = "\x1b[?1049l"
RESTORE: Final = _CLOSE
"""Undoes everything that `Screen.open` has changed in a terminal."""


@dataclass(frozen=True, slots=True)
class Footer:
    """The footer: pending messages, the left and the right side of the status line, and the line
    being typed, ``before`` and ``after`` the cursor.

    ``alarm``: the ``link`` side stands out, and is kept if there is no room for both.
    """

    pending: tuple[Line, ...] = ()
    status: Line = ()
    link: Line = ()
    alarm: bool = False
    prompt: Line = ()
    before: str = ""
    after: str = ""


class Screen:
    """A terminal of ``columns`` and ``rows``; ``colours``: it has 256; ``links``: it knows OSC 8,
    or ignores it. ``kept`` is the number of printed lines that are kept for painting them again.

    ``term`` and ``program`` are the type and the name of the terminal, as far as they are known.

    ``saves_bytes``: lines are printed in a scrolling region (DECSTBM) above the footer, which need
    not be painted again then. Some terminals keep no scrollback of such a region.
    """

    def __init__(
        self,
        columns: int,
        rows: int,
        colours: bool,
        links: bool = False,
        kept: int = KEPT_LINES,
        saves_bytes: bool = False,
        term: str = "",
        program: str = "",
    ) -> None:
        self.columns, self.rows = max(1, columns), max(1, rows)
        self.can_paint = True
        """Whether the terminal can show the history."""
        self._colours = colours
        self._links = links
        self._saves_bytes = saves_bytes
        self._has_title, self._notifier = has_title(term) and not saves_bytes, notifier(term, program)
        self._title = ""
        self._lines = KeptLines(kept)
        self._footer = Footer()
        self._painted: list[Row] = [()]
        self._written = 0
        self._history: list[Row] | None = None
        self._moved = False

    def open(self) -> str:
        """Begin at the bottom; what the terminal shows already moves up."""
        self._painted = [()]
        self._written = 0
        save = SAVE_TITLE if self._has_title else ""
        return f"{save}{_OPEN}{_go(self.rows)}\r\n"

    def call(self, note: str, window_title: str) -> str:
        """Show ``note`` as a notification, unless it is empty, and change the title of the window,
        where the terminal can."""
        shown = notification(self._notifier, note) if note else ""
        if self._has_title and window_title != self._title:
            self._title = window_title
            shown += title(window_title)
        return shown

    def close(self) -> str:
        """Remove the footer, and leave the cursor in its place."""
        return f"{_go(self._top())}\x1b[m{_ERASE_BELOW}{_CLOSE}{self._leave_title()}"

    def undo(self) -> str:
        """Undo everything that is changed in the terminal, at any moment."""
        # Leaving the alternate screen moves the cursor, in some terminals even if that screen is
        # not shown.
        return (RESTORE if self._history is None else _BACK + RESTORE) + self._leave_title()

    def _leave_title(self) -> str:
        self._title = ""
        return RESTORE_TITLE if self._has_title else ""

    def show(self, lines: Sequence[FinalLine], footer: Footer) -> str:
        """Print ``lines`` above the footer, and paint ``footer``."""
        self._footer = footer
        lines = [replace(one, line=_safe(one.line)) for one in lines]
        self._lines.extend(lines)
        printed = [row for one in lines for row in self._wrapped(one)]
        self._written += len(printed)
        rows, column = self._footer_rows()
        if len(rows) + len(printed) < len(self._painted):
            return self._all(rows, column)
        old, self._painted = self._painted, rows
        if len(rows) == len(old) and (not printed or (self._saves_bytes and self._top() > _SMALLEST_REGION)):
            return self._print_above(printed) + self._update(rows, old, column)
        self._painted = old
        change = self._print(printed, rows)
        self._painted = rows
        return f"{_HIDE}{change}{_go(self.rows, column)}{_SHOW}"

    def resize(self, columns: int, rows: int) -> str:
        """Paint everything for the new size: each terminal treats the old picture differently. An
        open history has to be shown again."""
        self.columns, self.rows = max(1, columns), max(1, rows)
        return self.redraw()

    def redraw(self) -> str:
        """Paint everything again. An open history has to be shown again."""
        if self._history is not None:
            self._history, self._moved = [], True
            return ""
        return self._all(*self._footer_rows())

    def clear(self) -> str:
        """Remove what is printed above the footer; what has scrolled away stays."""
        self._lines.clear()
        return self.redraw()

    # -- Printed lines

    def first_visible(self, room: str) -> int:
        """The number of the oldest event of ``room`` that is wholly visible above the footer, or if
        none is, of one that is partly visible; 0: none is."""
        free, first = self._visible_rows(), 0
        for one in reversed(self._lines):
            rows = len(self._wrapped(one))
            if free <= 0 or (free < rows and first):
                break
            free -= rows
            if one.room == room and one.seq and not one.quoted:
                first = min(first or one.seq, one.seq)
        return first

    def _visible_rows(self) -> int:
        """How many of the visible rows above the footer we have written."""
        return max(0, min(self._written, self.rows - len(self._painted)))

    def fits(self, lines: Sequence[FinalLine]) -> bool:
        """Whether ``lines`` fit on the screen together."""
        return sum(len(self._wrapped(one)) for one in lines) <= self.height

    def drop_before(self, room: str, seq: int) -> str:
        """Stop showing the events of ``room`` before number ``seq``; lines that have scrolled away
        are out of reach."""
        shown = self._last_rows(self._visible_rows())
        self._lines.drop(lambda one: one.is_before(room, seq))
        return self.redraw() if self._last_rows(len(shown)) != shown else ""

    # -- The history

    @property
    def height(self) -> int:
        """The rows above the status line and the line being typed."""
        return max(0, self.rows - 2)

    def show_history(self, history: Sequence[Row], footer: Footer) -> str:
        """Show the rows ``history``, at most `height`, instead of the live view, until
        `leave_history`."""
        self._footer = replace(footer, pending=())
        below, column = self._footer_rows()
        blank: list[Row] = [()] * (self.rows - len(below) - len(history))
        rows = [*blank, *map(_safe, history), *below]
        begin = _ALTERNATE if self._history is None else ""
        old = self._history if self._history and len(self._history) == len(rows) else [None] * len(rows)
        self._history = rows
        return f"{begin}{_HIDE}{self._repaint(1, rows, old)}{_go(self.rows, column)}{_SHOW}"

    def leave_history(self) -> str:
        """Show the live view again as it was; `show` goes on from there."""
        if self._history is None:
            return ""
        self._history = None
        left = "".join(f"{_go(row)}{_ERASE_REST_OF_ROW}" for row in range(1, self.rows + 1)) + _BACK
        if self._moved:
            self._moved = False
            return left + self._all(*self._footer_rows())
        above = self._last_rows(self._visible_rows())  # Above these are rows that the shell has written.
        return left + self._repaint(self._top() - len(above), [*above, *self._painted])

    # -- Painting

    def _top(self) -> int:
        return self.rows - len(self._painted) + 1

    def _print_above(self, printed: Iterable[Row]) -> str:
        """Let the rows above the footer scroll, and nothing else."""
        lines = "".join(f"\r\n{self._paint_run(run)}" for _, run in self._runs([*printed]))
        return f"\x1b[1;{self._top() - 1}r{_go(self._top() - 1)}{lines}\x1b[r" if lines else ""

    def _update(self, rows: Sequence[Row], old: Sequence[Row], column: int) -> str:
        """Those cells of the footer that have changed, and the cursor in the line being typed."""
        above = self._repaint(self._top(), rows[:-1], old[:-1])
        start = min(same_cells(old[-1], rows[-1]), self.columns - 1)
        rest, size = without_cells(rows[-1], start), row_width(rows[-1])
        typed = "".join(map(self._ink, rest))
        if row_width(old[-1]) > size:
            typed += _ERASE_REST_OF_ROW
        if typed:
            typed = _go(self.rows, start + 1) + typed
        cursor = "" if typed and size == column - 1 else _go(self.rows, column)
        if above:
            return f"{_HIDE}{above}{typed}{cursor}{_SHOW}"
        return typed + cursor

    def _print(self, printed: Iterable[Row], rows: Iterable[Row]) -> str:
        """Write from where the footer began; the terminal scrolls by itself."""
        lines = "\r\n".join(self._paint_run(run) for _, run in self._runs([*printed, *rows]))
        return f"{_go(self._top())}{_ERASE_BELOW}{lines}"

    def _repaint(self, top: int, rows: Sequence[Row], old: Sequence[Row | None] = ()) -> str:
        """Those of ``rows``, from row ``top`` on, that differ from ``old``."""
        changed = (
            f"{_go(top + start)}{self._paint_run(run)}{self._erase_after(run[-1])}"
            for start, run in self._runs(rows)
            if not old or run != list(old[start : start + len(run)])
        )
        return "".join(changed)

    def _runs(self, rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
        """``rows`` as runs, each with its index: a row, and those in which an address of a web page
        at its end goes on."""
        start = 0
        for number, row in enumerate(rows, start=1):
            if number == len(rows) or not self._goes_on(row, rows[number]):
                yield start, list(rows[start:number])
                start = number

    def _goes_on(self, row: Row, below: Row) -> bool:
        link = row[-1].style.link if row and below else ""
        return bool(link) and below[0].style.link == link and row_width(row) == self.columns

    def _erase_after(self, row: Row) -> str:
        """Erases the rest of a row. On a full row the cursor stays on the last character, which
        would be erased."""
        return _ERASE_REST_OF_ROW if row_width(row) < self.columns else ""

    def _all(self, footer: list[Row], column: int) -> str:
        """Paint every row of the screen. They are erased one by one, since a terminal may keep a
        cleared screen in its scrollback."""
        above = self._last_rows(self.rows - len(footer))
        blank: list[Row] = [()] * (self.rows - len(footer) - len(above))
        self._painted, self._written = footer, self.rows
        return f"{_OPEN}{_HIDE}{self._repaint(1, [*blank, *above, *footer])}{_go(self.rows, column)}{_SHOW}"

    def _last_rows(self, wanted: int) -> list[Row]:
        rows: list[Row] = []
        for one in reversed(self._lines):
            if len(rows) >= wanted:
                break
            rows[:0] = self._wrapped(one)
        return rows[-wanted:] if wanted > 0 else []

    def _wrapped(self, line: FinalLine) -> list[Row]:
        return wrap(line.line, self.columns, INDENT)

    def _paint_run(self, run: Iterable[Row]) -> str:
        """The rows of ``run``. The terminal itself breaks an address of a web page, so that it
        takes the pieces for one: it selects and opens the whole."""
        painted = ["".join(map(self._ink, row)) for row in run]
        return painted[0] if len(painted) == 1 else f"{_WRAP}{''.join(painted)}{_NO_WRAP}"

    def _ink(self, span: Span) -> str:
        codes = _codes(span.style, self._colours)
        text = f"\x1b[{codes}m{span.text}\x1b[m" if codes else span.text
        return _linked(text, span.style.link) if self._links and span.style.link else text

    # -- The footer

    def _footer_rows(self) -> tuple[list[Row], int]:
        """The rows of the footer, and the column of the cursor on the last one."""
        typed, column = self._input_row()
        rows = [typed]
        if self.rows > 1:
            rows.insert(0, self._status_row())
        return [*self._pending_rows((self.rows - len(rows)) // 2), *rows], column

    def _pending_rows(self, most: int) -> list[Row]:
        """The last pending messages, in at most ``most`` rows, below the number of those left
        out."""
        shown: list[list[Row]] = []
        free = most
        for line in reversed(self._footer.pending):
            rows = wrap(_safe(line), self.columns, INDENT)
            if len(rows) > free:
                break
            shown.insert(0, rows)
            free -= len(rows)
        hidden = len(self._footer.pending) - len(shown)
        if hidden and not free and shown:
            hidden, free = hidden + 1, len(shown.pop(0))
        more = [clip((Span(f"{hidden} more pending", FAINT),), self.columns)] if hidden and free else []
        return more + [row for rows in shown for row in rows]

    def _status_row(self) -> Row:
        status, link = _safe(self._footer.status), _safe(self._footer.link)
        if not self._footer.alarm and row_width((*status, *link)) > self.columns:
            link = ()
        link = clip(link, self.columns)
        status = clip(status, self.columns - row_width(link))
        gap = Span(" " * (self.columns - row_width(link) - row_width(status)))
        row = (*status, gap, *link)
        bar = Style(reverse=True, bold=self._footer.alarm)
        return tuple(Span(span.text, replace(bar, bold=bar.bold or span.style.bold)) for span in row if span.text)

    def _input_row(self) -> tuple[Row, int]:
        """As much of the line being typed as fits around the cursor, and the cursor's column,
        counted from 1."""
        prompt = clip(_safe(self._footer.prompt), self.columns // 2)
        start = row_width(prompt)
        text, cursor = _window(visible_clusters(self._footer.before), visible_clusters(self._footer.after), self.columns - start)
        return (*prompt, Span(text)), min(self.columns, start + cursor + 1)


class DumbScreen(Screen):
    """A terminal that can only print lines. It echoes by itself what is typed."""

    def __init__(self) -> None:
        super().__init__(columns=80, rows=24, colours=False)
        self.can_paint = False

    def open(self) -> str:
        return ""

    def close(self) -> str:
        return ""

    def show(self, lines: Sequence[FinalLine], footer: Footer) -> str:
        return "".join(f"{safe_text(plain(one.line))}\n" for one in lines)

    def redraw(self) -> str:
        return ""


CUT_LEFT: Final = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
CUT_RIGHT: Final = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


def _window(before: Sequence[str], after: Sequence[str], cells: int) -> tuple[str, int]:
    """The part of a line that a window of ``cells`` shows, with marks where it is cut, and the cell
    of the cursor in it.

    The window moves by half its width, so that the text does not move at every key.
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
    """``shown`` without the clusters that begin before cell ``start``, and the width of those in
    cells."""
    skipped = 0
    for number, cluster in enumerate(shown):
        if skipped >= start:
            return shown[number:], skipped
        skipped += width(cluster)
    return [], skipped


def _safe(line: Line) -> Line:
    """``line`` made safe to show, once more: this is the last step before the terminal, and no peer
    is trusted."""
    return tuple(Span(safe_part(span.text), span.style) for span in line)


def _linked(text: str, link: str) -> str:
    """``text`` as a part of a link (OSC 8). All parts have the same id, so the terminal takes them
    for one."""
    return f"\x1b]8;id={zlib.crc32(link.encode()):08x};{link}\x1b\\{text}\x1b]8;;\x1b\\"


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
