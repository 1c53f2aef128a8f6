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
        """By origin; None: too many to be known."""
        self._number = 0
        self._most = most

    def knows(self, origin: str) -> bool:
        """Whether ``origin`` was learnt."""
        return origin in self._ids

    def may_have(self, origin: str, id: str) -> bool:
        """Whether ``origin`` may have used ``id``: False is certain."""
        ids = self._ids.get(origin)
        return ids is None or id in ids

    def learn(self, origin: str, ids: Iterable[str] | None) -> None:
        """``origin`` has used ``ids``, and no others; None: too many."""
        self._forget(origin)
        known = self._ids[origin] = None if ids is None else {*ids}
        self._number += 1 + len(known or ())
        self._shrink()

    def add(self, origin: str, id: str) -> None:
        """``origin`` has used ``id`` too."""
        ids = self._ids.get(origin)
        if ids is not None and id not in ids:
            ids.add(id)
            self._number += 1
            self._shrink()

    def _shrink(self) -> None:
        while self._number > self._most:
            self._forget(next(iter(self._ids)))

    def _forget(self, origin: str) -> None:
        if origin in self._ids:
            self._number -= 1 + len(self._ids.pop(origin) or ())
