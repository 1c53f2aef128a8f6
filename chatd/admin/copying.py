"""``chatd-admin backup``."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import sqlite3
from pathlib import Path
from typing import Final

from chatd.admin import data
from chatd.admin.progress import Progress
from chatd.store import database
from chatd.store.database import UnusableError

PAGES_AT_ONCE: Final = 1000
"""The pages that are copied at once, in number (4 MiB): in between, the progress is shown."""


def backup(folder: Path, options: argparse.Namespace) -> int:
    """Copy the data of a server, which may run, into one file."""
    file: Path = options.file
    if file.exists():
        raise UnusableError(f"{file} is there already; give another name")
    with data.reading(folder, older_too=True) as source, data.made(file) as part:
        try:
            _copy(source, part)
        except sqlite3.Error as error:
            raise UnusableError(f"{folder / database.FILE_NAME} cannot be copied to {file}: {error}") from None
    print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


def _copy(source: sqlite3.Connection, part: Path) -> None:
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy, Progress("backup") as progress:
        # Within a transaction the source stands still; otherwise the copy would begin anew with
        # each message that is said.
        source.execute("BEGIN")
        source.execute("SELECT log FROM server").fetchone()
        source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, total: progress.at(total - left, total))
        copy.execute("PRAGMA journal_mode = DELETE")
        # What is said after the backup takes numbers that the copy has not given yet: under another
        # name they are others.
        copy.execute("UPDATE server SET log = ?", (secrets.token_hex(4),))
