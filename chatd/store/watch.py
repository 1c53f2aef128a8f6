"""Notices that the files of the database have been deleted, moved or replaced.

SQLite goes on writing to the files that it has open: it would report that everything is stored, and
nobody could ever read it again.
"""

from __future__ import annotations

import os
from pathlib import Path


class FilesGoneError(Exception):
    """A file of the database is no longer the one that is open."""


class Watch:
    """The files of the database at ``path``, which is open: later there must be the same ones."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = {str(path): _identity(path)}

    def add_write_ahead_log(self) -> None:
        """Watch the write-ahead log too: it exists from the first commit on."""
        log = self._path.with_name(f"{self._path.name}-wal")
        self._files[str(log)] = _identity(log)

    def check(self) -> None:
        """Raises FilesGoneError if the path of a file leads to another file, or to none."""
        for path, identity in self._files.items():
            try:
                found = _identity(path)
            except OSError:
                raise FilesGoneError(f"{Path(path).name} was deleted or moved: put it back, or restart the server") from None
            if found != identity:
                raise FilesGoneError(f"{Path(path).name} was replaced by another file: put it back, or restart the server")


def _identity(path: Path | str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
