"""The reactor on Linux: what is ready is read at once, and one failure costs one connection."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EMFILE
from itertools import pairwise
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.tcp import Port
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from zope.interface import implementer

if sys.platform != "linux":
    pytest.skip("There is epoll on Linux alone.", allow_module_level=True)

from twisted.internet.epollreactor import EPollReactor

from chatd.core.limits import ACCEPTS, RUSH_SECONDS
from chatd.daemon import epoll
from chatd.daemon.epoll import QuickPort, QuickReactor


class Descriptor:
    """One end of a pair of sockets, as the reactor knows it: it does ``on_read`` with what it
    reads, and notes why it is closed."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.here, self.there = socket.socketpair()
        self.read: list[bytes] = []
        self.written = 0
        self.closed: list[type | None] = []
        self.on_read: Callable[[bytes], object] = len
        reactor.addReader(self)
        reactor.descriptors.append(self)

    def fileno(self) -> int:
        return self.here.fileno()

    def logPrefix(self) -> str:
        return "test"

    def doRead(self) -> Exception | None:
        data = self.here.recv(100)
        self.read.append(data)
        self.on_read(data)
        return None if data else ConnectionDone()

    def doWrite(self) -> None:
        self.written += 1

    def connectionLost(self, reason: Failure) -> None:
        self.closed.append(reason.type)
        self.close()

    def close(self) -> None:
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)
        self.here.close()


@implementer(IHalfCloseableDescriptor)
class HalfCloseable(Descriptor):
    """The same, which goes on writing when there is nothing more to read."""

    def readConnectionLost(self, reason: Failure) -> None:
        self.closed.append(reason.type)

    def writeConnectionLost(self, reason: Failure) -> None:
        """Nobody asks for it here."""


@pytest.fixture
def reactor() -> Iterator[Any]:
    reactor: Any = QuickReactor()
    reactor.descriptors = []
    yield reactor
    for descriptor in reactor.descriptors:
        descriptor.close()
        descriptor.there.close()
    for end in (reactor.waker.i, reactor.waker.o):
        os.close(end)
    reactor._poller.close()


def test_everything_that_can_be_read_is_read_in_one_turn(reactor: Any) -> None:
    descriptors = [Descriptor(reactor) for _ in range(3)]
    for descriptor in descriptors[:2]:
        descriptor.there.send(b"hi")
    reactor.doPoll(None)
    assert [descriptor.read for descriptor in descriptors] == [[b"hi"], [b"hi"], []]
    reactor.doPoll(0)
    assert [len(descriptor.read) for descriptor in descriptors] == [1, 1, 0]


def test_the_end_is_told_to_who_goes_on_writing_and_to_who_does_not(reactor: Any) -> None:
    whole, half = Descriptor(reactor), HalfCloseable(reactor)
    for descriptor in (whole, half):
        descriptor.there.shutdown(socket.SHUT_WR)
    reactor.addWriter(half)
    reactor.doPoll(0)
    reactor.doPoll(0)
    assert whole.closed == half.closed == [ConnectionDone]
    assert half.written
    assert not {whole, half} & {*reactor.getReaders()}


def test_who_is_gone_is_told_so(reactor: Any) -> None:
    gone = Descriptor(reactor)
    reactor.removeReader(gone)
    reactor.addWriter(gone)
    gone.there.close()
    reactor.doPoll(0)
    assert gone.closed == [ConnectionLost]


def test_a_defect_is_logged_once_and_costs_one_connection(reactor: Any, logged_errors: list[LogEvent]) -> None:
    broken, other = Descriptor(reactor), Descriptor(reactor)
    broken.on_read = dict[bytes, int]().__getitem__
    for descriptor in (broken, other):
        descriptor.there.send(b"hi")
    reactor.doPoll(0)
    assert (broken.closed, other.read, other.closed) == ([KeyError], [b"hi"], [])
    [event] = logged_errors
    assert event["log_failure"].check(KeyError)
    logged_errors.clear()


@pytest.mark.parametrize("closer", [0, 1])
def test_who_is_closed_by_what_another_says_is_not_read(reactor: Any, closer: int) -> None:
    pair = [Descriptor(reactor), Descriptor(reactor)]
    for descriptor, other in (pair, pair[::-1]):
        descriptor.on_read = lambda data, other=other: other.close()  # type: ignore[misc]
    for descriptor in (pair[closer], pair[not closer]):
        descriptor.there.send(b"go")
    reactor.doPoll(0)
    assert sorted(len(descriptor.read) for descriptor in pair) == [0, 1]


# -- Pauses ----------------------------------------------------------------------------------------


class Pausing(Descriptor):
    """One that can be paused, like a connection, which says whether it is open."""

    connected = True

    def close(self) -> None:
        self.connected = False
        super().close()


def test_who_is_paused_by_what_another_says_is_read_later(reactor: Any) -> None:
    pair = [Pausing(reactor), Pausing(reactor)]
    for descriptor, other in (pair, pair[::-1]):
        descriptor.on_read = lambda data, other=other: reactor.removeReader(other)  # type: ignore[misc]
        descriptor.there.send(b"stop")
    for _ in range(3):
        reactor.doPoll(0)
        [paused] = [descriptor for descriptor in pair if not descriptor.read]
    reactor.addReader(paused)
    reactor.doPoll(0)
    assert [descriptor.read for descriptor in pair] == [[b"stop"], [b"stop"]]


def test_the_kernel_is_not_told_of_a_pause_within_a_turn(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = Pausing(reactor), Pausing(reactor)
    told: list[Any] = []
    monkeypatch.setattr(EPollReactor, "removeReader", lambda reactor, reader: told.append(reader))
    monkeypatch.setattr(EPollReactor, "addReader", lambda reactor, reader: told.append(reader))
    reactor.removeReader(short)
    reactor.removeReader(long)
    reactor.addReader(short)
    reactor.doPoll(0)
    assert told == [long]
    reactor.addReader(long)
    assert told == [long, long]


def test_who_is_paused_twice_is_read_again(reactor: Any) -> None:
    descriptor = Pausing(reactor)
    descriptor.there.send(b"hi")
    for _ in range(2):
        reactor.removeReader(descriptor)
        reactor.doPoll(0)
    reactor.removeReader(descriptor)
    reactor.addReader(descriptor)
    reactor.doPoll(0)
    assert descriptor.read == [b"hi"]


def test_who_is_closed_while_paused_is_forgotten(reactor: Any) -> None:
    descriptor = Pausing(reactor)
    reactor.removeReader(descriptor)
    descriptor.close()
    reactor.doPoll(0)
    assert not reactor.paused
    assert descriptor not in reactor.getReaders()


# -- New connections -------------------------------------------------------------------------------


class Greeted(Protocol):
    """Notes what it reads, and does ``on_begin`` first."""

    def __init__(self, on_begin: Callable[[Any], object]) -> None:
        self.on_begin = on_begin
        self.read = b""
        self.ended = False

    def connectionMade(self) -> None:
        self.on_begin(self)

    def dataReceived(self, data: bytes) -> None:
        self.read += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended = True


class Arrivals(Factory):
    """Has the protocols of all connections."""

    noisy = False

    def __init__(self) -> None:
        self.protocols: list[Greeted] = []
        self.on_begin: Callable[[Any], object] = id
        self.addresses: list[Any] = []

    def buildProtocol(self, address: Any) -> Greeted | None:
        self.addresses.append(address)
        self.protocols.append(Greeted(self.on_begin))
        return self.protocols[-1]


class Entry:
    """A port of ``reactor``, and who calls at it."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.arrivals = Arrivals()
        self.port = reactor.listenTCP(0, self.arrivals, interface="127.0.0.1")
        self.callers: list[socket.socket] = []

    def call(self, number: int, data: bytes = b"") -> None:
        for _ in range(number):
            caller = socket.create_connection(("127.0.0.1", self.port.getHost().port))
            self.callers.append(caller)
            if data:
                caller.sendall(data)

    @property
    def read(self) -> list[bytes]:
        return [protocol.read for protocol in self.arrivals.protocols]

    def close(self) -> None:
        for caller in self.callers:
            caller.close()
        self.port.connectionLost(Failure(ConnectionDone()))
        while not all(protocol.ended or protocol.transport is None for protocol in self.arrivals.protocols):
            self.reactor.runUntilCurrent()
            self.reactor.doPoll(1)


@pytest.fixture
def entry(reactor: Any) -> Iterator[Entry]:
    entry = Entry(reactor)
    yield entry
    entry.close()


def test_what_a_connection_begins_with_is_read_at_once(reactor: Any, entry: Entry) -> None:
    entry.call(1, b"ada\n")
    reactor.doPoll(None)
    assert entry.read == [b"ada\n"]
    entry.call(1)
    reactor.doPoll(None)
    assert entry.read == [b"ada\n", b""]
    entry.callers[1].sendall(b"late\n")
    reactor.doPoll(None)
    assert entry.read == [b"ada\n", b"late\n"]


def test_who_wants_to_read_nothing_yet_is_not_read(reactor: Any, entry: Entry) -> None:
    entry.arrivals.on_begin = lambda protocol: protocol.transport.pauseProducing()
    entry.call(1, b"ada\n")
    reactor.doPoll(None)
    reactor.doPoll(0)
    assert entry.read == [b""]
    entry.arrivals.protocols[0].transport.resumeProducing()  # type: ignore[union-attr]
    reactor.doPoll(None)
    assert entry.read == [b"ada\n"]


def test_in_a_rush_few_connections_are_accepted_per_turn(reactor: Any, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    time = [100.0]
    monkeypatch.setattr(epoll, "monotonic", lambda: time[0])
    entry.call(ACCEPTS + 3)
    accepted = [0]
    for seconds in (0, 0, RUSH_SECONDS, 0):
        time[0] += seconds
        reactor.doPoll(0)
        accepted.append(len(entry.arrivals.protocols))
    assert [after - before for before, after in pairwise(accepted)] == [1, ACCEPTS, 1, 1]


def test_a_connection_that_cannot_begin_costs_nobody_else_anything(
    reactor: Any, entry: Entry, logged_errors: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry.arrivals.on_begin = dict[Any, int]().__getitem__
    entry.call(1)
    reactor.doPoll(None)
    reactor.runUntilCurrent()
    assert entry.arrivals.protocols[0].ended
    with monkeypatch.context() as patch:
        patch.setattr(entry.arrivals, "buildProtocol", dict[Any, int]().__getitem__)
        entry.call(1)
        reactor.doPoll(None)
    with monkeypatch.context() as patch:
        patch.setattr(entry.arrivals, "buildProtocol", lambda address: None)
        entry.call(1)
        reactor.doPoll(None)
    for caller in entry.callers:
        with suppress(ConnectionResetError):
            assert caller.recv(1) == b""
    entry.arrivals.on_begin = id
    entry.call(1, b"hi")
    reactor.doPoll(None)
    assert entry.read[-1] == b"hi"
    assert len(logged_errors) == 2
    logged_errors.clear()


def test_where_the_system_refuses_twisted_goes_on(reactor: Any, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def _accept(self) -> None:
            raise OSError(EMFILE, "too many files")

    asked: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(entry.port, "socket", Full())
        patch.setattr(Port, "doRead", lambda port: asked.append(port))
        entry.port.doRead()
    assert asked == [entry.port]


def test_an_address_of_one_link_names_the_link(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arrivals = Arrivals()
    port = QuickPort(0, arrivals, interface="::1", reactor=reactor)
    here, there = socket.socketpair()
    loopback = socket.if_nametoindex("lo")
    port._take(here, ("fe80::1", 4711, 0, loopback))
    assert arrivals.addresses[0].host == "fe80::1%lo"
    there.close()
    reactor.doPoll(1)
    assert arrivals.protocols[0].ended


# -- The reactor -----------------------------------------------------------------------------------


def test_a_signal_ends_the_wait(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def poll(self, *arguments: object) -> list[tuple[int, int]]:
            raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(reactor, "_poller", Interrupted())
        reactor.doPoll(None)


def test_the_reactor_that_was_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[Any] = []
    monkeypatch.setattr(epoll, "QuickReactor", str)
    monkeypatch.setattr(epoll, "installReactor", installed.append)
    epoll.install()
    assert installed == []
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor")
    epoll.install()
    assert installed == [""]
