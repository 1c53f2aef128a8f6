"""The help page (F1): the keys, on a page of its own, which any other key closes."""

from __future__ import annotations

from typing import Final

from chatd.tui.cells import BOLD, FAINT, Line, Row, Span, wrap
from chatd.tui.keys import Key

KEYS: Final = (
    ("Enter", "send the line; a line that begins with / is a command: /help lists them"),
    ("Up, Down", "lines typed before"),
    ("Ctrl-R", "search what was typed; again: further back"),
    ("Tab", "complete a nick, a #room, a /command; again: the next one"),
    ("Alt-1 ... Alt-9", "go to a room or a private talk, in the order of the status line"),
    ("Alt-A", "go to where there is news; first what is for you"),
    ("Page Up", "the history of the room; Esc goes back"),
    ("Ctrl-Home", "the beginning of the history"),
    ("Home, End, Ctrl-A, Ctrl-E", "the ends of the line"),
    ("Ctrl-U, Ctrl-K, Ctrl-W, Ctrl-Y", "cut to the left, to the right, a word; paste"),
    ("Ctrl-L", "paint the screen again"),
    ("Ctrl-C", "clear the line; on an empty line, leave"),
    ("Ctrl-D", "on an empty line, leave"),
    ("/search WORDS, /jump N", "find messages, and go to one of them"),
    ("/alert WORD", "ring the bell at this word too; /alert lists the words"),
    ("/clear", "clear the screen; the history keeps everything"),
)
"""What the keys do, most needed first."""

INDENT: Final = 4


class HelpPage:
    """The page, which scrolls if the screen is small. ``top`` is the first row that is shown."""

    def __init__(self) -> None:
        self.top = 0

    def rows(self, columns: int, height: int) -> list[Row]:
        """The rows to show on ``height`` rows of ``columns``."""
        lines: list[Line] = [(Span("Keys", BOLD), Span("  (any other key closes this page)", FAINT)), ()]
        lines += [(Span(key, BOLD), Span(f"  {about}")) for key, about in KEYS]
        rows = [row for line in lines for row in wrap(line, columns, INDENT)]
        self.top = max(0, min(self.top, len(rows) - height))
        return rows[self.top : self.top + height]

    def press(self, key: Key, height: int) -> bool:
        """Whether ``key`` scrolls the page."""
        steps = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -max(1, height - 1), Key.PAGE_DOWN: max(1, height - 1)}
        self.top = max(0, self.top + steps.get(key, 0))
        return key in steps
