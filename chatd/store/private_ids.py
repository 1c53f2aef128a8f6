"""The ids of private messages on the disk: what is sent again after a restart is not told twice.

Of the message itself nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from chatd.core.limits import PRIVATE_IDS


@dataclass(frozen=True, slots=True)
class PrivateId:
    """That the sender's message ``id`` is for ``nick``, or, where that is empty, for nobody.

    ``on_answer`` is told None when it is stored, or why it is not.
    """

    sender_id: str
    id: str
    nick: str
    on_answer: Callable[[Exception | None], object]


def store(connection: Connection, notes: Sequence[PrivateId]) -> None:
    """Store ``notes`` in the transaction of ``connection``; the oldest go where they are too
    many."""
    for note in notes:
        connection.execute("DELETE FROM private_id WHERE sender_id = ? AND sent = ?", (note.sender_id, note.id))
        if note.nick:
            row = (note.sender_id, note.id, note.nick)
            connection.execute("INSERT INTO private_id (sender_id, sent, nick) VALUES (?, ?, ?)", row)
    connection.execute("DELETE FROM private_id WHERE number <= (SELECT max(number) FROM private_id) - ?", (PRIVATE_IDS,))


def read(connection: Connection) -> Sequence[tuple[str, str, str]]:
    """Sender_id, id and nick of each, the oldest first."""
    return connection.execute("SELECT sender_id, sent, nick FROM private_id ORDER BY number").fetchall()
