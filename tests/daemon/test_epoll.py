"""The reactor on Linux: what is ready is read at once, and one failure costs one connection."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from zope.interface import implementer

if sys.platform != "linux":
    pytest.skip("There is epoll on Linux alone.", allow_module_level=True)

from twisted.internet.epollreactor import EPollReactor

from chatd.daemon import epoll
from chatd.daemon.epoll import QuickReactor


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


def test_who_is_closed_while_paused_is_forgotten(reactor: Any) -> None:
    descriptor = Pausing(reactor)
    reactor.removeReader(descriptor)
    descriptor.close()
    reactor.doPoll(0)
    assert not reactor.paused
    assert descriptor not in reactor.getReaders()


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
