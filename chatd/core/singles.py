"""Tuples of one thing, shared by everybody who has the same thing: most people are in one room, and
such a tuple takes 48 bytes."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Singles(Generic[T]):
    """Makes tuples of one. Whoever asks for the thing that was asked for last gets the same tuple,
    and no other thing is kept alive."""

    def __init__(self) -> None:
        self._last: tuple[T] | None = None

    def of(self, thing: T) -> tuple[T]:
        """The tuple of ``thing``."""
        if self._last is None or self._last[0] is not thing:
            self._last = (thing,)
        return self._last
