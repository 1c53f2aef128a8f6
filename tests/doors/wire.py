"""A connection without a network: a transport that keeps what is written, and a front at its near
end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.core.memory import MemoryLog, MemoryStore, Messages
from chatd.core.registry import Registry, Settings
from chatd.delivery.fanout import Fanout
from chatd.doors.catalogue import JSON, TEXT, Door, DoorOptions
from chatd.doors.front import FrontFactory
from chatd.doors.server import Server
from chatd.testing import StandingClock


def new_server(clock: Clock, settings: Settings | None = None, store: MemoryStore | None = None) -> Server:
    """A server on ``clock``, with logs in memory; by default without budgets of addresses, since a
    test does in no time what people do in minutes."""
    fanout = Fanout(clock)
    registry = Registry(settings or Settings(address_rate=0), store or MemoryStore("testlog"), StandingClock(), fanout.news)
    return Server(registry, fanout, clock)


class Wire:
    """A transport in memory, like TCP: its protocol can be replaced, and its writing side
    closed."""

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.address = address
        self.protocol: Any = None
        self.written = b""
        self.half_closed = False
        self.closed = False
        self.aborted = False
        self.producer: Any = None
        self.paused = False

    @property
    def open(self) -> bool:
        return not (self.closed or self.aborted)

    # -- The server's side

    @property
    def disconnecting(self) -> bool:
        return self.closed

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", self.address, 50000)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.200", 8080)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self.write(b"".join(data))

    def write(self, data: bytes) -> None:
        if self.open and not self.half_closed:
            self.written += data

    def loseConnection(self) -> None:
        self.closed = True

    def abortConnection(self) -> None:
        self.aborted = True

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert self.producer is None
        self.producer = producer
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False

    # -- The caller's side

    def take(self) -> bytes:
        """The bytes written since the last call."""
        written, self.written = self.written, b""
        return written

    def say(self, data: bytes, step: int = 0) -> None:
        """Send ``data``, in pieces of ``step`` bytes; 0: in one."""
        for start in range(0, len(data), step or len(data) or 1):
            if self.open:
                self.protocol.dataReceived(data[start : start + step] if step else data)

    def hang_up(self) -> None:
        """Close the caller's side only."""
        if IHalfCloseableProtocol.providedBy(self.protocol):
            self.protocol.readConnectionLost()
        else:
            self.lose()

    def lose(self, why: Exception | None = None) -> None:
        """Lose the connection."""
        self.protocol.connectionLost(Failure(why or ConnectionDone()))


class Recorder(Protocol):
    """A door that records its input."""

    def __init__(self, door: Door, address: str, began: float) -> None:
        self.door, self.address, self.began = door, address, began
        self.received = b""
        self.ended = False

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended = True


class RunningServer:
    """A front on a clock that the test advances. The text and JSON doors are open; ``record`` opens
    others."""

    def __init__(
        self,
        clock: Clock,
        settings: Settings | None = None,
        options: DoorOptions | None = None,
        store: MemoryStore | None = None,
    ) -> None:
        self.clock = clock
        self.logs: list[tuple[MemoryLog, int]] = []
        """All logs that were ever made, each with its first seq; none with a ``store``."""
        self.shared = new_server(clock, settings, store or MemoryStore("testlog", self._make_log))
        self.registry = self.shared.registry
        self.front = FrontFactory(self.shared, options or DoorOptions([TEXT, JSON]))

    def record(self, *doors: Door) -> None:
        """Open ``doors`` that record their input and answer nothing."""

        def opener(door: Door) -> None:
            def build(address: str, began: float) -> IProtocol:
                return Recorder(door, address, began)

            self.front.doors[door] = build

        for door in doors:
            opener(door)

    def call(self, address: str = "192.0.2.1") -> Wire:
        """A new connection."""
        wire = Wire(address)
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        self.turn()
        return wire

    def _make_log(self, first: int, messages: Messages) -> MemoryLog:
        log = MemoryLog(first=first, messages=messages)
        self.logs.append((log, first))
        return log

    def turn(self) -> None:
        """End the turn of the reactor."""
        self.clock.advance(0)

    def events(self) -> int:
        """The number of events of all rooms, including those that are gone."""
        return sum(log.end - first for log, first in self.logs)
