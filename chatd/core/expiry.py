"""Expiry: deletes events that are older than the retention of their room or of the server."""

from __future__ import annotations

from collections.abc import Callable

from chatd.core.directory import Directory
from chatd.core.events import Forgotten
from chatd.core.log import Log, LogStore
from chatd.core.retention import duration
from chatd.core.rooms import Rooms


class Expiry:
    """Deletes old events and notifies the members of the room.

    ``keep`` is how long the server keeps events at most (``retention.py``; empty: forever), and
    ``now`` returns the milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, keep: str, store: LogStore, rooms: Rooms, directory: Directory, now: Callable[[], int]) -> None:
        self._keep = keep
        self._store = store
        self._rooms = rooms
        self._directory = directory
        self._now = now

    def delete_old(self) -> None:
        """Delete old events in all logs; called every minute."""
        for key, log in self._store.logs.items():
            self.delete_old_in(key, log)

    def delete_old_in(self, key: str, log: Log) -> None:
        """Delete old events in the log of one room."""

        def on_deleted(first: int, time: int) -> None:
            room = self._rooms.get(key)
            if room is not None:
                for person in room.members:
                    self._directory.tell(person, Forgotten(room.name.text, first, time))

        log.delete_old(self._now(), duration(self._keep), on_deleted)
