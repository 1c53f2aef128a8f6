"""Which ids a sender has used, so that a new one needs no look at the disk, for which the sender's
next line would wait."""

from __future__ import annotations

from collections.abc import Iterable

from chatd.core.limits import IDS_KNOWN


class KnownIds:
    """The ids of messages that memory no longer has, of senders of whom all are known; ``most`` ids
    and senders together.

    When there are more, the sender who was learnt first is forgotten, and asked about again when
    they say something.
    """

    def __init__(self, most: int = IDS_KNOWN) -> None:
        self._ids: dict[str, set[str] | None] = {}
        """By sender_id; None: too many to be known."""
        self._number = 0
        self._most = most

    def knows(self, sender_id: str) -> bool:
        """Whether ``sender_id`` was learnt."""
        return sender_id in self._ids

    def may_have(self, sender_id: str, id: str) -> bool:
        """Whether ``sender_id`` may have used ``id``: False is certain."""
        ids = self._ids.get(sender_id)
        return ids is None or id in ids

    def learn(self, sender_id: str, ids: Iterable[str] | None) -> None:
        """``sender_id`` has used ``ids``, and no others; None: too many."""
        self._forget(sender_id)
        known = self._ids[sender_id] = None if ids is None else {*ids}
        self._number += 1 + len(known or ())
        self._shrink()

    def add(self, sender_id: str, id: str) -> None:
        """``sender_id`` has used ``id`` too."""
        ids = self._ids.get(sender_id)
        if ids is not None and id not in ids:
            ids.add(id)
            self._number += 1
            self._shrink()

    def _shrink(self) -> None:
        while self._number > self._most:
            self._forget(next(iter(self._ids)))

    def _forget(self, sender_id: str) -> None:
        if sender_id in self._ids:
            self._number -= 1 + len(self._ids.pop(sender_id) or ())
