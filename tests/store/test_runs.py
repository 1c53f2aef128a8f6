"""Runs: whether an event that a client saw is in the past of this database.

A model gives the right answer: copies of the data folder are made and restored, so that one number
belongs to several messages. No client is ever treated as if it had seen a message that it has not
seen.
"""

from __future__ import annotations

import shutil
import tempfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.core.answers import Entered, Missed, Welcome
from chatd.core.commands import Hello, Say
from chatd.core.events import Event, Said
from chatd.store import database
from chatd.store.runs import Runs
from chatd.testing import Visitor
from tests.store.pumped import PumpedStore, Server, say

ROOMS = st.sampled_from(["lobby", "tea", "attic"])


class Copies(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.place = Path(tempfile.mkdtemp())
        self.texts = map(str, count(1))
        self.seen: dict[tuple[str, str, int], str] = {}
        """The text of every message, by run, room and seq."""
        self.copies: list[tuple[Path, set[str], dict[tuple[str, int], str]]] = []
        self.names: set[str] = set()
        """The runs that the current data contains."""
        self.past: dict[tuple[str, int], str] = {}
        """The text of every message in the current data, by room and seq."""
        self.store = PumpedStore(self.place / "data")

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.place)

    @rule(room=ROOMS, number=st.integers(1, 4))
    def talk(self, room: str, number: int) -> None:
        for _ in range(number):
            outcomes = say(self.store.room(room), next(self.texts), room=room)
            [event] = self.store.stored(outcomes)
            assert isinstance(event, Said)
            self.past[room, event.seq] = event.text
        self.names.add(self.store.name)
        for (name, seq), text in self.past.items():  # In this run, a client can see all of it.
            self.seen[self.store.name, name, seq] = text

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = PumpedStore(self.place / "data")

    @precondition(lambda self: len(self.copies) < 4)
    @rule()
    def copy(self) -> None:
        """Copy the data while the server runs, as a snapshot does."""
        folder = self.place / f"copy {len(self.copies)}"
        shutil.copytree(self.place / "data", folder)
        self.copies.append((folder, set(self.names), dict(self.past)))

    @precondition(lambda self: self.copies)
    @rule(index=st.integers(0, 3))
    def put_back(self, index: int) -> None:
        folder, names, past = self.copies[index % len(self.copies)]
        self.store.close()
        shutil.rmtree(self.place / "data")
        shutil.copytree(folder, self.place / "data")
        self.names, self.past = set(names), dict(past)
        self.store = PumpedStore(self.place / "data")

    @invariant()
    def only_events_in_the_past_are_known(self) -> None:
        if not hasattr(self, "store"):
            return
        for (name, room, seq), text in self.seen.items():
            is_past = self.past.get((room, seq)) == text
            assert self.store.knows(name, room, seq) == (is_past and name in {*self.names, self.store.name})


TestCopies = Copies.TestCase
TestCopies.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


def resume(server: Server, seq: int, log: str) -> list[Event | object]:
    """The answers to a client that resumes after ``seq``, seen in the run called ``log``."""
    eve = Visitor(server.registry)
    news = server.ask(eve, Hello("eve", resume={"lobby": seq}, log=log))
    eve.lose_link()
    return [*news]


def test_a_client_resumes_after_several_restarts(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ada = Visitor(server.registry)
    [welcome] = [news for news in server.ask(ada, Hello("ada"), Say("one")) if isinstance(news, Welcome)]
    for _ in range(3):
        server.restart()
        assert server.store.name != welcome.log
        server.arrive("bob")
    news = resume(server, 1, welcome.log)
    assert not [each for each in news if isinstance(each, Missed)]
    assert [each.seq for each in news if isinstance(each, Event)] == list(range(2, server.store.room().end))
    server.store.close()


def test_a_client_that_has_seen_more_than_the_restored_copy_cannot_resume(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.ask(Visitor(server.registry), Hello("ada"), Say("one"))
    log, end = server.store.name, server.store.room().end
    server.store.close()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    server.start()
    lost = server.store.name
    server.ask(Visitor(server.registry), Hello("ada"), *[Say("lost")] * 5)
    server.store.close()
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "copy").rename(tmp_path / "data")
    server.start()
    server.ask(Visitor(server.registry), Hello("ada"), *[Say("new")] * 9)
    for seq, name in ((end + 3, lost), (end + 3, log), (end, log), (1, lost)):
        news = resume(server, seq, name)
        assert [each.first for each in news if isinstance(each, Missed)] == [0], (seq, name)
        [entered] = [each for each in news if isinstance(each, Entered)]
        assert "lost" not in [event.text for event in entered.scrollback if isinstance(event, Said)]
    assert not [each for each in resume(server, end - 1, log) if isinstance(each, Missed)]
    server.store.close()


def test_a_run_without_events_is_not_stored(tmp_path: Path) -> None:
    for _ in range(3):
        PumpedStore(tmp_path).close()
    with database.connect(tmp_path / database.FILE_NAME) as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)


def test_a_run_that_cannot_be_stored_is_stored_later(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    store.limit(0)
    assert store.stored(say(store.room(), "x" * 9000)) == []
    store.limit(None)
    store.stored(say(store.room()))
    name = store.name
    store.close()
    store = PumpedStore(tmp_path)
    assert store.knows(name, "lobby", 1)
    assert not store.knows(name, "attic", 1)
    store.close()


def run(path: Path, ends: dict[int, int]) -> Runs:
    """Begin a run with these ends, and store it."""
    with database.connect(path) as connection:
        runs = Runs(connection, ends)
        runs.store(connection)
    return runs


def test_only_the_newest_runs_and_starts_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / database.FILE_NAME
    database.prepare(path)
    monkeypatch.setattr("chatd.store.runs.RUNS_KNOWN", 5)
    names = [run(path, {1: number + 2, 2: 3}).name for number in range(9)]
    last = run(path, {1: 11, 2: 3})
    again = run(path, {1: 11, 2: 3})
    assert [again.knows(name, 1, number + 2, 11) for number, name in enumerate(names)] == [False] * 5 + [True] * 4
    assert [again.knows(name, 2, 2, 3) for name in (*names[5:], last.name)] == [True] * 5
    with database.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (5,)
        assert connection.execute("SELECT count(*) FROM run_start").fetchone() <= (6,)
    monkeypatch.setattr("chatd.store.runs.RUN_STARTS", 2)
    run(path, {1: 12, 2: 4})
    with database.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM run_start").fetchone() <= (4,)


def test_an_imported_room_cannot_be_resumed_from_an_earlier_run(tmp_path: Path) -> None:
    path = tmp_path / database.FILE_NAME
    database.prepare(path)
    before = run(path, {1: 5}).name
    run(path, {1: 5})  # The run of the import, before the room is created.
    after = run(path, {1: 5, 2: 30})
    assert (after.knows(before, 1, 4, 5), after.knows(before, 2, 4, 30)) == (True, False)
