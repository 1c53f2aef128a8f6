"""Flood control: a burst passes, then the rate holds, and nobody waits forever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.flood import Bucket
from chatd.core.limits import FLOOD_BURST, FLOOD_RATE

RATES = st.floats(0.1, 1000)
BURSTS = st.integers(1, 100)
PAUSES = st.lists(st.floats(0, 30), min_size=1, max_size=200)


def test_thirty_lines_can_be_pasted() -> None:
    bucket = Bucket(FLOOD_RATE, FLOOD_BURST, now=5.0)
    assert [bucket.wait(5.0) for _ in range(30)] == [0.0] * 30


def test_after_the_burst_lines_wait_for_the_rate() -> None:
    bucket = Bucket(rate=10.0, burst=2, now=0.0)
    assert [bucket.wait(0.0), bucket.wait(0.0)] == [0.0, 0.0]
    assert bucket.wait(0.0) == pytest.approx(0.1)
    assert bucket.wait(0.04) == pytest.approx(0.06)
    assert bucket.wait(0.1001) == 0.0
    assert bucket.wait(0.1001) == pytest.approx(0.1, abs=0.001)


def test_a_pause_restores_the_burst_and_no_more() -> None:
    bucket = Bucket(rate=10.0, burst=4, now=0.0)
    for _ in range(4):
        bucket.wait(0.0)
    assert not bucket.is_half_full
    assert [bucket.wait(3600.0) > 0 for _ in range(5)] == [False, False, False, False, True]


def test_it_is_half_full_when_half_of_the_burst_is_available() -> None:
    bucket = Bucket(rate=1.0, burst=4, now=0.0)
    assert bucket.is_half_full
    for now, full in [(0.0, True), (0.0, True), (0.0, False), (1.0, False), (3.0, True)]:
        assert bucket.wait(now) == 0.0
        assert bucket.is_half_full is full


def test_a_rate_of_0_means_no_limit() -> None:
    bucket = Bucket(rate=0.0, burst=1, now=0.0)
    assert [bucket.wait(0.0) for _ in range(1000)] == [0.0] * 1000
    assert bucket.rate == 0.0


@given(RATES, BURSTS, PAUSES)
def test_no_more_than_the_burst_and_the_rate_are_accepted(rate: float, burst: int, pauses: list[float]) -> None:
    bucket, now, accepted = Bucket(rate, burst, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        accepted += bucket.wait(now) == 0.0
        assert accepted <= burst + rate * now + 1e-6


@given(RATES, BURSTS, PAUSES)
def test_waiting_as_long_as_required_is_enough(rate: float, burst: int, pauses: list[float]) -> None:
    bucket, now = Bucket(rate, burst, 0.0), 0.0
    for pause in pauses:
        now += pause
        wait = bucket.wait(now)
        assert 0.0 <= wait <= 1 / rate
        if wait:
            now += wait + 1e-6
            assert bucket.wait(now) == 0.0
