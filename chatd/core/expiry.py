"""Expiry: deletes events that are older than the retention of their room or of the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chatd.core.answers import Forgotten
from chatd.core.directory import Directory
from chatd.core.limits import INBOX_EVENTS
from chatd.core.log import Log, LogStore
from chatd.core.names import INBOX, is_inbox
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
            if is_inbox(key) and log.end - log.first > INBOX_EVENTS:
                log.delete_before(log.end - INBOX_EVENTS, partial(self._tell, key))

    def delete_old_in(self, key: str, log: Log) -> None:
        """Delete old events in the log of one room."""

        log.delete_old(self._now(), duration(self._keep), partial(self._tell, key))

    def _tell(self, key: str, first: int, time: int) -> None:
        """The events before ``first`` are deleted: tell who is in the room, or whose inbox it
        is."""
        room, owner = self._rooms.get(key), self._directory.of_account(key.removeprefix(INBOX)) if is_inbox(key) else None
        if owner is not None:
            self._directory.tell(owner, Forgotten(INBOX, first, time))
        if room is not None:
            for person, membership in room.members.items():
                if membership.is_told:  # What the others are told of the room begins after this.
                    self._directory.tell(person, Forgotten(room.name.text, first, time))
