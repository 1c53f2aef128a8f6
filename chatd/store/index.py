"""The search index: an FTS5 table without content, whose rows have the ids of the events.

It is behind the log on purpose, by a second or so: a commit never waits for it, and a search has it
brought up to date first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from sqlite3 import Connection
from typing import Final

from chatd.core.events import Event
from chatd.core.names import fold
from chatd.core.search import Query, spaced
from chatd.store.queries import ACTION, COLUMNS, event_id, to_event

INDEXED_AT_ONCE: Final = 200
"""The events of one transaction of the index, in number: some 3 ms, for which a commit may have to
wait."""


def unindexed(connection: Connection) -> set[int]:
    """The ids of the rooms of which something is not in the index yet."""
    found = connection.execute(
        """
        SELECT room.id FROM room LEFT JOIN indexed ON indexed.room = room.id WHERE EXISTS (
            SELECT 1 FROM event
            WHERE event.id >= (room.id << 40) + coalesce(indexed.next, 0) AND event.id < room.id + 1 << 40
        )
        """
    )
    return {id for (id,) in found}


def index(connection: Connection, room: int) -> bool:
    """Bring the next events of ``room`` into the index, in a transaction of its own; whether there
    may be more."""
    connection.execute("BEGIN IMMEDIATE")
    [next_] = connection.execute("SELECT next FROM indexed WHERE room = ?", (room,)).fetchone() or (0,)
    rows = connection.execute(
        "SELECT id, kind, text FROM event WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (event_id(room, next_), event_id(room + 1, 0), INDEXED_AT_ONCE),
    ).fetchall()
    if rows:
        messages = [(id, spaced(text)) for id, kind, text in rows if kind <= ACTION]
        connection.executemany("INSERT INTO search (rowid, text) VALUES (?, ?)", messages)
        after = rows[-1][0] + 1 - event_id(room, 0)
        connection.execute("INSERT OR REPLACE INTO indexed (room, next) VALUES (?, ?)", (room, after))
    connection.execute("COMMIT")
    return len(rows) == INDEXED_AT_ONCE


def search(connection: Connection, query: Query, give_up: Callable[[], bool]) -> Sequence[Event]:
    """The newest ``query.most`` messages that match, the newest first.

    Raises sqlite3.OperationalError (SQLITE_INTERRUPT) where ``give_up``, asked now and then, says
    so.
    """
    connection.set_progress_handler(give_up, 1000)
    try:
        rooms = connection.execute("SELECT id, key, name FROM room").fetchall()
        found = (list(_in_room(connection, query, id, name)) for id, key, name in rooms if key in query.rooms)
        newest: Iterable[Event] = heapq.merge(*found, key=lambda event: event.time, reverse=True)
        return list(islice(newest, query.most))
    finally:
        connection.set_progress_handler(None, 0)


def _in_room(connection: Connection, query: Query, room: int, name: str) -> Iterator[Event]:
    """What is found in one room, the last first: the index has it in this order, so that only as
    much is read as is wanted."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM search JOIN event ON event.id = search.rowid"
        " WHERE search MATCH ? AND search.rowid >= ? AND search.rowid < ? AND time >= ? AND time < ? ORDER BY search.rowid DESC",
        (_expression(query.words), event_id(room, 0), event_id(room + 1, 0), query.since, query.until),
    )
    events = (to_event(name, row) for row in rows)
    return islice((event for event in events if not query.nick or fold(event.nick) == query.nick), query.most)


def _expression(words: Sequence[str]) -> str:
    """What FTS5 is asked: all of ``words``, each as a phrase, so that nothing in them is taken for
    its syntax."""
    return " AND ".join(f'"{_quoted(word.rstrip("*"))}"{" *" if word.endswith("*") else ""}' for word in words)


def _quoted(word: str) -> str:
    return spaced(word).replace('"', '""')
