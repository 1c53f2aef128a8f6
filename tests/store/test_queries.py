"""Rows and queries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.events import Event, Joined, Left, Reason, Renamed, RetentionSet, Said, TopicSet
from chatd.store import database, queries

SEQS = st.integers(1, 2**queries.SEQ_BITS - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
HEADS = (st.just("lobby"), SEQS, st.integers(0, 2**62), TEXTS, TEXTS)
EVENTS = st.one_of(
    st.builds(Said, *HEADS, TEXTS, st.booleans(), TEXTS),
    st.builds(Joined, *HEADS),
    st.builds(Left, *HEADS, st.sampled_from(Reason), TEXTS),
    st.builds(Renamed, *HEADS, TEXTS),
    st.builds(TopicSet, *HEADS, TEXTS),
    st.builds(RetentionSet, *HEADS, TEXTS, st.integers(0, 2**62)),
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(database.schema())
    yield connection
    connection.close()


@given(EVENTS, st.integers(1, 2**22))
def test_an_event_is_the_same_after_a_round_trip(event: Event, room: int) -> None:
    row = queries.to_row(room, event)
    assert row[0] == queries.event_id(room, event.seq) < 2**63
    assert queries.to_event("lobby", row) == event


def fill(connection: sqlite3.Connection, room: int, *seqs_and_times: tuple[int, int]) -> None:
    connection.execute("INSERT INTO room (id, key, name) VALUES (?, ?, ?)", (room, f"r{room}", f"R{room}"))
    for seq, time in seqs_and_times:
        row = queries.to_row(room, Joined("", seq, time, "ada", "o"))
        connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def test_rooms_have_their_first_and_next_seq(connection: sqlite3.Connection) -> None:
    fill(connection, 1, (1, 0), (2, 0))
    fill(connection, 2)
    fill(connection, 3, *[(seq, 0) for seq in range(7, 10)])
    connection.execute("UPDATE room SET first = 7, topic = 'tea' WHERE id = 3")
    assert [(row.name, row.first, row.end, row.state.topic) for row in queries.rooms(connection)] == [
        ("R1", 1, 3, ""),
        ("R2", 1, 1, ""),
        ("R3", 7, 10, "tea"),
    ]


def test_events_are_from_one_room(connection: sqlite3.Connection) -> None:
    for room in (1, 2, 3):
        fill(connection, room, *[(seq, 0) for seq in range(1, 6)])
    result = queries.events(connection, 2, "R2", 2, 5)
    assert [(event.room, event.seq) for event in result] == [("R2", 2), ("R2", 3), ("R2", 4)]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(-1, 51))
def test_a_time_is_found_in_a_sorted_log(times: list[int], time: int) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(database.schema())
    fill(connection, 1, *enumerate(sorted(times), 1))
    result = queries.seq_at_time(connection, 1, 1, len(times) + 1, time)
    connection.close()
    assert result == 1 + sum(earlier < time for earlier in times)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(0, 50))
def test_a_time_is_found_even_if_the_clock_was_set_back(times: list[int], time: int) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(database.schema())
    fill(connection, 1, *enumerate(times, 1))
    result = queries.seq_at_time(connection, 1, 1, len(times) + 1, time)
    connection.close()
    assert 1 <= result <= len(times) + 1
    assert result == len(times) + 1 or times[result - 1] >= time
    assert result == 1 or times[result - 2] < time
