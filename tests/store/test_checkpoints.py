"""Checkpoints of the write-ahead log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from chatd.store import checkpoints, database
from chatd.store.checkpoints import Checkpoints


class Counting:
    """Checkpoints of a database, with a small table to write to."""

    def __init__(self, path: Path) -> None:
        database.prepare(path)
        self.log = path.with_name(f"{path.name}-wal")
        self.connection = database.connect(path)
        self.checkpoints = Checkpoints(self.connection, path)

    def commit(self, rows: int = 1) -> int:
        """Commit something, which counts as so many rows; the size of the write-ahead log then."""
        self.connection.execute("UPDATE folding SET rule = rule || 'x'")
        self.checkpoints.count(rows)
        return self.log.stat().st_size

    def close(self) -> None:
        self.checkpoints.close()
        self.connection.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[sqlite3.Connection]:
    """The connections on which checkpoints were made."""
    made: SimpleQueue[sqlite3.Connection] = SimpleQueue()
    real = checkpoints._checkpoint

    def checkpoint(connection: sqlite3.Connection) -> None:
        real(connection)
        made.put(connection)

    monkeypatch.setattr(checkpoints, "_checkpoint", checkpoint)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_COMMITS", 5)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_ROWS", 100)
    return made


@pytest.fixture
def counting(tmp_path: Path, made: object) -> Iterator[Counting]:
    counting = Counting(tmp_path / database.FILE_NAME)
    yield counting
    counting.close()


@pytest.mark.parametrize("rows", [(1, 1, 1, 1, 1), (99, 1), (100,)])
def test_after_some_commits_or_rows_the_thread_makes_one(
    counting: Counting, made: SimpleQueue[sqlite3.Connection], rows: tuple[int, ...]
) -> None:
    for number in rows:
        assert made.empty()
        counting.commit(number)
    assert made.get(timeout=10) is counting.checkpoints._own


def test_the_commits_of_that_time_are_copied_with_the_next_one(counting: Counting, made: SimpleQueue[sqlite3.Connection]) -> None:
    counting.commit(100)
    made.get(timeout=10)
    while not counting.checkpoints._is_copied:
        pass
    counting.commit()
    assert made.get_nowait() is counting.connection


def test_the_write_ahead_log_does_not_grow_forever(counting: Counting) -> None:
    sizes: list[int] = []
    for _ in range(60):
        sizes += [counting.commit() for _ in range(5)]
        while not counting.checkpoints._is_copied:
            pass
        counting.commit()
        counting.checkpoints._commits = 0
    assert max(sizes) < 60 * 4096
    assert counting.connection.execute("SELECT length(rule) FROM folding").fetchone()[0] >= 300
