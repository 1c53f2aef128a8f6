"""The interface of a log, and of the store that has the logs of all rooms.

A log numbers events. It takes a draft and calls back with the numbered event when the event is
stored; only then may anybody see it. ``memory.py`` has a log in memory, which calls back
immediately; ``store/`` has the log on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatd.core.account import Change
from chatd.core.errors import NotDelivered, TooMany
from chatd.core.events import Event, Said
from chatd.core.names import Name
from chatd.core.search import Query
from chatd.core.state import RoomState

OnStored = Callable[[Event | NotDelivered], object]
"""Called once with the outcome of an append: the numbered event; or the earlier event, if the same
sender has used the same id before; or why the draft is not stored."""

OnChanged = Callable[[NotDelivered | None], object]
"""Called once: with None when the changes are stored, or with the reason why none of them is."""

OnDeleted = Callable[[int, int], object]
"""Called once with what was deleted: all events before a seq, which are those before a time
(milliseconds since 1970-01-01 UTC)."""

OnResults = Callable[[Sequence[Event] | TooMany], object]
"""Called once with the messages that match a query, newest first; or why the search takes too
long."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The person for whom something is looked up: their address, and whether they still wait for
    the answer.

    ``is_waiting`` may be called from any thread.
    """

    address: str
    is_waiting: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Resume:
    """The last seq that a client has seen in a log, during the run called ``log``."""

    seq: int
    log: str


class Log(Protocol):
    """An append-only sequence of events, of which only the newer ones may be in memory.

    ``first <= held <= end`` always holds. A log on disk calls back later if it has to read the
    disk; a log in memory calls back before the method returns.
    """

    on_news: Callable[[], object]
    """Called when there are new events to read; set by the room."""

    @property
    def first(self) -> int:
        """The seq of the oldest event."""

    @property
    def held(self) -> int:
        """The seq of the first event from which all events are in memory."""

    @property
    def end(self) -> int:
        """The seq after that of the last stored event."""

    @property
    def last_message(self) -> int:
        """The seq of the newest event that may be a message; 0 if there is none. Events before
        :attr:`first` are gone."""

    @property
    def has_pending(self) -> bool:
        """Whether a draft is waiting to be stored."""

    @property
    def is_changing(self) -> bool:
        """Whether a draft that changes the state of the room is waiting to be stored."""

    @property
    def state(self) -> RoomState:
        """The fold of all stored events."""

    def append(self, draft: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
        """Number and store ``draft``; its own ``seq`` is ignored.

        The drafts of one sender are numbered in the order in which they are appended. A message
        with an id that its sender has used before, in any room, is not stored again. If storing
        fails, everything appended after it fails too, and no number is skipped. ``copy`` is stored
        together with ``draft``, or not at all.
        """

    def append_series(self, drafts: Sequence[Said], on_stored: OnStored) -> None:
        """Number and store ``drafts``, two or more messages of one sender without ids, one after
        the other. ``on_stored`` is called once for all of them: with the last event, or with the
        reason why none is stored."""

    def find_talk(self, peer: str, seq: int, count: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        """Find the private messages with the person whose nick has the key ``peer``, oldest first:
        the first ``count`` from ``seq`` on, or the last ``-count`` before it. None: the disk cannot
        be read."""

    def find_talks(self, seq: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        """Find the last private message with each person among the events from ``seq`` on, oldest
        first. None: the disk cannot be read."""

    def find_sent(self, sender_id: str, id: str, on_found: Callable[[Said | None], object]) -> None:
        """Find the message that ``sender_id`` has sent under ``id``, in this log or in any other of
        its store."""

    def read(self, start: int, stop: int) -> Sequence[Event]:
        """The events in memory from seq ``start`` (or :attr:`first`) up to, but not including,
        ``stop``.

        They are consecutive; there are none if the event at ``start`` is not in memory.
        """

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        """Load the events from ``start`` to ``stop`` into memory for a while; they must not be too
        many.

        ``on_loaded`` is called with whether they are loaded.
        """

    def find_time(self, time: int, on_found: Callable[[int], object]) -> None:
        """Find the seq of the first event at or after ``time``; :attr:`end` if there is none.

        If the clock was set back, there may be several events with an earlier event directly before
        them; the result is one of those.
        """

    def delete_before(self, seq: int, on_deleted: OnDeleted) -> None:
        """Delete the events before ``seq``, which is at most :attr:`end`, whatever the
        retention."""

    def delete_old(self, now: int, most: int, on_deleted: OnDeleted) -> None:
        """Delete events that are older than the retention of the room or of the server (``most``).

        ``on_deleted`` is called if something was deleted. ``most`` is in milliseconds, ``now`` in
        milliseconds since 1970-01-01 UTC.
        """


Copy = tuple[Log, Event]
"""A further draft and its log, which is of the same store as that of the first draft."""


class LogStore(Protocol):
    """The logs of all rooms, and the inboxes of all accounts: a log whose key begins with ``@`` is
    no room."""

    @property
    def name(self) -> str:
        """The name of the current run of the server."""

    def knows(self, name: str, key: str, seq: int) -> bool:
        """Whether event ``seq`` that a client saw in the room with this ``key`` during the run
        called ``name`` is also in this log's past."""

    @property
    def logs(self) -> Mapping[str, Log]:
        """All logs, by the key of their room."""

    def log(self, name: Name) -> Log:
        """The log of the room called ``name``; it is created if necessary, even where the store is
        full."""

    @property
    def is_full(self) -> bool:
        """Whether there are as many rooms as should be stored."""

    def close_log(self, key: str) -> None:
        """The room with this key is closed: a log that is only in memory is deleted."""

    def remove_log(self, key: str) -> None:
        """Delete the log of the room with this key, with all its events."""

    def room_names(self) -> Sequence[str]:
        """The names of all rooms, oldest first."""

    @property
    def accounts(self) -> Iterable[Change]:
        """The accounts and then the credentials that were stored before the start."""

    def change_accounts(self, changes: Sequence[Change], on_changed: OnChanged) -> None:
        """Store ``changes``, all of them or none."""

    def after_pending(self, then: Callable[[], object]) -> None:
        """Call ``then`` when everything appended so far is stored or has failed."""

    def search(self, query: Query, asker: Asker, on_results: OnResults) -> None:
        """Find the messages that match ``query``. Waiting searches are served in turn by
        address."""
