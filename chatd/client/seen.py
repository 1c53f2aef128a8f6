"""What has been seen of the rooms' logs: which events are new, and where to resume."""

from __future__ import annotations

from typing import Final

OWN_KEPT: Final = 1000
"""The own messages, in number for each room, whose acks are remembered until the events before them
have come."""


class Seen:
    """For each room, how far its log is known.

    An own message is known by its ack as well as by its event (``docs/protocol.md``), whichever
    comes first. An ack may come before an older event of somebody else, so it moves the place only
    once everything before it has come.
    """

    def __init__(self) -> None:
        self.log = ""
        """The name of the logs that the numbers belong to."""
        self._places: dict[str, int] = {}
        self._own: dict[str, set[int]] = {}

    @property
    def places(self) -> dict[str, int]:
        """For each room, the last event up to which all is known."""
        return dict(self._places)

    def place(self, room: str) -> int:
        """The last event of ``room`` up to which all is known; 0: nothing is."""
        return self._places.get(room, 0)

    def begin(self, log: str) -> None:
        """The numbers are those of ``log`` from now on; nothing of it has been seen."""
        self.log = log
        self._places.clear()
        self._own.clear()

    def start(self, room: str, seq: int) -> None:
        """All that counts of ``room`` up to event ``seq`` is known."""
        self._places[room] = max(seq, self._places.get(room, 0))
        self._advance(room)

    def forget(self, room: str) -> None:
        """``room`` is followed no longer."""
        self._places.pop(room, None)
        self._own.pop(room, None)

    def own(self, room: str, seq: int) -> None:
        """Event ``seq`` of ``room`` is an own message."""
        if seq > self._places.get(room, 0):
            own = self._own.setdefault(room, set())
            own.add(seq)
            if len(own) > OWN_KEPT:
                own.discard(min(own))
            self._advance(room)

    def is_new(self, room: str, seq: int) -> bool:
        """Whether event ``seq`` of ``room`` was not seen before; from now on it was."""
        if seq <= self._places.get(room, 0) or seq in self._own.get(room, ()):
            return False
        self._places[room] = seq
        self._advance(room)
        return True

    def _advance(self, room: str) -> None:
        place, own = self._places.get(room, 0), self._own.get(room)
        if own:
            while place + 1 in own:
                place += 1
            self._places[room] = place
            self._own[room] = {seq for seq in own if seq > place}
