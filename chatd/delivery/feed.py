"""A feed: one room in one view, and all who read it so.

Readers who have taken everything so far stand at the same place and get the same bytes object, by
one direct ``send``. Only who does not take it whole gets a cursor of their own, and the log waits
for them (``outlet.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from chatd.codecs.base import Codec, Talk, View
from chatd.core.events import Event, Missed, Reason
from chatd.core.limits import LOG_PAGE_EVENTS
from chatd.core.room import Room
from chatd.core.session import Session

TAKEN_AT_ONCE = 1000
"""The events that a reader who is behind looks at in one turn, in number, even if none is for
them."""


class Reader(Protocol):
    """What the fan-out asks of who reads; ``outlet.py`` has the one that writes to a transport."""

    session: Session
    talk: Talk
    send: Callable[[bytes], int]

    def wants(self, event: Event) -> bool:
        """Whether they are sent ``event``."""

    def fall_behind(self, feed: Feed, cursor: int, rest: bytes = b"") -> None:
        """Go on from event ``cursor`` of ``feed`` when ``rest`` and all before it is taken."""

    def flush(self) -> None:
        """Send the answers that are queued."""

    def is_stalled(self, now: float) -> bool:
        """Whether they are behind and have taken nothing for too long; ``now`` in seconds of a
        steady clock."""

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""


class Feed:
    """A room in one view of one codec."""

    def __init__(self, room: Room, codec: Codec, view: View, cursor: int) -> None:
        self.room = room
        self.codec = codec
        self.view = view
        self.cursor = cursor
        """The number of the next event that the live readers get."""
        self.readers: dict[str, Reader] = {}
        """All readers, by sender_id."""
        self.live: set[Reader] = set()
        """Those who have taken everything before the cursor."""
        self.early: dict[Reader, int] = {}
        """Those who want nothing before a number that lies ahead of the cursor: they came since the
        last fan-out."""
        self.filtered: set[Reader] = set()
        """Those who must be asked about each event."""
        self._kept: dict[int, bytes] = {}
        """Encoded events, by number, while somebody is behind who may want them."""

    # -- Readers

    def add(self, reader: Reader, cursor: int) -> None:
        """Let ``reader``, which has taken all before number ``cursor``, be live from there; at or
        ahead of our own cursor."""
        if cursor == self.cursor:
            self.live.add(reader)
        else:
            self.early[reader] = cursor

    def take_out(self, reader: Reader) -> int:
        """Let ``reader`` be live no longer; the number of the event that it gets next."""
        self.live.discard(reader)
        return self.early.pop(reader, self.cursor)

    # -- Fan-out

    def fan_out(self) -> int:
        """Send the live readers all that is new; how many events that are."""
        start, store = self.cursor, self.room.log
        if start < store.held:  # More came in one turn than memory holds: every reader is behind.
            places = [*((reader, start) for reader in self.live), *self.early.items()]
            self.cursor = start = store.held  # First, since whoever falls behind at once looks whether there is something to take.
            for reader, cursor in places:
                reader.fall_behind(self, cursor)
        news = store.read(start, store.stored)
        self.cursor = start + len(news)
        pieces = [self.codec.encode(event, self.view) for event in news]
        self._keep(start, pieces)
        spoken = {} if self.codec.echo else self._spoken(news)
        special = self.filtered.union(spoken)
        self._send(start, pieces, self.live - special if special else self.live)
        for reader in special & self.live:
            self._send(start, self._wanted(reader, pieces, news, spoken), (reader,))
        for reader, cursor in [*self.early.items()]:
            if cursor <= self.cursor:
                del self.early[reader]
                self.live.add(reader)
                self._send(cursor, self._wanted(reader, pieces, news, spoken)[cursor - start :], (reader,))
        return len(news)

    def _spoken(self, news: Iterable[Event]) -> dict[Reader, list[int]]:
        """The readers who have done something of ``news``, and which of it."""
        places: dict[str, list[int]] = {}
        for place, event in enumerate(news):
            places.setdefault(event.sender_id, []).append(place)
        return {self.readers[sender_id]: where for sender_id, where in places.items() if sender_id in self.readers}

    def _wanted(
        self, reader: Reader, pieces: list[bytes], news: Sequence[Event], spoken: Mapping[Reader, list[int]]
    ) -> list[bytes]:
        """``pieces`` with nothing in the place of what ``reader`` does not want."""
        if reader.session.ignoring:
            return [piece if reader.wants(event) else b"" for piece, event in zip(pieces, news, strict=True)]
        wanted = pieces.copy()
        for place in spoken.get(reader, ()):
            wanted[place] = b""
        return wanted

    def _send(self, start: int, pieces: Sequence[bytes], readers: Collection[Reader]) -> None:
        """Send ``pieces``, the events from ``start`` on, to each of ``readers``."""
        chunk = b"".join(pieces)
        size = len(chunk)
        short: list[tuple[Reader, int]] = []
        if size:
            for reader in readers:
                try:
                    sent = reader.send(chunk)
                except OSError:  # It takes nothing now, or is gone; the transport will find out which.
                    sent = 0
                if sent != size:
                    short.append((reader, sent))
        for reader, sent in short:
            cursor, rest = _cut(start, pieces, sent)
            reader.fall_behind(self, cursor, rest)

    # -- Catching up

    def take(self, reader: Reader, cursor: int, stop: int, size: int) -> tuple[bytes, int]:
        """What ``reader`` gets from number ``cursor`` on, up to ``stop`` and about ``size`` bytes;
        and its next cursor."""
        store = self.room.log
        taken: list[bytes] = []
        if cursor < store.first:
            missed = Missed(self.room.name.text, cursor, store.first - 1)
            taken.append(reader.talk.encode(missed))
            cursor = store.first
        for event in store.read(cursor, min(stop, cursor + TAKEN_AT_ONCE)):
            if size <= 0:
                break
            if reader.wants(event):
                piece = self._kept.get(event.seq) or self._encode_kept(event)
                taken.append(piece)
                size -= len(piece)
            cursor = event.seq + 1
        return b"".join(taken), cursor

    def _keep(self, start: int, pieces: Sequence[bytes]) -> None:
        if len(self.live) + len(self.early) == len(self.readers):
            self._kept.clear()
        else:
            self._kept.update(enumerate(pieces, start))
            self._trim()

    def _encode_kept(self, event: Event) -> bytes:
        piece = self._kept[event.seq] = self.codec.encode(event, self.view)
        self._trim()
        return piece

    def _trim(self) -> None:
        most = self.room.log.end - self.room.log.held + LOG_PAGE_EVENTS
        while len(self._kept) > most:
            del self._kept[next(iter(self._kept))]


def _cut(start: int, pieces: Sequence[bytes], sent: int) -> tuple[int, bytes]:
    """Where ``sent`` bytes of ``pieces`` end: the number of the next whole event, and what is left
    of the one that is cut.

    So a reader who falls behind owes its transport the end of one line at most; all further events
    wait in the log.
    """
    ends = list(accumulate(map(len, pieces)))
    index = bisect_right(ends, sent)
    done = sent - (ends[index - 1] if index else 0)
    return (start + index + 1, pieces[index][done:]) if done else (start + index, b"")
