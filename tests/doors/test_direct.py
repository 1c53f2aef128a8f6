"""The transport under TLS: what is sent directly, what is queued, and who is paused meanwhile."""

from __future__ import annotations

import pytest
from twisted.internet.interfaces import IConsumer

from chatd.doors.direct import DirectTransport
from tests.wires import UNLIMITED, Kernel, SocketWire


class Producer:
    """A push producer that records what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pauseProducing(self) -> None:
        self.asked.append("pause")

    def resumeProducing(self) -> None:
        self.asked.append("resume")


class Case:
    """A transport with a socket, and the direct one above it."""

    def __init__(self) -> None:
        self.wire = SocketWire(Kernel())
        self.kernel = self.wire.kernel
        self.direct = DirectTransport(self.wire, self.wire.getHandle())
        self.producer = Producer()


@pytest.fixture
def case() -> Case:
    return Case()


def test_what_is_written_is_sent_directly(case: Case) -> None:
    case.direct.registerProducer(case.producer, True)
    case.direct.write(b"one")
    case.direct.write(b"two")
    assert (case.kernel.taken, case.wire.written) == (b"onetwo", 0)
    assert case.producer.asked == []


def test_what_the_socket_does_not_take_is_queued_and_nothing_overtakes_it(case: Case) -> None:
    case.direct.registerProducer(case.producer, True)
    case.kernel.space = 2
    case.direct.write(b"one")
    case.kernel.space = UNLIMITED
    case.direct.write(b"two")
    assert (case.kernel.taken, case.producer.asked) == (b"on", ["pause"])
    case.wire.can_write()
    assert (case.kernel.taken, case.producer.asked) == (b"onetwo", ["pause", "resume"])
    case.direct.write(b"three")
    assert case.kernel.taken == b"onetwothree"
    assert case.wire.producer is None


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_socket_that_takes_nothing_is_left_to_the_transport(case: Case, is_broken: bool) -> None:
    case.kernel.space, case.kernel.broken = 0, is_broken
    case.direct.write(b"one")
    assert (case.kernel.taken, case.wire.written) == (b"", 3)
    case.wire.can_write()
    assert (case.wire.lost is not None) is is_broken


def test_a_producer_that_comes_late_is_paused_too(case: Case) -> None:
    case.kernel.space = 0
    case.direct.write(b"one")
    case.direct.registerProducer(case.producer, True)
    assert case.producer.asked == ["pause"]
    case.kernel.space = UNLIMITED
    case.wire.can_write()
    assert case.producer.asked == ["pause", "resume"]


def test_a_producer_that_has_gone_is_not_asked(case: Case) -> None:
    case.direct.registerProducer(case.producer, True)
    case.direct.unregisterProducer()
    case.kernel.space = 0
    case.direct.write(b"one")
    case.kernel.space = UNLIMITED
    case.wire.can_write()
    assert (case.kernel.taken, case.producer.asked) == (b"one", [])


def test_it_closes_after_what_is_queued(case: Case) -> None:
    case.kernel.space = 1
    case.direct.write(b"one")
    case.direct.loseConnection()
    case.kernel.space = UNLIMITED
    case.wire.can_write()
    case.wire.can_write()
    assert case.kernel.taken == b"one"
    assert case.wire.lost is not None


def test_everything_else_is_that_of_the_transport(case: Case) -> None:
    assert IConsumer.providedBy(case.direct)
    assert case.direct.getHandle() is case.wire.getHandle()
    case.direct.abortConnection()
    assert case.wire.aborted
