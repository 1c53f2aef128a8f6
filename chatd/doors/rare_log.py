"""Log lines that strangers can cause as often as they like."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from chatd.core.limits import RARE_LOG_SECONDS


class RareLog:
    """Writes each kind of line at most once in ``RARE_LOG_SECONDS``. ``seconds`` is a monotonic
    clock."""

    def __init__(self, log: Logger, seconds: Callable[[], float]) -> None:
        self._log = log
        self._seconds = seconds
        self._next: dict[str, float] = {}
        """When a line of each format may be written again."""

    def warn(self, format: str, **fields: object) -> None:
        """Log a warning (``Logger.warn``), unless one of this format was logged shortly before."""
        now = self._seconds()
        if now >= self._next.get(format, now):
            self._next[format] = now + RARE_LOG_SECONDS
            self._log.warn(format, **fields)
