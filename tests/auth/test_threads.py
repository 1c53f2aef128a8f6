"""The queue before the hashing threads: whose turn it is, and its limits; and the threads."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from chatd.auth.threads import FairQueue, Threads
from chatd.core.log import Asker


class Hand:
    """Runs a job when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, Callable[[Any], None]]] = []
        self.queue = FairQueue(lambda job, on_result: self.jobs.append((job, on_result)))
        self.results: list[str | None] = []

    def put(self, name: str, address: str, is_waiting: Callable[[], bool] = lambda: True) -> None:
        self.queue.put(lambda: name, Asker(address, is_waiting), self.results.append)

    def finish(self) -> None:
        """Finish the job that has run longest."""
        job, on_result = self.jobs.pop(0)
        on_result(job.work())


def test_two_run_at_once_and_the_addresses_take_turns() -> None:
    hand = Hand()
    for number in range(5):
        hand.put(f"guess {number}", "192.0.2.6")
    hand.put("owner", "192.0.2.7")
    assert len(hand.jobs) == 2
    for _ in range(6):
        hand.finish()
    assert hand.results == ["guess 0", "guess 1", "guess 2", "owner", "guess 3", "guess 4"]


def test_an_owner_waits_for_one_hash_of_each_address_that_guesses() -> None:
    hand = Hand()
    for number in range(50):
        for _ in range(3):
            hand.put("guess", f"192.0.2.{number}")
    hand.put("owner", "198.51.100.1")
    while "owner" not in hand.results:
        hand.finish()
    assert len(hand.results) <= 53  # Two ran already.


def test_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.auth.threads.HASHINGS_PER_ADDRESS", 2)
    monkeypatch.setattr("chatd.auth.threads.HASHINGS_WAITING", 3)
    hand = Hand()
    for name in "abcde":  # Two of them run.
        hand.put(name, "2001:db8::1" if name in "ace" else "2001:db8::2")
    assert hand.results == [None]
    hand.put("f", "2001:db8:1::1")
    hand.put("g", "2001:db8:2::1")
    assert hand.results == [None, None]
    while hand.jobs:
        hand.finish()
    assert hand.results == [None, None, *"abcfd"]


def test_what_nobody_waits_for_is_not_hashed() -> None:
    hand, waiting = Hand(), True
    hand.put("a", "192.0.2.1")
    hand.put("b", "192.0.2.1")
    hand.put("c", "192.0.2.1", lambda: waiting)
    hand.put("d", "192.0.2.1")
    waiting = False
    while hand.jobs:
        hand.finish()
    assert hand.results == ["a", None, "d", "b"] or hand.results == ["a", None, "b", "d"]


def test_a_callback_that_fails_stops_nobody() -> None:
    hand = Hand()

    def fail(result: object) -> None:
        raise ValueError("not ready")

    for _ in range(2):
        hand.queue.put(lambda: "a", Asker("192.0.2.1", lambda: True), fail)
    hand.put("b", "192.0.2.1")
    for _ in range(2):
        with pytest.raises(ValueError, match="not ready"):
            hand.finish()
    hand.finish()
    assert hand.results == ["b"]


def test_a_job_shows_no_password() -> None:
    hand = Hand()
    hand.put("secret", "192.0.2.1")
    assert repr(hand.jobs[0][0]) == "<a job for 192.0.2.1>"
    hand.finish()


def test_the_threads_start_with_the_first_job_and_survive_a_failure() -> None:
    calls: SimpleQueue[tuple[Callable[..., object], Any]] = SimpleQueue()
    threads = Threads(lambda function, result: calls.put((function, result)))
    threads.close()
    queue, results = FairQueue(threads.run), list[object]()
    asker = Asker("192.0.2.1", lambda: True)
    for work in (lambda: 1 / 0, lambda: "done"):
        queue.put(work, asker, results.append)
    for _ in range(2):
        function, result = calls.get(timeout=10)
        function(result)
    assert sorted(map(str, results)) == ["None", "done"]
    threads.close()
