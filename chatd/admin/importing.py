"""``chatd-admin import``: makes a room of JSON lines, as ``export --json`` writes them."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from chatd.admin import data
from chatd.admin.jsonl import events_of
from chatd.admin.progress import Progress
from chatd.core.events import Event, Said
from chatd.core.limits import ROOMS_STORED
from chatd.core.names import Name, parse_room
from chatd.core.retention import NONE, in_words
from chatd.core.state import RoomState
from chatd.store import database, index, queries
from chatd.store.database import UnusableError
from chatd.store.queries import to_row


@dataclass(slots=True)
class _Summary:
    """What a sequence of events amounts to: its first and last number, and the state of the room
    after it."""

    first: int = 0
    last: int = 0
    state: RoomState = field(default_factory=RoomState)

    def count(self, events: Iterator[Event]) -> Iterator[Event]:
        """``events``, each of them counted as it passes."""
        for event in events:
            self.first = self.first or event.seq
            self.last = event.seq
            self.state = self.state.apply(event)
            yield event


def import_room(folder: Path, options: argparse.Namespace) -> int:
    """Make a room of the events in a file; of none if anything is wrong."""
    with _input(options.file) as (name, file), Progress("import") as progress:
        events = events_of(name, file, progress)
        first = next(events, None)
        if first is None:
            raise UnusableError(f"{name} has no events")
        room, summary = parse_room(options.room or first.room), _Summary()
        events = summary.count(chain([first], events))
        if options.dry_run:
            _try(folder, room, events)
            progress.clear()
            _report(room, summary, "would import")
        else:
            with data.locked(folder):
                _store(folder / database.FILE_NAME, room, events, summary)
                progress.clear()
                _report(room, summary, "imported")
                _index(folder / database.FILE_NAME, room, summary)
    return 0


@contextlib.contextmanager
def _input(file: str) -> Iterator[tuple[str, BinaryIO]]:
    """The name of ``file`` for people, and the file to read from; ``-`` is standard input."""
    if file == "-":
        yield "standard input", sys.stdin.buffer
    else:
        with open(file, "rb") as opened:
            yield file, opened


def _report(room: Name, summary: _Summary, verb: str) -> None:
    print(f"#{room.text}: {verb} {data.event_range(summary.first, summary.last + 1)}")
    keep = summary.state.retention.text
    if keep == NONE:
        print("its members have set it to keep no messages: the server deletes them")
    elif keep:
        print(f"its members have set it to keep messages for {in_words(keep)}: the server deletes older ones")
    sys.stdout.flush()


def _try(folder: Path, room: Name, events: Iterator[Event]) -> None:
    """Check whether ``events`` could be stored."""
    if (folder / database.FILE_NAME).exists():
        with data.open_to_read(folder) as connection:
            _free_id(connection, room)
    deque(events, maxlen=0)


def _store(path: Path, room: Name, events: Iterator[Event], summary: _Summary) -> None:
    """Store ``events`` in one transaction, or if there is no database yet, in a new one that
    appears when it is complete."""
    if path.exists():
        with data.open_database(path) as connection:
            _write(connection, room, events, summary)
    else:
        with data.new_file(path) as part, data.new_database(part) as connection:
            _write(connection, room, events, summary)


def _write(connection: sqlite3.Connection, room: Name, events: Iterator[Event], summary: _Summary) -> None:
    connection.execute("BEGIN IMMEDIATE")
    id = _free_id(connection, room)
    connection.executemany(
        "INSERT INTO event (id, time, kind, nick, sender_id, text, detail, sent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (to_row(id, _without_sender(event, id)) for event in events),
    )
    connection.execute("INSERT INTO room (id, key, name, first) VALUES (?, ?, ?, ?)", (id, room.key, room.text, summary.first))
    queries.store_state(connection, id, summary.state)
    connection.execute("COMMIT")


def _free_id(connection: sqlite3.Connection, room: Name) -> int:
    """A new id for ``room``, which must not exist yet: a room is stored with its first event.
    Raises UnusableError."""
    rows = queries.rooms(connection)
    for row in rows:
        if row.key == room.key:
            raise UnusableError(f"#{row.name} has had events up to number {row.end - 1}: --room NAME imports into another room")
    if len(rows) >= ROOMS_STORED:
        raise UnusableError(f"there are {ROOMS_STORED} rooms already, and the server takes no more")
    return max((row.id for row in rows), default=0) + 1


def _without_sender(event: Event, room: int) -> Event:
    """``event`` as it is stored.

    An export does not have the sender_id, which is a secret. The id of a message is unique only for
    one sender, so each imported message gets a sender_id of its own.
    """
    if isinstance(event, Said) and event.id:
        return replace(event, sender_id=f"imported {room}.{event.seq}")
    return event


def _index(path: Path, room: Name, summary: _Summary) -> None:
    """Add the imported messages to the search index. If this is interrupted, the server adds the
    rest."""
    try:
        with data.open_database(path) as connection, Progress("index") as progress:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # What a power failure undoes is indexed again.
            id, done = data.room(connection, room.text).id, 0
            while index.index(connection, id):
                done += index.INDEXED_AT_ONCE
                progress.update(done, summary.last - summary.first)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the server adds the rest to the search index") from None
    except UnusableError as error:
        raise UnusableError(f"{error}; the server adds the rest to the search index") from None
