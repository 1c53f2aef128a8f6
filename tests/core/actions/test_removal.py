"""Deleting single messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatd.core import events
from chatd.core.commands import Delete, Hello, History, Kick, Op, Say, Search
from chatd.core.errors import NotDelivered
from chatd.core.events import Ack, Blanked, Deleted, Said
from chatd.core.perform import perform
from chatd.core.registry import Registry
from chatd.store.database import connect
from chatd.testing import Visitor, arrive, new_registry
from tests.core.actions.answers import only, refusal
from tests.core.late import LateStore
from tests.store.pumped import Server


@pytest.fixture(params=["memory", "disk"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path if request.param == "disk" else None)
    yield server
    server.store.close()


def said(server: Server, person: Visitor, text: str, **more: Any) -> int:
    """The number of a message that ``person`` says."""
    return only(Ack, server.ask(person, Say(text, **more))).seq


def texts(server: Server, person: Visitor) -> list[str]:
    page = only(events.HistoryPage, server.ask(person, History(100)))
    return [event.text for event in page.events if isinstance(event, Said)]


def test_a_message_is_gone_from_history_and_search(server: Server) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    seq = said(server, bob, "a secret word", id="7")
    said(server, bob, "another word")
    assert len(only(events.SearchResults, server.ask(ada, Search("word"))).events) == 2
    ada.take()
    assert only(events.Done, server.ask(bob, Delete(str(seq)))).subject == "bob"
    deleted = only(Deleted, ada.take())
    assert (deleted.nick, deleted.target, deleted.to) == ("bob", seq, "bob")
    assert texts(server, ada) == ["", "another word"]
    assert [event.seq for event in only(events.SearchResults, server.ask(ada, Search("word"))).events] == [seq + 1]
    assert only(events.SearchResults, server.ask(ada, Search("secret"))).events == ()
    blanked = server.registry.rooms.find("lobby").log.read(seq, seq + 1)[0]
    assert isinstance(blanked, Blanked)


def test_it_stays_gone_after_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ada = server.arrive("ada", token="t" * 16)
    seq = said(server, ada, "a secret word", id="7")
    for number in range(300):
        server.ask(ada, Say(f"more {number}"))
    server.ask(ada, Delete(str(seq)))
    server.store.drain_writer()
    server.restart()
    ada = server.arrive("ada", token="t" * 16)
    page = only(events.HistoryPage, server.ask(ada, History(1, around=seq)))
    assert [type(event) for event in page.events] == [Blanked]
    assert only(events.SearchResults, server.ask(ada, Search("secret"))).events == ()
    assert only(Ack, server.ask(ada, Say("a secret word", id="7"))).seq == seq, "it was said, and is not said again"
    server.store.close()
    connection = connect(tmp_path / "chatd.db")
    connection.execute("VACUUM")
    connection.close()
    assert b"a secret word" not in (tmp_path / "chatd.db").read_bytes()


def test_the_last_message_of_a_person_needs_no_number(server: Server) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    said(server, bob, "one")
    said(server, bob, "two")
    said(server, ada, "three")
    assert only(events.Done, server.ask(ada, Delete("BOB"))).subject == "bob"
    assert only(events.Done, server.ask(ada, Delete("bob"))).subject == "bob"
    assert texts(server, ada) == ["", "", "three"]
    assert only(events.Refused, server.ask(ada, Delete("bob"))).code == "no-such-message"


def test_others_messages_need_a_moderator(registry: Registry) -> None:
    olga, bob = arrive(registry, "olga", "dev"), arrive(registry, "bob", "dev")
    olga.ask(Say("mine"))
    bob.take()
    assert refusal(bob.ask(Delete("olga"))) == (
        "not-allowed",
        "You may not do this in #dev.",
        "/delete requires the role moderator.",
    )
    olga.ask(Op("bob"))
    assert only(events.Done, bob.ask(Delete("olga"))).subject == "olga"


@pytest.mark.parametrize("which", ["99", "0", "1", "x" * 40, "99999999999999999999"])
def test_what_is_no_message_cannot_be_deleted(registry: Registry, which: str) -> None:
    ada = arrive(registry, "ada")
    assert refusal(ada.ask(Delete(which)))[0] == "no-such-message"


def test_who_is_removed_meanwhile_deletes_nothing() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    olga, bob = Visitor(registry), Visitor(registry)
    for visitor, nick in ((olga, "olga"), (bob, "bob")):
        perform(registry, visitor.session, Hello(nick, rooms=("dev",)))
        store.answer()
    perform(registry, bob.session, Say("mine"))
    store.answer()
    perform(registry, bob.session, Delete("bob"))
    perform(registry, olga.session, Kick("bob"))
    store.answer()
    assert [news.code for news in bob.take() if isinstance(news, events.Refused)] == ["not-in-room"]


def test_a_disk_that_cannot_be_read_is_reported() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    bob = Visitor(registry)
    perform(registry, bob.session, Hello("bob"))
    store.answer()
    perform(registry, bob.session, Say("mine"))
    store.answer()
    store.failure = NotDelivered("The disk is full.")
    perform(registry, bob.session, Delete("bob"))
    store.answer()
    assert [news.code for news in bob.take() if isinstance(news, events.Refused)] == ["not-delivered"]
