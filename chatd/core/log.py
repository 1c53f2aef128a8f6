"""What the core asks of a log, and of the store that has the logs of all rooms.

A log numbers. It is handed a draft and answers with the numbered event when that is as safe as this
log makes it; only then may the event be shown to anybody. ``memory.py`` has a log that is no safer
than the process and answers at once; ``store/`` has the one on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from chatd.core.errors import NotDelivered
from chatd.core.events import Event
from chatd.core.names import Name
from chatd.core.search import Query
from chatd.core.state import RoomState

OnStored = Callable[[Event | NotDelivered], object]
"""Told once what became of a draft: the numbered event; or the earlier event, where the same sender
said something under the same id before; or why it is not stored."""

OnNoted = Callable[[NotDelivered | None], object]
"""Told once None when it is stored, or why it is not."""

OnDeleted = Callable[[int, int], object]
"""Told once what was deleted: all events before a seq, which is all before a time (milliseconds
since 1970-01-01 UTC)."""

OnFound = Callable[[Sequence[Event] | None], object]
"""Told once the messages that match a query, the newest first; None where it would take too
long."""


class Log(Protocol):
    """An append-only sequence of events, of which memory may hold only the newer ones.

    ``first <= held <= end`` always holds. A question that needs more than memory is answered later;
    a log in memory answers before the call returns.
    """

    on_news: Callable[[], object]
    """Called when something new can be read; whoever has the log sets it."""

    @property
    def first(self) -> int:
        """The seq of the oldest event that there is."""

    @property
    def held(self) -> int:
        """The seq from which on memory holds every event."""

    @property
    def end(self) -> int:
        """The seq after that of the last stored event."""

    @property
    def has_pending(self) -> bool:
        """Whether a draft is on its way and not stored yet."""

    @property
    def state(self) -> RoomState:
        """The fold of all stored events."""

    def append(self, draft: Event, on_stored: OnStored) -> None:
        """Number and store ``draft``, whose ``seq`` counts for nothing.

        What one sender appends is numbered in that order. A message whose id its sender used before
        is not stored again, in whichever room it was. When storing fails, so does everything that
        was appended after it, and no number is lost.
        """

    def read(self, start: int, stop: int) -> Sequence[Event]:
        """The events from seq ``start`` (or :attr:`first`) up to, not including, ``stop``, as far
        as they are in memory.

        They follow one another without a hole; there are none where the one at ``start`` is not in
        memory.
        """

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        """Bring the events from ``start`` to ``stop``, which are not too many, into memory for now.

        ``on_loaded`` is told whether they are there.
        """

    def find_time(self, time: int, on_found: Callable[[int], object]) -> None:
        """Find the seq of the first event at or after ``time``; :attr:`end` where there is none.

        Where the clock was set back, it is the first of one of the stretches in which times go up.
        """

    def delete_old(self, now: int, most: int, on_deleted: OnDeleted) -> None:
        """Delete what is too old by the room's retention and by ``most``, the server's.

        ``on_deleted`` is told if something was. ``most`` is in milliseconds, ``now`` in
        milliseconds since 1970-01-01 UTC.
        """


class LogStore(Protocol):
    """The logs of all rooms."""

    @property
    def name(self) -> str:
        """What names the logs in this run of the server."""

    def knows(self, name: str, key: str, seq: int) -> bool:
        """Whether the room with this ``key`` had event ``seq`` in its past, and the same one, for
        who saw it when the logs were called ``name``."""

    @property
    def logs(self) -> Mapping[str, Log]:
        """Every log that there is, by the key of its room."""

    def log(self, name: Name) -> Log:
        """The log of the room called ``name``, made if need be. Raises TooMany."""

    def close_log(self, key: str) -> None:
        """The room of this key is closed: a log that is in memory alone is gone with it."""

    def room_names(self) -> Sequence[str]:
        """The names of the rooms of all logs, the oldest room first."""

    @property
    def private_ids(self) -> Iterable[tuple[str, str, str]]:
        """Of the private messages with an id that were sent before the start, the last ones: the
        sender_id, the id and the nick of who has it, the oldest first."""

    def note_private(self, sender_id: str, id: str, nick: str, on_stored: OnNoted) -> None:
        """Store that ``nick`` has the private message ``id`` of ``sender_id``; empty: nobody has
        it."""

    def after_pending(self, then: Callable[[], object]) -> None:
        """Call ``then`` when all that was appended until now is stored, or has failed to be."""

    def search(self, query: Query, on_found: OnFound) -> None:
        """Find the messages that match ``query``."""
