"""Which ids a sender has used, so that a new one needs no look at the disk, for which the sender's
next line would wait."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from chatd.core.limits import IDS_KNOWN

SENDER_IDS = 3
"""As how many ids a sender counts: what is kept of one takes as much memory."""


class KnownIds:
    """The ids of messages that memory no longer has, of senders of whom all are known; ``most`` ids
    together, a sender counting as some.

    Of an id only a hash of 64 bits is kept: where two are the same, the disk is asked in vain. When
    there are more, the sender who was learnt first is forgotten, and asked about again when they
    say something.
    """

    def __init__(self, most: int = IDS_KNOWN) -> None:
        self._hashes: set[int] = set()
        """Those of all ids, each with its sender."""
        self._by_sender: dict[str, array[int] | None] = {}
        """The same, by sender_id; None: too many to be known."""
        self._number = 0
        self._most = most

    def knows(self, sender_id: str) -> bool:
        """Whether ``sender_id`` was learnt."""
        return sender_id in self._by_sender

    def may_have(self, sender_id: str, id: str) -> bool:
        """Whether ``sender_id`` may have used ``id``: False is certain."""
        return hash((sender_id, id)) in self._hashes or self._by_sender.get(sender_id) is None

    def learn(self, sender_id: str, ids: Iterable[str] | None) -> None:
        """``sender_id`` has used ``ids``, and no others; None: too many."""
        self._forget(sender_id)
        self._by_sender[sender_id] = None if ids is None else array("q")
        self._number += SENDER_IDS
        for id in ids or ():
            self._add(sender_id, id)
        self._shrink()

    def add(self, sender_id: str, id: str) -> None:
        """``sender_id`` has used ``id`` too."""
        self._add(sender_id, id)
        self._shrink()

    def _add(self, sender_id: str, id: str) -> None:
        hashes, new = self._by_sender.get(sender_id), hash((sender_id, id))
        if hashes is not None and new not in self._hashes:
            hashes.append(new)
            self._hashes.add(new)
            self._number += 1

    def _shrink(self) -> None:
        while self._number > self._most:
            self._forget(next(iter(self._by_sender)))

    def _forget(self, sender_id: str) -> None:
        if sender_id in self._by_sender:
            hashes = self._by_sender.pop(sender_id) or array("q")
            self._hashes.difference_update(hashes)
            self._number -= SENDER_IDS + len(hashes)
