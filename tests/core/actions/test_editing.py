"""Changing and deleting single messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatd.core import answers
from chatd.core.answers import Ack
from chatd.core.commands import Delete, Edit, Hello, History, Ignore, Kick, Me, Mute, Op, Register, Say, Search
from chatd.core.errors import NotDelivered
from chatd.core.events import Blanked, Deleted, Edited, Said
from chatd.core.perform import perform
from chatd.core.registry import Registry
from chatd.store.database import connect
from chatd.testing import StandingClock, Visitor, arrive, new_registry
from tests.core.actions.answers import only, refusal
from tests.core.late import LateStore
from tests.store.pumped import Server

PASSWORD = "correct horse battery"


@pytest.fixture(params=["memory", "disk"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path if request.param == "disk" else None)
    yield server
    server.store.close()


def said(server: Server, person: Visitor, text: str, **more: Any) -> int:
    """The number of a message that ``person`` says."""
    return only(Ack, server.ask(person, Say(text, **more))).seq


def texts(server: Server, person: Visitor) -> list[str]:
    page = only(answers.HistoryPage, server.ask(person, History(100)))
    return [event.text for event in page.events if isinstance(event, Said)]


def test_a_message_is_gone_from_history_and_search(server: Server) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    seq = said(server, bob, "a secret word", id="7")
    said(server, bob, "another word")
    assert len(only(answers.SearchResults, server.ask(ada, Search("word"))).events) == 2
    ada.take()
    assert only(answers.Done, server.ask(bob, Delete(str(seq)))).subject == "bob"
    deleted = only(Deleted, ada.take())
    assert (deleted.nick, deleted.target, deleted.to) == ("bob", seq, "bob")
    assert texts(server, ada) == ["", "another word"]
    assert [event.seq for event in only(answers.SearchResults, server.ask(ada, Search("word"))).events] == [seq + 1]
    assert only(answers.SearchResults, server.ask(ada, Search("secret"))).events == ()
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
    page = only(answers.HistoryPage, server.ask(ada, History(1, around=seq)))
    assert [type(event) for event in page.events] == [Blanked]
    assert only(answers.SearchResults, server.ask(ada, Search("secret"))).events == ()
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
    assert only(answers.Done, server.ask(ada, Delete("BOB"))).subject == "bob"
    assert only(answers.Done, server.ask(ada, Delete("bob"))).subject == "bob"
    assert texts(server, ada) == ["", "", "three"]
    assert only(answers.Refused, server.ask(ada, Delete("bob"))).code == "no-such-message"


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
    assert only(answers.Done, bob.ask(Delete("olga"))).subject == "olga"


@pytest.mark.parametrize("which", ["", "“bob”", "👍", "bob❤", "я" * 4096])
def test_what_cannot_be_a_nick_is_nobody_whose_message_is_deleted(registry: Registry, which: str) -> None:
    ada, bob = arrive(registry, "ada", "dev"), arrive(registry, "bob", "dev")
    bob.ask(Say("mine", "dev"))
    ada.take()
    assert refusal(ada.ask(Delete(which, "dev")))[0] == "no-such-message"


@pytest.mark.parametrize("which", ["99", "0", "1", "x" * 40, "99999999999999999999"])
def test_what_is_no_message_cannot_be_deleted(registry: Registry, which: str) -> None:
    ada = arrive(registry, "ada")
    ada.ask(Say("tea"))
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
    assert [news.code for news in bob.take() if isinstance(news, answers.Refused)] == ["not-in-room"]


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
    assert [news.code for news in bob.take() if isinstance(news, answers.Refused)] == ["not-delivered"]


# -- Changing --------------------------------------------------------------------------------------


def test_a_changed_message_is_changed_in_history_and_search(server: Server) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    seq = said(server, bob, "a secret word", id="7", reply=1)
    said(server, bob, "another word")
    only(answers.SearchResults, server.ask(ada, Search("secret")))
    ada.take()
    assert only(answers.Done, server.ask(bob, Edit("a public word", seq=seq))).subject == "lobby"
    edited = only(Edited, ada.take())
    assert (edited.nick, edited.target, edited.text) == ("bob", seq, "a public word")
    assert texts(server, ada) == ["a public word", "another word"]
    assert only(answers.SearchResults, server.ask(ada, Search("secret"))).events == ()
    found = only(Said, only(answers.SearchResults, server.ask(ada, Search("public"))).events)
    assert (found.seq, found.id, found.reply, found.edited) == (seq, "7", 1, edited.seq)


def test_the_last_message_is_changed_if_none_is_named(server: Server) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    said(server, ada, "one")
    server.ask(ada, Me("waves"))
    said(server, bob, "two")
    only(answers.Done, server.ask(ada, Edit("nods\nand goes")))
    assert texts(server, bob) == ["one", "nods\nand goes", "two"]


def test_only_the_newest_text_of_a_message_is_kept(server: Server) -> None:
    ada = server.arrive("ada")
    seq = said(server, ada, "one")
    for text in ("two", "three"):
        server.ask(ada, Edit(text, seq=seq))
    log = server.registry.rooms.find("lobby").log
    assert edits(server, ada) == ["", "three"]
    server.ask(ada, Delete(str(seq)))
    assert (edits(server, ada), texts(server, ada)) == (["", ""], [""])
    assert only(answers.Refused, server.ask(ada, Edit("four", seq=seq))).code == "no-such-message"
    assert log.end == seq + 4


def edits(server: Server, person: Visitor) -> list[str]:
    page = only(answers.HistoryPage, server.ask(person, History(100)))
    return [event.text for event in page.events if isinstance(event, Edited)]


def test_a_change_survives_a_restart_and_the_old_texts_do_not(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ada = server.arrive("ada", token="t" * 16)
    seq = said(server, ada, "a first word", id="7", reply=1)
    server.ask(ada, Edit("a second word"))
    server.ask(ada, Edit("a third word"))
    for number in range(300):
        server.ask(ada, Say(f"more {number}"))
    server.store.drain_writer()
    server.restart()
    ada = server.arrive("ada", token="t" * 16)
    page = only(answers.HistoryPage, server.ask(ada, History(3, after=seq - 1)))
    assert [getattr(event, "text", "") for event in page.events] == ["a third word", "", "a third word"]
    [message, *_] = page.events
    assert isinstance(message, Said)
    assert (message.id, message.reply, message.edited) == ("7", 1, seq + 2)
    assert [event.seq for event in only(answers.SearchResults, server.ask(ada, Search("third"))).events] == [seq]
    assert only(Ack, server.ask(ada, Say("a first word", id="7"))).seq == seq, "it was said, and is not said again"
    server.store.close()
    connection = connect(tmp_path / "chatd.db")
    connection.execute("VACUUM")
    connection.close()
    content = (tmp_path / "chatd.db").read_bytes()
    assert b"a third word" in content
    assert b"a first word" not in content
    assert b"a second word" not in content


def test_a_message_can_be_changed_for_an_hour(registry: Registry, clock: StandingClock) -> None:
    ada = arrive(registry, "ada")
    ada.ask(Say("one"))
    clock.advance(3600)
    assert only(Edited, ada.ask(Edit("two"))).text == "two"
    clock.advance(1)
    assert refusal(ada.ask(Edit("three"))) == (
        "too-late",
        "A message can be changed for 60 minutes.",
        "/delete N deletes it, and a new message can say it better.",
    )


def test_nobody_changes_what_others_have_said(registry: Registry) -> None:
    olga, bob = arrive(registry, "olga", "dev"), arrive(registry, "bob", "dev")
    bob.ask(Say("mine"))
    seq = registry.rooms.find("dev").log.end - 1
    olga.take()
    assert refusal(olga.ask(Edit("yours", seq=seq)))[1] == f"#dev has no message {seq} of yours."
    assert refusal(olga.ask(Edit("yours")))[0] == "no-such-message"
    for seq in (-1, 99):
        assert refusal(bob.ask(Edit("mine too", seq=seq)))[0] == "no-such-message"
    assert refusal(bob.ask(Edit(" ")))[0] == "bad-usage"


def test_who_may_not_speak_changes_nothing(registry: Registry) -> None:
    olga, bob = arrive(registry, "olga", "dev"), arrive(registry, "bob", "dev")
    bob.ask(Say("mine"))
    olga.ask(Mute("bob"))
    bob.take()
    assert refusal(bob.ask(Edit("worse")))[0] == "muted"


def test_who_ignores_somebody_is_not_shown_their_changes(registry: Registry) -> None:
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    ada.ask(Ignore("bob"))
    bob.ask(Say("one"))
    bob.ask(Edit("two"))
    assert not [news for news in ada.take() if isinstance(news, (Said, Edited))]


def test_an_account_changes_what_it_said_on_another_device_and_nothing_from_before_it_was_made(
    registry: Registry, clock: StandingClock
) -> None:
    arrive(registry, "olga")
    guest = arrive(registry, "bob")
    guest.ask(Say("as a guest"))
    guest.lose_link()
    clock.advance(1)
    new = arrive(registry, "bob")
    new.ask(Register(password=PASSWORD))
    new.lose_link()
    desk = arrive(registry, "bob", password=PASSWORD)
    desk.ask(Say("at the desk"))
    seq = registry.rooms.find("lobby").log.end - 1
    desk.lose_link()
    phone = arrive(registry, "bob", password=PASSWORD)
    phone.take()
    assert only(Edited, phone.ask(Edit("on the phone"))).target == seq
    assert refusal(phone.ask(Edit("as an owner", seq=3)))[0] == "no-such-message"


# -- Replies ---------------------------------------------------------------------------------------


def test_a_reply_names_an_event_of_the_room(registry: Registry) -> None:
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    ada.ask(Say("tea?"))
    ada.take()
    seq = registry.rooms.find("lobby").log.end - 1
    bob.ask(Say("yes", reply=seq))
    assert only(Said, ada.take()).reply == seq
    for wrong in (-1, seq + 2):
        assert refusal(bob.ask(Say("yes", reply=wrong)))[0] == "no-such-message"
