"""Times as people write them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from chatd.core.errors import BadUsage

FOR_EVER: Final = 2**62
"""A time that never comes, in milliseconds since 1970-01-01 UTC; as a duration: one that never
ends."""


def parse_time(text: str, now: int) -> int:
    """The time that ``text`` means, in milliseconds since 1970-01-01 UTC; ``now`` is the present
    time, in the same unit.

    ``12:30`` is today; ``2026-11-23`` is the beginning of that day; ``2026-11-23T12:30``, with
    seconds and a zone if necessary, is ISO 8601. A time without a zone is in the zone of the
    server, like all times that the server shows to people. Raises BadUsage.
    """
    try:
        return round(_parsed(text, now).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        hint = "Write 12:30, 2026-11-23 or 2026-11-23T12:30."
        raise BadUsage(f"{text[:32]} is not a time.", hint) from None


def _parsed(text: str, now: int) -> datetime:
    if ":" in text and "-" not in text:
        return datetime.combine(datetime.fromtimestamp(now / 1000).date(), time.fromisoformat(text))
    return datetime.fromisoformat(text)
