"""The real terminal: raw mode, size and signals, and how it is restored at the end.

Whichever comes first restores it: the normal end, a signal, a crash, or the end of the process
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

from chatd.client.files import BlockingMode, LinkPauser, StdioProtocol, standard_io
from chatd.client.link import ReconnectingLink
from chatd.tui.screen import RESTORE, DumbScreen, Screen
from chatd.tui.tui import Tui

USUAL_SIZE: Final = (80, 24)
"""Columns and rows of a terminal that does not report its size."""

DRAIN_SECONDS: Final = 1.0
"""How long the last output may take to reach the terminal, in seconds."""

SUSPEND_SECONDS: Final = 0.05
"""How long the terminal gets to take the output before the program is stopped, in seconds."""


class RawMode:
    """The modes of the terminal ``file``. `enter` passes on every key as it is typed; `leave`
    undoes that, and may be called several times."""

    def __init__(self, file: int) -> None:
        self._file = os.dup(file)  # Twisted closes the original before the terminal is restored.
        self._modes = termios.tcgetattr(self._file)
        self._raw = False
        self._hidden = False
        self.undo: Callable[[], str] = lambda: RESTORE
        """Returns the characters that undo the changes to the screen."""
        atexit.register(self.leave)

    def enter(self) -> None:
        """No echo, no line editing, no signals from keys."""
        tty.setraw(self._file, termios.TCSADRAIN)
        self._raw = True

    def leave(self) -> None:
        """Restore the modes, and everything that `Screen` has changed."""
        if not self._raw and not self._hidden:
            return
        if self._raw:
            with contextlib.suppress(OSError, termios.error):  # The terminal may be gone.
                os.write(self._file, self.undo().encode())
        self._raw = self._hidden = False
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._modes)

    def hide(self, hidden: bool) -> None:
        """The terminal shows nothing of what is typed, or does so again."""
        self._hidden = hidden
        with contextlib.suppress(termios.error):
            modes = termios.tcgetattr(self._file)
            modes[3] = modes[3] & ~termios.ECHO if hidden else modes[3] | termios.ECHO
            termios.tcsetattr(self._file, termios.TCSADRAIN, modes)

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        try:
            columns, rows = os.get_terminal_size(self._file)
        except OSError:
            return USUAL_SIZE
        return columns or USUAL_SIZE[0], rows or USUAL_SIZE[1]


class RealTerminal:
    """The terminal on standard input and output; ``dumb``: it can only print lines.

    ``on_end`` gets the exit status and the reason.
    """

    def __init__(self, reactor: Any, colours: bool, links: bool, dumb: bool, on_end: Callable[[int, str], None]) -> None:
        self.client: Tui
        self.link: ReconnectingLink
        self._reactor = reactor
        self._colours = colours
        self._links = links
        self._dumb = dumb
        self._on_end = on_end
        self._blocking = BlockingMode(0, 1)
        self._raw = RawMode(0)
        self._protocol: StdioProtocol | None = None
        self._stdio: Any = None

    def restore(self) -> None:
        """Restore the terminal."""
        self._blocking.restore()
        self._raw.leave()

    # -- Called by `Tui`

    def open(self) -> Screen:
        """Part of `display.Terminal`."""
        if not self._dumb:
            self._raw.enter()
        self._protocol = StdioProtocol(self.client.keys, self.client.interrupt, self.client.interrupt)
        self._stdio = standard_io(self._protocol, self._reactor)
        self._stdio.registerProducer(LinkPauser(self.link), True)
        if self._dumb:
            return DumbScreen()
        signal.signal(signal.SIGWINCH, lambda *_: self._reactor.callFromThread(self._resized))
        signal.signal(signal.SIGTSTP, lambda *_: self._reactor.callFromThread(self.suspend))
        term, program = os.environ.get("TERM", ""), os.environ.get("TERM_PROGRAM", "")
        screen = Screen(*self._raw.size(), self._colours, self._links, term=term, program=program)
        self._raw.undo = screen.undo
        return screen

    is_ready = True
    """Part of `display.Terminal`: while the terminal takes nothing, nothing more is read from the
    server."""

    def write(self, text: str) -> None:
        """Part of `display.Terminal`."""
        if self._stdio is not None:
            self._stdio.write(text.encode("utf-8", "replace"))

    def hide(self, hidden: bool) -> None:
        """Part of `display.Terminal`."""
        if self._dumb:
            self._raw.hide(hidden)

    def suspend(self) -> None:
        """Part of `display.Terminal`: stop as job control expects it, and come back."""
        self.client.suspend_screen()
        self._reactor.callLater(SUSPEND_SECONDS, self._stop_here)

    def close(self, status: int, why: str) -> None:
        """Part of `display.Terminal`."""
        if self._protocol is None or self._stdio is None:
            self._on_end(status, why)
            return
        self._stdio.unregisterProducer()
        self._protocol.drain(self._reactor, DRAIN_SECONDS, lambda: self._on_end(status, why))

    # -- Signals

    def _resized(self) -> None:
        self.client.resized(*self._raw.size())

    def _stop_here(self) -> None:
        self.restore()
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)  # The whole job, as the terminal would; the next line runs when it goes on.
        signal.signal(signal.SIGTSTP, ours)
        self._raw.enter()
        for file in (0, 1):
            os.set_blocking(file, False)
        self.client.resume_screen()
        self._resized()
