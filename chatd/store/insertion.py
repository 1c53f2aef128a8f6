"""Insertion of events, with few statements and few values: Python releases the GIL for each
statement and has to get it back from a busy reactor, and binding a value takes 0.1 µs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from sqlite3 import Connection
from typing import Final

from chatd.core.events import Event, Said
from chatd.store.queries import SAID, SEQ_BITS, to_row

ROWS_AT_ONCE: Final = 100
"""How many rows one INSERT has at most. Each number is a statement of its own, of which a
connection keeps the last 128: to prepare one takes 2 µs for each row."""


def insert(connection: Connection, events: Sequence[tuple[int, Event]]) -> None:
    """Insert ``events``, each with the id of its room, at most ``ROWS_AT_ONCE``."""
    values: list[int | str] = []
    for room, event in events:
        if type(event) is not Said or event.action or event.id or event.reply or event.edited or event.account or event.notice:
            return _insert_any(connection, events)
        values += (room << SEQ_BITS | event.seq, event.time, event.nick, event.sender_id, event.text)
    connection.execute(_plain(len(events)), values)
    return None


def _insert_any(connection: Connection, events: Sequence[tuple[int, Event]]) -> None:
    values: list[int | str] = []
    for room, event in events:
        id, time, kind, nick, sender_id, text, detail, sent = to_row(room, event)
        values += (id, time, kind, nick, sender_id, text, detail, sent or "")
    connection.execute(_any(len(events)), values)


@cache
def _plain(number: int) -> str:
    """The statement for messages that are nothing but a text: most are."""
    rows = ", ".join([f"(?, ?, {SAID}, ?, ?, ?, '')"] * number)
    return f"INSERT INTO event (id, time, kind, nick, sender_id, text, detail) VALUES {rows}"


@cache
def _any(number: int) -> str:
    """The statement for all events. Python needs four times as long to bind None as to bind an
    empty text."""
    rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, nullif(?, ''))"] * number)
    return f"INSERT INTO event (id, time, kind, nick, sender_id, text, detail, sent) VALUES {rows}"
