"""Deletion from the log, the search index and the file, by the retention of the server or the room,
in memory and on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from chatd.admin.main import main
from chatd.core.answers import Ack, Answer, Entered, Forgotten, HistoryPage, Missed, Refused, RetentionIs, SearchResults
from chatd.core.commands import Hello, History, Join, Keep, Say, Search, Topic
from chatd.core.events import Event, RetentionSet, Said
from chatd.core.log import Log
from chatd.core.registry import Settings
from chatd.store import deletion
from chatd.store.deletion import DELETED_AT_ONCE
from chatd.testing import NOON, Visitor
from tests.store.pumped import PumpedStore, Server, say

HOUR = 3_600_000
DAY = 24 * HOUR
TOKEN = "a token that nobody guesses"

T = TypeVar("T", bound=Event | Answer)
Open = Callable[..., Server]


def find_seqs(store: PumpedStore, *words: str) -> list[int]:
    return [event.seq for event in store.find_messages(*words)]


def delete_old(store: PumpedStore, log: Log, now: int, most: int = HOUR) -> list[tuple[int, int]]:
    """Delete old events. Returns the calls of ``on_deleted``."""
    answers: list[tuple[int, int]] = []
    log.delete_old(now, most, lambda first, time: answers.append((first, time)))
    store.drain_writer()
    return answers


class TestDisk:
    def test_old_events_are_deleted_and_the_others_are_unchanged(self, tmp_path: Path) -> None:
        store = PumpedStore(tmp_path)
        log, number = store.room(), 2 * DELETED_AT_ONCE + 50
        first = number - 9
        for seq in range(1, number + 1):
            say(log, f"secret{seq} tea", id=str(seq), time=NOON - (2 * HOUR if seq < first else 0))
        say(store.room("tea"), "secret in tea", time=NOON, room="tea")
        store.drain()
        assert find_seqs(store, "secret7") == [7]
        assert delete_old(store, log, NOON) == [(first, NOON - HOUR)]
        assert (log.first, log.held, log.end) == (first, first, number + 1)
        assert [event.seq for event in log.read(1, 9999)] == list(range(first, number + 1))
        assert store.lookup("o1", "7") is None
        assert store.lookup("o1", str(number)) is not None
        assert (find_seqs(store, "secret7"), find_seqs(store, f"secret{number}")) == ([], [number])
        assert len(find_seqs(store, "tea")) == 11
        assert store.room("tea").first == 1
        assert delete_old(store, log, NOON) == []
        store.close()
        store = PumpedStore(tmp_path)
        assert (store.room().first, store.room().end) == (first, number + 1)
        store.close()
        assert main(["--data", str(tmp_path), "vacuum"]) == 0
        assert b"secret7 " not in store.path.read_bytes()
        assert main(["--data", str(tmp_path), "check"]) == 0

    def test_what_was_deleted_before_a_failure_is_reported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store = PumpedStore(tmp_path)
        for _ in range(DELETED_AT_ONCE + 1):
            say(store.room(), time=NOON - 2 * HOUR)
        store.drain()
        results: list[Exception] = []
        delete_oldest = deletion.delete_oldest

        def fail_later(*given: Any) -> tuple[int, int]:
            if results:
                raise results[0]
            results.append(sqlite3.OperationalError("database or disk is full"))
            return delete_oldest(*given)

        monkeypatch.setattr(deletion, "delete_oldest", fail_later)
        assert delete_old(store, store.room(), NOON) == [(DELETED_AT_ONCE + 1, NOON - HOUR)]
        assert delete_old(store, store.room(), NOON) == []
        monkeypatch.undo()
        assert delete_old(store, store.room(), NOON) == [(DELETED_AT_ONCE + 2, NOON - HOUR)]
        store.close()

    def test_an_emptied_room_continues_its_seqs(self, tmp_path: Path) -> None:
        store = PumpedStore(tmp_path)
        for _ in range(5):
            say(store.room(), time=1)
        store.drain()
        delete_old(store, store.room(), NOON)
        assert store.room().first == 6
        store.close()
        store = PumpedStore(tmp_path)
        outcome = say(store.room(), time=3)
        store.drain()
        assert (outcome, store.room().first) == ([Said("lobby", 6, 3, "ada", "o1", "hi")], 6)
        store.close()

    def test_only_the_beginning_is_deleted_if_the_clock_was_set_back(self, tmp_path: Path) -> None:
        store = PumpedStore(tmp_path)
        for time in (1, 2, NOON, 3, 4):
            say(store.room(), time=time)
        store.drain()
        delete_old(store, store.room(), NOON)
        assert [event.seq for event in store.room().read(1, 9)] == [3, 4, 5]
        store.close()

    def test_reading_events_that_are_deleted_continues_after_them(self, tmp_path: Path) -> None:
        store = PumpedStore(tmp_path)
        for seq in range(1, 501):
            say(store.room(), time=1 if seq < 180 else NOON)
        store.drain()
        store.close()
        store = PumpedStore(tmp_path)
        log, loaded = store.room(), list[bool]()
        waiting, store.calls = store.calls, type(store.calls)()
        log.delete_old(NOON, HOUR, lambda first, time: None)
        store.calls.get(timeout=10)  # The events are deleted, but the reactor does not know yet.
        log.load(150, 151, loaded.append)
        store.wait(lambda: loaded)
        assert (loaded, log.first) == ([True], 180)
        assert waiting.empty()
        store.close()


@pytest.fixture(params=["memory", "disk"])
def open_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a server with logs in memory or on disk."""
    servers: list[Server] = []

    def open_server(**settings: Any) -> Server:
        servers.append(Server(tmp_path if request.param == "disk" else None, Settings(operators=frozenset({"ada"}), **settings)))
        return servers[-1]

    yield open_server
    for server in servers:
        server.store.close()


def only(kind: type[T], news: Sequence[Event | Answer]) -> T:
    [item] = [item for item in news if isinstance(item, kind)]
    return item


def texts(news: Sequence[Event | Answer]) -> list[str]:
    return [item.text for item in news if isinstance(item, Said)]


def history(server: Server, person: Visitor, command: History | None = None) -> list[str]:
    return texts(only(HistoryPage, server.ask(person, command or History())).events)


def delete_old_everywhere(server: Server, *people: Visitor) -> list[list[Event | Answer]]:
    """Let the server delete old events. Returns what each of ``people`` receives."""
    for person in people:
        person.take()
    server.registry.expiry.delete_old()
    if isinstance(server.store, PumpedStore):
        server.store.drain_writer()
    server.drain()
    return [person.take() for person in people]


class TestServerRetention:
    def test_all_members_are_notified(self, open_server: Open) -> None:
        server = open_server(keep="1d")
        ada, bob, eve = server.arrive("ada"), server.arrive("bob"), server.arrive("eve", rooms=("dev",))
        server.ask(ada, Say("old", id="1"))
        server.time.advance(25 * 3600)
        server.ask(ada, Say("new"))
        answers = delete_old_everywhere(server, ada, bob, eve)
        assert answers[:2] == [[Forgotten("lobby", 4, NOON + HOUR)]] * 2
        assert answers[2] == [Forgotten("dev", 2, NOON + HOUR)]
        assert history(server, bob) == ["new"]
        assert only(SearchResults, server.ask(bob, Search("old"))).events == ()
        assert texts(only(Entered, server.ask(server.arrive("joe", rooms=("x",)), Join("lobby"))).scrollback) == ["new"]
        assert only(Ack, server.ask(ada, Say("old", id="1"))).seq == 6
        assert delete_old_everywhere(server, ada, bob, eve) == [[], [], []]

    def test_resuming_from_a_deleted_event_reports_missed_events(self, open_server: Open) -> None:
        server = open_server(keep="1d")
        ada = server.arrive("ada")
        server.ask(ada, Say("old"))
        server.time.advance(25 * 3600)
        server.ask(ada, Say("new"))
        delete_old_everywhere(server)
        news = server.ask(Visitor(server.registry), Hello("bob", resume={"lobby": 1}, log=server.store.name))
        assert only(Missed, news) == Missed("lobby", 2, 2)
        assert texts(news) == ["new"]

    def test_without_a_limit_nothing_is_deleted(self, open_server: Open) -> None:
        server = open_server()
        ada = server.arrive("ada")
        server.ask(ada, Say("old"))
        server.time.advance(1e9)
        assert delete_old_everywhere(server, ada) == [[]]
        assert history(server, ada) == ["old"]


class TestRoomRetention:
    def test_the_retention_can_be_shown_and_set(self, open_server: Open) -> None:
        server = open_server(keep="90d")
        ada, bob = server.arrive("ada"), server.arrive("bob")
        ada.take()
        assert server.ask(ada, Keep(id="1")) == [RetentionIs("lobby", most="90d", id="1")]
        server.ask(ada, Say("hi"))
        bob.take()
        answers = server.ask(ada, Keep("30D", id="2"))
        assert only(RetentionIs, answers) == RetentionIs("lobby", "30d", NOON + DAY, "90d", id="2")
        event = only(RetentionSet, bob.take())
        assert (event.nick, event.keep, event.since) == ("ada", "30d", NOON + DAY)
        assert server.ask(bob, Keep("30d")) == [RetentionIs("lobby", "30d", NOON + DAY, "90d")]
        assert only(Entered, server.ask(Visitor(server.registry), Hello("joe"))).keep == "30d"
        server.time.advance(24 * 3600)
        assert only(RetentionIs, server.ask(bob, Keep())) == RetentionIs("lobby", "30d", 0, "90d")

    @pytest.mark.parametrize(
        ("keep", "reason"),
        [("91d", "This server keeps messages for at most 90 days."), ("soon", "soon is not a duration.")],
    )
    def test_an_invalid_retention_is_refused(self, open_server: Open, keep: str, reason: str) -> None:
        server = open_server(keep="90d")
        assert only(Refused, server.ask(server.arrive("ada"), Keep(keep))).reason == reason
        assert server.registry.rooms.find("lobby").retention.text == ""

    def test_only_members_can_set_the_retention(self, open_server: Open) -> None:
        server = open_server()
        server.arrive("ada", rooms=("dev",))
        assert only(Refused, server.ask(server.arrive("bob"), Keep("1h", "dev"))).code == "not-in-room"

    def test_messages_are_deleted_a_day_after_the_choice(self, open_server: Open) -> None:
        server = open_server()
        ada = server.arrive("ada")
        server.ask(ada, Say("old"), Keep("1h"))
        server.time.advance(23 * 3600)
        assert delete_old_everywhere(server, ada) == [[]]
        server.time.advance(3600)
        assert only(Forgotten, delete_old_everywhere(server, ada)[0]).room == "lobby"
        assert history(server, ada) == []

    def test_setting_it_back_in_time_deletes_nothing(self, open_server: Open) -> None:
        server = open_server()
        ada, bob = server.arrive("ada"), server.arrive("bob")
        server.ask(ada, Say("old"), Keep("1h"))
        assert only(RetentionIs, server.ask(bob, Keep("-"))) == RetentionIs("lobby")
        server.time.advance(72 * 3600)
        assert delete_old_everywhere(server, ada) == [[]]
        assert history(server, ada) == ["old"]

    def test_other_rooms_are_unchanged(self, open_server: Open) -> None:
        server = open_server()
        ada = server.arrive("ada", rooms=("dev", "lobby"))
        server.ask(ada, Say("kept", room="dev"), Say("old"), Keep("1h"))
        server.time.advance(72 * 3600)
        delete_old_everywhere(server)
        assert history(server, ada, History(room="dev")) == ["kept"]

    def test_the_retention_survives_a_restart(self, tmp_path: Path) -> None:
        server = Server(tmp_path)
        ada = server.arrive("ada")
        server.ask(ada, Say("old"), Keep("1h"))
        server.ask(ada, *[Say(str(number)) for number in range(30)])
        server.restart()
        assert only(RetentionIs, server.ask(server.arrive("ada"), Keep())) == RetentionIs("lobby", "1h", NOON + DAY)
        server.store.close()


class TestNoRetention:
    def test_a_new_room_has_no_history_immediately(self, open_server: Open) -> None:
        server = open_server()
        ada, bob = server.arrive("ada", rooms=("den",)), server.arrive("bob", rooms=("den",))
        assert only(RetentionIs, server.ask(ada, Keep("none"))) == RetentionIs("den", "none")
        server.ask(ada, Say("secret", id="1"), Topic("plans"))
        assert texts(bob.take()) == ["secret"]
        assert only(HistoryPage, server.ask(bob, History())) == HistoryPage("den", (), more=False)
        assert only(HistoryPage, server.ask(bob, History(around=3))) == HistoryPage("den", (), more=False)
        assert only(SearchResults, server.ask(bob, Search("secret"))).events == ()
        entered = only(Entered, server.ask(Visitor(server.registry), Hello("eve", rooms=("den",))))
        assert (entered.scrollback, entered.keep, entered.topic) == ((), "none", "plans")
        assert only(Ack, server.ask(ada, Say("secret", id="1"))).seq == 4

    def test_nothing_is_written_to_the_disk_and_the_seqs_continue(self, tmp_path: Path) -> None:
        server = Server(tmp_path)
        ada = server.arrive("ada", rooms=("den",))
        server.ask(ada, Keep("none"), *[Say(f"secret{number}", id=str(number)) for number in range(50)])
        assert server.store.room("den").end == 53
        server.restart()
        data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"den" in data
        assert b"secret" not in data
        ada = server.arrive("ada", rooms=("den",))
        assert server.store.room("den").end == 54
        assert only(RetentionIs, server.ask(ada, Keep())) == RetentionIs("den", "none")
        server.store.close()
        assert main(["--data", str(tmp_path), "check"]) == 0

    def test_only_a_former_member_can_resume(self, open_server: Open) -> None:
        server = open_server()
        ada = server.arrive("ada", rooms=("den",))
        bob = server.arrive("bob", rooms=("den",), token=TOKEN)
        server.ask(ada, Keep("none"), Say("one"))
        resume: dict[str, Any] = {"resume": {"den": server.registry.rooms.find("den").log.end - 1}, "log": server.store.name}
        bob.lose_link()
        server.ask(ada, Say("two"))
        for stranger in (Hello("eve", **resume), Hello("joe", token="x" * 20, **resume)):
            answers = server.ask(Visitor(server.registry), stranger)
            assert texts(answers) == []
            assert only(Missed, answers).first == 0
        assert texts(server.ask(Visitor(server.registry), Hello("bob", token=TOKEN, **resume))) == ["two"]

    def test_events_leave_memory_after_some_minutes_without_a_notice(self, open_server: Open) -> None:
        server = open_server()
        ada = server.arrive("ada", rooms=("den",))
        server.ask(ada, Keep("none"))
        server.time.advance(3600)
        delete_old_everywhere(server)
        server.ask(ada, Say("one"))
        server.time.advance(1200)
        assert delete_old_everywhere(server, ada) == [[]]
        log = server.registry.rooms.find("den").log
        assert log.first == log.end

    def test_messages_that_were_not_kept_stay_unknown(self, open_server: Open) -> None:
        server = open_server()
        ada = server.arrive("ada", rooms=("den",))
        server.ask(ada, Keep("none"), Say("secret"))
        server.ask(ada, Keep("-"), Say("open"))
        answers = only(HistoryPage, server.ask(ada, History(100)))
        assert texts(answers.events) == ["open"]
        assert not answers.more
        assert only(SearchResults, server.ask(ada, Search("secret"))).events == ()
        if isinstance(server.store, PumpedStore):
            server.restart()
            assert history(server, server.arrive("bob", rooms=("den",)), History(100)) == ["open"]

    def test_a_room_with_messages_is_emptied_a_day_after_the_choice(self, open_server: Open, tmp_path: Path) -> None:
        server = open_server()
        ada, bob = server.arrive("ada"), server.arrive("bob")
        server.ask(ada, *[Say(f"past{number}") for number in range(2 * DELETED_AT_ONCE)], Keep("none"), Say("still"))
        assert history(server, ada, History(1)) == ["still"]
        server.time.advance(24 * 3600)
        server.ask(ada, Say("unkept"))
        assert only(Forgotten, delete_old_everywhere(server, bob)[0]).room == "lobby"
        server.ask(ada, Say("unkept too"))
        assert history(server, ada) == []
        if isinstance(server.store, PumpedStore):
            server.store.close()
            assert main(["--data", str(tmp_path), "check"]) == 0
            assert main(["--data", str(tmp_path), "vacuum"]) == 0
            data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
            assert b"past7" not in data
            assert b"unkept" not in data
            server.start()
