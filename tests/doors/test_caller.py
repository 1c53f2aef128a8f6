"""A caller without a door: this is the same for all doors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent

from chatd.core.events import Reason
from chatd.core.limits import CLOSE_SECONDS, INBOX_BYTES, LOGIN_SECONDS
from chatd.core.registry import Settings
from chatd.doors.caller import Caller
from tests.doors.wire import Wire, new_server


class Input:
    """The reading side of a door, open or shut."""

    paused = False

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False


class Call:
    """A caller on no door."""

    def __init__(self, clock: Clock, settings: Settings | None = None, began: float = 0.0) -> None:
        self.clock = clock
        self.server = new_server(clock, settings)
        self.wire, self.input = Wire(), Input()
        self.caller = Caller(self.server, self.wire, self.input, "192.0.2.7", began, self.server.text, is_secure=True)

    def received(self) -> str:
        self.clock.advance(0)
        return self.wire.take().decode()


@pytest.fixture
def call(clock: Clock) -> Iterator[Call]:
    call = Call(clock)
    yield call
    call.caller.on_connection_lost()
    clock.advance(1)


def test_a_line_is_executed_and_answered(call: Call) -> None:
    call.caller.take_line(b"ada")
    assert call.received().startswith("-- Hello ada.")
    call.caller.take_line(b"/nobody")
    assert call.received().startswith("!! There is no command /nobody.")


def test_another_codec_gets_a_new_talk(call: Call) -> None:
    talks = [call.caller.talk]
    for codec in (call.server.json, call.server.json, call.server.text):
        call.caller.use_codec(codec)
        talks.append(call.caller.talk)
        assert call.caller.talk.codec is codec
        assert call.caller.outlet.talk is call.caller.talk
    assert len(set(talks)) == len(talks)


def test_the_login_deadline_counts_from_connecting(clock: Clock) -> None:
    clock.advance(100)
    call = Call(clock, began=clock.seconds() - LOGIN_SECONDS + 1)
    clock.advance(0.9)
    assert call.caller.ended is None
    clock.advance(0.2)
    assert call.caller.ended is Reason.TIMED_OUT
    assert "give a nick in time" in call.received()
    call.caller.on_connection_lost()


def test_a_caller_with_a_nick_has_no_deadline(call: Call) -> None:
    call.caller.take_line(b"ada")
    call.clock.advance(LOGIN_SECONDS + 1)
    assert call.caller.ended is None


def test_a_defect_is_logged_once_and_ends_its_connection(
    call: Call, logged_errors: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("chatd.doors.caller.perform", fail)
    call.caller.take_line(b"ada")
    assert call.wire.aborted
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()


def test_a_late_defect_is_logged_with_its_traceback_and_ends_its_connection(call: Call, logged_errors: list[LogEvent]) -> None:
    def broken() -> None:
        raise ZeroDivisionError("late")

    call.caller.take_line(b"ada")
    try:
        broken()
    except ZeroDivisionError as error:
        late = error
    call.caller.fail(late)
    assert call.wire.aborted
    assert call.caller.ended is Reason.LINK_LOST
    [event] = logged_errors
    assert formatEvent(event) == "defect: a command of ada failed"
    assert "in broken" in event["log_failure"].getTraceback()
    logged_errors.clear()


def test_a_lost_caller_counts_no_more_whatever_fails(
    call: Call, logged_errors: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    call.caller.take_line(b"ada")
    monkeypatch.setattr("chatd.doors.caller.depart", fail)
    call.caller.on_connection_lost()
    assert len(call.server.registry.admission) == 0
    assert [formatEvent(event) for event in logged_errors] == ["defect: ada could not leave"]
    logged_errors.clear()


def test_a_defect_in_decoding_ends_its_connection(
    call: Call, logged_errors: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(call.caller.talk), "decode", fail)
    call.caller.take_line(b"ada")
    assert call.wire.aborted
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()


def test_a_caller_who_does_not_read_answers_is_not_read(call: Call) -> None:
    call.caller.take_line(b"ada")
    call.caller.outlet.put(b"x" * (INBOX_BYTES // 2))
    call.caller.take_line(b"/rooms")
    assert call.input.paused
    call.clock.advance(0)
    assert not call.input.paused


def test_a_connection_that_does_not_close_is_aborted(call: Call) -> None:
    call.caller.take_line(b"ada")
    call.caller.take_line(b"/quit")
    assert "Goodbye" in call.received()
    assert not call.wire.aborted
    call.clock.advance(CLOSE_SECONDS)
    assert call.wire.aborted


def test_nothing_refers_to_a_lost_caller(clock: Clock) -> None:
    call = Call(clock)
    call.caller.take_line(b"ada")
    call.caller.on_connection_lost()
    clock.advance(1)
    assert not call.server.sessions
    assert not tuple(call.server.registry.admission)
    assert call.caller.ended is Reason.LINK_LOST


def test_a_caller_over_the_limit_is_told_and_disconnected(clock: Clock) -> None:
    call = Call(clock, Settings(max_sessions=1))
    second = Caller(call.server, wire := Wire(), Input(), "192.0.2.8", 0, call.server.json, is_secure=True)
    clock.advance(0)
    assert b'"code":"server-full"' in wire.take()
    assert wire.closed
    second.on_connection_lost()
    call.caller.on_connection_lost()
