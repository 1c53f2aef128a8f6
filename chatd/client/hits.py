"""What the last search has found: by its number a hit is chosen."""

from __future__ import annotations

from chatd.client.lookback import Hit
from chatd.core.errors import BadUsage
from chatd.core.events import Event, SearchResults


class Hits:
    """The hits of the last search, numbered from 1."""

    def __init__(self) -> None:
        self._events: list[tuple[int, Event]] = []
        self._words: tuple[str, ...] = ()
        self._chosen = 0

    def found(self, found: SearchResults) -> None:
        """A search has found this."""
        self._events = list(enumerate(found.events, start=1))
        self._words, self._chosen = found.words, 0

    def forget(self, room: str, before: int) -> None:
        """The log of ``room`` has nothing before number ``before`` any more."""
        self._events = [(number, event) for number, event in self._events if event.room != room or event.seq >= before]

    def choose(self, number: int) -> tuple[int, str, Hit]:
        """Number, room and place of hit ``number``, or of the one after that which was chosen last
        (0). Raises BadUsage."""
        number = number or self._chosen + 1
        event = dict(self._events).get(number)
        if event is None:
            known = f"There is no hit {number}." if self._events else "There are no hits."
            raise BadUsage(known, "/search WORDS finds messages, /jump N shows the place of one of them.")
        self._chosen = number
        return number, event.room, Hit(event.seq, self._words)
