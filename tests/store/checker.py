"""Checks the promises with SQLite alone, without any code of chatd."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

Position = tuple[str, int]
"""A room and a seq."""

Stored = dict[Position, tuple[str, str, str]]
"""Nick, text and id of every event, by position."""


def check(folder: Path, acknowledged: Mapping[str, Position], deletable: Collection[str] = ()) -> Stored:
    """Check the data in ``folder`` as a power failure would have left it, and return it.

    Every id of ``acknowledged`` must be stored once, at its position, unless it is ``deletable``
    and older than all events that are left. The seqs of each room must have no gap. The search
    index must have the rows that it claims to have. Nothing may be damaged.
    """
    with TemporaryDirectory() as name:  # A copy, since opening it makes the repairs of the next start.
        for file in folder.glob("chatd.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, name)
        with closing(sqlite3.connect(Path(name, "chatd.db"))) as connection:
            return _check(connection, acknowledged, deletable)


def _check(connection: sqlite3.Connection, acknowledged: Mapping[str, Position], deletable: Collection[str]) -> Stored:
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        assert not acknowledged, "the database is empty"
        return {}
    connection.execute("INSERT INTO search (search) VALUES ('integrity-check')")
    rows = connection.execute(
        "SELECT room.name, event.id & 0xffffffffff, nick, text, coalesce(sent, '') FROM event JOIN room ON room.id = event.id >> 40"
    ).fetchall()
    stored = {(room, seq): (nick, text, sent) for room, seq, nick, text, sent in rows}
    first = dict(connection.execute("SELECT name, first FROM room").fetchall())
    _check_numbers(stored, first)
    _check_ids(stored, first, acknowledged, deletable)
    _check_index(connection)
    return stored


def _check_numbers(stored: Stored, first: Mapping[str, int]) -> None:
    for name, start in first.items():
        seqs = sorted(seq for room, seq in stored if room == name)
        assert seqs == list(range(start, start + len(seqs))), f"the numbers of #{name} have a gap"


def _check_ids(stored: Stored, first: Mapping[str, int], acknowledged: Mapping[str, Position], deletable: Collection[str]) -> None:
    ids = [sent for _, _, sent in stored.values() if sent]
    assert len(ids) == len({*ids}), "an id is stored twice"
    assert len({*acknowledged.values()}) == len(acknowledged), "two messages were acknowledged at one position"
    positions = {sent: position for position, (_, _, sent) in stored.items() if sent}
    for id, (room, seq) in acknowledged.items():
        if id not in positions:
            assert id in deletable, f"{id} was acknowledged and is missing"
            assert seq < first[room] or (room, seq) in stored, f"the number of {id} in #{room} is used and free again"
        else:
            assert positions[id] == (room, seq), f"{id} was acknowledged at another position"


def _check_index(connection: sqlite3.Connection) -> None:
    indexed = {id for (id,) in connection.execute("SELECT id FROM search_docsize")}
    messages = connection.execute(
        "SELECT event.id FROM event JOIN indexed ON indexed.room = event.id >> 40"
        " WHERE kind <= 2 AND event.id & 0xffffffffff < indexed.next"
    )
    assert indexed == {id for (id,) in messages}, "the search index differs from the log"
