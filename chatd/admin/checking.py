"""``chatd-admin check`` and ``chatd-admin rooms``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from chatd.admin import data
from chatd.admin.progress import Progress, in_thread
from chatd.store import queries
from chatd.store.queries import RoomRow, event_id

COUNTED_AT_ONCE: Final = 20_000
"""How many events are counted at once: it takes some milliseconds."""


def check(folder: Path, options: argparse.Namespace) -> int:
    """Look for damage that SQLite finds, and for gaps in the numbers."""
    found = False
    with data.open_to_read(folder) as connection:
        for line in chain(_damage(connection), _gaps(connection)):
            print(line)
            found = True
    print("damage found: restore a backup; export saves what can still be read" if found else "no damage found")
    return int(found)


def rooms(folder: Path, options: argparse.Namespace) -> int:
    """List the rooms."""
    with data.open_to_read(folder) as connection:
        for row in queries.rooms(connection):
            print(f"{row.title} {row.first} {row.end - 1}")
    return 0


def _damage(connection: Connection) -> list[str]:
    with Progress("looking for damage") as progress:
        found = in_thread(connection, progress, lambda: connection.execute("PRAGMA integrity_check(20)").fetchall())
    return [line for (line,) in found if line != "ok"]


def _gaps(connection: Connection) -> Iterator[str]:
    connection.execute("BEGIN")  # A snapshot: new and deleted events do not change the count.
    rows = queries.rooms(connection)
    done, total = 0, sum(row.end - row.first for row in rows)
    with Progress("looking for holes") as progress:
        for row in rows:
            number = 0
            for part in _parts(connection, row):
                number += part
                progress.update(done + number, total)
            done += number
            if number != row.end - row.first:
                yield f"{row.title}: {number} events are stored, but there should be {row.end - row.first}"


def _parts(connection: Connection, row: RoomRow) -> Iterator[int]:
    """How many events each part of a room has; the part before the first event should have
    none."""
    starts = [0, *range(row.first, row.end, COUNTED_AT_ONCE), row.end]
    for start, stop in pairwise(starts):
        ids = (event_id(row.id, start), event_id(row.id, stop))
        yield connection.execute("SELECT count(*) FROM event WHERE id >= ? AND id < ?", ids).fetchone()[0]
