"""``chatd-admin backup``."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from chatd.admin import data
from chatd.admin.progress import Progress
from chatd.store import database
from chatd.store.database import UnusableError

PAGES_AT_ONCE: Final = 1000
"""How many pages are copied at once (4 MiB); after each step the progress is shown."""


def backup(folder: Path, options: argparse.Namespace) -> int:
    """Copy the data of a server, which may be running, into one file."""
    file: Path = options.file
    if file.exists():
        raise UnusableError(f"{file} exists already; choose another name")
    with data.open_to_read(folder, older_too=True) as source, data.new_file(file) as part:
        try:
            _copy(source, part)
        except sqlite3.Error as error:
            raise UnusableError(f"{folder / database.FILE_NAME} cannot be copied to {file}: {error}") from None
    print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


def _copy(source: sqlite3.Connection, part: Path) -> None:
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy, Progress("backup") as progress:
        # In a transaction the source does not change; otherwise each new message would restart the
        # copy.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, total: progress.update(total - left, total))
        copy.execute("PRAGMA journal_mode = DELETE")
