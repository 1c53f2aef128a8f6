"""No answer vanishes: a program that asks much and reads late gets everything, and memory is
bounded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd.core.limits import INBOX_BYTES
from chatd.core.registry import Registry, Settings
from chatd.delivery.fanout import Fanout
from chatd.doors.line import ChatFactory, ChatProtocol
from chatd.doors.server import Server
from chatd.testing import StandingClock, Visitor
from tests.core.late import LateStore


class Program:
    """A program on the JSON door that reads when it wants to, over a log that answers late."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.clock, self.store = clock, LateStore()
        fanout = Fanout(clock)
        self.registry = Registry(settings, self.store, StandingClock(), fanout.news)
        self.server = Server(self.registry, fanout, clock)
        self.protocol: ChatProtocol = ChatFactory(self.server, self.server.json).buildProtocol(IPv4Address("TCP", "::1", 1))
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)  # type: ignore[no-untyped-call]
        self.most_queued = 0

    def say(self, *commands: dict[str, Any]) -> None:
        """Send all of this in one piece."""
        self.protocol.dataReceived(b"".join(json.dumps(command).encode() + b"\n" for command in commands))

    def turn(self, reading: bool) -> list[dict[str, Any]]:
        """Let the log answer and the reactor turn; what is received."""
        self.store.answer()
        self.clock.advance(0.05)
        outlet = self.protocol.caller.outlet
        self.most_queued = max(self.most_queued, outlet._inbox_size)
        assert self.transport.producer is not None
        if not reading:
            self.transport.producer.pauseProducing()
            return []
        self.transport.producer.resumeProducing()
        self.clock.advance(0)
        received = self.transport.value().decode().splitlines()
        self.transport.clear()
        return [json.loads(line) for line in received]

    def read_all(self, is_done: Callable[[Counter[str]], bool]) -> Counter[str]:
        """Read until ``is_done``; how many of each type came."""
        kinds: Counter[str] = Counter()
        for _ in range(10_000):
            kinds.update(message["type"] for message in self.turn(reading=True))
            if is_done(kinds):
                return kinds
        raise AssertionError(kinds)


@pytest.fixture
def program(clock: Clock) -> Iterator[Program]:
    program = Program(clock, Settings(flood_rate=0))
    program.say({"type": "hello", "nick": "ci"})
    assert program.read_all(lambda kinds: kinds["entered"] == 1) == {"welcome": 1, "entered": 1}
    yield program
    program.protocol.caller.on_connection_lost()
    program.store.answer()
    clock.advance(10)


def test_every_message_is_acknowledged_however_late_it_is_read(program: Program) -> None:
    number = 6000
    program.say(*[{"type": "say", "text": f"message {n}", "id": str(n)} for n in range(number)])
    program.say({"type": "do", "command": "join", "room": "dev", "id": "join"})
    for _ in range(20):
        program.turn(reading=False)
    kinds = program.read_all(lambda kinds: kinds["entered"] == 1)
    assert (kinds["ack"], kinds["said"], kinds["entered"]) == (number, number, 1)
    assert program.most_queued <= INBOX_BYTES


def test_refusals_are_not_lost_either(program: Program) -> None:
    number = 3000
    program.say(*[{"type": "do", "command": "whois", "nick": "nobody", "id": str(n)} for n in range(number)])
    for _ in range(20):
        program.turn(reading=False)
    assert program.read_all(lambda kinds: kinds["refused"] == number)["refused"] == number
    assert program.most_queued <= INBOX_BYTES


def test_twenty_large_rooms_are_entered_one_after_the_other(program: Program) -> None:
    rooms = [f"room{n}" for n in range(20)]
    crowd = [Visitor(program.registry, f"192.0.2.{n}") for n in range(60)]
    for n, visitor in enumerate(crowd):
        visitor.registry.directory.arrive(visitor.session, *_named(n))
        for room in rooms:
            _join(visitor, room)
        visitor.registry.directory.set_away(visitor.session, "x" * 300)
    program.store.answer()
    other = Program.__new__(Program)
    other.__dict__.update(program.__dict__, transport=StringTransport(), most_queued=0)
    other.protocol = ChatFactory(program.server, program.server.json).buildProtocol(IPv4Address("TCP", "::2", 1))
    other.protocol.makeConnection(other.transport)  # type: ignore[no-untyped-call]
    other.say({"type": "hello", "nick": "late", "rooms": rooms})
    for _ in range(5):
        other.turn(reading=False)
    kinds = other.read_all(lambda kinds: kinds["entered"] == len(rooms))
    assert kinds["entered"] == len(rooms)
    assert other.most_queued <= INBOX_BYTES
    other.protocol.caller.on_connection_lost()
    program.store.answer()


def _named(number: int) -> Any:
    from chatd.core.names import parse_nick

    return parse_nick(f"p{number}"), f"seat{number}"


def _join(visitor: Visitor, room: str) -> None:
    from chatd.core.commands import Join
    from chatd.core.perform import perform

    perform(visitor.registry, visitor.session, Join(room))
