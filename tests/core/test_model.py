"""A stateful model: people arrive, talk and leave in any order, and the promises hold after every
step.

All members of a room see the same events without a gap. A message that is sent again is not said
twice. Resuming is complete. A nick has one holder. Nothing is left of people who have left.
"""

# ruff: noqa: RUF001 - look-alikes are what is tested

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.core import commands
from chatd.core.answers import Ack, Answer, Closing, Entered, Exited, Missed, Welcome
from chatd.core.commands import Command, Hello
from chatd.core.events import Event, Private, Reason, Said, TopicSet
from chatd.core.inboxes import Inbox
from chatd.core.limits import LOG_BYTES, ROOMS_PER_PERSON
from chatd.core.memory import MemoryLog, MemoryStore, Messages
from chatd.core.names import Name, fold
from chatd.core.room import Room
from chatd.testing import Visitor, new_registry

NICKS = st.sampled_from(["ada", "Ada", "аda", "bob", "b0b", "carol", "лена", "Лена", "νους", "ΝΟΥΣ", "admin", "a b"])
ROOMS = st.sampled_from(["lobby", "#Lobby", "dev", "Dev", "attic"])
TOKENS = st.sampled_from(["", "a" * 16, "b" * 16])
IDS = st.sampled_from(["", "1", "2", "3"])
INDEX = st.integers(0, 5)


class Record(MemoryLog):
    """A small log that also records everything that was ever stored in its room, by seq."""

    everything: dict[int, Event]

    def __init__(self, first: int, messages: Messages, size: int = LOG_BYTES) -> None:
        super().__init__(events=6, size=size, first=first, messages=messages)

    def add(self, event: Event) -> Event:
        assert event.seq not in self.everything
        self.everything[event.seq] = event
        return super().add(event)


class RecordStore(MemoryStore):
    """A store whose logs are records."""

    def __init__(self, everything: dict[str, dict[int, Event]]) -> None:
        super().__init__("testlog", Record)
        self._everything = everything

    def log(self, name: Name) -> MemoryLog:
        log = super().log(name)
        assert isinstance(log, Record)
        log.everything = self._everything.setdefault(name.key, {})
        return log

    def messages(self, sender_id: str, id: str) -> list[Said]:
        """The messages from ``sender_id`` with ``id`` that the logs hold."""
        held = [event for log in self.logs.values() for event in log.read(log.first, log.end)]
        return [event for event in held if isinstance(event, Said) and (event.sender_id, event.id) == (sender_id, id)]


class CheckedVisitor:
    """A visitor that checks everything it receives."""

    def __init__(self, person: Visitor, everything: dict[str, dict[int, Event]]) -> None:
        self.person = person
        self.next_seq: dict[str, int] = {}
        """The seq of the next event, by the key of the room."""
        self.last_private = 0
        self._everything = everything
        self._resumed: dict[str, int] = {}

    def ask(self, command: Command) -> list[Event | Answer]:
        resume = command.resume if isinstance(command, Hello) and command.log == self.person.registry.store.name else {}
        self._resumed = {fold(room.removeprefix("#")): seq for room, seq in resume.items()}
        return self.read(self.person.ask(command))

    def read(self, answers: list[Event | Answer]) -> list[Event | Answer]:
        for news in answers:
            if isinstance(news, Private):
                assert news.seq > self.last_private
                self.last_private = news.seq
            elif isinstance(news, Event):
                self._read_event(news)
            elif isinstance(news, Entered):
                self._read_entered(news)
            elif isinstance(news, Exited):
                del self.next_seq[fold(news.room)]
            elif isinstance(news, Missed) and not news.first:
                self._resumed.pop(fold(news.room), None)
            elif isinstance(news, Missed):
                assert self._skip(fold(news.room), news.first) == news.first
                self.next_seq[fold(news.room)] = news.last + 1
        return answers

    def _read_entered(self, entered: Entered) -> None:
        key = fold(entered.room)
        seen = self._resumed.pop(key, -1)
        self.next_seq[key] = seen + 1 if seen >= 0 else entered.seq + 1
        numbers = [event.seq for event in entered.scrollback if not self.person.session.is_filtered]
        assert not (numbers and seen >= 0)
        # The last one is before one's own joining, or the last in the room where one was already.
        assert not numbers or (
            numbers == list(range(numbers[0], numbers[-1] + 1)) and numbers[-1] in (entered.seq - 1, entered.seq)
        )
        assert entered.members[-1] == self.person.session.nick or self.person.out.closed

    def _read_event(self, event: Event) -> None:
        key = fold(event.room)
        assert self._skip(key, event.seq) == event.seq
        assert event == self.person.session.heard(self._everything[key][event.seq])
        self.next_seq[key] = event.seq + 1

    def _skip(self, key: str, seq: int) -> int:
        """The seq that was expected before ``seq``, after skipping what is ignored."""
        next_seq = self.next_seq[key]
        while next_seq < seq and (event := self._everything[key].get(next_seq)) and self.person.session.heard(event) is None:
            next_seq += 1
        return next_seq


class Chat(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.everything: dict[str, dict[int, Event]] = {}
        self.store = RecordStore(self.everything)
        self.registry = new_registry(store=self.store)
        self.connected: list[CheckedVisitor] = []
        self.disconnected: list[CheckedVisitor] = []
        self.private_counts: Counter[str] = Counter()

    def _visitor(self, index: int) -> CheckedVisitor:
        return self.connected[index % len(self.connected)]

    def _ask(self, index: int, command: Command) -> list[Event | Answer]:
        """Perform ``command`` for somebody, unless their connection is closing."""
        visitor = self._visitor(index)
        return [] if visitor.person.out.closed else self._count_private(visitor.ask(command))

    def _count_private(self, answers: list[Event | Answer]) -> list[Event | Answer]:
        self.private_counts.update(news.text for news in answers if isinstance(news, Private))
        return answers

    # -- Rules

    @precondition(lambda self: len(self.connected) < 6)
    @rule()
    def connect(self) -> None:
        self.connected.append(CheckedVisitor(Visitor(self.registry), self.everything))

    @precondition(lambda self: len(self.connected) < 6)
    @rule(nick=NICKS, token=TOKENS)
    def arrive(self, nick: str, token: str) -> None:
        self.connect()
        self._count_private(self.connected[-1].ask(Hello(nick, token, ("lobby", "dev"))))

    @precondition(lambda self: self.connected)
    @rule(
        index=INDEX,
        nick=NICKS,
        token=TOKENS,
        rooms=st.lists(ROOMS, max_size=2),
        back=st.dictionaries(ROOMS, st.integers(-1, 9), max_size=2),
        log=st.sampled_from(["testlog", "testlog", "another"]),
    )
    def hello(self, index: int, nick: str, token: str, rooms: list[str], back: dict[str, int], log: str) -> None:
        ends = {key: log.end for key, log in self.store.logs.items()}
        resume = {room: ends.get(fold(room.removeprefix("#")), 1) - events for room, events in back.items()}
        answers = self._ask(index, Hello(nick, token, tuple(rooms), resume, log))
        if any(isinstance(news, Welcome) for news in answers):
            expected = {fold(room.removeprefix("#")) for room in (*rooms, *resume)}
            entered = {fold(news.room) for news in answers if isinstance(news, Entered)}
            assert entered == set(self._visitor(index).person.rooms) >= expected
            assert entered

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, nick=NICKS)
    def rename(self, index: int, nick: str) -> None:
        self._ask(index, commands.Nick(nick))

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, command=st.builds(commands.Join, ROOMS) | st.builds(commands.Leave, ROOMS))
    def move(self, index: int, command: Command) -> None:
        self._ask(index, command)

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, command=st.builds(commands.Ignore, NICKS) | st.builds(commands.Unignore, NICKS))
    def ignore_or_unignore(self, index: int, command: Command) -> None:
        visitor = self._visitor(index)
        self.read_all(index)  # Pending events were sent with the previous filter.
        answers = visitor.person.ask(command) if not visitor.person.out.closed else []
        assert not [news for news in answers if isinstance(news, Event)]

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, room=ROOMS, id=IDS, text=st.sampled_from(["hi", "ho"]))
    def say(self, index: int, room: str, id: str, text: str) -> None:
        for _ in range(2):
            self._say(index, room, id, text)

    def _say(self, index: int, room: str, id: str, text: str) -> None:
        key, session = fold(room.removeprefix("#")), self._visitor(index).person.session
        log = self.store.logs.get(key)
        before = self.store.messages(session.sender_id, id) if id else []
        end = log.end if log else 1
        for ack in self._ask(index, commands.Say(text, room, id=id)):
            if isinstance(ack, Ack):
                assert log is not None
                assert (log.end - end, ack.seq) == ((0, before[0].seq) if before else (1, end))
                assert ack.id == id

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, nick=NICKS, id=IDS)
    def msg(self, index: int, nick: str, id: str) -> None:
        text = f"{self._visitor(index).person.session.sender_id} {id}" if id else "hi"
        for _ in range(2):
            self._ask(index, commands.Msg(nick, text, id=id))

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, text=st.sampled_from(["tea", "-"]))
    def topic(self, index: int, text: str) -> None:
        self._ask(index, commands.Topic(text))

    @precondition(lambda self: self.connected)
    @rule(index=INDEX)
    def read_all(self, index: int) -> None:
        visitor = self._visitor(index)
        self._count_private(visitor.read(visitor.person.take()))

    @precondition(lambda self: self.connected)
    @rule(index=INDEX)
    def quit(self, index: int) -> None:
        answers = self._ask(index, commands.Quit("bye"))
        assert not answers or answers[-1] == Closing(Reason.QUIT)

    @precondition(lambda self: self.connected)
    @rule(index=INDEX, reason=st.sampled_from([Reason.LINK_LOST, Reason.NOT_READING]))
    def lose_link(self, index: int, reason: Reason) -> None:
        visitor = self.connected.pop(index % len(self.connected))
        visitor.person.lose_link(reason)
        self._count_private(visitor.read(visitor.person.take()))
        self.disconnected.append(visitor)

    # -- Invariants

    @invariant()
    def a_nick_has_one_holder(self) -> None:
        directory = self.registry.directory
        named = [visitor.person.session for visitor in self.connected if visitor.person.session.person]
        sessions = [session for session in named if not session.is_ending]
        people = [session.person for session in sessions if session.person]
        assert len({person.name.key for person in people}) == len({person.name.skeleton for person in people}) == len(people)
        assert all(directory.find(person.nick) is person for person in people)
        assert set(directory._by_key.values()) == set(directory._by_skeleton.values()) == set(people)
        assert all(directory.session_of(session.sender_id) is session for session in sessions)
        assert len(directory._by_sender) == len(directory._sessions) == len(people)

    @invariant()
    def membership_and_rooms_agree(self) -> None:
        rooms: list[Room] = list(self.registry.rooms)
        for visitor in self.connected:
            session, out = visitor.person.session, visitor.person.out
            if session.is_ending:
                assert not out.cursors
                continue
            entered = visitor.person.rooms
            assert {room.name.key: room for room in rooms if session.person in room.members} == entered
            assert {room for room in out.cursors if not isinstance(room, Inbox)} == set(entered.values())
            assert out.current is session.current
            assert (session.current in entered.values()) if entered else (session.current is None)
            assert len(entered) <= ROOMS_PER_PERSON
        present = {visitor.person.session.person for visitor in self.connected}
        assert all(set(room.members) <= present for room in rooms)

    @invariant()
    def nothing_is_left_of_the_disconnected(self) -> None:
        assert set(self.registry.admission) == {visitor.person.session for visitor in self.connected}
        assert sum(self.registry.admission._per_address.values()) == len(self.connected)
        assert not any(visitor.person.out.cursors for visitor in self.disconnected)
        assert not self.registry.inboxes._attached.keys() - {visitor.person.session for visitor in self.connected}
        assert set(self.registry.rooms._by_person) <= {visitor.person.session.person for visitor in self.connected}

    @invariant()
    def events_are_numbered_without_a_gap_and_said_once(self) -> None:
        logs = self.store.logs.values()
        events = [log.read(log.first, log.end) for log in logs]
        assert [[event.seq for event in some] for some in events] == [list(range(log.first, log.end)) for log in logs]
        said = [event for some in events for event in some if isinstance(event, Said) and event.id]
        assert len({(event.sender_id, event.id) for event in said}) == len(said)

    @invariant()
    def a_private_message_with_an_id_is_delivered_once(self) -> None:
        assert all(count == 1 for text, count in self.private_counts.items() if text != "hi")

    @invariant()
    def the_topic_is_the_last_one_set(self) -> None:
        for room in self.registry.rooms:
            topics = [event.text for event in self.everything[room.name.key].values() if isinstance(event, TopicSet)]
            assert room.topic == (topics[-1] if topics else "")


TestChat = Chat.TestCase
