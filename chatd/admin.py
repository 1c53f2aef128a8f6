"""``chatd-admin``: back up, check, export and shrink the data of a server (``docs/operating.md``)."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from chatd import __version__
from chatd.codecs.json import JsonCodec
from chatd.codecs.text import TextCodec
from chatd.errors import Refusal
from chatd.events import Event
from chatd.names import parse_room
from chatd.store import database, queries
from chatd.store.database import UnusableError

PAGES_AT_ONCE: Final = 1000
"""The pages that a backup copies at once, in number (4 MiB): in between, the server writes."""

UNREAD: Final = 141
"""The exit status where nobody reads what is written: 128 and the number of SIGPIPE, as shells count."""

EVENTS_AT_ONCE: Final = 1000
"""The events that an export reads at once, in number."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what ``arguments`` say; the exit status."""
    options = _parser().parse_args(arguments)
    folder = Path(options.data) if options.data else database.default_folder()
    try:
        command: Callable[[Path, argparse.Namespace], int] = options.run
        status = command(folder, options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would write once more at the end, and complain.
        return UNREAD
    except (UnusableError, Refusal, OSError, sqlite3.Error) as error:
        print(f"chatd-admin: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chatd-admin", description="Back up, check, export and shrink a server's data.")
    parser.add_argument("--data", metavar="DIR", help="the server's data folder (default: that of twistd chatd without --data)")
    parser.add_argument("--version", action="version", version=f"chatd-admin {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("backup", help="copy the data into FILE, while the server runs")
    add.add_argument("file", type=Path, metavar="FILE")
    add.set_defaults(run=_backup)
    add = commands.add_parser("check", help="look for damage, while the server runs; status 1 if there is some")
    add.set_defaults(run=_check)
    add = commands.add_parser("rooms", help="list the rooms, with the numbers of their oldest and newest event")
    add.set_defaults(run=_rooms)
    add = commands.add_parser("export", help="write what was said in ROOM to standard output, while the server runs")
    add.add_argument("room", metavar="ROOM")
    add.add_argument("--json", action="store_true", help="as JSON lines (docs/protocol.md) instead of text")
    add.set_defaults(run=_export)
    add = commands.add_parser("vacuum", help="give the space of what was deleted back; the server must be stopped")
    add.add_argument("--dry-run", action="store_true", help="only tell how much that is")
    add.set_defaults(run=_vacuum)
    return parser


# -- The commands --------------------------------------------------------------------------------------------------------


def _backup(folder: Path, options: argparse.Namespace) -> int:
    part = options.file.with_name(options.file.name + ".part")
    if options.file.exists():
        raise UnusableError(f"{options.file} is there already")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    with _opened(folder) as source, contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy:
        # Within a transaction the source stands still; otherwise the copy would begin anew with each message that is said.
        source.execute("BEGIN")
        source.execute("SELECT log FROM server").fetchone()
        source.backup(copy, pages=PAGES_AT_ONCE, progress=_show_progress)
        copy.execute("PRAGMA journal_mode = DELETE")
        # What is said after the backup takes numbers that the copy has not given yet: under another name they are others.
        copy.execute("UPDATE server SET log = ?", (secrets.token_hex(4),))
    os.rename(part, options.file)
    print(f"{options.file}: {options.file.stat().st_size:,} bytes", file=sys.stderr)
    return 0


def _check(folder: Path, options: argparse.Namespace) -> int:
    with _opened(folder) as connection:
        damage = [line for (line,) in connection.execute("PRAGMA integrity_check(20)") if line != "ok"]
        for row in queries.rooms(connection):
            start, stop = queries.event_id(row.id, 0), queries.event_id(row.id + 1, 0)
            [number] = connection.execute("SELECT count(*) FROM event WHERE id >= ? AND id < ?", (start, stop)).fetchone()
            if number != row.end - row.first:
                damage.append(f"#{row.name}: {number} events are stored where there should be {row.end - row.first}")
    print("\n".join(damage) or "no damage was found")
    return 1 if damage else 0


def _rooms(folder: Path, options: argparse.Namespace) -> int:
    with _opened(folder) as connection:
        for row in queries.rooms(connection):
            print(f"#{row.name} {row.first} {row.end - 1}")
    return 0


def _export(folder: Path, options: argparse.Namespace) -> int:
    key, json, text = parse_room(options.room).key, JsonCodec(), TextCodec(lambda: 0)
    with _opened(folder) as connection:
        rows = [row for row in queries.rooms(connection) if row.key == key]
        if not rows:
            raise UnusableError(f"there is no room #{key}")
        for event in _events(connection, rows[0]):
            if options.json:
                sys.stdout.write(json.encode(event).decode())
            else:
                words = text.encode(event).decode().rstrip().removeprefix("-- ")
                sys.stdout.write(f"{datetime.fromtimestamp(event.time / 1000):%Y-%m-%d %H:%M:%S} {words}\n")
    return 0


def _events(connection: sqlite3.Connection, row: queries.RoomRow) -> Iterator[Event]:
    for start in range(row.first, row.end, EVENTS_AT_ONCE):
        yield from queries.events(connection, row.id, row.name, start, min(start + EVENTS_AT_ONCE, row.end))


def _vacuum(folder: Path, options: argparse.Namespace) -> int:
    held = database.lock(folder)
    try:
        path = folder / database.FILE_NAME
        before = path.stat().st_size
        with contextlib.closing(database.connect(path)) as connection:
            [free], [page] = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_size"))
            if options.dry_run:
                print(f"{free * page:,} of {before:,} bytes are free")
                return 0
            connection.execute("INSERT INTO search (search) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        print(f"{before:,} bytes before, {path.stat().st_size:,} now")
    finally:
        os.close(held)
    return 0


# -- Below them ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database in ``folder``, to read from.  Raises UnusableError."""
    path = folder / database.FILE_NAME
    if not path.exists():
        raise UnusableError(f"there is no data in {folder}")
    with contextlib.closing(database.connect(path, only_read=True)) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version != database.VERSION:
            raise UnusableError(f"{path} has version {version} and not {database.VERSION}: start the server once")
        yield connection


def _show_progress(status: int, remaining: int, total: int) -> None:
    if sys.stderr.isatty():
        done = 40 * (total - remaining) // max(total, 1)
        end = "\n" if not remaining else ""
        bar = f"[{'#' * done}{'.' * (40 - done)}] {100 * (total - remaining) // max(total, 1):3} %"
        print(f"\r{bar}", end=end, file=sys.stderr, flush=True)
