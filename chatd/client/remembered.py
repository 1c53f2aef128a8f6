"""What the client remembers from one run to the next: rooms, and up to where they were seen. No
word of anybody is in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chatd.client.seen import Seen
from chatd.core.errors import BadRoom
from chatd.core.limits import ROOMS_PER_SESSION, SCROLLBACK_EVENTS
from chatd.core.names import fold, parse_room

PLACES: Final = 100
"""The rooms of which it is remembered up to where they were seen, in number."""

OTHER: Final = "this is not what the program writes"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What there was at the end: the ``rooms`` one was in and the ``current`` one, and up to which
    event each room had been seen, in the logs called ``log``."""

    log: str = ""
    rooms: tuple[str, ...] = ()
    current: str = ""
    places: Mapping[str, int] = field(default_factory=dict)

    def chosen(self, rooms: Sequence[str]) -> Remembered:
        """What counts for a run in these ``rooms``; none: those of the last time."""
        current = rooms[0] if rooms else self.current
        rooms = tuple(rooms) or self.rooms
        keys = set(map(fold, rooms))
        return Remembered(self.log, rooms, current, {room: seq for room, seq in self.places.items() if fold(room) in keys})

    def seen(self) -> Seen:
        """Where to resume: a little before the end, so that one sees what there was."""
        seen = Seen()
        seen.begin(self.log)
        for room, seq in self.places.items() if self.log else ():
            seen.start(room, max(0, seq - SCROLLBACK_EVENTS))
        return seen

    def updated(self, now: Remembered, left: Collection[str]) -> Remembered:
        """What there is ``now``, and from before what is still true: the places in rooms that one
        was not in now, nor has ``left``."""
        old = {} if now.log != self.log else {room: seq for room, seq in self.places.items() if room not in left}
        for room in now.places:
            old.pop(room, None)
        places = dict([*old.items(), *now.places.items()][-PLACES:])
        return Remembered(now.log, now.rooms, now.current, places)

    def encode(self) -> str:
        """As JSON."""
        fields = {"log": self.log, "rooms": self.rooms, "current": self.current, "seen": self.places}
        return json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


def decode(text: str) -> Remembered:
    """What `Remembered.encode` made. Raises ValueError for anything else."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("seen"), dict):
        raise ValueError(OTHER)
    rooms = tuple(room for room in _strings(fields.get("rooms")) if _is_room(room))
    places = {room: seq for room, seq in fields["seen"].items() if _is_room(room) and type(seq) is int and seq >= 0}
    (log, current) = _strings([fields.get("log"), fields.get("current")])
    return Remembered(log, rooms[:ROOMS_PER_SESSION], current, dict([*places.items()][-PLACES:]))


def _strings(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(OTHER)
    return values


def _is_room(name: str) -> bool:
    """Whether ``name`` is a room for the server: a hello with another would be refused as a
    whole."""
    try:
        return parse_room(name).text == name
    except BadRoom:
        return False
