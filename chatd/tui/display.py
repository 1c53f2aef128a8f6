"""The display: lines wait here until the end of the reactor's turn, or until the history is closed.

Knows no terminal but through `Terminal`, and no reactor but the clock that is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.tui.cells import FinalLine
from chatd.tui.formatter import Formatter
from chatd.tui.help_page import HelpPage
from chatd.tui.history_view import HistoryView
from chatd.tui.keys import Key
from chatd.tui.screen import Footer, Screen

WAITING_LINES: Final = 5000
"""How many new lines wait while the history is open: a busy day. The history has the older ones."""

BELL: Final = "\a"

PAINT_SECONDS: Final = 1 / 30
"""The shortest time between two paintings, in seconds: nobody sees more of them."""


class Terminal(Protocol):
    """What the user sits at."""

    def open(self) -> Screen:
        """Take the terminal over; returns its screen."""

    @property
    def is_ready(self) -> bool:
        """Whether what is written will be shown soon. If not, nothing is painted until
        `Tui.ready`."""

    def write(self, text: str) -> None:
        """Show ``text``."""

    def hide(self, hidden: bool) -> None:
        """A terminal that shows by itself what is typed stops doing so, or does it again."""

    def suspend(self) -> None:
        """Stop the program, as Ctrl-Z does; returns when it goes on."""

    def close(self, status: int, why: str) -> None:
        """Give the terminal back, and end with ``status``; if that is not 0, print ``why`` on
        standard error."""


class Display:
    """Paints on the screen of ``terminal``, once it is open: ``history`` while that is open, else
    the live view. ``footer`` returns what is below either."""

    def __init__(
        self,
        clock: IReactorTime,
        terminal: Terminal,
        history: HistoryView,
        formatter: Formatter,
        footer: Callable[[], Footer],
        waiting_lines: int = WAITING_LINES,
    ) -> None:
        self._waiting_lines = waiting_lines
        self._clock = clock
        self._terminal = terminal
        self._history = history
        self._formatter = formatter
        self._footer = footer
        self._screen: Screen | None = None
        self._lines: list[FinalLine] = []
        self._left_out = 0
        self._bell = False
        self.help: HelpPage | None = None
        """The help page, while it is open."""
        self._note = ""
        self._title = ""
        self._all = False
        """Whether every row is painted the next time."""
        self._suspended = False
        self._paint_at = 0.0
        """When the next painting may be."""
        self._call: IDelayedCall | None = None

    # -- Lines to show

    def add(self, lines: Sequence[FinalLine]) -> None:
        """Print ``lines`` as soon as the live view is on the screen."""
        self._lines += lines
        excess = max(0, len(self._lines) - self._waiting_lines)
        del self._lines[:excess]
        self._left_out += excess
        self.changed()

    def note(self, note: str) -> None:
        """Show ``note`` as soon as there is a screen."""
        self.add(self._formatter.note(note))

    def refuse(self, why: str) -> None:
        """Show ``why`` something cannot be done, as soon as there is a screen."""
        self.add(self._formatter.refusal(why))

    def ring(self, note: str = "") -> None:
        """Ring the bell at the next painting, once, and show ``note`` as a notification, if the
        terminal can."""
        self._bell = True
        self._note = note

    def set_title(self, text: str) -> None:
        """Make ``text`` the title of the window at the next painting, if it is another one."""
        self._title = text

    def press_in_help(self, key: Key) -> bool:
        """Whether the help page has taken ``key``; any key that it does not know closes it."""
        if self.help is None or self._screen is None:
            return False
        if not self.help.press(key, self._screen.height):
            self.help = None
        return True

    def open_help(self) -> None:
        """Open the help page."""
        if self.can_paint:
            self._history.close()
            self.help = HelpPage()

    def changed(self) -> None:
        """Paint at the end of this reactor turn, so that everything in one turn is painted at once,
        or later if something was painted a moment ago."""
        if self._call is None or not self._call.active():
            self._call = self._clock.callLater(max(0.0, self._paint_at - self._clock.seconds()), self._paint)

    def drop_before(self, room: str, seq: int) -> None:
        """Stop showing the events of ``room`` before number ``seq``."""
        self._lines = [one for one in self._lines if not one.is_before(room, seq)]
        if self._screen is not None and self._screen.drop_before(room, seq):
            self._paint_everything()

    # -- What the screen shows

    @property
    def is_open(self) -> bool:
        """Whether the terminal has been taken over."""
        return self._screen is not None

    @property
    def can_paint(self) -> bool:
        """Whether the terminal can show the history."""
        return self._screen is not None and self._screen.can_paint

    def first_visible(self, room: str) -> int:
        """The number of the oldest event of ``room`` that the live view shows; 0: it shows none."""
        return self._screen.first_visible(room) if self._screen is not None else 0

    def fits(self, lines: Sequence[FinalLine]) -> bool:
        """Whether ``lines`` fit on the screen together."""
        return self._screen is None or self._screen.fits(lines)

    # -- The terminal

    def open(self) -> None:
        """Take the terminal over, unless that has been done."""
        if self._screen is None:
            self._screen = self._terminal.open()
            self._history.resize(self._screen.columns, self._screen.height)
            self._terminal.write(self._screen.open())
            self.changed()

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has a new size."""
        if self._screen is not None and (columns, rows) != (self._screen.columns, self._screen.rows):
            self._screen.resize(columns, rows)
            self._history.resize(self._screen.columns, self._screen.height)
            self._paint_everything()

    def clear(self) -> None:
        """Remove everything above the footer, what waits included."""
        self._lines.clear()
        if self._screen is not None:
            self._screen.clear()
            self._paint_everything()

    def redraw(self) -> None:
        """Paint everything again."""
        self._paint_everything()

    def _paint_everything(self) -> None:
        """Paint every row the next time; however often that is asked for, once."""
        self._all = True
        self.changed()

    def suspend(self) -> None:
        """Leave the terminal to other programs for a while."""
        self._leave()
        self._suspended = True

    def resume(self) -> None:
        """Take the terminal back."""
        self._suspended = False
        if self._screen is not None:
            self._terminal.write(self._screen.open())
            self.changed()

    def close(self, status: int, why: str) -> None:
        """Show the lines that wait, and give the terminal back."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._leave()
        self._screen = None
        self._terminal.close(status, why)

    def _leave(self) -> None:
        if self._screen is not None:
            self._history.close()
            self.help = None
            if not self._suspended:
                self._paint_on(self._screen)
            self._terminal.write(self._screen.close())

    def _paint(self) -> None:
        if self._screen is not None and not self._suspended and self._terminal.is_ready:
            self._paint_at = self._clock.seconds() + PAINT_SECONDS
            self._paint_on(self._screen)

    def _paint_on(self, screen: Screen) -> None:
        bell, self._bell = BELL if self._bell else "", False
        bell += screen.call(self._note if bell else "", self._title)
        self._note = ""
        if self._all:
            self._all = False
            bell += screen.redraw()
        if self.help is not None:
            rows = self.help.rows(screen.columns, screen.height)
            self._terminal.write(bell + screen.show_history(rows, self._footer()))
            return
        if self._history.window is not None:
            self._terminal.write(bell + screen.show_history(self._history.rows, self._footer()))
            return
        left_out = f"{self._left_out:,} lines are left out here; Page Up shows the history."
        lines = [*(self._formatter.note(left_out) if self._left_out else ()), *self._lines]
        self._lines, self._left_out = [], 0
        self._terminal.write(bell + screen.leave_history() + screen.show(lines, self._footer()))
