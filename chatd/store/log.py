"""The log of one room on disk. Its last events, the *tail*, are also in memory.

Everything here runs in the reactor's thread and never waits for the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chatd.core.events import Deleted, Edited, Event, RetentionSet, Said
from chatd.core.log import Copy, OnDeleted, OnStored
from chatd.core.state import RoomState, changes_state
from chatd.core.when import FOR_EVER
from chatd.store import queries
from chatd.store.appending import Appending
from chatd.store.pages import Pages
from chatd.store.queries import RoomRow
from chatd.store.reader import Ask
from chatd.store.tails import Tail
from chatd.store.writer import Deletion


class SqliteLog:
    """The log of the room ``row``, with the last events ``last`` (``chatd.core.log.Log``).

    ``tail`` is an empty log in memory that begins with the first of these. ``ask`` asks the
    database, and ``delete`` gives a deletion to the writer.
    """

    def __init__(
        self,
        row: RoomRow,
        last: Sequence[Event],
        tail: Tail,
        appending: Appending,
        pages: Pages,
        ask: Ask,
        delete: Callable[[Deletion], object],
    ) -> None:
        self.id = row.id
        self.key = row.key
        self.name = row.name
        self.is_stored = row.end > 1
        """Whether the room is in the database."""
        self._appending = appending
        self._pages = pages
        self._ask = ask
        self._delete = delete
        self._next = row.end
        """The seq of the next draft."""
        self._changes = 0
        """The number of drafts that wait to be stored and change the state."""
        self._first = row.first
        """The seq of the first event on the disk."""
        self.tail = tail
        """Its last events, which are in memory."""
        self.on_news: Callable[[], object] = tail.on_news
        if row.first < tail.first:
            tail.last_message = tail.first - 1  # It may be one; nobody has looked.
        for event in last:
            tail.add(event)
        tail.on_added()
        tail.state = row.state

    # -- State

    @property
    def first(self) -> int:
        return min(self._first, self.tail.first)

    @property
    def held(self) -> int:
        return self.tail.first

    @property
    def end(self) -> int:
        return self.tail.end

    @property
    def last_message(self) -> int:
        return self.tail.last_message

    @property
    def has_pending(self) -> bool:
        return self._next != self.end

    @property
    def is_changing(self) -> bool:
        return self._changes > 0

    @property
    def state(self) -> RoomState:
        return self.tail.state

    # -- Appending (appending.Target)

    def append(self, draft: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
        self._appending.append(self, draft, on_stored, copy)  # type: ignore[arg-type]  # The copy is for a log of ours too.

    def find_sent(self, sender_id: str, id: str, on_found: Callable[[Said | None], object]) -> None:
        self._appending.find_sent(sender_id, id, on_found)

    def append_series(self, drafts: Sequence[Said], on_stored: OnStored) -> None:
        self._appending.append_series(self, drafts, on_stored)

    def number(self, drafts: Sequence[Event]) -> bool:
        first = drafts[0]  # The others are messages too.
        for draft in drafts:
            draft.number(self._next)
            self._next += 1
        if type(first) is not Said and changes_state(first):
            self._changes += 1
        retention = self.tail.state.retention
        return not retention.text or not retention.is_none(first.time) or type(first) is RetentionSet

    def show(self, events: Sequence[Event], is_kept: bool) -> None:
        event = events[-1]
        self.is_stored = True
        if len(events) == 1:
            self.tail.add(event)
        else:
            self.tail.add_series(events)
        if self._changes and changes_state(event):
            self._changes -= 1
        if type(event) is Deleted or type(event) is Edited:
            self._pages.drop(self.id)
        if not is_kept:
            self._first = event.seq + 1

    def on_shown(self) -> None:
        self.tail.on_added()
        self.on_news()

    def roll_back(self) -> None:
        self._next = self.end
        self._changes = 0

    # -- Reading

    def read(self, start: int, stop: int) -> Sequence[Event]:
        start = max(start, self.first)
        if start >= self.tail.first:
            return self.tail.read(start, stop)
        older = self._pages.read(self.id, start, min(stop, self.tail.first))
        if start + len(older) < self.tail.first:
            return older
        return [*older, *self.tail.read(self.tail.first, stop)]

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        start, stop = max(start, self.first), min(stop, self.tail.first)
        if start >= stop or len(self.read(start, stop)) == stop - start:
            on_loaded(True)
        else:
            self._pages.load(self.id, self.name, start, stop, self._on_deleted, on_loaded)

    def find_time(self, time: int, on_found: Callable[[int], object]) -> None:
        def on_answer(answer: int | Exception) -> None:
            on_found(self.end if isinstance(answer, Exception) else max(answer, self.first))

        self._ask(partial(queries.seq_at_time, room=self.id, first=self.first, stop=self.end, time=time), on_answer)

    def find_talk(self, peer: str, seq: int, count: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        def on_answer(answer: Sequence[Event] | Exception) -> None:
            on_found(None if isinstance(answer, Exception) else answer)

        self._ask(partial(queries.talk, room=self.id, name=self.name, peer=peer, seq=seq, count=count), on_answer)

    def find_talks(self, seq: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        def on_answer(answer: Sequence[Event] | Exception) -> None:
            on_found(None if isinstance(answer, Exception) else answer)

        self._ask(partial(queries.talks, room=self.id, name=self.name, start=seq, stop=self.end), on_answer)

    # -- Deleting

    def delete_before(self, seq: int, on_deleted: OnDeleted) -> None:
        self._appending.flush()
        self._delete(Deletion(self.id, FOR_EVER, seq, self._on_deleted, lambda first: on_deleted(first, 0)))

    def delete_old(self, now: int, most: int, on_deleted: OnDeleted) -> None:
        self.tail.drop_old(now)
        retention = self.state.retention
        cutoff = retention.cutoff(now, most)
        if retention.is_none(now):  # Only older events are on the disk; those of the last minutes are in memory.
            self.tail.delete_old(now, most, lambda first, time: None)
            self._delete_before(FOR_EVER, self._on_deleted_on_disk, lambda first: on_deleted(first, now))
        elif cutoff > 0:
            self._delete_before(cutoff, self._on_deleted, lambda first: on_deleted(first, cutoff))

    def _delete_before(self, time: int, on_part: Callable[[int], object], on_end: Callable[[int], object]) -> None:
        self._appending.flush()  # The writer must get the events that are already numbered before the deletion.
        self._delete(Deletion(self.id, time, self._next, on_part, on_end))

    def _on_deleted(self, first: int) -> None:
        """All events before seq ``first`` have been deleted."""
        self._on_deleted_on_disk(first)
        self.tail.drop(min(first, self.end))  # The last ones may be stored and not visible yet.

    def _on_deleted_on_disk(self, first: int) -> None:
        self._first = max(self._first, first)
        self._pages.drop(self.id)
