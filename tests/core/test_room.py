"""A room: it shows events when its log has stored them, and it knows its members."""

from __future__ import annotations

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Joined, Left, Reason, Renamed, Said, TopicSet
from chatd.core.log import Copy, OnStored
from chatd.core.membership import Membership
from chatd.core.memory import MemoryLog
from chatd.core.names import parse_nick, parse_room
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.testing import NOON

FULL = NotDelivered("The disk is full.")


class SlowLog(MemoryLog):
    """A log that calls back when the test calls :meth:`answer`."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Event, OnStored]] = []

    def append(self, draft: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
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
    """A room, and a list of its callbacks."""
    calls: list[object] = []
    return Room(parse_room("lobby"), log or MemoryLog(), calls.append), calls


def new_member(room: Room, nick: str) -> Person:
    person = Person(parse_nick(nick))
    room.members[person] = Membership()
    return person


# -- Posting ---------------------------------------------------------------------------------------


def test_the_room_has_news_before_the_sender_is_answered() -> None:
    room, calls = new_room()
    room.post(said(), calls.append)
    assert calls == [room, said().number(1)]


def test_nothing_is_shown_before_it_is_stored() -> None:
    log = SlowLog()
    room, calls = new_room(log)
    room.post(topic("tea"), calls.append)
    assert (calls, room.topic) == ([], "")
    log.answer()
    assert (calls, room.topic) == ([room, topic("tea").number(1)], "tea")


def test_an_event_that_is_not_stored_is_not_shown() -> None:
    log = SlowLog()
    room, calls = new_room(log)
    room.post(topic("tea"), calls.append)
    room.post(topic("coffee"), calls.append)
    log.answer(FULL)
    assert (calls, room.topic) == ([FULL, FULL], "")


def test_the_topic_is_the_last_one_set() -> None:
    room, calls = new_room()
    for text in ["tea", "coffee", ""]:
        room.post(topic(text), calls.append)
        assert room.topic == text


# -- Joining and reporting -------------------------------------------------------------------------


def join(room: Room, calls: list[object], nick: str = "ada") -> Membership:
    membership = Membership()
    room.join(Person(parse_nick(nick)), membership, Joined("lobby", DRAFT, NOON, nick, ""), calls.append)
    return membership


def left() -> Left:
    return Left("lobby", DRAFT, NOON, "ada", "", Reason.QUIT)


def test_a_membership_gets_its_number_when_the_joining_is_stored() -> None:
    log = SlowLog()
    room, calls = new_room(log)
    membership = join(room, calls)
    assert ([*room.members.values()], membership.seq) == ([membership], None)
    log.answer()
    assert membership.seq == 1


def test_a_joining_that_is_not_stored_has_no_seq() -> None:
    log = SlowLog()
    room, calls = new_room(log)
    membership = join(room, calls)
    log.answer(FULL)
    assert (membership.seq, calls) == (None, [FULL])


def test_what_has_happened_is_stored_when_that_is_possible_again() -> None:
    log = SlowLog()
    room, calls = new_room(log)
    membership = join(room, calls)
    log.answer()
    room.report(left(), membership, calls.append)
    for _ in range(2):
        log.answer(FULL)
        room.retry_failed()
    log.answer()
    room.retry_failed()
    assert log.waiting == []
    assert list(log.read(2, 9)) == [left().number(2)]
    assert calls == [room, log.read(1, 2)[0], FULL, room]


# -- Members ---------------------------------------------------------------------------------------


def test_the_first_members_are_listed_up_to_the_limit() -> None:
    room, _ = new_room()
    ada, bob, carol = (new_member(room, nick) for nick in ("ada", "bob", "carol"))
    ada.away, carol.away = "", "at lunch"
    bob.away = None
    assert room.nicks(2) == ("ada", "bob")
    assert room.nicks(9) == ("ada", "bob", "carol")
    assert room.away(2) == {"ada": ""}
    assert room.away(9) == {"ada": "", "carol": "at lunch"}


def test_a_room_knows_who_was_a_member_at_an_event() -> None:
    room, calls = new_room()
    for draft in (
        Joined("lobby", DRAFT, NOON, "ada", "a"),
        Joined("lobby", DRAFT, NOON, "bob", "b"),
        Renamed("lobby", DRAFT, NOON, "ada", "a", "eve"),
        Left("lobby", DRAFT, NOON, "eve", "a", Reason.QUIT),
    ):
        room.post(draft, calls.append)
    assert [room.was_member_at("a", seq) for seq in range(5)] == [False, True, True, True, False]
    assert not room.was_member_at("c", 4)


def test_a_room_has_no_messages_until_one_is_posted() -> None:
    log = SlowLog()
    room, calls = new_room(log)
    room.post(topic("tea"), calls.append)
    log.answer()
    assert room.has_no_messages
    log.has_pending = True
    assert not room.has_no_messages
    log.has_pending = False
    room.post(said(), calls.append)
    log.answer()
    assert not room.has_no_messages
    room.post(topic("coffee"), calls.append)
    log.answer()
    log.drop(log.end - 1)
    assert room.has_no_messages, "the message is deleted"
