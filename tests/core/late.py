"""A store in memory that calls back only on request, as a store on disk calls back later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from chatd.core.account import Change
from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Said
from chatd.core.log import Asker, Copy, OnChanged, OnResults, OnStored
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.search import Query
from chatd.core.state import changes_state


class LateStore(MemoryStore):
    """A store that makes all callbacks in :meth:`answer`, in the order of the calls."""

    def __init__(self) -> None:
        super().__init__("testlog", partial(LateLog, self))
        self.waiting: list[Callable[[], object]] = []
        self.failure: NotDelivered | None = None
        """The outcome of every append, if it is set."""

    def answer(self) -> None:
        """Make all callbacks, including those of calls that they make."""
        while self.waiting:
            self.waiting.pop(0)()

    def after_pending(self, then: Callable[[], object]) -> None:
        self.waiting.append(then)

    def change_accounts(self, changes: Sequence[Change], on_changed: OnChanged) -> None:
        self.waiting.append(lambda: on_changed(self.failure))

    def search(self, query: Query, asker: Asker, on_results: OnResults) -> None:
        self.waiting.append(partial(super().search, query, asker, on_results))


class LateLog(MemoryLog):
    """A log of a :class:`LateStore`."""

    def __init__(self, store: LateStore, **options: Any) -> None:
        super().__init__(**options)
        self._store = store
        self._changes = 0

    def append(self, draft: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
        self._changes += changes_state(draft)
        self._store.waiting.append(partial(self._append, draft, on_stored, copy))

    def append_series(self, drafts: Sequence[Said], on_stored: OnStored) -> None:
        self._store.waiting.append(partial(self._append_series, drafts, on_stored))

    def _append_series(self, drafts: Sequence[Said], on_stored: OnStored) -> None:
        if self._store.failure is not None:
            on_stored(self._store.failure)
        else:
            super().append_series(drafts, on_stored)

    @property
    def is_changing(self) -> bool:  # type: ignore[override]
        return self._changes > 0

    def _append(self, draft: Event, on_stored: OnStored, copy: Copy | None) -> None:
        self._changes -= changes_state(draft)
        if self._store.failure is not None:
            on_stored(self._store.failure)
        else:
            super().append(draft, on_stored, copy)

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        self._store.waiting.append(partial(on_loaded, self._store.failure is None))

    def find_time(self, time: int, on_found: Callable[[int], object]) -> None:
        self._store.waiting.append(partial(super().find_time, time, on_found))
