"""The log on disk: order, seqs, duplicates, failures, restarts, pages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.commands import Hello, Join, Leave, Say
from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Joined, Left, Reason, Renamed, Said, TopicSet
from chatd.core.limits import LOG_PAGE_EVENTS, SCROLLBACK_EVENTS
from chatd.core.memory import MemoryLog
from chatd.core.names import INBOX, Name, inbox_key, is_inbox, parse_room
from chatd.core.rooms import SERVER
from chatd.store import sqlite
from chatd.testing import Visitor
from tests.store.pumped import PumpedStore, Server, say, short_tail


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PumpedStore]:
    store = PumpedStore(tmp_path)
    yield store
    store.close()


def reopened(store: PumpedStore) -> PumpedStore:
    store.close()
    store.__init__(store.path.parent)  # type: ignore[misc]
    return store


def texts(events: object) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]  # type: ignore[attr-defined]


class TestStoring:
    def test_an_event_is_readable_when_it_is_stored(self, store: PumpedStore) -> None:
        log = store.room()
        outcomes = say(log, "one")
        assert (log.end, log.has_pending, outcomes, list(log.read(1, 9))) == (1, True, [], [])
        store.drain()
        event = Said("lobby", 1, 1000, "ada", "o1", "one")
        assert (log.end, log.has_pending, outcomes, list(log.read(1, 9))) == (2, False, [event], [event])

    def test_rooms_have_separate_pending_events(self, store: PumpedStore) -> None:
        say(store.room())
        assert (store.room().has_pending, store.room("tea").has_pending) == (True, False)

    def test_outcomes_arrive_in_order(self, store: PumpedStore) -> None:
        log, calls = store.room(), list[tuple[int, int]]()

        def on_stored(outcome: Event | NotDelivered) -> None:
            assert isinstance(outcome, Said)
            assert outcome.text == str(outcome.seq)
            calls.append((outcome.seq, log.end))

        for number in range(1, 200):
            log.append(Said("lobby", DRAFT, 0, "ada", "o", str(number)), on_stored)
        store.drain()
        assert calls == [(seq, seq + 1) for seq in range(1, 200)]

    def test_every_kind_of_event_is_the_same_after_a_restart(self, store: PumpedStore) -> None:
        kinds: list[Event] = [
            Joined("lobby", 1, 10, "ada", "o", "account:ada", "owner"),
            Said("lobby", 2, 11, "ada", "o", "hi 你好", id="x"),
            Said("lobby", 3, 12, "ada", "o", "waves", action=True),
            Renamed("lobby", 4, 13, "ada", "o", "eve"),
            TopicSet("lobby", 5, 14, "eve", "o", "tea"),
            *(Left("lobby", 6 + n, 15, "eve", "o", reason, "bye") for n, reason in enumerate(Reason)),
        ]
        log = store.room()
        for event in kinds:
            log.append(event, lambda outcome: None)
        store.drain()
        again = reopened(store).room()
        assert list(again.read(1, 99)) == kinds
        assert (again.state.topic, again.first, again.end) == ("tea", 1, len(kinds) + 1)

    def test_seqs_and_the_log_name_survive_a_restart(self, store: PumpedStore) -> None:
        name = store.name
        assert not store.knows(name, "lobby", 0)
        for room in ("lobby", "tea"):
            for _ in range(30):
                say(store.room(room), room=room)
        store.drain()
        reopened(store)
        assert store.name != name
        assert [store.knows(name, "lobby", seq) for seq in (0, 30, 31)] == [True, True, False]
        assert list(store.room_names()) == ["lobby", "tea"]
        for room in ("lobby", "tea"):
            log = store.room(room)
            assert log.end == 31
            assert [event.seq for event in log.read(log.held, log.end)] == list(range(31 - SCROLLBACK_EVENTS, 31))
            say(log, "more", room=room)
        store.drain()
        assert store.room("tea").read(31, 32)[0].room == "tea"

    def test_an_unstored_room_does_not_mix_up_ids(self, store: PumpedStore) -> None:
        say(store.room("a"), room="a")
        store.drain()
        store.room("b")  # It is never written: its id is not in the database.
        say(store.room("c"), "in c", room="c")
        store.drain()
        reopened(store)
        say(store.room("d"), "in d", room="d")
        store.drain()
        reopened(store)
        assert [texts(store.room(name).read(1, 9)) for name in "acd"] == [["hi"], ["in c"], ["in d"]]

    def test_without_pending_events_after_pending_calls_immediately(self, store: PumpedStore) -> None:
        done: list[int] = []
        store.after_pending(lambda: done.append(1))
        assert done == [1]

    def test_closing_stores_pending_events(self, store: PumpedStore) -> None:
        say(store.room(), "last words")
        assert texts(reopened(store).room().read(1, 9)) == ["last words"]


class TestSentAgain:
    def test_a_message_sent_again_while_pending_gets_the_same_outcome(self, store: PumpedStore) -> None:
        log = store.room()
        first = say(log, id="1")
        again = say(log, id="1")
        elsewhere = say(store.room("tea"), id="1", room="tea")
        assert (first, again, elsewhere) == ([], [], [])
        store.drain()
        assert first == again == elsewhere == list(log.read(1, 9))
        assert log.end == 2

    def test_a_failed_message_can_be_sent_again(self, store: PumpedStore) -> None:
        log = store.room()
        store.limit(0)
        first = say(log, "x" * 20_000, id="1")
        again = say(log, "x" * 20_000, id="1")
        store.drain()
        assert first == again
        assert isinstance(first[0], NotDelivered)
        store.limit(None)
        assert store.lookup("o1", "1") is None
        after = say(log, "now", id="1")
        store.drain()
        assert after == list(log.read(1, 9))

    def test_a_message_on_the_disk_is_found_from_any_room(self, store: PumpedStore) -> None:
        outcomes = say(store.room(), id="1")
        for _ in range(SCROLLBACK_EVENTS):
            say(store.room())
        store.drain()
        [event] = outcomes
        assert isinstance(event, Said)
        reopened(store)
        assert store.room().held > event.seq
        again = say(store.room("tea"), id="1", room="tea")
        store.drain()
        assert again == [event]
        assert store.lookup("o2", "1") is None
        assert store.lookup("o1", "2") is None

    def test_the_events_of_one_sender_are_numbered_in_order(self, store: PumpedStore) -> None:
        """The first message needs a look-up; later events must not overtake it."""
        said = say(store.room(), "one", id="1")
        left: list[Event | NotDelivered] = []
        store.room().append(Left("lobby", DRAFT, 0, "ada", "o1", Reason.QUIT), left.append)
        other = say(store.room(), "from another", sender_id="o2")
        store.drain()
        seqs = [outcome.seq for [outcome] in (said, left, other) if isinstance(outcome, Event)]
        assert (seqs[0] < seqs[1], seqs[2]) == (True, 1)

    def test_several_look_ups_follow_one_another(self, store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chatd.store.duplicates.IDS_PER_SENDER", 0)
        for number in range(25):
            say(store.room(), str(number), id=str(number))
        store.drain()
        reopened(store)
        outcomes = [say(store.room(), str(number), id=str(number)) for number in (0, 1, 30, 2, 31)]
        done: list[int] = []
        store.after_pending(lambda: done.append(len(outcomes[-1])))
        store.wait(lambda: done)
        assert done == [1]
        assert [outcome.seq for [outcome] in outcomes if isinstance(outcome, Event)] == [1, 2, 26, 3, 27]

    def test_the_number_of_drafts_behind_a_look_up_is_limited(self, store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chatd.store.appending.PENDING_EVENTS", 3)
        outcomes = [say(store.room(), id=str(number)) for number in range(5)]
        assert [bool(outcome) for outcome in outcomes] == [False, False, False, False, True]
        store.drain()
        assert store.room().end == 5
        assert say(store.room()) == []

    def test_a_message_that_the_tail_has_dropped_is_found(self, store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "new_tail", partial(short_tail, store, 5))
        log = store.room()
        assert store.lookup("o1", "1") is None  # From now on the store knows that memory has all ids of o1.
        outcomes = say(log, id="1")
        for n in range(2, 9):
            say(log, id=str(n))
        store.drain()
        assert log.held > 1
        assert store.lookup("o1", "1") == outcomes[0]

    def test_messages_without_ids_are_never_duplicates(self, store: PumpedStore) -> None:
        first, second = say(store.room()), say(store.room())
        store.drain()
        assert first != second


class TestFailures:
    def test_a_failure_fails_all_pending_events_and_frees_their_numbers(self, store: PumpedStore) -> None:
        lobby, tea = store.room(), store.room("tea")
        say(lobby, "kept")
        store.drain()
        store.limit(0)
        outcome = say(lobby, "x" * 20_000)
        other = say(tea, "behind it", room="tea")
        store.wait(lambda: not store.turn or store.turn.pop(0)())
        late = say(lobby, "later")
        store.drain()
        for failed in (outcome, other, late):
            assert isinstance(failed[0], NotDelivered)
            assert "server's disk is full" in failed[0].reason
        assert (lobby.end, lobby.has_pending, tea.end) == (2, False, 1)
        assert texts(lobby.read(1, 99)) == ["kept"]
        assert len(store.reports) == 1

    def test_storing_works_again_when_there_is_space(self, store: PumpedStore) -> None:
        log = store.room()
        store.limit(0)
        for _ in range(3):
            say(log, "x" * 20_000)
            store.drain()
        store.limit(None)
        outcome = say(log, "again")
        store.drain()
        assert outcome == [Said("lobby", 1, 1000, "ada", "o1", "again")]
        assert texts(reopened(store).room().read(1, 99)) == ["again"]

    def test_a_defect_in_a_callback_affects_no_other(self, store: PumpedStore) -> None:
        log = store.room()
        log.append(Said("lobby", DRAFT, 0, "ada", "o", "x"), lambda outcome: 1 / 0)
        outcome = say(log)
        store.drain()
        assert outcome == list(log.read(2, 3))
        assert "defect" in store.reports[0]

    def test_the_number_of_pending_events_is_limited(self, store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chatd.store.appending.PENDING_EVENTS", 3)
        log = store.room()
        outcomes = [say(log) for _ in range(5)]
        assert [bool(outcome) for outcome in outcomes] == [False, False, False, True, True]
        store.drain()
        assert log.end == 4


class TestPages:
    def fill(self, store: PumpedStore, events: int) -> None:
        for n in range(1, events + 1):
            say(store.room(), str(n), time=1000 * n)
        store.drain()
        reopened(store)

    def test_older_events_can_be_read_when_they_are_loaded(self, store: PumpedStore) -> None:
        self.fill(store, 3 * LOG_PAGE_EVENTS)
        log = store.room()
        loaded: list[bool] = []
        assert list(log.read(100, 300)) == []
        log.load(100, 300, loaded.append)
        assert loaded == []
        store.wait(lambda: loaded)
        assert (loaded, texts(log.read(100, 300))) == ([True], [str(n) for n in range(100, 300)])

    def test_a_read_continues_from_the_pages_into_the_tail(self, store: PumpedStore) -> None:
        self.fill(store, 200)
        log = store.room()
        loaded: list[bool] = []
        log.load(150, log.end, loaded.append)
        store.wait(lambda: loaded)
        assert texts(log.read(150, log.end)) == [str(n) for n in range(150, 201)]

    def test_events_in_memory_are_loaded_immediately(self, store: PumpedStore) -> None:
        self.fill(store, 50)
        loaded: list[bool] = []
        store.room().load(40, 51, loaded.append)
        assert loaded == [True]

    def test_the_number_of_pages_in_memory_is_limited(self, store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chatd.store.pages.LOG_PAGES", 2)
        self.fill(store, 6 * LOG_PAGE_EVENTS)
        for start in range(1, 5 * LOG_PAGE_EVENTS, LOG_PAGE_EVENTS):
            loaded: list[bool] = []
            store.room().load(start, start + 1, loaded.append)
            store.wait(lambda loaded=loaded: loaded)  # type: ignore[misc]
            assert store.room().read(start, start + 1)
        assert len(store._pages) == 2

    @pytest.mark.parametrize(
        ("time", "seq"), [(0, 1), (1000, 1), (1001, 2), (250_000, 250), (299_999, 300), (300_000, 300), (300_001, 301)]
    )
    def test_find_time_finds_the_first_event_at_or_after_it(self, store: PumpedStore, time: int, seq: int) -> None:
        self.fill(store, 300)
        results: list[int] = []
        store.room().find_time(time, results.append)
        store.wait(lambda: results)
        assert results == [seq]

    def test_find_time_works_in_memory_too(self) -> None:
        log = MemoryLog(events=8)
        results: list[int] = []
        for n in range(1, 11):
            say(log, time=1000 * n)
        for time in (0, 7000, 7001, 99_000):
            log.find_time(time, results.append)
        assert results == [3, 7, 8, 11]


LOGS = [*map(parse_room, ("one", "two", "three")), SERVER, Name(INBOX, inbox_key("ada"), inbox_key("ada"))]


class TestFull:
    @given(st.lists(st.tuples(st.sampled_from(LOGS), st.sampled_from(["open", "remove", "restart"]))))
    def test_a_store_is_full_by_the_number_of_its_rooms(self, steps: list[tuple[Name, str]]) -> None:
        with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
            patch.setattr(sqlite, "ROOMS_STORED", 2)
            store = PumpedStore(Path(folder))
            for name, step in steps:
                if step == "open":
                    say(store.log(name), room=name.text)
                    store.drain()
                elif step == "remove" and name.key in store.logs:
                    store.remove_log(name.key)
                elif step == "restart":
                    reopened(store)
                assert store.is_full == (len([key for key in store.logs if not is_inbox(key)]) >= 2)
            store.close()

    def test_another_room_needs_no_look_at_all(self, store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "room_names", None)
        assert store.room("one") is not store.room("two")
        assert not store.is_full

    def test_a_refused_room_closes_no_other(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "ROOMS_STORED", 3)
        monkeypatch.setattr("chatd.core.rooms.ROOMS", 3)
        server = Server(tmp_path)
        ada = server.arrive("ada")
        server.ask(ada, *(command for name in ("a", "b") for command in (Join(name), Say("x", name), Leave(name))))
        server.ask(ada, *map(Join, ("c", "d")))
        assert [room.name.text for room in server.registry.rooms] == ["lobby", "a", "b"]
        server.store.close()

    def test_the_default_room_and_the_log_of_the_server_are_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "ROOMS_STORED", 1)
        server = Server(tmp_path)
        server.ask(Visitor(server.registry), Hello("ada", rooms=("other",)))
        assert server.store.is_full
        assert [*server.arrive("bob").rooms] == ["lobby"]
        assert server.registry.rooms.server
        server.store.close()
