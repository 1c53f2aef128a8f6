"""The parts of the service that the conversations with the real daemon do not test."""

from __future__ import annotations

from twisted.internet.task import Clock, LoopingCall
from twisted.logger import LogEvent

from chatd.service import _log_failure


def test_a_periodic_call_continues_after_a_defect(logged_errors: list[LogEvent]) -> None:
    done: list[int] = []

    def work() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise ZeroDivisionError

    calls = LoopingCall(_log_failure, work)
    calls.clock = clock = Clock()
    calls.start(5)
    clock.advance(5)
    calls.stop()
    assert done == [0, 1]
    [error] = logged_errors
    assert error["log_failure"].check(ZeroDivisionError)
    logged_errors.clear()
