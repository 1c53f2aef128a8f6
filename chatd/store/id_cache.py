"""A cache of the ids that senders have used, so that a message with a new id needs no look-up on
the disk."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

from chatd.core.limits import CACHED_IDS

SENDER_IDS: Final = 3
"""How many ids a loaded sender counts as: a sender without ids takes as much memory."""


class IdCache:
    """For some senders, all ids of their messages that are only on the disk.

    It holds at most ``limit`` ids in total; each sender counts as `SENDER_IDS` more. For each id it
    keeps only a hash of 64 bits: if two are equal, there is one needless look-up on the disk. When
    the cache is full, it evicts the sender that was loaded first; their ids are loaded again with
    their next message.
    """

    def __init__(self, limit: int = CACHED_IDS) -> None:
        self._hashes: set[int] = set()
        """The hashes of all ids, each with its sender."""
        self._by_sender: dict[str, array[int] | None] = {}
        """The same, by sender_id; None: the sender has too many ids to cache."""
        self._size = 0
        self._limit = limit

    def has(self, sender_id: str) -> bool:
        """Whether ``sender_id`` is loaded."""
        return sender_id in self._by_sender

    def may_contain(self, sender_id: str, id: str) -> bool:
        """Whether ``sender_id`` may have used ``id``; False is certain."""
        return hash((sender_id, id)) in self._hashes or self._by_sender.get(sender_id) is None

    def load(self, sender_id: str, ids: Iterable[str] | None) -> None:
        """Cache ``ids`` as all ids that ``sender_id`` has used; None: there are too many."""
        self._evict(sender_id)
        self._by_sender[sender_id] = None if ids is None else array("q")
        self._size += SENDER_IDS
        for id in ids or ():
            self._add(sender_id, id)
        self._shrink()

    def forget(self, sender_id: str) -> None:
        """Forget the ids of ``sender_id``; they are loaded again with their next message."""
        self._evict(sender_id)

    def add(self, sender_id: str, id: str) -> None:
        """Add ``id`` to the ids of ``sender_id``, if they are loaded."""
        self._add(sender_id, id)
        self._shrink()

    def _add(self, sender_id: str, id: str) -> None:
        hashes, new = self._by_sender.get(sender_id), hash((sender_id, id))
        if hashes is not None and new not in self._hashes:
            hashes.append(new)
            self._hashes.add(new)
            self._size += 1

    def _shrink(self) -> None:
        while self._size > self._limit:
            self._evict(next(iter(self._by_sender)))

    def _evict(self, sender_id: str) -> None:
        if sender_id in self._by_sender:
            hashes = self._by_sender.pop(sender_id) or array("q")
            self._hashes.difference_update(hashes)
            self._size -= SENDER_IDS + len(hashes)
