"""The lines of the log: those of twistd, made in a tenth of the time.

Each session has two lines, and twistd's way to make them took a tenth of the time of a joining and
a leaving.
"""

from __future__ import annotations

from typing import Final

from twisted.logger import LogEvent, formatEventAsClassicLogText, formatTime

SPECIAL: Final = frozenset({"log_failure", "log_flattened", "log_system"})
"""What makes the line of an event more than its format and its fields."""


class LogLines:
    """Makes the line of each event."""

    def __init__(self) -> None:
        self._second = 0
        self._time = formatTime(0.0)
        """The time of the last line, and as it is written."""

    def of(self, event: LogEvent) -> str | None:
        """The line of ``event``, as ``formatEventAsClassicLogText`` makes it; None: it has none."""
        try:
            text = event["log_format"].format_map(event)
            origin, second = f"{event['log_namespace']}#{event['log_level'].name}", int(event["log_time"])
        except Exception:
            return formatEventAsClassicLogText(event)
        if not text or "\n" in text or not SPECIAL.isdisjoint(event):
            return formatEventAsClassicLogText(event)
        if second != self._second:
            self._second, self._time = second, formatTime(second)
        return f"{self._time} [{origin}] {text}\n"
