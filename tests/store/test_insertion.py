"""Insertion: whatever the statement, each event has the same row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from chatd.core.events import Blanked, Event, Joined, Private, Said
from chatd.store import database
from chatd.store.insertion import ROWS_AT_ONCE, insert
from chatd.store.queries import COLUMNS, to_row

PLAIN = Said("lobby", 1, 1_764_172_800_000, "ada", "o", "hi")
OTHERS: list[Event] = [
    replace(PLAIN, seq=2, action=True),
    replace(PLAIN, seq=2, id="m1"),
    replace(PLAIN, seq=2, reply=1),
    replace(PLAIN, seq=2, edited=3),
    replace(PLAIN, seq=2, account=True),
    replace(PLAIN, seq=2, notice=True),
    Private("@bob", 2, 5, "ada", "o", "psst", to="bob"),
    Joined("lobby", 2, 5, "ada", "o"),
    Blanked("lobby", 2, 5, "ada", "o", "", False, "m1"),
]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(database.schema())
        yield connection


def rows(connection: sqlite3.Connection) -> list[object]:
    return connection.execute(f"SELECT {COLUMNS} FROM event ORDER BY id").fetchall()


@pytest.mark.parametrize("other", OTHERS, ids=lambda event: repr(event)[:60])
def test_each_event_has_its_own_row_alone_or_among_plain_messages(connection: sqlite3.Connection, other: Event) -> None:
    plain = [PLAIN, replace(PLAIN, seq=3, text="again")]
    insert(connection, [(1, plain), (2, [other])])
    assert rows(connection) == [*(to_row(1, message) for message in plain), to_row(2, other)]
    connection.execute("DELETE FROM event")
    insert(connection, [(2, [other])])
    assert rows(connection) == [to_row(2, other)]


@pytest.mark.parametrize("number", [1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE + 7])
@pytest.mark.parametrize("account", [False, True])
def test_each_message_of_a_series_has_its_own_row(connection: sqlite3.Connection, number: int, account: bool) -> None:
    said = [replace(PLAIN, seq=seq, text=str(seq), account=account) for seq in range(1, number + 1)]
    insert(connection, [(1, said)])
    assert rows(connection) == [to_row(1, message) for message in said]


def test_an_id_is_stored_once(connection: sqlite3.Connection) -> None:
    insert(connection, [(1, [replace(PLAIN, id="m1")])])
    with pytest.raises(sqlite3.IntegrityError):
        insert(connection, [(1, [replace(PLAIN, seq=2, id="m1")])])
