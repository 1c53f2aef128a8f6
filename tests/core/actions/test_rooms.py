"""Entering and leaving rooms, their topics, and events that cannot be stored."""

from __future__ import annotations

import pytest

from chatd.core import actions, answers, command_table, commands
from chatd.core.answers import Done, Entered, Exited, Members, Refused
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
from chatd.core.events import Left, Reason, Said, TopicSet
from chatd.core.limits import (
    ROOMS_PER_PERSON,
    TOPIC_CHARACTERS,
)
from chatd.core.registry import Registry, Settings
from chatd.testing import NOON, Visitor, arrive, new_registry
from tests.core.actions.answers import LOST, LosingLog, every, only, refusal, rooms_of

TOKEN = "t" * 16


# -- Rooms -----------------------------------------------------------------------------------------


def test_joining_creates_a_room_and_makes_it_current(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    answers = ada.ask(Join("#Dev", id="1"))
    assert answers == [Entered("Dev", 1, 1, ("ada",), role="owner", id="1")]
    assert ada.session.current is ada.out.current is registry.rooms.find("dev")
    assert bob.take() == []
    ada.ask(Say("hi"))
    assert bob.take() == []


def test_joining_a_room_again_makes_it_current(registry: Registry, ada: Visitor) -> None:
    ada.ask(Join("dev"))
    assert ada.ask(Join("#LOBBY", id="1")) == [Done("join", "lobby", id="1")]
    assert ada.session.current is ada.out.current is registry.rooms.find("lobby")


def test_the_number_of_rooms_is_limited(ada: Visitor) -> None:
    for number in range(ROOMS_PER_PERSON - 1):
        ada.ask(Join(f"r{number}"))
    assert ROOMS_PER_PERSON == 20
    assert refusal(ada.ask(Join("one-more"))) == ("too-many", "You are already in 20 rooms.", "/leave one of them first.")
    assert only(Done, ada.ask(Join("r0"))).subject == "r0"


def test_an_invalid_room_name_is_refused(ada: Visitor) -> None:
    code, reason, hint = refusal(ada.ask(Join("a b")))
    assert (code, reason) == ("bad-room", "A room name cannot contain a space.")
    assert hint.startswith("A room name has 1 to 50 characters")


def test_a_server_with_too_many_rooms_refuses_a_join(registry: Registry, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.rooms.ROOMS", 1)
    assert refusal(ada.ask(Join("dev")))[0] == "too-many"
    assert rooms_of(ada) == ["lobby"]


def test_leaving_is_shown_to_the_other_members(ada: Visitor, bob: Visitor) -> None:
    assert bob.ask(Leave(id="1")) == [Exited("lobby", "", id="1")]
    left = only(Left, ada.take())
    assert (left.room, left.seq, left.nick, left.reason, left.text) == ("lobby", 3, "bob", Reason.LEFT, "")
    ada.ask(Say("gone?"))
    assert bob.take() == []
    assert bob.session.current is bob.out.current is None


def test_after_leaving_the_last_entered_room_is_current(ada: Visitor) -> None:
    for room in ("one", "two", "three"):
        ada.ask(Join(room))
    assert ada.ask(Leave("two")) == [Exited("two", "three")]
    assert ada.ask(Leave()) == [Exited("three", "one")]
    ada.ask(Join("lobby"))
    assert ada.ask(Leave("one")) == [Exited("one", "lobby")]
    assert ada.ask(Leave("#Lobby")) == [Exited("lobby", "")]


def test_leaving_shows_everything_before_it(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Say("one"))
    said, exited = bob.ask(Leave())
    assert isinstance(said, Said)
    assert isinstance(exited, Exited)


@pytest.mark.parametrize("command", [Say("hi"), Me("waves"), Leave(), Topic(), Topic("tea"), Who(), History()], ids=repr)
def test_without_a_room_there_is_no_current_room(ada: Visitor, command: Command) -> None:
    ada.ask(Leave())
    assert refusal(ada.ask(command)) == ("not-in-room", "You are not in any room.", "/join ROOM enters one; /rooms lists them.")


@pytest.mark.parametrize(
    "command",
    [Say("hi", "#dev"), Me("waves", "#dev"), Leave("#dev"), Topic("", "#dev"), Topic("tea", "#dev"), History(5, "#dev")],
    ids=repr,
)
def test_commands_about_other_rooms_are_refused(registry: Registry, ada: Visitor, command: Command) -> None:
    arrive(registry, "bob", "dev")
    assert refusal(ada.ask(command)) == ("not-in-room", "You are not in #dev.", "/join #dev enters it.")


def test_rooms_are_listed_largest_first(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Join("zoo"))
    ada.ask(Topic("animals"))
    bob.ask(Join("attic"))
    bob.ask(Join("cellar"))
    bob.ask(Say("dark here"))
    bob.ask(Leave())
    assert only(answers.RoomList, ada.ask(Rooms(id="1"))) == answers.RoomList(
        4,
        (
            answers.RoomLine("lobby", 2, "", True),
            answers.RoomLine("attic", 1, "", False),
            answers.RoomLine("zoo", 1, "animals", True),
            answers.RoomLine("cellar", 0, "", False),
        ),
        id="1",
    )


def test_the_list_of_rooms_is_limited(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.actions.info.NAMES_SHOWN", 2)
    for room in ("one", "two"):
        ada.ask(Join(room))
    listed = only(answers.RoomList, ada.ask(Rooms()))
    assert (listed.count, len(listed.rooms)) == (3, 2)


def test_who_lists_any_room(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    arrive(registry, "carol", "dev")
    bob.ask(Away("at lunch"))
    assert ada.ask(Who(id="1")) == [Members("lobby", 2, ("ada", "bob"), {"bob": "at lunch"}, id="1")]
    assert ada.ask(Who("#DEV")) == [Members("dev", 1, ("carol",), roles={"carol": "owner"})]
    assert refusal(ada.ask(Who("attic"))) == (
        "no-such-room",
        "There is no room #attic.",
        "/rooms lists them; /join #attic creates it.",
    )


# -- Topics ----------------------------------------------------------------------------------------


def test_a_topic_can_be_set_shown_and_removed(ada: Visitor, bob: Visitor) -> None:
    assert ada.ask(Topic()) == [answers.TopicIs("lobby", "")]
    assert only(Done, ada.ask(Topic("tea", id="1"))) == Done("topic", "tea", id="1")
    topic = only(TopicSet, bob.take())
    assert (topic.nick, topic.text) == ("ada", "tea")
    assert bob.ask(Topic(room="#lobby")) == [answers.TopicIs("lobby", "tea", "ada", NOON)]
    assert only(Done, bob.ask(Topic("-"))) == Done("topic", "")
    assert only(TopicSet, ada.take()).text == ""
    assert ada.ask(Topic()) == [answers.TopicIs("lobby", "")]


def test_a_topic_says_something(ada: Visitor) -> None:
    assert refusal(ada.ask(Topic("\u3164"))) == ("bad-usage", "The message is empty.", "Write a text that can be seen.")


def test_a_topic_has_a_limit(ada: Visitor) -> None:
    ada.ask(Topic("x" * TOPIC_CHARACTERS))
    assert refusal(ada.ask(Topic("y" * (TOPIC_CHARACTERS + 1)))) == (
        "too-long",
        "The topic is too long.",
        "A topic has at most 300 characters.",
    )
    assert only(answers.TopicIs, ada.ask(Topic())).text == "x" * TOPIC_CHARACTERS


# -- Events that cannot be stored ------------------------------------------------------------------


@pytest.mark.parametrize("command", [Say("hi", id="1"), Me("waves", id="1"), Topic("tea", id="1")], ids=repr)
def test_an_event_that_cannot_be_stored_is_refused(losing: Registry, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    ada, bob = arrive(losing, "ada"), arrive(losing, "bob")
    ada.take()
    monkeypatch.setattr(LosingLog, "losing", True)
    answers = ada.ask(command)
    assert refusal(answers) == LOST
    assert only(Refused, answers).id == "1"
    assert bob.take() == []
    assert losing.rooms.find("lobby").topic == ""
    monkeypatch.setattr(LosingLog, "losing", False)
    assert not every(Refused, ada.ask(command))
    assert len(bob.take()) == 1


def test_a_joining_that_cannot_be_stored_is_refused(losing: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = arrive(losing, "ada")
    monkeypatch.setattr(LosingLog, "losing", True)
    answers = ada.ask(Join("dev", id="1"))
    assert refusal(answers) == LOST
    assert only(Refused, answers).id == "1"
    assert rooms_of(ada) == ["lobby"]
    assert ada.session.current is ada.out.current is losing.rooms.find("lobby")
    assert losing.rooms.get("dev") is None


def test_an_unknown_command_class_is_a_defect(ada: Visitor) -> None:
    with pytest.raises(KeyError):
        ada.ask(Command())


def test_every_command_has_an_action() -> None:
    typed = {row.make for row in command_table.TABLE} - {commands.Me}  # Messages go another way.
    assert set(actions.ACTIONS) == typed | {Hello, Ping, commands.Read, commands.Recent}


def test_the_retention_of_the_server_is_the_maximum() -> None:
    ada = arrive(new_registry(Settings(keep="30d")), "ada", "dev")
    assert refusal(ada.ask(Keep("31d"))) == (
        "bad-usage",
        "This server keeps messages for at most 30 days.",
        "Choose a shorter time, or - for the limit of the server.",
    )
    assert only(answers.RetentionIs, ada.ask(Keep("1d"))).keep == "1d"
    assert only(answers.RetentionIs, ada.ask(Keep("-"))) == answers.RetentionIs("dev", most="30d")


def test_last_words_are_short(registry: Registry) -> None:
    assert refusal(arrive(registry, "ada").ask(Leave("lobby", "x" * 301)))[0] == "too-long"
