"""Connections without a nick: counted, and dropped at random when there are too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.doors.half_open import HalfOpen


class Connection:
    """Counts how often it is dropped."""

    def __init__(self) -> None:
        self.drops = 0

    def drop(self) -> None:
        self.drops += 1


def test_each_caller_over_the_cap_displaces_one() -> None:
    chosen: list[int] = []

    def choose(count: int) -> int:
        chosen.append(count)
        return 1

    connections = [Connection() for _ in range(5)]
    half_open = HalfOpen(3, choose)
    for connection in connections:
        half_open.add(connection)
    assert [connection.drops for connection in connections] == [0, 1, 0, 1, 0]
    assert chosen == [4, 4]
    assert set(half_open) == {connections[0], connections[2], connections[4]}


def test_any_caller_can_be_dropped_even_the_newcomer() -> None:
    half_open = HalfOpen(2, lambda count: count - 1)
    connections = [Connection() for _ in range(3)]
    for connection in connections:
        half_open.add(connection)
    assert [connection.drops for connection in connections] == [0, 0, 1]


def test_a_caller_with_a_nick_is_not_counted() -> None:
    half_open = HalfOpen(1, lambda count: 0)
    known, other = Connection(), Connection()
    half_open.add(known)
    half_open.discard(known)
    half_open.discard(known)
    half_open.add(other)
    assert known.drops == other.drops == 0
    assert len(half_open) == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9))))
def test_it_contains_exactly_the_callers_without_a_nick(steps: list[tuple[bool, int]]) -> None:
    half_open, connections, expected = HalfOpen(100), [Connection() for _ in range(10)], set()
    for comes, number in steps:
        connection = connections[number]
        if not comes:
            half_open.discard(connection)
            expected.discard(connection)
        elif connection not in expected:
            half_open.add(connection)
            expected.add(connection)
        assert set(half_open) == expected
        assert len(half_open) == len(expected)


@given(st.integers(1, 8), st.integers(0, 40))
def test_there_are_never_more_than_the_cap(most: int, count: int) -> None:
    half_open, connections = HalfOpen(most), [Connection() for _ in range(count)]
    for connection in connections:
        half_open.add(connection)
        assert len(half_open) <= most
    assert sum(connection.drops for connection in connections) == max(0, count - most)
    assert all(not connection.drops for connection in half_open if isinstance(connection, Connection))
