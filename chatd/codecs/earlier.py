"""What happened earlier in a room, as bytes, which nearly all newcomers are shown alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from chatd.core.events import Event
from chatd.core.limits import SCROLLBACK_LINES


class Earlier:
    """Remembers what ``encode`` makes of the newest events, for the day, since an event of another
    day has its date. ``now`` gives the milliseconds since 1970-01-01 UTC, in the local zone."""

    def __init__(self, encode: Callable[[Event], bytes], now: Callable[[], int]) -> None:
        self._encode = encode
        self._now = now
        self._day: date | None = None
        self._pieces: dict[int, tuple[Event, bytes]] = {}
        """Events and their bytes, by the ``id`` of the event, which lives as long as its entry: to
        hash or to compare an event takes longer than all else."""

    def of(self, events: Sequence[Event]) -> bytes:
        """The bytes of ``events``."""
        day = date.fromtimestamp(self._now() / 1000)
        if day != self._day or len(self._pieces) + len(events) > SCROLLBACK_LINES:
            self._day, self._pieces = day, {}
        pieces = self._pieces
        for event in events:
            if id(event) not in pieces:
                pieces[id(event)] = event, self._encode(event)
        return b"".join([pieces[id(event)][1] for event in events])
