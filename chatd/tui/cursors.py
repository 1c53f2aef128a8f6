"""Cursors on the rooms' logs: which events are new, and from where to resume."""

from __future__ import annotations

from typing import Final

OWN_KEPT: Final = 1000
"""How many messages of the user are remembered for each room while older events are missing."""


class Cursors:
    """A cursor for each room: everything up to that event has been received.

    A message of the user is known by its ack and by its event (``docs/protocol.md``), whichever
    comes first. The ack may overtake older events of other people, so the cursor moves past that
    message only when all events before it have been received.
    """

    def __init__(self) -> None:
        self.log = ""
        """The name of the server's run in which all of these numbers were given, or were in its
        past."""
        self._cursors: dict[str, int] = {}
        self._own: dict[str, set[int]] = {}

    @property
    def all(self) -> dict[str, int]:
        """The cursor of each room."""
        return dict(self._cursors)

    def cursor(self, room: str) -> int:
        """The last event of ``room`` up to which everything has been received; 0: nothing has."""
        return self._cursors.get(room, 0)

    def reset(self, log: str) -> None:
        """Start again with ``log``, of which nothing has been received."""
        self.log = log
        self._cursors.clear()
        self._own.clear()

    def advance(self, room: str, seq: int) -> None:
        """Count every event of ``room`` up to ``seq`` as received."""
        self._cursors[room] = max(seq, self._cursors.get(room, 0))
        self._skip_own(room)

    def forget(self, room: str) -> None:
        """Drop the cursor of ``room``."""
        self._cursors.pop(room, None)
        self._own.pop(room, None)

    def add_own(self, room: str, seq: int) -> None:
        """Event ``seq`` of ``room`` is a message of the user, which has been acknowledged."""
        if seq > self._cursors.get(room, 0):
            own = self._own.setdefault(room, set())
            own.add(seq)
            if len(own) > OWN_KEPT:
                own.discard(min(own))
            self._skip_own(room)

    def accept(self, room: str, seq: int) -> bool:
        """Whether event ``seq`` of ``room`` is new; afterwards it is not."""
        if seq <= self._cursors.get(room, 0) or seq in self._own.get(room, ()):
            return False
        self._cursors[room] = seq
        self._skip_own(room)
        return True

    def _skip_own(self, room: str) -> None:
        """Move the cursor past the messages of the user that follow it directly."""
        cursor, own = self._cursors.get(room, 0), self._own.get(room)
        if own:
            while cursor + 1 in own:
                cursor += 1
            self._cursors[room] = cursor
            self._own[room] = {seq for seq in own if seq > cursor}
