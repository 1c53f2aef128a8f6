"""``chatd-admin forget``, ``remove`` and ``vacuum``."""

from __future__ import annotations

import argparse
import sqlite3
import time
from pathlib import Path
from typing import Final

from chatd.admin import data
from chatd.admin.progress import Progress, in_thread
from chatd.core import when
from chatd.core.when import FOR_EVER
from chatd.store import database, deletion, queries
from chatd.store.queries import RoomRow, event_id

ERASES: Final = "chatd-admin vacuum erases them from the file, and frees the space"


def forget(folder: Path, options: argparse.Namespace) -> int:
    """Delete the oldest events of a room."""
    before = when.parse_time(options.before, int(time.time() * 1000)) if options.before else FOR_EVER
    with (data.open_to_read if options.dry_run else data.open_to_change)(folder) as connection:
        row = data.room(connection, options.room)
        end = _end(connection, row, before)
        if not options.dry_run:
            _forget(connection, row, before, end)
    print(_deleted(row, end, options.dry_run))
    if end > row.first and not options.dry_run:
        print(ERASES)
    return 0


def remove(folder: Path, options: argparse.Namespace) -> int:
    """Delete a room with all its events."""
    with (data.open_to_read if options.dry_run else data.open_to_change)(folder) as connection:
        row = data.room(connection, options.room)
        if not options.dry_run:
            remove_log(connection, row)
    delete = "would delete" if options.dry_run else "deleted"
    print(
        f"{row.title}: {delete} {data.event_range(row.first, row.end)} and the {'inbox' if row.title.startswith('@') else 'room'}"
    )
    if row.end > row.first and not options.dry_run:
        print(ERASES)
    return 0


def remove_log(connection: sqlite3.Connection, row: RoomRow) -> None:
    """Remove a room, or an inbox, with all its events."""
    _forget(connection, row, FOR_EVER, row.end)  # Their words in the search index go with them.
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        queries.remove_room(connection, row.id)


def vacuum(folder: Path, options: argparse.Namespace) -> int:
    """Free the space of deleted events."""
    with (data.open_to_read if options.dry_run else data.open_to_change)(folder) as connection:
        before = _size(folder)
        if options.dry_run:
            [free], [page] = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_size"))
            print(f"at least {free * page:,} of {before:,} bytes would be freed")
            return 0
        with Progress("vacuum") as progress:
            in_thread(connection, progress, lambda: _vacuum(connection))
    print(f"{before:,} bytes before, {_size(folder):,} now")
    return 0


def _end(connection: sqlite3.Connection, row: RoomRow, before: int) -> int:
    """The seq of the first event of a room that is not older than ``before``; if there is none,
    that of the next event."""
    found = connection.execute(
        "SELECT id FROM event WHERE id >= ? AND id < ? AND time >= ? ORDER BY id LIMIT 1",
        (event_id(row.id, row.first), event_id(row.id, row.end), before),
    ).fetchone()
    return found[0] - event_id(row.id, 0) if found else row.end


def _forget(connection: sqlite3.Connection, row: RoomRow, before: int, end: int) -> None:
    first = row.first
    try:
        with Progress("forget") as progress:
            while first < end:
                first, _ = deletion.delete_oldest(connection, row.id, before, end)
                progress.update(first - row.first, end - row.first)
    except (KeyboardInterrupt, sqlite3.Error) as stop:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        done = f"{_deleted(row, data.room(connection, row.title).first, False)}; the same command continues"
        raise type(stop)(f"{stop}; {done}" if str(stop) else done) from None


def _deleted(row: RoomRow, end: int, dry_run: bool) -> str:
    """What has been done, or would be, by deleting the events before number ``end``."""
    delete, leave = ("would delete", "leave") if dry_run else ("deleted", "left")
    return f"{row.title}: {delete} {data.event_range(row.first, end)}, {leave} {data.event_range(end, row.end)}"


def _vacuum(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO search (search) VALUES ('optimize')")  # Until then the index has the words of deleted messages.
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _size(folder: Path) -> int:
    """The size of the database in bytes, with its write-ahead log."""
    path = folder / database.FILE_NAME
    return sum(part.stat().st_size for part in (path, path.with_name(f"{path.name}-wal")) if part.exists())
