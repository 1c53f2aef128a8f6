"""A room: it shows what its log has stored, and nothing before."""

from __future__ import annotations

from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Said, TopicSet
from chatd.core.log import MemoryLog, Stored
from chatd.core.names import parse_nick, parse_room
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.testing import NOON, RecordingOutgoing


class SlowLog(MemoryLog):
    """A log that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Event, Stored]] = []

    def append(self, event: Event, stored: Stored) -> None:
        self.waiting.append((event, stored))

    def settle(self, failure: NotDelivered | None = None) -> None:
        for event, stored in self.waiting:
            if failure is None:
                super().append(event, stored)
            else:
                stored(failure)


def topic(text: str) -> TopicSet:
    return TopicSet("lobby", 1, NOON, "ada", "", text)


def new_member(room: Room, nick: str) -> Session:
    session = Session(RecordingOutgoing(), "192.0.2.1", "text", NOON)
    session.name = parse_nick(nick)
    room.members[session] = 1
    return session


def test_news_is_told_before_whoever_posted_it_is_answered() -> None:
    happened: list[object] = []
    room = Room(parse_room("lobby"), MemoryLog(), happened.append)
    room.post(Said("lobby", 1, NOON, "ada", "", "hi"), happened.append)
    assert happened == [room, None]


def test_nobody_need_be_answered() -> None:
    happened: list[object] = []
    room = Room(parse_room("lobby"), MemoryLog(), happened.append)
    room.post(Said("lobby", 1, NOON, "ada", "", "hi"))
    assert happened == [room]


def test_nothing_is_shown_before_it_is_stored() -> None:
    happened: list[object] = []
    log = SlowLog()
    room = Room(parse_room("lobby"), log, happened.append)
    room.post(topic("tea"), happened.append)
    assert (happened, room.topic) == ([], "")
    log.settle()
    assert (happened, room.topic) == ([room, None], "tea")


def test_what_is_not_stored_is_not_shown() -> None:
    happened: list[object] = []
    log, failure = SlowLog(), NotDelivered("The disk is full.")
    room = Room(parse_room("lobby"), log, happened.append)
    room.post(topic("tea"), happened.append)
    room.post(topic("coffee"))
    log.settle(failure)
    assert (happened, room.topic) == ([failure], "")


def test_the_topic_is_the_last_one_set() -> None:
    room = Room(parse_room("lobby"), MemoryLog(), lambda room: None)
    for seq, text in enumerate(["tea", "coffee", ""], 1):
        room.post(TopicSet("lobby", seq, NOON, "ada", "", text))
        assert room.topic == text


def test_those_who_came_first_are_named_and_no_more_than_asked_for() -> None:
    room = Room(parse_room("lobby"), MemoryLog(), lambda room: None)
    ada, bob, carol = (new_member(room, nick) for nick in ("ada", "bob", "carol"))
    ada.away, carol.away = "", "at lunch"
    bob.away = None
    assert room.nicks(2) == ("ada", "bob")
    assert room.nicks(9) == ("ada", "bob", "carol")
    assert room.away(2) == {"ada": ""}
    assert room.away(9) == {"ada": "", "carol": "at lunch"}
