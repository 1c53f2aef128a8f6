"""The thread that writes: everything that arrives during one commit goes into the next (group
commit)."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from chatd.core.events import PRESENCE, Deleted, Edited, Event, Said
from chatd.core.facts import fact
from chatd.core.state import changes_state
from chatd.core.when import FOR_EVER
from chatd.store import accounts, database, deletion, index, queries
from chatd.store.accounts import AccountChanges
from chatd.store.checkpoints import Checkpoints
from chatd.store.insertion import ROWS_AT_ONCE, Series, insert
from chatd.store.queries import event_id
from chatd.store.receipts import Receipts
from chatd.store.watch import FilesGoneError, Watch

WATCH_SECONDS: Final = 5.0
"""How often an idle writer looks whether the files of the database are still there, in seconds; a
busy one does before each commit."""

INDEX_PAUSE: Final = 0.5
"""How long there must be no events before the search index is updated, in seconds: bursts are
stored first."""

INDEX_SECONDS: Final = 2.0
"""How long the search index waits for such a pause, in seconds, before it is updated in steps
between commits."""

INDEX_STEP_SECONDS: Final = 0.15
"""How much time is between these steps, in seconds: they take 2 % of the time and keep up with
1,000 messages a second."""

INDEX_PATIENCE: Final = 3.0
"""How long somebody waits for the search index to be up to date, in seconds. Usually it takes some
milliseconds; after an upgrade that indexes everything again, it can take many minutes."""


@dataclass(frozen=True, slots=True)
class UnstoredRoom:
    """A room that may not be stored yet; ``first`` is the number of its first event."""

    id: int
    key: str
    name: str
    first: int = 1


@dataclass(frozen=True, slots=True)
class Removal:
    """A request to delete the room with this id and all its events, none of which is a message."""

    room: int


@fact()
class Batch:
    """Events that are stored together, in series with the id of their room; ``generation`` is the
    number of failures before it.

    For the events in ``numbers_only`` only the numbers are stored.
    """

    generation: int
    series: Series
    rooms: Sequence[UnstoredRoom]
    numbers_only: Series = ()

    def __len__(self) -> int:
        return sum([len(events) for _, events in self.series]) + sum([len(events) for _, events in self.numbers_only])


@dataclass(slots=True)
class Deletion:
    """A request to delete the events in the room with this id that are older than ``before_time``
    (milliseconds since 1970-01-01 UTC), up to, but not including, seq ``stop``.

    ``on_part`` is called with the seq of the oldest remaining event after each part, and ``on_end``
    at the end, if something was deleted.
    """

    room: int
    before_time: int
    stop: int
    on_part: Callable[[int], object]
    on_end: Callable[[int], object]
    first: int = 0
    """The seq of the oldest remaining event after the last part; 0: nothing is deleted yet."""


OnIndexed = Callable[[bool], object]
"""Called with whether the search index is up to date; if not, it would have taken too long."""

Request = Batch | AccountChanges | Deletion | Removal | OnIndexed | None
"""A request to the writer: events, changes of accounts, a deletion, a removal, a callback
for when the search index is up to date, or None: end."""

OnWritten = Callable[[Sequence[Batch], Exception | None], None]
"""Called with batches when they are stored, or with the error if they are not; with no batches, if
an idle writer notices that nothing could be stored."""


@fact()
class Receipt:
    """The receipt for the next ``number`` batches that the thread was given: ``batches`` are
    stored, or have failed with ``error``, and the others were discarded."""

    number: int
    batches: Sequence[Batch]
    error: Exception | None


class DiskWriter:
    """Commits batches in order; ``call`` calls ``on_written`` in the reactor's thread when the
    commit is on the disk. Where that is quick, :meth:`put` may wait for it, and call ``on_written``
    before it returns. ``receipts`` makes another kind of :class:`Receipts`.

    If a batch fails, so do all batches that were made before the reactor knew of it, since their
    numbers come after those that are not stored. ``begin`` is called in the transaction of the
    first batch, before anything else is written.
    """

    def __init__(
        self,
        path: Path,
        call: Callable[..., object],
        on_written: OnWritten,
        unindexed: Iterable[int],
        begin: Callable[[sqlite3.Connection], object] = lambda connection: None,
        receipts: type[Receipts[Receipt]] = Receipts,
    ) -> None:
        self._connection = database.connect(path)
        self._watch = Watch(path)
        self._call = call
        self._on_written = on_written
        self._begin = begin
        self._has_begun = False
        self._failed_generation = -1
        self._checkpoints = Checkpoints(self._connection, path)
        self._receipts = receipts(call, self._take)
        self._unanswered = 0
        """How many batches the thread was given whose receipt the reactor's thread has not
        taken."""
        self._unindexed = {*unindexed}
        """The ids of the rooms with messages that are not in the search index yet."""
        self._unsearched: Counter[int] = Counter()
        """How many joinings and leavings, which no search finds, each room has got since it was
        indexed, by its id. To index nothing but these costs a commit too, so they wait until they
        fill a step."""
        self._index_due = time.monotonic() + INDEX_SECONDS
        """When the next step of the index is due, even without a pause."""
        self._index_failed = False
        """Whether the last step failed; searches then use the index as it is."""
        self._is_idle = False
        """Whether nothing has arrived for a while."""
        self._waiting: list[tuple[float, OnIndexed]] = []
        """The callbacks for when the index is up to date, and until when they wait."""
        self._deletions: deque[Deletion] = deque()
        """The deletions that are not finished."""
        self._removals: list[int] = []
        """The ids of the rooms to remove; the next commit removes them."""
        self._requests: SimpleQueue[Request] = SimpleQueue()
        self._thread = Thread(target=self._run, name="chatd writer", daemon=True)
        self._thread.start()

    def put(self, batch: Batch, may_wait: bool = False) -> None:
        """Store ``batch`` after the earlier ones; ``may_wait``: the reactor's thread may wait a
        moment for that."""
        waits = may_wait and not self._unanswered and self._receipts.is_quick()
        if waits:
            self._receipts.expect()
        self._unanswered += 1
        self._requests.put(batch)
        if waits:
            self._receipts.wait()

    def _take(self, receipt: Receipt) -> None:
        """Take a receipt, in the reactor's thread."""
        self._unanswered -= receipt.number
        if receipt.batches:
            self._on_written(receipt.batches, receipt.error)

    def note(self, note: AccountChanges) -> None:
        """Store ``note`` in the next transaction."""
        self._requests.put(note)

    def delete(self, request: Deletion) -> None:
        """Delete events in small parts between commits."""
        self._requests.put(request)

    def remove(self, removal: Removal) -> None:
        """Remove a room before storing anything that is put later."""
        self._requests.put(removal)

    def after_indexing(self, then: OnIndexed) -> None:
        """Bring the search index up to date with all earlier batches, then call ``then`` in the
        reactor's thread, after ``INDEX_PATIENCE`` at the latest."""
        self._requests.put(then)

    def close(self) -> None:
        """Store all batches, and end."""
        self._requests.put(None)
        self._thread.join()
        self._checkpoints.close()
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _run(self) -> None:
        is_open = True
        while is_open:
            gathered = self._gather()
            self._handle(gathered)
            is_open = not gathered or gathered[-1] is not None

    def _handle(self, gathered: Sequence[Request]) -> None:
        self._is_idle = not gathered
        if self._is_idle:
            self._look_at_files()
        given: list[Batch] = []
        notes: list[AccountChanges] = []
        deletions: list[Deletion] = []
        for request in gathered:
            if isinstance(request, Batch):
                given.append(request)
            elif isinstance(request, AccountChanges):
                notes.append(request)
            elif isinstance(request, Removal):
                self._removals.append(request.room)
            elif isinstance(request, Deletion):
                deletions.append(request)
            elif request is not None:
                self._waiting.append((time.monotonic() + INDEX_PATIENCE, request))
        batches = [batch for batch in given if batch.generation > self._failed_generation]
        error = self._commit(batches, notes) if batches or notes else None
        if given:  # First, since the reactor's thread may wait for it.
            self._receipts.give(Receipt(len(given), batches, error))
        for note in notes:
            self._call(note.on_answer, error)
        if batches or notes:
            if error is None:
                self._on_committed(batches)
        elif self._removals:
            self._remove()
        self._deletions += deletions
        if self._deletions:
            self._delete()
        if self._unindexed and (self._waiting or self._is_idle or time.monotonic() > self._index_due):
            self._index()
        if self._waiting:
            self._answer_waiting()

    def _gather(self) -> Sequence[Request]:
        """Wait for the next request and return it with all others that are in the queue, up to a
        deletion that empties a room: later events of that room must find it empty.

        Returns nothing if no request arrives for a while, or while there are events to index.
        """
        busy = self._deletions or (self._unindexed and (self._waiting or (self._is_idle and not self._index_failed)))
        wait = INDEX_PAUSE if self._unindexed else WATCH_SECONDS
        try:
            gathered = [self._requests.get_nowait() if busy else self._requests.get(timeout=wait)]
        except Empty:
            return ()
        while not self._requests.empty() and not _empties_room(gathered[-1]):
            gathered.append(self._requests.get_nowait())
        return gathered

    def _look_at_files(self) -> None:
        try:
            self._watch.check()
        except FilesGoneError as error:
            self._call(self._on_written, (), error)

    def _commit(self, batches: Sequence[Batch], notes: Sequence[AccountChanges]) -> Exception | None:
        """Store ``batches`` and ``notes``, all of them or none; why nothing is stored."""
        together = batches[0] if len(batches) == 1 else _joined(batches)
        try:
            self._write_all(together, notes)
        except Exception as error:
            self._failed_generation = batches[-1].generation if batches else self._failed_generation
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            return error
        return None

    def _on_committed(self, batches: Sequence[Batch]) -> None:
        """Do what a commit entails, after it was answered: a checkpoint may take some
        milliseconds."""
        self._checkpoints.count(sum(map(len, batches)))
        if not self._unindexed:
            self._index_due = time.monotonic() + INDEX_SECONDS
        series = [pair for batch in batches for pair in batch.series]
        self._unindexed.update([room for room, events in series if type(events[0]) not in PRESENCE])
        unsearched = [room for room, events in series if type(events[0]) in PRESENCE]
        if unsearched:
            for room in unsearched:
                self._unsearched[room] += 1  # `Counter.update` takes ten times as long for one.
            self._unindexed.update(room for room in unsearched if self._unsearched[room] >= index.INDEXED_AT_ONCE)

    def _write_all(self, batch: Batch, notes: Sequence[AccountChanges]) -> None:
        """Write ``batch`` and ``notes`` in one transaction. If a single INSERT is enough, its
        implicit transaction is used."""
        self._watch.check()
        if self._has_begun and not notes and not self._removals and _is_one_insert(batch):
            insert(self._connection, batch.series)
        else:
            self._write_transaction(batch, notes)

    def _write_transaction(self, batch: Batch, notes: Sequence[AccountChanges]) -> None:
        execute, removals = self._connection.execute, self._removals
        others = [(room, events[0]) for room, events in (*batch.series, *batch.numbers_only) if type(events[0]) is not Said]
        changes = [pair for pair in others if changes_state(pair[1])]
        edits = [(room, event) for room, event in others if isinstance(event, (Edited, Deleted))]
        execute("BEGIN IMMEDIATE")
        if not self._has_begun:
            self._begin(self._connection)
        for id in removals:
            queries.remove_room(self._connection, id)
        for room in batch.rooms:
            execute(
                "INSERT INTO room (id, key, name, first) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (room.id, room.key, room.name, room.first),
            )
        insert(self._connection, batch.series)
        for room_id, events in batch.numbers_only:
            for event in events:
                self._number(room_id, event)
        for room_id in dict.fromkeys(id for id, _ in changes):  # A state can be large, so it is written once.
            queries.change_state(self._connection, room_id, [event for id, event in changes if id == room_id])
        for room_id, edit in edits:
            deletion.change(self._connection, room_id, edit)
        if notes:
            self._write_notes(notes)
        execute("COMMIT")
        if not self._has_begun:
            self._has_begun = True
            self._watch.add_write_ahead_log()
        self._unindexed.difference_update(removals)
        for id in removals:
            self._unsearched.pop(id, None)
        self._removals = []

    def _write_notes(self, notes: Sequence[AccountChanges]) -> None:
        for note in notes:
            accounts.store(self._connection, note.changes)

    def _remove(self) -> None:
        """Remove rooms when nothing is to be stored. If that fails, the next commit removes
        them."""
        try:
            self._write_all(_joined(()), ())
        except (sqlite3.Error, FilesGoneError):
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _number(self, room: int, event: Event) -> None:
        """Store that the number of ``event`` is used. If the room still has older events, store the
        event itself, to be deleted together with them."""
        older = (event_id(room, 0), event_id(room, event.seq))
        if self._connection.execute("SELECT 1 FROM event WHERE id >= ? AND id < ? LIMIT 1", older).fetchone():
            insert(self._connection, [(room, (event,))])
            for request in self._deletions:
                if request.room == room and request.before_time == FOR_EVER:
                    request.stop = event.seq + 1
        else:
            self._connection.execute("UPDATE room SET first = ? WHERE id = ?", (event.seq + 1, room))

    def _index(self) -> None:
        """Index the next events. If that fails, for instance on a full disk, it is tried again
        later."""
        room = next(iter(self._unindexed))
        self._index_due = time.monotonic() + (INDEX_SECONDS if self._is_idle else INDEX_STEP_SECONDS)
        try:
            more = index.index(self._connection, room)
        except sqlite3.Error:
            self._index_failed = True
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        else:
            self._index_failed = False
            self._checkpoints.count(index.INDEXED_AT_ONCE)
            if not more:
                self._unindexed.discard(room)
                self._unsearched.pop(room, None)

    def _answer_waiting(self) -> None:
        """Call those who wait for the index, if it is up to date or they have waited too long. If
        it fails, they use it as it is."""
        is_ready, now = self._index_failed or not self._unindexed, time.monotonic()
        for until, then in self._waiting:
            if is_ready or until <= now:
                self._call(then, is_ready)
        self._waiting = [(until, then) for until, then in self._waiting if not is_ready and until > now]

    def _delete(self) -> None:
        """Delete the next part. If that fails, the next deletion in this room includes it."""
        request = self._deletions[0]
        try:
            first, count = deletion.delete_oldest(self._connection, request.room, request.before_time, request.stop)
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._end_deletion()
            return
        if count:
            request.first = first
            self._checkpoints.count(count)
            self._call(request.on_part, first)
        if count < deletion.DELETED_AT_ONCE:
            self._end_deletion()

    def _end_deletion(self) -> None:
        """End the deletion that is going on, and report what it has deleted."""
        request = self._deletions.popleft()
        if request.first:
            self._call(request.on_end, request.first)


def _empties_room(request: Request) -> bool:
    return isinstance(request, Deletion) and request.before_time == FOR_EVER


def _joined(batches: Sequence[Batch]) -> Batch:
    """One batch of all ``batches``."""
    return Batch(
        batches[-1].generation if batches else 0,
        [series for batch in batches for series in batch.series],
        [room for batch in batches for room in batch.rooms],
        [series for batch in batches for series in batch.numbers_only],
    )


def _is_one_insert(batch: Batch) -> bool:
    """Whether one INSERT stores ``batch``, as it does with nearly all."""
    if batch.rooms or batch.numbers_only or len(batch) > ROWS_AT_ONCE:
        return False
    for _, events in batch.series:
        event = events[0]
        if type(event) is not Said and (isinstance(event, (Edited, Deleted)) or changes_state(event)):
            return False
    return True
