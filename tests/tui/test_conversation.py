"""The conversation: what the client knows after what it has received."""

from __future__ import annotations

import pytest

from chatd.core import answers, commands, events
from chatd.core.commands import Command
from chatd.core.events import Reason
from chatd.tui.conversation import MEMBERS_KNOWN, Conversation, mentions

LOBBY = answers.Entered("lobby", 10, 3, ("bob", "eve", "ada"), "tea", id="hello")
OPS = answers.Entered("ops", 5, 1, ("ada",))


def said(room: str, seq: int, nick: str, text: str) -> events.Said:
    return events.Said(room, seq, 0, nick, "", text)


@pytest.fixture
def conversation() -> Conversation:
    conversation = Conversation("ada")
    conversation.receive(answers.Welcome("ada", "chatd", "log", id="hello"))
    conversation.receive(LOBBY)
    conversation.receive(OPS)
    return conversation


def test_the_first_room_is_the_current_one(conversation: Conversation) -> None:
    assert conversation.current == "lobby"
    assert list(conversation.rooms) == ["lobby", "ops"]
    assert conversation.rooms["lobby"].state.topic == "tea"


def test_joining_switches_to_the_room(conversation: Conversation) -> None:
    conversation.receive(answers.Done("join", "ops", id="1"), commands.Join("ops", id="1"))
    assert conversation.current == "ops"
    conversation.receive(answers.Entered("dev", 1, 1, ("ada",), id="2"), commands.Join("dev", id="2"))
    assert conversation.current == "dev"


def test_people_come_and_go(conversation: Conversation) -> None:
    lobby = conversation.rooms["lobby"]
    conversation.receive(events.Joined("lobby", 11, 0, "carol", ""))
    assert (lobby.count, set(lobby.members)) == (4, {"ada", "bob", "eve", "carol"})
    conversation.receive(events.Renamed("lobby", 12, 0, "carol", "", "Dora"))
    conversation.receive(events.Left("lobby", 13, 0, "bob", "", Reason.QUIT))
    assert (lobby.count, set(lobby.members)) == (3, {"ada", "eve", "dora"})
    conversation.receive(events.TopicSet("lobby", 14, 0, "eve", "", "coffee"))
    assert lobby.state.topic == "coffee"


def test_an_event_that_the_state_includes_is_shown_but_not_applied_again(conversation: Conversation) -> None:
    received = conversation.receive(events.Joined("lobby", 9, 0, "bob", ""))
    assert received.shown
    assert conversation.rooms["lobby"].count == 3


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
def test_the_users_own_actions_are_not_shown(conversation: Conversation, event: events.Event, shown: bool) -> None:
    assert conversation.receive(event).shown is shown


def test_a_rename_in_two_rooms_is_shown_once(conversation: Conversation) -> None:
    assert conversation.receive(events.Renamed("lobby", 11, 0, "bob", "", "rob")).shown
    assert not conversation.receive(events.Renamed("ops", 6, 0, "bob", "", "rob")).shown


def test_other_rooms_count_unread_messages(conversation: Conversation) -> None:
    conversation.receive(said("ops", 6, "bob", "one"))
    conversation.receive(said("ops", 7, "bob", "hey ada"))
    conversation.receive(said("lobby", 11, "bob", "here"))
    assert (conversation.rooms["ops"].unread, conversation.rooms["ops"].mentioned) == (2, True)
    assert conversation.rooms["lobby"].unread == 0
    conversation.switch_to("ops")
    assert (conversation.rooms["ops"].unread, conversation.rooms["ops"].mentioned) == (0, False)


def test_messages_seen_in_an_earlier_run_are_neither_unread_nor_mentions() -> None:
    conversation = Conversation("ada", {"ops": 7})
    conversation.receive(LOBBY)
    conversation.receive(OPS)
    assert not conversation.receive(said("ops", 7, "bob", "hey ada")).for_me
    assert (conversation.rooms["ops"].unread, conversation.rooms["ops"].mentioned) == (0, False)
    assert conversation.receive(said("ops", 8, "bob", "hey ada")).for_me
    conversation.receive(said("ops", 9, "ada", "mine, from another run"))
    assert (conversation.rooms["ops"].unread, conversation.rooms["ops"].mentioned) == (1, True)


@pytest.mark.parametrize(
    ("missed", "reported"),
    [((5, 9), (8, 9)), ((5, 7), None), ((9, 12), (9, 12))],
)
def test_only_missed_events_that_were_not_seen_are_shown(missed: tuple[int, int], reported: tuple[int, int] | None) -> None:
    conversation = Conversation("ada", {"ops": 7})
    conversation.receive(OPS)
    received = conversation.receive(answers.Missed("ops", *missed))
    assert received.shown is (reported is not None)
    assert reported is None or received.news == answers.Missed("ops", *reported)


def test_nothing_of_another_log_was_seen() -> None:
    conversation = Conversation("ada", {"ops": 7})
    conversation.receive(LOBBY)
    assert conversation.receive(answers.Missed("ops", 0, 4)).shown
    conversation.receive(OPS)
    assert conversation.receive(said("ops", 6, "bob", "ada!")).for_me


def test_the_room_of_the_last_run_becomes_current_once() -> None:
    conversation = Conversation("ada", current="Ops")
    conversation.receive(LOBBY)
    conversation.receive(OPS)
    assert conversation.current == "ops"
    conversation.switch_to("lobby")
    conversation.receive(OPS)
    assert conversation.current == "lobby"


def test_mentions_and_private_messages_are_for_me(conversation: Conversation) -> None:
    assert conversation.receive(said("lobby", 11, "bob", "ADA: look")).for_me
    assert not conversation.receive(said("lobby", 12, "bob", "adamant")).for_me
    assert not conversation.receive(said("lobby", 13, "ada", "I am ada")).for_me
    assert conversation.receive(events.Private("@", 1, 0, "eve", "", "psst")).for_me


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
        (commands.Kick("bob"), commands.Kick("bob", room="lobby")),
        (commands.Ban("bob", room="ops"), commands.Ban("bob", room="ops")),
        (commands.Room("slow", "5"), commands.Room("slow", "5", "lobby")),
        (commands.Delete("bob"), commands.Delete("bob", "lobby")),
        (commands.Search("tea"), commands.Search("tea")),
        (commands.Reply("yes"), commands.Msg("eve", "yes")),
        (commands.Away("tea"), commands.Away("tea")),
    ],
)
def test_commands_apply_to_the_state_when_they_were_typed(conversation: Conversation, typed: Command, asked: Command) -> None:
    conversation.receive(events.Private("@", 1, 0, "eve", "", "psst"))
    assert conversation.resolve(typed) == asked


def test_a_reply_to_nobody_is_left_to_the_server(conversation: Conversation) -> None:
    assert conversation.resolve(commands.Reply("yes")) == commands.Reply("yes")


def test_a_reply_follows_a_change_of_nick(conversation: Conversation) -> None:
    conversation.receive(events.Private("@", 1, 0, "eve", "", "psst"))
    conversation.receive(events.Renamed("lobby", 11, 0, "eve", "", "eva"))
    assert conversation.resolve(commands.Reply("yes")) == commands.Msg("eva", "yes")


def test_lines_typed_after_a_join_go_to_that_room(conversation: Conversation) -> None:
    conversation.on_sent(commands.Join("#dev", id="1"), 0)
    assert conversation.resolve(commands.Say("hi")) == commands.Say("hi", "dev")
    conversation.receive(answers.Refused("too-many", "no", id="1"), commands.Join("#dev", id="1"))
    assert conversation.resolve(commands.Say("hi")) == commands.Say("hi", "lobby")


def test_messages_are_pending_until_they_are_answered(conversation: Conversation) -> None:
    conversation.on_sent(commands.Say("hi", "lobby", id="7"), 5)
    conversation.on_sent(commands.Who("lobby", id="8"), 5)
    assert list(conversation.pending) == ["7"]
    conversation.receive(answers.Ack("lobby", 11, 0, id="7"))
    assert not conversation.pending


def test_leaving_switches_to_another_room(conversation: Conversation) -> None:
    conversation.receive(answers.Exited("lobby", "ops"))
    assert conversation.current == "ops"
    conversation.receive(answers.Exited("ops", ""))
    assert conversation.current == ""
    assert not conversation.rooms


def test_leaving_another_room_changes_nothing_here(conversation: Conversation) -> None:
    conversation.receive(answers.Exited("ops", "lobby"))
    assert conversation.current == "lobby"
    assert not conversation.was_moved


def test_who_leaves_the_room_knows_it_and_who_is_removed_may_not(conversation: Conversation) -> None:
    conversation.receive(answers.Exited("lobby", "ops"), commands.Leave("lobby"))
    assert not conversation.was_moved
    conversation.receive(answers.Entered("lobby", 1, 1, ("ada",)), commands.Join("lobby"))
    conversation.receive(answers.Exited("lobby", "ops", "eve"))
    assert conversation.was_moved
    conversation.switch_to("ops")
    assert not conversation.was_moved


def test_entering_again_after_a_break_is_shown_only_with_scrollback(conversation: Conversation) -> None:
    conversation.switch_to("ops")
    assert not conversation.receive(LOBBY).shown
    again = answers.Entered("ops", 1, 1, ("ada",), scrollback=(said("ops", 1, "bob", "x"),), newcomer="ada")
    received = conversation.receive(again)
    assert received.shown
    assert isinstance(received.news, answers.Entered)
    assert received.news.newcomer == ""
    assert conversation.current == "ops"


def test_the_last_speaker_comes_first_and_the_user_is_left_out(conversation: Conversation) -> None:
    assert conversation.nicks() == ["eve", "bob"]
    conversation.receive(said("lobby", 11, "bob", "hi"))
    assert conversation.nicks() == ["bob", "eve"]
    conversation.receive(events.Private("@", 1, 0, "Mallory", "", "psst"))
    assert conversation.nicks() == ["bob", "eve", "Mallory"]
    conversation.receive(answers.Done("nick", "bob", id="1"))
    assert conversation.nicks() == ["ada", "eve", "Mallory"] or "bob" not in conversation.nicks()


def test_of_a_crowd_those_who_spoke_last_are_known(conversation: Conversation) -> None:
    for number in range(MEMBERS_KNOWN + 50):
        conversation.receive(events.Joined("lobby", 11 + number, 0, f"p{number}", ""))
    room = conversation.rooms["lobby"]
    assert (room.count, len(room.members)) == (MEMBERS_KNOWN + 53, MEMBERS_KNOWN)
    assert "p0" not in room.members


def test_what_was_read_elsewhere_is_not_unread(conversation: Conversation) -> None:
    conversation.receive(answers.Entered("ops", 1, 1, ("ada",)))
    conversation.switch_to("lobby")
    conversation.receive(said("ops", 2, "bob", "ada: hi"))
    conversation.receive(answers.ReadIs("ops", 1))
    assert (conversation.rooms["ops"].unread, conversation.rooms["ops"].mentioned) == (1, True)
    conversation.receive(answers.ReadIs("ops", 2))
    assert (conversation.rooms["ops"].unread, conversation.rooms["ops"].mentioned) == (0, False)
    conversation.receive(answers.ReadIs("attic", 2))
    conversation.receive(answers.Entered("dev", 9, 1, ("ada",), read=7))
    assert conversation.rooms["dev"].last_seen == 7
