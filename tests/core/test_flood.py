"""Flood control: a burst passes, then the rate holds, and nobody waits forever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.flood import AddressBudget, AddressBudgets, Bucket
from chatd.core.limits import ADDRESS_PEAK, ADDRESS_RATE, ADDRESS_SECONDS, FLOOD_BURST, FLOOD_RATE, TURN_LINES

RATES = st.floats(0.1, 1000)
BURSTS = st.integers(1, 100)
PAUSES = st.lists(st.floats(0, 30), min_size=1, max_size=200)


def take(bucket: Bucket, now: float, lines: float = 1.0) -> float:
    """How long the next line must wait; it is taken if it need not."""
    wait = bucket.wait(now)
    if not wait:
        bucket.spend(lines)
    return wait


# -- A bucket --------------------------------------------------------------------------------------


def test_a_paste_of_thirty_lines_passes() -> None:
    bucket = Bucket(FLOOD_RATE, FLOOD_BURST, now=5.0)
    assert [take(bucket, 5.0) for _ in range(30)] == [0.0] * 30


@given(RATES, BURSTS, PAUSES)
def test_so_many_lines_at_once_need_not_wait(rate: float, burst: int, pauses: list[float]) -> None:
    now = 0.0
    for bucket in (Bucket(rate, burst, now), AddressBudget(rate, burst, now)):
        for pause in pauses[:9]:
            now += pause
            lines = bucket.lines(now)
            assert [bool(take(bucket, now)) for _ in range(lines + 1)] == [False] * lines + [True]


def test_after_the_burst_lines_wait_for_the_rate() -> None:
    bucket = Bucket(rate=10.0, burst=2, now=0.0)
    assert [take(bucket, 0.0), take(bucket, 0.0)] == [0.0, 0.0]
    assert take(bucket, 0.0) == pytest.approx(0.1)
    assert take(bucket, 0.04) == pytest.approx(0.06)
    assert take(bucket, 0.1001) == 0.0
    assert take(bucket, 0.1001) == pytest.approx(0.1, abs=0.001)


def test_after_a_rest_the_burst_is_there_again_and_no_more() -> None:
    bucket = Bucket(rate=10.0, burst=4, now=0.0)
    assert bucket.is_full(0.0)
    for _ in range(4):
        take(bucket, 0.0)
    assert not bucket.is_half_full
    assert not bucket.is_full(0.1)
    assert bucket.is_full(0.4)
    assert [take(bucket, 3600.0) > 0 for _ in range(5)] == [False, False, False, False, True]


def test_it_is_half_full_when_half_of_the_burst_is_available() -> None:
    bucket = Bucket(rate=1.0, burst=4, now=0.0)
    assert bucket.is_half_full
    for now, full in [(0.0, True), (0.0, True), (0.0, False), (1.0, False), (3.0, True)]:
        assert take(bucket, now) == 0.0
        assert bucket.is_half_full is full


def test_a_debt_is_paid_before_the_next_line() -> None:
    bucket = Bucket(rate=10.0, burst=2, now=0.0)
    assert take(bucket, 0.0, lines=21) == 0.0
    assert bucket.wait(0.0) == pytest.approx(2.0)
    assert bucket.wait(1.0) == pytest.approx(1.0)
    assert take(bucket, 2.0) == 0.0


@given(RATES, BURSTS, PAUSES)
def test_no_more_than_the_burst_and_the_rate_are_accepted(rate: float, burst: int, pauses: list[float]) -> None:
    bucket, now, accepted = Bucket(rate, burst, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        accepted += take(bucket, now) == 0.0
        assert accepted <= burst + rate * now + 1e-6


@given(RATES, BURSTS, PAUSES)
def test_a_line_that_has_waited_as_told_is_taken(rate: float, burst: int, pauses: list[float]) -> None:
    bucket, now = Bucket(rate, burst, 0.0), 0.0
    for pause in pauses:
        now += pause
        wait = take(bucket, now)
        assert 0.0 <= wait <= 1 / rate
        if wait:
            now += wait + 1e-6
            assert take(bucket, now) == 0.0


# -- Addresses -------------------------------------------------------------------------------------


def test_an_address_spends_its_burst_in_parts_with_time_for_others_between() -> None:
    budget, now, spent = AddressBudget(ADDRESS_RATE, ADDRESS_RATE * ADDRESS_SECONDS, 0.0), 0.0, list[tuple[float, int]]()
    while now < 2 * ADDRESS_SECONDS:
        wait = take(budget, now)
        now += wait
        spent += [] if wait else [(now, 1)]
    for start in (0.0, 0.5, 1.0, 5.0):
        for span in (0.001, 0.01, 0.1, 1.0):
            in_span = sum(lines for time, lines in spent if start <= time < start + span)
            assert in_span <= TURN_LINES + ADDRESS_PEAK * span + 1
    assert len(spent) == pytest.approx(ADDRESS_RATE * 3 * ADDRESS_SECONDS, rel=0.01)


def test_a_rate_beyond_the_peak_is_not_slowed() -> None:
    budget = AddressBudget(2 * ADDRESS_PEAK, 1e6, 0.0)
    assert [take(budget, 0.0, TURN_LINES), budget.wait(TURN_LINES / ADDRESS_PEAK / 2)] == [0.0, 0.0]


def test_an_address_has_one_bucket_and_coming_again_does_not_refill_it() -> None:
    budgets = AddressBudgets(rate=10.0, seconds=2.0)
    bucket = budgets.of("2001:db8::1", 0.0)
    assert bucket is not None
    assert (bucket.rate, bucket.burst) == (10.0, 20.0)
    bucket.spend(50)
    assert budgets.of("2001:db8::2", 1.0) is bucket
    assert budgets.of("2001:db8:0:1::1", 1.0) is not bucket


@pytest.mark.parametrize(("rate", "address"), [(0.0, "192.0.2.1"), (10.0, "this machine")])
def test_where_there_is_no_limit_there_is_no_bucket(rate: float, address: str) -> None:
    budgets = AddressBudgets(rate, seconds=2.0)
    assert budgets.of(address, 0.0) is None
    assert len(budgets) == 0


def test_so_many_addresses_are_known_and_those_that_owe_something_longest() -> None:
    budgets = AddressBudgets(rate=10.0, seconds=1.0, limit=3)
    owing = [budgets.of(f"192.0.2.{n}", 0.0) for n in range(3)]
    for bucket in owing[:2]:
        assert bucket is not None
        bucket.spend(100)
    budgets.of("192.0.2.9", 1.0)
    assert [budgets.of(f"192.0.2.{n}", 1.0) is owing[n] for n in range(2)] == [True, True]
    assert len(budgets) == 3
    for n in (3, 4, 5):
        bucket = budgets.of(f"192.0.2.{n}", 1.0)
        assert bucket is not None
        bucket.spend(100)
        assert len(budgets) <= 3


def test_work_is_charged_to_an_address() -> None:
    budgets = AddressBudgets(10, 1)
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "", ""):
        budgets.spend(address, 7, 0.0)
    buckets = [budgets.of(address, 0.0) for address in ("192.0.2.1", "192.0.2.2", "")]
    waits = [bucket and bucket.wait(0.0) for bucket in buckets]
    assert waits == [pytest.approx(0.5), 0.0, None], "a Unix socket has no address"


def test_a_budget_is_spent_when_nothing_of_its_burst_is_left() -> None:
    budget = AddressBudget(100.0, 200, 0.0)
    budget.spend(100)
    assert budget.wait(0.0) > 0, "others are served in between"
    assert not budget.is_spent
    budget.spend(200)
    assert budget.wait(0.0) > 0
    assert budget.is_spent
