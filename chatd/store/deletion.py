"""Deletion of events: their rows, and their words in the search index. The next vacuum makes the
file smaller."""

from __future__ import annotations

from itertools import takewhile
from sqlite3 import Connection
from typing import Final

from chatd.store import index
from chatd.store.queries import ACTION, BLANKED, event_id

DELETED_AT_ONCE: Final = 200
"""How many events one transaction deletes: a commit may have to wait some milliseconds for it."""


def delete_oldest(connection: Connection, room: int, before_time: int, stop: int) -> tuple[int, int]:
    """Delete the oldest events of ``room``, as long as they are older than ``before_time``
    (milliseconds since 1970-01-01 UTC), up to, but not including, seq ``stop``.

    Returns the seq of the oldest remaining event, and how many events were deleted; if that is
    ``DELETED_AT_ONCE``, there may be more to delete.
    """
    [first] = connection.execute("SELECT first FROM room WHERE id = ?", (room,)).fetchone() or (1,)
    oldest = connection.execute(
        "SELECT id, kind, text, time FROM event WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (event_id(room, 0), event_id(room, stop), DELETED_AT_ONCE),
    ).fetchall()
    old = list(takewhile(lambda row: row[3] < before_time, oldest))
    if not old:
        return first, 0
    first = old[-1][0] + 1 - event_id(room, 0)
    connection.execute("BEGIN IMMEDIATE")
    [indexed] = connection.execute("SELECT next FROM indexed WHERE room = ?", (room,)).fetchone() or (0,)
    words = [(id, index.words(text)) for id, kind, text, _ in old if kind <= ACTION and id < event_id(room, indexed)]
    connection.executemany("INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)", words)
    connection.execute("DELETE FROM event WHERE id >= ? AND id < ?", (event_id(room, 0), event_id(room, first)))
    connection.execute("UPDATE room SET first = ? WHERE id = ?", (first, room))
    connection.execute("COMMIT")
    return first, len(old)


def blank(connection: Connection, room: int, seq: int) -> None:
    """Delete the text of the message ``seq`` of ``room``, and its words in the index, in the
    transaction that there is. Its number and its id stay."""
    id = event_id(room, seq)
    row = connection.execute("SELECT text FROM event WHERE id = ? AND kind <= ?", (id, ACTION)).fetchone()
    if row is None:
        return
    [indexed] = connection.execute("SELECT next FROM indexed WHERE room = ?", (room,)).fetchone() or (0,)
    if seq < indexed:
        connection.execute("INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)", (id, index.words(row[0])))
    connection.execute("UPDATE event SET kind = ?, text = '' WHERE id = ?", (BLANKED, id))
