"""Forgetting for real: from the log, from the search, from the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chatd.admin import main
from chatd.events import Event
from chatd.search import Query
from chatd.store.keeping import FORGOTTEN_AT_ONCE
from tests.store.pumped import PumpedStore, say


def found(store: PumpedStore, *words: str) -> list[int]:
    answers: list[Sequence[Event] | None] = []
    store.search(Query(words), answers.append)
    store.wait(lambda: answers)
    return [event.seq for event in answers[0] or ()]


def test_what_is_too_old_is_deleted_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    log, number = store.room(), 2 * FORGOTTEN_AT_ONCE + 50
    for seq in range(1, number + 1):
        say(log, f"secret{seq} tea", id=str(seq), time=seq)
    say(store.room("tea"), "secret in tea", time=number, room="tea")
    store.settle()
    assert found(store, "secret7") == [7]
    first = number - 9
    store.forget(before=first)
    store.wait(lambda: log.first == first)
    assert (log.first, log.held, log.end) == (first, first, number + 1)
    assert [event.seq for event in log.read(1, 9999)] == list(range(first, number + 1))
    assert store.lookup(log, "o1", "7") is None
    assert store.lookup(log, "o1", str(number)) is not None
    assert (found(store, "secret7"), found(store, f"secret{number}")) == ([], [number])
    assert len(found(store, "tea")) == 11
    assert store.room("tea").first == 1
    store.close()
    store = PumpedStore(tmp_path)
    assert (store.room().first, store.room().end) == (first, number + 1)
    store.close()
    assert main(["--data", str(tmp_path), "vacuum"]) == 0
    assert b"secret7 " not in store.path.read_bytes()
    assert main(["--data", str(tmp_path), "check"]) == 0


def test_a_room_of_which_nothing_is_left_goes_on_with_its_numbers(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    for _ in range(5):
        say(store.room(), time=1)
    store.settle()
    store.forget(before=2)
    store.wait(lambda: store.room().first == 6)
    store.close()
    store = PumpedStore(tmp_path)
    event, outcome = say(store.room(), time=3)
    store.settle()
    assert (event.seq, outcome, store.room().first) == (6, [None], 6)
    store.close()


def test_only_the_beginning_is_deleted_where_the_clock_was_set_back(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    for time in (1, 2, 100, 3, 4):
        say(store.room(), time=time)
    store.settle()
    store.forget(before=50)
    store.wait(lambda: store.room().first == 3)
    assert [event.seq for event in store.room().read(1, 9)] == [3, 4, 5]
    store.close()
