"""Times as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from chatd.core.errors import BadUsage

FOR_EVER: Final = 2**62
"""A time that never comes, in milliseconds since 1970-01-01 UTC; as a duration: one that never
ends."""


_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_ONE_DIGIT_HOUR: Final = re.compile(r"(?:(?<=[ T])|\A)(?=[0-9]:)")
DAY_AND_CLOCK: Final = rf"{_DAY}\s+{_CLOCK}"
"""The regular expression of a time in two words."""


def parse_time(text: str, now: int) -> int:
    """The time that ``text`` means, in milliseconds since 1970-01-01 UTC; ``now`` is the present
    time, in the same unit.

    ``12:30`` is today; ``2026-11-23`` is the beginning of that day; ``2026-11-23 12:30``, with
    seconds and a zone if necessary, is ISO 8601. A time without a zone is in the local zone, like
    all times that people see; of an hour that comes twice, it is the first. Raises BadUsage.
    """
    try:
        return round(_parsed(text, now).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        hint = "Write 12:30, 2026-11-23 or 2026-11-23 12:30."
        raise BadUsage(f"{text[:32]} is not a time.", hint) from None


def _parsed(text: str, now: int) -> datetime:
    text = _ONE_DIGIT_HOUR.sub("0", text)
    if re.fullmatch(_CLOCK, text):
        return datetime.combine(datetime.fromtimestamp(now / 1000).date(), time.fromisoformat(text))
    return datetime.fromisoformat(text)


def take_time(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The time at the beginning of ``words``, of which there is one at least, and the other words.
    A date and a time of day are one time."""
    size = 2 if re.fullmatch(DAY_AND_CLOCK, " ".join(words[:2])) else 1
    return " ".join(words[:size]), words[size:]


def stamp(time: int, now: int) -> str:
    """``time`` as seen at ``now``: ``12:30`` on the same day, else ``2026-11-22 12:30``; both in
    milliseconds since 1970-01-01 UTC.

    It is shown in the local zone, and in an hour that comes twice with the offset of the zone:
    `parse_time` takes it back.
    """
    moment, today = datetime.fromtimestamp(time / 1000), datetime.fromtimestamp(now / 1000).date()
    day = "" if moment.date() == today else f"{moment:%Y-%m-%d} "
    return f"{day}{moment.hour:02}:{moment.minute:02}{_offset(moment)}"  # As %H:%M, in a tenth of the time.


def exact_stamp(time: int) -> str:
    """``time`` as ``2026-11-22T12:30:07``, in the local zone, like `stamp`; in milliseconds since
    1970-01-01 UTC."""
    moment = datetime.fromtimestamp(time / 1000)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{_offset(moment)}"


def _offset(moment: datetime) -> str:
    """The offset of the local zone at ``moment``, if its time of day comes twice on that day."""
    other = moment.replace(fold=1 - moment.fold)
    return moment.astimezone().isoformat()[-6:] if moment.timestamp() != other.timestamp() else ""
