"""The pace: how long the first message waits for others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from chatd.core.limits import LEAVING_COMMITS, LEAVING_SECONDS, REST_DELIVERIES, REST_FACTOR, REST_READERS, REST_SECONDS
from chatd.delivery.pace import Pace

WORK = 0.004
"""How long a run of the fan-out takes here, in seconds."""

REST = WORK * REST_FACTOR
"""How long the next message waits then."""


def run(
    clock: Clock, pace: Pace, seconds: float = WORK, messages: int = 1, readers: int = REST_READERS, deliveries: int = 1
) -> None:
    """Run the fan-out, which takes so long."""
    began = clock.seconds()
    clock.advance(seconds)
    pace.has_run(began, messages, readers, deliveries)


def wait(clock: Clock, gather: Callable[[Callable[[], None]], IDelayedCall]) -> float:
    """How long the next message waits."""
    handled: list[float] = []
    arrived = clock.seconds()
    call = gather(lambda: handled.append(clock.seconds()))
    wait = call.getTime() - arrived
    clock.advance(wait)
    assert handled == [clock.seconds()]
    return wait


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """One after a run with much work."""
    pace = Pace(clock)
    run(clock, pace)
    return pace


def test_nothing_waits_after_a_pause(clock: Clock, pace: Pace) -> None:
    assert wait(clock, Pace(clock).gather) == 0
    run(clock, pace)
    clock.advance(REST)
    assert wait(clock, pace.gather) == 0


def test_nothing_waits_after_little_work(clock: Clock) -> None:
    pace = Pace(clock)
    for _ in range(3):
        run(clock, pace, readers=REST_READERS - 1, deliveries=REST_DELIVERIES - 1)
        assert wait(clock, pace.gather) == 0


@pytest.mark.parametrize(("readers", "deliveries"), [(REST_READERS, 1), (1, REST_DELIVERIES)])
def test_after_much_work_a_message_waits_for_a_multiple_of_its_duration(
    clock: Clock, pace: Pace, readers: int, deliveries: int
) -> None:
    run(clock, pace, readers=readers, deliveries=deliveries)
    assert wait(clock, pace.gather) == pytest.approx(REST)


def test_waiting_has_a_maximum(clock: Clock, pace: Pace) -> None:
    run(clock, pace, seconds=3)
    assert wait(clock, pace.gather) == pytest.approx(REST_SECONDS)
    assert wait(clock, pace.gather) == pytest.approx(2 * REST_SECONDS)


@pytest.mark.parametrize(("messages", "seconds"), [(1, 0), (3, REST)])
def test_messages_wait_only_if_others_arrive_meanwhile(clock: Clock, pace: Pace, messages: int, seconds: float) -> None:
    clock.advance(REST)
    run(clock, pace, messages=messages)
    assert wait(clock, pace.gather) == pytest.approx(seconds)


def test_a_run_with_little_work_changes_nothing(clock: Clock, pace: Pace) -> None:
    run(clock, pace)
    run(clock, pace, seconds=0, readers=1)
    assert wait(clock, pace.gather) == pytest.approx(REST)


def test_what_arrives_while_others_are_stored_waits_for_the_fan_out_too(clock: Clock, pace: Pace) -> None:
    run(clock, pace)
    assert wait(clock, pace.gather) == pytest.approx(REST)
    assert wait(clock, pace.gather) == pytest.approx(REST + WORK)
    run(clock, pace, messages=9)
    assert wait(clock, pace.gather) == pytest.approx(REST)


# -- Leavings --------------------------------------------------------------------------------------


@pytest.fixture
def busy(clock: Clock) -> Pace:
    """One that has handled as much lately as makes leavings wait."""
    pace = Pace(clock)
    for _ in range(LEAVING_COMMITS):
        wait(clock, pace.gather)
        clock.advance(LEAVING_SECONDS * 0.95)
    return pace


def test_leavings_wait_for_something_else_that_comes_soon(clock: Clock, busy: Pace) -> None:
    handled: list[str] = []
    busy.gather_leavings(lambda: handled.append("leavings"))
    clock.advance(LEAVING_SECONDS / 2)
    assert handled == []
    busy.gather(lambda: handled.append("all"))
    clock.advance(LEAVING_SECONDS)
    assert handled == ["all"]


def test_leavings_do_not_wait_for_ever(clock: Clock, busy: Pace) -> None:
    assert wait(clock, busy.gather_leavings) == pytest.approx(LEAVING_SECONDS)


def test_leavings_do_not_wait_if_little_happens(clock: Clock, busy: Pace) -> None:
    clock.advance(LEAVING_SECONDS)
    assert wait(clock, busy.gather_leavings) == 0
