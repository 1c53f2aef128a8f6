"""A stateful model of private messages, in memory and on disk: nobody else ever gets one, and every
session gets each of its own once and in order, whatever happens to links and to the server."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chatd.core.answers import Answer, Done, InboxIs, Refused
from chatd.core.commands import Command, Hello, Msg, Quit
from chatd.core.driver import drive
from chatd.core.events import Event, Private
from chatd.core.names import parse_nick
from chatd.testing import NOON, InstantAuthenticator, Visitor
from tests.store.pumped import Server


def index_of(name: str, index: int) -> int:
    """The number of a session: the guest has one alone."""
    return 0 if name == "eve" else index


ACCOUNTS = ("ada", "bob")
NAMES = (*ACCOUNTS, "eve")
WHO = st.sampled_from(NAMES)
INDEX = st.integers(0, 1)


@dataclass(eq=False)
class Seat:
    """One session: a client that remembers the last event that it has got, under its token."""

    visitor: Visitor
    next_seq: int = 0
    is_dead: bool = False


@dataclass
class Someone:
    """One person, with what their inbox holds: who wrote which text from which token."""

    inbox: list[tuple[str, str, str]] = field(default_factory=list)
    seats: dict[int, Seat] = field(default_factory=dict)
    last_seen: dict[int, int] = field(default_factory=dict)
    received: int = 0
    """The last event that any session has received."""
    is_uncertain: bool = False
    """Whether a link has died since, so that the server cannot know all that was received."""
    log: str = ""
    """The run of the server in which the events were seen."""


class InboxesInMemory(RuleBasedStateMachine):
    """Ada and bob have accounts, and up to two sessions each; eve is a guest with a token."""

    on_disk = False

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp()) if self.on_disk else None
        self.server = Server(self.folder)
        self.people = {name: Someone() for name in NAMES}
        self.sent: list[tuple[str, int, str, str, str]] = []
        self.number = 0
        self.use_accounts()
        for name in ACCOUNTS:
            drive(self.server.registry.accounts.add(parse_nick(name), f"hash of {name}", NOON), lambda account: None)
        self.server.drain()
        for name in NAMES:
            self.arrive(name, 0, resumes=False)

    def use_accounts(self) -> None:
        registry = self.server.registry
        registry.authenticator = InstantAuthenticator(registry.accounts)

    def teardown(self) -> None:
        if hasattr(self, "server"):
            self.server.store.close()
            if self.folder is not None:
                shutil.rmtree(self.folder)

    # -- Coming and going

    @rule(name=WHO, index=INDEX, resumes=st.booleans())
    def arrive(self, name: str, index: int, resumes: bool) -> None:
        person, index = self.people[name], index_of(name, index)
        live = person.seats.get(index)
        if live is not None and not live.is_dead:
            return
        seen = person.last_seen.get(index, 0)
        resumes = resumes and bool(seen)
        resume = {"@": seen} if resumes else {}
        self.load(name)
        password = name if name in ACCOUNTS else ""
        hello = Hello(name, token=f"{name} {index}".ljust(16), resume=resume, log=person.log, password=password)
        visitor = Visitor(self.server.registry)
        seat = Seat(visitor)
        news = self.server.ask(visitor, hello)
        assert not [item for item in news if isinstance(item, Refused)]
        told = [item for item in news if isinstance(item, InboxIs)]
        after = told[0].after if told else person.received
        if told:
            assert told[0].seq == len(person.inbox)
        if resumes and name in ACCOUNTS:
            assert after == seen
        elif name in ACCOUNTS and told:
            assert after <= person.received
            assert after == person.received or person.is_uncertain
        seat.next_seq = after + 1
        person.seats[index] = seat
        self.read(name, index, news)

    @rule(name=WHO, index=INDEX)
    def quit(self, name: str, index: int) -> None:
        index = index_of(name, index)
        seat = self.people[name].seats.pop(index, None)
        if seat is None:
            return
        if seat.is_dead:
            seat.visitor.lose_link()
        else:
            self.read(name, index, self.server.ask(seat.visitor, Quit()), seat)
        self.server.drain()

    @rule(name=WHO, index=INDEX)
    def die(self, name: str, index: int) -> None:
        """The link is dead, but the server does not know it."""
        seat = self.people[name].seats.get(index_of(name, index))
        if seat is not None and not seat.is_dead:
            self.read_all()
            seat.is_dead = seat.visitor.out.full = self.people[name].is_uncertain = True

    @precondition(lambda self: self.on_disk)
    @rule(kills=st.booleans())
    def restart(self, kills: bool) -> None:
        self.read_all()
        for person in self.people.values():
            for seat in person.seats.values():
                if kills:
                    person.is_uncertain = True
                elif not seat.is_dead:
                    self.server.registry.inboxes.detach(seat.visitor.session)
            person.seats.clear()
        self.people["eve"] = Someone()
        self.server.restart()
        self.use_accounts()

    def load(self, name: str) -> None:
        """Bring the inbox of ``name`` into memory, as an outlet does when it needs it."""
        log, done = self.server.store.logs.get(f"@{name}"), list[bool]()
        if log is not None:
            log.load(log.first, log.end, done.append)
            self.server.store.wait(lambda: done)

    # -- Writing

    @rule(name=WHO, index=INDEX, other=WHO, has_id=st.booleans())
    def write(self, name: str, index: int, other: str, has_id: bool) -> None:
        self.number += 1
        self.send(name, index, other, f"text {self.number}", f"id {self.number}" if has_id else "")

    def send(self, name: str, index: int, other: str, text: str, id: str) -> None:
        index = index_of(name, index)
        seat, target = self.people[name].seats.get(index), self.people[other]
        if seat is None or seat.is_dead:
            return
        is_there = other in ACCOUNTS or bool(target.seats)
        for owner in {name, other} if is_there else ():
            self.people[owner].inbox.append((name, text, f"{name} {index}"))
        answers = self.ask(name, index, Msg(other, text, id=id))
        [answer] = [item for item in answers if isinstance(item, (Done, Refused))]
        assert isinstance(answer, Done) == is_there
        if isinstance(answer, Done):
            assert answer.seq == len(self.people[name].inbox)
            self.sent += [(name, index, other, text, id)] if id else []

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 9))
    def send_again(self, which: int) -> None:
        name, index, other, text, id = self.sent[which % len(self.sent)]
        seat = self.people[name].seats.get(index)
        if seat is None or seat.is_dead or (name == "eve" and other == "eve"):
            return
        if "eve" in (name, other) and text not in [written for _, written, _ in self.people["eve"].inbox]:
            return  # Between guests, an id is known as long as the server runs.
        answers = self.ask(name, index, Msg(other, text, id=id))
        assert [item.command for item in answers if isinstance(item, Done)] == ["msg"]

    # -- Reading

    def ask(self, name: str, index: int, command: Command) -> list[Event | Answer]:
        seat = self.people[name].seats[index]
        news = self.server.ask(seat.visitor, command)
        self.read(name, index, news)
        self.read_all()
        return news

    @rule()
    def look_after(self) -> None:
        self.server.registry.inboxes.note_taken()
        self.server.drain()

    @rule()
    def read_all(self) -> None:
        self.server.drain()
        for name, person in self.people.items():
            for index, seat in person.seats.items():
                if not seat.is_dead:
                    self.read(name, index, seat.visitor.take())

    def read(self, name: str, index: int, news: list[Event | Answer], seat: Seat | None = None) -> None:
        """Check what a session has got: all that is new in the inbox of its person but what it has
        written itself, in order, and nothing else."""
        person = self.people[name]
        seat = seat or person.seats[index]
        got = [(item.seq, item.nick, item.text) for item in news if isinstance(item, Private)]
        rest = list(enumerate(person.inbox, 1))[seat.next_seq - 1 :]
        own = f"{name} {index}"
        assert got == [(seq, writer, text) for seq, (writer, text, token) in rest if token != own]
        seat.next_seq = len(person.inbox) + 1
        person.last_seen[index] = len(person.inbox)
        person.received = len(person.inbox)
        person.log = self.server.store.name


class InboxesOnDisk(InboxesInMemory):
    on_disk = True


TestInboxesInMemory = InboxesInMemory.TestCase
TestInboxesOnDisk = InboxesOnDisk.TestCase
TestInboxesOnDisk.settings = settings(max_examples=30, stateful_step_count=30)
