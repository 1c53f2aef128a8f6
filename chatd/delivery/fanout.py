"""The fan-out: one turn's news of a room is encoded once and sent to all.

The price of a chat server is the delivery: one ``send`` system call at least for each reader. Three
things keep it near that:

* It runs at the end of the reactor's turn, so that all that came in during the turn travels in one
  chunk.
* After it has written to many, or of many, it rests, for a multiple of the time that it took. An
  idle server answers at once; a busy one gathers larger batches instead of working ever longer, and
  the reactor always has time left to read.
* Readers who have taken everything so far stand at the same place and get the same bytes object, by
  one direct ``send``. Only who does not take it whole gets a cursor of their own, and the log waits
  for them (``outlet.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.codecs.base import Codec
from chatd.core.events import Event, Missed, Reason
from chatd.core.limits import LOG_PAGE_EVENTS, REST_DELIVERIES, REST_FACTOR, REST_READERS, REST_SECONDS
from chatd.core.room import Room
from chatd.core.session import Session

log = Logger()

TAKEN_AT_ONCE = 1000
"""The events that a reader who is behind looks at in one turn, in number, even if none is for
them."""


class Reader(Protocol):
    """What the fan-out asks of who reads; ``outlet.py`` has the one that writes to a transport."""

    session: Session
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
    """A room as one codec shows it, to those for whom it is the current room or to those for whom
    it is not."""

    def __init__(self, room: Room, codec: Codec, current: bool, cursor: int) -> None:
        self.room = room
        self.codec = codec
        self.current = current
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
        news = store.read(start, store.end)
        self.cursor = start + len(news)
        pieces = [self.codec.encode(event, self.current) for event in news]
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
        if reader.session.is_filtered:
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
            taken.append(self.codec.encode(missed))
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
        piece = self._kept[event.seq] = self.codec.encode(event, self.current)
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


class Fanout:
    """Runs the feeds of all rooms, and the answers to single persons, at the end of the reactor's
    turn."""

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self.behind: dict[Reader, None] = {}
        """Who waits for their transport."""
        self._feeds: dict[Room, dict[tuple[Codec, bool], Feed]] = {}
        self._rooms: dict[Room, None] = {}
        self._answers: dict[Reader, None] = {}
        self._turn: IDelayedCall | None = None
        self._soon: IDelayedCall | None = None
        self._rested = 0.0

    def feed(self, room: Room, codec: Codec, current: bool) -> Feed:
        """The feed of ``room`` for this codec, made if need be."""
        feeds = self._feeds.setdefault(room, {})
        feed = feeds.get((codec, current))
        if feed is None:
            start = next((other.cursor for other in feeds.values()), room.log.end)
            feed = feeds[codec, current] = Feed(room, codec, current, start)
        return feed

    def drop(self, feed: Feed) -> None:
        """Forget ``feed`` if nobody reads it."""
        feeds = self._feeds.get(feed.room)
        if feeds is not None and not feed.readers:
            feeds.pop((feed.codec, feed.current), None)
            if not feeds:
                del self._feeds[feed.room]

    def news(self, room: Room) -> None:
        """Send what is new in ``room`` at the end of the turn, or when the fan-out has rested."""
        self._rooms[room] = None
        if self._turn is None:
            wait = max(0.0, self._rested - self.clock.seconds())
            self._turn = self.clock.callLater(wait, self.run)

    def answer(self, reader: Reader) -> None:
        """Send what is queued for ``reader`` at the end of the turn."""
        self._answers[reader] = None
        if self._soon is None:
            self._soon = self.clock.callLater(0, self.flush)

    def forget(self, reader: Reader) -> None:
        """The connection of ``reader`` is gone."""
        self._answers.pop(reader, None)
        self.behind.pop(reader, None)

    def flush(self) -> None:
        """Send the answers."""
        if self._soon is not None and self._soon.active():
            self._soon.cancel()
        self._soon = None
        answers, self._answers = self._answers, {}
        for reader in answers:
            reader.flush()

    def run(self) -> None:
        """Send the news of all rooms, answers first: who has just come is told so before anything
        that happens after."""
        self.flush()
        if self._turn is not None and self._turn.active():
            self._turn.cancel()
        self._turn = None
        began, readers, deliveries = self.clock.seconds(), 0, 0
        rooms, self._rooms = self._rooms, {}
        for room in rooms:
            for feed in list(self._feeds.get(room, {}).values()):
                try:
                    deliveries += feed.fan_out() * len(feed.live)
                    readers += len(feed.live)
                except Exception:
                    log.failure("defect: the news of a room could not be sent")
        if readers >= REST_READERS or deliveries >= REST_DELIVERIES:
            ended = self.clock.seconds()
            self._rested = ended + min(REST_FACTOR * (ended - began), REST_SECONDS)
