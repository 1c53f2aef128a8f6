"""The two ways to write to a transport.

Each writer is a producer of its transport, which asks it for more when there is room, and takes
that from its source, the outlet, a batch at a time.

* A plain socket (:class:`SocketWriter`) is written to directly as long as the transport holds
  nothing: one system call for each delivery or for many (``sends.py``), where Twisted's ``write``
  needs three. When the socket does not take everything, the writer becomes a pull producer
  (:class:`IPullProducer`): the transport asks for a batch each time that it has written the one
  before.
* Any other transport (:class:`TransportWriter`: TLS, SSH) makes other bytes of what is written, and
  is written to by ``write`` alone. The writer is its push producer
  (:class:`IPushProducer`) from the first to the last, and writes until it is told to pause. One
  for TLS (:class:`SealingWriter`) tells what is needed to send to many past ``write``.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IPullProducer, IPushProducer, ISSLTransport
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.delivery.sealing import Sealing

log = Logger()

_DONE: Final = Failure(CONNECTION_DONE)


class Writable(Protocol):
    """What is asked of a transport, be it TCP, TLS or a WebSocket."""

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


class Source(Protocol):
    """Where a writer takes from."""

    def next_batch(self) -> bytes:
        """The bytes to write next; empty: there are none for now."""

    def on_all_written(self) -> None:
        """There was no next batch, and the transport would take one."""


class Sink(Protocol):
    """Where the bytes for a reader go: a plain socket, or what stands for one."""

    def send(self, data: bytes, /) -> int:
        """Send at once; how many bytes are taken. May raise OSError."""

    def fileno(self) -> int:
        """The number of the socket, where ``send`` does nothing but send to it; less than 0 where
        it does more, and when the socket is closed."""


class Writer(Protocol):
    """Writes to one transport."""

    @property
    def sink(self) -> Sink:
        """Where to send at once, as long as everything from before is written."""

    @property
    def is_idle(self) -> bool:
        """Whether everything from before is written, and the transport takes more."""

    def start(self) -> None:
        """Write the batches of the source as soon as the transport takes them, which may be now,
        until there is none."""

    def wait(self) -> None:
        """Write the first batch when the transport has written what it holds, which is not
        nothing."""

    def close(self) -> bool:
        """End the connection after what is written, which is all; whether it has ended already."""

    def unacknowledged(self) -> int:
        """How many bytes the kernel holds for the other side; -1 where it does not tell."""


def writer_for(transport: Writable, source: Source) -> Writer:
    """The writer that fits ``transport``."""
    sock = socket_of(transport)
    if sock is not None:
        return SocketWriter(transport, sock, source)
    sealing = sealing_of(transport)
    return TransportWriter(transport, source) if sealing is None else SealingWriter(transport, source, sealing)


@implementer(IPullProducer)
class SocketWriter:
    """Writes to a transport with a plain socket."""

    __slots__ = ("_registered", "_source", "_transport", "_waits", "sink")

    def __init__(self, transport: Writable, sock: socket.socket, source: Source) -> None:
        self._transport = transport
        self.sink: Final = sock
        self._source = source
        self._registered = False
        """Whether the transport has us as its producer, and will ask for a batch."""
        self._waits = False
        """Whether the transport asks for a batch although it holds something."""

    @property
    def is_idle(self) -> bool:
        return not self._registered

    def start(self) -> None:
        if not self._registered:
            self._registered = True
            self._transport.registerProducer(self, False)  # Which asks for the first batch at once.

    def wait(self) -> None:
        self._waits = True
        self.start()
        self._waits = False

    def close(self) -> bool:
        if not isinstance(self._transport, Connection):
            self._transport.loseConnection()
            return False
        try:  # Twisted would wait for room to write nothing: a turn of the reactor, four system calls.
            self._transport.connectionLost(_DONE)
        except Exception:
            log.failure("defect: a connection could not end")
        return True

    def unacknowledged(self) -> int:
        return _unacknowledged(self.sink)

    def resumeProducing(self) -> None:
        """The transport holds nothing, and asks for a batch."""
        if self._waits:
            return
        batch = self._source.next_batch()
        if batch:
            self._transport.write(batch)
            return
        self._registered = False
        self._transport.unregisterProducer()
        self._source.on_all_written()

    def stopProducing(self) -> None:
        """The connection is lost, which its protocol is told too."""


@implementer(IPushProducer)
class TransportWriter:
    """Writes to a transport without a plain socket."""

    __slots__ = ("_source", "_transport", "is_paused")

    def __init__(self, transport: Writable, source: Source) -> None:
        self._transport = transport
        self._source = source
        self.is_paused = False
        """Whether the transport takes no more for now."""
        transport.registerProducer(self, True)

    @property
    def sink(self) -> TransportWriter:
        return self

    def send(self, data: bytes, /) -> int:
        if self.is_paused:
            return 0
        self._transport.write(data)
        return len(data)

    def fileno(self) -> int:
        return -1

    @property
    def is_idle(self) -> bool:
        return not self.is_paused

    def start(self) -> None:
        if not self.is_paused:
            self.resumeProducing()

    def wait(self) -> None:
        self.start()  # Everything is written in order.

    def close(self) -> bool:
        self._transport.unregisterProducer()
        self._transport.loseConnection()
        return False

    def unacknowledged(self) -> int:
        transport: Any = self._transport
        while transport is not None:
            sock = socket_of(transport)
            if sock is not None:
                return _unacknowledged(sock)
            transport = getattr(transport, "transport", None)
        return -1

    def resumeProducing(self) -> None:
        """The transport takes more."""
        self.is_paused = False
        while not self.is_paused:
            batch = self._source.next_batch()
            if not batch:
                return self._source.on_all_written()
            self._transport.write(batch)

    def pauseProducing(self) -> None:
        """The transport takes no more for now."""
        self.is_paused = True

    def stopProducing(self) -> None:
        """The connection is lost."""
        self.is_paused = True


class SealingWriter(TransportWriter):
    """Writes to a transport that is TLS, past which a chunk for many can be sent (``sealing.py``),
    unless the writer is paused: then something else waits for the socket."""

    __slots__ = ("finish", "outgoing", "sock", "ssl")

    def __init__(self, transport: Writable, source: Source, sealing: Sealing) -> None:
        super().__init__(transport, source)
        self.ssl, self.outgoing, self.sock, self.finish = sealing


def sealing_of(transport: object) -> Sealing | None:
    """What is needed to seal for ``transport``; None: it is not TLS, or that cannot be done."""
    sealing: Sealing | None = getattr(transport, "sealing", None)
    return sealing


def socket_of(transport: object) -> socket.socket | None:
    """The socket of ``transport``, if that is plain: what is written to it are the connection's own
    bytes."""
    get = getattr(transport, "getHandle", None)
    handle = None if ISSLTransport.providedBy(transport) or get is None else get()
    return handle if isinstance(handle, socket.socket) else None


def _unacknowledged(sock: socket.socket) -> int:
    """The bytes that the kernel holds for the other side (SIOCOUTQ of tcp(7), Linux; elsewhere
    -1)."""
    try:
        waiting: int = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]
    except (OSError, ValueError):  # A closed socket has no number.
        return -1
    return waiting
