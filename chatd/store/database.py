"""The database file: its folder, its lock, its version, and how it is opened."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
from importlib.resources import files
from pathlib import Path
from typing import Final

from chatd.core import folding

FILE_NAME: Final = "chatd.db"
LOCK_NAME: Final = "chatd.lock"

APPLICATION_ID: Final = 0x63686174
"""Marks a file as a chatd database (``PRAGMA application_id``): "chat"."""

VERSION: Final = 9
"""The version of the database: ``upgrade-N.sql`` upgrades version N to N + 1, and ``schema.sql``
creates a new database."""

CHECK_BYTES: Final = 32 << 20
"""The largest file that is checked completely at the start, in bytes (32 MiB): half a second on a
slow disk. Reading 2 GiB that are not in the page cache takes 20 s or more, during which SQLite 3.40
cannot be interrupted."""

SMALL_TABLES: Final = ("run", "run_start", "room", "indexed", "folding", "account", "credential", "mark")
"""The tables that are checked in a larger file; ``chatd-admin check`` checks all of it."""

BUSY_SECONDS: Final = 5.0
"""How long to wait for another process that has the database locked, in seconds."""


DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""The error codes of SQLite for a file that is damaged or is not a database."""


class UnusableError(Exception):
    """The data cannot be used; the text says why in one line, for the operator."""


class InUseError(UnusableError):
    """Another process is using the data."""


def default_folder(home: Path | None = None) -> Path:
    """The default folder of the data (XDG Base Directory Specification, ``XDG_STATE_HOME``); or
    that of another user, whose home folder is ``home``. Raises UnusableError if there is none."""
    state = "" if home else os.environ.get("XDG_STATE_HOME", "")
    try:
        return (Path(state) if os.path.isabs(state) else (home or Path.home()) / ".local" / "state") / "chatd"
    except RuntimeError:
        raise UnusableError("there is no home folder for the data; name another with --data") from None


def open_to_others(folder: Path) -> str:
    """A line for the operator if everybody on this machine can use ``folder``; otherwise empty.

    Its mode stays: it may be a folder that has other uses.
    """
    mode = folder.stat().st_mode
    if not mode & stat.S_IRWXO:
        return ""
    return f"the data folder {folder} is open to everybody on this machine: chmod 700 {folder}"


def lock(folder: Path) -> int:
    """Create ``folder`` if necessary and lock it against other servers. Returns the open file that
    holds the lock.

    The lock ends when the process ends, in whatever way. Raises UnusableError, and InUseError if
    another process has the lock.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        hint = "; name another with --data" if isinstance(error, PermissionError) else ""
        raise UnusableError(f"the data folder {folder} cannot be used: {error.strerror}{hint}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise InUseError(f"another server is using the data in {folder}") from None
    return file


def prepare(path: Path) -> None:
    """Create the database at ``path``, or upgrade the existing one.

    Raises UnusableError, in which case nothing has changed.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            _upgrade(connection, path)
            use_folding(connection)
            _check(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
    except OSError as error:
        raise UnusableError(f"the database {path} cannot be opened: {error.strerror}") from None
    except sqlite3.Error as error:
        what = "is damaged" if error.sqlite_errorcode in DAMAGE else "cannot be used"
        raise UnusableError(f"the database {path} {what}: {error}") from None


PAGES_KIB: Final = 1024
"""How much of the database a connection keeps in its own memory, in KiB, half of what SQLite would:
the pages in use are few, the kernel has the others, and memory is level sooner."""


def connect(path: Path, *, only_read: bool = False) -> sqlite3.Connection:
    """A connection to the database at ``path``, for one thread at a time, with manual
    transactions."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{PAGES_KIB}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # The writer's checkpoints do not delay commits.
    if only_read:
        connection.execute("PRAGMA query_only = ON")
    return connection


def use_folding(connection: sqlite3.Connection) -> None:
    """Empty the search index if its words are folded in another way than ours, which changes with
    chatd and with Python's Unicode. The server then indexes all messages again."""
    if connection.execute("SELECT rule FROM folding").fetchone() == (folding.RULE,):
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO search (search) VALUES ('delete-all')")
    connection.execute("DELETE FROM indexed")
    connection.execute("DELETE FROM folding")
    connection.execute("INSERT INTO folding (rule) VALUES (?)", (folding.RULE,))
    connection.execute("COMMIT")


def schema() -> str:
    """The SQL that creates an empty database of this version."""
    return _script("schema.sql")


def _script(name: str) -> str:
    return files("chatd.store").joinpath(name).read_text("utf-8")


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    version = _number(connection, "user_version")
    if not version and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return _in_one_transaction(connection, schema())
    if _number(connection, "application_id") != APPLICATION_ID:
        raise UnusableError(f"{path} is not a chatd database")
    if version > VERSION:
        raise UnusableError(f"the database {path} is from a newer chatd (version {version}; this one supports {VERSION})")
    if version < VERSION:
        _in_one_transaction(connection, *(_script(f"upgrade-{old}.sql") for old in range(version, VERSION)))
    return None


def _in_one_transaction(connection: sqlite3.Connection, *scripts: str) -> None:
    pragmas = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    try:
        connection.executescript("\n".join(["BEGIN IMMEDIATE;", *scripts, pragmas, "COMMIT;"]))
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    number: int = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return number


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage with the checks that are fast enough. Raises UnusableError."""
    checks = ["quick_check"] if path.stat().st_size <= CHECK_BYTES else [f"quick_check({table})" for table in SMALL_TABLES]
    for check in checks:
        result = connection.execute(f"PRAGMA {check}").fetchone()[0]
        if result != "ok":
            raise UnusableError(f"the database {path} is damaged ({result}); restore a backup (docs/operating.md)")
