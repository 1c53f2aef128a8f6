"""Searches: one at a time, and the addresses that ask take turns.

A search can take seconds. A search of one address delays another address by at most one search: it
ends early while another address waits, and immediately when nobody waits for its answer.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from chatd.core.events import Event
from chatd.core.log import Asker
from chatd.core.search import Query
from chatd.store import index
from chatd.store.reader import Ask

SEARCH_SECONDS: Final = 3.0
"""How long a search may take, in seconds, before it is given up."""

SHARED_SECONDS: Final = 0.5
"""How long it may take while another address waits, in seconds."""


@dataclass(slots=True, eq=False)
class _Search:
    """One search: the query, and the person who asks."""

    query: Query
    asker: Asker
    on_answer: Callable[[Sequence[Event] | Exception], object]


class Searches:
    """The searches that wait, by address. ``ask`` asks the database, one question after another."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: OrderedDict[str, deque[_Search]] = OrderedDict()
        self._running: _Search | None = None
        self._is_contended = False
        """Whether another address waits for the one that runs; the thread that searches reads
        it."""

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, query: Query, asker: Asker, on_answer: Callable[[Sequence[Event] | Exception], object]) -> None:
        """Search when it is this address's turn, and tell the answer, or why there is none."""
        self._waiting.setdefault(asker.address, deque()).append(_Search(query, asker, on_answer))
        self._run_next()
        self._note_contention()

    def _run_next(self) -> None:
        while self._running is None and self._waiting:
            search = self._next()
            if search.asker.is_waiting():
                self._running = search
                give_up = partial(self._give_up, search, time.monotonic())
                self._ask(partial(index.search, query=search.query, give_up=give_up), self._on_answer)
            else:
                search.on_answer([])

    def _next(self) -> _Search:
        """The oldest search of the address whose turn it is; then it is the others' turn."""
        address, searches = self._waiting.popitem(last=False)
        search = searches.popleft()
        if searches:
            self._waiting[address] = searches
        return search

    def _give_up(self, search: _Search, began: float) -> bool:
        """Whether ``search`` has taken too long; asked now and then, by the thread that
        searches."""
        limit = SHARED_SECONDS if self._is_contended else SEARCH_SECONDS
        return time.monotonic() - began > limit or not search.asker.is_waiting()

    def _on_answer(self, answer: Sequence[Event] | Exception) -> None:
        search, self._running = self._running, None
        assert search is not None
        try:
            search.on_answer(answer)
        finally:
            self._run_next()
            self._note_contention()

    def _note_contention(self) -> None:
        running = self._running.asker.address if self._running else ""
        self._is_contended = any(address != running for address in self._waiting)
