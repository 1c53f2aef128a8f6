"""The display: what is to be shown waits here until the end of the reactor's turn, or until one is
back from the past.

Knows no terminal but through `Terminal`, and no reactor but the clock that is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.client.cells import Settled
from chatd.client.lookback import Lookback
from chatd.client.screen import Live, Screen
from chatd.client.wording import Wording

WAITING_LINES: Final = 5000
"""The lines that wait while one looks at the past, in number: a busy day; what is older is in the
past."""

BELL: Final = "\a"


class Terminal(Protocol):
    """What a person sits at."""

    def open(self) -> Screen:
        """Take the terminal over, and give its screen."""

    def write(self, text: str) -> None:
        """Show ``text``."""

    def suspend(self) -> None:
        """Stop the program, as Ctrl-Z does; comes back when it goes on."""

    def close(self, status: int, why: str) -> None:
        """Give the terminal back, and end with ``status``; ``why`` says on standard error why it is
        not 0."""


class Display:
    """Paints on the screen of ``terminal``, once it is open: the past while ``look`` has one, else
    the present, of which ``live`` gives the live part."""

    def __init__(self, clock: IReactorTime, terminal: Terminal, look: Lookback, wording: Wording, live: Callable[[], Live]) -> None:
        self._clock = clock
        self._terminal = terminal
        self._look = look
        self._wording = wording
        self._live = live
        self._screen: Screen | None = None
        self._lines: list[Settled] = []
        self._left_out = 0
        self._bell = False
        self._away = False
        self._call: IDelayedCall | None = None

    # -- What is to be shown

    def add(self, lines: Sequence[Settled]) -> None:
        """Print ``lines`` as soon as the present is on the screen."""
        self._lines += lines
        excess = max(0, len(self._lines) - WAITING_LINES)
        del self._lines[:excess]
        self._left_out += excess
        self.changed()

    def ring(self) -> None:
        """Ring the bell: once, however many calls there are in a turn."""
        self._bell = True

    def changed(self) -> None:
        """Paint at the end of this turn of the reactor: all that comes in one turn is painted at
        once."""
        if self._call is None or not self._call.active():
            self._call = self._clock.callLater(0, self._paint)

    def forget(self, room: str, before: int) -> None:
        """Show no more of ``room`` what is before event number ``before``."""
        self._lines = [one for one in self._lines if not one.is_of(room, before)]
        if self._screen is not None:
            self._terminal.write(self._screen.forget(room, before))

    # -- What is shown

    @property
    def is_open(self) -> bool:
        """Whether the terminal has been taken over."""
        return self._screen is not None

    @property
    def can_paint(self) -> bool:
        """Whether the terminal can show something else for a while."""
        return self._screen is not None and self._screen.can_paint

    def oldest_in_sight(self, room: str) -> int:
        """The number of the oldest event of ``room`` that the present shows; 0: it shows none."""
        return self._screen.oldest_in_sight(room) if self._screen is not None else 0

    def fits(self, lines: Sequence[Settled]) -> bool:
        """Whether ``lines`` can be in sight at once."""
        return self._screen is None or self._screen.holds(lines)

    # -- What happens to the terminal

    def open(self) -> None:
        """Take the terminal over, if that has not happened."""
        if self._screen is None:
            self._screen = self._terminal.open()
            self._look.fit(self._screen.columns, self._screen.height)
            self._terminal.write(self._screen.open())
            self.changed()

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has another size."""
        if self._screen is not None and (columns, rows) != (self._screen.columns, self._screen.rows):
            self._terminal.write(self._screen.resize(columns, rows))
            self._look.fit(self._screen.columns, self._screen.height)
            self.changed()

    def redraw(self) -> None:
        """Paint everything anew."""
        if self._screen is not None:
            self._terminal.write(self._screen.redraw())
            self.changed()

    def leave(self) -> None:
        """Leave the terminal to others for a while."""
        self._leave()
        self._away = True

    def come_back(self) -> None:
        """The terminal is ours again."""
        self._away = False
        if self._screen is not None:
            self._terminal.write(self._screen.open())
            self.changed()

    def close(self, status: int, why: str) -> None:
        """Show what waits, and give the terminal back."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._leave()
        self._screen = None
        self._terminal.close(status, why)

    def _leave(self) -> None:
        if self._screen is not None:
            self._look.close()
            self._paint()
            self._terminal.write(self._screen.close())

    def _paint(self) -> None:
        if self._screen is None or self._away:
            return
        bell, self._bell = BELL if self._bell else "", False
        if self._look.past is not None:
            self._terminal.write(bell + self._screen.show_past(self._look.rows, self._live()))
            return
        left_out = f"{self._left_out:,} lines are left out here; Page Up shows what was said."
        lines = [*(self._wording.note(left_out) if self._left_out else ()), *self._lines]
        self._lines, self._left_out = [], 0
        self._terminal.write(bell + self._screen.leave_past() + self._screen.show(lines, self._live()))
