"""Times as people write them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from chatd.core.errors import BadUsage

FOR_EVER: Final = 2**62
"""A time that does not come, in milliseconds since 1970-01-01 UTC; as a span of time: one that does
not end."""


def moment(text: str, now: int) -> int:
    """The time that ``text`` names, in milliseconds since 1970-01-01 UTC; ``now`` is the present,
    in the same unit.

    ``12:30`` is today; ``2026-11-23`` is when that day begins; ``2026-11-23T12:30``, with seconds
    and a zone if need be, is ISO 8601. What has no zone is in the server's, as everything that the
    server shows to people. Raises BadUsage.
    """
    try:
        return round(_parsed(text, now).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        hint = "Write 12:30, 2026-11-23 or 2026-11-23T12:30."
        raise BadUsage(f"{text[:32]} is no time.", hint) from None


def _parsed(text: str, now: int) -> datetime:
    if ":" in text and "-" not in text:
        return datetime.combine(datetime.fromtimestamp(now / 1000).date(), time.fromisoformat(text))
    return datetime.fromisoformat(text)
