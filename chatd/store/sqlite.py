"""The log on disk, as the core sees it: everything here is called in the reactor's thread.

An event gets its number at once, travels to the writer at the end of the reactor's turn, and is
shown when it has come back: then it stands in the *tail*, the log in memory that the fan-out reads.
What is older than the tail is brought from the disk in *pages*, which all readers share. So nothing
in the reactor's thread ever waits for the disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from chatd.core.errors import NotDelivered, TooMany
from chatd.core.events import Event, RetentionSet, Said
from chatd.core.limits import IDS_PER_SENDER, LOG_PAGE_EVENTS, LOG_PAGES, PENDING_EVENTS, ROOMS_STORED, SCROLLBACK_EVENTS
from chatd.core.log import Forgotten, Found, MemoryLog, Stored
from chatd.core.names import Name
from chatd.core.retention import Retention
from chatd.core.search import Query
from chatd.core.when import FOR_EVER
from chatd.store import database, index, queries
from chatd.store.ids import KnownIds
from chatd.store.queries import RoomRow
from chatd.store.reader import Reader
from chatd.store.writer import Batch, Forget, NewRoom, Writer

REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk of the server is full",
    sqlite3.SQLITE_READONLY: "the disk of the server cannot be written",
    sqlite3.SQLITE_CORRUPT: "the server's data is damaged",
    sqlite3.SQLITE_NOTADB: "the server's data is damaged",
}
"""Why something is not stored, by SQLite's error code."""


class SqliteStore:
    """The logs of all rooms, in one database in ``folder``, which it makes, checks and locks.
    Raises UnusableError.

    No thread runs before :meth:`start`, so that a daemon can fork in between. ``call`` runs a
    function in the reactor's thread (from any thread), ``soon`` at the end of its turn, and
    ``report`` takes a line for whoever runs the server.
    """

    def __init__(
        self,
        folder: Path,
        call: Callable[..., object],
        soon: Callable[[Callable[[], None]], object],
        report: Callable[[str], None],
    ) -> None:
        self._lock = database.lock(folder)
        self.path = folder / database.FILE_NAME
        self._call = call
        self._soon = soon
        self._report = report
        try:
            database.prepare(self.path)
            self._load()
        except database.UnusableError:
            os.close(self._lock)
            raise
        self._writer: Writer | None = None
        self._generation = 0
        """How often storing has failed."""
        self._pending: deque[_Pending] = deque()
        """What is numbered and not stored yet, in order."""
        self._gathered: list[_Pending] = []
        """The last of these: what the writer has not been given yet."""
        self._sent: dict[tuple[str, str], _Pending] = {}
        """Those of them that have an id, by sender_id and id."""

    def _load(self) -> None:
        self._said: dict[tuple[str, str], Said] = {}
        self._ids = KnownIds()
        self._pages: OrderedDict[tuple[int, int], Sequence[Event]] = OrderedDict()
        connection = database.connect(self.path, only_read=True)
        try:
            self.name: str = connection.execute("SELECT log FROM server").fetchone()[0]
            self.logs = {row.key: self._old_log(connection, row) for row in queries.rooms(connection)}
            self._last_id = max((log.id for log in self.logs.values()), default=0)
            self._unindexed = index.unindexed(connection)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise database.UnusableError(f"the database {self.path} is damaged: {error}") from None
        finally:
            connection.close()

    def _old_log(self, connection: sqlite3.Connection, row: RoomRow) -> SqliteLog:
        start = max(row.first, row.end - SCROLLBACK_EVENTS)
        return SqliteLog(self, row, queries.events(connection, row.id, row.name, start, row.end))

    # -- The whole

    def start(self) -> None:
        """Begin to write and to read."""
        self._writer = Writer(self.path, self._call, self._answered, self._unindexed)
        self._reader = Reader(self.path, self._call)
        self._searcher = Reader(self.path, self._call)

    def close(self) -> None:
        """Store what has been appended, and let go of the data."""
        self._hand_over()
        if self._writer is not None:
            self._writer.close()
            self._reader.close()
            self._searcher.close()
            self._writer = None
        os.close(self._lock)

    def log(self, name: Name) -> SqliteLog:
        """The log of the room called ``name``, made if need be. Raises TooMany."""
        log = self.logs.get(name.key)
        if log is None:
            if len(self.logs) >= ROOMS_STORED:
                raise TooMany(f"There are {ROOMS_STORED} rooms already.", "Enter one of them; /rooms lists them.")
            self._last_id += 1
            row = RoomRow(self._last_id, name.key, name.text, 1, 1, "", Retention())
            log = self.logs[name.key] = SqliteLog(self, row, ())
        return log

    def close_log(self, key: str) -> None:
        """Nothing goes: the log is on the disk."""

    def room_names(self) -> Sequence[str]:
        """What the rooms are called, the first that was made first."""
        return [log.name for log in self.logs.values()]

    def after_pending(self, then: Callable[[], object]) -> None:
        """Call ``then`` when all that was appended until now is stored, or has failed to be."""
        if self._pending:
            *_, told = self._pending[-1]
            told.append(lambda failure: then())
        else:
            then()

    # -- Storing

    def append(self, log: SqliteLog, event: Event, kept: bool, stored: Stored) -> None:
        """Store ``event``, which has its number, or where it is not ``kept``, that the number is
        given; called by its log."""
        pending = (log, event, kept, [stored])
        self._pending.append(pending)
        if type(event) is Said and event.id:
            self._sent[event.sender_id, event.id] = pending
        if not self._gathered:
            self._soon(self._hand_over)
        self._gathered.append(pending)

    def _hand_over(self) -> None:
        """Give the writer what the turn has gathered, so that one turn's events are stored and
        shown together."""
        gathered, self._gathered = self._gathered, []
        if gathered and self._writer is not None:
            events = [(log.id, event) for log, event, kept, _ in gathered if kept]
            unkept = [(log.id, event) for log, event, kept, _ in gathered if not kept]
            rooms = {log.id: log for log, _, _, _ in gathered if not log.is_stored}
            self._writer.put(
                Batch(self._generation, events, [NewRoom(log.id, log.key, log.name) for log in rooms.values()], unkept)
            )

    def _answered(self, batches: Sequence[Batch], error: Exception | None) -> None:
        if batches[-1].generation != self._generation:
            return
        if error is not None:
            self._report(f"nothing can be stored in {self.path}: {error}")
            return self._fail(_not_delivered(error))
        for _ in range(sum(map(len, batches))):
            log, event, kept, told = self._pending.popleft()
            log.show(event, kept)
            self._tell(event, told, None)

    def _fail(self, failure: NotDelivered) -> None:
        self._generation += 1
        failed, self._pending, self._gathered = self._pending, deque(), []
        for log, _, _, _ in failed:
            log.end = log.stored
        for _, event, _, told in failed:
            self._tell(event, told, failure)

    def _tell(self, event: Event, told: Iterable[Stored], failure: NotDelivered | None) -> None:
        if type(event) is Said and event.id:
            self._sent.pop((event.sender_id, event.id), None)
        for stored in told:
            try:
                stored(failure)
            except Exception as error:
                self._report(f"defect: what follows event {event.seq} of #{event.room} could not be done: {error!r}")

    @property
    def is_full(self) -> bool:
        """Whether so much is on its way to the disk that nothing more is taken."""
        return len(self._pending) >= PENDING_EVENTS

    # -- Sent again

    def find(self, sender_id: str, id: str, found: Callable[[Said | None], None]) -> None:
        """Tell the message that was said from ``sender_id`` under ``id``: from memory, or from the
        disk where memory cannot know."""
        most = 0 if self._ids.knows(sender_id) else IDS_PER_SENDER

        def told(answer: tuple[Said | None, Sequence[str] | None] | Exception) -> None:
            if isinstance(answer, Exception):  # The index of the database refuses a second one in any case.
                self._report(f"the database {self.path} cannot be read: {answer}")
                return found(None)
            said, ids = answer
            if most:
                self._ids.learn(sender_id, ids)
            found(self._recall(sender_id, id) or said)

        said = self._recall(sender_id, id)
        if not id or said is not None or not self._ids.may_have(sender_id, id):
            return found(said)
        self._reader.ask(partial(queries.find, sender_id=sender_id, sent=id, most=most), told)

    def _recall(self, sender_id: str, id: str) -> Said | None:
        pending = self._sent.get((sender_id, id))
        said = self._said.get((sender_id, id)) if pending is None else pending[1]
        return said if isinstance(said, Said) else None

    def confirm(self, event: Said, stored: Stored) -> None:
        """Tell ``stored`` how storing ``event`` has ended or will end."""
        pending = self._sent.get((event.sender_id, event.id))
        if pending is None:
            stored(None)
        else:
            *_, told = pending
            told.append(stored)

    def new_tail(self, first: int) -> MemoryLog:
        """A log in memory that begins with number ``first``, for the last events of a room."""
        return MemoryLog(first=first, said=self._said, dropped=self._dropped)

    def _dropped(self, said: Said) -> None:
        self._ids.add(said.sender_id, said.id)

    # -- Forgetting

    def forget(self, log: SqliteLog, before: int, forgotten: Callable[[int], object], done: Callable[[int], object]) -> None:
        """Delete what is there and older than ``before``, in milliseconds since 1970-01-01 UTC, in
        the writer's own time.

        ``forgotten`` is told the seq of the oldest event left after each part, and ``done`` at the
        end, if something was deleted.
        """
        self._hand_over()  # What has its number already comes first: the writer keeps the order.
        if self._writer is not None:
            self._writer.forget(Forget(log.id, before, log.end, forgotten, done))

    def drop_pages(self, log: SqliteLog) -> None:
        """Some of what has been read of ``log`` is there no longer."""
        for key in [key for key in self._pages if key[0] == log.id]:
            del self._pages[key]

    # -- Reading

    def page(self, log: SqliteLog, number: int) -> Sequence[Event]:
        """The events of page ``number`` of ``log``, if they are in memory."""
        page = self._pages.get((log.id, number))
        if page is None:
            return ()
        self._pages.move_to_end((log.id, number))
        return page

    def load(self, log: SqliteLog, start: int, stop: int, loaded: Callable[[bool], None]) -> None:
        """Bring the pages from the one of ``start`` to the one before ``stop`` into memory."""
        first, end = start // LOG_PAGE_EVENTS, -(-stop // LOG_PAGE_EVENTS)

        def told(answer: Sequence[Event] | Exception) -> None:
            if isinstance(answer, Exception):
                self._report(f"the database {self.path} cannot be read: {answer}")
                return loaded(False)
            oldest = answer[0].seq if answer else stop
            if start < oldest:  # It was deleted meanwhile.
                log.forgot(oldest)
            for number in range(first, end):
                of_page = range(number * LOG_PAGE_EVENTS, (number + 1) * LOG_PAGE_EVENTS)
                self._keep_page(log, number, [event for event in answer if event.seq in of_page])
            loaded(True)

        question = partial(
            queries.events, room=log.id, name=log.name, start=first * LOG_PAGE_EVENTS, stop=min(end * LOG_PAGE_EVENTS, log.stored)
        )
        self._reader.ask(question, told)

    def _keep_page(self, log: SqliteLog, number: int, events: Sequence[Event]) -> None:
        self._pages[log.id, number] = events
        self._pages.move_to_end((log.id, number))
        if len(self._pages) > LOG_PAGES:
            self._pages.popitem(last=False)

    def at(self, log: SqliteLog, time: int, found: Callable[[int], None]) -> None:
        """Tell the number of the first event of ``log`` at or after ``time``."""

        def told(answer: int | Exception) -> None:
            found(log.stored if isinstance(answer, Exception) else max(answer, log.first))

        self._reader.ask(partial(queries.at, room=log.id, first=log.first, stop=log.stored, time=time), told)

    def search(self, query: Query, found: Found) -> None:
        """Tell ``found`` the newest messages that are sought; None where that would take too
        long."""

        def told(answer: Sequence[Event] | Exception) -> None:
            if isinstance(answer, Exception) and getattr(answer, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
                self._report(f"the database {self.path} cannot be searched: {answer}")
            found(None if isinstance(answer, Exception) else answer)

        assert self._writer is not None
        self._writer.index(lambda: self._searcher.ask(partial(index.search, query=query), told))


class SqliteLog:
    """The log of one room (``chatd.core.log.Log``): its end in memory, all of it on the disk."""

    def __init__(self, store: SqliteStore, row: RoomRow, last: Sequence[Event]) -> None:
        self._store = store
        self.id = row.id
        self.key = row.key
        self.name = row.name
        self.end = row.end
        self.is_stored = row.end > 1
        """Whether the database has the room already."""
        self._first = row.first
        """The number from which on the disk has everything that is stored."""
        self._tail = store.new_tail(row.end - len(last))
        self._tail.topic = row.topic
        for event in last:
            self._tail.append(event, _nobody)
        self._tail.keep = row.keep

    @property
    def first(self) -> int:
        return min(self._first, self._tail.first)

    @property
    def held(self) -> int:
        return self._tail.first

    @property
    def stored(self) -> int:
        return self._tail.end

    @property
    def topic(self) -> str:
        return self._tail.topic

    @property
    def keep(self) -> Retention:
        return self._tail.keep

    def append(self, event: Event, stored: Stored) -> None:
        assert event.seq == self.end, "an event was numbered for another place"
        if self._store.is_full:
            stored(NotDelivered("Not delivered: the disk of the server does not keep up.", "Try again later."))
        else:
            self.end += 1
            kept = not self._tail.keep.is_none(event.time) or type(event) is RetentionSet
            self._store.append(self, event, kept, stored)

    def show(self, event: Event, kept: bool) -> None:
        """``event`` is stored, or its number is if it is not ``kept``: it may be shown."""
        self.is_stored = True
        self._tail.append(event, _nobody)
        if not kept:
            self._first = event.seq + 1

    def forget(self, now: int, most: int, forgotten: Forgotten) -> None:
        before = self.keep.before(now, most)
        if self.keep.is_none(now):  # What the disk has is from the time before; memory has the last minutes.
            self._tail.forget(now, most, lambda first, time: None)
            self._store.forget(self, FOR_EVER, self._forgot_on_disk, lambda first: forgotten(first, now))
        elif before > 0:
            self._store.forget(self, before, self.forgot, lambda first: forgotten(first, before))

    def forgot(self, first: int) -> None:
        """Everything before number ``first`` has been deleted."""
        self._forgot_on_disk(first)
        self._tail.drop(first)

    def _forgot_on_disk(self, first: int) -> None:
        self._first = max(self._first, first)
        self._store.drop_pages(self)

    def confirm(self, event: Said, stored: Stored) -> None:
        self._store.confirm(event, stored)

    def read(self, start: int, stop: int) -> Sequence[Event]:
        start = max(start, self.first)
        if start >= self._tail.first:
            return self._tail.read(start, stop)
        found: list[Event] = []
        while start < min(stop, self._tail.first):
            page = self._store.page(self, start // LOG_PAGE_EVENTS)
            part = page[start - page[0].seq : stop - page[0].seq] if page and page[0].seq <= start else ()
            if not part:
                return found
            found += part
            start += len(part)
        return [*found, *self._tail.read(start, stop)]

    def load(self, start: int, stop: int, loaded: Callable[[bool], None]) -> None:
        start, stop = max(start, self.first), min(stop, self._tail.first)
        if start >= stop or len(self.read(start, stop)) == stop - start:
            loaded(True)
        else:
            self._store.load(self, start, stop, loaded)

    def find(self, sender_id: str, id: str, found: Callable[[Said | None], None]) -> None:
        self._store.find(sender_id, id, found)

    def at(self, time: int, found: Callable[[int], None]) -> None:
        self._store.at(self, time, found)


_Pending = tuple[SqliteLog, Event, bool, list[Stored]]
"""An event on its way to the disk, whether it is kept, and who is told when it is there: a tuple,
which is made fastest."""


def _nobody(failure: NotDelivered | None) -> None:
    """Nobody waits for the tail, which answers at once."""


def _not_delivered(error: Exception) -> NotDelivered:
    """What people are told where the database answers ``error``."""
    reason = REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "the server cannot write to its disk")
    return NotDelivered(f"Not delivered: {reason}.", "Try again later.")
