"""The threads that hash, and the queue before them: the addresses that ask take turns.

Whoever asks much waits for itself: an address waits at most for one hash of each other address that
waits, and what nobody waits for any more is not hashed.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from chatd.core.identity import network_of
from chatd.core.limits import HASHING_THREADS, HASHINGS_PER_ADDRESS, HASHINGS_WAITING
from chatd.core.log import Asker

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Job(Generic[T]):
    """Something to compute for ``asker``; it shows no password."""

    work: Callable[[], T]
    asker: Asker
    on_result: Callable[[T | None], object]

    def __repr__(self) -> str:
        return f"<a job for {self.asker.address}>"


RunInThread = Callable[[_Job[Any], Callable[[Any], None]], object]
"""Does the work of a job in a thread, and calls a function with the result in the reactor's."""


class FairQueue:
    """The jobs that wait, by address. ``run`` starts one."""

    def __init__(self, run: RunInThread) -> None:
        self._run = run
        self._waiting: OrderedDict[str, deque[_Job[Any]]] = OrderedDict()
        self._count = 0
        self._running = 0

    def put(self, work: Callable[[], T], asker: Asker, on_result: Callable[[T | None], object]) -> None:
        """Do ``work`` in a thread when it is the turn of the asker's address.

        ``on_result`` is called with what it returns; with None where it fails, where too much waits
        already, or where nobody waits for the result any more.
        """
        address = network_of(asker.address)
        of_address = self._waiting.get(address, ())
        if self._count >= HASHINGS_WAITING or len(of_address) >= HASHINGS_PER_ADDRESS:
            on_result(None)
            return
        self._waiting.setdefault(address, deque()).append(_Job(work, asker, on_result))
        self._count += 1
        self._run_next()

    def _run_next(self) -> None:
        while self._running < HASHING_THREADS and self._waiting:
            job = self._next()
            if job.asker.is_waiting():
                self._running += 1
                self._run(job, partial(self._on_result, job))
            else:
                job.on_result(None)

    def _next(self) -> _Job[Any]:
        """The oldest job of the address whose turn it is; then it is the others' turn."""
        address, jobs = self._waiting.popitem(last=False)
        job = jobs.popleft()
        self._count -= 1
        if jobs:
            self._waiting[address] = jobs
        return job

    def _on_result(self, job: _Job[Any], result: Any) -> None:
        self._running -= 1
        try:
            job.on_result(result)
        finally:
            self._run_next()


class Threads:
    """``HASHING_THREADS`` threads, which start with the first job: a daemon forks before it.
    ``call`` calls a function in the reactor's thread."""

    def __init__(self, call: Callable[..., object]) -> None:
        self._call = call
        self._jobs: SimpleQueue[tuple[_Job[Any], Callable[[Any], None]] | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def run(self, job: _Job[Any], on_result: Callable[[Any], None]) -> None:
        """Do ``job``, and call ``on_result`` with what it returns."""
        if not self._threads:
            self._threads = [Thread(target=self._work, name="chatd hashing", daemon=True) for _ in range(HASHING_THREADS)]
            for thread in self._threads:
                thread.start()
        self._jobs.put((job, on_result))

    def close(self) -> None:
        """End the threads after the jobs that they have begun."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _work(self) -> None:
        while (one := self._jobs.get()) is not None:
            job, on_result = one
            try:
                result = job.work()
            except Exception:  # There is no memory left, for instance; the next one may have more luck.
                result = None
            self._call(on_result, result)
