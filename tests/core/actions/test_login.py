"""Logging in, resuming, changing one's nick, and quitting."""

from __future__ import annotations

from functools import partial

import pytest

from chatd.core import answers, command_table
from chatd.core.answers import Closing, Done, Entered, Missed, Refused, Welcome
from chatd.core.commands import (
    Away,
    Command,
    Hello,
    Help,
    Ignore,
    Join,
    Nick,
    Ping,
    Quit,
    Say,
    Topic,
    Whois,
)
from chatd.core.events import Event, Joined, Left, Reason, Renamed, Said
from chatd.core.limits import (
    EVENT_LINES,
    NAMES_SHOWN,
    ROOMS_PER_PERSON,
    SCROLLBACK_EVENTS,
)
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.presence import end_for_shutdown
from chatd.core.registry import Registry, Settings
from chatd.testing import NOON, Visitor, arrive, new_registry
from tests.core.actions.answers import every, only, refusal, rooms_of

TOKEN = "t" * 16


# -- Logging in ------------------------------------------------------------------------------------


def test_hello_sets_the_nick_and_enters_the_default_room(registry: Registry) -> None:
    answers = Visitor(registry).ask(Hello("Ada", id="1"))
    assert answers == [
        Welcome("Ada", "chatd", "testlog", id="1"),
        Entered("lobby", 1, 1, ("Ada",), newcomer="Ada", id="1"),
    ]


def test_hello_shows_the_message_of_the_day() -> None:
    registry = new_registry(Settings(name="plaza", motd=("Be kind.", "Be brief."), default_room="yard"))
    answers = Visitor(registry).ask(Hello("ada"))
    assert only(Welcome, answers) == Welcome("ada", "plaza", "testlog", ("Be kind.", "Be brief."))
    assert only(Entered, answers).room == "yard"


def test_the_other_members_see_somebody_join(registry: Registry, ada: Visitor) -> None:
    arrive(registry, "bob")
    (joined,) = ada.take()
    assert isinstance(joined, Joined)
    assert (joined.room, joined.seq, joined.time, joined.nick) == ("lobby", 2, NOON, "bob")


def test_hello_enters_the_given_rooms_and_the_last_is_current(registry: Registry, ada: Visitor) -> None:
    bob = Visitor(registry)
    answers = bob.ask(Hello("bob", rooms=("#dev", "lobby", "DEV")))
    assert [(entered.room, entered.members, entered.newcomer) for entered in every(Entered, answers)] == [
        ("DEV", ("bob",), "bob"),
        ("lobby", ("ada", "bob"), ""),
    ]
    assert rooms_of(bob) == ["DEV", "lobby"]
    assert bob.session.current is bob.out.current is registry.rooms.find("lobby")


def test_entering_shows_the_state_of_the_room(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Topic("tea"))
    ada.ask(Away("at lunch"))
    bob.ask(Away())
    entered = only(Entered, Visitor(registry).ask(Hello("carol")))
    assert (entered.seq, entered.count, entered.members) == (4, 3, ("ada", "bob", "carol"))
    assert (entered.topic, entered.away) == ("tea", {"ada": "at lunch", "bob": ""})


def test_the_newcomer_is_the_last_of_the_listed_members(registry: Registry) -> None:
    for number in range(NAMES_SHOWN + 5):
        person = Visitor(registry, address="this machine")
        person.ask(Hello(f"b{number}"))
    entered = only(Entered, Visitor(registry, address="this machine").ask(Hello("ada")))
    assert (entered.count, len(entered.members)) == (NAMES_SHOWN + 6, NAMES_SHOWN)
    assert (entered.members[0], entered.members[-1]) == ("b0", "ada")


def test_entering_shows_the_last_twenty_events(registry: Registry, ada: Visitor) -> None:
    for number in range(30):
        ada.ask(Say(f"line {number}"))
    entered = only(Entered, Visitor(registry).ask(Hello("bob")))
    assert SCROLLBACK_EVENTS == 20
    assert [event.seq for event in entered.scrollback] == list(range(12, 32))
    assert entered.seq == 32


def test_scrollback_leaves_out_ignored_messages(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Join("dev"))
    ada.ask(Say("hi", "dev"))
    bob.ask(Ignore("ada"))
    entered = only(Entered, bob.ask(Join("dev")))
    assert [type(event) for event in entered.scrollback] == [Joined]


@pytest.mark.parametrize(
    ("hello", "refused"),
    [
        (Hello(""), "bad-nick"),
        (Hello("a b"), "bad-nick"),
        (Hello("Ada"), "nick-taken"),
        (Hello("\u0430da"), "nick-taken"),
        (Hello("admin"), "nick-reserved"),
        (Hello("lobby"), "nick-reserved"),
        (Hello("Chatd"), "nick-reserved"),
        (Hello("bob", rooms=("a b",)), "bad-room"),
        (Hello("bob", resume={"": 3}), "bad-room"),
        (Hello("bob", rooms=tuple(f"r{number}" for number in range(ROOMS_PER_PERSON + 1))), "too-many"),
        (Hello("bob", rooms=tuple(f"r{number}" for number in range(ROOMS_PER_PERSON)), resume={"x": 1}), "too-many"),
        (Hello("bob", token="t" * 15), "bad-usage"),
        (Hello("bob", token="t" * 129), "bad-usage"),
        (Hello("bob", id="x" * 65), "too-long"),
    ],
)
def test_a_refused_hello_changes_nothing_and_can_be_repeated(registry: Registry, ada: Visitor, hello: Hello, refused: str) -> None:
    bob = Visitor(registry)
    answers = only(Refused, bob.ask(hello))
    assert (answers.code, answers.id) == (refused, hello.id)
    assert answers.hint
    assert bob.session.person is None
    assert [room.name.text for room in registry.rooms] == ["lobby"]
    assert ada.take() == []
    assert only(Welcome, bob.ask(Hello("bob"))).nick == "bob"


def test_twenty_rooms_can_be_entered_at_once(registry: Registry) -> None:
    rooms = [f"r{number}" for number in range(ROOMS_PER_PERSON)]
    assert rooms_of(arrive(registry, "ada", *rooms)) == rooms


def test_a_second_hello_is_refused(ada: Visitor) -> None:
    assert refusal(ada.ask(Hello("bob"))) == ("bad-usage", "You already have a nick.", "You are ada; /nick changes it.")


@pytest.mark.parametrize("make", [row.make for row in command_table.TABLE if row.nick_needed], ids=lambda make: make.__name__)
def test_commands_need_a_nick(registry: Registry, make: type[Command]) -> None:
    needed = {"text", "nick", "room", "which"} & set(make.__match_args__)
    answers = Visitor(registry).ask(make(**dict.fromkeys(needed, "x"), id="1"))
    assert answers == [Refused("nick-needed", "You have no nick yet.", "Choose a nick first.", id="1")]


def test_talking_needs_a_nick(registry: Registry) -> None:
    assert refusal(Visitor(registry).ask(Say("hi")))[0] == "nick-needed"


def test_some_commands_need_no_nick(registry: Registry) -> None:
    caller = Visitor(registry)
    assert caller.ask(Ping(id="1")) == [answers.Pong(id="1")]
    assert only(answers.HelpText, caller.ask(Help()))
    assert only(Welcome, caller.ask(Nick("ada"))).nick == "ada"
    other = Visitor(registry)
    assert other.ask(Quit()) == [Closing(Reason.QUIT)]
    assert other.out.closed is Reason.QUIT


# -- Resuming --------------------------------------------------------------------------------------


def test_the_same_token_takes_over_the_seat(registry: Registry, bob: Visitor) -> None:
    old = Visitor(registry)
    old.ask(Hello("carol", token=TOKEN))
    bob.take()
    new = Visitor(registry)
    answers = new.ask(Hello("carol", token=TOKEN))
    assert only(Welcome, answers).nick == "carol"
    assert old.take()[-1] == Closing(Reason.REPLACED)
    assert old.out.closed is Reason.REPLACED
    assert bob.take() == [], "nobody is told that carol was gone"
    assert registry.directory.find("carol") is new.session.person
    old.lose_link()
    assert registry.directory.find("carol") is new.session.person
    bob.ask(Say("hi"))
    assert only(Said, new.take()).text == "hi"
    assert old.take() == []
    new.lose_link()
    assert only(Left, bob.take()).nick == "carol"


def test_taking_over_a_seat_keeps_away_and_ignored_nicks(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    old = Visitor(registry)
    old.ask(Hello("carol", token=TOKEN))
    old.ask(Ignore("bob"))
    old.ask(Away("at lunch"))
    new = Visitor(registry)
    new.ask(Hello("carol", token=TOKEN))
    bob.ask(Say("from bob"))
    ada.ask(Say("from ada"))
    assert [event.text for event in new.take() if isinstance(event, Said)] == ["from ada"]
    assert only(answers.PersonInfo, ada.ask(Whois("carol"))).away == "at lunch"


def test_a_seat_can_be_taken_over_with_another_nick(registry: Registry) -> None:
    Visitor(registry).ask(Hello("carol", token=TOKEN))
    assert only(Welcome, Visitor(registry).ask(Hello("dave", token=TOKEN))).nick == "dave"
    assert arrive(registry, "carol")


def test_a_refused_nick_does_not_take_over_the_seat(registry: Registry, ada: Visitor) -> None:
    carol = Visitor(registry)
    carol.ask(Hello("carol", token=TOKEN))
    assert refusal(Visitor(registry).ask(Hello("ada", token=TOKEN)))[0] == "nick-taken"
    assert carol.out.closed is None
    assert registry.directory.find("carol") is carol.session.person


def test_another_token_takes_over_nothing(registry: Registry) -> None:
    Visitor(registry).ask(Hello("carol", token=TOKEN))
    assert refusal(Visitor(registry).ask(Hello("carol", token=TOKEN + "t"))) == (
        "nick-taken",
        "carol is here already.",
        "Choose another nick.",
    )


def test_the_log_does_not_contain_tokens(registry: Registry) -> None:
    Visitor(registry).ask(Hello("carol", token=TOKEN))
    (joined,) = registry.rooms.find("lobby").log.read(1, 2)
    assert TOKEN not in joined.sender_id
    assert len(joined.sender_id) == 32


@pytest.mark.parametrize("seen", [0, 1, 3, 5])
def test_resuming_sends_all_events_after_the_last_seen(registry: Registry, ada: Visitor, seen: int) -> None:
    for text in "abcd":
        ada.ask(Say(text))
    answers = Visitor(registry).ask(Hello("bob", resume={"#Lobby": seen}, log="testlog"))
    entered = only(Entered, answers)
    assert (entered.seq, entered.scrollback) == (6, ())
    assert [event.seq for event in answers if isinstance(event, Event)] == list(range(seen + 1, 7))


@pytest.mark.parametrize(("seen", "log"), [(3, "another log"), (3, ""), (6, "testlog"), (-1, "testlog"), (10**30, "testlog")])
def test_resuming_from_an_unknown_seq_shows_scrollback(registry: Registry, ada: Visitor, seen: int, log: str) -> None:
    for text in "abcd":
        ada.ask(Say(text))
    answers = Visitor(registry).ask(Hello("bob", resume={"lobby": seen}, log=log))
    assert only(Missed, answers) == Missed("lobby", 0, 5)
    assert [event.seq for event in only(Entered, answers).scrollback] == [1, 2, 3, 4, 5]
    assert not [event for event in answers if isinstance(event, Event)]


def test_resuming_reports_missed_events() -> None:
    registry = new_registry(store=MemoryStore("testlog", partial(MemoryLog, 8)))
    ada = arrive(registry, "ada")
    for text in "abcdefghij":
        ada.ask(Say(text))
    answers = Visitor(registry).ask(Hello("bob", resume={"lobby": 2}, log="testlog"))
    assert only(Missed, answers) == Missed("lobby", 3, 4)
    assert [event.seq for event in answers if isinstance(event, Event)] == list(range(5, 13))


def test_one_hello_can_enter_and_resume_rooms(registry: Registry, ada: Visitor) -> None:
    answers = Visitor(registry).ask(Hello("bob", rooms=("dev",), resume={"lobby": 0}, log="testlog"))
    assert [entered.room for entered in every(Entered, answers)] == ["dev", "lobby"]
    assert [event.seq for event in answers if isinstance(event, Event)] == [1, 2]


# -- Nicks -----------------------------------------------------------------------------------------


def test_a_change_of_nick_is_shown_in_all_rooms(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    carol = arrive(registry, "carol", "dev")
    bob.ask(Join("dev"))
    carol.take()
    answers = bob.ask(Nick("rob", id="1"))
    assert only(Done, answers) == Done("nick", "rob", id="1")
    for person, room in ((ada, "lobby"), (carol, "dev")):
        renamed = only(Renamed, person.take())
        assert (renamed.room, renamed.nick, renamed.to) == (room, "bob", "rob")
    assert [event.room for event in every(Renamed, answers)] == ["lobby", "dev"]
    assert registry.directory.find("rob") is bob.session.person
    assert arrive(registry, "bob")


def test_the_case_of_a_nick_can_be_changed(ada: Visitor, bob: Visitor) -> None:
    bob.ask(Nick("BOB"))
    assert only(Renamed, ada.take()).to == "BOB"


def test_changing_to_the_same_nick_is_not_shown(ada: Visitor, bob: Visitor) -> None:
    assert bob.ask(Nick("bob")) == [Done("nick", "bob")]
    assert ada.take() == []


@pytest.mark.parametrize(
    ("nick", "code"), [("ada", "nick-taken"), ("\u0430DA", "nick-taken"), ("root", "nick-reserved"), ("a b", "bad-nick")]
)
def test_a_refused_nick_leaves_the_old_one(registry: Registry, ada: Visitor, bob: Visitor, nick: str, code: str) -> None:
    assert refusal(bob.ask(Nick(nick)))[0] == code
    assert registry.directory.find("bob") is bob.session.person
    assert ada.take() == []


# -- Quitting --------------------------------------------------------------------------------------


def test_a_new_nick_costs_an_event_in_each_room(registry: Registry, ada: Visitor) -> None:
    ada.ask(Join("dev"))
    before = ada.out.spent
    ada.ask(Nick("ada"))
    assert ada.out.spent == before
    ada.ask(Nick("ada2"))
    assert ada.out.spent == before + 2 * EVENT_LINES


def test_quitting_is_shown_in_all_rooms_with_the_last_text(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    bob.ask(Join("dev"))
    carol = arrive(registry, "carol", "dev")
    assert bob.ask(Quit("see you", id="1"))[-1] == Closing(Reason.QUIT, id="1")
    assert bob.out.closed is Reason.QUIT
    for person in (ada, carol):
        left = only(Left, person.take())
        assert (left.nick, left.reason, left.text) == ("bob", Reason.QUIT, "see you")
    assert arrive(registry, "bob")


@pytest.mark.parametrize("reason", [Reason.LINK_LOST, Reason.TIMED_OUT, Reason.NOT_READING])
def test_a_lost_connection_is_shown_with_its_reason_and_frees_the_nick(
    registry: Registry, ada: Visitor, bob: Visitor, reason: Reason
) -> None:
    bob.lose_link(reason)
    left = only(Left, ada.take())
    assert (left.nick, left.reason, left.text) == ("bob", reason, "")
    assert bob.session not in tuple(registry.admission)
    assert arrive(registry, "bob")


def test_a_stopping_server_tells_everybody_once(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Join("dev"))
    for person in (ada, bob):
        end_for_shutdown(registry, person.session)
    for person in (ada, bob):
        assert person.take() == [Closing(Reason.SHUTDOWN)]
        assert person.out.closed is Reason.SHUTDOWN
        person.lose_link(Reason.SHUTDOWN)
    assert tuple(registry.admission) == ()
    assert [len(room.members) for room in registry.rooms] == [0, 0]
