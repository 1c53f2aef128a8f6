"""Fair work."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from chatd.core.limits import SCREEN_WORK_SECONDS
from chatd.doors.fair import FairClock, FairWork


class Turns:
    """A clock whose calls are made one turn at a time."""

    def __init__(self) -> None:
        self.rightNow = 0.0
        self.calls: list[Any] = []

    def seconds(self) -> float:
        return self.rightNow

    def callLater(self, delay: float, call: Any) -> None:
        self.calls.append(call)

    def advance(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def test_work_is_done_in_turns() -> None:
    clock: Any = Turns()
    work, done = FairWork(clock), list[int]()

    def piece(number: int) -> None:
        done.append(number)
        clock.rightNow += SCREEN_WORK_SECONDS / 2

    for number in range(5):
        work.add(lambda number=number: piece(number))  # type: ignore[misc]
    assert done == []
    clock.advance()
    assert done == [0, 1]
    clock.advance()
    assert done == [0, 1, 2, 3]
    clock.advance()
    assert done == [0, 1, 2, 3, 4]
    assert clock.calls == []


def test_a_call_of_a_screen_is_charged_and_its_defect_is_its_own() -> None:
    clock = Clock()
    spent: list[float] = []
    failed: list[Exception] = []
    done: list[str] = []
    fair = FairClock(clock, FairWork(clock), spent.append, failed.append)

    def slow(text: str) -> None:
        clock.rightNow += 1
        done.append(text)

    call = fair.callLater(2, slow, "a")
    fair.callLater(2, lambda: 1 / 0)
    fair.callLater(9, slow, text="b")
    dropped = fair.callLater(2, slow, "dropped")
    assert call.active()
    dropped.cancel()
    assert not dropped.active()
    clock.advance(2)
    clock.advance(0)
    clock.advance(0)
    assert done == ["a"]
    clock.advance(6)
    clock.advance(0)
    assert done == ["a", "b"]
    assert spent == [1, 0, 1]
    assert [type(error) for error in failed] == [ZeroDivisionError]
    assert fair.getDelayedCalls() == []
    assert not clock.getDelayedCalls()


def test_a_call_can_be_cancelled_while_it_waits_for_its_turn() -> None:
    clock = Clock()
    done: list[str] = []
    fair = FairClock(clock, FairWork(clock), lambda seconds: None, lambda error: None)
    first = fair.callLater(0, lambda: second.cancel())
    second = fair.callLater(0, done.append, "never")
    clock.advance(0)
    clock.advance(0)
    assert (first.active(), done) == (False, [])
