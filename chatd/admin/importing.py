"""``chatd-admin import``: a room from JSON lines, as ``export --json`` writes them."""

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
from chatd.admin.lines import events_of
from chatd.admin.progress import Progress
from chatd.core.events import Event, Said
from chatd.core.limits import ROOMS_STORED
from chatd.core.names import Name, parse_room
from chatd.core.retention import NONE, words
from chatd.core.state import RoomState
from chatd.store import database, index, queries
from chatd.store.database import UnusableError
from chatd.store.queries import to_row


@dataclass(slots=True)
class _Sum:
    """What the events that went by come to."""

    first: int = 0
    last: int = 0
    state: RoomState = field(default_factory=RoomState)

    def over(self, events: Iterator[Event]) -> Iterator[Event]:
        """``events``, while they go by."""
        for event in events:
            self.first = self.first or event.seq
            self.last = event.seq
            self.state = self.state.apply(event)
            yield event


def bring_in(folder: Path, options: argparse.Namespace) -> int:
    """Make a room of the events in a file: of all of them, or of none if anything is wrong."""
    with _input(options.file) as (name, file), Progress("import") as progress:
        events = events_of(name, file, progress)
        first = next(events, None)
        if first is None:
            raise UnusableError(f"{name} holds no events")
        room, sum = parse_room(options.room or first.room), _Sum()
        events = sum.over(chain([first], events))
        if options.dry_run:
            _try(folder, room, events)
            progress.clear()
            _tell(room, sum, "would import")
        else:
            with data.locked(folder):
                _store(folder / database.FILE_NAME, room, events, sum)
                progress.clear()
                _tell(room, sum, "imported")
                _index(folder / database.FILE_NAME, room, sum)
    return 0


@contextlib.contextmanager
def _input(file: str) -> Iterator[tuple[str, BinaryIO]]:
    """What ``file`` is called, and what to read from; ``-`` is standard input."""
    if file == "-":
        yield "standard input", sys.stdin.buffer
    else:
        with open(file, "rb") as opened:
            yield file, opened


def _tell(room: Name, sum: _Sum, verb: str) -> None:
    print(f"#{room.text}: {verb} {data.numbered(sum.first, sum.last + 1)}")
    kept = sum.state.retention.text
    if kept == NONE:
        print("its people have chosen to keep nothing of it: the server goes by that, and deletes it")
    elif kept:
        print(f"its people have chosen to keep it for {words(kept)}: the server goes by that, and deletes what is older")
    sys.stdout.flush()


def _try(folder: Path, room: Name, events: Iterator[Event]) -> None:
    """Find out whether ``events`` could be stored."""
    if (folder / database.FILE_NAME).exists():
        with data.reading(folder) as connection:
            _free_id(connection, room)
    deque(events, maxlen=0)


def _store(path: Path, room: Name, events: Iterator[Event], sum: _Sum) -> None:
    """Store ``events`` in one transaction; where there is no database yet, in one that is there
    when all of them are in it."""
    if path.exists():
        with data.checked(path) as connection:
            _write(connection, room, events, sum)
    else:
        with data.made(path) as part, data.begun(part) as connection:
            _write(connection, room, events, sum)


def _write(connection: sqlite3.Connection, room: Name, events: Iterator[Event], sum: _Sum) -> None:
    connection.execute("BEGIN IMMEDIATE")
    id = _free_id(connection, room)
    connection.executemany(
        "INSERT INTO event (id, time, kind, nick, sender_id, text, detail, sent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (to_row(id, _of_nobody(event, id)) for event in events),
    )
    connection.execute("INSERT INTO room (id, key, name, first) VALUES (?, ?, ?, ?)", (id, room.key, room.text, sum.first))
    queries.store_state(connection, id, sum.state)
    connection.execute("COMMIT")


def _free_id(connection: sqlite3.Connection, room: Name) -> int:
    """The id for ``room``, which there may not be yet: it is stored with its first event. Raises
    UnusableError."""
    rows = queries.rooms(connection)
    for row in rows:
        if row.key == room.key:
            raise UnusableError(f"#{row.name} has given numbers up to {row.end - 1} already: --room NAME imports into another room")
    if len(rows) >= ROOMS_STORED:
        raise UnusableError(f"there are {ROOMS_STORED} rooms already, and the server takes no more")
    return max((row.id for row in rows), default=0) + 1


def _of_nobody(event: Event, room: int) -> Event:
    """``event`` as it is stored.

    Whose it was is a secret that no file has, so it is nobody's: an id was given by its sender, and
    stands for this message only together with them. One sender_id for each message keeps all ids
    apart.
    """
    if isinstance(event, Said) and event.id:
        return replace(event, sender_id=f"imported {room}.{event.seq}")
    return event


def _index(path: Path, room: Name, sum: _Sum) -> None:
    """Bring what is imported into the search index; what is not by the end of this, the server
    brings into it."""
    try:
        with data.checked(path) as connection, Progress("index") as progress:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # A part that a loss of power takes away is indexed again.
            id, done = data.room(connection, room.text).id, 0
            while index.index(connection, id):
                done += index.INDEXED_AT_ONCE
                progress.at(done, sum.last - sum.first)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the server brings the rest into the search index") from None
    except UnusableError as error:
        raise UnusableError(f"{error}; the server brings the rest into the search index") from None
