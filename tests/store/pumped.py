"""A store whose reactor is the test: what its threads have to say waits until the test asks for
it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from twisted.internet.task import Clock

from chatd.core import actions
from chatd.core.commands import Command, Hello
from chatd.core.errors import NotDelivered
from chatd.core.events import Answer, Event, Said
from chatd.core.log import Log, MemoryStore
from chatd.core.names import parse_room
from chatd.core.registry import Registry, Settings
from chatd.delivery.fanout import Fanout
from chatd.store.sqlite import SqliteLog, SqliteStore
from chatd.testing import Person, StandingClock

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

    def be_done(self) -> None:
        """Wait until the writer has done all that it was given, and said so."""
        writer = self._writer
        assert writer is not None
        for _ in range(2):  # Deleting takes several parts; what was put before the first mark is at work by then.
            done: list[bool] = []
            writer.index(partial(done.append, True))
            self.wait(partial(bool, done))
            while writer._forgetting:
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

    def lookup(self, log: Log, sender_id: str, id: str) -> Said | None:
        """What the log finds."""
        found: list[Said | None] = []
        log.find(sender_id, id, found.append)
        self.wait(lambda: found)
        return found[0]


Outcomes = list[NotDelivered | None]


def say(
    log: Log, text: str = "hi", id: str = "", sender_id: str = "o1", time: int = 1000, room: str = "lobby"
) -> tuple[Event, Outcomes]:
    """Append a message; the event, and a list that the outcome will be in."""
    outcomes: Outcomes = []
    event = Said(room, log.end, time, "ada", sender_id, text, id=id)
    log.append(event, outcomes.append)
    return event, outcomes


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

    def ask(self, person: Person, *commands: Command) -> list[Event | Answer]:
        """Let the person ask, wait until all is answered, and return what has come to them."""
        for command in commands:
            actions.perform(self.registry, person.session, command)
            self.store.wait(lambda: not person.out.held or person.out.closed)
        self.settle()
        return person.take()

    def arrive(self, nick: str, **more: Any) -> Person:
        person = Person(self.registry)
        self.ask(person, Hello(nick, **more))
        return person
