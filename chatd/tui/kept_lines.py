"""The printed lines that are kept for painting them again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chatd.tui.cells import FinalLine

KEPT_CHARACTERS: Final = 32 << 10
"""How much is kept of them, in characters: more than a screen of 200 columns and 160 rows shows."""


class KeptLines:
    """At most ``most`` lines, with about `KEPT_CHARACTERS` in all; those printed last are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: deque[FinalLine] = deque()
        self._characters = 0

    def __reversed__(self) -> Iterator[FinalLine]:
        return reversed(self._lines)

    def extend(self, lines: Iterable[FinalLine]) -> None:
        """Keep ``lines`` too."""
        for one in lines:
            self._lines.append(one)
            self._characters += _characters(one)
        while len(self._lines) > self._most or (self._characters > KEPT_CHARACTERS and len(self._lines) > 1):
            self._characters -= _characters(self._lines.popleft())

    def drop(self, is_dropped: Callable[[FinalLine], bool]) -> None:
        """Keep none for which ``is_dropped`` is true."""
        kept = [one for one in self._lines if not is_dropped(one)]
        self.clear()
        self.extend(kept)

    def clear(self) -> None:
        """Keep none."""
        self._lines.clear()
        self._characters = 0


def _characters(one: FinalLine) -> int:
    return sum(len(span.text) for span in one.line)
