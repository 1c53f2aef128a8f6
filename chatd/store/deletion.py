"""Deletion and change of events: their rows, and their words in the search index. The next vacuum
makes the file smaller."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from sqlite3 import Connection
from typing import Final

from chatd.core.events import Deleted, Edited, Said, blanked
from chatd.store import index
from chatd.store.queries import COLUMNS, EDITED, IS_MESSAGE, MESSAGES, event_id, to_event, to_row

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
    words = [(id, index.words(text)) for id, kind, text, _ in old if kind in MESSAGES and id < event_id(room, indexed)]
    connection.executemany("INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)", words)
    connection.execute("DELETE FROM event WHERE id >= ? AND id < ?", (event_id(room, 0), event_id(room, first)))
    connection.execute("UPDATE room SET first = ? WHERE id = ?", (first, room))
    connection.execute("COMMIT")
    return first, len(old)


def change(connection: Connection, room: int, event: Edited | Deleted) -> None:
    """Give the message that ``event`` is about its new text, or none, in the table and in the
    index, in the transaction that there is. Its number and its id stay.

    The event that it had its text from loses it: the text is nowhere else.
    """
    id = event_id(room, event.target)
    row = connection.execute(f"SELECT {COLUMNS} FROM event WHERE id = ? AND {IS_MESSAGE}", (id,)).fetchone()
    if row is None:
        return
    said = to_event("", row)
    assert isinstance(said, Said)
    changed = replace(said, text=event.text, edited=event.seq) if isinstance(event, Edited) else blanked(said)
    [indexed] = connection.execute("SELECT next FROM indexed WHERE room = ?", (room,)).fetchone() or (0,)
    if said.seq < indexed:
        connection.execute("INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)", (id, index.words(said.text)))
        if isinstance(event, Edited):
            connection.execute("INSERT INTO search (rowid, text) VALUES (?, ?)", (id, index.words(changed.text)))
    _, _, kind, _, _, text, detail, _ = to_row(room, changed)
    connection.execute("UPDATE event SET kind = ?, text = ?, detail = ? WHERE id = ?", (kind, text, detail, id))
    if said.edited:
        connection.execute("UPDATE event SET text = '' WHERE id = ? AND kind = ?", (event_id(room, said.edited), EDITED))
