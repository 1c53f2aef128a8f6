"""A store whose reactor is the test: the calls of its threads wait until the test makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from twisted.internet.task import Clock

from chatd.core.answers import Answer
from chatd.core.commands import Command, Hello
from chatd.core.errors import NotDelivered, TooMany
from chatd.core.events import DRAFT, Event, Said
from chatd.core.log import Asker, Log
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_room
from chatd.core.perform import perform
from chatd.core.registry import Registry, Settings
from chatd.core.search import Query
from chatd.delivery.fanout import Fanout
from chatd.store.log import SqliteLog
from chatd.store.receipts import Receipts
from chatd.store.sqlite import SqliteStore
from chatd.store.tails import Tail
from chatd.store.writer import Receipt
from chatd.testing import StandingClock, Visitor, own_account

Outcomes = list[Event | NotDelivered]

PATIENCE = 10.0
"""How long a thread of the store may take to call back, in seconds, before the test fails."""


class LateReceipts(Receipts[Receipt]):
    """Receipts for which nobody waits, so that what is not stored yet can be seen."""

    def is_quick(self) -> bool:
        return False


class PumpedStore(SqliteStore):
    """A started store in ``folder`` that makes no progress except in :meth:`drain` and
    :meth:`wait`."""

    def __init__(self, folder: Path, receipts: type[Receipts[Receipt]] = LateReceipts) -> None:
        self.calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self.turn: list[Callable[[], None]] = []
        self.reports: list[str] = []

        def call(function: Callable[..., object], *given: Any) -> None:
            self.calls.put((function, given))

        super().__init__(folder, call, self.turn.append, self.reports.append, receipts=receipts)
        self.start()

    def wait(self, done: Callable[[], object]) -> None:
        """End turns and make the calls of the threads until ``done``."""
        while not done():
            while self.turn:
                self.turn.pop(0)()
            if not done():
                call, given = self.calls.get(timeout=PATIENCE)
                call(*given)

    def drain(self) -> None:
        """Wait until everything appended is stored or has failed."""
        done: list[bool] = []
        self.after_pending(lambda: done.append(True))
        self.wait(lambda: done)

    def stored(self, outcomes: Outcomes) -> list[Event]:
        """The events among ``outcomes``, after everything is stored."""
        self.drain()
        return [outcome for outcome in outcomes if isinstance(outcome, Event)]

    def drain_writer(self) -> None:
        """Wait until the writer has finished all requests."""
        writer = self._writer
        assert writer is not None
        for _ in range(2):  # Requests from before the first mark have begun by then.
            done: list[bool] = []
            writer.after_indexing(done.append)
            self.wait(partial(bool, done))
            while writer._deletions:
                pass

    def room(self, name: str = "lobby") -> SqliteLog:
        """The log of the room ``name``."""
        return self.log(parse_room(name))

    def limit(self, more_pages: int | None) -> None:
        """Let the database grow by at most ``more_pages`` pages, as on a full disk; None: without
        a limit."""
        assert self._writer is not None
        connection = self._writer._connection
        size = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {2**30 if more_pages is None else size + more_pages}")

    def lookup(self, sender_id: str, id: str) -> Said | None:
        """The message with this id, from memory or from the disk."""
        said = self._duplicates.recall(sender_id, id)
        if said is not None or not self._duplicates.may_be_on_disk(sender_id, id):
            return said
        results: list[Said | None] = []
        self._duplicates.look_up(sender_id, id, results.append)
        self.wait(lambda: results)
        return results[0]

    def find_messages(self, *words: str, **filters: Any) -> Sequence[Event]:
        """The results of a search in all rooms, or with other ``filters``. Raises TooMany."""
        answers: list[Sequence[Event] | TooMany] = []
        self.search(Query(words, **{"rooms": self.logs, **filters}), Asker("192.0.2.1", lambda: True), answers.append)
        self.wait(lambda: answers)
        if isinstance(answers[0], TooMany):
            raise answers[0]
        return answers[0]


def short_tail(store: PumpedStore, events: int, first: int) -> Tail:
    """A replacement for ``SqliteStore.new_tail``: a tail with at most ``events`` events."""
    tail = store._tails.new(first)
    tail._max_events = events
    return tail


def say(log: Log, text: str = "hi", id: str = "", sender_id: str = "o1", time: int = 1000, room: str = "lobby") -> Outcomes:
    """Append a message. Returns a list that will contain the outcome."""
    outcomes: Outcomes = []
    log.append(Said(room, DRAFT, time, "ada", sender_id, text, id=id), outcomes.append)
    return outcomes


class WaitableMemoryStore(MemoryStore):
    """A store in memory with the same methods for waiting."""

    def wait(self, done: Callable[[], object]) -> None:
        """Everything is already done."""
        assert done()

    def drain(self) -> None:
        """Everything is already stored."""

    def close(self) -> None:
        """Nothing to do."""


class Server:
    """A registry with a store and a fan-out; without a folder, the store is in memory. Unless the
    settings name others, ada is an operator."""

    def __init__(self, folder: Path | None, settings: Settings | None = None) -> None:
        self.folder = folder
        self.settings = settings or Settings(operators=frozenset({"ada"}))
        self.time = StandingClock()
        self.clock = Clock()
        self.start()

    def start(self) -> None:
        self.store: Any = PumpedStore(self.folder) if self.folder else WaitableMemoryStore("testlog")
        self.fanout = Fanout(self.clock)
        self.registry = Registry(self.settings, self.store, self.time, self.fanout.news)

    def restart(self) -> None:
        self.store.close()
        self.start()

    def drain(self) -> None:
        self.store.drain()
        self.clock.advance(1)

    def ask(self, person: Visitor, *commands: Command) -> list[Event | Answer]:
        """Perform commands, wait for the answers, and return everything received."""
        for command in commands:
            perform(self.registry, person.session, command)
            self.store.wait(lambda: not person.out.congested or person.out.closed)
        self.drain()
        return person.take()

    def arrive(self, nick: str, **more: Any) -> Visitor:
        person = Visitor(self.registry)
        self.ask(person, Hello(nick, **more))
        if nick in self.settings.operators:
            own_account(person)
        return person
