"""A cache of the ids that senders have used, so that a message with a new id needs no look-up on
the disk."""

from __future__ import annotations

from collections.abc import Iterable

from chatd.core.limits import CACHED_IDS


class IdCache:
    """For some senders, all ids of their messages that are only on the disk.

    It holds at most ``limit`` ids and senders together. When it is full, it evicts the sender that
    was loaded first, who has to be loaded again with their next message.
    """

    def __init__(self, limit: int = CACHED_IDS) -> None:
        self._ids: dict[str, set[str] | None] = {}
        """By sender_id; None: the sender has too many ids to cache."""
        self._size = 0
        self._limit = limit

    def has(self, sender_id: str) -> bool:
        """Whether ``sender_id`` is loaded."""
        return sender_id in self._ids

    def may_contain(self, sender_id: str, id: str) -> bool:
        """Whether ``sender_id`` may have used ``id``; False is certain."""
        ids = self._ids.get(sender_id)
        return ids is None or id in ids

    def load(self, sender_id: str, ids: Iterable[str] | None) -> None:
        """Cache ``ids`` as all ids that ``sender_id`` has used; None: there are too many."""
        self._evict(sender_id)
        loaded = self._ids[sender_id] = None if ids is None else {*ids}
        self._size += 1 + len(loaded or ())
        self._shrink()

    def add(self, sender_id: str, id: str) -> None:
        """Add ``id`` to the ids of ``sender_id``, if they are loaded."""
        ids = self._ids.get(sender_id)
        if ids is not None and id not in ids:
            ids.add(id)
            self._size += 1
            self._shrink()

    def _shrink(self) -> None:
        while self._size > self._limit:
            self._evict(next(iter(self._ids)))

    def _evict(self, sender_id: str) -> None:
        if sender_id in self._ids:
            self._size -= 1 + len(self._ids.pop(sender_id) or ())
