"""What the commands about the past name: rooms and talks, and places in them (IRCv3
chathistory)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from chatd.codecs.irc.events import private_msgid, seq_of, time_of
from chatd.codecs.objects import iso_time
from chatd.core.errors import BadNick
from chatd.core.events import Event, Private
from chatd.core.names import INBOX, parse_nick

LAST_TIME: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def is_channel(target: str) -> bool:
    """Whether ``target`` may be a channel. ``#`` alone would be the current room, ``##dev`` the
    room ``dev``, and ``#@`` one's inbox."""
    return target.startswith("#") and target[1:2] not in ("", "#", INBOX)


def room_of(target: str) -> str:
    """The room that ``target`` names, or the private talk with a person, ``@nick``; empty:
    neither."""
    if target.startswith("#"):
        return target[1:] if is_channel(target) else ""
    try:
        return f"{INBOX}{parse_nick(target).text}"
    except BadNick:
        return ""


def target_of(room: str) -> str:
    """How IRC names ``room``, or the private talk ``@nick`` (:func:`room_of`)."""
    return room.removeprefix(INBOX) if room.startswith(INBOX) else f"#{room}"


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the history of a room: the event ``seq``, or a ``time`` in milliseconds since
    1970-01-01 UTC; neither: no place. ``id`` is that of a private message, whose seq is not
    known."""

    seq: int = 0
    time: int = 0
    id: str = ""

    def is_before(self, event: Event) -> bool:
        """Whether ``event`` is after this place."""
        return event.seq > self.seq if self.seq else event.time > self.time

    def located(self, found: Sequence[Event]) -> Point:
        """This place with the seq of its private message, if that is among those that were
        ``found``."""
        if not self.id:
            return self
        seqs = [event.seq for event in found if isinstance(event, Private) and private_msgid(event) == self.id]
        return replace(self, seq=seqs[0]) if seqs else self

    def as_text(self, later: int = 0) -> str:
        """The time, ``later`` milliseconds later, as commands have it; empty: there is none."""
        return iso_time(self.time + later) if self.time else ""


def point(text: str, room: str) -> Point | None:
    """The place that ``text`` names in ``room``, or in the talk ``@nick``; None: it names none."""
    kind, _, value = text.partition("=")
    if text == "*":
        return Point()
    if kind == "msgid" and room.startswith(INBOX):
        time = time_of(value)
        return None if time is None else Point(time=time, id=value)
    if kind == "msgid":
        seq = seq_of(value, room)
        return None if seq is None else Point(seq)
    time = parse_timestamp(text)
    return None if time is None else Point(time=time)


def parse_timestamp(text: str) -> int | None:
    """The time in ``text``, ``timestamp=2026-11-23T12:00:00.000Z``, in milliseconds since
    1970-01-01 UTC; None: it has none."""
    kind, _, value = text.partition("=")
    try:
        moment = datetime.fromisoformat(value) if kind == "timestamp" else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None:
        return None
    return min(max(1, round(moment.timestamp() * 1000)), LAST_TIME)
