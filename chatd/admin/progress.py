"""Progress of something that takes long: one line on standard error, if that is a terminal."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TextIO, TypeVar

T = TypeVar("T")

DELAY_SECONDS: Final = 0.5
"""How long something may take before its progress is shown, in seconds."""

STEP_SECONDS: Final = 0.1
"""The time between two updates of the line, in seconds."""

BAR_CHARACTERS: Final = 40
"""The length of the bar, in characters."""


class Progress(contextlib.AbstractContextManager["Progress"]):
    """A line that begins with ``what``, and is erased at the end; ``shown``: whether to show it at
    all."""

    def __init__(
        self, what: str, *, shown: bool = True, output: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._output = output or sys.stderr
        self._now = now
        self._shown = shown and self._output.isatty()
        self._began = now()
        self._next = self._began + DELAY_SECONDS
        self._length = 0

    def update(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is done."""
        if self._shown and self._now() >= self._next:
            part = min(done / total, 1) if total else 0
            bar = "#" * int(BAR_CHARACTERS * part)
            self._write(f"{self._what} [{bar:.<{BAR_CHARACTERS}}] {int(100 * part):3} %")

    def show(self, words: str = "") -> None:
        """Show ``words``, or the time that has passed, if the total is not known."""
        if self._shown and self._now() >= self._next:
            self._write(f"{self._what}: {words or f'{int(self._now() - self._began)} s'}")

    def clear(self) -> None:
        """Erase the line, so that another can be written."""
        self._end(f"\r{' ' * self._length}\r")

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        if kind is KeyboardInterrupt:  # The line stays, with the ^C that the terminal has added.
            self._end("\n")
        else:
            self.clear()

    def _end(self, how: str) -> None:
        if self._length:
            self._output.write(how)
            self._output.flush()
            self._length = 0

    def _write(self, line: str) -> None:
        self._next = self._now() + STEP_SECONDS
        line = line[: shutil.get_terminal_size().columns - 1]
        self._output.write("\r" + line.ljust(self._length))
        self._output.flush()
        self._length = max(self._length, len(line))


def in_thread(connection: sqlite3.Connection, progress: Progress, work: Callable[[], T]) -> T:
    """Do ``work``, which alone uses ``connection``, and show how long it has taken; a
    KeyboardInterrupt stops it."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    return done.result(STEP_SECONDS)
                progress.show()
        except KeyboardInterrupt:
            connection.interrupt()
            raise
