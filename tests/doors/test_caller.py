"""A caller, apart from any door: what goes through it is the same on all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from chatd.core import actions
from chatd.core.events import Reason
from chatd.core.limits import CLOSE_SECONDS, INBOX_BYTES, LOGIN_SECONDS
from chatd.core.log import MemoryStore
from chatd.core.registry import Registry, Settings
from chatd.delivery.fanout import Fanout
from chatd.doors.caller import Caller
from chatd.doors.line import ChatFactory
from chatd.testing import StandingClock
from tests.doors.wire import Wire


class Valve:
    """The reading side of a door, open or shut."""

    paused = False

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False


class Call:
    """A caller on no door."""

    def __init__(self, clock: Clock, settings: Settings | None = None, began: float | None = None) -> None:
        self.clock = clock
        fanout = Fanout(clock)
        self.factory = ChatFactory(
            Registry(settings or Settings(), MemoryStore("log"), StandingClock(), fanout.news), fanout, clock
        )
        self.wire, self.valve = Wire(), Valve()
        self.caller = Caller(self.factory, self.wire, self.valve, "192.0.2.7", self.factory.text, began)
        self.caller.use_codec(self.factory.text)

    def heard(self) -> str:
        self.clock.advance(0)
        return self.wire.take().decode()


@pytest.fixture
def call(clock: Clock) -> Iterator[Call]:
    call = Call(clock)
    yield call
    call.caller.gone()
    clock.advance(1)


def test_a_line_is_done_and_answered(call: Call) -> None:
    call.caller.take_line(b"ada")
    assert call.heard().startswith("-- Hello ada.")
    call.caller.take_line(b"/nobody")
    assert call.heard().startswith("!! There is no command /nobody.")


def test_the_time_to_log_in_runs_from_connecting(clock: Clock) -> None:
    clock.advance(100)
    call = Call(clock, began=clock.seconds() - LOGIN_SECONDS + 1)
    clock.advance(0.9)
    assert call.caller.ended is None
    clock.advance(0.2)
    assert call.caller.ended is Reason.TIMED_OUT
    assert "give a nick in time" in call.heard()
    call.caller.gone()


def test_who_has_a_nick_has_all_the_time(call: Call) -> None:
    call.caller.take_line(b"ada")
    call.clock.advance(LOGIN_SECONDS + 1)
    assert call.caller.ended is None


def test_a_defect_is_logged_once_and_costs_this_connection(
    call: Call, logged_errors: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(actions, "perform", fail)
    call.caller.take_line(b"ada")
    assert call.wire.aborted
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()


def test_whoever_does_not_read_their_answers_is_not_read_from(call: Call) -> None:
    call.caller.take_line(b"ada")
    call.caller.outlet.put(b"x" * (INBOX_BYTES // 2))
    call.caller.take_line(b"/rooms")
    assert call.valve.paused
    call.clock.advance(0)
    assert not call.valve.paused


def test_what_does_not_end_is_cut(call: Call) -> None:
    call.caller.take_line(b"ada")
    call.caller.take_line(b"/quit")
    assert "Goodbye" in call.heard()
    assert not call.wire.aborted
    call.clock.advance(CLOSE_SECONDS)
    assert call.wire.aborted


def test_nothing_refers_to_who_is_gone(clock: Clock) -> None:
    call = Call(clock)
    call.caller.take_line(b"ada")
    call.caller.gone()
    clock.advance(1)
    assert not call.factory.callers
    assert not call.factory.registry.connections()
    assert call.caller.ended is Reason.LINK_LOST


def test_one_too_many_is_told_and_let_go(clock: Clock) -> None:
    call = Call(clock, Settings(max_sessions=1))
    second = Caller(call.factory, wire := Wire(), Valve(), "192.0.2.8", call.factory.text)
    second.use_codec(call.factory.json)
    clock.advance(0)
    assert b'"code":"server-full"' in wire.take()
    assert wire.closed
    second.gone()
    call.caller.gone()
