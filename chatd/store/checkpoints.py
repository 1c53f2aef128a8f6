"""Checkpoints: copying the write-ahead log into the database, in a thread of their own, so that no
commit waits for it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final

from chatd.store import database

CHECKPOINT_COMMITS: Final = 500
"""After how many commits there is a checkpoint: the write-ahead log has about 8 MiB then."""

CHECKPOINT_ROWS: Final = 20_000
"""After how many rows, written, indexed or deleted, there is one: about as much."""


class Checkpoints:
    """The checkpoints of the database at ``path``, which ``connection`` writes to."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._is_copied = False
        """Whether the thread has copied everything from before it."""
        self._commits = self._rows = 0
        self._connection = connection
        self._own = database.connect(path)
        self._wakes: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._run, name="chatd checkpointer", daemon=True)
        self._thread.start()

    def count(self, rows: int) -> None:
        """There was a commit with so many rows: begin a checkpoint now and then. When the thread
        has made it, checkpoint the few later commits here.

        After that the write-ahead log starts from the beginning, which it would never do while
        something is always added.
        """
        self._commits += 1
        self._rows += rows
        if self._is_copied:
            self._is_copied = False
            _checkpoint(self._connection)
        elif self._commits >= CHECKPOINT_COMMITS or self._rows >= CHECKPOINT_ROWS:
            self._commits = self._rows = 0
            self._wakes.put(True)

    def close(self) -> None:
        """End the thread."""
        self._wakes.put(False)
        self._thread.join()
        self._own.close()

    def _run(self) -> None:
        while self._wakes.get():
            _checkpoint(self._own)
            self._is_copied = True


def _checkpoint(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):  # If the disk is full, the next checkpoint includes this one.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
