"""``chatd-admin export``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from chatd.admin import data
from chatd.admin.jsonl import line_of
from chatd.admin.progress import Progress
from chatd.codecs.event_phrases import EventPhrases
from chatd.core.events import Event
from chatd.store import queries
from chatd.store.database import UnusableError

EVENTS_AT_ONCE: Final = 1000
"""How many events are read at once."""


def export(folder: Path, options: argparse.Namespace) -> int:
    """Write the events of a room to standard output, in UTF-8; if some are missing, the others."""
    encode, output = line_of if options.json else _text_encoder(), sys.stdout.buffer
    with data.open_to_read(folder) as connection, Progress("export", shown=not sys.stdout.isatty()) as progress:
        row = data.room(connection, options.room, or_server=True)
        missing = total = row.end - row.first
        for event in _events(connection, row):
            output.write(encode(event))
            missing -= 1
            progress.update(total - missing, total)
        output.flush()
    if missing:
        raise UnusableError(f"{missing} events of {row.title} are missing: deleted in the meantime, or damaged (chatd-admin check)")
    return 0


def _text_encoder() -> Callable[[Event], bytes]:
    phrases = EventPhrases(lambda: 0)  # In an export every time has its date.

    def line(event: Event) -> bytes:
        time = f"{datetime.fromtimestamp(event.time / 1000):%Y-%m-%d %H:%M:%S}"
        return "".join(f"{time} {line}\n" for line in phrases.lines(event)).encode()

    return line


def _events(connection: Connection, row: queries.RoomRow) -> Iterator[Event]:
    """The events of a room, read in parts. One transaction for all would let the server's
    write-ahead log grow for as long as the reader of the export takes."""
    for start in range(row.first, row.end, EVENTS_AT_ONCE):
        yield from queries.events(connection, row.id, row.name, start, min(start + EVENTS_AT_ONCE, row.end))
