"""Callers who have no nick yet: who they are, and who of them goes when they are too many."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Protocol

from chatd.core.limits import HALF_OPEN


class Sheddable(Protocol):
    """A connection without a nick."""

    def shed(self) -> None:
        """End it at once."""


class HalfOpen:
    """The callers without a nick, ``most`` of them at most; for each who comes beyond that, one
    taken at random goes.

    Whoever floods the port with connections has nearly all of the places, and so loses nearly all
    that are taken away: somebody who needs a moment to give a nick most likely keeps theirs, and
    those who have a nick are not concerned at all. ``choose(n)`` gives a whole number from 0 to n -
    1.
    """

    def __init__(self, most: int = HALF_OPEN, choose: Callable[[int], int] = random.randrange) -> None:
        self._most = most
        self._choose = choose
        self._callers: list[Sheddable] = []
        self._places: dict[Sheddable, int] = {}

    def __len__(self) -> int:
        return len(self._callers)

    def add(self, caller: Sheddable) -> None:
        """Count ``caller``, which has no nick yet."""
        self._places[caller] = len(self._callers)
        self._callers.append(caller)
        if len(self._callers) > self._most:
            self._shed(self._callers[self._choose(len(self._callers))])

    def discard(self, caller: Sheddable) -> None:
        """Count ``caller`` no longer, if it was counted."""
        place = self._places.pop(caller, None)
        if place is None:
            return
        last = self._callers.pop()
        if last is not caller:
            self._callers[place] = last
            self._places[last] = place

    def __iter__(self) -> Iterator[Sheddable]:
        """Those who are counted now."""
        return iter(tuple(self._callers))

    def _shed(self, caller: Sheddable) -> None:
        self.discard(caller)
        caller.shed()
