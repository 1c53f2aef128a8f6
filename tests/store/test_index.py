"""Searching messages in any script by words, room, nick and time, in memory and in the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from sqlite3 import Connection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import TooMany
from chatd.core.events import DRAFT, Event, Said
from chatd.core.log import Asker
from chatd.core.memory import MemoryStore
from chatd.core.names import fold, parse_room
from chatd.core.registry import Registry, Settings
from chatd.core.search import Query
from chatd.core.search_text import read_search
from chatd.store import checkpoints, database, index, writer
from chatd.store.queries import to_row
from tests.store.pumped import PumpedStore, say

Search = Callable[..., list[str]]

TALK = [
    ("lobby", "ada", "Deployed build 17 to production"),
    ("lobby", "bob", "déjà vu: the build is RED"),
    ("tea", "ada", "今天我们去喝茶吧"),
    ("tea", "Łukasz", "お茶を飲みたいです"),
    ("lobby", "bob", "ฉันอยากดื่มชา"),
    ("tea", "ada", "he said \"NEAR\" AND (x OR y) -- 100% {col}: 'quoted'"),
    ("lobby", "eve", "Мы пьём чай"),
    ("lobby", "ada", "building bridges"),
    ("tea", "eve", "우리는 차를 마신다"),
    ("lobby", "bob", "हम चाय पीते हैं"),
]


@pytest.fixture(params=["memory", "disk"])
def search(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Search]:
    """A function that searches TALK, with message n at time n * 1000."""
    store = PumpedStore(tmp_path) if request.param == "disk" else None
    registry = Registry(Settings(), store or MemoryStore("log"), lambda: 0, lambda room: None)
    for number, (room, nick, text) in enumerate(TALK):
        log = registry.rooms.open(parse_room(room)).log
        log.append(Said(room, DRAFT, 1000 * number, nick, "o", text), lambda outcome: None)

    def search(*words: str, **narrowed: Any) -> list[str]:
        answers: list[Sequence[Event] | TooMany] = []
        if store:
            store.drain()
        query = Query(words, **{"rooms": registry.store.logs, **narrowed})
        registry.store.search(query, Asker("192.0.2.1", lambda: True), answers.append)
        if store:
            store.wait(lambda: answers)
        assert not isinstance(answers[0], TooMany)
        return [event.text for event in answers[0] if isinstance(event, Said)]

    yield search
    if store:
        store.close()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("build", [1, 0]),
        ("BUILD red", [1]),
        ("build*", [7, 1, 0]),
        ("deja", [1]),
        ("17", [0]),
        ("喝茶", [2]),
        ("茶", [3, 2]),
        ("茶喝", []),
        ("飲みたい", [3]),
        ("ชา", [4]),
        ("ЧАЙ", [6]),
        ("차를", [8]),
        ("차", [8]),
        ("चाय", [9]),
        ('"NEAR"', [5]),
        ("AND", [5]),
        ("{col}:", [5]),
        ("nothing", []),
        ("production deployed", [0]),
    ],
)
def test_words_in_any_script_are_found_newest_first(search: Search, words: str, expected: list[int]) -> None:
    assert search(*read_search(words).words) == [TALK[number][2] for number in expected]


@pytest.mark.parametrize(
    ("word", "narrowed", "expected"),
    [
        ("茶", {"rooms": {"tea"}}, [3, 2]),
        ("茶", {"rooms": {"lobby"}}, []),
        ("茶", {"rooms": {"nowhere"}}, []),
        ("build*", {"nick": "ada"}, [7, 0]),
        ("お茶", {"nick": fold("łUKASZ")}, [3]),
        ("build*", {"since": 1000}, [7, 1]),
        ("build*", {"until": 1000}, [0]),
        ("build*", {"since": 1000, "until": 7000}, [1]),
        ("build*", {"limit": 2}, [7, 1]),
        ("build*", {"firsts": {"lobby": 2}, "limit": 2}, [7, 1]),
        ("build*", {"firsts": {"lobby": 3, "tea": 9}}, [7]),
    ],
)
def test_a_search_can_be_narrowed(search: Search, word: str, narrowed: dict[str, Any], expected: list[int]) -> None:
    assert search(word, **narrowed) == [TALK[number][2] for number in expected]


def test_messages_from_before_a_restart_are_indexed(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    for number in range(450):
        say(store.room(), f"tea {number}")
    store.close()
    store = PumpedStore(tmp_path)
    results = store.find_messages("tea", "17")
    store.close()
    assert [event.seq for event in results] == [18]


def test_a_burst_is_stored_before_it_is_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[int] = []
    real = index.index

    def counted(connection: Connection, room: int) -> bool:
        parts.append(room)
        return real(connection, room)

    monkeypatch.setattr(index, "index", counted)
    monkeypatch.setattr(writer, "INDEX_SECONDS", 1000)
    store = PumpedStore(tmp_path)
    for _ in range(1000):
        say(store.room(), "tea")
    store.drain()
    assert parts == []  # A burst is stored first.
    store.find_messages("tea")
    store.close()
    assert len(parts) == 6


@pytest.mark.parametrize(("step", "parts"), [(0, 6), (1000, 1)])  # One for each commit, and one at the end.
def test_the_index_is_updated_in_steps_while_people_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float, parts: int
) -> None:
    steps: list[int] = []
    real = index.index

    def counted(connection: Connection, room: int) -> bool:
        steps.append(room)
        return real(connection, room)

    monkeypatch.setattr(index, "index", counted)
    monkeypatch.setattr(writer, "INDEX_PAUSE", 1000)
    monkeypatch.setattr(writer, "INDEX_SECONDS", 0)
    monkeypatch.setattr(writer, "INDEX_STEP_SECONDS", step)
    store = PumpedStore(tmp_path)
    for _ in range(5):
        for _ in range(index.INDEXED_AT_ONCE):
            say(store.room(), "tea")
        store.drain()
    store.close()
    assert len(steps) == parts


def test_indexing_continues_after_a_full_disk(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    for number in range(450):
        say(store.room(), f"tea {number}")
    store.drain()
    store.limit(0)
    answers = [store.find_messages("tea", "449")]
    store.limit(None)
    answers.append(store.find_messages("tea", "449"))
    store.close()
    assert [[event.seq for event in answer] for answer in answers] == [[], [450]]


def test_nobody_waits_long_for_an_index_that_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "INDEX_PATIENCE", 0)
    store = PumpedStore(tmp_path)
    for number in range(2 * index.INDEXED_AT_ONCE):
        say(store.room(), f"tea {number}")
    store.drain()
    with pytest.raises(TooMany, match="is being built again"):
        store.find_messages("tea", "17")
    monkeypatch.undo()
    assert [event.seq for event in store.find_messages("tea", "17")] == [18]
    store.close()


def test_the_index_is_updated_without_pauses_when_nobody_talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    copied: list[bool] = []
    indexed: SimpleQueue[bool] = SimpleQueue()
    real_index, real_checkpoint = index.index, checkpoints._checkpoint

    class Watched(SimpleQueue[object]):
        def get(self, block: bool = True, timeout: float | None = None) -> object:
            if timeout is not None:
                pauses.append(timeout)
            return super().get(block, timeout)

    def index_(connection: Connection, room: int) -> bool:
        more = real_index(connection, room)
        indexed.put(more)
        return more

    def checkpoint(connection: Connection) -> None:
        copied.append(True)
        real_checkpoint(connection)

    monkeypatch.setattr(writer, "SimpleQueue", Watched)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_ROWS", 5 * index.INDEXED_AT_ONCE)
    monkeypatch.setattr(checkpoints, "_checkpoint", checkpoint)
    monkeypatch.setattr(index, "index", index_)
    store = PumpedStore(tmp_path)
    for _ in range(20 * index.INDEXED_AT_ONCE + 1):
        say(store.room(), "tea")
    store.drain()
    copied.clear()
    while indexed.get(timeout=10):
        pass
    store.close()
    assert pauses.count(writer.INDEX_PAUSE) <= 2  # One before it, and perhaps one while the burst was not over.
    assert len(copied) >= 2  # Indexing fills the write-ahead log too.


# -- Many rooms ------------------------------------------------------------------------------------

SAID = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["ada", "bob"]), st.sampled_from(["tea", "water"])))
"""Messages in six rooms, oldest first."""


@contextmanager
def filled(talk: Sequence[tuple[str, str, str]]) -> Iterator[tuple[Connection, Sequence[Said]]]:
    """A database with the messages of ``talk`` (room, nick, text), each a millisecond later, and
    these messages."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(database.schema())
        rooms = {name: id for id, name in enumerate("abcdef", 1)}
        connection.executemany("INSERT INTO room (name, id, key) VALUES (?1, ?2, ?1)", rooms.items())
        said = [Said(room, time + 1, time, nick, "o", text) for time, (room, nick, text) in enumerate(talk)]
        rows = [to_row(rooms[event.room], event) for event in said]
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        for room in rooms.values():
            index.index(connection, room)
        yield connection, said


@given(
    SAID,
    st.sets(st.sampled_from("abcdef")),
    st.sampled_from(["", "ada"]),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 20)),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_the_newest_of_all_rooms_are_found(
    talk: Sequence[tuple[str, str, str]], rooms: Collection[str], nick: str, firsts: dict[str, int], limit: int, passed: int
) -> None:
    query = Query(("tea",), rooms, nick, limit=limit, firsts=firsts)
    with pytest.MonkeyPatch.context() as patch, filled(talk) as (connection, said):
        patch.setattr(index, "PASSED_ROWS", passed)
        matching = [event for event in said if event.text == "tea" and event.room in rooms and query.is_about(event)]
        newest = [event for event in reversed(matching) if event.seq >= firsts.get(event.room, 0)]
        assert index.search(connection, query, lambda: False) == newest[:limit]


@pytest.mark.parametrize(("each", "passes"), [(3, 1), (4, 4)])
def test_the_index_is_read_once_for_all_rooms_unless_there_is_much_to_pass(
    monkeypatch: pytest.MonkeyPatch, each: int, passes: int
) -> None:
    monkeypatch.setattr(index, "PASSED_ROWS", 2)
    with filled([(room, "ada", "tea") for room in "abcd" for _ in range(each)]) as (connection, _):
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        assert len(index.search(connection, Query(("tea",), "abcdef", limit=2), lambda: False)) == 2
    assert sum("MATCH" in statement for statement in statements) == passes
