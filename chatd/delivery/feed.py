"""A feed: one room in one view, and everybody who reads it so.

Live readers have taken everything before the feed's cursor, and get the same bytes object
(``sends.py``). A reader that does not take all of it gets a cursor of its own, and goes on from
the log (``outlet.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, Protocol

from chatd.codecs.base import Codec, Talk, View
from chatd.core.answers import Missed
from chatd.core.events import PRESENCE, Event, Left, Private, Reason, Renamed
from chatd.core.inboxes import Inbox
from chatd.core.limits import LOG_PAGE_EVENTS
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.delivery.sends import Receiver, Sends

WAITING_BYTES: Final = 64 << 10
"""How much is kept in one piece for those who leave before it is sent, in bytes: the joinings and
leavings of some 1,500 people."""

SCANNED_AT_ONCE: Final = 1000
"""The events that one call of :meth:`Feed.take` looks at, in number, even if the reader wants none
of them."""


APART_BYTES: Final = 1 << 20
"""How much is made at once for readers who are sent something of their own, in bytes."""


ELSEWHERE: Final = frozenset({Left, Renamed})
"""The kinds of events that may happen in several rooms at once."""


PERSONAL: Final = ELSEWHERE | {Private}
"""The kinds of events of which each reader may be sent something else."""


class Reader(Receiver, Protocol):
    """What a feed and the fan-out ask of a reader, who is sent to only while live; ``outlet.py``
    has the one that writes to a transport."""

    session: Session
    talk: Talk

    @property
    def reads_several(self) -> bool:
        """Whether the reader reads other rooms too."""

    def fall_behind(self, feed: Feed, cursor: int, rest: bytes = b"") -> None:
        """Go on from event ``cursor`` of ``feed`` when the transport has taken ``rest`` and all
        before it."""

    def flush(self) -> None:
        """Send the answers that are queued."""

    def is_stalled(self, now: float) -> bool:
        """Whether the reader, which is behind, has taken nothing for ``STALL_SECONDS``; ``now`` in
        seconds of a steady clock."""

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""


class _Waiting:
    """What waits to be fanned out, in one piece: the encoded events from number ``start`` on."""

    __slots__ = ("_chunk", "_ends", "last", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self._chunk = bytearray()
        self._ends = [0]
        """Where each of them ends in the chunk, after where the first begins."""
        self.last: dict[str, int] = {}
        """The number of the last one of each sender_id."""

    @property
    def stop(self) -> int:
        """The number of the next one."""
        return self.start + len(self._ends) - 1

    @property
    def is_full(self) -> bool:
        """Whether they are too many bytes to keep."""
        return len(self._chunk) > WAITING_BYTES

    def add(self, event: Event, piece: bytes) -> None:
        """Add ``event``, the next one, which is ``piece``."""
        self._chunk += piece
        self._ends.append(len(self._chunk))
        self.last[event.sender_id] = event.seq

    def between(self, cursor: int, stop: int) -> bytes:
        """Those from number ``cursor`` on, up to number ``stop``."""
        start = self.start
        return bytes(self._chunk[self._ends[cursor - start] : self._ends[stop - start]])


class Feed:
    """A room in one view of one codec."""

    def __init__(self, room: Room, codec: Codec, view: View, cursor: int, sends: Sends) -> None:
        self.room = room
        self.codec = codec
        self.view = view
        self._sends = sends
        self._is_inbox = isinstance(room, Inbox)
        self.cursor = cursor
        """The number of the next event that the live readers get."""
        self.readers: dict[str, Reader] = {}
        """All readers, by sender_id."""
        self.live: set[Reader] = set()
        """The readers who have taken everything before the cursor."""
        self.early: dict[Reader, int] = {}
        """The readers who came since the last fan-out, each with the number of the first event that
        they get: it is ahead of the cursor."""
        self.filtered: set[Reader] = set()
        """The readers who ignore somebody, and must be asked about each event."""
        self._encoded: dict[int, bytes] = {}
        """Encoded events, by number, while somebody is behind who may want them."""
        self._waiting: _Waiting | None = None
        """The events since the cursor, as far as somebody has taken them already."""
        self._presence_until = 0
        """Up to which number everything that is new is known to say only who is in the room."""

    # -- Readers

    def add(self, reader: Reader) -> None:
        """Count ``reader`` among the readers."""
        self.readers[reader.session.sender_id] = reader
        if reader.session.is_filtered:
            self.filtered.add(reader)

    def remove(self, reader: Reader) -> int:
        """Forget ``reader``; the number of the event that it would get next, if it was live."""
        del self.readers[reader.session.sender_id]
        self.filtered.discard(reader)
        return self.detach(reader)

    def attach(self, reader: Reader, cursor: int) -> None:
        """Make ``reader`` live, which has taken everything before number ``cursor``: our own, or
        one that is ahead of it."""
        if cursor == self.cursor:
            self.live.add(reader)
        else:
            self.early[reader] = cursor

    def detach(self, reader: Reader) -> int:
        """Make ``reader`` live no longer; the number of the event that it gets next."""
        self.live.discard(reader)
        return self.early.pop(reader, self.cursor)

    # -- Fan-out

    def has_only_presence(self) -> bool:
        """Whether everything that is new only says who is in the room."""
        log = self.room.log
        if log.last_message >= self.cursor:  # As nearly always.
            return False
        news = log.read(max(self.cursor, self._presence_until), log.end)
        if not PRESENCE.issuperset(map(type, news)):
            return False
        self._presence_until = log.end
        return True

    def fan_out(self) -> int:
        """Send the live readers everything that is new; the number of these events."""
        log = self.room.log
        self._waiting = None
        if self.cursor < log.held:
            self._leave_all_behind(log.held)
        start = self.cursor
        news = log.read(start, log.end)
        self.cursor = start + len(news)
        own = {} if self.codec.echo and not self._is_inbox else self._own_events(news)
        alone = self._is_inbox and not self.codec.tells_once and len(self.readers) == 1 and not self.early
        if alone and [*map(len, own.values())] == [len(news)]:
            return 0  # The only session has written all of it.
        pieces = self._encode_all(news)
        self._cache(start, pieces)
        apart = self.filtered.union(own)
        if self.codec.tells_once and not ELSEWHERE.isdisjoint(map(type, news)):
            apart.update(reader for reader in self.live if reader.reads_several)
        if self.codec.tells_once and self._is_inbox:
            apart.update(self.live)
        self._send(start, pieces, self.live - apart if apart else self.live)
        if apart:
            self._send_apart(start, pieces, news, own, [*(apart & self.live)])
        for reader, cursor in [*self.early.items()]:
            if cursor <= self.cursor:
                del self.early[reader]
                self.live.add(reader)
                self._send(cursor, self._wanted(reader, pieces, news, own)[cursor - start :], (reader,))
        return len(news)

    def _leave_all_behind(self, cursor: int) -> None:
        """More came in one turn than memory holds: let all readers fall behind, and go on from
        number ``cursor``."""
        cursors = [*((reader, self.cursor) for reader in self.live), *self.early.items()]
        self.cursor = cursor  # First, since a reader that falls behind looks at once whether there is something to take.
        for reader, next_event in cursors:
            reader.fall_behind(self, next_event)

    def _own_events(self, news: Iterable[Event]) -> dict[Reader, list[int]]:
        """The readers who caused some of ``news``, each with the indices of these events."""
        indices: dict[str, list[int]] = {}
        for index, event in enumerate(news):
            indices.setdefault(event.sender_id, []).append(index)
        return {self.readers[sender_id]: own for sender_id, own in indices.items() if sender_id in self.readers}

    def _wanted(self, reader: Reader, pieces: list[bytes], news: Sequence[Event], own: Mapping[Reader, list[int]]) -> list[bytes]:
        """``pieces``, each of them empty if ``reader`` does not want its event."""
        if reader.session.is_filtered or (self.codec.tells_once and not PERSONAL.isdisjoint(map(type, news))):
            return [self._piece(reader, event, piece) for piece, event in zip(pieces, news, strict=True)]
        wanted = pieces.copy()
        for index in own.get(reader, ()):
            wanted[index] = reader.talk.edit(news[index], wanted[index], own=True)
        return wanted

    def _send_apart(
        self, start: int, pieces: list[bytes], news: Sequence[Event], own: Mapping[Reader, list[int]], readers: Sequence[Reader]
    ) -> None:
        """Send each of ``readers`` what they want of ``pieces``: so many at once that all that they
        are sent takes little memory."""
        everything, ends = b"".join(pieces), [*accumulate(map(len, pieces), initial=0)]
        at_once = max(1, APART_BYTES // (len(everything) or 1))
        for first in range(0, len(readers), at_once):
            some = readers[first : first + at_once]
            edited = {reader: self._wanted(reader, pieces, news, own) for reader in some if self._may_edit(reader)}
            chunks = {reader: b"".join(wanted) for reader, wanted in edited.items()}
            chunks |= {reader: _without(everything, ends, own[reader]) for reader in some if reader not in edited}
            chunks = {reader: chunk for reader, chunk in chunks.items() if chunk}
            for reader, sent in self._sends.send_each([*chunks.values()], [*chunks]):
                wanted = edited[reader] if reader in edited else self._wanted(reader, pieces, news, own)
                reader.fall_behind(self, *_cut(start, wanted, sent))

    def _may_edit(self, reader: Reader) -> bool:
        """Whether ``reader`` may be sent something else than everything but their own events."""
        return self.codec.tells_once or reader.session.is_filtered

    def _send(self, start: int, pieces: Sequence[bytes], readers: Collection[Reader]) -> None:
        """Send ``pieces``, the events from number ``start`` on, to each of ``readers``."""
        chunk = b"".join(pieces)
        short = self._sends.send(chunk, readers) if chunk else ()
        for reader, sent in short:
            reader.fall_behind(self, *_cut(start, pieces, sent))

    # -- Catching up

    def take(self, reader: Reader, cursor: int, stop: int, size: int) -> tuple[bytes, int]:
        """The bytes that ``reader`` gets from number ``cursor`` on, up to number ``stop`` and about
        ``size`` bytes; and its next cursor, which is ``cursor`` where that event is not in
        memory."""
        log = self.room.log
        taken: list[bytes] = []
        if cursor < log.first:
            missed = Missed(self.room.name.text, cursor, log.first - 1)
            taken.append(reader.talk.encode(missed))
            cursor = log.first
        session = reader.session
        is_plain = not (session.is_filtered or self._is_inbox or self.codec.tells_once)
        own, shared = session.sender_id, self._encoded if is_plain else {}
        if is_plain and not taken and self.cursor <= cursor <= stop:
            waiting = self._take_waiting(own, cursor, stop)
            if waiting is not None and len(waiting) <= size:
                return waiting, stop
        for event in log.read(cursor, min(stop, cursor + SCANNED_AT_ONCE)):
            if size <= 0:
                break
            piece = shared.get(event.seq)
            if piece is None or event.sender_id == own:  # Rarely; `_piece` asks more.
                piece = self._piece(reader, event)
            taken.append(piece)
            size -= len(piece)
            cursor = event.seq + 1
        return b"".join(taken), cursor

    def _take_waiting(self, own: str, cursor: int, stop: int) -> bytes | None:
        """What waits to be fanned out, from number ``cursor`` on, up to number ``stop``; None if it
        is too much or not in memory, or if something of it was caused by ``own``, a sender_id.

        In a large room, many people may leave before the joinings and leavings of others are sent.
        """
        if self._waiting is None:
            self._waiting = _Waiting(self.cursor)
        waiting, log = self._waiting, self.room.log
        if waiting.is_full or waiting.stop < log.held:
            return None
        for event in log.read(waiting.stop, stop):
            waiting.add(event, self._encoded.get(event.seq) or self._encode(event))
            if waiting.is_full:
                return None
        return None if waiting.last.get(own, 0) >= cursor else waiting.between(cursor, stop)

    def _piece(self, reader: Reader, event: Event, encoded: bytes = b"") -> bytes:
        """What ``reader`` is sent of ``event``; ``encoded`` is the event for those who hear all of
        it, if it is at hand."""
        session = reader.session
        heard = session.heard(event)
        if heard is None:
            return b""
        if heard is not event:
            piece = self.codec.encode(heard, self.view)
        else:
            piece = encoded or self._encoded.get(event.seq) or self._encode(event)
        own = event.sender_id == session.sender_id and (self._is_inbox or not self.codec.echo)
        if own or (self.codec.tells_once and type(event) in PERSONAL):
            return reader.talk.edit(event, piece, own)
        return piece

    def _cache(self, start: int, pieces: Sequence[bytes]) -> None:
        if len(self.live) + len(self.early) == len(self.readers):
            self._encoded.clear()
        else:
            self._encoded.update(enumerate(pieces, start))
            self._trim()

    def _encode_all(self, events: Sequence[Event]) -> list[bytes]:
        """``events`` for those who hear all of them."""
        encode, view, encoded = self.codec.encode, self.view, self._encoded
        if encoded:
            return [encoded.get(event.seq) or encode(event, view) for event in events]
        return [encode(event, view) for event in events]

    def _encode(self, event: Event) -> bytes:
        piece = self._encoded[event.seq] = self.codec.encode(event, self.view)
        self._trim()
        return piece

    def _trim(self) -> None:
        limit = self.room.log.end - self.room.log.held + LOG_PAGE_EVENTS
        while len(self._encoded) > limit:
            del self._encoded[next(iter(self._encoded))]


def _without(chunk: bytes, ends: Sequence[int], own: Iterable[int]) -> bytes:
    """``chunk`` without its pieces number ``own``, which are in order; piece ``i`` is between
    ``ends[i]`` and ``ends[i + 1]``. To join a few long parts takes less time than many pieces."""
    view, start, parts = memoryview(chunk), 0, []
    for index in own:
        if start < ends[index]:
            parts.append(view[start : ends[index]])
        start = ends[index + 1]
    return b"".join([*parts, view[start:]])


def _cut(start: int, pieces: Sequence[bytes], sent: int) -> tuple[int, bytes]:
    """Where ``sent`` bytes of ``pieces`` end: the number of the next whole event, and the rest of
    the one that is cut.

    So a reader who falls behind makes its transport hold the end of one line at most; all further
    events wait in the log.
    """
    ends = list(accumulate(map(len, pieces)))
    index = bisect_right(ends, sent)
    done = sent - (ends[index - 1] if index else 0)
    return (start + index + 1, pieces[index][done:]) if done else (start + index, b"")
