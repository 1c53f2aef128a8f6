"""The writers: one for a plain socket, one for any other transport."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from chatd.delivery.writers import SocketWriter, TransportWriter, Writer, writer_for
from tests.wires import Kernel, NoReactor, PushedWire, SocketWire


class Batches:
    """A source of a few batches."""

    def __init__(self, *batches: bytes) -> None:
        self.batches = [*batches]
        self.ends = 0

    def next_batch(self) -> bytes:
        return self.batches.pop(0) if self.batches else b""

    def on_all_written(self) -> None:
        self.ends += 1


class Case:
    """A writer, between a source and a transport."""

    def __init__(self, wire: PushedWire, *batches: bytes) -> None:
        self.wire = wire
        self.source = Batches(*batches)
        self.writer: Writer = writer_for(wire, self.source)

    @property
    def producer(self) -> object:
        """The producer of the transport."""
        return self.wire.producer

    @property
    def held(self) -> int:
        """The bytes that the transport holds."""
        return self.wire.written - len(self.wire.kernel.taken)


def socket_case(*batches: bytes) -> Case:
    return Case(SocketWire(Kernel()), *batches)


def transport_case(*batches: bytes) -> Case:
    return Case(PushedWire(Kernel()), *batches)


BIG = b"x" * (1 << 17)
"""More than a transport without a socket takes before it pauses its producer (64 KiB)."""


# -- The right writer ------------------------------------------------------------------------------


class OddHandle(PushedWire):
    """A transport whose handle is not a socket."""

    def getHandle(self) -> object:  # noqa: N802
        return object()


def test_only_a_plain_socket_is_written_to_directly() -> None:
    inside_tls = SocketWire(Kernel())
    directlyProvides(inside_tls, ISSLTransport)
    assert isinstance(writer_for(SocketWire(Kernel()), Batches()), SocketWriter)
    for wire in (PushedWire(Kernel()), OddHandle(Kernel()), inside_tls):
        assert isinstance(writer_for(wire, Batches()), TransportWriter)


# -- Sockets ---------------------------------------------------------------------------------------


def test_the_sink_is_the_socket() -> None:
    case = socket_case()
    assert case.writer.sink is case.wire.getHandle()  # type: ignore[attr-defined]
    assert case.writer.sink.send(b"hi") == 2
    assert (case.wire.kernel.taken, case.wire.written, case.producer) == (b"hi", 0, None)


def test_a_socket_gets_a_batch_after_the_previous_one_is_written() -> None:
    case = socket_case(b"one", b"two", b"three")
    case.writer.start()
    case.writer.start()
    assert case.held == 3
    for held in (3, 5, 0):
        assert case.source.ends == 0
        case.wire.can_write()
        assert case.held == held
    assert case.wire.kernel.taken == b"onetwothree"
    assert (case.source.ends, case.producer) == (1, None)


def test_a_socket_waits_until_its_transport_holds_nothing() -> None:
    case = socket_case(b"two")
    case.wire.write(b"one")
    case.writer.wait()
    case.writer.start()
    assert (case.source.batches, case.source.ends) == ([b"two"], 0)
    case.wire.can_write()
    case.wire.can_write()
    assert (case.wire.kernel.taken, case.source.ends, case.producer) == (b"onetwo", 1, None)


def test_any_other_transport_keeps_the_order_by_itself() -> None:
    case = transport_case(b"two")
    case.wire.write(b"one")
    case.writer.wait()
    case.wire.can_write()
    assert (case.wire.kernel.taken, case.source.ends) == (b"onetwo", 1)


def test_a_socket_can_fall_behind_again() -> None:
    case = socket_case()
    case.writer.start()
    assert (case.source.ends, case.producer) == (1, None)
    case.source.batches.append(b"more")
    case.writer.start()
    case.wire.can_write()
    assert (case.wire.kernel.taken, case.source.ends) == (b"more", 2)


def test_a_lost_socket_gets_nothing() -> None:
    case = socket_case(b"one", b"two")
    case.writer.start()
    case.wire.connectionLost(Failure(CONNECTION_DONE))
    case.writer.start()
    assert (case.source.batches, case.source.ends) == ([b"two"], 0)


# -- Other transports ------------------------------------------------------------------------------


def test_a_transport_is_written_to_until_it_is_paused() -> None:
    case = transport_case()
    assert case.writer.sink.send(b"hi") == 2
    assert case.writer.sink.send(BIG) == len(BIG)
    assert case.writer.sink.send(b"more") == 0
    case.wire.can_write()
    assert case.writer.sink.send(b"more") == 4
    assert case.wire.written == len(BIG) + 6


def test_a_transport_gets_batches_until_it_pauses() -> None:
    case = transport_case(b"one", BIG, b"two", BIG)
    case.writer.start()
    assert case.held == len(BIG) + 3
    case.writer.start()
    assert case.source.batches == [b"two", BIG]
    while case.held:
        assert case.source.ends == 0
        case.wire.can_write()
    assert case.wire.kernel.taken == b"one" + BIG + b"two" + BIG
    assert case.source.ends == 1


def test_a_transport_has_its_producer_until_it_is_closed() -> None:
    case = transport_case(b"one")
    assert case.producer is case.writer
    assert case.wire.streamingProducer
    case.writer.start()
    assert case.producer is case.writer
    case.writer.close()
    assert case.producer is None


def test_a_lost_transport_gets_nothing() -> None:
    case = transport_case(b"one")
    case.wire.connectionLost(Failure(CONNECTION_DONE))
    case.writer.start()
    assert case.writer.sink.send(b"hi") == 0
    assert (case.source.batches, case.source.ends) == ([b"one"], 0)


# -- A connection of Twisted -----------------------------------------------------------------------


def test_a_defect_at_the_end_of_a_connection_is_logged(logged_errors: list[LogEvent]) -> None:
    class Broken(Protocol):
        def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
            raise ZeroDivisionError

    here, there = socket.socketpair()
    reactor: Any = NoReactor()
    connection: Any = Connection(here, Broken(), reactor)
    with there:
        assert writer_for(connection, Batches()).close()
        assert there.recv(1) == b""
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()


# -- Both ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", [SocketWire, PushedWire])
def test_the_connection_closes_after_the_queued_data(wire: type[PushedWire]) -> None:
    case = Case(wire(Kernel()), b"one")
    case.wire.kernel.space = 0
    case.writer.start()
    case.wire.kernel.space = 3
    while not case.source.ends:
        case.wire.can_write()
    assert not case.writer.close()
    case.wire.can_write()
    assert case.wire.kernel.taken == b"one"
    assert case.wire.lost is not None


class RealWire(SocketWire):
    """A transport with a real socket."""

    def __init__(self, handle: socket.socket) -> None:
        super().__init__(Kernel())
        self._real = handle

    def getHandle(self) -> socket.socket:  # type: ignore[override]  # noqa: N802
        return self._real


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_unacknowledged_bytes_are_known_for_a_wrapped_socket(depth: int) -> None:
    near, far = socket.socketpair()
    with near, far:
        wire: PushedWire = RealWire(near)
        for _ in range(depth):
            wrapped, wire = wire, PushedWire(Kernel())
            wire.transport = wrapped  # type: ignore[attr-defined]
        writer = writer_for(wire, Batches())
        assert writer.unacknowledged() == 0
        near.send(b"hi")
        assert writer.unacknowledged() > 0
        far.recv(2)
        assert writer.unacknowledged() == 0


def test_unacknowledged_bytes_are_unknown_without_a_socket() -> None:
    assert socket_case().writer.unacknowledged() == -1
    assert transport_case().writer.unacknowledged() == -1
