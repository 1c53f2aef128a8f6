"""Attendance: the log agrees with the facts about who is in a room, whatever the disk does.

A model tests it: the disk fails and recovers, answers arrive late and one by one, and people enter,
leave and change their nicks. No event contradicts the events before it; and once the disk works,
the fold of the log, the state of each client, and the members are equal.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.core.answers import Answer, Done, Entered, Exited, Refused
from chatd.core.attendance import Attendance
from chatd.core.commands import Command, Hello, Join, Leave, Nick, Say
from chatd.core.errors import NotDelivered, TooMany
from chatd.core.events import DRAFT, Event, Joined, Left, Reason, Renamed, Said
from chatd.core.membership import Membership
from chatd.core.names import fold, parse_nick, parse_room
from chatd.core.perform import perform
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.testing import NOON, Visitor, new_registry
from tests.core.late import LateLog, LateStore

FULL = NotDelivered("The disk is full.")
ROOM_NAMES = ("lobby", "tea")


class Fold:
    """The members of a room according to its events; an impossible event is an error."""

    def __init__(self, *nicks: str) -> None:
        self.nicks = {fold(nick): nick for nick in nicks}

    def apply(self, event: Event) -> None:
        if isinstance(event, Joined):
            assert fold(event.nick) not in self.nicks, event
            self.nicks[fold(event.nick)] = event.nick
        elif isinstance(event, Left):
            assert self.nicks.pop(fold(event.nick), None) == event.nick, event
        elif isinstance(event, Renamed):
            assert self.nicks.pop(fold(event.nick), None) == event.nick, event
            assert fold(event.to) not in self.nicks, event
            self.nicks[fold(event.to)] = event.to
        elif isinstance(event, Said):
            assert event.nick


class Client:
    """A client that applies every event it receives."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.rooms: dict[str, Fold] = {}

    def read(self) -> list[Event | Answer]:
        told = self.visitor.take()
        for news in told:
            if isinstance(news, Entered):
                self.rooms[news.room] = Fold(*news.members)
                assert news.count == len(news.members)
            elif isinstance(news, Exited):
                self.rooms.pop(news.room, None)  # Who takes over a seat may leave before they are told that they are in.
            elif isinstance(news, Event):
                self.rooms[news.room].apply(news)
        return told


class Presence(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.store = LateStore()
        self.registry = new_registry(store=self.store)
        self.clients: list[Client] = []
        self.folds = {name: Fold() for name in ROOM_NAMES}
        self.read_to = dict.fromkeys(ROOM_NAMES, 1)
        for name in ROOM_NAMES:  # Empty rooms without messages would be removed.
            said = Said(name, DRAFT, NOON, "bot", "bot", "hi")
            self.registry.rooms.open(parse_room(name)).post(said, lambda outcome: None)
        self.store.answer()

    def ask(self, index: int, command: Command) -> None:
        """Perform ``command`` as a caller does: only if the client is not waiting for an answer."""
        client = self.clients[index % len(self.clients)]
        if not client.visitor.out.congested and not client.visitor.out.closed:
            perform(self.registry, client.visitor.session, command)

    @rule(fails=st.booleans())
    def fail(self, fails: bool) -> None:
        self.store.failure = FULL if fails else None

    @rule(number=st.integers(1, 6))
    def answer(self, number: int) -> None:
        for _ in range(min(number, len(self.store.waiting))):
            self.store.waiting.pop(0)()

    @rule()
    def retry(self) -> None:
        self.registry.rooms.retry_failed()

    @precondition(lambda self: len(self.clients) < 6)
    @rule(nick=st.sampled_from("abcd"), seat=st.sampled_from(["", "x" * 16, "y" * 16]))
    def enter(self, nick: str, seat: str) -> None:
        client = Client(Visitor(self.registry))
        self.clients.append(client)
        perform(self.registry, client.visitor.session, Hello(nick, seat, rooms=ROOM_NAMES))

    @precondition(lambda self: self.clients)
    @rule(index=st.integers(0, 5), nick=st.sampled_from(["a", "A", "b", "c", "d", "e"]))
    def rename(self, index: int, nick: str) -> None:
        self.ask(index, Nick(nick))

    @precondition(lambda self: self.clients)
    @rule(index=st.integers(0, 5), room=st.sampled_from(ROOM_NAMES), is_in=st.booleans())
    def move(self, index: int, room: str, is_in: bool) -> None:
        self.ask(index, Join(room) if is_in else Leave(room))

    @precondition(lambda self: self.clients)
    @rule(index=st.integers(0, 5))
    def leave(self, index: int) -> None:
        self.clients.pop(index % len(self.clients)).visitor.lose_link()

    @precondition(lambda self: self.clients)
    @rule()
    def swap(self) -> None:
        """The first two clients exchange their nicks, using a third nick."""
        nicks = [client.visitor.session.nick for client in self.clients[:2]]
        if len(nicks) == 2:
            for index, nick in [(0, "z"), (1, nicks[0]), (0, nicks[1])]:
                self.ask(index, Nick(nick or "q"))
                self.store.answer()

    @rule()
    def recover(self) -> None:
        """The disk recover again, and everybody's state equals the facts."""
        self.store.failure = None
        while self.store.waiting or not all(room.attendance.is_settled for room in self.registry.rooms):
            self.registry.rooms.retry_failed()
            assert self.store.waiting
            self.store.answer()
        self.no_event_contradicts_earlier_events()
        for client in self.clients:
            client.read()
        for name in ROOM_NAMES:
            room = self.registry.rooms.get(name)
            if room is not None:
                self.all_agree(name, room)

    def all_agree(self, name: str, room: Room) -> None:
        truth = sorted(person.nick for person in room.members)
        assert sorted(self.folds[name].nicks.values()) == truth
        assert {fold(nick) for nick in truth} == room.attendance._by_nick.keys()
        assert len(room.attendance) == len(truth)
        for client in self.clients:
            session = client.visitor.session
            if session.person in room.members and not session.is_ending:  # Another session may have its seat now.
                assert sorted(client.rooms[name].nicks.values()) == truth

    @invariant()
    def no_event_contradicts_earlier_events(self) -> None:
        for name, log in self.store.logs.items():
            for event in log.read(self.read_to[name], log.end):
                self.folds[name].apply(event)
            self.read_to[name] = log.end

    @invariant()
    def no_joining_waits_for_ever(self) -> None:
        """A joining waits only for a nick or for a pending event."""
        for room in self.registry.rooms:
            attendance = room.attendance
            joining = [membership for membership in attendance._missing if not membership.nick]
            assert {*joining} <= {*attendance._waiting_for_nick.values(), *attendance._pending}


TestPresence = Presence.TestCase
TestPresence.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# -- Cases that the model finds only sometimes -----------------------------------------------------


class Case:
    """A room with ada, bob and eve; eve observes."""

    def __init__(self) -> None:
        self.store = LateStore()
        self.registry = new_registry(store=self.store)
        self.visitors = [Visitor(self.registry) for _ in range(3)]
        for visitor, nick in zip(self.visitors, ("ada", "bob", "eve"), strict=True):
            perform(self.registry, visitor.session, Hello(nick))
        self.store.answer()
        self.ada, self.bob, self.eve = self.visitors
        for visitor in self.visitors:
            visitor.take()

    def fail(self) -> None:
        self.store.failure = FULL
        self.store.answer()

    def recover(self) -> None:
        self.store.failure = None
        self.registry.rooms.retry_failed()
        self.store.answer()

    def seen(self) -> list[str]:
        """The events that eve has received."""
        return [
            f"{type(news).__name__} {news.nick} {getattr(news, 'to', '')}".strip()
            for news in self.eve.take()
            if isinstance(news, Event)
        ]


def ask(visitor: Visitor, command: Command, store: LateStore) -> list[Event | Answer]:
    perform(visitor.registry, visitor.session, command)
    store.answer()
    return visitor.take()


def test_a_returning_person_leaves_before_joining() -> None:
    case = Case()
    case.ada.lose_link()
    case.fail()
    case.store.failure = None
    again = Visitor(case.registry)
    assert [news.count for news in ask(again, Hello("ada"), case.store) if isinstance(news, Entered)] == [3]
    assert case.seen() == ["Left ada", "Joined ada"]
    case.registry.rooms.retry_failed()
    case.store.answer()
    assert case.seen() == []


def test_a_person_cannot_join_before_their_leaving_is_stored() -> None:
    case = Case()
    case.ada.lose_link()
    case.fail()
    again = Visitor(case.registry)
    assert [news for news in ask(again, Hello("ada"), case.store) if isinstance(news, Refused)]
    assert again.rooms == {}
    case.recover()
    assert case.seen() == ["Left ada"]


def test_only_the_last_of_several_nicks_is_reported() -> None:
    case = Case()
    for nick in ("ada2", "ada3"):
        perform(case.registry, case.ada.session, Nick(nick))
        case.fail()
    case.recover()
    assert case.seen() == ["Renamed ada ada3"]


def test_changing_a_nick_back_is_not_reported() -> None:
    case = Case()
    for nick in ("ada2", "ada"):
        perform(case.registry, case.ada.session, Nick(nick))
        case.fail()
    case.recover()
    assert case.seen() == []
    assert case.registry.rooms.find("lobby").attendance.is_settled


def test_a_leaving_is_reported_under_the_nick_in_the_log() -> None:
    case = Case()
    perform(case.registry, case.ada.session, Nick("ada2"))
    case.fail()
    case.ada.lose_link()
    case.fail()
    case.recover()
    assert case.seen() == ["Left ada"]


def test_a_nick_that_the_log_still_assigns_cannot_be_taken() -> None:
    case = Case()
    perform(case.registry, case.ada.session, Nick("ada2"))
    case.fail()
    [refused] = ask(case.bob, Nick("ada"), case.store)
    assert isinstance(refused, Refused)
    assert (refused.code, case.bob.session.nick) == ("not-delivered", "bob")
    case.recover()
    case.ada.take()
    assert any(isinstance(news, Done) for news in ask(case.bob, Nick("ada"), case.store))
    assert case.seen() == ["Renamed ada ada2", "Renamed bob ada"]


def test_a_message_follows_an_earlier_change_of_nick() -> None:
    case = Case()
    perform(case.registry, case.ada.session, Nick("ada2"))
    assert case.ada.out.congested
    case.store.answer()
    ask(case.ada, Say("hi"), case.store)
    assert case.seen() == ["Renamed ada ada2", "Said ada2"]


def test_leaving_cancels_a_waiting_joining() -> None:
    case = Case()
    case.ada.lose_link()
    again = Visitor(case.registry)
    perform(case.registry, again.session, Hello("ada"))
    again.lose_link()
    case.store.answer()
    assert case.seen() == ["Left ada"]
    assert case.registry.rooms.find("lobby").attendance.is_settled


def test_a_waiting_joining_uses_the_changed_nick() -> None:
    case = Case()
    room, outcomes = case.registry.rooms.find("lobby"), list[object]()
    case.ada.lose_link()
    membership, person = Membership(), Person(parse_nick("ada"))
    room.join(person, membership, Joined("lobby", DRAFT, NOON, "ada", "seat"), outcomes.append)
    room.report(Renamed("lobby", DRAFT, NOON, "ada", "seat", "ada2"), membership, outcomes.append)
    case.store.answer()
    assert case.seen() == ["Left ada", "Joined ada2"]
    assert outcomes == [room.log.read(5, 6)[0]] * 2


def test_an_exception_in_a_callback_does_not_block_later_changes() -> None:
    log = LateLog(store := LateStore())
    attendance = Attendance(log)
    membership, outcomes = Membership(), list[object]()
    attendance.post(membership, Joined("lobby", DRAFT, NOON, "ada", ""), lambda outcome: 1 / 0, Person(parse_nick("ada")))
    attendance.post(membership, Left("lobby", DRAFT, NOON, "ada", "", Reason.QUIT), outcomes.append)
    try:
        store.answer()
    except ZeroDivisionError:
        store.answer()
    assert [type(outcome) for outcome in outcomes] == [Left]


def test_a_room_with_unreported_changes_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.rooms.ROOMS", 1)
    case = Case()
    case.registry.rooms.default = parse_room("hall")  # The default room is never closed.
    room = case.registry.rooms.find("lobby")
    for visitor in case.visitors:
        visitor.lose_link()
    case.fail()
    assert (room.members, room.attendance.is_settled) == ({}, False)
    with pytest.raises(TooMany):
        case.registry.rooms.open(parse_room("tea"))
    case.recover()
    assert (room.attendance.is_settled, len(room.attendance)) == (True, 0)
    assert case.registry.rooms.open(parse_room("tea")).members == {}
