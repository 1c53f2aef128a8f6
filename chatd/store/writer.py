"""The thread that writes: what has gathered while one transaction was synced goes into the next
(group commit)."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from chatd.core.events import Event
from chatd.core.state import STATE_EVENTS
from chatd.core.when import FOR_EVER
from chatd.store import database, deletion, index, private_ids, queries
from chatd.store.private_ids import PrivateId
from chatd.store.queries import event_id, to_row

ROWS_AT_ONCE: Final = 100
"""The rows of one INSERT, in number. Each statement lets go of the interpreter's lock and has to
get it back from a busy reactor, so one for each row would wait as often as there are rows."""

CHECKPOINT_COMMITS: Final = 500
"""The commits after which the write-ahead log is copied into the database, in number: some 8
MiB."""

CHECKPOINT_ROWS: Final = 20_000
"""The events after which it is, in number, written, indexed or deleted: about as much."""

INDEX_PAUSE: Final = 0.5
"""How long nothing is said before the search index follows, in seconds: bursts are stored first."""

INDEX_SECONDS: Final = 2.0
"""How long the search index waits for such a pause, in seconds, before it takes parts in
between."""

INDEX_STEP_SECONDS: Final = 0.15
"""How far apart these are, in seconds: they take 2 % of the time, and follow 1,000 messages a
second."""

_PLACES: Final = "(?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class NewRoom:
    """A room that may not be stored yet."""

    id: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that are stored together, each with the id of its room; ``generation`` counts the
    failures before it.

    Of the events ``unkept``, only the numbers are.
    """

    generation: int
    events: Sequence[tuple[int, Event]]
    rooms: Sequence[NewRoom]
    unkept: Sequence[tuple[int, Event]] = ()

    def __len__(self) -> int:
        return len(self.events) + len(self.unkept)


@dataclass(slots=True)
class Deletion:
    """Delete what is older than ``before`` in the room of this id, up to, not including, seq
    ``stop``.

    ``forgotten`` is told the seq of the oldest event left after each part, and ``done`` at the end,
    if something was deleted.
    """

    room: int
    before: int
    stop: int
    on_part: Callable[[int], object]
    on_end: Callable[[int], object]
    deleted: int = 0


Request = Batch | PrivateId | Deletion | Callable[[], object] | None
"""What the writer is given: events, the id of a private message, something to delete, somebody who
waits for the search index, or the end."""

OnAnswered = Callable[[Sequence[Batch], Exception | None], None]


class DiskWriter:
    """Commits batches in order; ``call`` brings ``on_answered`` into the reactor's thread, after
    the commit is on the disk.

    When a batch fails, so do all that were made before the reactor knew of it: their numbers follow
    those that are not stored. ``begin`` stores what comes before everything else, in the
    transaction of the first batch.
    """

    def __init__(
        self,
        path: Path,
        call: Callable[..., object],
        on_answered: OnAnswered,
        unindexed: Iterable[int],
        begin: Callable[[sqlite3.Connection], object] = lambda connection: None,
    ) -> None:
        self._connection = database.connect(path)
        self._call = call
        self._on_answered = on_answered
        self._begin = begin
        self._has_begun = False
        self._failed_generation = -1
        self._commits = self._rows = 0
        self._copier = _Copier(path)
        self._unindexed = {*unindexed}
        """The rooms (their ids) of which something is not in the search index yet."""
        self._index_due = time.monotonic() + INDEX_SECONDS
        """When a part is taken though people talk."""
        self._index_failed = False
        """Whether the last try did; a search then does with what there is."""
        self._quiet = False
        """Whether nothing is said for some time."""
        self._waiting: list[Callable[[], object]] = []
        """Who is told when the index is up to date."""
        self._deletions: deque[Deletion] = deque()
        """What may have something to delete."""
        self._batches: SimpleQueue[Request] = SimpleQueue()
        self._thread = Thread(target=self._run, name="chatd writer", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Store ``batch`` after those before it."""
        self._batches.put(batch)

    def note(self, note: PrivateId) -> None:
        """Store ``note`` in the next transaction."""
        self._batches.put(note)

    def delete(self, request: Deletion) -> None:
        """Delete in small parts, between one commit and the next."""
        self._batches.put(request)

    def after_indexing(self, then: Callable[[], object]) -> None:
        """Bring the search index up to date with what was put before, and then call ``then`` in the
        reactor's thread."""
        self._batches.put(then)

    def close(self) -> None:
        """Store what was put, and end."""
        self._batches.put(None)
        self._thread.join()
        self._copier.close()
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _run(self) -> None:
        while True:
            gathered = list(self._gather())
            self._quiet = not gathered
            batches = [batch for batch in gathered if isinstance(batch, Batch) and batch.generation > self._failed_generation]
            notes = [request for request in gathered if isinstance(request, PrivateId)]
            if batches or notes:
                self._commit(batches, notes)
            self._waiting += [then for then in gathered if callable(then)]
            self._deletions += [request for request in gathered if isinstance(request, Deletion)]
            if self._deletions:
                self._delete()
            if self._unindexed and (self._waiting or self._quiet or time.monotonic() > self._index_due):
                self._index()
            if self._waiting and (self._index_failed or not self._unindexed):
                for then in self._waiting:
                    self._call(then)
                self._waiting.clear()
            if None in gathered:
                return

    def _gather(self) -> Iterator[Request]:
        """What comes next, and what is there already, up to where a room is emptied: what is said
        there next must find it empty.

        Nothing, if nothing comes and there is something to index.
        """
        busy = self._deletions or (self._unindexed and (self._waiting or (self._quiet and not self._index_failed)))
        wait = None if not (busy or self._unindexed) else INDEX_PAUSE
        try:
            request = self._batches.get_nowait() if busy else self._batches.get(timeout=wait)
            yield request
            while not (isinstance(request, Deletion) and request.before == FOR_EVER):
                request = self._batches.get_nowait()
                yield request
        except Empty:
            pass

    def _commit(self, batches: Sequence[Batch], notes: Sequence[PrivateId]) -> None:
        try:
            self._write_all(batches, notes)
        except Exception as error:
            self._failed_generation = batches[-1].generation if batches else self._failed_generation
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._answer(batches, notes, error)
        else:
            self._answer(batches, notes, None)
            self._count(sum(map(len, batches)))
            if not self._unindexed:
                self._index_due = time.monotonic() + INDEX_SECONDS
            self._unindexed.update({room for batch in batches for room, _ in batch.events})

    def _answer(self, batches: Sequence[Batch], notes: Sequence[PrivateId], error: Exception | None) -> None:
        if batches:
            self._call(self._on_answered, batches, error)
        for note in notes:
            self._call(note.on_answer, error)

    def _write_all(self, batches: Sequence[Batch], notes: Sequence[PrivateId]) -> None:
        """Write ``batches`` and ``notes`` in one transaction: that of the one statement, where one
        is enough."""
        execute = self._connection.execute
        rooms = [room for batch in batches for room in batch.rooms]
        events = [pair for batch in batches for pair in batch.events]
        unkept = [pair for batch in batches for pair in batch.unkept]
        changes = [pair for pair in events if type(pair[1]) in STATE_EVENTS]
        if self._has_begun and not (rooms or changes or unkept or notes) and len(events) <= ROWS_AT_ONCE:
            return self._insert(events)
        execute("BEGIN IMMEDIATE")
        if not self._has_begun:
            self._begin(self._connection)
        for room in rooms:
            execute("INSERT INTO room (id, key, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (room.id, room.key, room.name))
        for start in range(0, len(events), ROWS_AT_ONCE):
            self._insert(events[start : start + ROWS_AT_ONCE])
        for room_id, event in unkept:
            self._number(room_id, event)
        for room_id, event in changes:
            queries.change_state(self._connection, room_id, event)
        if notes:
            private_ids.store(self._connection, notes)
        execute("COMMIT")
        self._has_begun = True

    def _number(self, room: int, event: Event) -> None:
        """Store that the number of ``event`` is given; where something is before it, the event, to
        be deleted with that."""
        sought = (event_id(room, 0), event_id(room, event.seq))
        if self._connection.execute("SELECT 1 FROM event WHERE id >= ? AND id < ? LIMIT 1", sought).fetchone():
            self._insert([(room, event)])
            for request in self._deletions:
                if request.room == room and request.before == FOR_EVER:
                    request.stop = event.seq + 1
        else:
            self._connection.execute("UPDATE room SET first = ? WHERE id = ?", (event.seq + 1, room))

    def _index(self) -> None:
        """Index a part of what is not yet; where that fails, as on a full disk, it is tried
        again."""
        room = next(iter(self._unindexed))
        self._index_due = time.monotonic() + (INDEX_SECONDS if self._quiet else INDEX_STEP_SECONDS)
        try:
            more = index.index(self._connection, room)
        except sqlite3.Error:
            self._index_failed = True
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        else:
            self._index_failed = False
            self._count(index.INDEXED_AT_ONCE)
            if not more:
                self._unindexed.discard(room)

    def _delete(self) -> None:
        """Delete a part; where that fails, the next time finds it."""
        request = self._deletions[0]
        try:
            first, number = deletion.forget(self._connection, request.room, request.before, request.stop)
        except sqlite3.Error:
            self._deletions.popleft()
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            return
        if number:
            request.deleted += number
            self._count(number)
            self._call(request.on_part, first)
        if number < deletion.FORGOTTEN_AT_ONCE:
            self._deletions.popleft()
            if request.deleted:
                self._call(request.on_end, first)

    def _insert(self, events: Sequence[tuple[int, Event]]) -> None:
        places = ", ".join([_PLACES] * len(events))
        values: list[int | str | None] = []
        for room, event in events:
            values += to_row(room, event)
        self._connection.execute(f"INSERT INTO event VALUES {places}", values)

    def _count(self, rows: int) -> None:
        """Have the write-ahead log copied into the database now and then; what came meanwhile is
        little, and copied here at once.

        After that the log begins anew, which it never would while something is always added.
        """
        self._commits += 1
        self._rows += rows
        if self._copier.has_copied:
            self._copier.has_copied = False
            _copy(self._connection)
        elif self._commits >= CHECKPOINT_COMMITS or self._rows >= CHECKPOINT_ROWS:
            self._commits = self._rows = 0
            self._copier.wake()


class _Copier:
    """The thread that copies the write-ahead log into the database (a checkpoint), so that no
    commit waits for that."""

    def __init__(self, path: Path) -> None:
        self.has_copied = False
        self._connection = database.connect(path)
        self._wakes: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._run, name="chatd copier", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Copy what there is."""
        self._wakes.put(True)

    def close(self) -> None:
        """End."""
        self._wakes.put(False)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while self._wakes.get():
            _copy(self._connection)
            self.has_copied = True


def _copy(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):  # Where there is no room for it, the next one finds it.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
