"""How long a room is kept: what ``/keep`` and ``--keep`` choose.

Whoever is in a room may have it kept for a shorter time than the server keeps, or not at all.
Because that deletes what others have said, it is announced a day before; who objects sets it back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from chatd.core.errors import BadUsage
from chatd.core.limits import KEEP_NOTICE_SECONDS, KEEP_STEP_SECONDS, UNKEPT_SECONDS
from chatd.core.when import FOR_EVER

NONE: Final = "none"
"""How it is written that nothing is kept."""

_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_UNITS: Final = {"h": (3_600_000, "hour"), "d": (24 * 3_600_000, "day"), "w": (7 * 24 * 3_600_000, "week")}


@dataclass(frozen=True, slots=True)
class Retention:
    """The choice of a room: ``text`` as people write it (empty: as long as the server keeps), in
    force from ``since`` on.

    ``since`` is in milliseconds since 1970-01-01 UTC.
    """

    text: str = ""
    since: int = 0

    def is_none(self, now: int) -> bool:
        """Whether nothing of the room is kept at ``now``."""
        return self.text == NONE and now >= self.since

    def before(self, now: int, most: int) -> int:
        """The time before which everything is to be deleted, where the server keeps for ``most``
        milliseconds.

        It moves in steps, so that those who are present are not told all the time that a little
        more is gone.
        """
        own = span(self.text) if now >= self.since else FOR_EVER
        kept = max(min(own, most), UNKEPT_SECONDS * 1000)
        step = max(kept // 24, KEEP_STEP_SECONDS * 1000)
        return (now - kept) // step * step

    def changed(self, text: str, now: int, at_once: bool) -> Retention:
        """The choice ``text``, made at ``now``: in force at once if nothing goes by it, or
        ``at_once``; else after notice."""
        here = span(self.text) if now >= self.since else FOR_EVER
        return Retention(text, now if at_once or span(text) >= here else now + KEEP_NOTICE_SECONDS * 1000)


def span(text: str) -> int:
    """How long ``text`` means, in milliseconds: ``12h``, ``30d``, ``8w``; ``none``: 0; empty: for
    ever. Raises BadUsage."""
    if not text:
        return FOR_EVER
    if text == NONE:
        return 0
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadUsage(f"{text[:32]} is no span of time.", "Write a number of hours, days or weeks: 12h, 30d, 8w.")
    return int(found[1]) * _UNITS[found[2]][0]


def words(text: str) -> str:
    """``30 days`` for the span ``30d``; what is none stays as it is."""
    found = _SPAN.fullmatch(text)
    return f"{found[1]} {_UNITS[found[2]][1]}{'' if found[1] == '1' else 's'}" if found else text
