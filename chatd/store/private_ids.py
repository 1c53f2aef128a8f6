"""The ids of private messages on the disk, so that a message sent again after a restart is not
delivered twice.

The message itself is not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from chatd.core.limits import PRIVATE_IDS


@dataclass(frozen=True, slots=True)
class PrivateId:
    """A private message, known by its ``sender_id`` and ``id``; ``nick`` is the recipient's, or
    empty if it was not delivered.

    ``on_answer`` is called with None when this is stored, or with the error.
    """

    sender_id: str
    id: str
    nick: str
    on_answer: Callable[[Exception | None], object]


def store(connection: Connection, notes: Sequence[PrivateId]) -> None:
    """Store ``notes`` in the transaction of ``connection``, and delete the oldest ids beyond the
    limit."""
    for note in notes:
        connection.execute("DELETE FROM private_id WHERE sender_id = ? AND sent = ?", (note.sender_id, note.id))
        if note.nick:
            row = (note.sender_id, note.id, note.nick)
            connection.execute("INSERT INTO private_id (sender_id, sent, nick) VALUES (?, ?, ?)", row)
    connection.execute("DELETE FROM private_id WHERE number <= (SELECT max(number) FROM private_id) - ?", (PRIVATE_IDS,))


def read(connection: Connection) -> Sequence[tuple[str, str, str]]:
    """The sender_id, id and nick of each stored message, oldest first."""
    return connection.execute("SELECT sender_id, sent, nick FROM private_id ORDER BY number").fetchall()
