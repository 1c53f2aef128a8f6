"""The conversation: what the client knows after what it has heard."""

from __future__ import annotations

import pytest

from chatd.client.conversation import Conversation, mentions
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.events import Reason

LOBBY = events.Entered("lobby", 10, 3, ("bob", "eve", "ada"), "tea", id="hello")
OPS = events.Entered("ops", 5, 1, ("ada",))


def said(room: str, seq: int, nick: str, text: str) -> events.Said:
    return events.Said(room, seq, 0, nick, "", text)


@pytest.fixture
def talk() -> Conversation:
    talk = Conversation("ada")
    talk.hear(events.Welcome("ada", "chatd", "log", id="hello"))
    talk.hear(LOBBY)
    talk.hear(OPS)
    return talk


def test_the_first_room_is_the_current_one(talk: Conversation) -> None:
    assert talk.current == "lobby"
    assert list(talk.rooms) == ["lobby", "ops"]
    assert talk.rooms["lobby"].topic == "tea"


def test_joining_turns_to_the_room(talk: Conversation) -> None:
    talk.hear(events.Done("join", "ops", id="1"), commands.Join("ops", id="1"))
    assert talk.current == "ops"
    talk.hear(events.Entered("dev", 1, 1, ("ada",), id="2"), commands.Join("dev", id="2"))
    assert talk.current == "dev"


def test_people_come_and_go(talk: Conversation) -> None:
    lobby = talk.rooms["lobby"]
    talk.hear(events.Joined("lobby", 11, 0, "carol", ""))
    assert (lobby.count, set(lobby.members)) == (4, {"ada", "bob", "eve", "carol"})
    talk.hear(events.Renamed("lobby", 12, 0, "carol", "", "Dora"))
    talk.hear(events.Left("lobby", 13, 0, "bob", "", Reason.QUIT))
    assert (lobby.count, set(lobby.members)) == (3, {"ada", "eve", "dora"})
    talk.hear(events.TopicSet("lobby", 14, 0, "eve", "", "coffee"))
    assert lobby.topic == "coffee"


def test_what_the_state_has_already_is_shown_but_not_counted_again(talk: Conversation) -> None:
    heard = talk.hear(events.Joined("lobby", 9, 0, "bob", ""))
    assert heard.shown
    assert talk.rooms["lobby"].count == 3


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (events.Joined("lobby", 11, 0, "ada", ""), False),
        (events.Left("lobby", 11, 0, "Ada", "", Reason.LINK_LOST), False),
        (events.Renamed("lobby", 11, 0, "old", "", "ada"), False),
        (events.Left("lobby", 11, 0, "bob", "", Reason.LINK_LOST), True),
        (events.Left("nowhere", 11, 0, "bob", "", Reason.LINK_LOST), True),
    ],
)
def test_what_one_did_oneself_is_no_news(talk: Conversation, event: events.Event, shown: bool) -> None:
    assert talk.hear(event).shown is shown


def test_a_rename_in_two_rooms_is_told_once(talk: Conversation) -> None:
    assert talk.hear(events.Renamed("lobby", 11, 0, "bob", "", "rob")).shown
    assert not talk.hear(events.Renamed("ops", 6, 0, "bob", "", "rob")).shown


def test_other_rooms_count_what_is_unread(talk: Conversation) -> None:
    talk.hear(said("ops", 6, "bob", "one"))
    talk.hear(said("ops", 7, "bob", "hey ada"))
    talk.hear(said("lobby", 11, "bob", "here"))
    assert (talk.rooms["ops"].unread, talk.rooms["ops"].called) == (2, True)
    assert talk.rooms["lobby"].unread == 0
    talk.turn_to("ops")
    assert (talk.rooms["ops"].unread, talk.rooms["ops"].called) == (0, False)


def test_what_was_seen_in_a_run_before_is_neither_unread_nor_loud() -> None:
    talk = Conversation("ada", {"ops": 7})
    talk.hear(LOBBY)
    talk.hear(OPS)
    assert not talk.hear(said("ops", 7, "bob", "hey ada")).loud
    assert (talk.rooms["ops"].unread, talk.rooms["ops"].called) == (0, False)
    assert talk.hear(said("ops", 8, "bob", "hey ada")).loud
    talk.hear(said("ops", 9, "ada", "mine, from another run"))
    assert (talk.rooms["ops"].unread, talk.rooms["ops"].called) == (1, True)


@pytest.mark.parametrize(
    ("missed", "told"),
    [((5, 9), (8, 9)), ((5, 7), None), ((9, 12), (9, 12))],
)
def test_what_is_missing_of_what_was_seen_is_no_news(missed: tuple[int, int], told: tuple[int, int] | None) -> None:
    talk = Conversation("ada", {"ops": 7})
    talk.hear(OPS)
    heard = talk.hear(events.Missed("ops", *missed))
    assert heard.shown is (told is not None)
    assert told is None or heard.news == events.Missed("ops", *told)


def test_another_log_was_never_seen() -> None:
    talk = Conversation("ada", {"ops": 7})
    talk.hear(LOBBY)
    assert talk.hear(events.Missed("ops", 0, 4)).shown
    talk.hear(OPS)
    assert talk.hear(said("ops", 6, "bob", "ada!")).loud


def test_the_room_of_the_last_run_is_the_current_one_once() -> None:
    talk = Conversation("ada", current="Ops")
    talk.hear(LOBBY)
    talk.hear(OPS)
    assert talk.current == "ops"
    talk.turn_to("lobby")
    talk.hear(OPS)
    assert talk.current == "lobby"


def test_being_named_and_being_told_are_loud(talk: Conversation) -> None:
    assert talk.hear(said("lobby", 11, "bob", "ADA: look")).loud
    assert not talk.hear(said("lobby", 12, "bob", "adamant")).loud
    assert not talk.hear(said("lobby", 13, "ada", "I am ada")).loud
    assert talk.hear(events.Private("eve", "psst", 0)).loud


@pytest.mark.parametrize(
    ("nick", "text", "named"),
    [
        ("ada", "ada", True),
        ("ada", "hi, Ada!", True),
        ("ada", "(ada)", True),
        ("ada", "thanks ada.", True),
        ("ada", "ada's", True),
        ("ada", "adas", False),
        ("ada", "canada", False),
        ("ada", "ada-bob", False),
        ("ada", "x-ada", False),
        ("Zoë", "ZOE\u0308?", True),
        ("a.b", "axb", False),
        ("", "anything", False),
    ],
)
def test_mentions(nick: str, text: str, named: bool) -> None:
    assert mentions(nick, text) is named


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        (commands.Say("hi"), commands.Say("hi", "lobby")),
        (commands.Me("waves"), commands.Me("waves", "lobby")),
        (commands.Topic("tea"), commands.Topic("tea", "lobby")),
        (commands.Who(), commands.Who("lobby")),
        (commands.Who("ops"), commands.Who("ops")),
        (commands.Leave(), commands.Leave("lobby")),
        (commands.History(3), commands.History(3, "lobby")),
        (commands.History(around_time="12:30"), commands.History(room="lobby", around_time="12:30")),
        (commands.History(3, "ops"), commands.History(3, "ops")),
        (commands.Keep("30d"), commands.Keep("30d", "lobby")),
        (commands.Search("tea"), commands.Search("tea")),
        (commands.Reply("yes"), commands.Msg("eve", "yes")),
        (commands.Away("tea"), commands.Away("tea")),
    ],
)
def test_commands_mean_what_was_seen_when_they_were_typed(talk: Conversation, typed: Command, asked: Command) -> None:
    talk.hear(events.Private("eve", "psst", 0))
    assert talk.settle(typed) == asked


def test_a_reply_to_nobody_is_left_to_the_server(talk: Conversation) -> None:
    assert talk.settle(commands.Reply("yes")) == commands.Reply("yes")


def test_a_reply_follows_a_change_of_nick(talk: Conversation) -> None:
    talk.hear(events.Private("eve", "psst", 0))
    talk.hear(events.Renamed("lobby", 11, 0, "eve", "", "eva"))
    assert talk.settle(commands.Reply("yes")) == commands.Msg("eva", "yes")


def test_what_is_typed_after_a_join_is_meant_for_that_room(talk: Conversation) -> None:
    talk.expect(commands.Join("#dev", id="1"), 0)
    assert talk.settle(commands.Say("hi")) == commands.Say("hi", "dev")
    talk.hear(events.Refused("too-many", "no", id="1"), commands.Join("#dev", id="1"))
    assert talk.settle(commands.Say("hi")) == commands.Say("hi", "lobby")


def test_own_messages_wait_until_they_are_answered(talk: Conversation) -> None:
    talk.expect(commands.Say("hi", "lobby", id="7"), 5)
    talk.expect(commands.Who("lobby", id="8"), 5)
    assert list(talk.waiting) == ["7"]
    talk.hear(events.Ack("lobby", 11, 0, id="7"))
    assert not talk.waiting


def test_leaving_turns_to_another_room(talk: Conversation) -> None:
    talk.hear(events.Exited("lobby", "ops"))
    assert talk.current == "ops"
    talk.hear(events.Exited("ops", ""))
    assert talk.current == ""
    assert not talk.rooms


def test_leaving_another_room_changes_nothing_here(talk: Conversation) -> None:
    talk.hear(events.Exited("ops", "lobby"))
    assert talk.current == "lobby"


def test_coming_back_after_a_break_is_told_only_where_there_is_something_to_see(talk: Conversation) -> None:
    talk.turn_to("ops")
    assert not talk.hear(LOBBY).shown
    again = events.Entered("ops", 1, 1, ("ada",), scrollback=(said("ops", 1, "bob", "x"),), newcomer="ada")
    heard = talk.hear(again)
    assert heard.shown
    assert isinstance(heard.news, events.Entered)
    assert heard.news.newcomer == ""
    assert talk.current == "ops"


def test_who_spoke_last_comes_first_and_oneself_never(talk: Conversation) -> None:
    assert talk.nicks() == ["eve", "bob"]
    talk.hear(said("lobby", 11, "bob", "hi"))
    assert talk.nicks() == ["bob", "eve"]
    talk.hear(events.Private("Mallory", "psst", 0))
    assert talk.nicks() == ["bob", "eve", "Mallory"]
    talk.hear(events.Done("nick", "bob", id="1"))
    assert talk.nicks() == ["ada", "eve", "Mallory"] or "bob" not in talk.nicks()
