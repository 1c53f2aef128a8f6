"""The outlet: the one place that writes to a transport.

A reader is live or behind. *Live*, it has taken all that there is, its transport holds nothing, and
it is written to directly: one ``send`` on the socket. *Behind*, its transport holds something, and
the outlet is the transport's producer (:class:`IPullProducer`): asked for more when that is gone,
it takes one batch from the log, until there is nothing to take and it is live again. So nothing is
queued for a slow reader but cursors: its rooms' logs are everybody's.

A transport without a socket of its own (TLS, SSH) is never written to past its back: the outlet is
its push producer, and what it does not take now is treated in the same way. Either way all bytes
pass in one order, through one queue.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IPullProducer, IPushProducer, ISSLTransport
from zope.interface import implementer

from chatd.codecs.base import Talk, View
from chatd.core.events import Answer, Event, Reason
from chatd.core.limits import BATCH_BYTES, INBOX_BYTES, STALL_SECONDS
from chatd.core.log import Log
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.delivery.fanout import Fanout
from chatd.delivery.feed import Feed


class Writable(Protocol):
    """What an outlet and its owner ask of a transport, be it TCP, TLS or a WebSocket."""

    def write(self, data: bytes) -> None:
        """Queue ``data``."""

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Ask ``producer`` for more when there is room (:class:`IConsumer`)."""

    def unregisterProducer(self) -> None:
        """Ask no more."""

    def loseConnection(self) -> None:
        """Close, after everything that is queued."""

    def abortConnection(self) -> None:
        """Close now."""


class Owner(Protocol):
    """Whose outlet it is: the caller at the other end of the transport."""

    def closing(self, reason: Reason) -> None:
        """What is queued is sent yet, and then the connection ends."""

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""

    def drained(self) -> None:
        """All that was queued has been taken."""


@implementer(IPullProducer, IPushProducer)
class Outlet:
    """Bounded writing to one transport, for one session. It is what the core knows as
    ``Outgoing``."""

    __slots__ = (
        "_closing",
        "_fanout",
        "_feeds",
        "_full",
        "_held",
        "_inbox",
        "_inbox_size",
        "_loading",
        "_moved",
        "_owner",
        "_places",
        "_producing",
        "_rest",
        "_socket",
        "_transport",
        "_unacknowledged",
        "send",
        "session",
        "talk",
    )

    def __init__(self, transport: Writable, talk: Talk, fanout: Fanout, owner: Owner) -> None:
        self.session: Session
        self._transport = transport
        self.talk = talk
        self._fanout = fanout
        self._owner: Owner | None = owner
        self._feeds: dict[Room, Feed] = {}
        self._places: dict[Feed, int] | None = None
        """Behind: the number of the next event to take from each feed. Live: None."""
        self._inbox: list[bytes] = []
        self._inbox_size = 0
        self._rest = b""
        self._full = False
        self._held = 0
        self._loading = False
        """Whether a page of an older part of a log is on its way."""
        self._producing = False
        self._closing = False
        self._moved = 0.0
        self._unacknowledged = 0
        self._socket = _socket_of(transport)
        self.send: Callable[[bytes], int] = self._socket.send if self._socket else self._pass_on
        """Give bytes to the transport at once, only while it is live: how many were taken. May
        raise OSError."""
        if self._socket is None:
            self._transport.registerProducer(self, True)

    # -- What the core asks (session.Outgoing)

    @property
    def acknowledges(self) -> bool:
        return self.talk.codec.acknowledges

    def tell(self, answer: Answer) -> bool:
        """Queue ``answer`` for this person alone; False if too much waits already."""
        if self._inbox_size >= INBOX_BYTES or self._owner is None:
            return False
        self.put(self.talk.encode(answer))
        return True

    def follow(self, room: Room, cursor: int) -> None:
        """Send the events of ``room`` from number ``cursor`` on."""
        self._enter(room, cursor, self.talk.view(current=False))

    def unfollow(self, room: Room) -> None:
        """Send what happened in ``room`` until now, and nothing after."""
        feed, place = self._exit(room)
        if self._owner is not None:
            self.put(feed.take(self, place, room.log.end, BATCH_BYTES)[0])

    def turn_to(self, room: Room | None) -> None:
        """Make ``room`` the current one, whose name need not be said with each event."""
        for other, feed in list(self._feeds.items()):
            view = self.talk.view(current=other is room)
            if feed.view != view:
                _, place = self._exit(other)
                self._enter(other, place, view)

    def set_filtered(self, filtered: bool) -> None:
        """Ask the session before an event is sent, or ask no longer."""
        for feed in self._feeds.values():
            (feed.filtered.add if filtered else feed.filtered.discard)(self)

    def hold(self) -> None:
        """Take nothing more that the person asks, until what they have asked is answered: until as
        many :meth:`release`."""
        self._held += 1

    def release(self) -> None:
        """What was held for is answered."""
        self._held -= 1
        if not self._held and self._owner is not None:
            self._owner.drained()

    def close(self, reason: Reason) -> None:
        """Send what is queued, and end the connection."""
        if self._owner is not None:
            self._closing = True
            self._owner.closing(reason)
            self._fanout.flush_soon(self)

    # -- What the door asks

    def put(self, piece: bytes) -> None:
        """Queue bytes as they are, for this person alone."""
        if piece:
            self._inbox.append(piece)
            self._inbox_size += len(piece)
            self._fanout.flush_soon(self)

    def use_talk(self, talk: Talk) -> None:
        """Encode with ``talk`` and its codec from now on; only while no room is followed."""
        assert not self._feeds
        self.talk = talk

    @property
    def congested(self) -> bool:
        """Whether so much waits for this person that nothing more should be asked by them;
        ``drained`` tells when it is over."""
        return self._held > 0 or self._inbox_size >= INBOX_BYTES // 2

    def is_stalled(self, now: float) -> bool:
        """Whether a reader that is behind has taken nothing for ``STALL_SECONDS``; ``now`` in
        seconds of a steady clock."""
        waiting = _unacknowledged(_wire_of(self._transport))
        if waiting != self._unacknowledged:
            self._unacknowledged = waiting
            self._moved = now
        return now - self._moved >= STALL_SECONDS

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""
        if self._owner is not None:
            self._owner.abort(reason)

    def lost(self) -> None:
        """The connection is gone: nothing is sent any more. The rooms are left when the session
        departs."""
        self._owner = None
        self._inbox.clear()
        self._fanout.forget(self)

    # -- What the fan-out asks

    def wants(self, event: Event) -> bool:
        """Whether the reader is sent ``event``: not their own where there is no echo, and nothing
        of whom they ignore."""
        session = self.session
        return (self.talk.codec.echo or event.sender_id != session.sender_id) and not session.ignores(event)

    def flush(self) -> None:
        """Send the answers that are queued."""
        if self._owner is None:
            return
        if self._places is None:
            chunk = self._take_inbox()
            sent = self._try_send(chunk)
            if sent == len(chunk):
                self._is_live()
                return
            self._fall_behind(chunk[sent:])
        self._produce()

    def fall_behind(self, feed: Feed, cursor: int, rest: bytes = b"") -> None:
        """Go on from event ``cursor`` of ``feed`` when the transport has taken ``rest`` and all
        before it."""
        if self._owner is None:  # Gone, and not yet out of the room, since their leaving is on its way to the disk.
            feed.detach(self)
            return
        self._fall_behind(rest)
        assert self._places is not None
        self._places[feed] = cursor
        self._produce()

    # -- What the transport asks (IPullProducer of a socket, IPushProducer of any other)

    def pauseProducing(self) -> None:
        self._full = True

    def stopProducing(self) -> None:
        self._full = True

    def resumeProducing(self) -> None:
        self._full = False
        self._moved = self._fanout.clock.seconds()
        while self._places is not None and not self._full:
            chunk = self._next()
            if not chunk:
                if not self._loading:
                    self._catch_up()
                return
            self._full = self._socket is not None  # Whoever pulls asks for each batch.
            self._transport.write(chunk)

    # -- Live and behind

    def _fall_behind(self, rest: bytes) -> None:
        if self._places is None:
            self._places = {feed: feed.detach(self) for feed in self._feeds.values()}
            self._moved = self._fanout.clock.seconds()
            self._fanout.behind[self] = None
        self._rest += rest

    def _produce(self) -> None:
        """Be asked for more: by the transport when it can take it, or now where nothing is in the
        way."""
        if self._socket is None:
            if not self._full:
                self.resumeProducing()
        elif not self._producing:
            self._producing = True
            self._transport.registerProducer(self, False)

    def _next(self) -> bytes:
        """The next batch: the rest of a cut line, then the answers, then the rooms."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        if self._inbox:
            return self._take_inbox()
        assert self._places is not None
        for feed in self._places:
            while (place := self._places[feed]) < feed.cursor:
                chunk, self._places[feed] = feed.take(self, place, feed.cursor, BATCH_BYTES)
                if chunk:
                    return chunk
                if self._places[feed] == place:
                    self._load(feed.room.log, place)
                    break
        return b""

    def _load(self, log: Log, place: int) -> None:
        """Have the event ``place`` of ``log``, which is not in memory, brought there, and go on
        when it is."""
        if self._loading:
            return

        def loaded(there: bool) -> None:
            self._loading = False
            if self._places is None or self._owner is None:
                return
            if not there:
                return self.abort(Reason.LINK_LOST)
            if self._socket is not None or not self._full:
                self.resumeProducing()

        self._loading = True
        log.load(place, place + 1, loaded)

    def _catch_up(self) -> None:
        places, self._places = self._places or {}, None
        for feed, place in places.items():
            feed.attach(self, place)
        self._fanout.behind.pop(self, None)
        if self._producing:
            self._producing = False
            self._transport.unregisterProducer()
        self._is_live()

    def _is_live(self) -> None:
        if self._owner is not None:
            self._owner.drained()
        if self._closing:
            if self._socket is None:
                self._transport.unregisterProducer()
            self._transport.loseConnection()

    def _take_inbox(self) -> bytes:
        chunk = b"".join(self._inbox)
        self._inbox.clear()
        self._inbox_size = 0
        return chunk

    def _try_send(self, chunk: bytes) -> int:
        try:
            return self.send(chunk) if chunk else 0
        except OSError:
            return 0

    def _pass_on(self, chunk: bytes) -> int:
        if self._full:
            return 0
        self._transport.write(chunk)
        return len(chunk)

    # -- Feeds

    def _enter(self, room: Room, cursor: int, view: View) -> None:
        feed = self._fanout.feed(room, self.talk.codec, view)
        self._feeds[room] = feed
        feed.add(self)
        if self._owner is None:
            return
        if cursor < feed.cursor:
            self._fall_behind(b"")
            self._fanout.flush_soon(self)
        if self._places is None:
            feed.attach(self, cursor)
        else:
            self._places[feed] = cursor

    def _exit(self, room: Room) -> tuple[Feed, int]:
        feed = self._feeds.pop(room)
        place = feed.remove(self)
        if self._places is not None:
            place = self._places.pop(feed, place)
        self._fanout.drop(feed)
        return feed, place


def _socket_of(transport: Writable) -> socket.socket | None:
    """The socket of ``transport``, if it is a plain stream whose bytes are the connection's own."""
    get = getattr(transport, "getHandle", None)
    found = None if ISSLTransport.providedBy(transport) or get is None else get()
    return found if isinstance(found, socket.socket) else None


def _wire_of(transport: Any) -> socket.socket | None:
    """The socket that the bytes of ``transport`` leave by in the end, whatever they are wrapped in
    until then."""
    while transport is not None:
        found = _socket_of(transport)
        if found is not None:
            return found
        transport = getattr(transport, "transport", None)
    return None


def _unacknowledged(sock: socket.socket | None) -> int:
    """The bytes that the kernel holds for the other side (SIOCOUTQ of tcp(7), Linux; elsewhere
    -1)."""
    try:
        return -1 if sock is None else struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]
    except OSError:
        return -1
