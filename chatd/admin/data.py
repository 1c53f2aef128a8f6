"""The data folder of a server: read while the server runs, changed while it is stopped. Also new
database files."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatd.core.names import fold, inbox_key, parse_room
from chatd.core.rooms import SERVER
from chatd.core.text import safe_text
from chatd.store import database, queries
from chatd.store.database import InUseError, UnusableError


@contextlib.contextmanager
def open_to_read(folder: Path, *, older_too: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the database in ``folder`` for reading, whether a server is using it or not. Raises
    UnusableError."""
    with open_database(_existing(folder), only_read=True, older_too=older_too) as connection:
        yield connection


@contextlib.contextmanager
def open_to_change(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the database in ``folder`` for changes, and keep servers away from it. Raises
    UnusableError."""
    path = _existing(folder)
    with locked(folder), open_database(path) as connection:
        yield connection


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep servers away from ``folder``, which is created if needed. Raises UnusableError."""
    try:
        held = database.lock(folder)
    except InUseError:
        raise UnusableError(f"a server is using the data in {folder}: stop it first") from None
    try:
        yield
    finally:
        os.close(held)


@contextlib.contextmanager
def open_database(path: Path, *, only_read: bool = False, older_too: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection to the database at ``path``, if it is of this version; ``older_too``: or of an
    older one.

    Raises UnusableError, also for any error of SQLite in the block.
    """
    with _errors_named(path), contextlib.closing(database.connect(path, only_read=only_read)) as connection:
        _check_version(connection, path, older_too)
        if not only_read:
            database.use_folding(connection)
            connection.execute("PRAGMA wal_autocheckpoint = 1000")  # Speed does not matter here, and the disk may be full.
        yield connection


@contextlib.contextmanager
def new_database(part: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a new database at ``part``, which is one file without others beside it.
    Raises UnusableError."""
    database.prepare(part)
    with _errors_named(part), contextlib.closing(database.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        yield connection


@contextlib.contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """The path to write a database to that is to become ``file``: complete at the end, or not at
    all.

    Until then it is called ``file.part``. It is removed if the block raises; after a kill, by the
    next attempt.
    """
    if left := [path for path in _companions(file) if path.exists()]:
        raise UnusableError(f"{left[0]} exists without {file}, and would damage a new one: move it away")
    part = file.with_name(f"{file.name}.part")
    _remove(part)
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        os.rename(part, file)
    finally:
        _remove(part)
    _sync(file.parent)


def room(connection: sqlite3.Connection, text: str, or_server: bool = False) -> queries.RoomRow:
    """The room that ``text`` names, or the inbox: ``@ada``; with ``or_server``, it may be the log
    of the server. Raises BadRoom and UnusableError."""
    is_inbox = text.startswith("@")
    key = inbox_key(fold(text[1:])) if is_inbox else parse_room(text).key
    if text == SERVER.text:
        key = SERVER.key if or_server else ""
    for row in queries.rooms(connection):
        if row.key == key:
            return row
    what = f"inbox {safe_text(text)}" if is_inbox else f"room #{parse_room(text).text}"
    raise UnusableError(f"there is no {what}; chatd-admin rooms lists the rooms and inboxes")


def event_range(start: int, stop: int) -> str:
    """The events from number ``start`` up to, not including, ``stop``, for people."""
    match stop - start:
        case 0:
            return "no events"
        case 1:
            return f"1 event ({start})"
        case number:
            return f"{number:,} events ({start} to {stop - 1})"


@contextlib.contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    """Raise UnusableError, with the name of the file, for errors of SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        raise UnusableError(f"{path}: {error}") from None


def _existing(folder: Path) -> Path:
    path = folder / database.FILE_NAME
    if not path.exists():
        raise UnusableError(f"there is no data in {folder}; --data DIR names the folder")
    return path


def _check_version(connection: sqlite3.Connection, path: Path, older_too: bool) -> None:
    [application] = connection.execute("PRAGMA application_id").fetchone()
    if application != database.APPLICATION_ID:
        raise UnusableError(f"{path} is not a chatd database")
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > database.VERSION:
        raise UnusableError(f"{path} is from a newer chatd: use its chatd-admin")
    if version < database.VERSION and not older_too:
        raise UnusableError(f"{path} is from an older chatd: back it up, and start the server once, which upgrades it")


def _companions(path: Path) -> list[Path]:
    """The files that SQLite may have beside the database at ``path``, which belong to it."""
    return [path.with_name(path.name + suffix) for suffix in ("-journal", "-wal", "-shm")]


def _remove(part: Path) -> None:
    for path in (part, *_companions(part)):
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the names in ``folder`` written to the disk, if possible."""
    opened = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):  # Not every network file system supports it, and a backup may be on one.
        os.fsync(opened)
    os.close(opened)
