"""The real terminal: raw mode, size, signals; and back to what it was on every way out.

It is restored by whoever comes first: the normal end, a signal, a crash, or the end of the process
(`atexit`).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import termios
import tty
from collections.abc import Callable
from typing import Any, Final

from chatd.client.files import Blocking, Ends, LinkPauser, standard_io
from chatd.client.screen import RESTORE, DumbScreen, Screen
from chatd.client.talk import Talk

USUAL_SIZE: Final = (80, 24)
"""Columns and rows of a terminal that does not tell."""

DRAIN_SECONDS: Final = 1.0
"""How long the last words may take to reach the terminal, in seconds."""


SUSPEND_SECONDS: Final = 0.05
"""How long the terminal is given to take what was written, in seconds, before the program is
stopped."""


class RawMode:
    """The modes of the terminal ``file``: `enter` takes every key as it is typed, `leave` undoes
    that, any number of times."""

    def __init__(self, file: int) -> None:
        self._file = os.dup(file)  # Twisted closes its own, and the terminal is to be restored even after that.
        self._modes = termios.tcgetattr(self._file)
        self._raw = False
        self.undo: Callable[[], str] = lambda: RESTORE
        """What undoes the changes to what it shows."""
        atexit.register(self.leave)

    def enter(self) -> None:
        """No echo, no lines, no signals from keys."""
        tty.setraw(self._file, termios.TCSADRAIN)
        self._raw = True

    def leave(self) -> None:
        """The modes that it had, and whatever `Screen` has switched."""
        if not self._raw:
            return
        self._raw = False
        with contextlib.suppress(OSError, termios.error):  # A terminal that is gone needs no care.
            os.write(self._file, self.undo().encode())
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._modes)

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        try:
            columns, rows = os.get_terminal_size(self._file)
        except OSError:
            return USUAL_SIZE
        return columns or USUAL_SIZE[0], rows or USUAL_SIZE[1]


class RealTerminal:
    """The terminal on standard input and output; ``dumb``: it can only print lines.

    ``ended`` is told the exit status and why.
    """

    def __init__(self, reactor: Any, colours: bool, dumb: bool, ended: Callable[[int, str], None]) -> None:
        self.talk: Talk
        self._reactor = reactor
        self._colours = colours
        self._dumb = dumb
        self._ended = ended
        self._blocking = Blocking(0, 1)
        self._raw = RawMode(0)
        self._ends: Ends | None = None
        self._stdio: Any = None

    def restore(self) -> None:
        """Leave the terminal as it was."""
        self._blocking.restore()
        self._raw.leave()

    # -- What `Talk` needs

    def open(self) -> Screen:
        """Part of `talk.Terminal`."""
        if not self._dumb:
            self._raw.enter()
        self._ends = Ends(self.talk.keys, self.talk.interrupt, self.talk.interrupt)
        self._stdio = standard_io(self._ends, self._reactor)
        self._stdio.registerProducer(LinkPauser(self.talk.link), True)
        if self._dumb:
            return DumbScreen()
        signal.signal(signal.SIGWINCH, lambda *_: self._reactor.callFromThread(self._resized))
        signal.signal(signal.SIGTSTP, lambda *_: self._reactor.callFromThread(self.suspend))
        screen = Screen(*self._raw.size(), self._colours)
        self._raw.undo = screen.undo
        return screen

    def write(self, text: str) -> None:
        """Part of `talk.Terminal`."""
        if self._stdio is not None:
            self._stdio.write(text.encode("utf-8", "replace"))

    def suspend(self) -> None:
        """Part of `talk.Terminal`: as the shell's job control expects it, and back."""
        self.talk.leave_screen()
        self._reactor.callLater(SUSPEND_SECONDS, self._stop_here)

    def close(self, status: int, why: str) -> None:
        """Part of `talk.Terminal`."""
        if self._ends is None or self._stdio is None:
            self._ended(status, why)
            return
        self._stdio.unregisterProducer()
        self._ends.drain(self._reactor, DRAIN_SECONDS, lambda: self._ended(status, why))

    # -- What happens to the process

    def _resized(self) -> None:
        self.talk.resized(*self._raw.size())

    def _stop_here(self) -> None:
        self.restore()
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)  # The whole job, as the terminal would; what follows runs when it goes on.
        signal.signal(signal.SIGTSTP, ours)
        self._raw.enter()
        for file in (0, 1):
            os.set_blocking(file, False)
        self.talk.return_to_screen()
        self._resized()
