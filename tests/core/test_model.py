"""A stateful model: people come, talk and go in any order, and what is promised holds after every
step.

In one room everybody sees the same events, without a hole; sent again is not said twice; resumed is
complete; a nick has one holder; and of who is gone nothing is left.
"""

# ruff: noqa: RUF001 - look-alikes are what is tested

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.core import commands
from chatd.core.commands import Command, Hello
from chatd.core.events import Ack, Answer, Closing, Entered, Event, Exited, Missed, Private, Reason, Said, TopicSet, Welcome
from chatd.core.limits import ROOMS_PER_PERSON
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.names import Name, fold
from chatd.core.room import Room
from chatd.testing import Visitor, new_registry

NICKS = st.sampled_from(["ada", "Ada", "аda", "bob", "b0b", "carol", "лена", "Лена", "νους", "ΝΟΥΣ", "admin", "a b"])
ROOMS = st.sampled_from(["lobby", "#Lobby", "dev", "Dev", "attic"])
TOKENS = st.sampled_from(["", "a" * 16, "b" * 16])
IDS = st.sampled_from(["", "1", "2", "3"])
INDEX = st.integers(0, 5)


class Record(MemoryLog):
    """A log that holds little, beside everything that was ever stored in it."""

    def __init__(self) -> None:
        super().__init__(events=6)
        self.everything: list[Event] = []

    def add(self, event: Event) -> Event:
        self.everything.append(event)
        return super().add(event)

    def messages(self, sender_id: str, id: str) -> list[Said]:
        """What was said from ``sender_id`` under ``id``, as far as the log holds it."""
        found = self.everything[self.first - 1 :]
        return [event for event in found if isinstance(event, Said) and (event.sender_id, event.id) == (sender_id, id)]


class RecordStore(MemoryStore):
    """Records, which it shows."""

    def __init__(self, records: dict[str, Record], everything: dict[str, list[Event]]) -> None:
        super().__init__("testlog")
        self._records, self._everything = records, everything

    def log(self, name: Name) -> Record:
        if name.key not in self._records:
            self.logs[name.key] = self._records[name.key] = Record()
            self._everything[name.key] = self._records[name.key].everything
        return self._records[name.key]


class CheckedVisitor:
    """Somebody who checks all that they are sent."""

    def __init__(self, person: Visitor, everything: dict[str, list[Event]]) -> None:
        self.person = person
        self.awaited: dict[str, int] = {}
        """The number of the next event, by the room's key."""
        self._everything = everything
        self._resumed: dict[str, int] = {}

    def ask(self, command: Command) -> list[Event | Answer]:
        resume = command.resume if isinstance(command, Hello) and command.log == self.person.registry.store.name else {}
        self._resumed = {fold(room.removeprefix("#")): seq for room, seq in resume.items()}
        return self.read(self.person.ask(command))

    def read(self, answers: list[Event | Answer]) -> list[Event | Answer]:
        for news in answers:
            if isinstance(news, Event):
                self._read_event(news)
            elif isinstance(news, Entered):
                self._read_entered(news)
            elif isinstance(news, Exited):
                del self.awaited[fold(news.room)]
            elif isinstance(news, Missed) and news.first:
                assert self._skip(fold(news.room), news.first) == news.first
                self.awaited[fold(news.room)] = news.last + 1
        return answers

    def _read_entered(self, entered: Entered) -> None:
        key = fold(entered.room)
        seen = self._resumed.pop(key, -1)
        known = 0 <= seen < entered.seq
        self.awaited[key] = seen + 1 if known else entered.seq + 1
        numbers = [event.seq for event in entered.scrollback if not self.person.session.is_filtered]
        assert numbers == ([] if known else list(range(entered.seq - len(numbers), entered.seq)))
        assert entered.members[-1] == self.person.session.nick or self.person.out.closed

    def _read_event(self, event: Event) -> None:
        key = fold(event.room)
        assert self._skip(key, event.seq) == event.seq
        assert event is self._everything[key][event.seq - 1]
        self.awaited[key] = event.seq + 1

    def _skip(self, key: str, seq: int) -> int:
        """The number that must come next, where ``seq`` has come: only what is ignored may be left
        out."""
        awaited = self.awaited[key]
        while awaited < seq and isinstance(self._everything[key][awaited - 1], Said) and self.person.session.is_filtered:
            awaited += 1
        return awaited


class Chat(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.logs: dict[str, Record] = {}
        self.everything: dict[str, list[Event]] = {}
        self.registry = new_registry(store=RecordStore(self.logs, self.everything))
        self.here: list[CheckedVisitor] = []
        self.gone: list[CheckedVisitor] = []
        self.answers: Counter[str] = Counter()

    def _reader(self, index: int) -> CheckedVisitor:
        return self.here[index % len(self.here)]

    def _ask(self, index: int, command: Command) -> list[Event | Answer]:
        """Let somebody ask ``command``, unless their connection is being closed."""
        reader = self._reader(index)
        return [] if reader.person.out.closed else self._counted(reader.ask(command))

    def _counted(self, answers: list[Event | Answer]) -> list[Event | Answer]:
        self.answers.update(news.text for news in answers if isinstance(news, Private))
        return answers

    # -- What happens

    @precondition(lambda self: len(self.here) < 6)
    @rule()
    def connect(self) -> None:
        self.here.append(CheckedVisitor(Visitor(self.registry), self.everything))

    @precondition(lambda self: len(self.here) < 6)
    @rule(nick=NICKS, token=TOKENS)
    def arrive(self, nick: str, token: str) -> None:
        self.connect()
        self._counted(self.here[-1].ask(Hello(nick, token, ("lobby", "dev"))))

    @precondition(lambda self: self.here)
    @rule(
        index=INDEX,
        nick=NICKS,
        token=TOKENS,
        rooms=st.lists(ROOMS, max_size=2),
        back=st.dictionaries(ROOMS, st.integers(-1, 9), max_size=2),
        log=st.sampled_from(["testlog", "testlog", "another"]),
    )
    def hello(self, index: int, nick: str, token: str, rooms: list[str], back: dict[str, int], log: str) -> None:
        ends = {key: log.end for key, log in self.logs.items()}
        resume = {room: ends.get(fold(room.removeprefix("#")), 1) - events for room, events in back.items()}
        answers = self._ask(index, Hello(nick, token, tuple(rooms), resume, log))
        if any(isinstance(news, Welcome) for news in answers):
            wanted = {fold(room.removeprefix("#")) for room in (*rooms, *resume)} or {"lobby"}
            assert {fold(news.room) for news in answers if isinstance(news, Entered)} == wanted

    @precondition(lambda self: self.here)
    @rule(index=INDEX, nick=NICKS)
    def rename(self, index: int, nick: str) -> None:
        self._ask(index, commands.Nick(nick))

    @precondition(lambda self: self.here)
    @rule(index=INDEX, command=st.builds(commands.Join, ROOMS) | st.builds(commands.Leave, ROOMS))
    def move(self, index: int, command: Command) -> None:
        self._ask(index, command)

    @precondition(lambda self: self.here)
    @rule(index=INDEX, command=st.builds(commands.Ignore, NICKS) | st.builds(commands.Unignore, NICKS))
    def hear_or_not(self, index: int, command: Command) -> None:
        reader = self._reader(index)
        self.read_all(index)  # What waits was sent to somebody who heard, or did not hear, more than from now on.
        answers = reader.person.ask(command) if not reader.person.out.closed else []
        assert not [news for news in answers if isinstance(news, Event)]

    @precondition(lambda self: self.here)
    @rule(index=INDEX, room=ROOMS, id=IDS, text=st.sampled_from(["hi", "ho"]))
    def say(self, index: int, room: str, id: str, text: str) -> None:
        for _ in range(2):
            self._say(index, room, id, text)

    def _say(self, index: int, room: str, id: str, text: str) -> None:
        key, session = fold(room.removeprefix("#")), self._reader(index).person.session
        log = self.logs.get(key)
        before = log.messages(session.sender_id, id) if log and id else []
        count = len(log.everything) if log else 0
        for ack in self._ask(index, commands.Say(text, room, id=id)):
            if isinstance(ack, Ack):
                assert log is not None
                assert (len(log.everything) - count, ack.seq) == ((0, before[0].seq) if before else (1, count + 1))
                assert ack.id == id

    @precondition(lambda self: self.here)
    @rule(index=INDEX, nick=NICKS, id=IDS)
    def msg(self, index: int, nick: str, id: str) -> None:
        text = f"{self._reader(index).person.session.sender_id} {id}" if id else "hi"
        for _ in range(2):
            self._ask(index, commands.Msg(nick, text, id=id))

    @precondition(lambda self: self.here)
    @rule(index=INDEX, text=st.sampled_from(["tea", "-"]))
    def topic(self, index: int, text: str) -> None:
        self._ask(index, commands.Topic(text))

    @precondition(lambda self: self.here)
    @rule(index=INDEX)
    def read_all(self, index: int) -> None:
        reader = self._reader(index)
        self._counted(reader.read(reader.person.take()))

    @precondition(lambda self: self.here)
    @rule(index=INDEX)
    def quit(self, index: int) -> None:
        answers = self._ask(index, commands.Quit("bye"))
        assert not answers or answers[-1] == Closing(Reason.QUIT)

    @precondition(lambda self: self.here)
    @rule(index=INDEX, reason=st.sampled_from([Reason.LINK_LOST, Reason.NOT_READING]))
    def lose_link(self, index: int, reason: Reason) -> None:
        reader = self.here.pop(index % len(self.here))
        reader.person.lose_link(reason)
        self._counted(reader.read(reader.person.take()))
        self.gone.append(reader)

    # -- What holds

    @invariant()
    def a_nick_has_one_holder(self) -> None:
        directory = self.registry.directory
        named = [reader.person.session for reader in self.here if reader.person.session.person]
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
        for reader in self.here:
            session, out = reader.person.session, reader.person.out
            entered = reader.person.rooms
            assert {room.name.key: room for room in rooms if session.person in room.members} == entered
            assert set(out.cursors) == set(entered.values())
            assert out.current is session.current
            assert (session.current in entered.values()) if entered else (session.current is None)
            assert len(entered) <= ROOMS_PER_PERSON
        present = {reader.person.session.person for reader in self.here}
        assert all(set(room.members) <= present for room in rooms)

    @invariant()
    def nothing_is_left_of_who_is_gone(self) -> None:
        assert set(self.registry.admission) == {reader.person.session for reader in self.here}
        assert sum(self.registry.admission._per_address.values()) == len(self.here)
        assert not any(reader.person.out.cursors for reader in self.gone)
        assert set(self.registry.rooms._by_person) <= {reader.person.session.person for reader in self.here}

    @invariant()
    def events_are_numbered_without_a_hole_and_said_once(self) -> None:
        for log in self.logs.values():
            assert [event.seq for event in log.everything] == list(range(1, log.end))
            held = [event for event in log.everything[log.first - 1 :] if isinstance(event, Said) and event.id]
            assert len({(event.sender_id, event.id) for event in held}) == len(held)

    @invariant()
    def what_is_told_under_an_id_is_told_once(self) -> None:
        assert all(count == 1 for text, count in self.answers.items() if text != "hi")

    @invariant()
    def the_topic_is_the_last_one_set(self) -> None:
        for room in self.registry.rooms:
            topics = [event.text for event in self.everything[room.name.key] if isinstance(event, TopicSet)]
            assert room.topic == (topics[-1] if topics else "")


TestChat = Chat.TestCase
