"""What was promised, seen with SQLite alone: the checker knows nothing of chatd's code."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

Place = tuple[str, int]
"""A room, and a seq in it."""

Stored = dict[Place, tuple[str, str, str]]
"""Nick, text and id of every event, by its place."""


def check(folder: Path, acknowledged: Mapping[str, Place], forgotten: Collection[str] = ()) -> Stored:
    """Look into the data in ``folder`` as a power cut would have left it, and return what is there.

    Every id of ``acknowledged`` is stored once, at its place; those that may be ``forgotten`` are,
    or lie before all that is kept. The seqs of each room follow one another without a hole; the
    search index has what it says that it has; nothing is damaged.
    """
    with TemporaryDirectory() as name:  # A copy: opening it would repair what the next start has to.
        for file in folder.glob("chatd.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, name)
        with closing(sqlite3.connect(Path(name, "chatd.db"))) as connection:
            return _check(connection, acknowledged, forgotten)


def _check(connection: sqlite3.Connection, acknowledged: Mapping[str, Place], forgotten: Collection[str]) -> Stored:
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
    _check_ids(stored, first, acknowledged, forgotten)
    _check_index(connection)
    return stored


def _check_numbers(stored: Stored, first: Mapping[str, int]) -> None:
    for name, start in first.items():
        seqs = sorted(seq for room, seq in stored if room == name)
        assert seqs == list(range(start, start + len(seqs))), f"the numbers of #{name} have a hole"


def _check_ids(stored: Stored, first: Mapping[str, int], acknowledged: Mapping[str, Place], forgotten: Collection[str]) -> None:
    ids = [sent for _, _, sent in stored.values() if sent]
    assert len(ids) == len({*ids}), "an id is stored twice"
    assert len({*acknowledged.values()}) == len(acknowledged), "two messages were acknowledged at one place"
    places = {sent: place for place, (_, _, sent) in stored.items() if sent}
    for id, (room, seq) in acknowledged.items():
        if id not in places:
            assert id in forgotten, f"{id} was acknowledged and is missing"
            assert seq < first[room] or (room, seq) in stored, f"the number of {id} in #{room} was given and is free again"
        else:
            assert places[id] == (room, seq), f"{id} was acknowledged at another place"


def _check_index(connection: sqlite3.Connection) -> None:
    indexed = {id for (id,) in connection.execute("SELECT id FROM search_docsize")}
    messages = connection.execute(
        "SELECT event.id FROM event JOIN indexed ON indexed.room = event.id >> 40"
        " WHERE kind <= 2 AND event.id & 0xffffffffff < indexed.next"
    )
    assert indexed == {id for (id,) in messages}, "the search index has something else than the log"
