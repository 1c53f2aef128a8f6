"""The hits of the last search, which the user picks by number."""

from __future__ import annotations

from chatd.core.answers import SearchResults
from chatd.core.errors import BadUsage
from chatd.core.events import Event
from chatd.tui.history_view import JumpTarget


class SearchHits:
    """The hits of the last search, numbered from 1."""

    def __init__(self) -> None:
        self._events: list[tuple[int, Event]] = []
        self._words: tuple[str, ...] = ()
        self._chosen = 0

    def replace(self, results: SearchResults) -> None:
        """Take the hits of a new search."""
        self._events = list(enumerate(results.events, start=1))
        self._words, self._chosen = results.words, 0

    def drop_before(self, room: str, seq: int) -> None:
        """Drop the events of ``room`` before number ``seq``."""
        self._events = [(number, event) for number, event in self._events if event.room != room or event.seq >= seq]

    def drop(self, room: str, seq: int) -> None:
        """Drop event number ``seq`` of ``room``."""
        self._events = [(number, event) for number, event in self._events if (event.room, event.seq) != (room, seq)]

    def choose(self, number: int) -> tuple[int, str, JumpTarget]:
        """The number of hit ``number`` (0: the one after the last choice), its room, and where to
        jump. Raises BadUsage."""
        number = number or self._chosen + 1
        event = dict(self._events).get(number)
        if event is None:
            known = f"There is no hit {number}." if self._events else "There are no hits."
            raise BadUsage(known, "/search WORDS finds messages, /jump N goes to one of them.")
        self._chosen = number
        return number, event.room, JumpTarget(event.seq, self._words)
