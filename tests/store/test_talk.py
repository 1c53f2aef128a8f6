"""People who talk with the log on disk: what they receive, and when; a full disk; restarts; history
and search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from chatd.codecs.json import JsonCodec
from chatd.core.answers import Ack, Answer, Entered, HistoryPage, Refused, SearchResults
from chatd.core.commands import Hello, History, Ignore, Join, Leave, Nick, Quit, Say, Search, Topic
from chatd.core.events import Event, Joined, Left, Renamed, Said
from chatd.core.perform import perform
from chatd.core.session import Session
from chatd.delivery.outlet import Outlet
from chatd.testing import Visitor
from tests.store.pumped import Server

TOKEN = "a token that nobody guesses"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.store.close()


def seqs(news: list[Event | Answer]) -> list[int]:
    return [item.seq for item in news if isinstance(item, Event)]


def kinds(news: list[Event | Answer]) -> list[type]:
    return [type(item) for item in news]


class TestDelivered:
    def test_nothing_is_shown_or_acknowledged_before_it_is_stored(self, server: Server) -> None:
        ada, bob = server.arrive("ada"), server.arrive("bob")
        ada.take()
        perform(server.registry, ada.session, Say("hi"))
        assert (ada.take(), bob.take()) == ([], [])
        server.drain()
        assert Said in kinds(bob.take())
        assert Ack in kinds(ada.take())

    def test_entering_shows_the_state_at_its_seq(self, server: Server) -> None:
        ada = server.arrive("ada")
        bob, eve = Visitor(server.registry), Visitor(server.registry)
        perform(server.registry, ada.session, Topic("tea"))
        perform(server.registry, bob.session, Hello("bob"))
        perform(server.registry, eve.session, Hello("eve"))
        perform(server.registry, ada.session, Topic("no tea"))
        server.drain()
        entered = next(item for item in bob.take() if isinstance(item, Entered))
        assert (entered.members, entered.topic, entered.seq) == (("ada", "bob"), "tea", 3)

    def test_quitting_tells_everything_first(self, server: Server) -> None:
        ada = Visitor(server.registry)
        news = server.ask(ada, Hello("ada"), Say("hi", id="1"), Quit())
        names = [type(item).__name__ for item in news]
        assert names == ["Welcome", "Entered", "Ack", "Said", "Closing"]
        assert ada.out.closed is not None

    def test_a_connection_lost_while_entering_follows_nothing(self, server: Server) -> None:
        ada = Visitor(server.registry)
        perform(server.registry, ada.session, Hello("ada"))
        ada.lose_link()
        server.drain()
        server.drain()  # The leaving follows when the joining is stored.
        assert ada.out.cursors == {}
        assert [type(event) for event in server.store.room().read(1, 9)] == [Joined, Left]

    def test_leaving_shows_everything_before_it(self, server: Server) -> None:
        ada, bob = server.arrive("ada"), server.arrive("bob")
        ada.take()
        perform(server.registry, bob.session, Say("one"))
        perform(server.registry, ada.session, Leave())
        perform(server.registry, bob.session, Say("two"))
        server.drain()
        assert [item.text for item in ada.take() if isinstance(item, Said)] == ["one"]

    @pytest.mark.parametrize(("requested", "shown"), [(0, 0), (3, 3), (99, 20), (-1, 0)])
    def test_a_client_chooses_the_scrollback(self, server: Server, requested: int, shown: int) -> None:
        ada = server.arrive("ada")
        server.ask(ada, *[Say(str(n)) for n in range(30)])
        news = server.ask(Visitor(server.registry), Hello("bot", scrollback=requested))
        [entered] = [item for item in news if isinstance(item, Entered)]
        assert len(entered.scrollback) == shown


class TestSentAgain:
    def test_a_message_sent_again_after_restarts_is_said_once(self, server: Server) -> None:
        ada = server.arrive("ada", token=TOKEN)
        acks = [item for item in server.ask(ada, Say("hi", id="1"), Say("hi", id="1")) if isinstance(item, Ack)]
        server.restart()
        ada = server.arrive("ada", token=TOKEN)
        server.ask(ada, *[Say(str(n)) for n in range(30)])
        acks += [item for item in server.ask(ada, Say("hi", id="1")) if isinstance(item, Ack)]
        server.restart()
        ada = server.arrive("ada", token=TOKEN)
        acks += [item for item in server.ask(ada, Join("tea"), Say("hi", id="1")) if isinstance(item, Ack)]
        assert len({(ack.room, ack.seq, ack.time, ack.id) for ack in acks}) == 1
        assert len(acks) == 4

    def test_senders_have_separate_ids(self, server: Server) -> None:
        ada, bob = server.arrive("ada", token=TOKEN), server.arrive("bob", token=TOKEN + "!")
        first = [item for item in server.ask(ada, Say("hi", id="1")) if isinstance(item, Ack)]
        second = [item for item in server.ask(bob, Say("hi", id="1")) if isinstance(item, Ack)]
        assert first[0].seq != second[0].seq


class TestFullDisk:
    def test_messages_are_refused_and_history_still_works(self, server: Server) -> None:
        ada, bob = server.arrive("ada"), server.arrive("bob")
        server.ask(ada, Say("kept"))
        bob.take()
        server.store.limit(0)
        [refused] = server.ask(ada, Say("x" * 20_000, id="7"))
        assert isinstance(refused, Refused)
        assert (refused.code, refused.id) == ("not-delivered", "7")
        assert "server's disk is full" in refused.reason
        assert bob.take() == []
        [past] = server.ask(bob, History(count=1))
        assert isinstance(past, HistoryPage)
        assert [event.text for event in past.events if isinstance(event, Said)] == ["kept"]
        server.store.limit(None)
        news = server.ask(ada, Say("again"))
        assert {Ack, Said} == set(kinds(news))
        assert seqs(bob.take()) == seqs(news)

    def test_a_joining_that_cannot_be_stored_is_refused(self, server: Server) -> None:
        server.arrive("ada")
        server.store.limit(0)
        eve = Visitor(server.registry)
        while True:  # The last page has space for some events.
            news = server.ask(eve, Hello("eve") if eve.session.person is None else Join("lobby"))
            if Refused in kinds(news):
                break
            server.ask(eve, Leave())
        assert eve.rooms == {}
        assert eve.session.person not in server.registry.rooms.find("lobby").members
        assert eve.out.cursors == {}
        server.store.limit(None)
        assert Entered in kinds(server.ask(eve, Join("lobby")))

    def test_leaving_and_renaming_are_shown_when_there_is_space(self, server: Server) -> None:
        ada, bob, eve = (server.arrive(nick) for nick in ("ada", "bob", "eve"))
        ada.take()
        self.fill(server, ada)
        bob.lose_link()
        perform(server.registry, eve.session, Nick("eva"))
        server.drain()
        assert seqs(ada.take()) == []
        server.store.limit(None)
        before = server.store.room().end
        server.registry.rooms.retry_failed()
        server.drain()
        news = [item for item in ada.take() if isinstance(item, Event)]
        assert kinds(news) == [Left, Renamed]  # type: ignore[arg-type]
        assert seqs(news) == [before, before + 1]  # type: ignore[arg-type]

    def test_who_comes_back_when_there_is_room_has_left_before(self, server: Server) -> None:
        ada, bob, eve = (server.arrive(nick) for nick in ("ada", "bob", "eve"))
        self.fill(server, ada)
        ada.take()
        bob.lose_link()
        for nick in ("eva", "evi"):
            server.ask(eve, Nick(nick))
        server.store.limit(None)
        again = server.arrive("bob")
        server.registry.rooms.retry_failed()
        server.drain()
        news = [(type(item), item.nick, getattr(item, "to", "")) for item in ada.take() if isinstance(item, Event)]
        assert news == [(Left, "bob", ""), (Joined, "bob", ""), (Renamed, "eve", "evi")]
        assert again.rooms.keys() == {"lobby"}

    def test_nobody_is_told_of_one_who_never_came_in(self, server: Server) -> None:
        ada = server.arrive("ada")
        self.fill(server, ada)
        eve = Visitor(server.registry)
        perform(server.registry, eve.session, Hello("eve"))
        eve.lose_link()
        server.drain()
        ada.take()
        server.store.limit(None)
        server.registry.rooms.retry_failed()
        server.drain()
        assert ada.take() == []

    def fill(self, server: Server, person: Visitor) -> None:
        """Fill the disk to the last byte."""
        server.store.limit(0)
        for size in (3000, 300, 30, 1):
            while Refused not in kinds(server.ask(person, Say("x" * size))):
                pass


class TestHistory:
    @pytest.fixture
    def ada(self, server: Server) -> Visitor:
        """Event n + 1 is the message n, said n seconds after noon, for n up to 500; none of them
        are in memory."""
        ada = server.arrive("ada")
        for n in range(1, 501):
            server.time.advance(1)
            perform(server.registry, ada.session, Say(str(n)))
        server.drain()
        server.restart()
        return server.arrive("ada")

    @pytest.mark.parametrize(
        ("command", "first", "last", "more", "later"),
        [
            (History(count=3), 500, 502, True, False),
            (History(count=2, before=11), 9, 10, True, True),
            (History(count=100, before=11), 1, 10, False, True),
            (History(count=2, after=11), 12, 13, True, True),
            (History(count=100, after=480), 481, 502, True, False),
            (History(count=2, after=9999), 0, 0, True, False),
            (History(before=300), 280, 299, True, True),
            (History(count=10_000, before=300), 200, 299, True, True),
            (History(count=2, before_time="2026-11-23T12:01:40Z"), 99, 100, True, True),
            (History(count=2, after_time="2026-11-23T12:01:40Z"), 101, 102, True, True),
            (History(count=2, after_time="2026-01-01"), 1, 2, False, True),
        ],
    )
    def test_pages(self, server: Server, ada: Visitor, command: History, first: int, last: int, more: bool, later: bool) -> None:
        [answer] = server.ask(ada, command)
        assert isinstance(answer, HistoryPage)
        expected = list(range(first, last + 1)) if first else []
        assert [event.seq for event in answer.events] == expected
        assert (answer.more, answer.later) == (more, later)
        said = [(event.seq, event.text) for event in answer.events if isinstance(event, Said)]
        assert said == [(seq, str(seq - 1)) for seq, _ in said]

    @pytest.mark.parametrize(
        "command", [History(count=-1), History(before=-1), History(after=3, before=3), History(before_time="noon")]
    )
    def test_invalid_positions_are_refused(self, server: Server, ada: Visitor, command: History) -> None:
        [answer] = server.ask(ada, command)
        assert isinstance(answer, Refused)
        assert answer.code == "bad-usage"


class TestSearch:
    def test_a_search_includes_the_last_message_and_no_ignored_ones(self, server: Server) -> None:
        ada, bob = server.arrive("ada"), server.arrive("bob")
        server.ask(bob, Say("tea at four"))
        ada.take()
        [results] = [item for item in server.ask(ada, Say("tea at five"), Search("tea")) if isinstance(item, SearchResults)]
        assert [event.text for event in results.events if isinstance(event, Said)] == ["tea at five", "tea at four"]
        [results] = [item for item in server.ask(ada, Ignore("bob"), Search("tea", count=1)) if isinstance(item, SearchResults)]
        assert (len(results.events), results.more) == (1, True)

    @pytest.mark.parametrize(
        ("command", "code"),
        [
            (Search("!?"), "bad-usage"),
            (Search("tea", count=-1), "bad-usage"),
            (Search("tea", room="nowhere"), "no-such-room"),
            (Search("tea", after_time="noon"), "bad-usage"),
        ],
    )
    def test_invalid_searches_are_refused(self, server: Server, command: Search, code: str) -> None:
        [answer] = server.ask(server.arrive("ada"), command)
        assert isinstance(answer, Refused)
        assert answer.code == code

    def test_a_search_that_takes_too_long_is_given_up(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chatd.store.searches.SEARCH_SECONDS", -1)
        ada = server.arrive("ada")
        for _ in range(600):
            perform(server.registry, ada.session, Say("tea " * 50))
        server.drain()
        ada.take()
        [answer] = server.ask(ada, Search("tea", nick="eve"))
        assert isinstance(answer, Refused)
        assert "too long" in answer.reason


class Connection:
    """A JSON client with an outlet whose transport applies backpressure now and then. It records
    everything it receives."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport = StringTransport()
        self.outlet = Outlet(self.transport, JsonCodec().talk(), server.fanout, self)
        self.session = self.outlet.session = Session(self.outlet, "192.0.2.1", "json", server.registry.now())
        self.ended = False

    @property
    def producer(self) -> Any:
        """The producer that the transport pauses and resumes."""
        return self.transport.producer

    def closing(self, reason: object) -> None:
        self.ended = True

    abort = closing

    def linger(self) -> None:
        pass

    def spend(self, lines: float) -> None:
        pass

    def fail(self, defect: BaseException) -> None:
        raise defect

    def drained(self) -> None:
        pass

    def received(self) -> list[dict[str, Any]]:
        lines = self.transport.value().splitlines()
        self.transport.clear()
        return [json.loads(line) for line in lines]


class TestResume:
    @pytest.mark.parametrize("seen", [0, 1, 100, 127, 128, 500, 995, 1000])
    def test_resuming_after_a_restart_sends_everything_once_and_in_order(self, server: Server, seen: int) -> None:
        ada = server.arrive("ada")
        for n in range(1, 1001):
            perform(server.registry, ada.session, Say(str(n)))
        server.drain()
        server.restart()
        bob = server.arrive("bob")
        client = Connection(server)
        hello = Hello("eve", token=TOKEN, resume={"lobby": seen}, log=server.store.name)
        perform(server.registry, client.session, hello)
        room = server.registry.rooms.find("lobby")
        news: list[dict[str, Any]] = []
        for turn in range(400):
            if turn < 50:
                perform(server.registry, bob.session, Say(f"meanwhile {turn}"))
            if turn % 3 == 0:
                client.producer.pauseProducing()
            self.turn(server)
            if turn % 3 == 0:
                client.producer.resumeProducing()
            news += client.received()
        assert not client.ended
        events = [item for item in news if "seq" in item and item["type"] != "entered"]
        assert [item["seq"] for item in events] == list(range(seen + 1, room.log.end))
        assert [item["type"] for item in news[:2]] == ["welcome", "entered"]

    def turn(self, server: Server) -> None:
        """One turn of the reactor."""
        server.drain()
        done: list[bool] = []
        server.store._reader.ask(lambda connection: None, lambda answer: done.append(True))
        server.store.wait(lambda: done)
        server.clock.advance(0.1)

    def test_a_read_error_ends_the_connection(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        ada = server.arrive("ada")
        for n in range(100):
            perform(server.registry, ada.session, Say(str(n)))
        server.drain()
        server.restart()

        def broken(connection: object, **more: object) -> None:
            raise OSError("the disk is gone")

        monkeypatch.setattr("chatd.store.queries.events", broken)
        client = Connection(server)
        perform(server.registry, client.session, Hello("eve", resume={"lobby": 1}, log=server.store.name))
        for _ in range(5):
            self.turn(server)
        assert client.ended
