"""What every command does, what is told to whom, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TypeVar

import pytest

from chatd.core import actions, commands, events
from chatd.core import registry as registry_module
from chatd.core.commands import (
    Away,
    Back,
    Command,
    Hello,
    Help,
    History,
    Ignore,
    Join,
    Leave,
    Me,
    Msg,
    Nick,
    Ping,
    Quit,
    Reply,
    Rooms,
    Say,
    Topic,
    Unignore,
    Who,
    Whois,
)
from chatd.core.errors import NotDelivered
from chatd.core.events import (
    Ack,
    Closing,
    Done,
    Entered,
    Event,
    Exited,
    Ignoring,
    Joined,
    Left,
    Members,
    Missed,
    Private,
    Reason,
    Refused,
    Renamed,
    Said,
    TopicSet,
    Welcome,
)
from chatd.core.limits import (
    HISTORY_EVENTS,
    IGNORED_PER_SESSION,
    NAMES_SHOWN,
    ROOMS_PER_SESSION,
    SCROLLBACK_EVENTS,
    TOPIC_CHARACTERS,
)
from chatd.core.log import MemoryLog, MemoryStore, Stored
from chatd.core.registry import Registry, Settings
from chatd.testing import NOON, Person, StandingClock, arrive, new_registry

T = TypeVar("T")

TOKEN = "t" * 16


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def registry(clock: StandingClock) -> Registry:
    return new_registry(now=clock)


@pytest.fixture
def ada(registry: Registry) -> Person:
    return arrive(registry, "ada")


@pytest.fixture
def bob(registry: Registry, ada: Person) -> Person:
    bob = arrive(registry, "bob")
    ada.take()
    return bob


def only(kind: type[T], told: Iterable[object]) -> T:
    """The one of ``told`` that is of this kind."""
    (found,) = (thing for thing in told if type(thing) is kind)
    return found


def every(kind: type[T], told: Iterable[object]) -> list[T]:
    return [thing for thing in told if type(thing) is kind]


def refusal(told: Iterable[object]) -> tuple[str, str, str]:
    """Code, reason and hint of the one thing told, which is a refusal."""
    (refused,) = told
    assert isinstance(refused, Refused)
    return refused.code, refused.reason, refused.hint


def rooms_of(person: Person) -> list[str]:
    return [room.name.text for room in person.session.rooms.values()]


class LosingLog(MemoryLog):
    """A log that stores nothing from the time on that it is told so."""

    losing = False

    def append(self, event: Event, stored: Stored) -> None:
        if self.losing:
            stored(NotDelivered("The disk is full.", "Nothing was said."))
        else:
            super().append(event, stored)


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry whose logs store nothing once ``LosingLog.losing`` is set."""
    monkeypatch.setattr(LosingLog, "losing", False)
    return new_registry(store=MemoryStore("testlog", LosingLog))


LOST = ("not-delivered", "The disk is full.", "Nothing was said.")


# -- Arriving --------------------------------------------------------------------------------------


def test_hello_gives_the_nick_and_enters_the_default_room(registry: Registry) -> None:
    told = Person(registry).ask(Hello("Ada", id="1"))
    assert told == [
        Welcome("Ada", "chatd", "testlog", id="1"),
        Entered("lobby", 1, 1, ("Ada",), newcomer="Ada", id="1"),
    ]


def test_hello_tells_the_message_of_the_day() -> None:
    registry = new_registry(Settings(name="plaza", motd=("Be kind.", "Be brief."), default_room="yard"))
    told = Person(registry).ask(Hello("ada"))
    assert only(Welcome, told) == Welcome("ada", "plaza", "testlog", ("Be kind.", "Be brief."))
    assert only(Entered, told).room == "yard"


def test_those_who_are_there_hear_of_it(registry: Registry, ada: Person) -> None:
    arrive(registry, "bob")
    (joined,) = ada.take()
    assert isinstance(joined, Joined)
    assert (joined.room, joined.seq, joined.time, joined.nick) == ("lobby", 2, NOON, "bob")


def test_hello_enters_the_rooms_named_and_the_last_is_current(registry: Registry, ada: Person) -> None:
    bob = Person(registry)
    told = bob.ask(Hello("bob", rooms=("#dev", "lobby", "DEV")))
    assert [(entered.room, entered.members, entered.newcomer) for entered in every(Entered, told)] == [
        ("DEV", ("bob",), "bob"),
        ("lobby", ("ada", "bob"), ""),
    ]
    assert rooms_of(bob) == ["DEV", "lobby"]
    assert bob.session.current is bob.out.current is registry.room("lobby")


def test_who_enters_is_told_the_state(registry: Registry, ada: Person, bob: Person) -> None:
    ada.ask(Topic("tea"))
    ada.ask(Away("at lunch"))
    bob.ask(Away())
    entered = only(Entered, Person(registry).ask(Hello("carol")))
    assert (entered.seq, entered.count, entered.members) == (4, 3, ("ada", "bob", "carol"))
    assert (entered.topic, entered.away) == ("tea", {"ada": "at lunch", "bob": ""})


def test_who_enters_a_large_room_is_named_at_the_end(registry: Registry) -> None:
    for number in range(NAMES_SHOWN + 5):
        person = Person(registry, address="this machine")
        person.ask(Hello(f"b{number}"))
    entered = only(Entered, Person(registry, address="this machine").ask(Hello("ada")))
    assert (entered.count, len(entered.members)) == (NAMES_SHOWN + 6, NAMES_SHOWN)
    assert (entered.members[0], entered.members[-1]) == ("b0", "ada")


def test_the_last_twenty_events_are_shown_to_who_enters(registry: Registry, ada: Person) -> None:
    for number in range(30):
        ada.ask(Say(f"line {number}"))
    entered = only(Entered, Person(registry).ask(Hello("bob")))
    assert SCROLLBACK_EVENTS == 20
    assert [event.seq for event in entered.scrollback] == list(range(12, 32))
    assert entered.seq == 32


def test_scrollback_leaves_out_whom_one_ignores(registry: Registry, ada: Person, bob: Person) -> None:
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
        (Hello("bob", rooms=tuple(f"r{number}" for number in range(ROOMS_PER_SESSION + 1))), "too-many"),
        (Hello("bob", rooms=tuple(f"r{number}" for number in range(ROOMS_PER_SESSION)), resume={"x": 1}), "too-many"),
        (Hello("bob", token="t" * 15), "bad-usage"),
        (Hello("bob", token="t" * 129), "bad-usage"),
        (Hello("bob", id="x" * 65), "too-long"),
    ],
)
def test_a_hello_that_is_refused_changes_nothing_and_may_be_tried_again(
    registry: Registry, ada: Person, hello: Hello, refused: str
) -> None:
    bob = Person(registry)
    told = only(Refused, bob.ask(hello))
    assert (told.code, told.id) == (refused, hello.id)
    assert told.hint
    assert bob.session.name is None
    assert [room.name.text for room in registry.rooms()] == ["lobby"]
    assert ada.take() == []
    assert only(Welcome, bob.ask(Hello("bob"))).nick == "bob"


def test_twenty_rooms_may_be_entered_at_once(registry: Registry) -> None:
    rooms = [f"r{number}" for number in range(ROOMS_PER_SESSION)]
    assert rooms_of(arrive(registry, "ada", *rooms)) == rooms


def test_a_second_hello_is_refused(ada: Person) -> None:
    assert refusal(ada.ask(Hello("bob"))) == ("bad-usage", "You have a nick already.", "You are ada; /nick changes it.")


@pytest.mark.parametrize("make", [row.make for row in commands.TABLE if row.nick_needed], ids=lambda make: make.__name__)
def test_without_a_nick_nothing_can_be_asked(registry: Registry, make: type[Command]) -> None:
    needed = {"text", "nick", "room"} & set(make.__match_args__)
    told = Person(registry).ask(make(**dict.fromkeys(needed, "x"), id="1"))
    assert told == [Refused("nick-needed", "You have no nick yet.", "Say first what you want to be called.", id="1")]


def test_without_a_nick_nothing_can_be_said(registry: Registry) -> None:
    assert refusal(Person(registry).ask(Say("hi")))[0] == "nick-needed"


def test_what_can_be_asked_without_a_nick(registry: Registry) -> None:
    caller = Person(registry)
    assert caller.ask(Ping(id="1")) == [events.Pong(id="1")]
    assert only(events.HelpText, caller.ask(Help()))
    assert only(Welcome, caller.ask(Nick("ada"))).nick == "ada"
    other = Person(registry)
    assert other.ask(Quit()) == [Closing(Reason.QUIT)]
    assert other.out.closed is Reason.QUIT


# -- Coming back -----------------------------------------------------------------------------------


def test_the_same_token_takes_over_the_seat(registry: Registry, bob: Person) -> None:
    old = Person(registry)
    old.ask(Hello("carol", token=TOKEN))
    bob.take()
    new = Person(registry)
    told = new.ask(Hello("carol", token=TOKEN))
    assert only(Welcome, told).nick == "carol"
    assert old.take()[-1] == Closing(Reason.REPLACED)
    assert old.out.closed is Reason.REPLACED
    left, joined = bob.take()
    assert isinstance(left, Left)
    assert (left.nick, left.reason) == ("carol", Reason.REPLACED)
    assert isinstance(joined, Joined)
    assert registry.person("carol") is new.session
    old.lose_link()
    assert registry.person("carol") is new.session
    assert bob.take() == []


def test_who_takes_over_a_seat_is_away_and_ignores_as_before(registry: Registry, ada: Person, bob: Person) -> None:
    old = Person(registry)
    old.ask(Hello("carol", token=TOKEN))
    old.ask(Ignore("bob"))
    old.ask(Away("at lunch"))
    new = Person(registry)
    new.ask(Hello("carol", token=TOKEN))
    bob.ask(Say("from bob"))
    ada.ask(Say("from ada"))
    assert [event.text for event in new.take() if isinstance(event, Said)] == ["from ada"]
    assert only(events.PersonInfo, ada.ask(Whois("carol"))).away == "at lunch"


def test_the_seat_may_be_taken_over_under_another_nick(registry: Registry) -> None:
    Person(registry).ask(Hello("carol", token=TOKEN))
    assert only(Welcome, Person(registry).ask(Hello("dave", token=TOKEN))).nick == "dave"
    assert arrive(registry, "carol")


def test_the_seat_is_kept_where_the_new_nick_is_refused(registry: Registry, ada: Person) -> None:
    carol = Person(registry)
    carol.ask(Hello("carol", token=TOKEN))
    assert refusal(Person(registry).ask(Hello("ada", token=TOKEN)))[0] == "nick-taken"
    assert carol.out.closed is None
    assert registry.person("carol") is carol.session


def test_another_token_takes_over_nothing(registry: Registry) -> None:
    Person(registry).ask(Hello("carol", token=TOKEN))
    assert refusal(Person(registry).ask(Hello("carol", token=TOKEN + "t"))) == (
        "nick-taken",
        "carol is here already.",
        "Choose another nick.",
    )


def test_nobody_reads_a_token_from_the_log(registry: Registry) -> None:
    Person(registry).ask(Hello("carol", token=TOKEN))
    (joined,) = registry.room("lobby").log.read(1, 2)
    assert TOKEN not in joined.sender_id
    assert len(joined.sender_id) == 32


@pytest.mark.parametrize("seen", [0, 1, 3, 5])
def test_who_resumes_gets_every_event_after_the_one_they_saw(registry: Registry, ada: Person, seen: int) -> None:
    for text in "abcd":
        ada.ask(Say(text))
    told = Person(registry).ask(Hello("bob", resume={"#Lobby": seen}, log="testlog"))
    entered = only(Entered, told)
    assert (entered.seq, entered.scrollback) == (6, ())
    assert [event.seq for event in told if isinstance(event, Event)] == list(range(seen + 1, 7))


@pytest.mark.parametrize(("seen", "log"), [(3, "another log"), (3, ""), (6, "testlog"), (-1, "testlog"), (10**30, "testlog")])
def test_who_resumes_from_what_this_log_never_had_gets_scrollback(registry: Registry, ada: Person, seen: int, log: str) -> None:
    for text in "abcd":
        ada.ask(Say(text))
    told = Person(registry).ask(Hello("bob", resume={"lobby": seen}, log=log))
    assert only(Missed, told) == Missed("lobby", 0, 5)
    assert [event.seq for event in only(Entered, told).scrollback] == [1, 2, 3, 4, 5]
    assert not [event for event in told if isinstance(event, Event)]


def test_who_resumes_from_what_the_log_holds_no_longer_is_told_what_is_missed() -> None:
    registry = new_registry(store=MemoryStore("testlog", partial(MemoryLog, 8)))
    ada = arrive(registry, "ada")
    for text in "abcdefghij":
        ada.ask(Say(text))
    told = Person(registry).ask(Hello("bob", resume={"lobby": 2}, log="testlog"))
    assert only(Missed, told) == Missed("lobby", 3, 4)
    assert [event.seq for event in told if isinstance(event, Event)] == list(range(5, 13))


def test_rooms_may_be_entered_and_resumed_in_one_hello(registry: Registry, ada: Person) -> None:
    told = Person(registry).ask(Hello("bob", rooms=("dev",), resume={"lobby": 0}, log="testlog"))
    assert [entered.room for entered in every(Entered, told)] == ["dev", "lobby"]
    assert [event.seq for event in told if isinstance(event, Event)] == [1, 2]


# -- Nicks -----------------------------------------------------------------------------------------


def test_a_change_of_nick_is_told_in_every_room(registry: Registry, ada: Person, bob: Person) -> None:
    carol = arrive(registry, "carol", "dev")
    bob.ask(Join("dev"))
    carol.take()
    told = bob.ask(Nick("rob", id="1"))
    assert only(Done, told) == Done("nick", "rob", id="1")
    for person, room in ((ada, "lobby"), (carol, "dev")):
        renamed = only(Renamed, person.take())
        assert (renamed.room, renamed.nick, renamed.to) == (room, "bob", "rob")
    assert [event.room for event in every(Renamed, told)] == ["lobby", "dev"]
    assert registry.person("rob") is bob.session
    assert arrive(registry, "bob")


def test_one_may_change_the_case_of_ones_nick(ada: Person, bob: Person) -> None:
    bob.ask(Nick("BOB"))
    assert only(Renamed, ada.take()).to == "BOB"


def test_the_nick_one_has_is_no_news(ada: Person, bob: Person) -> None:
    assert bob.ask(Nick("bob")) == [Done("nick", "bob")]
    assert ada.take() == []


@pytest.mark.parametrize(
    ("nick", "code"), [("ada", "nick-taken"), ("\u0430DA", "nick-taken"), ("root", "nick-reserved"), ("a b", "bad-nick")]
)
def test_a_refused_nick_leaves_the_old_one(registry: Registry, ada: Person, bob: Person, nick: str, code: str) -> None:
    assert refusal(bob.ask(Nick(nick)))[0] == code
    assert registry.person("bob") is bob.session
    assert ada.take() == []


# -- Rooms -----------------------------------------------------------------------------------------


def test_a_room_is_made_by_entering_it_and_is_current(registry: Registry, ada: Person, bob: Person) -> None:
    told = ada.ask(Join("#Dev", id="1"))
    assert told == [Entered("Dev", 1, 1, ("ada",), id="1")]
    assert ada.session.current is ada.out.current is registry.room("dev")
    assert bob.take() == []
    ada.ask(Say("hi"))
    assert bob.take() == []


def test_a_room_one_is_in_becomes_the_current_one(registry: Registry, ada: Person) -> None:
    ada.ask(Join("dev"))
    assert ada.ask(Join("#LOBBY", id="1")) == [Done("join", "lobby", id="1")]
    assert ada.session.current is ada.out.current is registry.room("lobby")


def test_twenty_rooms_and_no_more(ada: Person) -> None:
    for number in range(ROOMS_PER_SESSION - 1):
        ada.ask(Join(f"r{number}"))
    assert ROOMS_PER_SESSION == 20
    assert refusal(ada.ask(Join("one-more"))) == ("too-many", "You are in 20 rooms already.", "/leave one of them first.")
    assert only(Done, ada.ask(Join("r0"))).subject == "r0"


def test_what_is_no_room_cannot_be_entered(ada: Person) -> None:
    code, reason, hint = refusal(ada.ask(Join("a b")))
    assert (code, reason) == ("bad-room", "A room's name cannot hold a space.")
    assert hint.startswith("A room's name has 1 to 50 characters")


def test_where_there_are_too_many_rooms_none_is_entered(registry: Registry, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "ROOMS", 1)
    assert refusal(ada.ask(Join("dev")))[0] == "too-many"
    assert rooms_of(ada) == ["lobby"]


def test_leaving_is_told_to_those_who_stay(ada: Person, bob: Person) -> None:
    assert bob.ask(Leave(id="1")) == [Exited("lobby", "", id="1")]
    left = only(Left, ada.take())
    assert (left.room, left.seq, left.nick, left.reason, left.text) == ("lobby", 3, "bob", Reason.LEFT, "")
    ada.ask(Say("gone?"))
    assert bob.take() == []
    assert bob.session.current is bob.out.current is None


def test_after_leaving_the_room_entered_last_is_current(ada: Person) -> None:
    for room in ("one", "two", "three"):
        ada.ask(Join(room))
    assert ada.ask(Leave("two")) == [Exited("two", "three")]
    assert ada.ask(Leave()) == [Exited("three", "one")]
    ada.ask(Join("lobby"))
    assert ada.ask(Leave("one")) == [Exited("one", "lobby")]
    assert ada.ask(Leave("#Lobby")) == [Exited("lobby", "")]


def test_who_leaves_gets_what_happened_before(ada: Person, bob: Person) -> None:
    ada.ask(Say("one"))
    said, exited = bob.ask(Leave())
    assert isinstance(said, Said)
    assert isinstance(exited, Exited)


@pytest.mark.parametrize("command", [Say("hi"), Me("waves"), Leave(), Topic(), Topic("tea"), Who(), History()], ids=repr)
def test_in_no_room_there_is_no_current_one(ada: Person, command: Command) -> None:
    ada.ask(Leave())
    assert refusal(ada.ask(command)) == ("not-in-room", "You are in no room.", "/join ROOM enters one; /rooms lists them.")


@pytest.mark.parametrize(
    "command",
    [Say("hi", "#dev"), Me("waves", "#dev"), Leave("#dev"), Topic("", "#dev"), Topic("tea", "#dev"), History(5, "#dev")],
    ids=repr,
)
def test_a_room_one_is_not_in_is_closed_to_one(registry: Registry, ada: Person, command: Command) -> None:
    arrive(registry, "bob", "dev")
    assert refusal(ada.ask(command)) == ("not-in-room", "You are not in #dev.", "/join #dev enters it.")


def test_rooms_are_listed_the_largest_first(registry: Registry, ada: Person, bob: Person) -> None:
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


def test_of_many_rooms_so_many_are_listed(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "NAMES_SHOWN", 2)
    for room in ("one", "two"):
        ada.ask(Join(room))
    told = only(events.RoomList, ada.ask(Rooms()))
    assert (told.count, len(told.rooms)) == (3, 2)


def test_who_lists_a_room_one_need_not_be_in(registry: Registry, ada: Person, bob: Person) -> None:
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


def test_a_topic_is_set_shown_and_taken_away(ada: Person, bob: Person) -> None:
    assert ada.ask(Topic()) == [events.TopicIs("lobby", "")]
    assert only(Done, ada.ask(Topic("tea", id="1"))) == Done("topic", "tea", id="1")
    topic = only(TopicSet, bob.take())
    assert (topic.nick, topic.text) == ("ada", "tea")
    assert bob.ask(Topic(room="#lobby")) == [events.TopicIs("lobby", "tea")]
    assert only(Done, bob.ask(Topic("-"))) == Done("topic", "")
    assert only(TopicSet, ada.take()).text == ""
    assert ada.ask(Topic()) == [events.TopicIs("lobby", "")]


def test_a_topic_has_a_limit(ada: Person) -> None:
    ada.ask(Topic("x" * TOPIC_CHARACTERS))
    told = ada.ask(Topic("y" * (TOPIC_CHARACTERS + 1)))
    assert refusal(told) == ("too-long", "The topic is too long.", "A topic has at most 300 characters.")
    assert only(events.TopicIs, ada.ask(Topic())).text == "x" * TOPIC_CHARACTERS


# -- Talking ---------------------------------------------------------------------------------------


def test_a_message_is_acknowledged_and_told_to_all(ada: Person, bob: Person) -> None:
    ack, said = ada.ask(Say("hi", id="1"))
    assert ack == Ack("lobby", 3, NOON, id="1")
    assert bob.take() == [said]
    assert isinstance(said, Said)
    assert (said.room, said.seq, said.time, said.nick, said.text, said.action, said.id) == (
        "lobby",
        3,
        NOON,
        "ada",
        "hi",
        False,
        "1",
    )


def test_who_does_not_want_to_be_acknowledged_is_told_of_refusals_only(losing: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = arrive(losing, "ada")
    ada.out.acknowledges = False
    assert [type(news) for news in ada.ask(Say("hi"))] == [Said]
    monkeypatch.setattr(LosingLog, "losing", True)
    assert refusal(ada.ask(Say("hi"))) == LOST


def test_an_action_is_a_message_too(ada: Person, bob: Person) -> None:
    assert only(Ack, ada.ask(Me("waves", "#lobby")))
    said = only(Said, bob.take())
    assert (said.text, said.action) == ("waves", True)


@pytest.mark.parametrize("text", ["", " ", "\u3000 "])
@pytest.mark.parametrize("make", [Say, Me, lambda text: Msg("bob", text)])
def test_there_must_be_something_to_say(ada: Person, bob: Person, make: type[Say], text: str) -> None:
    assert refusal(ada.ask(make(text))) == ("bad-usage", "There is nothing to say in that.", "Write a text.")
    assert bob.take() == []


@pytest.mark.parametrize("make", [Say, Me])
def test_sent_again_is_not_said_twice(clock: StandingClock, ada: Person, bob: Person, make: type[Say]) -> None:
    first = only(Ack, ada.ask(make("hi", id="1")))
    clock.advance(60)
    assert ada.ask(make("hi", id="1")) == [first]
    assert len(bob.take()) == 1
    assert only(Ack, ada.ask(make("hi", id="2"))).seq == first.seq + 1


def test_without_an_id_the_same_is_said_again(ada: Person, bob: Person) -> None:
    ada.ask(Say("hi"))
    ada.ask(Say("hi"))
    assert len(every(Said, bob.take())) == 2


def test_the_id_of_another_sender_is_another_id(ada: Person, bob: Person) -> None:
    ada.ask(Say("hi", id="1"))
    assert only(Ack, bob.ask(Say("hi", id="1"))).seq == 4


def test_sent_again_from_the_next_connection_is_not_said_twice(registry: Registry, bob: Person) -> None:
    carol = Person(registry)
    carol.ask(Hello("carol", token=TOKEN))
    first = only(Ack, carol.ask(Say("hi", id="1")))
    carol.lose_link()
    bob.take()
    again = Person(registry)
    again.ask(Hello("karl", token=TOKEN))
    assert again.ask(Say("hi", id="1")) == [first]
    assert every(Said, bob.take()) == []


def test_sent_again_after_leaving_and_entering_is_not_said_twice(ada: Person, bob: Person) -> None:
    first = only(Ack, ada.ask(Say("hi", id="1")))
    ada.ask(Leave())
    ada.ask(Join("lobby"))
    assert ada.ask(Say("hi", id="1")) == [first]
    assert len(every(Said, bob.take())) == 1


def test_an_id_has_a_limit(ada: Person) -> None:
    assert only(Ack, ada.ask(Say("hi", id="x" * 64)))
    told = ada.ask(Say("hi", id="x" * 65))
    assert refusal(told) == ("too-long", "The id is too long.", "An id has at most 64 characters.")


# -- In private ------------------------------------------------------------------------------------


def test_a_private_message_is_told_to_one(registry: Registry, ada: Person, bob: Person) -> None:
    carol = arrive(registry, "carol")
    told = ada.ask(Msg("BOB", "psst", id="1"))
    assert only(Done, told) == Done("msg", "bob", id="1")
    assert only(Private, bob.take()) == Private("ada", "psst", NOON)
    assert carol.take() == []
    assert only(Done, bob.ask(Reply("what?", id="2"))) == Done("reply", "ada", id="2")
    assert only(Private, ada.take()).text == "what?"


def test_who_is_absent_is_told_nothing(ada: Person) -> None:
    assert refusal(ada.ask(Msg("bob", "psst"))) == ("no-such-nick", "Nobody called bob is here.", "/who lists who is.")


def test_there_must_be_somebody_to_reply_to(ada: Person) -> None:
    assert refusal(ada.ask(Reply("what?"))) == ("bad-usage", "Nobody has told you anything yet.", "Write /msg NICK TEXT.")


def test_a_reply_goes_to_whoever_wrote_under_whatever_nick_and_to_nobody_else(registry: Registry, ada: Person, bob: Person) -> None:
    ada.ask(Msg("bob", "psst"))
    ada.ask(Nick("lovelace"))
    stranger = arrive(registry, "ada")
    ada.take()
    assert only(Done, bob.ask(Reply("what?"))).subject == "lovelace"
    assert only(Private, ada.take()).text == "what?"
    ada.lose_link()
    bob.take()
    assert refusal(bob.ask(Reply("hello?"))) == (
        "no-such-nick",
        "Whoever told you something last is gone.",
        "/who lists who is here.",
    )
    assert every(Private, stranger.take()) == []


def test_a_private_message_sent_again_is_not_told_twice(registry: Registry, ada: Person, bob: Person) -> None:
    first = ada.ask(Msg("bob", "psst", id="1"))
    assert ada.ask(Msg("bob", "psst", id="1")) == first == [Done("msg", "bob", id="1")]
    assert len(bob.take()) == 1
    bob.lose_link()
    ada.take()
    assert ada.ask(Msg("bob", "psst", id="1")) == first


def test_a_reply_sent_again_from_the_next_connection_is_answered_again(registry: Registry, ada: Person) -> None:
    carol = Person(registry)
    carol.ask(Hello("carol", token=TOKEN))
    ada.ask(Msg("carol", "psst"))
    carol.ask(Reply("what?", id="1"))
    carol.lose_link()
    ada.take()
    again = Person(registry)
    again.ask(Hello("carol", token=TOKEN))
    ada.take()
    assert again.ask(Reply("what?", id="1")) == [Done("reply", "ada", id="1")]
    assert ada.take() == []


def test_without_an_id_the_same_is_told_again(ada: Person, bob: Person) -> None:
    ada.ask(Msg("bob", "psst"))
    ada.ask(Msg("bob", "psst"))
    assert len(bob.take()) == 2


def test_who_takes_nothing_more_is_told_nothing(ada: Person, bob: Person) -> None:
    bob.out.full = True
    told = ada.ask(Msg("bob", "psst", id="1"))
    assert refusal(told) == (
        "not-delivered",
        "bob is not reading at the moment.",
        "Nothing was told; try again later.",
    )
    bob.out.full = False
    assert only(Done, ada.ask(Msg("bob", "psst", id="1")))
    assert len(bob.take()) == 1


# -- Away ------------------------------------------------------------------------------------------


def test_who_is_away_is_written_to_and_it_is_told_once(registry: Registry, ada: Person, bob: Person) -> None:
    assert bob.ask(Away("at lunch", id="1")) == [Done("away", "at lunch", id="1")]
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob"), events.AwayNotice("bob", "at lunch")]
    assert len(bob.take()) == 1
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob")]
    carol = arrive(registry, "carol")
    assert only(events.AwayNotice, carol.ask(Msg("bob", "psst"))).text == "at lunch"


def test_it_is_told_again_when_they_go_again(ada: Person, bob: Person) -> None:
    for text in ("at lunch", ""):
        bob.ask(Away(text))
        assert only(events.AwayNotice, ada.ask(Msg("bob", "psst"))) == events.AwayNotice("bob", text)


def test_who_is_back_is_away_no_longer(ada: Person, bob: Person) -> None:
    bob.ask(Away("at lunch"))
    assert bob.ask(Back(id="1")) == [Done("back", id="1")]
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob")]
    assert refusal(bob.ask(Back())[1:]) == ("bad-usage", "You are not away.", "/away goes away.")


def test_an_away_text_has_a_limit(ada: Person) -> None:
    ada.ask(Away("x" * 300))
    told = ada.ask(Away("y" * 301))
    assert refusal(told) == ("too-long", "The text is too long.", "An away text has at most 300 characters.")
    assert ada.session.away == "x" * 300


# -- Not hearing -----------------------------------------------------------------------------------


def test_who_ignores_hears_nothing_and_sees_what_happens(registry: Registry, ada: Person, bob: Person) -> None:
    assert ada.ask(Ignore("Bob", id="1")) == [Ignoring(("bob",), id="1")]
    bob.ask(Say("hi"))
    bob.ask(Me("waves"))
    bob.ask(Topic("mine"))
    assert [type(event) for event in ada.take()] == [TopicSet]
    assert refusal(bob.ask(Msg("ada", "psst"))) == ("not-delivered", "ada does not hear you.", "Nothing was told.")
    assert [type(event) for event in only(events.HistoryPage, ada.ask(History())).events] == [Joined, Joined, TopicSet]


def test_who_ignores_no_longer_hears_again(ada: Person, bob: Person) -> None:
    ada.ask(Ignore("bob"))
    ada.ask(Ignore("carol"))
    assert ada.ask(Unignore("BOB", id="1")) == [Ignoring(("carol",), id="1")]
    assert ada.out.filtered
    assert ada.ask(Unignore("carol")) == [Ignoring(())]
    assert not ada.out.filtered
    bob.ask(Say("hi"))
    bob.ask(Msg("ada", "psst"))
    assert [type(news) for news in ada.take()] == [Private, Said]


def test_whom_one_ignores_is_listed(ada: Person) -> None:
    assert ada.ask(Ignore()) == [Ignoring(())]
    ada.ask(Ignore("eve"))
    ada.ask(Ignore("bob"))
    assert ada.ask(Ignore()) == [Ignoring(("bob", "eve"))]


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (Ignore("ADA"), ("bad-usage", "You cannot ignore yourself.", "Write /ignore NICK.")),
        (Unignore("bob"), ("bad-usage", "You do not ignore bob.", "/ignore lists whom you do.")),
    ],
)
def test_what_makes_no_sense_is_refused(ada: Person, command: Command, refused: tuple[str, str, str]) -> None:
    assert refusal(ada.ask(command)) == refused


@pytest.mark.parametrize("command", [Ignore("a b"), Unignore("a b"), Unignore("")])
def test_what_is_no_nick_cannot_be_ignored(ada: Person, command: Command) -> None:
    assert refusal(ada.ask(command))[0] == "bad-nick"


def test_so_many_can_be_ignored(ada: Person) -> None:
    for number in range(IGNORED_PER_SESSION):
        ada.ask(Ignore(f"eve{number}"))
    assert only(Ignoring, ada.ask(Ignore("eve0")))
    told = ada.ask(Ignore("one-more"))
    assert refusal(told) == ("too-many", "You ignore 100 people already.", "/unignore one of them first.")


# -- Looking ---------------------------------------------------------------------------------------


def test_whois_tells_about_a_person(registry: Registry, clock: StandingClock, ada: Person, bob: Person) -> None:
    ada.ask(Join("dev"))
    clock.advance(61.5)
    assert bob.ask(Whois("ADA", id="1")) == [events.PersonInfo("ada", ("lobby", "dev"), NOON, 61, "json", id="1")]
    ada.ask(Away())
    assert bob.ask(Whois("ada")) == [events.PersonInfo("ada", ("lobby", "dev"), NOON, 0, "json", "")]
    ada.ask(Away("at lunch"))
    assert only(events.PersonInfo, bob.ask(Whois("ada"))).away == "at lunch"
    assert refusal(bob.ask(Whois("carol"))) == ("no-such-nick", "Nobody called carol is here.", "/who lists who is.")


def test_a_ping_is_no_sign_of_a_person(clock: StandingClock, ada: Person, bob: Person) -> None:
    clock.advance(60)
    ada.ask(Ping())
    assert only(events.PersonInfo, bob.ask(Whois("ada"))).idle == 60
    ada.ask(Say("hi"))
    assert only(events.PersonInfo, bob.ask(Whois("ada"))).idle == 0


def test_a_clock_that_is_set_back_makes_nobody_idle(clock: StandingClock, ada: Person) -> None:
    ada.ask(Say("hi"))
    clock.advance(-60)
    bob = arrive(ada.registry, "bob")
    assert only(events.PersonInfo, bob.ask(Whois("ada"))).idle == 0


def test_help_lists_every_command_or_explains_one(ada: Person) -> None:
    listed = only(events.HelpText, ada.ask(Help(id="1")))
    assert [line.name for line in listed.commands] == [row.name for row in commands.TABLE]
    (told,) = ada.ask(Help("/MSG", id="2"))
    assert told == events.HelpText(
        (events.HelpLine("msg", "/msg NICK TEXT", "tell one person something that nobody else hears"),), id="2"
    )
    assert refusal(ada.ask(Help("mgs"))) == (
        "unknown-command",
        "There is no command /mgs.",
        "Did you mean /msg? /help lists all.",
    )


@pytest.mark.parametrize(
    ("history", "seqs", "more"),
    [
        (History(), range(92, 112), True),
        (History(3), range(109, 112), True),
        (History(3, "#Lobby", before=10), range(7, 10), True),
        (History(3, before=3), range(1, 3), False),
        (History(3, before=1), range(0), False),
        (History(100), range(12, 112), True),
        (History(10**9), range(112 - HISTORY_EVENTS, 112), True),
        (History(5, before=10**9), range(107, 112), True),
        (History(100, before=101), range(1, 101), False),
        (History(4, around=50), range(48, 52), True),
        (History(5, around=50), range(47, 52), True),
        (History(4, around=1), range(1, 3), False),
        (History(4, around=10**9), range(110, 112), True),
        (History(4, around_time="2026-11-23T13:00Z"), range(110, 112), True),
        (History(4, around_time="2026-11-23T11:00Z"), range(1, 3), False),
    ],
)
def test_history_reads_the_log_back(ada: Person, history: History, seqs: range, more: bool) -> None:
    for number in range(110):
        ada.ask(Say(f"line {number}"))
    told = only(events.HistoryPage, ada.ask(history))
    assert ([event.seq for event in told.events], told.more, told.room) == (list(seqs), more, "lobby")


def test_history_ends_where_the_log_does() -> None:
    ada = arrive(new_registry(store=MemoryStore("testlog", partial(MemoryLog, 5))), "ada")
    for text in "abcdefgh":
        ada.ask(Say(text))
    ada.take()
    for before, seqs, more in [(0, [6, 7, 8, 9], True), (7, [5, 6], False), (3, [], False)]:
        told = only(events.HistoryPage, ada.ask(History(4, before=before)))
        assert ([event.seq for event in told.events], told.more) == (seqs, more)


@pytest.mark.parametrize("command", [History(-1), History(before=-1), History(around=-1)])
def test_history_takes_no_numbers_below_0(ada: Person, command: Command) -> None:
    assert refusal(ada.ask(command)) == (
        "bad-usage",
        "These numbers make no sense.",
        "Write numbers above 0.",
    )


# -- Going -----------------------------------------------------------------------------------------


def test_quitting_is_told_in_every_room_with_the_last_word(registry: Registry, ada: Person, bob: Person) -> None:
    bob.ask(Join("dev"))
    carol = arrive(registry, "carol", "dev")
    assert bob.ask(Quit("see you", id="1"))[-1] == Closing(Reason.QUIT, id="1")
    assert bob.out.closed is Reason.QUIT
    for person in (ada, carol):
        left = only(Left, person.take())
        assert (left.nick, left.reason, left.text) == ("bob", Reason.QUIT, "see you")
    assert arrive(registry, "bob")


@pytest.mark.parametrize("reason", [Reason.LINK_LOST, Reason.TIMED_OUT, Reason.NOT_READING])
def test_a_lost_link_is_told_with_its_reason_and_frees_the_nick(
    registry: Registry, ada: Person, bob: Person, reason: Reason
) -> None:
    bob.lose_link(reason)
    left = only(Left, ada.take())
    assert (left.nick, left.reason, left.text) == ("bob", reason, "")
    assert bob.session not in registry.connections()
    assert arrive(registry, "bob")


def test_when_the_server_stops_everybody_is_told_and_nobody_is_told_of_each(registry: Registry, ada: Person, bob: Person) -> None:
    ada.ask(Join("dev"))
    for session in registry.connections():
        actions.dismiss(session)
    for person in (ada, bob):
        assert person.take() == [Closing(Reason.SHUTDOWN)]
        assert person.out.closed is Reason.SHUTDOWN
        person.lose_link(Reason.SHUTDOWN)
    assert registry.connections() == ()
    assert [len(room.members) for room in registry.rooms()] == [0, 0]


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
    assert losing.room("lobby").topic == ""
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
    assert ada.session.current is ada.out.current is losing.room("lobby")
    assert not losing.room("dev").members


def test_a_command_of_no_table_is_a_defect_of_ours(ada: Person) -> None:
    with pytest.raises(KeyError):
        ada.ask(Command())


def test_every_command_has_an_action() -> None:
    assert set(actions.ACTIONS) == {row.make for row in commands.TABLE} | {Hello, Say, Ping}
