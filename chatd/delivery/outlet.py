"""The outlet: the one place that writes to a transport.

It is in one of five states:

========  ========================================================================================
LIVE      Everything is taken. The feeds and the answers are written to the transport directly.
          When it does not take all: BEHIND.
BEHIND    The transport holds something. The outlet has a cursor of its own in each feed, and its
          writer asks for batches. When there is nothing left: LIVE. When what comes next is not in
          memory: LOADING.
LOADING   As BEHIND, while a log brings the events that come next into memory. Then: BEHIND.
CLOSING   No room is followed any more. When everything that is queued is written: CLOSED.
CLOSED    Nothing is written any more.
========  ========================================================================================

``close`` leads from each of the first three to CLOSING, and a lost connection from each to CLOSED.

So nothing is queued for a slow reader but its own answers, the end of one line, and cursors: the
logs belong to everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from chatd.codecs.base import Talk, View
from chatd.core.answers import Answer, Missed
from chatd.core.events import Reason
from chatd.core.limits import BATCH_BYTES, BYTES_A_LINE, INBOX_BYTES, STALL_SECONDS
from chatd.core.log import Log
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.delivery.fanout import Fanout
from chatd.delivery.feed import Feed
from chatd.delivery.writers import Sink, Writable, writer_for

CONGESTED: Final = INBOX_BYTES // 2
"""How much may be queued or owed before a session is congested, in bytes."""


class State(Enum):
    """What an outlet does: the table above."""

    LIVE = auto()
    BEHIND = auto()
    LOADING = auto()
    CLOSING = auto()
    CLOSED = auto()


LIVE, BEHIND, LOADING, CLOSING, CLOSED = State  # Python 3.11 is slow in finding a member by its name.


_NO_CURSORS: Final[dict[Feed, int]] = {}
"""Those of every outlet that is LIVE, which has none of its own."""


class Handler(Protocol):
    """Handles the connection that an outlet writes to: the caller."""

    def closing(self, reason: Reason) -> None:
        """What is queued is still sent, and then the connection ends: with the next flush, unless
        the other side has to take or to say something before (:meth:`linger`)."""

    def linger(self) -> None:
        """The connection could not end at once; called again if what keeps it has changed."""

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""

    def spend(self, lines: float) -> None:
        """Charge the address for work that costs so many lines."""

    def fail(self, defect: BaseException) -> None:
        """Log ``defect``, which is ours, with its traceback, and end the connection at once."""

    def drained(self) -> None:
        """The outlet may be congested no longer."""


class Outlet:
    """Bounded writing to one transport, for one session. It is what the core knows as ``Outgoing``,
    the fan-out as ``Reader``, and its writer as ``Source``."""

    __slots__ = ("_cursors", "_fanout", "_feeds", "_handler", "_inbox", "_inbox_size", "_last_progress", "_on_taken",
                 "_reserved", "_rest", "_state", "_unacknowledged", "_writer", "acknowledges_all", "session", "sink",
                 "talk")  # fmt: skip

    def __init__(self, transport: Writable, talk: Talk, fanout: Fanout, handler: Handler) -> None:
        self.session: Session
        self.talk = talk
        self.acknowledges_all = talk.codec.acknowledges_all
        self._fanout = fanout
        self._handler = handler
        self._state = LIVE
        self._feeds: tuple[Feed, ...] = ()
        """The feeds that are read: few. A dict of one would take 224 bytes, a tuple takes 48, and
        most share it with others."""
        self._cursors = _NO_CURSORS
        """The number of the next event to take from each feed, in BEHIND and LOADING."""
        self._inbox: list[bytes] | None = None
        """What is for this person alone, encoded; None: nothing is."""
        self._inbox_size = 0
        self._rest = b""
        """The end of what the transport has taken a part of."""
        self._on_taken: tuple[Callable[[], object], ...] = ()
        self._reserved = 0
        self._last_progress = 0.0
        """When the transport last took something in BEHIND, in seconds of a steady clock."""
        self._unacknowledged = 0
        self._writer = writer_for(transport, self)
        self.sink: Sink = self._writer.sink

    # -- What the core asks (session.Outgoing)

    @property
    def watches(self) -> bool:
        return self.talk.codec.tells_once

    @property
    def names_shown(self) -> int:
        return self.talk.codec.names_shown

    def tell(self, answer: Answer) -> None:
        if self._inbox_size >= INBOX_BYTES:
            self.abort(Reason.NOT_READING)
        else:
            self.put(self.talk.encode(answer))

    def sent(self, room: Room) -> int:
        feed = self._feed(room)
        if self._state is not LIVE or feed is None or not self._writer.is_idle:
            return 0
        return feed.early.get(self, feed.cursor)

    def taken(self, room: Room) -> int:
        sent = self.sent(room)
        return sent if sent and self._writer.unacknowledged() <= 0 else 0

    def when_taken(self, then: Callable[[], object]) -> None:
        if self._inbox_size < INBOX_BYTES // 2 or self._state is CLOSED:
            then()
        else:
            self._on_taken = (*self._on_taken, then)

    @property
    def is_owed(self) -> bool:
        return self._reserved > INBOX_BYTES

    def after_news(self, then: Callable[[], object]) -> None:
        self._fanout.after_run(then)

    def follow(self, room: Room, cursor: int) -> None:
        if self._state not in (CLOSING, CLOSED):
            self._enter(room, cursor, self.talk.view(current=self.session.current is room))

    def unfollow(self, room: Room, stop: int) -> None:
        feed = self._feed(room)
        if feed is not None:
            cursor = self._exit(feed)
            taken, cursor = feed.take(self, cursor, stop, BATCH_BYTES)
            self.put(taken)
            if cursor < stop:  # More than an outlet can hold.
                self.put(self.talk.encode(Missed(room.name.text, cursor, stop - 1)))

    def turn_to(self, room: Room | None) -> None:
        for feed in self._feeds:
            view = self.talk.view(current=feed.room is room)
            if feed.view != view:
                self._enter(feed.room, self._exit(feed), view)

    def set_filtered(self, filtered: bool) -> None:
        for feed in self._feeds:
            (feed.filtered.add if filtered else feed.filtered.discard)(self)

    def reserve(self, size: int) -> None:
        self._reserved += size

    def release(self, size: int) -> None:
        before = self._reserved + self._inbox_size
        self._reserved -= size
        if before >= CONGESTED:
            self._handler.drained()

    def spend(self, lines: float) -> None:
        self._handler.spend(lines)

    def close(self, reason: Reason) -> None:
        if self._state is CLOSED:
            return self._handler.closing(reason)  # Lines may still be taken.
        for feed in self._feeds:
            self.unfollow(feed.room, feed.room.log.end)
        self._state = CLOSING
        self._handler.closing(reason)
        self._fanout.behind.pop(self, None)
        self._fanout.flush_soon(self)

    def fail(self, defect: BaseException) -> None:
        self._handler.fail(defect)

    # -- What the door asks

    def put(self, piece: bytes) -> None:
        """Queue bytes as they are, for this person alone."""
        if piece and self._state is not CLOSED:
            if len(piece) >= BYTES_A_LINE:
                self._handler.spend(len(piece) / BYTES_A_LINE)
            self._inbox_size += len(piece)
            self._queue(piece)

    def _queue(self, piece: bytes) -> None:
        if self._inbox is None:
            self._inbox = [piece]
        else:
            self._inbox.append(piece)
        self._fanout.flush_soon(self)

    def use_talk(self, talk: Talk) -> None:
        """Encode with ``talk`` and its codec from now on; only while no room is followed."""
        assert not self._feeds
        self.talk = talk
        self.acknowledges_all = talk.codec.acknowledges_all

    def wait_for_transport(self) -> None:
        """The transport holds something that was written before: send nothing until it is gone."""
        self._go_behind()
        self._writer.wait()

    @property
    def congested(self) -> bool:
        """Whether so much is queued for this session, or owed to it, that it should ask nothing
        more; ``drained`` tells when that may be over."""
        return self._reserved + self._inbox_size >= CONGESTED

    @property
    def free(self) -> int:
        """How much may still be queued or owed until the session is congested, in bytes."""
        return CONGESTED - self._reserved - self._inbox_size

    @property
    def is_acknowledged(self) -> bool:
        """Whether the kernel of the other side is known to have all that was sent."""
        return self._writer.unacknowledged() == 0

    def is_stalled(self, now: float) -> bool:
        waiting = self._writer.unacknowledged()
        if waiting != self._unacknowledged:
            self._unacknowledged = waiting
            self._last_progress = now
        return now - self._last_progress >= STALL_SECONDS

    def abort(self, reason: Reason) -> None:
        self._handler.abort(reason)

    def lost(self) -> None:
        """The connection is gone: nothing is sent any more. What is asked is still answered, to
        nobody."""
        self._state = CLOSED
        for feed in self._feeds:
            self._exit(feed)
        self._take_inbox()
        self._rest = b""
        self._fanout.forget(self)
        del self._writer, self.session, self.sink  # No cycle is left, so all of the connection is freed at once.

    # -- What the fan-out asks (feed.Reader)

    @property
    def reads_several(self) -> bool:
        return len(self._feeds) > 1

    def flush(self) -> None:
        if self._state is LIVE or (self._state is CLOSING and self._writer.is_idle):
            self._send_inbox()
        elif self._state is not CLOSED:
            self._writer.start()
        if self._state is CLOSING:
            self._handler.linger()

    def fall_behind(self, feed: Feed, cursor: int, rest: bytes = b"") -> None:
        self._go_behind()
        self._rest += rest
        self._cursors = {**self._cursors, feed: cursor}
        self._writer.start()

    # -- What the writer asks (writers.Source)

    def next_batch(self) -> bytes:
        """The end of a cut line, then the answers, then the events."""
        self._last_progress = self._fanout.clock.seconds()
        rest, self._rest = self._rest, b""
        return rest or self._take_inbox() or self._take_events()

    def on_all_written(self) -> None:
        if self._state is BEHIND:
            self._go_live()
        elif self._state is CLOSING:
            self._state = CLOSED
            if not self._writer.close():
                self._handler.linger()

    def _take_inbox(self) -> bytes:
        chunk = b"".join(self._inbox or ())
        self._inbox = None
        self._inbox_size = 0
        waiting, self._on_taken = self._on_taken, ()
        for then in waiting:
            then()
        return chunk

    def _take_events(self) -> bytes:
        """A batch from the first feed that has one; what is not in memory is asked for."""
        for feed in self._cursors:
            while (cursor := self._cursors[feed]) < feed.cursor:
                chunk, self._cursors[feed] = feed.take(self, cursor, feed.cursor, BATCH_BYTES)
                if chunk:
                    return chunk
                if self._cursors[feed] == cursor:
                    self._load(feed.room.log, cursor)
                    break
        return b""

    # -- From state to state

    def _send_inbox(self) -> None:
        chunk = self._take_inbox()
        try:
            sent = self.sink.send(chunk) if chunk else 0
        except OSError:  # It takes nothing now, or is gone; the transport will find out which.
            sent = 0
        if sent != len(chunk):
            self._go_behind()
            self._rest = chunk[sent:]
            self._writer.start()
        elif self._state is not CLOSING:
            self._handler.drained()
        elif self._inbox is None:  # Otherwise the next flush, which is scheduled, sends that too.
            self.on_all_written()

    def _go_behind(self) -> None:
        if self._state is LIVE:
            self._state = BEHIND
            self._cursors = {feed: feed.detach(self) for feed in self._feeds}
            self._last_progress = self._fanout.clock.seconds()
            self._fanout.behind[self] = None

    def _go_live(self) -> None:
        self._state = LIVE
        cursors, self._cursors = self._cursors, _NO_CURSORS
        for feed, cursor in cursors.items():
            feed.attach(self, cursor)
        self._fanout.behind.pop(self, None)
        self._handler.drained()

    def _load(self, log: Log, cursor: int) -> None:
        """Have event ``cursor`` of ``log``, which is not in memory, brought there, and go on when
        it is."""
        if self._state is not LOADING:
            self._state = LOADING
            log.load(cursor, cursor + 1, self._on_loaded)  # It answers later, since the event is not in memory.

    def _on_loaded(self, there: bool) -> None:
        if self._state is LOADING:
            if there:
                self._state = BEHIND
                self._writer.start()
            else:
                self.abort(Reason.LINK_LOST)

    # -- Feeds

    def _feed(self, room: Room) -> Feed | None:
        """The feed by which ``room`` is read, if it is."""
        for feed in self._feeds:
            if feed.room is room:
                return feed
        return None

    def _enter(self, room: Room, cursor: int, view: View) -> None:
        feed = self._fanout.feed(room, self.talk.codec, view)
        assert self._feed(room) is None, "a session has one cursor in a room"
        self._feeds = (*self._feeds, feed) if self._feeds else self._fanout.singles.of(feed)
        feed.add(self)
        if cursor < feed.cursor:
            self._go_behind()
            self._fanout.flush_soon(self)
        if self._state is LIVE:
            feed.attach(self, cursor)
        else:
            self._cursors = {**self._cursors, feed: cursor}

    def _exit(self, feed: Feed) -> int:
        """Read ``feed`` no more: the number of the event that would be next."""
        self._feeds = tuple(other for other in self._feeds if other is not feed)
        cursor = feed.remove(self)
        self._fanout.drop(feed)
        return self._cursors.pop(feed, cursor)
