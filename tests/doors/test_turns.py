"""The connections of an address that owes something take turns, and each is woken once."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chatd.core.flood import AddressBudget, Bucket
from chatd.core.limits import TURN_LINES, WAITING, WAITING_BYTES
from chatd.core.registry import Settings
from chatd.doors.catalogue import IRC, TLS, DoorOptions
from chatd.doors.turns import Turns
from tests.doors.wire import RunningServer, Wire

HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
CLOSED = b'{"type": "hello", "nick": "eve"}\n'


def in_debt(clock: Clock, lines: float = 10.0) -> Bucket:
    budget = Bucket(1.0, 5.0, clock.seconds())
    budget.spend(5.0 + lines)
    return budget


def owing(clock: Clock, max_per_address: int = 0) -> RunningServer:
    """A server to which the address of the test owes a second of work."""
    server = RunningServer(clock, Settings(max_per_address=max_per_address))
    owe(server)
    return server


def owe(server: RunningServer) -> None:
    budget = server.shared.budgets.of("192.0.2.1", server.clock.seconds())
    assert budget is not None
    budget.spend(budget._level + 1000)


def test_who_owes_nothing_does_not_wait(clock: Clock) -> None:
    turns = Turns(clock)
    assert turns.wait(None, lambda: None) is None
    assert turns.wait(Bucket(1.0, 5.0, 0.0), lambda: None) is None
    clock.advance(0)
    assert not clock.getDelayedCalls()


def test_each_is_woken_once_and_in_order_when_the_one_before_has_paid(clock: Clock) -> None:
    turns, budget, woken = Turns(clock), in_debt(clock), list[int]()

    def wake(number: int) -> None:
        woken.append(number)
        budget.spend(1)

    for number in range(50):
        assert turns.wait(budget, lambda number=number: wake(number)) is not None  # type: ignore[misc]
    clock.advance(0)
    assert len(clock.getDelayedCalls()) == 1
    clock.pump([0.5] * 22)
    assert woken == [0]
    clock.pump([0.5] * 98)
    assert woken == list(range(50))
    assert not clock.getDelayedCalls()
    assert turns.waiting(budget) == 0


def test_who_leaves_is_not_woken_and_costs_nobody_a_turn(clock: Clock) -> None:
    turns, budget, woken = Turns(clock), in_debt(clock), list[str]()
    first = turns.wait(budget, lambda: woken.append("first"))
    second = turns.wait(budget, lambda: woken.append("second"))
    assert first is not None
    assert second is not None
    first.cancel()
    clock.advance(11)
    assert woken == ["second"]
    second.cancel()
    last = turns.wait(in_debt(clock), lambda: woken.append("last"))
    assert last is not None
    last.cancel()
    clock.advance(0)
    assert not clock.getDelayedCalls()


def test_a_turn_that_takes_long_allows_no_more_work(clock: Clock) -> None:
    turns, budget, woken = Turns(clock), AddressBudget(1000.0, 5000.0, clock.seconds()), list[int]()

    def wake(number: int) -> None:
        woken.append(number)
        budget.spend(TURN_LINES)
        clock.rightNow += 1.0

    budget.spend(TURN_LINES)
    for number in range(3):
        turns.wait(budget, lambda number=number: wake(number))  # type: ignore[misc]
    counts = []
    for _ in range(4):
        clock.advance(1.0)
        counts.append(len(woken))
    assert counts == [1, 2, 3, 3]


def test_a_defect_keeps_nobody_else_waiting(clock: Clock) -> None:
    turns, budget, woken = Turns(clock), in_debt(clock), list[str]()
    turns.wait(budget, lambda: 1 / 0)
    turns.wait(budget, lambda: woken.append("second"))
    with pytest.raises(ZeroDivisionError):
        clock.advance(11)
    clock.advance(0)
    assert woken == ["second"]


# -- At the front


def test_a_connection_too_many_is_refused_at_once_though_its_address_owes(clock: Clock) -> None:
    server = owing(clock, max_per_address=2)
    wires = [server.call() for _ in range(50)]
    for wire in wires:
        wire.say(CLOSED)
    assert [wire.closed for wire in wires] == [False] * 2 + [True] * 48
    assert b"server-full" in wires[-1].take()
    budget = server.shared.budgets.of("192.0.2.1", clock.seconds())
    assert budget is not None
    assert server.shared.turns.waiting(budget) == 2
    lose(server, wires)


def test_only_so_many_wait(clock: Clock) -> None:
    server = owing(clock)
    wires = [server.call() for _ in range(WAITING + 50)]
    for wire in wires:
        wire.say(CLOSED)
    assert [wire.aborted for wire in wires] == [False] * WAITING + [True] * 50
    lose(server, wires)


def test_who_comes_in_a_crowd_within_the_budget_is_not_dropped(clock: Clock) -> None:
    server = RunningServer(clock, Settings(max_per_address=0))
    wires = [server.call() for _ in range(2 * WAITING)]
    for number, wire in enumerate(wires):
        wire.say(b'{"type": "hello", "nick": "p%d", "rooms": []}\n' % number)
    clock.pump([0.01] * 200)
    assert [b'"welcome"' in wire.take() for wire in wires] == [True] * len(wires)
    lose(server, wires)


@pytest.mark.parametrize("opening", [HELLO, b"GET / HTTP/1.1\r\n\r\n"], ids=["tls", "web"])
def test_who_hangs_up_while_waiting_is_seen_to(clock: Clock, opening: bytes) -> None:
    server = owing(clock)
    server.record(TLS)
    wire = server.call()
    wire.say(opening)
    assert not wire.paused
    wire.hang_up()
    assert wire.closed
    lose(server, [wire])


def test_who_sends_nothing_more_still_gets_all_answers(clock: Clock) -> None:
    server = owing(clock)
    wire = server.call()
    wire.say(CLOSED + b'{"type": "ping"}\n')
    wire.hang_up()
    assert wire.open
    clock.pump([0.1] * 30)
    wire.hang_up()  # The transport sees the end again, since the front has resumed it.
    clock.pump([0.1] * 30)
    written = wire.take()
    assert b'"entered"' in written
    assert b'"pong"' in written
    assert wire.closed
    lose(server, [wire])


def test_an_irc_client_that_sends_nothing_more_has_its_turn(clock: Clock) -> None:
    server = RunningServer(clock, Settings(), DoorOptions([IRC]))
    owe(server)
    wire = server.call()
    wire.say(b"NICK ada\r\nUSER ada 0 * :Ada\r\n")
    wire.hang_up()
    clock.pump([0.1] * 30)
    assert b" 001 ada " in wire.take()
    lose(server, [wire])


def test_what_comes_while_waiting_is_kept_in_order_and_schedules_nothing(clock: Clock) -> None:
    server = owing(clock)
    wire = server.call()
    timers = len(clock.getDelayedCalls())
    wire.say(CLOSED, step=7)
    for number in range(10):
        wire.say(b'{"type": "ping", "id": "%d"}\n' % number)
    server.turn()
    assert len(clock.getDelayedCalls()) == timers + 1
    clock.pump([0.1] * 60)
    pongs = [line for line in wire.take().splitlines() if b'"pong"' in line]
    assert [b'"id":"%d"' % n in pongs[n] for n in range(10)] == [True] * 10
    lose(server, [wire])


def test_who_waits_is_read_only_so_far(clock: Clock) -> None:
    server = owing(clock)
    wire = server.call()
    wire.say(CLOSED)
    while not wire.paused:
        wire.say(b" " * 1024)
    assert len(wire.protocol._buffer) <= WAITING_BYTES + 1024
    lose(server, [wire])


# -- Callers


def test_a_school_takes_turns_and_nobody_is_woken_in_vain(clock: Clock) -> None:
    server = RunningServer(clock, Settings(max_per_address=0))
    wires = [server.call() for _ in range(50)]
    for number, wire in enumerate(wires):
        wire.say(b'{"type": "hello", "nick": "p%d"}\n' % number)
    clock.pump([0.1] * 20)
    owe(server)
    reads = 0
    for wire in wires:
        wire.take()
        resume = wire.resumeProducing

        def counting(resume=resume) -> None:  # type: ignore[no-untyped-def]
            nonlocal reads
            reads += 1
            resume()

        wire.resumeProducing = counting  # type: ignore[method-assign]
        wire.say(b'{"type": "ping"}\n' * 5)
    clock.pump([0.001] * 3000)
    assert [wire.take().count(b'"pong"') for wire in wires] == [5] * 50
    assert reads <= 5 * 50
    lose(server, wires)


def lose(server: RunningServer, wires: list[Wire]) -> None:
    for wire in wires:
        wire.lose()
    server.clock.pump([0] * 3)
    assert not len(server.shared.half_open)
    assert not len(server.registry.admission)
