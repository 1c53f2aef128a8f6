"""Insertion of events, with few statements and few values: Python releases the GIL for each
statement and has to get it back from a busy reactor, and binding a value takes 0.1 µs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from sqlite3 import Connection
from typing import Final

from chatd.core.events import Event, Said
from chatd.store.queries import SAID, SEQ_BITS, to_row

ROWS_AT_ONCE: Final = 100
"""How many rows one INSERT has at most. Each number is a statement of its own, of which a
connection keeps the last 128: to prepare one takes 2 µs for each row."""


Series = Sequence[tuple[int, Sequence[Event]]]
"""Events, each or several with the id of their room: several are messages that differ in their
numbers and texts alone."""


def insert(connection: Connection, series: Series) -> None:
    """Insert the events of ``series``."""
    values: list[int | str] = []
    for room, events in series:
        said = events[0]
        if type(said) is not Said or said.action or said.id or said.reply or said.edited or said.account or said.notice:
            return _insert_any(connection, series)
        first = room << SEQ_BITS
        for event in events:
            values += (first | event.seq, event.time, event.nick, event.sender_id, event.text)  # type: ignore[attr-defined]
    _execute(connection, _plain, values, 5)
    return None


def _insert_any(connection: Connection, series: Series) -> None:
    values: list[int | str] = []
    for room, events in series:
        for event in events:
            id, time, kind, nick, sender_id, text, detail, sent = to_row(room, event)
            values += (id, time, kind, nick, sender_id, text, detail, sent or "")
    _execute(connection, _any, values, 8)


def _execute(connection: Connection, statement: Callable[[int], str], values: Sequence[int | str], width: int) -> None:
    """Execute ``statement`` for ``values``, which are ``width`` for each row."""
    at_once = ROWS_AT_ONCE * width
    for start in range(0, len(values), at_once):
        some = values[start : start + at_once]
        connection.execute(statement(len(some) // width), some)


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
