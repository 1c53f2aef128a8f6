"""Receipts: what the reactor's thread is told of its batches, and waits for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread, get_ident

import pytest

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Said
from chatd.store import database, receipts
from chatd.store.receipts import BREAK_SECONDS, Receipts
from chatd.store.writer import Batch, DiskWriter, UnstoredRoom
from tests.store.pumped import PumpedStore

LOBBY = UnstoredRoom(1, "lobby", "lobby")


class Reactor:
    """The receipts of a thread that is the test, and what the reactor was asked to call."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[int] = []
        self.calls: list[Callable[[], object]] = []
        self.receipts = Receipts[int](self.calls.append, self.taken.append, lambda: self.now)


def test_receipts_that_nobody_awaits_are_taken_in_the_reactor() -> None:
    reactor = Reactor()
    reactor.receipts.give(1)
    reactor.receipts.give(2)
    assert (reactor.taken, len(reactor.calls)) == ([], 2)
    for call in reactor.calls:
        call()
    assert reactor.taken == [1, 2]


def test_a_receipt_that_is_awaited_needs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 10.0)
    reactor = Reactor()
    reactor.receipts.expect()
    Thread(target=reactor.receipts.give, args=(1,)).start()
    reactor.receipts.wait()
    assert (reactor.taken, reactor.calls) == ([1], [])
    assert reactor.receipts.is_quick()


def test_after_waiting_in_vain_nothing_is_awaited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 0.0)
    reactor = Reactor()
    reactor.receipts.expect()
    reactor.receipts.wait()
    assert (reactor.taken, reactor.receipts.is_quick()) == ([], False)
    reactor.receipts.give(1)
    [call] = reactor.calls
    call()
    assert reactor.taken == [1]
    reactor.now += BREAK_SECONDS
    assert reactor.receipts.is_quick()


class Late:
    """A lock that is released in the moment after somebody has waited for it in vain."""

    def __init__(self, receipts: Receipts[int]) -> None:
        self.receipts = receipts
        self.held = True

    def acquire(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            self.receipts.give(1)
            return False
        assert not self.held, "this would wait forever"
        self.held = True
        return True

    def release(self) -> None:
        self.held = False


def test_a_receipt_that_comes_in_the_last_moment_is_taken_once() -> None:
    reactor = Reactor()
    late = reactor.receipts._arrived = Late(reactor.receipts)  # type: ignore[assignment]
    reactor.receipts.expect()
    reactor.receipts.wait()
    assert (reactor.taken, reactor.calls, late.held) == ([1], [], True)


# -- The writer


class Writing:
    """A writer with one stored room, whose answers are taken with the thread that gave them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / database.FILE_NAME
        database.prepare(self.path)
        self.calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.answers: list[tuple[int, bool]] = []
        self.writer = DiskWriter(self.path, self.calls.put, self._on_written, ())
        self.end = 1
        self.put(rooms=[LOBBY], may_wait=False)
        self.calls.get(timeout=10)()

    def _on_written(self, batches: Sequence[Batch], error: Exception | None) -> None:
        assert get_ident() == self.thread
        self.answers.append((sum(map(len, batches)), error is None))

    def put(self, number: int = 1, rooms: Sequence[UnstoredRoom] = (), may_wait: bool = True) -> bool:
        """Store the next ``number`` messages; whether they are stored when that returns."""
        self.thread = get_ident()
        before = len(self.answers)
        events = [(1, [Said("lobby", self.end + index, 0, "ada", "o", "hi")]) for index in range(number)]
        self.end += number
        self.writer.put(Batch(0, events, rooms), may_wait)
        return len(self.answers) > before

    def stored(self) -> int:
        self.writer.close()
        with sqlite3.connect(self.path) as connection:
            number: int = connection.execute("SELECT count(*) FROM event").fetchone()[0]
        return number


@pytest.fixture
def writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writing:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 10.0)
    return Writing(tmp_path)


def test_a_batch_that_is_awaited_is_answered_before_put_returns(writing: Writing) -> None:
    assert writing.put()
    assert writing.put(300)
    writing.end -= 1  # This number is used.
    assert writing.put(2)
    assert writing.answers == [(1, True), (1, True), (300, True), (2, False)]
    assert writing.calls.empty()
    assert writing.stored() == 302


def test_a_batch_is_not_awaited_behind_others_or_where_nobody_may_wait(writing: Writing) -> None:
    assert not writing.put(may_wait=False)
    assert not writing.put()
    while len(writing.answers) < 2 and writing.answers != [(1, True), (2, True)]:
        writing.calls.get(timeout=10)()
    while writing.writer._unanswered:
        writing.calls.get(timeout=10)()
    assert writing.put()
    assert writing.stored() == 4


def test_a_batch_that_takes_longer_is_answered_in_the_reactor(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 0.0)
    go_on, check = Flag(), writing.writer._watch.check
    monkeypatch.setattr(writing.writer._watch, "check", lambda: (go_on.wait(10), check()))
    assert not writing.put()
    assert not writing.put()
    go_on.set()
    while writing.writer._unanswered:
        writing.calls.get(timeout=10)()
    assert writing.stored() == 3


# -- The store


def test_a_store_shows_at_once_what_is_stored_in_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 10.0)
    store = PumpedStore(tmp_path, Receipts)
    log = store.room()
    outcomes: list[Event | NotDelivered] = []
    log.append(Said("lobby", DRAFT, 0, "ada", "o", "hi"), outcomes.append)
    assert log.end == 1
    [flush] = store.turn
    store.turn.clear()
    flush()
    assert (log.end, len(outcomes), store.calls.empty()) == (2, 1, True)
    store.close()
    again = PumpedStore(tmp_path)
    assert again.room().end == 2
    again.close()
