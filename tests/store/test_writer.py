"""The thread that writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from chatd.core.events import Joined, RetentionSet, Said, TopicSet
from chatd.core.when import FOR_EVER
from chatd.store import database
from chatd.store.deletion import DELETED_AT_ONCE
from chatd.store.index import INDEXED_AT_ONCE
from chatd.store.insertion import ROWS_AT_ONCE, Series
from chatd.store.writer import Batch, Deletion, DiskWriter, UnstoredRoom

LOBBY = UnstoredRoom(1, "lobby", "lobby")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chatd.db"
    database.prepare(path)
    return path


def said(*seqs: int, id: str = "") -> Series:
    return [(1, [Said("lobby", seq, 0, "ada", "o", str(seq), id=id)]) for seq in seqs]


def stored(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] & (1 << 40) - 1 for row in connection.execute("SELECT id FROM event ORDER BY id")]


def write(path: Path, *batches: Batch) -> list[tuple[int, bool]]:
    """Write batches. Returns the number of batches of each answer and whether they are stored."""
    thread, answers = started(path)
    for batch in batches:
        thread.put(batch)
    thread.close()
    return [answers.get_nowait() for _ in range(answers.qsize())]


def started(path: Path) -> tuple[DiskWriter, SimpleQueue[tuple[int, bool]]]:
    """A writer and a queue of its answers."""
    answers: SimpleQueue[tuple[int, bool]] = SimpleQueue()

    def on_written(batches: Sequence[Batch], error: Exception | None) -> None:
        answers.put((len(batches), error is None))

    return DiskWriter(path, lambda call, *given: call(*given), on_written, ()), answers


def test_batches_are_stored_in_order_and_reported_once(path: Path) -> None:
    answers = write(path, *[Batch(0, said(seq), [LOBBY]) for seq in range(1, 50)])
    assert stored(path) == list(range(1, 50))
    assert sum(number for number, _ in answers) == 49
    assert all(done for _, done in answers)


@pytest.mark.parametrize("number", [1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE + 7])
def test_a_batch_of_any_size_is_stored_completely(path: Path, number: int) -> None:
    write(path, Batch(0, said(*range(1, number + 1)), [LOBBY]))
    assert stored(path) == list(range(1, number + 1))


def test_a_failed_batch_stores_nothing(path: Path) -> None:
    answers = write(path, Batch(0, said(1), [LOBBY]))
    too_much = [*said(*range(2, 300)), *said(1)]  # The last one exists already.
    answers = write(path, Batch(0, too_much, []))
    assert answers == [(1, False)]
    assert stored(path) == [1]


def test_batches_of_an_old_generation_are_discarded(path: Path) -> None:
    write(path, Batch(0, said(1), [LOBBY]))
    thread, answers = started(path)
    thread.put(Batch(0, said(1), []))
    assert answers.get(timeout=10) == (1, False)
    thread.put(Batch(0, said(2), []))
    thread.put(Batch(1, said(3), []))
    thread.close()
    assert answers.get_nowait() == (1, True)
    assert stored(path) == [1, 3]


def test_a_topic_is_stored_in_the_row_of_its_room(path: Path) -> None:
    write(path, Batch(0, [(1, [TopicSet("lobby", 1, 0, "ada", "o", "tea")])], [LOBBY]))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key, topic FROM room").fetchall() == [("lobby", "tea")]


def test_a_retention_is_stored_in_the_row_of_its_room(path: Path) -> None:
    write(path, Batch(0, [(1, [RetentionSet("lobby", 1, 0, "ada", "o", "30d", 7)])], [LOBBY]))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key, keep, keep_since FROM room").fetchall() == [("lobby", "30d", 7)]


def test_without_retention_only_numbers_are_stored(path: Path) -> None:
    write(path, Batch(0, [], [LOBBY], said(1, 2)), Batch(0, said(3), []))
    assert stored(path) == [3]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT first FROM room").fetchall() == [(3,)]


def test_events_after_older_ones_are_deleted_with_them(path: Path) -> None:
    number = DELETED_AT_ONCE
    thread, _ = started(path)
    parts: list[int] = []
    done: SimpleQueue[int] = SimpleQueue()
    thread.put(Batch(0, said(*range(1, 2 * number + 1)), [LOBBY]))
    thread.delete(Deletion(1, FOR_EVER, 2 * number + 1, parts.append, done.put))
    thread.put(Batch(0, [], [], said(2 * number + 1)))
    assert done.get(timeout=10) == 2 * number + 2
    assert parts == [number + 1, 2 * number + 1, 2 * number + 2]
    thread.close()
    assert stored(path) == []


def test_what_no_search_finds_is_indexed_when_it_fills_a_step(path: Path) -> None:
    thread, _ = started(path)
    thread.close()
    joined = [Joined("lobby", 1, 0, "ada", "o")]
    thread._on_committed([Batch(0, [(1, joined)] * (INDEXED_AT_ONCE - 1), [])])
    assert thread._unindexed == set()
    thread._on_committed([Batch(0, [(2, joined)], []), Batch(0, [(1, joined)], [])])
    assert thread._unindexed == {1}
    thread._on_committed([Batch(0, [(2, [Said("lobby", 1, 0, "ada", "o", "hi")])], [])])
    assert thread._unindexed == {1, 2}


def test_only_emptying_a_room_holds_up_later_batches(path: Path) -> None:
    thread, _ = started(path)
    thread.close()
    batch = Batch(0, said(1), [LOBBY])
    for before, together in ((1000, 2), (FOR_EVER, 1)):
        thread.delete(Deletion(1, before, 9, int, int))
        thread.put(batch)
        assert len(list(thread._gather())) == together
        assert thread._requests.qsize() == 2 - together
