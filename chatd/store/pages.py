"""Pages: a cache of older events from the disk, shared by all readers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from chatd.core.events import Event
from chatd.core.limits import LOG_PAGE_EVENTS, LOG_PAGES
from chatd.store import queries
from chatd.store.reader import Ask


class Pages:
    """The most recently used pages: page N of a room has its events from seq
    ``N * LOG_PAGE_EVENTS`` on.

    ``ask`` asks the database, and ``report`` logs a line for the operator.
    """

    def __init__(self, ask: Ask, report: Callable[[str], None]) -> None:
        self._ask = ask
        self._report = report
        self._pages: OrderedDict[tuple[int, int], Sequence[Event]] = OrderedDict()
        self._drops = 0
        """How often pages were dropped: an answer from before the last time is not used."""

    def __len__(self) -> int:
        return len(self._pages)

    def read(self, room: int, start: int, stop: int) -> list[Event]:
        """The events of the room with this id from ``start`` up to ``stop``, as far as they are in
        memory without a gap."""
        events: list[Event] = []
        while start < stop:
            page = self._get(room, start // LOG_PAGE_EVENTS)
            part = page[start - page[0].seq : stop - page[0].seq] if page and page[0].seq <= start else ()
            if not part:
                break
            events += part
            start += len(part)
        return events

    def load(
        self,
        room: int,
        name: str,
        start: int,
        stop: int,
        on_deleted: Callable[[int], object],
        on_loaded: Callable[[bool], object],
    ) -> None:
        """Load the pages with the events from ``start`` up to ``stop`` into memory.

        If events from ``start`` on have been deleted, ``on_deleted`` is first called with the seq
        of the oldest remaining event. ``on_loaded`` is called with whether the disk could be read.
        """
        first, end = start // LOG_PAGE_EVENTS, -(-stop // LOG_PAGE_EVENTS)
        drops = self._drops

        def on_answer(answer: Sequence[Event] | Exception) -> None:
            if isinstance(answer, Exception):
                self._report(f"the database cannot be read: {answer}")
                on_loaded(False)
                return
            if drops != self._drops:
                self.load(room, name, start, stop, on_deleted, on_loaded)
                return
            oldest = answer[0].seq if answer else stop
            if start < oldest:
                on_deleted(oldest)
            for number in range(first, end):
                seqs = range(number * LOG_PAGE_EVENTS, (number + 1) * LOG_PAGE_EVENTS)
                self._put(room, number, [event for event in answer if event.seq in seqs])
            on_loaded(True)

        question = partial(queries.events, room=room, name=name, start=first * LOG_PAGE_EVENTS, stop=end * LOG_PAGE_EVENTS)
        self._ask(question, on_answer)

    def drop(self, room: int) -> None:
        """Drop all pages of this room, since events of it have been deleted."""
        self._drops += 1
        for key in [key for key in self._pages if key[0] == room]:
            del self._pages[key]

    def _get(self, room: int, number: int) -> Sequence[Event]:
        page = self._pages.get((room, number))
        if page is None:
            return ()
        self._pages.move_to_end((room, number))
        return page

    def _put(self, room: int, number: int, events: Sequence[Event]) -> None:
        self._pages[room, number] = events
        self._pages.move_to_end((room, number))
        if len(self._pages) > LOG_PAGES:
            self._pages.popitem(last=False)
