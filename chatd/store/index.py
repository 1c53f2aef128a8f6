"""The search index: an FTS5 table without content, whose rows have the ids of the events.

It lags behind the log by about a second on purpose, so that commits never wait for it. Before a
search it is brought up to date.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from sqlite3 import Connection
from typing import Final

from chatd.core.events import Event, Said
from chatd.core.folding import folded, searchable
from chatd.core.search import Query
from chatd.store.queries import COLUMNS, IS_MESSAGE, MESSAGES, event_id, to_event

INDEXED_AT_ONCE: Final = 200
"""How many events one transaction indexes: a commit may have to wait about 3 ms for it."""


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
    """The newest ``query.most`` messages that match, the newest first.

    Raises sqlite3.OperationalError (SQLITE_INTERRUPT) where ``give_up``, asked now and then, says
    so.
    """
    connection.set_progress_handler(give_up, 1000)
    try:
        rooms = connection.execute("SELECT id, key, name FROM room").fetchall()
        matching = (list(_in_room(connection, query, id, key, name)) for id, key, name in rooms if key in query.rooms)
        newest: Iterable[Event] = heapq.merge(*matching, key=lambda event: event.time, reverse=True)
        return list(islice(newest, query.limit))
    finally:
        connection.set_progress_handler(None, 0)


def _in_room(connection: Connection, query: Query, room: int, key: str, name: str) -> Iterator[Event]:
    """The matching messages in one room, last first. The index is in this order, so only as many
    rows as needed are read."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM search JOIN event ON event.id = search.rowid"
        " WHERE search MATCH ? AND search.rowid >= ? AND search.rowid < ? AND time >= ? AND time < ? ORDER BY search.rowid DESC",
        (_expression(query), event_id(room, query.firsts.get(key, 0)), event_id(room + 1, 0), query.since, query.until),
    )
    events = (to_event(name, row) for row in rows)
    return islice((event for event in events if isinstance(event, Said) and query.is_about(event)), query.limit)


def _expression(query: Query) -> str:
    """The FTS5 expression for the terms of ``query``. Each is a phrase of words, so that nothing in
    them is taken for syntax."""
    wanted = " AND ".join(map(_phrase, query.words))
    excluded = " OR ".join(map(_phrase, query.excluded))
    return f"({wanted}) NOT ({excluded})" if excluded else wanted


def _phrase(term: str) -> str:
    return f'"{searchable(term)}"{" *" if term.endswith("*") else ""}'
