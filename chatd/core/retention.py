"""Retention: how long the events of a room are kept (``/keep`` and ``--keep``).

The owner of a room can choose a shorter retention than that of the server, or none at all. Since
that deletes what others have said, it is announced a day before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from chatd.core.errors import BadUsage
from chatd.core.limits import DELETION_STEP_SECONDS, MEMORY_ONLY_SECONDS, RETENTION_NOTICE_SECONDS
from chatd.core.when import FOR_EVER

NONE: Final = "none"
"""The retention of a room whose events are not kept."""

_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_UNITS: Final = {"h": (3_600_000, "hour"), "d": (24 * 3_600_000, "day"), "w": (7 * 24 * 3_600_000, "week")}


@dataclass(frozen=True, slots=True)
class Retention:
    """The retention of a room: ``text`` as people write it (empty: that of the server), in effect
    from ``since`` on.

    ``since`` is in milliseconds since 1970-01-01 UTC.
    """

    text: str = ""
    since: int = 0

    def is_none(self, now: int) -> bool:
        """Whether events of the room are not kept at ``now``."""
        return self.text == NONE and now >= self.since

    def cutoff(self, now: int, most: int) -> int:
        """The time before which all events should be deleted, if the server keeps events for
        ``most`` milliseconds.

        It advances in steps, so that members do not get a notice each time that a little more is
        deleted.
        """
        own = duration(self.text) if now >= self.since else FOR_EVER
        kept = max(min(own, most), MEMORY_ONLY_SECONDS * 1000)
        step = max(kept // 24, DELETION_STEP_SECONDS * 1000)
        return (now - kept) // step * step

    def changed(self, text: str, now: int, at_once: bool) -> Retention:
        """The retention ``text``, chosen at ``now``. It is in effect immediately if it deletes
        nothing more or ``at_once`` is set; otherwise after the notice period."""
        current = duration(self.text) if now >= self.since else FOR_EVER
        return Retention(text, now if at_once or duration(text) >= current else now + RETENTION_NOTICE_SECONDS * 1000)


def duration(text: str) -> int:
    """The duration ``text`` in milliseconds: ``12h``, ``30d``, ``8w``; ``none``: 0; empty: forever.
    Raises BadUsage."""
    if not text:
        return FOR_EVER
    if text == NONE:
        return 0
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadUsage(f"{text[:32]} is not a duration.", "Write a number of hours, days or weeks, such as 12h, 30d or 8w.")
    return int(match[1]) * _UNITS[match[2]][0]


def in_words(text: str) -> str:
    """``30 days`` for the duration ``30d``; any other text is returned as it is."""
    match = _DURATION.fullmatch(text)
    return f"{match[1]} {_UNITS[match[2]][1]}{'' if match[1] == '1' else 's'}" if match else text
