"""The search index: an FTS5 table without content, whose rows have the ids of the events.

It lags behind the log by about a second on purpose, so that commits never wait for it. Before a
search it is brought up to date.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice, takewhile
from sqlite3 import Connection
from typing import Final

from chatd.core.events import Event, Said
from chatd.core.folding import folded, searchable
from chatd.core.search import Query
from chatd.store.queries import COLUMNS, IS_MESSAGE, MESSAGES, SEQ_BITS, EventRow, event_id, to_event

INDEXED_AT_ONCE: Final = 200
"""How many events one transaction indexes: a commit may have to wait about 3 ms for it."""

PASSED_ROWS: Final = 100
"""How many rows of a room that are not wanted a search reads before it begins again behind the
room: as many as it reads in the time that this takes."""


def words(text: str) -> str:
    """What is indexed of ``text``: the words that a search compares, with spaces between. The
    tokenizer folds ASCII as we do, so nothing is done to it here."""
    return text if text.isascii() else folded(text)


def unindexed(connection: Connection) -> set[int]:
    """The ids of the rooms with messages that are not in the index yet."""
    rows = connection.execute(
        f"""
        SELECT room.id FROM room LEFT JOIN indexed ON indexed.room = room.id WHERE EXISTS (
            SELECT 1 FROM event
            WHERE event.id >= (room.id << 40) + coalesce(indexed.next, 0) AND event.id < room.id + 1 << 40
            AND {IS_MESSAGE}
        )
        """
    )
    return {id for (id,) in rows}


def index(connection: Connection, room: int) -> bool:
    """Index the next events of ``room`` in one transaction. Returns whether there may be more."""
    connection.execute("BEGIN IMMEDIATE")
    [next_] = connection.execute("SELECT next FROM indexed WHERE room = ?", (room,)).fetchone() or (0,)
    rows = connection.execute(
        "SELECT id, kind, text FROM event WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (event_id(room, next_), event_id(room + 1, 0), INDEXED_AT_ONCE),
    ).fetchall()
    if rows:
        messages = [(id, words(text)) for id, kind, text in rows if kind in MESSAGES]
        connection.executemany("INSERT INTO search (rowid, text) VALUES (?, ?)", messages)
        after = rows[-1][0] + 1 - event_id(room, 0)
        connection.execute("INSERT OR REPLACE INTO indexed (room, next) VALUES (?, ?)", (room, after))
    connection.execute("COMMIT")
    return len(rows) == INDEXED_AT_ONCE


def search(connection: Connection, query: Query, give_up: Callable[[], bool]) -> Sequence[Event]:
    """The newest ``query.limit`` messages that match, the newest first.

    Raises sqlite3.OperationalError (SQLITE_INTERRUPT) where ``give_up``, asked now and then, says
    so.
    """
    connection.set_progress_handler(give_up, 1000)
    try:
        rooms = {id: (key, name) for id, key, name in connection.execute("SELECT id, key, name FROM room") if key in query.rooms}
        found = filter(None, _by_room(connection, query, rooms) if rooms else ())
        last = heapq.nlargest(query.limit, found, key=lambda events: events[0].time)  # Nothing of other rooms is among the newest.
        newest: Iterable[Event] = heapq.merge(*last, key=lambda event: event.time, reverse=True)
        return list(islice(newest, query.limit))
    finally:
        connection.set_progress_handler(None, 0)


def _by_room(connection: Connection, query: Query, rooms: Mapping[int, tuple[str, str]]) -> Iterator[Sequence[Event]]:
    """The last matching messages in each of ``rooms``, which have their keys and names by their
    ids, last first.

    The index is in this order. It is read once for all rooms, since to begin anywhere in it takes
    as long as to read a hundred rows; only behind a room with many more rows it is begun again.
    """
    first, stop = event_id(min(rooms), 0), event_id(max(rooms) + 1, 0)
    while first < stop:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM search JOIN event ON event.id = search.rowid"
            " WHERE search MATCH ? AND search.rowid >= ? AND search.rowid < ? AND time >= ? AND time < ?"
            " ORDER BY search.rowid DESC",
            (_expression(query), first, stop, query.since, query.until),
        )
        stop = first
        for room, of_room in groupby(rows, key=lambda row: row[0] >> SEQ_BITS):
            if room in rooms:
                yield list(islice(_events(query, room, *rooms[room], of_room), query.limit))
            if len(list(islice(of_room, PASSED_ROWS))) == PASSED_ROWS:  # noqa: B031  # Those behind the wanted rows.
                stop = event_id(room, 0)
                break


def _events(query: Query, room: int, key: str, name: str, rows: Iterable[EventRow]) -> Iterator[Event]:
    """The messages among ``rows`` of one room that ``query`` is about."""
    first = event_id(room, query.firsts.get(key, 0))
    events = (to_event(name, row) for row in takewhile(lambda row: row[0] >= first, rows))
    return (event for event in events if isinstance(event, Said) and query.is_about(event))


def _expression(query: Query) -> str:
    """The FTS5 expression for the terms of ``query``. Each is a phrase of words, so that nothing in
    them is taken for syntax."""
    wanted = " AND ".join(map(_phrase, query.words))
    excluded = " OR ".join(map(_phrase, query.excluded))
    return f"({wanted}) NOT ({excluded})" if excluded else wanted


def _phrase(term: str) -> str:
    return f'"{searchable(term)}"{" *" if term.endswith("*") else ""}'
