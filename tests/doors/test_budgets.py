"""What one address, or one connection, can have done for it is bounded, whatever it asks for."""

from __future__ import annotations

import json
import math
import random

import pytest
from twisted.internet.task import Clock

from chatd.core.events import Said
from chatd.core.limits import (
    ADDRESS_RATE,
    ADDRESS_SECONDS,
    CONNECTION_LINES,
    FLOOD_BURST,
    FLOOD_RATE,
    HANDSHAKE_LINES,
    INBOX_BYTES,
    JOIN_LINES,
    ROOMS_PER_PERSON,
    TELNET_BYTES_A_LINE,
    TELNET_PIECE_BYTES,
    TURN_LINES,
)
from chatd.core.names import parse_room
from chatd.core.registry import Settings
from chatd.doors.catalogue import TLS
from chatd.doors.telnet import ARE_YOU_THERE, IAC, Telnet
from tests.doors.wire import Recorder, RunningServer, Wire

CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(clock, Settings(max_per_address=0))


def hello(nick: str, *rooms: str) -> bytes:
    return json.dumps({"type": "hello", "nick": nick, "rooms": rooms}).encode() + b"\n"


def end(server: RunningServer, *wires: Wire) -> None:
    """Lose the connections, and let all timers end."""
    for wire in wires:
        wire.lose()
    server.clock.advance(0)


def most(seconds: float) -> float:
    """What an address may have done for it in so many seconds, in lines."""
    return ADDRESS_RATE * (ADDRESS_SECONDS + seconds)


PUPILS = 200
COME_SECONDS = 60.0
PAUSE_SECONDS = 5.0
"""A school: how many people behind one address, within what time they come, and how often each of
them says something, in seconds."""

ENTER_SECONDS = 1.0
MOST_DELAY = 0.25
"""How long one of them may wait to be in, and for a line, in seconds (docs/operating.md)."""


@pytest.mark.parametrize("come_seconds", [COME_SECONDS, 0.0])
def test_a_school_behind_one_address_talks_freely(clock: Clock, come_seconds: float) -> None:
    server, pupils = RunningServer(clock, Settings()), list[Pupil]()
    step, chance = 0.01, random.Random(1)
    while clock.seconds() < come_seconds + 6 * PAUSE_SECONDS:
        while len(pupils) < PUPILS and clock.seconds() >= len(pupils) * come_seconds / PUPILS:
            pupils.append(Pupil(server, len(pupils), clock.seconds(), chance.uniform(ENTER_SECONDS, PAUSE_SECONDS)))
        for pupil in pupils:
            pupil.read(clock.seconds())
            if clock.seconds() >= pupil.next_line:
                pupil.ask(clock.seconds())
        clock.advance(step)
    delays = [delay for pupil in pupils for delay in pupil.delays]
    assert len(pupils) == PUPILS
    assert not any(pupil.refusals for pupil in pupils)
    assert max(pupil.entered_after for pupil in pupils) <= ENTER_SECONDS
    assert len(delays) >= 5 * PUPILS
    assert max(delays) <= MOST_DELAY
    end(server, *(pupil.wire for pupil in pupils))


class Pupil:
    """Comes in, and says something every ``PAUSE_SECONDS``."""

    def __init__(self, server: RunningServer, number: int, now: float, pause: float) -> None:
        self.wire, self.next_line, self._came = server.call(), now + pause, now
        self.wire.say(hello(f"pupil{number}", "lobby", f"class{number % 10}"))
        self.entered_after = math.inf
        self.refusals = 0
        self.delays: list[float] = []
        self._asked: list[float] = []

    def ask(self, now: float) -> None:
        self.next_line += PAUSE_SECONDS
        self._asked.append(now)
        self.wire.say(b'{"type": "say", "text": "%s", "id": "%d"}\n' % (b"What is the answer? " * 5, len(self._asked)))

    def read(self, now: float) -> None:
        written = self.wire.take()
        if b'"entered"' in written:
            self.entered_after = min(self.entered_after, now - self._came)
        self.refusals += written.count(b'"refused"') + written.count(b'"slowed"')
        for _ in range(written.count(b'"type":"ack"')):
            self.delays.append(now - self._asked[len(self.delays)])


def test_coming_and_going_makes_so_many_events_and_no_more(server: RunningServer) -> None:
    rooms = [f"room{n}" for n in range(ROOMS_PER_PERSON)]
    seconds = 10
    for _ in range(seconds * 100):
        wire = server.call()
        wire.say(hello("eve", *rooms))
        server.clock.advance(0.01)
        wire.lose()
    server.clock.advance(0)
    cost = CONNECTION_LINES + 1 + JOIN_LINES * len(rooms)
    assert server.events() <= most(seconds) / cost * 2 * len(rooms) + 2 * len(rooms)
    assert server.events() > 0


def test_coming_again_renews_nothing(server: RunningServer) -> None:
    budget = server.shared.budgets.of("192.0.2.1", 0.0)
    assert budget is not None
    budget.spend(most(0) + 100)
    wire = server.call("192.0.2.1")
    wire.say(hello("eve"))
    server.turn()
    assert wire.take() == b""
    other = server.call("192.0.2.2")
    other.say(hello("ada"))
    server.turn()
    assert b'"entered"' in other.take()
    server.clock.advance(2)
    assert b'"entered"' in wire.take()
    assert not wire.paused
    end(server, wire, other)


def test_a_caller_that_goes_while_it_waits_leaves_nothing(server: RunningServer) -> None:
    budget = server.shared.budgets.of("192.0.2.1", 0.0)
    assert budget is not None
    budget.spend(most(0) + 100)
    wire = server.call("192.0.2.1")
    wire.say(hello("eve"))
    end(server, wire)
    assert len(server.registry.admission) == 0


def test_handshakes_are_paid_for_before_they_are_made(server: RunningServer) -> None:
    server.record(TLS)
    seconds, wires = 5, list[Wire]()
    for _ in range(seconds * 100):
        wire = server.call()
        wire.say(CLIENT_HELLO)
        wires.append(wire)
        server.clock.advance(0.01)
    begun = [wire for wire in wires if isinstance(wire.protocol, Recorder)]
    assert 0 < len(begun) <= most(seconds) / HANDSHAKE_LINES + 1
    end(server, *wires)


def test_telnets_questions_are_not_answered_to_who_does_not_read(clock: Clock) -> None:
    server = RunningServer(clock, Settings(flood_rate=0, address_rate=0))
    wire = server.call()
    wire.say(bytes((IAC, ARE_YOU_THERE)))
    wire.producer.pauseProducing()
    chunks = 0
    while not wire.paused:
        wire.say(bytes((IAC, ARE_YOU_THERE)) * 8192)
        chunks += 1
        server.turn()
    outlet = wire.protocol.caller.outlet
    assert chunks <= 4
    assert outlet._inbox_size <= INBOX_BYTES
    wire.producer.resumeProducing()
    server.clock.pump([0] * 20)
    assert not wire.paused
    end(server, wire)


@pytest.mark.parametrize("command", [b"\xff\xf6", b"\xff\xfd\x03", b"\xff\xfa\x18", b"\xff\xf1"], ids=bytes.hex)
def test_telnets_commands_wait_though_no_line_ever_ends(server: RunningServer, command: bytes) -> None:
    wire, flood = server.call(), command * (65536 // len(command))
    wire.say(command)
    seconds, looked_at = 10, 0
    receive = Telnet.receive

    def counting(telnet: Telnet, data: bytes) -> tuple[bytes, bytes]:
        nonlocal looked_at
        looked_at += len(data)
        return receive(telnet, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Telnet, "receive", counting)
        wire.say(flood)
        assert wire.paused
        assert looked_at <= TURN_LINES * TELNET_BYTES_A_LINE + TELNET_PIECE_BYTES
        for _ in range(seconds * 10):
            if not wire.paused:
                wire.say(flood)
            server.clock.advance(0.1)
    lines = FLOOD_BURST + seconds * FLOOD_RATE
    assert 0 < looked_at <= lines * TELNET_BYTES_A_LINE + TELNET_PIECE_BYTES
    end(server, wire)


def test_what_is_typed_after_telnets_commands_keeps_its_order(server: RunningServer) -> None:
    wire = server.call()
    wire.say(
        b"eve\n" + b"".join(b"\xff\xf1" * 400 + b"/ping %d\nhalf" % n + b"\xff\xf1" * 400 + b" a line %d\n" % n for n in range(20))
    )
    assert wire.paused
    server.clock.pump([0.1] * 300)
    assert not wire.paused
    log = server.registry.rooms.find("lobby").log
    said = [event.text for event in log.read(log.first, log.end) if isinstance(event, Said)]
    assert said == [f"half a line {n}" for n in range(20)]
    end(server, wire)


def test_telnets_questions_are_paid_for(server: RunningServer) -> None:
    wire = server.call()
    wire.say(bytes((IAC, ARE_YOU_THERE)) * 8192)
    budget = server.shared.budgets.of("192.0.2.1", 0.0)
    assert budget is not None
    assert budget._level < most(0) - TURN_LINES
    end(server, wire)


def test_the_costliest_commands_let_others_in_between(server: RunningServer) -> None:
    for number in range(500):
        server.registry.rooms.open(parse_room(f"a-room-with-a-long-name-{number:03}"))
    eve = server.call("192.0.2.1")
    eve.say(hello("eve"))
    server.turn()
    eve.take()
    eve.say(b'{"type": "do", "command": "rooms"}\n' * 30)
    assert eve.paused
    assert 0 < len(eve.protocol.caller.outlet._inbox) <= 3  # Of what one turn of the reactor brings.
    server.clock.pump([0.1] * 60)
    assert eve.take().count(b'{"type":"rooms"') == 30
    end(server, eve)


@pytest.mark.parametrize(
    ("question", "lines"),
    [(b'{"type": "do", "command": "rooms"}\n', 55), (b'{"type": "do", "command": "history", "count": 100}\n', 18)],
    ids=["rooms", "history"],
)
def test_what_takes_long_to_list_is_paid_for(server: RunningServer, question: bytes, lines: int) -> None:
    for number in range(499):
        server.registry.rooms.open(parse_room(f"a-room-with-a-long-name-{number:03}"))
    eve = server.call()
    eve.say(hello("eve"))
    for number in range(100):
        eve.say(b'{"type": "say", "text": "a text of sixty characters, as they are said: %d"}\n' % number)
        server.clock.advance(0.1)
    server.clock.advance(10)
    budget = server.shared.budgets.of("192.0.2.1", server.clock.seconds())
    assert budget is not None
    eve.take()
    assert budget.is_full(server.clock.seconds())
    eve.say(question)
    server.turn()
    assert len(eve.take()) > 5000
    assert lines <= most(0) - budget._level <= 1.5 * lines
    end(server, eve)


@pytest.mark.parametrize(("size", "lines"), [(1, 1), (255, 1), (256, 2), (4096, 17)])
def test_a_long_line_costs_its_address_more(server: RunningServer, size: int, lines: int) -> None:
    eve = server.call()
    eve.say(b"eve\n")
    server.clock.advance(10)
    budget = server.shared.budgets.of("192.0.2.1", server.clock.seconds())
    assert budget is not None
    assert budget.is_full(server.clock.seconds())
    eve.say(b"x" * size + b"\n")
    assert most(0) - budget._level == lines
    server.clock.advance(10)
    end(server, eve)


@pytest.mark.parametrize("field", ["rooms", "resume"])
def test_a_hello_with_hundreds_of_rooms_is_refused_before_they_are_looked_at(
    server: RunningServer, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    monkeypatch.setattr("chatd.core.actions.login.parse_room", lambda name: parsed.append(name))
    wire, names = server.call(), [f"r{n}" for n in range(400)]
    value = names if field == "rooms" else dict.fromkeys(names, 1)
    wire.say(json.dumps({"type": "hello", "nick": "eve", field: value}, separators=(",", ":")).encode() + b"\n")
    server.turn()
    assert b'"too-many"' in wire.take()
    assert parsed == []
    end(server, wire)
