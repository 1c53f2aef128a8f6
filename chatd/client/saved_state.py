"""What the client saves from one run to the next: the rooms, the last event seen of each, and the
session secret. No message and no password is in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chatd.core.errors import BadRoom
from chatd.core.limits import ROOMS_PER_PERSON, SCROLLBACK_EVENTS
from chatd.core.names import fold, parse_room
from chatd.tui.cursors import Cursors

ROOMS_SAVED: Final = 100
"""How many rooms have a saved cursor."""

NOT_OURS: Final = "chatd-client has not written this"


@dataclass(frozen=True, slots=True)
class SavedState:
    """The state at the end of a run: the ``rooms`` that the user was in, the ``current`` one, and
    for each room the last event that the user saw, when the server's logs were called ``log``, or
    as ``older`` says of that room. ``secret`` is the session secret of the user, if it is
    remembered."""

    log: str = ""
    rooms: tuple[str, ...] = ()
    current: str = ""
    cursors: Mapping[str, int] = field(default_factory=dict)
    older: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    def for_rooms(self, rooms: Sequence[str]) -> SavedState:
        """The state for a run in these ``rooms``; none: the rooms of the last run. A hello names
        one log: where the rooms were seen in several, the last of these counts."""
        current = rooms[0] if rooms else self.current
        rooms = tuple(rooms) or self.rooms
        keys = set(map(fold, rooms))
        wanted = {room: seq for room, seq in self.cursors.items() if fold(room) in keys}
        log = next((self._log_of(room) for room in reversed(wanted)), self.log)
        return SavedState(log, rooms, current, {room: seq for room, seq in wanted.items() if self._log_of(room) == log})

    def _log_of(self, room: str) -> str:
        return self.older.get(room, self.log)

    def resume(self) -> Cursors:
        """From where to resume: some events before the last one shown, for context."""
        cursors = Cursors()
        cursors.reset(self.log)
        for room, seq in self.cursors.items() if self.log else ():
            cursors.advance(room, max(0, seq - SCROLLBACK_EVENTS))
        return cursors

    def merged(self, now: SavedState, left: Collection[str]) -> SavedState:
        """The state ``now``, with the session secret, and with the older cursors of rooms that this
        run neither entered nor ``left``."""
        old = {room: seq for room, seq in self.cursors.items() if room not in left and room not in now.cursors}
        cursors = dict([*old.items(), *now.cursors.items()][-ROOMS_SAVED:])
        older = {room: self._log_of(room) for room in old if room in cursors and self._log_of(room) != now.log}
        return SavedState(now.log, now.rooms, now.current, cursors, older, self.secret)

    def passed_over(self, now: SavedState, left: Collection[str]) -> SavedState:
        """As `merged`, for a run that began without this state: its rooms stay those of the last
        run, unless this run has ``left`` them, before the rooms of this run."""
        rooms = tuple(dict.fromkeys([*(room for room in self.rooms if room not in left), *now.rooms]))
        return replace(self.merged(now, left), rooms=rooms[:ROOMS_PER_PERSON], current=self.current or now.current)

    def encode(self) -> str:
        """As JSON."""
        fields = {"log": self.log, "rooms": self.rooms, "current": self.current, "seen": self.cursors, "older": self.older}
        if self.secret:
            fields["secret"] = self.secret
        return json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


def decode(text: str) -> SavedState:
    """The state that `SavedState.encode` wrote. Raises ValueError for anything else."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("seen"), dict):
        raise ValueError(NOT_OURS)
    rooms = tuple(room for room in _strings(fields.get("rooms")) if _is_room(room))
    cursors = {room: seq for room, seq in fields["seen"].items() if _is_room(room) and type(seq) is int and seq >= 0}
    (log, current, secret) = _strings([fields.get("log"), fields.get("current"), fields.get("secret", "")])
    cursors = dict([*cursors.items()][-ROOMS_SAVED:])
    older = fields.get("older", {})
    if not isinstance(older, dict):
        raise ValueError(NOT_OURS)
    _strings([*older.values()])
    older = {room: name for room, name in older.items() if room in cursors}
    return SavedState(log, rooms[:ROOMS_PER_PERSON], current, cursors, older, secret)


def _strings(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(NOT_OURS)
    return values


def _is_room(name: str) -> bool:
    """Whether ``name`` is a valid room name: the server would refuse the whole hello for one that
    is not."""
    try:
        return parse_room(name).text == name
    except BadRoom:
        return False
