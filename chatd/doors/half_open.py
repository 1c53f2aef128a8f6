"""Callers who have no nick yet, and which of them is dropped when there are too many."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Protocol

from chatd.core.limits import HALF_OPEN


class Droppable(Protocol):
    """A connection without a nick."""

    def drop(self) -> None:
        """End it at once."""


class HalfOpen:
    """The connections without a nick, at most ``limit``; for each further one, one of them is
    dropped at random.

    Whoever floods the port with connections owns nearly all of them, and so nearly all that are
    dropped: a person who needs a moment to give a nick most likely stays. Connections with a nick
    are never dropped. ``choose(n)`` gives a whole number from 0 to n - 1.
    """

    def __init__(self, limit: int = HALF_OPEN, choose: Callable[[int], int] = random.randrange) -> None:
        self._limit = limit
        self._choose = choose
        self._connections: list[Droppable] = []
        self._indexes: dict[Droppable, int] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Droppable]:
        """Those that are counted now."""
        return iter(tuple(self._connections))

    def add(self, connection: Droppable) -> None:
        """Count ``connection``, which has no nick yet."""
        self._indexes[connection] = len(self._connections)
        self._connections.append(connection)
        if len(self._connections) > self._limit:
            chosen = self._connections[self._choose(len(self._connections))]
            self.discard(chosen)
            chosen.drop()

    def discard(self, connection: Droppable) -> None:
        """Count ``connection`` no longer, if it was counted."""
        index = self._indexes.pop(connection, None)
        if index is None:
            return
        last = self._connections.pop()
        if last is not connection:  # The last one takes the free index, so that this takes constant time.
            self._connections[index] = last
            self._indexes[last] = index
