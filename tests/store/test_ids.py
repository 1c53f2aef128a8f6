"""Which ids a sender has used."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.events import Said
from chatd.core.limits import IDS_KNOWN
from chatd.store import duplicates, queries
from chatd.store.ids import SENDER_IDS, KnownIds
from tests.store.pumped import PumpedStore, say, short_tail

ORIGINS, IDS = st.sampled_from(["ada", "bob", "eve"]), st.sampled_from(["1", "2", "3", "4"])


@given(st.lists(st.tuples(st.sampled_from(["use", "learn", "too many"]), ORIGINS, IDS)), st.integers(0, 8))
def test_what_was_used_is_never_taken_for_new(steps: list[tuple[str, str, str]], most: int) -> None:
    known = KnownIds(most)
    used: dict[str, set[str]] = {"ada": set(), "bob": set(), "eve": set()}
    for what, sender_id, id in steps:
        if what == "use":
            used[sender_id].add(id)
            known.add(sender_id, id)
        else:
            known.learn(sender_id, None if what == "too many" else used[sender_id])
        for sender, ids in used.items():
            assert all(known.may_have(sender, id) for id in ids)


def test_of_who_was_learnt_a_new_id_is_known_to_be_new() -> None:
    known = KnownIds(most=9)
    assert known.may_have("ada", "1")
    known.learn("ada", ["1", "2"])
    known.add("ada", "3")
    known.add("ada", "3")
    assert [known.may_have("ada", id) for id in "1234"] == [True, True, True, False]
    known.learn("bob", [])
    assert (known.knows("ada"), known.knows("bob")) == (True, True)
    known.add("bob", "1")
    assert (known.knows("ada"), known.knows("bob")) == (False, True)


def test_of_who_has_used_too_many_it_is_known_that_they_have() -> None:
    known = KnownIds()
    known.learn("ada", None)
    known.add("ada", "1")
    assert (known.knows("ada"), known.may_have("ada", "2")) == (True, True)


@pytest.mark.parametrize("ids_of_each", [0, 1, 1000])
def test_what_is_known_takes_as_much_memory_as_is_documented(ids_of_each: int) -> None:
    tracemalloc.start()
    known = KnownIds()
    for sender in range(IDS_KNOWN // (SENDER_IDS + ids_of_each) + 1000):
        sender_id = f"{sender:032x}"
        known.learn(sender_id, ())
        for number in range(ids_of_each):
            known.add(sender_id, f"{sender}-{number}")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(known._hashes) == ids_of_each * len(known._by_sender)
    assert held < 20 << 20


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many ids were asked for, each time that the disk was."""
    asked: list[int] = []
    real = queries.find

    def find(connection: Connection, sender_id: str, sent: str, most: int) -> tuple[Said | None, Sequence[str] | None]:
        asked.append(most)
        return real(connection, sender_id, sent, most)

    monkeypatch.setattr(queries, "find", find)
    return asked


def talk(store: PumpedStore, first: int, last: int) -> None:
    for number in range(first, last):
        say(store.room(), id=str(number))
    store.settle()


def test_the_disk_is_asked_once_about_a_sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[int]) -> None:
    monkeypatch.setattr(PumpedStore, "new_tail", lambda self, first: short_tail(self, 10, first))
    store = PumpedStore(tmp_path)
    talk(store, 0, 50)
    store.settle()
    assert len(asked) == 1
    store.close()
    store = PumpedStore(tmp_path)
    talk(store, 50, 100)
    store.settle()
    assert len(asked) == 2
    for number in range(80):
        said = store.lookup("o1", str(number))
        assert said is not None
        assert said.seq == number + 1
    asked.clear()
    talk(store, 100, 105)
    assert asked == []
    store.close()


def test_of_who_has_said_too_much_each_message_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[int]
) -> None:
    monkeypatch.setattr(duplicates, "IDS_PER_SENDER", 20)
    for number in (0, 21, 42):
        store = PumpedStore(tmp_path)
        talk(store, number, number + 21)
        store.close()
    assert asked == [20, *[20] + [0] * 20, *[20] + [0] * 20]
