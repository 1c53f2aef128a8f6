"""Appending: how drafts get their numbers and travel to the disk, each once and in order.

What one turn of the reactor brings is stored together. While the disk is asked whether a message
was said before, what its sender appends next waits behind it, and nobody else does.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Said
from chatd.core.limits import PENDING_EVENTS
from chatd.core.log import OnStored
from chatd.store.duplicates import Duplicates
from chatd.store.writer import Batch, NewRoom

REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk of the server is full",
    sqlite3.SQLITE_READONLY: "the disk of the server cannot be written",
    sqlite3.SQLITE_CORRUPT: "the server's data is damaged",
    sqlite3.SQLITE_NOTADB: "the server's data is damaged",
}
"""Why something is not stored, by SQLite's error code."""

DISK_TOO_SLOW: Final = NotDelivered("Not delivered: the disk of the server does not keep up.", "Try again later.")


class Target(Protocol):
    """The log of one room, as it is appended to."""

    id: int
    key: str
    name: str
    is_stored: bool

    def number(self, draft: Event) -> tuple[Event, bool]:
        """Give ``draft`` the next number; and whether it is kept, or its number alone."""

    def show(self, event: Event, kept: bool) -> None:
        """``event`` is stored, or its number is where it is not ``kept``: it may be shown."""

    def take_back(self) -> None:
        """Take back the numbers of what is not stored."""


_Pending = tuple[Target, Event, bool, list[OnStored]]
"""An event on its way to the disk, whether it is kept, and who waits for it: a tuple, which is made
fastest."""


class Appending:
    """Everything that is on its way to the disk.

    ``soon`` calls a function at the end of the reactor's turn, ``put`` hands a batch to the writer,
    and ``report`` takes a line for whoever runs the server.
    """

    def __init__(
        self,
        duplicates: Duplicates,
        soon: Callable[[Callable[[], None]], object],
        put: Callable[[Batch], object],
        report: Callable[[str], None],
    ) -> None:
        self._duplicates = duplicates
        self._soon = soon
        self._put = put
        self._report = report
        self._generation = 0
        """How often storing has failed: the writer drops what was appended before it was known."""
        self._pending: deque[_Pending] = deque()
        """What is numbered and not stored yet, in order."""
        self._gathered: list[_Pending] = []
        """The last of these: what the writer has not been given yet."""
        self._by_id: dict[tuple[str, str], _Pending] = {}
        """Those of them that have an id, by sender_id and id."""
        self._waiting: dict[str, deque[Callable[[], object]]] = {}
        """What waits for a look at the disk, by the sender whose message is looked up."""
        self._waiting_drafts = 0

    def has_pending(self, log: Target) -> bool:
        """Whether something of ``log`` is on its way."""
        return any(pending[0] is log for pending in self._pending)

    # -- On the way out

    def append(self, log: Target, draft: Event, on_stored: OnStored) -> None:
        """Store ``draft`` in ``log`` (:meth:`chatd.core.log.Log.append`)."""
        if len(self._pending) + self._waiting_drafts >= PENDING_EVENTS:
            on_stored(DISK_TOO_SLOW)
        elif self._waiting and draft.sender_id in self._waiting:
            self._waiting_drafts += 1
            self._waiting[draft.sender_id].append(partial(self._append_waiting, log, draft, on_stored))
        else:
            self._append(log, draft, on_stored)

    def _append_waiting(self, log: Target, draft: Event, on_stored: OnStored) -> None:
        self._waiting_drafts -= 1
        self._append(log, draft, on_stored)

    def _append(self, log: Target, draft: Event, on_stored: OnStored) -> None:
        """Store ``draft``, unless it is a message that was said before, as far as is known here."""
        if type(draft) is not Said or not draft.id:
            return self._number(log, draft, on_stored)
        sender_id, id = draft.sender_id, draft.id
        pending = self._by_id.get((sender_id, id))
        if pending is not None:
            return pending[3].append(on_stored)
        said = self._duplicates.recall(sender_id, id)
        if said is not None:
            self._tell(on_stored, said)
        elif self._duplicates.may_be_on_disk(sender_id, id):
            self._waiting[sender_id] = deque()
            self._duplicates.look_up(sender_id, id, partial(self._looked_up, log, draft, on_stored))
        else:
            self._number(log, draft, on_stored)

    def _looked_up(self, log: Target, draft: Event, on_stored: OnStored, said: Said | None) -> None:
        """Go on with ``draft``, and then with what has waited behind it."""
        waiting = self._waiting.pop(draft.sender_id)
        if said is None:
            self._number(log, draft, on_stored)
        else:
            self._tell(on_stored, said)
        while waiting:
            waiting.popleft()()
            if draft.sender_id in self._waiting:  # One of these is looked up in its turn.
                self._waiting[draft.sender_id].extend(waiting)
                break

    def _number(self, log: Target, draft: Event, on_stored: OnStored) -> None:
        event, kept = log.number(draft)
        pending = (log, event, kept, [on_stored])
        self._pending.append(pending)
        if type(event) is Said and event.id:
            self._by_id[event.sender_id, event.id] = pending
        if not self._gathered:
            self._soon(self.hand_over)
        self._gathered.append(pending)

    def hand_over(self) -> None:
        """Give the writer what the turn has gathered, so that it is stored and shown together."""
        gathered, self._gathered = self._gathered, []
        if gathered:
            events = [(log.id, event) for log, event, kept, _ in gathered if kept]
            unkept = [(log.id, event) for log, event, kept, _ in gathered if not kept]
            rooms = {log.id: NewRoom(log.id, log.key, log.name) for log, *_ in gathered if not log.is_stored}
            self._put(Batch(self._generation, events, list(rooms.values()), unkept))

    def after_pending(self, then: Callable[[], object]) -> None:
        """Call ``then`` when all that was appended until now is stored, or has failed to be."""
        remaining = len(self._waiting) + 1

        def one_is_done() -> None:
            nonlocal remaining
            remaining -= 1
            if not remaining:
                then()

        for waiting in self._waiting.values():
            waiting.append(partial(self._after_last, one_is_done))
        self._after_last(one_is_done)

    def _after_last(self, then: Callable[[], object]) -> None:
        if self._pending:
            self._pending[-1][3].append(lambda outcome: then())
        else:
            then()

    # -- On the way back

    def answered(self, batches: Sequence[Batch], error: Exception | None) -> None:
        """The writer has stored ``batches``, or, with everything appended since, has not."""
        if error is not None:
            self._fail(not_delivered(error))
            return
        for _ in range(sum(map(len, batches))):
            log, event, kept, waiting = self._pending.popleft()
            log.show(event, kept)
            self._finish(event, waiting, event)

    def _fail(self, failure: NotDelivered) -> None:
        self._generation += 1
        failed, self._pending, self._gathered = self._pending, deque(), []
        for log, *_ in failed:
            log.take_back()
        for _, event, _, waiting in failed:
            self._finish(event, waiting, failure)

    def _finish(self, event: Event, waiting: Sequence[OnStored], outcome: Event | NotDelivered) -> None:
        if type(event) is Said and event.id:
            del self._by_id[event.sender_id, event.id]
        for on_stored in waiting:
            self._tell(on_stored, outcome)

    def _tell(self, on_stored: OnStored, outcome: Event | NotDelivered) -> None:
        try:
            on_stored(outcome)
        except Exception as error:
            self._report(f"defect: what follows {outcome!r} could not be done: {error!r}")


def not_delivered(error: Exception) -> NotDelivered:
    """What people are told where the database answers ``error``."""
    reason = REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "the server cannot write to its disk")
    return NotDelivered(f"Not delivered: {reason}.", "Try again later.")
