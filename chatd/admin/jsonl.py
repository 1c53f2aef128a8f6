"""The JSON lines of an export. Whatever is in a file, reading it gives valid events of one room."""

from __future__ import annotations

import functools
import json
import os
import stat
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import fields
from typing import BinaryIO, Final

from chatd.admin.hidden import with_hidden
from chatd.admin.progress import Progress
from chatd.codecs.json import decode_news, encode_news
from chatd.core import retention
from chatd.core.errors import BadNick, BadUsage, Malformed, NickReserved, Refusal, TooLong
from chatd.core.events import BanLifted, BanSet, Event, Invited, Private, Renamed, RetentionSet, RoleSet
from chatd.core.limits import INVITED_PER_ROOM, LINE_BYTES, NICK_CHARACTERS
from chatd.core.names import parse_nick, parse_room
from chatd.store.database import UnusableError
from chatd.store.queries import SEQ_BITS

READ_BYTES: Final = 16 * LINE_BYTES + INVITED_PER_ROOM * (16 + 4 * NICK_CHARACTERS)
"""The longest line accepted, in bytes: enough for the longest text, with two escapes for each
character (RFC 8259, 7), and for the accounts of everybody who is in a room when it becomes
private."""

_SEQS: Final = ("reply", "edited", "target")
"""The fields that name another event of the room."""

LATEST: Final = 253_370_764_800_000
"""Events from this time on are refused, in milliseconds since 1970-01-01 UTC: the year 9999 begins
a little later, so earlier times can be written in every zone."""


def line_of(event: Event) -> bytes:
    """The line of ``event``: as programs are told it, and its ``hidden``, so that an import has the
    same rights."""
    line, hidden = encode_news(event), getattr(event, "hidden", "")
    return line[:-2] + b',"hidden":' + json.dumps(hidden, ensure_ascii=False).encode() + b"}\n" if hidden else line


def events_of(name: str, file: BinaryIO, progress: Progress) -> Iterator[Event]:
    """The events in ``file``, which is called ``name``: all of one room, numbered without a gap.

    Raises UnusableError, with the number of the line.
    """
    size, done, before = _size(file), 0, None
    for number, line in enumerate(iter(lambda: file.readline(READ_BYTES + 1), b""), 1):
        try:
            event = _event(line if number > 1 else line.removeprefix(BOM_UTF8))
            _check_sequence(event, before)
        except Refusal as refusal:
            raise UnusableError(f"{name}, line {number}: {refusal}") from None
        yield event
        before = event
        done += len(line)
        if size:
            progress.update(done, size)
        else:
            progress.show(f"{number:,} events")


def _size(file: BinaryIO) -> int:
    """The size of ``file`` in bytes; 0: not known."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _event(line: bytes) -> Event:
    """The event in ``line``, if a server could have sent it. Raises Refusal."""
    if len(line) > READ_BYTES:
        raise TooLong(f"The line is longer than {READ_BYTES} bytes.")
    event = decode_news(line)
    if not isinstance(event, Event) or isinstance(event, Private):
        raise Malformed("This is not an event of a room.", "docs/protocol.md has the types.")
    if any(isinstance(value, str) and len(value) > LINE_BYTES for value in _values(event)):
        raise TooLong(f"A text is longer than {LINE_BYTES} characters.")
    _check_time(event.time)
    _check_nick(event.nick)
    if not all(0 <= getattr(event, name, 0) < 1 << SEQ_BITS for name in _SEQS):
        raise BadUsage("The seq of another event is out of range.", "The first event of a room has 1.")
    if isinstance(event, Renamed | RoleSet | Invited):
        _check_nick(event.to)
    elif isinstance(event, BanSet):
        _check_time(event.until)
    elif isinstance(event, RetentionSet):
        retention.duration(event.keep)
        _check_time(event.since)
    return with_hidden(event, json.loads(line)) if hasattr(event, "hidden") or isinstance(event, BanLifted) else event


def _values(event: Event) -> Iterator[object]:
    return (getattr(event, field.name) for field in fields(event))


def _check_time(time: int) -> None:
    if not 0 <= time < LATEST:
        raise BadUsage("A time is not between the years 1970 and 9998.")


@functools.lru_cache(maxsize=1024)
def _check_nick(nick: str) -> None:
    try:
        text = parse_nick(nick).text
    except NickReserved:  # It may not have been reserved then.
        return
    if text != nick:
        raise BadNick(f"The nick should be written {text}.")


def _check_sequence(event: Event, before: Event | None) -> None:
    if before is None:
        parse_room(event.room)
        if not 0 < event.seq < 2 ** (SEQ_BITS - 1):  # Half of the numbers remain for later events.
            raise BadUsage("The seq is out of range.", "The first event of a room has 1.")
    elif event.room != before.room:
        raise BadUsage(f"The room is not that of the line before, #{before.room}.", "A file holds one room.")
    elif event.seq != before.seq + 1:
        raise BadUsage(
            f"The seq is {event.seq}, but {before.seq + 1} should follow.", "The events of a room are numbered without a gap."
        )
