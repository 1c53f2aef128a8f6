"""Receipts: what the writer's thread tells the reactor's thread of the batches that it was given.

The reactor's thread may wait a moment for one. Nobody is served meanwhile, but where the disk is
quick, that takes less time than to be told by the reactor, which needs a pipe and two turns. After
it has waited in vain, it waits for none for a while: people wait for a slow disk at most a
hundredth of the time, and never longer than :data:`WAIT_SECONDS`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from math import inf
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

WAIT_SECONDS: Final = 0.002
"""The longest that the reactor's thread waits for a receipt, in seconds."""

BREAK_SECONDS: Final = 0.2
"""How long it waits for none after it has waited in vain, in seconds."""


class Receipts(Generic[T]):
    """The receipts that the reactor's thread has not taken yet; ``take`` takes them in order.
    ``call`` calls a function in that thread, and ``clock`` is a steady one, in seconds."""

    def __init__(
        self, call: Callable[..., object], take: Callable[[T], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._call = call
        self._take = take
        self._clock = clock
        self._break_until = -inf
        self._receipts: deque[T] = deque()
        self._lock = Lock()
        self._is_awaited = False
        """Whether the reactor's thread waits for the next one."""
        self._arrived = Lock()
        """Is released when the one that is awaited is there."""
        self._arrived.acquire()

    # -- The reactor's thread

    def is_quick(self) -> bool:
        """Whether a receipt is expected soon after it is asked for."""
        return self._clock() >= self._break_until

    def expect(self) -> None:
        """Announce :meth:`wait`, before anything is given to the other thread."""
        self._is_awaited = True

    def wait(self) -> None:
        """Wait a moment for the next receipt, and take what is there."""
        has_arrived = self._arrived.acquire(timeout=WAIT_SECONDS)
        if not has_arrived:
            self._break_until = self._clock() + BREAK_SECONDS
            with self._lock:
                if not self._is_awaited:  # It has arrived at the last moment.
                    self._arrived.acquire()
                self._is_awaited = False
        self._take_all()

    def _take_all(self) -> None:
        while self._receipts:
            self._take(self._receipts.popleft())

    # -- The writer's thread

    def give(self, receipt: T) -> None:
        """Give ``receipt`` to the reactor's thread."""
        with self._lock:
            self._receipts.append(receipt)
            is_awaited, self._is_awaited = self._is_awaited, False
            if is_awaited:
                self._arrived.release()
        if not is_awaited:
            self._call(self._take_all)
