"""How far something is that takes long: one line on standard error, where that is a terminal."""

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

PATIENCE: Final = 0.5
"""How long something may take, in seconds, before its progress is shown."""

STEP: Final = 0.1
"""How often the line is written, in seconds."""

BAR: Final = 40
"""The length of the bar, in characters."""


class Progress(contextlib.AbstractContextManager["Progress"]):
    """A line that begins with ``what``, and is gone at the end; ``shown``: whether to show it, if
    it can be."""

    def __init__(
        self, what: str, *, shown: bool = True, output: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._output = output or sys.stderr
        self._now = now
        self._shown = shown and self._output.isatty()
        self._began = now()
        self._next = self._began + PATIENCE
        self._length = 0

    def at(self, done: int, total: int) -> None:
        """``done`` of ``total`` is done."""
        if self._shown and self._now() >= self._next:
            part = min(done / total, 1) if total else 0
            bar = "#" * int(BAR * part)
            self._write(f"{self._what} [{bar:.<{BAR}}] {int(100 * part):3} %")

    def tell(self, words: str = "") -> None:
        """It is not known how much there is: tell ``words``, or for how long it has been going
        on."""
        if self._shown and self._now() >= self._next:
            self._write(f"{self._what}: {words or f'{int(self._now() - self._began)} s'}")

    def clear(self) -> None:
        """Take the line away, so that another can be written."""
        self._end(f"\r{' ' * self._length}\r")

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        if kind is KeyboardInterrupt:  # The line stays, with the ^C that the terminal has put behind it.
            self._end("\n")
        else:
            self.clear()

    def _end(self, how: str) -> None:
        if self._length:
            self._output.write(how)
            self._output.flush()
            self._length = 0

    def _write(self, line: str) -> None:
        self._next = self._now() + STEP
        line = line[: shutil.get_terminal_size().columns - 1]
        self._output.write("\r" + line.ljust(self._length))
        self._output.flush()
        self._length = max(self._length, len(line))


def in_thread(connection: sqlite3.Connection, progress: Progress, work: Callable[[], T]) -> T:
    """Do ``work``, which uses ``connection`` alone, and show for how long; a KeyboardInterrupt
    breaks it off."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    return done.result(STEP)
                progress.tell()
        except KeyboardInterrupt:
            connection.interrupt()
            raise
