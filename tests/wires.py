"""Transports that accept as much as a test allows, with and without a socket of their own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.codecs.base import Codec
from chatd.codecs.json import JsonCodec
from chatd.codecs.text import TextCodec
from chatd.core.commands import Command, Hello
from chatd.core.events import Reason, Said
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.perform import perform
from chatd.core.presence import depart
from chatd.core.registry import Registry, Settings
from chatd.core.session import Session
from chatd.delivery.fanout import Fanout
from chatd.delivery.outlet import Outlet
from chatd.testing import StandingClock

UNLIMITED = 1 << 40


class Kernel:
    """The other end of a transport: it has space for ``space`` bytes and accepts at most ``most``
    bytes at once."""

    def __init__(self) -> None:
        self.space = UNLIMITED
        self.most = UNLIMITED
        self.broken = False
        self.taken = b""
        self.offered: list[bytes] = []
        """The objects that were offered each time, not copies."""
        self.on_send: Callable[[], None] = lambda: None

    def take(self, data: bytes) -> int:
        """Accept as much as there is space for. Raises OSError if there is none, or if the other
        end is gone."""
        self.on_send()
        self.offered.append(data)
        if self.broken:
            raise BrokenPipeError
        size = min(len(data), self.space, self.most)
        if data and not size:
            raise BlockingIOError
        self.taken += data[:size]
        self.space -= size
        return size


class KernelSocket(socket.socket):
    """A fake socket that sends to a :class:`Kernel`."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def send(self, data: Any, flags: int = 0) -> int:
        return self.kernel.take(bytes(data) if isinstance(data, memoryview) else data)

    def fileno(self) -> int:
        return -1  # It is not real.


class NoReactor:
    """A reactor that ignores every call; the tests call ``doWrite`` themselves."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None


class PushedWire(FileDescriptor):
    """A transport without a socket of its own, like TLS, with the buffering and producers of
    Twisted (:class:`FileDescriptor`)."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(NoReactor())  # type: ignore[arg-type]
        self.connected = True
        self.kernel = kernel
        self.written = 0
        self.lost: Failure | None = None
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += len(data)
        super().write(data)

    def writeSomeData(self, data: bytes) -> Any:  # noqa: N802
        try:
            return self.kernel.take(bytes(data))
        except BlockingIOError:
            return 0
        except OSError:
            return CONNECTION_LOST

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self.lost = reason

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def can_write(self) -> None:
        """Let the transport write once, as the reactor does when the kernel has space, and end it
        if it asks for that."""
        ended = self.doWrite()  # type: ignore[no-untyped-call]
        if ended is not None and self.connected:
            self.connectionLost(Failure(ended))


class SocketWire(PushedWire):
    """A transport with a plain socket, like TCP."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self._handle = KernelSocket(kernel)

    def getHandle(self) -> KernelSocket:  # noqa: N802
        return self._handle


class Harness:
    """A registry with a fan-out and a clock that stands still."""

    def __init__(self, clock: Clock, log_events: int = 1000, make_log: type[MemoryLog] = MemoryLog) -> None:
        self.clock = clock
        self.fanout = Fanout(clock)
        now = StandingClock()
        store = MemoryStore("log", partial(make_log, log_events))
        self.registry = Registry(Settings(max_per_address=0), store, now, self.fanout.news)
        self.text = TextCodec(now)
        self.json = JsonCodec()

    def turn(self) -> None:
        """Let the reactor's turn end."""
        self.clock.advance(0)

    def reader(
        self,
        nick: str,
        *rooms: str,
        wire: type[PushedWire] = SocketWire,
        codec: Codec | None = None,
        address: str = "192.0.2.1",
    ) -> OutletReader:
        """Somebody who has logged in and read the answers."""
        reader = OutletReader(self, wire, codec or self.text, address)
        reader.ask(Hello(nick, rooms=rooms))
        self.turn()
        reader.flush_transport()
        reader.read()
        return reader


class OutletReader:
    """One person with an outlet, and the handler of its connection."""

    def __init__(self, harness: Harness, wire: Callable[[Kernel], PushedWire], codec: Codec, address: str = "192.0.2.1") -> None:
        self.harness = harness
        self.kernel = Kernel()
        self.wire = wire(self.kernel)
        self.outlet = Outlet(self.wire, codec.talk(), harness.fanout, self)
        self.session = self.outlet.session = Session(self.outlet, address, codec.name, 0)
        self.ended: Reason | None = None
        self.drains = 0
        self.lingers = 0
        harness.registry.admission.admit(self.session)

    def ask(self, *commands: Command) -> None:
        for command in commands:
            perform(self.harness.registry, self.session, command)

    def read(self) -> str:
        """Everything the kernel has accepted since the last call."""
        taken, self.kernel.taken = self.kernel.taken, b""
        return taken.decode()

    def lines(self) -> list[str]:
        """The same, as lines."""
        return self.read().splitlines()

    def flush_transport(self) -> None:
        """Let the kernel accept everything."""
        self.kernel.space = self.kernel.most = UNLIMITED
        before = -1
        while before != (before := self.wire.written + len(self.kernel.taken)) or self.held:
            self.wire.can_write()

    @property
    def held(self) -> int:
        """How many bytes the transport has buffered."""
        wire = self.wire
        return len(wire.dataBuffer) - wire.offset + wire._tempDataLen

    def lose_link(self) -> None:
        self.outlet.lost()
        depart(self.harness.registry, self.session, Reason.LINK_LOST)
        self.harness.registry.admission.release(self.session)

    # -- The interface for the outlet (outlet.Handler)

    def closing(self, reason: Reason) -> None:
        self.ended = reason

    def linger(self) -> None:
        self.lingers += 1

    def abort(self, reason: Reason) -> None:
        self.ended = reason
        self.wire.abortConnection()

    def spend(self, lines: float) -> None:
        pass

    def fail(self, defect: BaseException) -> None:
        raise defect

    def drained(self) -> None:
        self.drains += 1


def beginning_with(lines: Sequence[str], *beginnings: str) -> list[str]:
    """The lines with one of these beginnings."""
    return [line for line in lines if line.startswith(beginnings)]


def held_texts(reader: OutletReader) -> list[str]:
    """The texts of the messages in the log of the reader's current room."""
    assert reader.session.current is not None
    log = reader.session.current.log
    return [event.text for event in log.read(log.first, log.end) if isinstance(event, Said)]
