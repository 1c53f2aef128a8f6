"""Appending: numbers drafts and stores each of them once and in order.

Everything from one turn of the reactor is stored together; under load, so is what arrives in
several turns (``delivery/pace.py``). While the store looks on the disk whether a message was sent
before, further drafts of its sender wait; those of others do not.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from chatd.core.errors import NotDelivered
from chatd.core.events import MESSAGES, Event, Left, Reason, Said
from chatd.core.limits import PENDING_EVENTS, PRESENCE_SHOWN, SHOWN_A_TURN
from chatd.core.log import OnStored
from chatd.store.duplicates import Duplicates
from chatd.store.watch import FilesGoneError
from chatd.store.writer import Batch, UnstoredRoom

REASONS: Final = {
    sqlite3.SQLITE_FULL: "the server's disk is full",
    sqlite3.SQLITE_READONLY: "the server's disk is read-only",
    sqlite3.SQLITE_CORRUPT: "the server's data is damaged",
    sqlite3.SQLITE_NOTADB: "the server's data is damaged",
}
"""Why an event is not stored, by SQLite's error code."""


STAYS: Final = frozenset({Reason.LEFT, Reason.KICKED})
"""Why somebody has left a room who is still connected, or was when they were removed."""


class Target(Protocol):
    """The log of one room, as :class:`Appending` sees it."""

    id: int
    key: str
    name: str
    is_stored: bool

    @property
    def first(self) -> int:
        """The number of its oldest event; the next event's, where there is none."""

    def number(self, drafts: Sequence[Event]) -> bool:
        """Give ``drafts``, one or a series, the next numbers. Returns whether to keep them;
        otherwise only their numbers are stored."""

    def show(self, events: Sequence[Event], is_kept: bool) -> None:
        """Make ``events``, one or a series, readable: they are stored, or only their numbers if
        they are not kept."""

    def on_shown(self) -> None:
        """Several events have been made readable, one after the other."""

    def roll_back(self) -> None:
        """Reuse the numbers of all events that are not stored."""


class Gathering(Protocol):
    """Decides when what has arrived is stored; ``delivery/fanout.py`` does, under load."""

    def gather(self, store: Callable[[], None]) -> object:
        """Call ``store`` when what arrives from now on is to be stored."""

    def gather_leavings(self, store: Callable[[], None]) -> object:
        """The same for the events of people who are gone, as long as there is nothing else."""

    def add(self, number: int) -> object:
        """So many events have arrived since."""


class EndOfTurn:
    """Stores what has arrived at the end of the reactor's turn, when ``soon`` calls a function."""

    def __init__(self, soon: Callable[[Callable[[], None]], object]) -> None:
        self._soon = soon

    def gather(self, store: Callable[[], None]) -> None:
        self._soon(store)

    gather_leavings = gather

    def add(self, number: int) -> None:
        """However many there are, they are stored then."""


Copy = tuple[Target, Event]
"""A further draft and its log, which is stored together with another one."""

_Pending = tuple[Target, Sequence[Event], bool, list[OnStored]]
"""An event or a series that waits to be stored, whether it is kept, and its callbacks. It is a
tuple because that is the fastest to create."""


class Appending:
    """The events that wait to be stored.

    ``soon`` calls a function at the end of the reactor's turn, ``gathering`` decides when what has
    arrived is stored, ``put`` gives a batch to the writer, with whether this thread may wait for
    the disk, and ``report`` logs a line for the operator.
    """

    def __init__(
        self,
        duplicates: Duplicates,
        soon: Callable[[Callable[[], None]], object],
        gathering: Gathering,
        put: Callable[[Batch, bool], object],
        report: Callable[[str], None],
    ) -> None:
        self._duplicates = duplicates
        self._soon = soon
        self._gathering = gathering
        self._put = put
        self._report = report
        self._generation = 0
        """The number of failures so far: the writer discards batches that were made before the
        reactor knew of the last one."""
        self._pending: deque[_Pending] = deque()
        """The events that are numbered but not shown yet, in order."""
        self._number_pending = 0
        """How many these are: a series is several."""
        self._gathered: list[_Pending] = []
        """The last of these, which the writer does not have yet."""
        self._is_patient = False
        """Whether all of these are of people who are gone."""
        self._by_id: dict[tuple[str, str], _Pending] = {}
        """The pending messages that have an id, by sender_id and id."""
        self._written: deque[int | NotDelivered] = deque()
        """What the writer has answered that is not shown yet: how many of the pending events are
        stored, or why it has failed."""
        self._waiting: dict[str, deque[Callable[[], object]]] = {}
        """What waits for a look-up on the disk, by the sender_id of the message."""
        self._looked_for: set[str] = set()
        """The senders of whom a message is being looked up; the others in ``_waiting`` are going
        on."""
        self._waiting_drafts = 0

    # -- To the writer

    def append(self, log: Target, draft: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
        """Store ``draft`` in ``log`` (:meth:`chatd.core.log.Log.append`)."""
        if self._number_pending + self._waiting_drafts >= PENDING_EVENTS:
            on_stored(_too_slow())
        elif self._waiting and draft.sender_id in self._waiting:
            self._waiting_drafts += 1
            self._waiting[draft.sender_id].append(partial(self._append_waiting, log, draft, on_stored, copy))
        elif isinstance(draft, Said) and draft.id:
            self._append_once(log, draft, on_stored, copy)
        else:
            self._number(log, [draft], on_stored, copy)

    def append_series(self, log: Target, drafts: Sequence[Said], on_stored: OnStored) -> None:
        """Store ``drafts`` in ``log`` (:meth:`chatd.core.log.Log.append_series`)."""
        sender_id = drafts[0].sender_id
        if self._number_pending + self._waiting_drafts + len(drafts) > PENDING_EVENTS:
            on_stored(_too_slow())
        elif self._waiting and sender_id in self._waiting:
            self._waiting_drafts += len(drafts)
            self._waiting[sender_id].append(partial(self._append_waiting_series, log, drafts, on_stored))
        else:
            self._number(log, drafts, on_stored)

    def _append_waiting_series(self, log: Target, drafts: Sequence[Said], on_stored: OnStored) -> None:
        self._waiting_drafts -= len(drafts)
        self._number(log, drafts, on_stored)

    def _append_waiting(self, log: Target, draft: Event, on_stored: OnStored, copy: Copy | None) -> None:
        self._waiting_drafts -= 1
        if isinstance(draft, Said) and draft.id:
            self._append_once(log, draft, on_stored, copy)
        else:
            self._number(log, [draft], on_stored, copy)

    def _append_once(self, log: Target, draft: Said, on_stored: OnStored, copy: Copy | None) -> None:
        """Store ``draft``, which has an id, unless it was said before; look on the disk if only
        that can tell."""
        sender_id, id = draft.sender_id, draft.id
        pending = self._by_id.get((sender_id, id))
        if pending is not None:
            return pending[3].append(on_stored)
        said = self._duplicates.recall(sender_id, id)
        if said is not None:
            self._notify((on_stored,), said)
        elif self._duplicates.may_be_on_disk(sender_id, id):
            self._waiting.setdefault(sender_id, deque())
            self._looked_for.add(sender_id)
            self._duplicates.look_up(sender_id, id, partial(self._looked_up, log, draft, on_stored, copy))
        else:
            self._number(log, [draft], on_stored, copy)

    def find_sent(self, sender_id: str, id: str, on_found: Callable[[Said | None], object]) -> None:
        """Find a message by its id (:meth:`chatd.core.log.Log.find_sent`)."""
        pending = self._by_id.get((sender_id, id))
        if pending is not None:
            pending[3].append(lambda outcome: on_found(outcome if isinstance(outcome, Said) else None))
        elif self._duplicates.recall(sender_id, id) is None and self._duplicates.may_be_on_disk(sender_id, id):
            self._duplicates.look_up(sender_id, id, on_found)
        else:
            on_found(self._duplicates.recall(sender_id, id))

    def _looked_up(self, log: Target, draft: Event, on_stored: OnStored, copy: Copy | None, said: Said | None) -> None:
        """Continue with ``draft``, and then with everything that has waited for it."""
        sender_id = draft.sender_id
        self._looked_for.discard(sender_id)
        waiting = self._waiting[sender_id]  # What comes meanwhile, perhaps because of an answer, waits behind it.
        if said is None:
            self._number(log, [draft], on_stored, copy)
        else:
            self._notify((on_stored,), said)
        while waiting and sender_id not in self._looked_for:
            waiting.popleft()()
        if sender_id not in self._looked_for:
            del self._waiting[sender_id]

    def _number(self, log: Target, events: Sequence[Event], on_stored: OnStored, copy: Copy | None = None) -> None:
        pending = (log, events, log.number(events), [on_stored])
        self._pending.append(pending)
        event = events[0]
        if isinstance(event, Said) and event.id:
            self._by_id[event.sender_id, event.id] = pending
        if not self._gathered or self._is_patient:
            self._await_flush(is_gone=type(event) is Left and event.reason not in STAYS)
        self._gathered.append(pending)
        self._number_pending += len(events)
        self._gathering.add(len(events))
        if copy is not None:
            self._number(copy[0], [copy[1]], _ignore)

    def _await_flush(self, is_gone: bool) -> None:
        """Call :meth:`flush` when the next event is to be stored; it comes first, or after those of
        people who are gone, and ``is_gone`` says whether it is of one itself."""
        if not is_gone:
            self._gathering.gather(self._flush_gathered)
        elif not self._gathered:
            self._gathering.gather_leavings(self._flush_gathered)
        self._is_patient = is_gone

    def _flush_gathered(self) -> None:
        """Flush when nothing else is going on in this thread: it may wait for the disk, and what is
        stored may be shown at once."""
        self.flush(may_wait=True)

    def flush(self, may_wait: bool = False) -> None:
        """Give the writer everything that was gathered, so that it is stored and shown together."""
        gathered, self._gathered = self._gathered, []
        if gathered:
            series = [(log.id, events) for log, events, kept, _ in gathered if kept]
            numbers_only = [(log.id, events) for log, events, kept, _ in gathered if not kept]
            rooms = {log.id: UnstoredRoom(log.id, log.key, log.name, log.first) for log, *_ in gathered if not log.is_stored}
            self._put(Batch(self._generation, series, list(rooms.values()), numbers_only), may_wait)

    def after_pending(self, then: Callable[[], object]) -> None:
        """Call ``then`` when everything appended so far is stored or has failed."""
        remaining = len(self._waiting) + 1

        def on_one_done() -> None:
            nonlocal remaining
            remaining -= 1
            if not remaining:
                then()

        for waiting in self._waiting.values():
            waiting.append(partial(self._after_last, on_one_done))
        self._after_last(on_one_done)

    def _after_last(self, then: Callable[[], object]) -> None:
        if self._pending:
            self._pending[-1][3].append(lambda outcome: then())
        else:
            then()

    # -- From the writer

    def on_written(self, batches: Sequence[Batch], error: Exception | None) -> None:
        """The writer has stored ``batches``; or it has failed, with everything appended since."""
        is_first = not self._written
        self._written.append(sum(map(len, batches)) if error is None else not_delivered(error))
        if is_first:
            self._show()

    def _show(self) -> None:
        """Show what is stored, as much as one turn of the reactor allows, and the rest in the next
        ones: everybody else is served in between."""
        left, shown = SHOWN_A_TURN, dict[Target, None]()
        try:
            while self._written and left > 0:
                written = self._written.popleft()
                if isinstance(written, NotDelivered):
                    self._fail(written)
                else:
                    left = self._show_stored(written, left, shown)
        finally:  # If one of them fails, the others are still shown.
            if self._written:
                self._soon(self._show)
            for log in shown:
                log.on_shown()

    def _show_stored(self, number: int, left: int, shown: dict[Target, None]) -> int:
        """Show the next ``number`` events, which are stored, as far as ``left`` allows, and add
        their logs to ``shown``. Returns what is left, in messages."""
        try:
            while number and left > 0:
                log, events, is_kept, callbacks = self._pending.popleft()
                if len(events) > left:  # The rest of a series is shown in the next turn, and answered then.
                    self._pending.appendleft((log, events[left:], is_kept, callbacks))
                    events, callbacks = events[:left], []
                count, event = len(events), events[-1]
                number -= count
                self._number_pending -= count
                log.show(events, is_kept)
                shown[log] = None
                self._finish(event, callbacks, event)
                left -= count if type(event) in MESSAGES else PRESENCE_SHOWN
                if type(event) is Left and event.reason is not Reason.LEFT:  # The connection has ended.
                    self._duplicates.forget(event.sender_id)
        finally:
            if number:
                self._written.appendleft(number)
        return left

    def _fail(self, failure: NotDelivered) -> None:
        self._generation += 1
        failed, self._pending, self._gathered = self._pending, deque(), []
        self._number_pending = 0
        for log, *_ in failed:
            log.roll_back()
        for _, events, _, callbacks in failed:
            self._finish(events[0], callbacks, failure)

    def _finish(self, event: Event, callbacks: Sequence[OnStored], outcome: Event | NotDelivered) -> None:
        if isinstance(event, Said) and event.id:
            del self._by_id[event.sender_id, event.id]
        self._notify(callbacks, outcome)

    def _notify(self, callbacks: Sequence[OnStored], outcome: Event | NotDelivered) -> None:
        for on_stored in callbacks:
            try:
                on_stored(outcome)
            except Exception as error:
                self._report(f"defect: the callback for {outcome!r} failed: {error!r}")


def _ignore(outcome: Event | NotDelivered) -> None:
    """Do nothing: whoever waits for the draft is told the outcome of that."""


def _too_slow() -> NotDelivered:
    return NotDelivered("Not delivered: the server's disk is too slow.", "Try again later.")


def not_delivered(error: Exception) -> NotDelivered:
    """The refusal for people of a message when the database reports ``error``."""
    return NotDelivered(f"Not delivered: {_reason(error)}.", "Try again later.")


def not_stored(error: Exception) -> NotDelivered:
    """The refusal for people of another change when the database reports ``error``."""
    return NotDelivered(f"Nothing has changed: {_reason(error)}.", "Try again later.")


def _reason(error: Exception) -> str:
    if isinstance(error, FilesGoneError):
        return "the server's data was deleted or moved"
    return REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "the server cannot write to its disk")
