"""The store on disk, as the core sees it. Everything here runs in the reactor's thread.

A draft is numbered immediately and given to the writer at the end of the reactor's turn. When it is
stored, it becomes visible: it is added to the *tail*, the log in memory that the fan-out reads.
Events older than the tail are loaded from the disk in *pages*, which all readers share. So the
reactor's thread never waits for the disk longer than a moment (``receipts.py``).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatd.core.account import Change
from chatd.core.errors import TooMany
from chatd.core.events import Event
from chatd.core.limits import ROOMS_STORED, SCROLLBACK_EVENTS
from chatd.core.log import Asker, OnChanged, OnResults
from chatd.core.names import Name, is_inbox
from chatd.core.search import Query
from chatd.core.state import RoomState
from chatd.store import accounts, database, index, queries
from chatd.store.accounts import AccountChanges
from chatd.store.appending import Appending, EndOfTurn, Gathering, not_stored
from chatd.store.duplicates import Duplicates
from chatd.store.log import SqliteLog
from chatd.store.pages import Pages
from chatd.store.queries import RoomRow
from chatd.store.reader import DiskReader, OnAnswer, Question
from chatd.store.receipts import Receipts
from chatd.store.runs import Runs
from chatd.store.searches import Searches
from chatd.store.tails import Tail, Tails
from chatd.store.writer import Batch, Deletion, DiskWriter, Receipt, Removal


class SqliteStore:
    """The logs of all rooms, in one database in ``folder``, which it creates, checks and locks.

    No thread runs before :meth:`start`, so that a daemon can fork before it. ``call`` calls a
    function in the reactor's thread (from any thread), ``soon`` at the end of its turn, and
    ``report`` logs a line for the operator. ``gathering`` decides when what has arrived is stored;
    by default that is at the end of the turn. ``receipts`` is the kind of :class:`Receipts`. Raises
    UnusableError.
    """

    def __init__(
        self,
        folder: Path,
        call: Callable[..., object],
        soon: Callable[[Callable[[], None]], object],
        report: Callable[[str], None],
        gathering: Gathering | None = None,
        receipts: type[Receipts[Receipt]] = Receipts,
    ) -> None:
        self._lock = database.lock(folder)
        self.path = folder / database.FILE_NAME
        self.open_to_others = database.open_to_others(folder)
        """A line for the operator if everybody on this machine can use the folder."""
        self._call = call
        self._receipts = receipts
        self._report = report
        self._reported = ""
        """Why nothing can be stored, as it was reported last; empty when storing works."""
        self._writer: DiskWriter | None = None
        self._unused = 1
        """A seq greater than all seqs of removed rooms: a room that is created again begins
        there."""
        self._duplicates = Duplicates(self._ask, self._report_reading)
        self._tails = Tails(self._duplicates.messages, self._duplicates.on_dropped)
        self._appending = Appending(self._duplicates, soon, gathering or EndOfTurn(soon), self._put, report)
        self._pages = Pages(self._ask, self._report_reading)
        try:
            database.prepare(self.path)
            _remove_blank_rooms(self.path)
            self._load()
        except database.UnusableError:
            os.close(self._lock)
            raise

    def _load(self) -> None:
        connection = database.connect(self.path, only_read=True)
        try:
            rows = queries.rooms(connection)
            self._runs = Runs(connection, {row.id: row.end for row in rows})
            self.logs = {row.key: self._stored_log(connection, row) for row in rows}
            self._rooms = len(self.room_names())
            """How many of the logs are those of rooms."""
            self._last_id = max((log.id for log in self.logs.values()), default=0)
            self._unindexed = index.unindexed(connection)
            self.accounts = accounts.read(connection)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise database.UnusableError(f"the database {self.path} is damaged: {error}") from None
        finally:
            connection.close()

    def _stored_log(self, connection: sqlite3.Connection, row: RoomRow) -> SqliteLog:
        if is_inbox(row.key):  # Nobody is shown its end on arriving.
            return self._new_log(row)
        start = max(row.first, row.end - SCROLLBACK_EVENTS)
        return self._new_log(row, queries.events(connection, row.id, row.name, start, row.end))

    def _new_log(self, row: RoomRow, last: Sequence[Event] = ()) -> SqliteLog:
        tail = self.new_tail(row.end - len(last))
        return SqliteLog(row, last, tail, self._appending, self._pages, self._ask, self._delete)

    def new_tail(self, first: int) -> Tail:
        """A log in memory that begins with seq ``first``, for the last events of a room."""
        return self._tails.new(first)

    # -- The threads

    def start(self) -> None:
        """Start the threads."""
        self._writer = DiskWriter(self.path, self._call, self._on_written, self._unindexed, self._runs.store, self._receipts)
        self._reader = DiskReader(self.path, self._call)
        self._searcher = DiskReader(self.path, self._call)
        self._searches = Searches(self._searcher.ask)

    def close(self) -> None:
        """Store everything appended so far, end the threads and release the lock."""
        self._appending.flush()
        if self._writer is not None:
            self._writer.close()
            self._reader.close()
            self._searcher.close()
            self._writer = None
        os.close(self._lock)

    def _ask(self, question: Question[Any], on_answer: OnAnswer[Any]) -> None:
        self._reader.ask(question, on_answer)

    def _put(self, batch: Batch, may_wait: bool) -> None:
        if self._writer is not None:
            self._writer.put(batch, may_wait)

    def _delete(self, deletion: Deletion) -> None:
        if self._writer is not None:
            self._writer.delete(deletion)

    def _on_written(self, batches: Sequence[Batch], error: Exception | None) -> None:
        reported, self._reported = self._reported, "" if error is None else str(error)
        if error is not None and reported != self._reported:  # Not once for each message.
            self._report(f"nothing can be stored in {self.path}: {error}")
        if batches:
            self._appending.on_written(batches, error)

    def _report_reading(self, line: str) -> None:
        self._report(f"{self.path}: {line}")

    # -- The interface for the core (chatd.core.log.LogStore)

    @property
    def name(self) -> str:
        return self._runs.name

    def knows(self, name: str, key: str, seq: int) -> bool:
        log = self.logs.get(key)
        return log is not None and self._runs.knows(name, log.id, seq, log.end)

    def log(self, name: Name) -> SqliteLog:
        log = self.logs.get(name.key)
        if log is None:
            self._rooms += not is_inbox(name.key)
            self._last_id += 1
            log = self._new_log(RoomRow(self._last_id, name.key, name.text, self._unused, self._unused, RoomState()))
            log.is_stored = False
            self.logs[name.key] = log
        return log

    @property
    def is_full(self) -> bool:
        return self._rooms >= ROOMS_STORED

    def close_log(self, key: str) -> None:
        """Nothing to do: the log stays on the disk."""

    def remove_log(self, key: str) -> None:
        log = self.logs.pop(key)
        self._rooms -= not is_inbox(key)
        self._unused = max(self._unused, log.end)
        self._tails.forget(log.tail)
        if log.is_stored and self._writer is not None:
            self._writer.remove(Removal(log.id))

    def room_names(self) -> Sequence[str]:
        return [log.name for log in self.logs.values() if not is_inbox(log.key)]

    def change_accounts(self, changes: Sequence[Change], on_changed: OnChanged) -> None:
        def on_answer(error: Exception | None) -> None:
            on_changed(None if error is None else not_stored(error))

        if self._writer is not None:
            self._writer.note(AccountChanges(changes, on_answer))

    def after_pending(self, then: Callable[[], object]) -> None:
        self._appending.after_pending(then)

    def search(self, query: Query, asker: Asker, on_results: OnResults) -> None:
        def on_answer(answer: Sequence[Event] | Exception) -> None:
            if isinstance(answer, Exception) and getattr(answer, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
                self._report(f"{self.path}: the database cannot be searched: {answer}")
            on_results(_too_slow() if isinstance(answer, Exception) else answer)

        def on_indexed(is_current: bool) -> None:
            if is_current:
                self._searches.put(query, asker, on_answer)
            else:
                on_results(TooMany("The search index is being built again.", "Try again in some minutes."))

        assert self._writer is not None
        self._writer.after_indexing(on_indexed)


def _too_slow() -> TooMany:
    return TooMany("The search takes too long.", "Narrow it down with another word, in:#room or after:DATE.")


def _remove_blank_rooms(path: Path) -> None:
    """Remove the rooms in which nobody has said or set anything: they would have gone with their
    last person, but the server ended before. If that fails, they stay until the next start."""
    with contextlib.closing(database.connect(path)) as connection, contextlib.suppress(sqlite3.Error):
        rooms = queries.blank_rooms(connection)
        if rooms:  # Otherwise a start writes nothing.
            connection.execute("BEGIN IMMEDIATE")
            for room in rooms:
                queries.remove_room(connection, room)
            connection.execute("COMMIT")
