"""Entering and leaving rooms, their topics, and what cannot be stored."""

from __future__ import annotations

import pytest

from chatd.core import actions, commands, events
from chatd.core.commands import (
    Away,
    Command,
    Hello,
    History,
    Join,
    Keep,
    Leave,
    Me,
    Ping,
    Rooms,
    Say,
    Topic,
    Who,
)
from chatd.core.events import (
    Done,
    Entered,
    Exited,
    Left,
    Members,
    Reason,
    Refused,
    Said,
    TopicSet,
)
from chatd.core.limits import (
    ROOMS_PER_SESSION,
    TOPIC_CHARACTERS,
)
from chatd.core.registry import Registry, Settings
from chatd.testing import Visitor, arrive, new_registry
from tests.core.actions.asking import LOST, LosingLog, every, only, refusal, rooms_of

TOKEN = "t" * 16


# -- Rooms -----------------------------------------------------------------------------------------


def test_a_room_is_made_by_entering_it_and_is_current(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    told = ada.ask(Join("#Dev", id="1"))
    assert told == [Entered("Dev", 1, 1, ("ada",), id="1")]
    assert ada.session.current is ada.out.current is registry.rooms.find("dev")
    assert bob.take() == []
    ada.ask(Say("hi"))
    assert bob.take() == []


def test_a_room_one_is_in_becomes_the_current_one(registry: Registry, ada: Visitor) -> None:
    ada.ask(Join("dev"))
    assert ada.ask(Join("#LOBBY", id="1")) == [Done("join", "lobby", id="1")]
    assert ada.session.current is ada.out.current is registry.rooms.find("lobby")


def test_twenty_rooms_and_no_more(ada: Visitor) -> None:
    for number in range(ROOMS_PER_SESSION - 1):
        ada.ask(Join(f"r{number}"))
    assert ROOMS_PER_SESSION == 20
    assert refusal(ada.ask(Join("one-more"))) == ("too-many", "You are in 20 rooms already.", "/leave one of them first.")
    assert only(Done, ada.ask(Join("r0"))).subject == "r0"


def test_what_is_no_room_cannot_be_entered(ada: Visitor) -> None:
    code, reason, hint = refusal(ada.ask(Join("a b")))
    assert (code, reason) == ("bad-room", "A room's name cannot hold a space.")
    assert hint.startswith("A room's name has 1 to 50 characters")


def test_where_there_are_too_many_rooms_none_is_entered(registry: Registry, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.rooms.ROOMS", 1)
    assert refusal(ada.ask(Join("dev")))[0] == "too-many"
    assert rooms_of(ada) == ["lobby"]


def test_leaving_is_told_to_those_who_stay(ada: Visitor, bob: Visitor) -> None:
    assert bob.ask(Leave(id="1")) == [Exited("lobby", "", id="1")]
    left = only(Left, ada.take())
    assert (left.room, left.seq, left.nick, left.reason, left.text) == ("lobby", 3, "bob", Reason.LEFT, "")
    ada.ask(Say("gone?"))
    assert bob.take() == []
    assert bob.session.current is bob.out.current is None


def test_after_leaving_the_room_entered_last_is_current(ada: Visitor) -> None:
    for room in ("one", "two", "three"):
        ada.ask(Join(room))
    assert ada.ask(Leave("two")) == [Exited("two", "three")]
    assert ada.ask(Leave()) == [Exited("three", "one")]
    ada.ask(Join("lobby"))
    assert ada.ask(Leave("one")) == [Exited("one", "lobby")]
    assert ada.ask(Leave("#Lobby")) == [Exited("lobby", "")]


def test_who_leaves_gets_what_happened_before(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Say("one"))
    said, exited = bob.ask(Leave())
    assert isinstance(said, Said)
    assert isinstance(exited, Exited)


@pytest.mark.parametrize("command", [Say("hi"), Me("waves"), Leave(), Topic(), Topic("tea"), Who(), History()], ids=repr)
def test_in_no_room_there_is_no_current_one(ada: Visitor, command: Command) -> None:
    ada.ask(Leave())
    assert refusal(ada.ask(command)) == ("not-in-room", "You are in no room.", "/join ROOM enters one; /rooms lists them.")


@pytest.mark.parametrize(
    "command",
    [Say("hi", "#dev"), Me("waves", "#dev"), Leave("#dev"), Topic("", "#dev"), Topic("tea", "#dev"), History(5, "#dev")],
    ids=repr,
)
def test_a_room_one_is_not_in_is_closed_to_one(registry: Registry, ada: Visitor, command: Command) -> None:
    arrive(registry, "bob", "dev")
    assert refusal(ada.ask(command)) == ("not-in-room", "You are not in #dev.", "/join #dev enters it.")


def test_rooms_are_listed_the_largest_first(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Join("zoo"))
    ada.ask(Topic("animals"))
    bob.ask(Join("attic"))
    bob.ask(Join("cellar"))
    bob.ask(Leave())
    told = ada.ask(Rooms(id="1"))
    assert only(events.RoomList, told) == events.RoomList(
        4,
        (
            events.RoomLine("lobby", 2, "", True),
            events.RoomLine("attic", 1, "", False),
            events.RoomLine("zoo", 1, "animals", True),
            events.RoomLine("cellar", 0, "", False),
        ),
        id="1",
    )


def test_of_many_rooms_so_many_are_listed(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.actions.looking.NAMES_SHOWN", 2)
    for room in ("one", "two"):
        ada.ask(Join(room))
    told = only(events.RoomList, ada.ask(Rooms()))
    assert (told.count, len(told.rooms)) == (3, 2)


def test_who_lists_a_room_one_need_not_be_in(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    arrive(registry, "carol", "dev")
    bob.ask(Away("at lunch"))
    assert ada.ask(Who(id="1")) == [Members("lobby", 2, ("ada", "bob"), {"bob": "at lunch"}, id="1")]
    assert ada.ask(Who("#DEV")) == [Members("dev", 1, ("carol",))]
    assert refusal(ada.ask(Who("attic"))) == (
        "no-such-room",
        "There is no room #attic.",
        "/rooms lists them; /join #attic makes it.",
    )


# -- Topics ----------------------------------------------------------------------------------------


def test_a_topic_is_set_shown_and_taken_away(ada: Visitor, bob: Visitor) -> None:
    assert ada.ask(Topic()) == [events.TopicIs("lobby", "")]
    assert only(Done, ada.ask(Topic("tea", id="1"))) == Done("topic", "tea", id="1")
    topic = only(TopicSet, bob.take())
    assert (topic.nick, topic.text) == ("ada", "tea")
    assert bob.ask(Topic(room="#lobby")) == [events.TopicIs("lobby", "tea")]
    assert only(Done, bob.ask(Topic("-"))) == Done("topic", "")
    assert only(TopicSet, ada.take()).text == ""
    assert ada.ask(Topic()) == [events.TopicIs("lobby", "")]


def test_a_topic_says_something(ada: Visitor) -> None:
    assert refusal(ada.ask(Topic("\u3164"))) == ("bad-usage", "There is nothing to say in that.", "Write a text.")


def test_a_topic_has_a_limit(ada: Visitor) -> None:
    ada.ask(Topic("x" * TOPIC_CHARACTERS))
    told = ada.ask(Topic("y" * (TOPIC_CHARACTERS + 1)))
    assert refusal(told) == ("too-long", "The topic is too long.", "A topic has at most 300 characters.")
    assert only(events.TopicIs, ada.ask(Topic())).text == "x" * TOPIC_CHARACTERS


# -- What cannot be stored -------------------------------------------------------------------------


@pytest.mark.parametrize("command", [Say("hi", id="1"), Me("waves", id="1"), Topic("tea", id="1")], ids=repr)
def test_what_is_not_stored_is_refused(losing: Registry, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    ada, bob = arrive(losing, "ada"), arrive(losing, "bob")
    ada.take()
    monkeypatch.setattr(LosingLog, "losing", True)
    told = ada.ask(command)
    assert refusal(told) == LOST
    assert only(Refused, told).id == "1"
    assert bob.take() == []
    assert losing.rooms.find("lobby").topic == ""
    monkeypatch.setattr(LosingLog, "losing", False)
    assert not every(Refused, ada.ask(command))
    assert len(bob.take()) == 1


def test_who_cannot_be_stored_is_not_in_the_room(losing: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = arrive(losing, "ada")
    monkeypatch.setattr(LosingLog, "losing", True)
    told = ada.ask(Join("dev", id="1"))
    assert refusal(told) == LOST
    assert only(Refused, told).id == "1"
    assert rooms_of(ada) == ["lobby"]
    assert ada.session.current is ada.out.current is losing.rooms.find("lobby")
    assert not losing.rooms.find("dev").members


def test_a_command_of_no_table_is_a_defect_of_ours(ada: Visitor) -> None:
    with pytest.raises(KeyError):
        ada.ask(Command())


def test_every_command_has_an_action() -> None:
    assert set(actions.ACTIONS) == {row.make for row in commands.TABLE} | {Hello, Say, Ping}


def test_a_room_is_not_kept_for_longer_than_the_server_keeps() -> None:
    ada = arrive(new_registry(Settings(keep="30d")), "ada")
    assert refusal(ada.ask(Keep("31d"))) == (
        "bad-usage",
        "This server keeps nothing for longer than 30 days.",
        "Choose less, or - for that long.",
    )
    assert only(events.RetentionIs, ada.ask(Keep("1d"))).keep == "1d"
    assert only(events.RetentionIs, ada.ask(Keep("-"))) == events.RetentionIs("lobby", most="30d")
