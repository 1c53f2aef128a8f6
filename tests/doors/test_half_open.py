"""Callers without a nick: counted, and shed at random when they are too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.doors.half_open import HalfOpen


class Caller:
    """Counts how often it is shed."""

    def __init__(self) -> None:
        self.shed_count = 0

    def shed(self) -> None:
        self.shed_count += 1


def test_beyond_the_cap_the_chosen_one_goes_for_each_who_comes() -> None:
    chosen: list[int] = []

    def choose(count: int) -> int:
        chosen.append(count)
        return 1

    callers = [Caller() for _ in range(5)]
    half_open = HalfOpen(3, choose)
    for caller in callers:
        half_open.add(caller)
    assert [caller.shed_count for caller in callers] == [0, 1, 0, 1, 0]
    assert chosen == [4, 4]
    assert set(half_open) == {callers[0], callers[2], callers[4]}


def test_everybody_can_be_hit_the_newcomer_included() -> None:
    half_open = HalfOpen(2, lambda count: count - 1)
    callers = [Caller() for _ in range(3)]
    for caller in callers:
        half_open.add(caller)
    assert [caller.shed_count for caller in callers] == [0, 0, 1]


def test_who_has_a_nick_is_counted_no_longer() -> None:
    half_open = HalfOpen(1, lambda count: 0)
    known, other = Caller(), Caller()
    half_open.add(known)
    half_open.discard(known)
    half_open.discard(known)
    half_open.add(other)
    assert known.shed_count == other.shed_count == 0
    assert len(half_open) == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9))))
def test_it_holds_whom_it_should_whoever_comes_and_goes(steps: list[tuple[bool, int]]) -> None:
    half_open, callers, expected = HalfOpen(100), [Caller() for _ in range(10)], set()
    for comes, number in steps:
        caller = callers[number]
        if not comes:
            half_open.discard(caller)
            expected.discard(caller)
        elif caller not in expected:
            half_open.add(caller)
            expected.add(caller)
        assert set(half_open) == expected
        assert len(half_open) == len(expected)


@given(st.integers(1, 8), st.integers(0, 40))
def test_there_are_never_more_than_the_cap(most: int, count: int) -> None:
    half_open, callers = HalfOpen(most), [Caller() for _ in range(count)]
    for caller in callers:
        half_open.add(caller)
        assert len(half_open) <= most
    assert sum(caller.shed_count for caller in callers) == max(0, count - most)
    assert all(not caller.shed_count for caller in half_open if isinstance(caller, Caller))
