"""A stateful model: clients lose their connections, the server restarts and deletes events, and all
clients still see the same events once.

It runs with the log on disk, and without restarts with the log in memory.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.core.answers import Ack, Answer, Entered, Missed, Refused, Welcome
from chatd.core.commands import Command, Hello, Say, Topic
from chatd.core.events import Event, Said
from chatd.core.registry import Settings
from chatd.testing import Visitor
from tests.store.pumped import Server

CLIENTS = st.integers(0, 2)


class Client:
    """A program that sends unacknowledged messages again, and resumes from the last seen event."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.person: Visitor | None = None
        self.seen: dict[int, Event] = {}
        self.next_seq = 0
        """The seq of the next event; 0: it has never been in the room."""
        self.unconfirmed: Say | None = None
        """The last message, if it is not acknowledged."""
        self.acks: dict[str, int] = {}
        self.log = ""

    def hello(self) -> Hello:
        resume = {"lobby": self.next_seq - 1} if self.next_seq else {}
        return Hello(self.name, token=f"the token of {self.name}", log=self.log, resume=resume, scrollback=0)

    def read(self, answers: Sequence[Event | Answer]) -> None:
        for news in answers:
            assert not isinstance(news, Refused), news.reason
            if isinstance(news, Welcome):
                self.log = news.log
            elif isinstance(news, Entered) and not self.next_seq:
                self.next_seq = news.seq + 1
            elif isinstance(news, Missed):
                assert news.first == self.next_seq
                self.next_seq = news.last + 1
            elif isinstance(news, Event):
                assert news.seq == self.next_seq, "a number came twice, or was left out"
                self.seen[news.seq] = news
                self.next_seq += 1
            elif isinstance(news, Ack):
                self.acks[news.id] = news.seq
                if self.unconfirmed is not None and self.unconfirmed.id == news.id:
                    self.unconfirmed = None


class Resuming(RuleBasedStateMachine):
    """Three clients in one room."""

    folder: Path | None = None

    @initialize()
    def begin(self) -> None:
        self.server = Server(self.folder, Settings(keep="2h"))
        self.clients = [Client(name) for name in ("ada", "bob", "eve")]
        self.ids = count(1)
        host = self.server.arrive("host")
        self.server.ask(host, Topic("tea"))  # So that the room stays when the last of them has left.
        host.lose_link()
        self.server.drain()

    def teardown(self) -> None:
        if hasattr(self, "server"):
            self.server.store.close()

    @rule(index=CLIENTS)
    def connect(self, index: int) -> None:
        client = self.clients[index]
        if client.person is None or client.person.out.closed:
            client.person = Visitor(self.server.registry)
            self.ask(client, client.hello())
            if client.unconfirmed is not None:
                self.ask(client, client.unconfirmed)

    @rule(index=CLIENTS)
    def connect_elsewhere(self, index: int) -> None:
        client = self.clients[index]
        before = client.person
        if before is not None:
            self.read(client)
            client.person = None
            self.connect(index)
            assert before.out.closed

    @rule(index=CLIENTS)
    def say(self, index: int) -> None:
        client = self.clients[index]
        if client.person is not None and client.unconfirmed is None:
            client.unconfirmed = Say(f"by {client.name}", id=str(next(self.ids)))
            self.ask(client, client.unconfirmed)
            assert client.unconfirmed is None

    @rule(index=CLIENTS)
    def lose_the_connection_before_the_answer(self, index: int) -> None:
        client = self.clients[index]
        if client.person is not None and client.unconfirmed is None:
            client.unconfirmed = Say(f"by {client.name}", id=str(next(self.ids)))
            self.server.ask(client.person, client.unconfirmed)  # The answers are lost.
            client.person.lose_link()
            client.person = None
            self.server.drain()

    @rule(index=CLIENTS)
    def lose_the_connection(self, index: int) -> None:
        client = self.clients[index]
        if client.person is not None:
            client.person.lose_link()
            client.person = None
            self.server.drain()

    @precondition(lambda self: self.folder is not None)
    @rule()
    def restart(self) -> None:
        for client in self.clients:
            client.person = None
        self.server.restart()

    @rule(hours=st.integers(1, 3))
    def let_time_pass(self, hours: int) -> None:
        self.server.time.advance(3600 * hours)

    @rule()
    def delete_old(self) -> None:
        self.server.drain()
        for client in self.clients:
            self.read(client)
        self.server.registry.expiry.delete_old()
        if self.folder is not None:
            self.server.store.drain_writer()

    def ask(self, client: Client, command: Command) -> None:
        assert client.person is not None
        client.read(self.server.ask(client.person, command))

    def read(self, client: Client) -> None:
        if client.person is not None:
            client.read(client.person.take())

    @invariant()
    def all_see_the_same(self) -> None:
        if not hasattr(self, "server"):
            return
        self.server.drain()
        for client in self.clients:
            self.read(client)
        everything: dict[int, Event] = {}
        for client in self.clients:
            for seq, event in client.seen.items():
                assert everything.setdefault(seq, event).time == event.time
        log = self.server.registry.rooms.open(self.server.registry.default_room).log
        ids = [event.id for event in everything.values() if isinstance(event, Said) and event.seq >= log.first]
        assert len(ids) == len(set(ids)), "something was said twice while it was known"
        for client in self.clients:
            for id, seq in client.acks.items():
                said = everything.get(seq)
                assert said is None or (isinstance(said, Said) and said.id == id)


class ResumingOnDisk(Resuming):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        super().begin()

    def teardown(self) -> None:
        super().teardown()
        if self.folder is not None:
            shutil.rmtree(self.folder)


TestResuming = Resuming.TestCase
TestResuming.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestResumingOnDisk = ResumingOnDisk.TestCase
TestResumingOnDisk.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
