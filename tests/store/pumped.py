"""A store whose reactor is the test: what its threads have to say waits until the test asks for
it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from twisted.internet.task import Clock

from chatd.core.commands import Command, Hello
from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Answer, Event, Said
from chatd.core.log import Asker, Log
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.names import parse_room
from chatd.core.perform import perform
from chatd.core.registry import Registry, Settings
from chatd.core.search import Query
from chatd.delivery.fanout import Fanout
from chatd.store.log import SqliteLog
from chatd.store.sqlite import SqliteStore
from chatd.testing import StandingClock, Visitor

Outcomes = list[Event | NotDelivered]

PATIENCE = 10.0
"""How long a thread of the store may take to answer, in seconds, before the test fails."""


class PumpedStore(SqliteStore):
    """A store in ``folder`` that is started, and does nothing until :meth:`settle` or
    :meth:`wait`."""

    def __init__(self, folder: Path) -> None:
        self.calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self.turn: list[Callable[[], None]] = []
        self.reports: list[str] = []
        super().__init__(folder, lambda call, *given: self.calls.put((call, given)), self.turn.append, self.reports.append)
        self.start()

    def wait(self, done: Callable[[], object]) -> None:
        """Let the turn end, and take what the threads say, until ``done``."""
        while not done():
            while self.turn:
                self.turn.pop(0)()
            if not done():
                call, given = self.calls.get(timeout=PATIENCE)
                call(*given)

    def settle(self) -> None:
        """Wait until all that was appended is stored, or has failed to be."""
        settled: list[bool] = []
        self.after_pending(lambda: settled.append(True))
        self.wait(lambda: settled)

    def stored(self, outcomes: Outcomes) -> list[Event]:
        """The events that these outcomes come to, once all is stored."""
        self.settle()
        return [outcome for outcome in outcomes if isinstance(outcome, Event)]

    def be_done(self) -> None:
        """Wait until the writer has done all that it was given, and said so."""
        writer = self._writer
        assert writer is not None
        for _ in range(2):  # Deleting takes several parts; what was put before the first mark is at work by then.
            done: list[bool] = []
            writer.after_indexing(partial(done.append, True))
            self.wait(partial(bool, done))
            while writer._deletions:
                pass

    def room(self, name: str = "lobby") -> SqliteLog:
        """The log of the room ``name``."""
        return self.log(parse_room(name))

    def limit(self, more_pages: int | None) -> None:
        """Let the database grow by so many pages and no more, as on a full disk; None: as it
        likes."""
        assert self._writer is not None
        connection = self._writer._connection
        size = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {2**30 if more_pages is None else size + more_pages}")

    def lookup(self, sender_id: str, id: str) -> Said | None:
        """The message that this id of this sender stands for, from memory or from the disk."""
        said = self._duplicates.recall(sender_id, id)
        if said is not None or not self._duplicates.may_be_on_disk(sender_id, id):
            return said
        found: list[Said | None] = []
        self._duplicates.look_up(sender_id, id, found.append)
        self.wait(lambda: found)
        return found[0]

    def found(self, *words: str, **more: Any) -> Sequence[Event] | None:
        """What is found in all rooms, or in those that ``more`` names."""
        answers: list[Sequence[Event] | None] = []
        self.search(Query(words, **{"rooms": self.logs, **more}), Asker("192.0.2.1", lambda: True), answers.append)
        self.wait(lambda: answers)
        return answers[0]


def short_tail(store: PumpedStore, events: int, first: int) -> MemoryLog:
    """Instead of ``SqliteStore.new_tail``: a tail that holds so many events."""
    duplicates = store._duplicates
    return MemoryLog(events, first=first, messages=duplicates.messages, on_dropped=duplicates.on_dropped)


def say(log: Log, text: str = "hi", id: str = "", sender_id: str = "o1", time: int = 1000, room: str = "lobby") -> Outcomes:
    """Append a message; a list that the outcome will be in."""
    outcomes: Outcomes = []
    log.append(Said(room, DRAFT, time, "ada", sender_id, text, id=id), outcomes.append)
    return outcomes


class StillStore(MemoryStore):
    """A store in memory that can be waited for as well."""

    def wait(self, done: Callable[[], object]) -> None:
        """Nothing here takes time."""
        assert done()

    def settle(self) -> None:
        """All is stored."""

    def close(self) -> None:
        """Nothing is to be done."""


class Server:
    """A registry on a store, with a fan-out; without a folder, in memory."""

    def __init__(self, folder: Path | None, settings: Settings | None = None) -> None:
        self.folder = folder
        self.settings = settings or Settings()
        self.time = StandingClock()
        self.clock = Clock()
        self.start()

    def start(self) -> None:
        self.store: Any = PumpedStore(self.folder) if self.folder else StillStore("testlog")
        self.fanout = Fanout(self.clock)
        self.registry = Registry(self.settings, self.store, self.time, self.fanout.news)

    def restart(self) -> None:
        self.store.close()
        self.start()

    def settle(self) -> None:
        self.store.settle()
        self.clock.advance(1)

    def ask(self, person: Visitor, *commands: Command) -> list[Event | Answer]:
        """Let the person ask, wait until all is answered, and return what has come to them."""
        for command in commands:
            perform(self.registry, person.session, command)
            self.store.wait(lambda: not person.out.congested or person.out.closed)
        self.settle()
        return person.take()

    def arrive(self, nick: str, **more: Any) -> Visitor:
        person = Visitor(self.registry)
        self.ask(person, Hello(nick, **more))
        return person
