"""Inboxes on the disk: what is read back, searched, deleted and kept, and what is left of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.core.answers import Answer, Done, HistoryPage, RecentList, Refused, SearchResults
from chatd.core.commands import Command, Delete, History, Msg, Recent, Say, Search
from chatd.core.events import Event, Private
from chatd.testing import Visitor, own_account
from tests.store.pumped import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server on which ada, who has an account, has talked with bob and with mia, and was
    restarted."""
    server = Server(tmp_path)
    ada, bob, mia = (server.arrive(nick) for nick in ("ada", "bob", "mia"))
    own_account(bob)
    for number in range(1, 4):
        server.ask(ada, Msg("bob", f"tea {number}", id=f"{number}"))
        server.ask(bob, Msg("ada", f"milk {number}", id=f"{number}"))
        server.ask(mia, Msg("ada", f"coffee {number}", id=f"{number}"))
    server.restart()
    return server


def ask(server: Server, visitor: Visitor, command: Command) -> Answer:
    """The answer to ``command``, other than news."""
    answers: list[Event | Answer] = server.ask(visitor, command)
    [answer] = [item for item in answers if isinstance(item, (HistoryPage, SearchResults, Done, Refused))]
    return answer


def texts(answer: Answer) -> list[str]:
    assert isinstance(answer, (HistoryPage, SearchResults))
    events: Sequence[Event] = answer.events
    return [event.text for event in events if isinstance(event, Private)]


def test_a_talk_is_read_back_after_a_restart(server: Server) -> None:
    ada = server.arrive("ada")
    assert texts(ask(server, ada, History(room="@bob"))) == ["tea 1", "milk 1", "tea 2", "milk 2", "tea 3", "milk 3"]
    assert texts(ask(server, ada, History(room="@bob", after=4, count=2))) == ["milk 2", "tea 3"]
    assert texts(ask(server, ada, History(room="@bob", before=4, count=1))) == ["milk 1"]
    assert texts(ask(server, ada, History(room="@", count=2))) == ["milk 3", "coffee 3"]
    server.store.close()


def test_both_sides_of_a_message_have_its_common_id_after_a_restart(server: Server) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    own_account(bob)
    sides = ask(server, ada, History(room="@bob")), ask(server, bob, History(room="@ada"))
    ids = [
        [event.common_id for event in side.events if isinstance(event, Private)] for side in sides if isinstance(side, HistoryPage)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0]) - {""}) == 6
    server.store.close()


def test_the_conversations_are_listed_after_a_restart(server: Server) -> None:
    ada = server.arrive("ada")
    server.ask(ada, Say("hi"))
    found = [answer for answer in server.ask(ada, Recent()) if isinstance(answer, RecentList)]
    assert [line.room for line in found[0].rooms] == ["lobby", "@bob", "@mia"]
    server.restart()
    ada = server.arrive("ada")
    (again,) = (answer for answer in server.ask(ada, Recent()) if isinstance(answer, RecentList))
    assert again == found[0]
    server.store.close()


def test_no_number_leads_into_another_inbox(server: Server) -> None:
    eve, ada = server.arrive("eve"), server.arrive("ada")
    own_account(eve)
    server.ask(eve, Msg("ada", "mine"))
    for position in (History(before=2**50), History(after=2**41), History(around=2**40)):
        assert texts(ask(server, eve, replace(position, count=100, room="@bob"))) == []
        assert set(texts(ask(server, eve, replace(position, count=100, room="@ada")))) <= {"mine"}
    for count in (1000, -1000):
        found: list[Sequence[Event] | None] = []
        server.registry.inboxes.of(eve.session).log.find_talk("bob", 2**42, count, found.append)
        server.store.wait(found.copy)
        assert found == [[]]
    assert texts(ask(server, ada, Search("mine in:@eve"))) == ["mine"]
    server.store.close()


def test_a_search_in_a_talk_finds_its_messages(server: Server) -> None:
    ada, eve = server.arrive("ada"), server.arrive("eve")
    own_account(eve)
    assert texts(ask(server, ada, Search("milk in:@bob"))) == ["milk 3", "milk 2", "milk 1"]
    assert texts(ask(server, ada, Search("coffee in:@bob"))) == []
    assert texts(ask(server, ada, Search("coffee in:@"))) == ["coffee 3", "coffee 2", "coffee 1"]
    assert texts(ask(server, ada, Search("coffee"))) == []
    assert texts(ask(server, eve, Search("coffee in:@"))) == []
    server.store.close()


def test_ones_own_side_is_deleted_from_the_file(server: Server, tmp_path: Path) -> None:
    ada = server.arrive("ada")
    assert ask(server, ada, Delete("bob", "@bob")) == Done("delete", "bob")
    assert texts(ask(server, ada, Search("milk in:@bob"))) == ["milk 2", "milk 1"]
    bob = own_account(server.arrive("bob"))
    assert texts(ask(server, bob, Search("milk in:@ada"))) == ["milk 3", "milk 2", "milk 1"]
    server.store.close()
    with closing(sqlite3.connect(tmp_path / "chatd.db")) as connection:
        assert connection.execute("SELECT count(*) FROM event WHERE text = 'milk 3'").fetchone() == (1,)


def test_an_inbox_on_the_disk_holds_only_so_much(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.expiry.INBOX_EVENTS", 3)
    ada = server.arrive("ada")
    server.registry.expiry.delete_old()
    server.store.drain_writer()
    assert texts(ask(server, ada, History(room="@"))) == ["tea 3", "milk 3", "coffee 3"]
    server.store.close()


def test_a_disk_that_cannot_be_read_shows_no_talk(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = server.arrive("ada")
    monkeypatch.setattr("chatd.store.queries.COLUMNS", "nothing")
    answer = ask(server, ada, History(room="@bob"))
    assert isinstance(answer, Refused)
    assert answer.code == "not-delivered"
    monkeypatch.undo()
    server.store.close()
