"""The cache of ids that senders have used."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.events import DRAFT, Left, Reason, Said
from chatd.store import duplicates, queries
from chatd.store.id_cache import IdCache
from tests.store.pumped import PumpedStore, say, short_tail

SENDERS, IDS = st.sampled_from(["ada", "bob", "eve"]), st.sampled_from(["1", "2", "3", "4"])


@given(st.lists(st.tuples(st.sampled_from(["use", "load", "too many"]), SENDERS, IDS)), st.integers(0, 8))
def test_a_used_id_is_never_taken_for_new(steps: list[tuple[str, str, str]], limit: int) -> None:
    cache = IdCache(limit)
    used: dict[str, set[str]] = {"ada": set(), "bob": set(), "eve": set()}
    for what, sender_id, id in steps:
        if what == "use":
            used[sender_id].add(id)
            cache.add(sender_id, id)
        else:
            cache.load(sender_id, None if what == "too many" else used[sender_id])
        for sender, ids in used.items():
            assert all(cache.may_contain(sender, id) for id in ids)


def test_a_new_id_of_a_loaded_sender_is_recognised() -> None:
    cache = IdCache(limit=9)
    assert cache.may_contain("ada", "1")
    cache.load("ada", ["1", "2"])
    cache.add("ada", "3")
    cache.add("ada", "3")
    assert [cache.may_contain("ada", id) for id in "1234"] == [True, True, True, False]
    cache.load("bob", [])
    assert (cache.has("ada"), cache.has("bob")) == (True, True)
    cache.add("bob", "1")
    assert (cache.has("ada"), cache.has("bob")) == (False, True)


def test_a_sender_with_too_many_ids_is_cached_without_them() -> None:
    cache = IdCache()
    cache.load("ada", None)
    cache.add("ada", "1")
    assert (cache.has("ada"), cache.may_contain("ada", "2")) == (True, True)


@pytest.mark.parametrize(("senders", "ids_of_each"), [(70_000, 0), (50_000, 1), (210, 1000)])
def test_the_cache_takes_as_much_memory_as_is_documented(senders: int, ids_of_each: int) -> None:
    tracemalloc.start()
    cache = IdCache()
    for sender in range(senders):
        sender_id = f"{sender:032x}"
        cache.load(sender_id, ())
        for number in range(ids_of_each):
            cache.add(sender_id, f"{sender}-{number}")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(cache._hashes) == ids_of_each * len(cache._by_sender)
    assert held < 20 << 20


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The limit of ids in each look-up on the disk."""
    limits: list[int] = []
    real = queries.find_message

    def find_message(connection: Connection, sender_id: str, sent: str, limit: int) -> tuple[Said | None, Sequence[str] | None]:
        limits.append(limit)
        return real(connection, sender_id, sent, limit)

    monkeypatch.setattr(queries, "find_message", find_message)
    return limits


def talk(store: PumpedStore, first: int, last: int) -> None:
    for number in range(first, last):
        say(store.room(), id=str(number))
    store.drain()


def test_the_ids_of_a_sender_are_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: list[int]) -> None:
    monkeypatch.setattr(PumpedStore, "new_tail", lambda self, first: short_tail(self, 10, first))
    store = PumpedStore(tmp_path)
    talk(store, 0, 50)
    store.drain()
    assert len(limits) == 1
    store.close()
    store = PumpedStore(tmp_path)
    talk(store, 50, 100)
    store.drain()
    assert len(limits) == 2
    for number in range(80):
        said = store.lookup("o1", str(number))
        assert said is not None
        assert said.seq == number + 1
    limits.clear()
    talk(store, 100, 105)
    assert limits == []
    store.close()


def test_each_message_of_a_sender_with_too_many_ids_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: list[int]
) -> None:
    monkeypatch.setattr(duplicates, "IDS_PER_SENDER", 20)
    for number in (0, 21, 42):
        store = PumpedStore(tmp_path)
        talk(store, number, number + 21)
        store.close()
    assert limits == [20, *[20] + [0] * 20, *[20] + [0] * 20]


@pytest.mark.parametrize(("reason", "is_loaded"), [(Reason.LEFT, True), (Reason.QUIT, False), (Reason.LINK_LOST, False)])
def test_the_ids_of_a_sender_whose_connection_has_ended_are_forgotten(tmp_path: Path, reason: Reason, is_loaded: bool) -> None:
    store = PumpedStore(tmp_path)
    talk(store, 0, 3)
    store.room().append(Left("lobby", DRAFT, 1000, "ada", "o1", reason), lambda outcome: None)
    store.drain()
    assert store._duplicates._ids.has("o1") == is_loaded
    store.room().tail.shorten(3)
    said = store.lookup("o1", "1")
    assert said is not None
    assert said.seq == 2
    store.close()
