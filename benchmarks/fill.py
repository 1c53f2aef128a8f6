"""Quickly makes a database whose room looks as if people had talked in it for years."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

from chatd.core.events import Said
from chatd.store import database, index
from chatd.store.queries import EventRow, to_row

ROOM = "lobby"
YEARS = 5
"""Over how many years the messages are spread, evenly."""

WORDS = 20_000
TEXTS = 50_000
PEOPLE = 500
"""The number of different words, texts and senders; every other message has an id."""

ROWS_AT_ONCE = 100_000
INDEXED_AT_ONCE = 20_000
"""The number of events in one transaction of the log, and of the index."""

RARE = "zyzzyva"
"""A word that only one of ``RARE_EACH`` messages contains."""

RARE_EACH = 1_000_000


def vocabulary() -> list[str]:
    """Random words, the most frequent first."""
    chance = random.Random(1)
    return ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(2, 9))) for _ in range(WORDS)]


def fill(folder: Path, events: int) -> None:
    """Make an indexed database of ``events`` messages in ``folder``, unless one exists."""
    path = folder / database.FILE_NAME
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    database.prepare(path)
    with contextlib.closing(database.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA wal_autocheckpoint = 20000")
        connection.execute("INSERT INTO room (id, key, name) VALUES (1, ?, ?)", (ROOM, ROOM))
        _say(connection, events)
        _index(connection, events)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _say(connection: sqlite3.Connection, events: int) -> None:
    for start in range(1, events + 1, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, events + 1)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(start, stop, events))
        connection.execute("COMMIT")
        _progress("said", stop - 1, events)


def _rows(start: int, stop: int, events: int) -> Iterator[EventRow]:
    chance, texts = random.Random(start), _texts()
    apart = YEARS * 365 * 24 * 3600 * 1000 / events
    first = time.time() * 1000 - events * apart
    for seq in range(start, stop):
        person = chance.randrange(PEOPLE)
        text = f"{RARE} {seq}" if seq % RARE_EACH == 0 else texts[chance.randrange(TEXTS)]
        said = Said(
            ROOM, seq, int(first + seq * apart), f"person{person}", _SENDER_IDS[person], text, id=str(seq) if seq % 2 else ""
        )
        yield to_row(1, said)


_SENDER_IDS = [sha256(str(person).encode()).hexdigest()[:32] for person in range(PEOPLE)]


@cache
def _texts() -> list[str]:
    """Texts of four to sixteen words; a few words are frequent, most are rare (Zipf's law)."""
    chance, words = random.Random(2), vocabulary()
    weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
    return [" ".join(chance.choices(words, cum_weights=weights, k=chance.randint(4, 16))) for _ in range(TEXTS)]


def _index(connection: sqlite3.Connection, events: int) -> None:
    before, index.INDEXED_AT_ONCE = index.INDEXED_AT_ONCE, INDEXED_AT_ONCE  # type: ignore[misc]
    done = 0
    while index.index(connection, 1):
        done += INDEXED_AT_ONCE
        _progress("indexed", done, events)
    index.INDEXED_AT_ONCE = before  # type: ignore[misc]


def _progress(what: str, done: int, events: int) -> None:
    if sys.stderr.isatty() or done % 1_000_000 == 0:
        print(f"\r{done:,} of {events:,} events {what}", end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
