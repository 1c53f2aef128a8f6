"""A room: it shows what its log has stored, and nothing before; and it knows who is in."""

from __future__ import annotations

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Joined, Left, Reason, Renamed, Said, TopicSet
from chatd.core.log import OnStored
from chatd.core.membership import Membership
from chatd.core.memory import MemoryLog
from chatd.core.names import parse_nick, parse_room
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.testing import NOON

FULL = NotDelivered("The disk is full.")


class SlowLog(MemoryLog):
    """A log that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Event, OnStored]] = []

    def append(self, draft: Event, on_stored: OnStored) -> None:
        self.waiting.append((draft, on_stored))

    def answer(self, failure: NotDelivered | None = None) -> None:
        waiting, self.waiting = self.waiting, []
        for draft, on_stored in waiting:
            if failure is None:
                super().append(draft, on_stored)
            else:
                on_stored(failure)


def topic(text: str) -> TopicSet:
    return TopicSet("lobby", DRAFT, NOON, "ada", "", text)


def said(text: str = "hi") -> Said:
    return Said("lobby", DRAFT, NOON, "ada", "", text)


def new_room(log: MemoryLog | None = None) -> tuple[Room, list[object]]:
    """A room, and a list that what it tells goes into."""
    happened: list[object] = []
    return Room(parse_room("lobby"), log or MemoryLog(), happened.append), happened


def new_member(room: Room, nick: str) -> Person:
    person = Person(parse_nick(nick))
    room.members[person] = Membership()
    return person


# -- What happens ----------------------------------------------------------------------------------


def test_news_is_told_before_whoever_posted_it_is_answered() -> None:
    room, happened = new_room()
    room.post(said(), happened.append)
    assert happened == [room, said().number(1)]


def test_nothing_is_shown_before_it_is_stored() -> None:
    log = SlowLog()
    room, happened = new_room(log)
    room.post(topic("tea"), happened.append)
    assert (happened, room.topic) == ([], "")
    log.answer()
    assert (happened, room.topic) == ([room, topic("tea").number(1)], "tea")


def test_what_is_not_stored_is_not_shown() -> None:
    log = SlowLog()
    room, happened = new_room(log)
    room.post(topic("tea"), happened.append)
    room.post(topic("coffee"), happened.append)
    log.answer(FULL)
    assert (happened, room.topic) == ([FULL, FULL], "")


def test_the_topic_is_the_last_one_set() -> None:
    room, happened = new_room()
    for text in ["tea", "coffee", ""]:
        room.post(topic(text), happened.append)
        assert room.topic == text


# -- Joining and reporting -------------------------------------------------------------------------


def join(room: Room, happened: list[object], nick: str = "ada") -> Membership:
    membership = Membership()
    room.join(Person(parse_nick(nick)), membership, Joined("lobby", DRAFT, NOON, nick, ""), happened.append)
    return membership


def left() -> Left:
    return Left("lobby", DRAFT, NOON, "ada", "", Reason.QUIT)


def test_a_membership_gets_its_number_when_the_joining_is_stored() -> None:
    log = SlowLog()
    room, happened = new_room(log)
    membership = join(room, happened)
    assert ([*room.members.values()], membership.seq) == ([membership], None)
    log.answer()
    assert membership.seq == 1


def test_a_joining_that_is_not_stored_has_no_number() -> None:
    log = SlowLog()
    room, happened = new_room(log)
    membership = join(room, happened)
    log.answer(FULL)
    assert (membership.seq, happened) == (None, [FULL])


def test_what_has_happened_is_stored_when_that_is_possible_again() -> None:
    log = SlowLog()
    room, happened = new_room(log)
    membership = join(room, happened)
    log.answer()
    room.report(left(), membership, happened.append)
    for _ in range(2):
        log.answer(FULL)
        room.retry_owed()
    log.answer()
    room.retry_owed()
    assert log.waiting == []
    assert list(log.read(2, 9)) == [left().number(2)]
    assert happened == [room, log.read(1, 2)[0], FULL, room]


# -- Who is in -------------------------------------------------------------------------------------


def test_those_who_came_first_are_named_and_no_more_than_asked_for() -> None:
    room, _ = new_room()
    ada, bob, carol = (new_member(room, nick) for nick in ("ada", "bob", "carol"))
    ada.away, carol.away = "", "at lunch"
    bob.away = None
    assert room.nicks(2) == ("ada", "bob")
    assert room.nicks(9) == ("ada", "bob", "carol")
    assert room.away(2) == {"ada": ""}
    assert room.away(9) == {"ada": "", "carol": "at lunch"}


def test_a_room_knows_who_was_in_when_something_happened() -> None:
    room, happened = new_room()
    for draft in (
        Joined("lobby", DRAFT, NOON, "ada", "a"),
        Joined("lobby", DRAFT, NOON, "bob", "b"),
        Renamed("lobby", DRAFT, NOON, "ada", "a", "eve"),
        Left("lobby", DRAFT, NOON, "eve", "a", Reason.QUIT),
    ):
        room.post(draft, happened.append)
    assert [room.has_seen("a", seq) for seq in range(5)] == [False, True, True, True, False]
    assert not room.has_seen("c", 4)


def test_a_room_is_unsaid_until_something_is_said_or_on_its_way() -> None:
    log = SlowLog()
    room, happened = new_room(log)
    room.post(topic("tea"), happened.append)
    log.answer()
    assert room.is_unsaid
    log.has_pending = True
    assert not room.is_unsaid
    log.has_pending = False
    room.post(said(), happened.append)
    log.answer()
    assert not room.is_unsaid
