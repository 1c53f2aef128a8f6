"""The pace: how long the first message waits for others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from chatd.core.limits import (
    LEAVING_COMMITS,
    LEAVING_SECONDS,
    REST_DELIVERIES,
    REST_EVIDENCE,
    REST_EVIDENCE_SECONDS,
    REST_FACTOR,
    REST_FORGOTTEN_SECONDS,
    REST_READERS,
    REST_RUNS,
    REST_SECONDS,
)
from chatd.delivery.pace import Pace

WORK = 0.004
"""How long a run of the fan-out takes here, in seconds."""

PERIOD = WORK * (1 + REST_FACTOR)
"""How much time there should be from the beginning of a run to that of the next, in seconds."""


def run(
    clock: Clock, pace: Pace, seconds: float = WORK, messages: int = 1, readers: int = REST_READERS, deliveries: int = 1
) -> None:
    """Run the fan-out, which takes so long."""
    began = clock.seconds()
    clock.advance(seconds)
    pace.has_run(began, messages, readers, deliveries)


def runs(clock: Clock, pace: Pace, messages: int, period: float = PERIOD, number: int = REST_RUNS) -> None:
    """Run the fan-out several times, once in each ``period``, with so many messages each time."""
    for _ in range(number):
        run(clock, pace, messages=messages)
        clock.advance(period - WORK)


def wait(clock: Clock, gather: Callable[[Callable[[], None]], IDelayedCall]) -> float:
    """How long the next message waits, to a microsecond."""
    handled: list[float] = []
    wait = gather(lambda: handled.append(clock.seconds())).getTime() - clock.seconds()
    clock.advance(wait)
    assert handled == [clock.seconds()]
    return round(wait, 6)


def enough(clock: Clock, pace: Pace) -> int:
    """How many messages wait no longer; 0: none waits."""
    handled: list[float] = []
    number, call = 0, pace.gather(lambda: handled.append(clock.seconds()))
    while call.getTime() > clock.seconds():
        number += 1
        pace.add(1)
    clock.advance(0)
    pace.add(1)  # Which is too late.
    assert handled == [clock.seconds()]
    return number


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock)


def test_nothing_waits_without_much_work(clock: Clock, pace: Pace) -> None:
    assert (wait(clock, pace.gather), enough(clock, pace)) == (0, 0)
    for _ in range(REST_RUNS):
        run(clock, pace, messages=100, readers=REST_READERS - 1, deliveries=REST_DELIVERIES - 1)
        assert (wait(clock, pace.gather), enough(clock, pace)) == (0, 0)


def test_nothing_waits_after_a_single_run(clock: Clock, pace: Pace) -> None:
    run(clock, pace, messages=100)
    assert (wait(clock, pace.gather), enough(clock, pace)) == (0, 0)


@pytest.mark.parametrize(("readers", "deliveries"), [(REST_READERS, 1), (1, REST_DELIVERIES)])
def test_after_much_work_as_many_wait_as_arrive_in_a_multiple_of_its_time(
    clock: Clock, pace: Pace, readers: int, deliveries: int
) -> None:
    for _ in range(2):
        run(clock, pace, messages=3, readers=readers, deliveries=deliveries)
    expected = round(3 / WORK * PERIOD)
    assert wait(clock, pace.gather) == expected / 3 * WORK
    assert enough(clock, pace) == expected


@pytest.mark.parametrize(("messages", "expected"), [(1, 0), (2, 2), (3, 3), (4, 4)])
def test_a_single_message_waits_for_none(clock: Clock, pace: Pace, messages: int, expected: int) -> None:
    runs(clock, pace, messages)
    assert wait(clock, pace.gather) == (PERIOD if expected else 0.0)
    assert enough(clock, pace) == expected


def test_no_more_are_waited_for_than_arrive_in_the_longest_wait(clock: Clock, pace: Pace) -> None:
    for _ in range(3):
        run(clock, pace, seconds=0.1, messages=10)
    assert enough(clock, pace) == 1 + int(REST_SECONDS * 10 / 0.1)
    assert wait(clock, pace.gather) > REST_SECONDS
    for _ in range(REST_RUNS):
        run(clock, pace, seconds=0.1, messages=6)  # One in 17 ms.
    assert (wait(clock, pace.gather), enough(clock, pace)) == (0, 0)


def test_enough_messages_wait_no_longer(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 4)
    handled: list[float] = []
    pace.gather(lambda: handled.append(clock.seconds()))
    pace.add(1)
    clock.advance(REST_SECONDS / 3)
    pace.add(2)
    clock.advance(0)
    assert handled == []
    pace.add(2)
    clock.advance(0)
    assert handled == [clock.seconds()]
    pace.add(4)  # Which is too late.
    clock.advance(REST_SECONDS)
    assert len(handled) == 1


def test_a_run_that_was_disturbed_changes_nothing(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 3)
    run(clock, pace, seconds=REST_SECONDS, messages=3)
    assert enough(clock, pace) <= 4  # 12, if it were the only one.


def test_after_a_pause_messages_are_sent_at_once_until_there_are_many_again(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 3)
    clock.advance(REST_FORGOTTEN_SECONDS)
    assert wait(clock, pace.gather) == 0
    run(clock, pace, messages=3)
    assert wait(clock, pace.gather) == 0
    run(clock, pace, messages=3)
    assert wait(clock, pace.gather) > 0


def test_a_run_with_little_work_changes_nothing(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 3)
    run(clock, pace, seconds=0, readers=1)
    assert enough(clock, pace) == 3


def test_what_arrives_while_others_are_stored_waits_for_the_fan_out_too(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 3)
    assert wait(clock, pace.gather) == PERIOD
    assert wait(clock, pace.gather) == PERIOD + WORK
    run(clock, pace, messages=9)
    assert wait(clock, pace.gather) > 0


# -- Where nobody says more before they hear others ------------------------------------------------


MANY = 2 * REST_EVIDENCE
"""How many messages are said there."""


def say_and_listen(clock: Clock, pace: Pace, messages: int = MANY, last: float = 0.4) -> float:
    """Say so many messages, the last of them in that part of the longest wait, and run the fan-out
    for them. Returns how long the first has waited, in seconds."""
    handled: list[float] = []
    first = clock.seconds()
    longest = pace.gather(lambda: handled.append(clock.seconds())).getTime() - first
    pace.add(messages - 1)
    clock.advance(longest * last)
    pace.add(1)
    clock.advance(0)
    if not handled:
        clock.advance(longest * (1 - last))
    run(clock, pace, messages=messages)
    return handled[0] - first


def expects(clock: Clock, pace: Pace) -> int:
    """How many messages are enough after runs that had more to send."""
    runs(clock, pace, 2 * MANY, period=PERIOD)
    return enough(clock, pace)


def test_what_has_waited_in_vain_does_not_again(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 2 * MANY)
    first = say_and_listen(clock, pace)
    second = say_and_listen(clock, pace)
    assert second < first / 2


@pytest.mark.parametrize(("messages", "last"), [(REST_EVIDENCE - 1, 0.4), (MANY, 0.6), (2 * MANY, 0.4)])
def test_nothing_is_learnt_from_few_messages_or_one_that_comes_late_or_enough_of_them(
    clock: Clock, pace: Pace, messages: int, last: float
) -> None:
    runs(clock, pace, 2 * MANY)
    say_and_listen(clock, pace, messages, last)
    assert expects(clock, pace) >= 2 * MANY


def test_it_is_forgotten_soon(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 2 * MANY)
    say_and_listen(clock, pace)
    assert expects(clock, pace) == MANY
    clock.advance(REST_EVIDENCE_SECONDS)
    assert expects(clock, pace) >= 2 * MANY


def test_it_is_forgotten_when_more_come(clock: Clock, pace: Pace) -> None:
    runs(clock, pace, 2 * MANY)
    say_and_listen(clock, pace)
    assert expects(clock, pace) == MANY
    pace.gather(lambda: None)
    pace.add(MANY + 1)
    clock.advance(0)
    assert expects(clock, pace) >= 2 * MANY


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
    assert wait(clock, busy.gather_leavings) == LEAVING_SECONDS


def test_leavings_do_not_wait_if_little_happens(clock: Clock, busy: Pace) -> None:
    clock.advance(LEAVING_SECONDS)
    assert wait(clock, busy.gather_leavings) == 0
