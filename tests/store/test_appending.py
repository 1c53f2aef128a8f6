"""Appending: numbers, batches and answers, without a disk (with one: test_sqlite.py)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Left, Reason, Said
from chatd.core.limits import PRESENCE_SHOWN, SHOWN_A_TURN
from chatd.store.appending import Appending
from chatd.store.duplicates import Duplicates
from chatd.store.writer import Batch


class FakeLog:
    """Numbers drafts and records which events it shows."""

    def __init__(self, id: int = 1) -> None:
        self.id = id
        self.key = self.name = f"room{id}"
        self.is_stored = False
        self.shown: list[int] = []
        self.announced: list[int] = []
        """How many were shown each time that it was told so."""
        self.first = self.next = 1

    def number(self, drafts: Sequence[Event]) -> bool:
        for draft in drafts:
            draft.number(self.next)
            self.next += 1
        return True

    def show(self, events: Sequence[Event], is_kept: bool) -> None:
        self.is_stored = True
        self.shown += [event.seq for event in events]

    def on_shown(self) -> None:
        self.announced.append(len(self.shown))

    def roll_back(self) -> None:
        self.next = len(self.shown) + 1


class Harness:
    """An ``Appending`` whose reactor, writer and disk are the test."""

    def __init__(self) -> None:
        self.turn: list[Callable[[], None]] = []
        self.gathering: list[Callable[[], None]] = []
        self.gathering_leavings: list[Callable[[], None]] = []
        self.added: list[int] = []
        """How many events have arrived, as the gathering is told."""
        self.batches: list[Batch] = []
        self.look_ups: list[Callable[[Any], object]] = []
        self.reports: list[str] = []
        duplicates = Duplicates(lambda question, on_answer: self.look_ups.append(on_answer), self.reports.append)

        def put(batch: Batch, may_wait: bool) -> None:
            self.batches.append(batch)

        self.appending = Appending(duplicates, self.turn.append, self, put, self.reports.append)
        self.log = FakeLog()

    def gather(self, store: Callable[[], None]) -> None:
        self.gathering.append(store)

    def gather_leavings(self, store: Callable[[], None]) -> None:
        self.gathering_leavings.append(store)

    def add(self, number: int) -> None:
        assert self.gathering or self.gathering_leavings
        self.added.append(number)

    def say(self, text: str, id: str = "", sender_id: str = "seat", log: FakeLog | None = None) -> list[Event | NotDelivered]:
        outcomes: list[Event | NotDelivered] = []
        self.appending.append(log or self.log, Said("room", DRAFT, 0, "ada", sender_id, text, id=id), outcomes.append)
        return outcomes

    def say_series(self, number: int) -> list[Event | NotDelivered]:
        outcomes: list[Event | NotDelivered] = []
        drafts = [Said("room", DRAFT, 0, "ada", "seat", str(index)) for index in range(number)]
        self.appending.append_series(self.log, drafts, outcomes.append)
        return outcomes

    def leave(self, reason: Reason) -> None:
        draft = Left("room", DRAFT, 0, "ada", "seat", reason)
        self.appending.append(self.log, draft, lambda outcome: None)

    def end_turn(self) -> list[Batch]:
        """End the reactor's turn, in which everything that is gathered is due. Returns the batches
        for the writer."""
        self.turn += self.gathering_leavings + self.gathering
        self.gathering_leavings.clear()
        self.gathering.clear()
        while self.turn:
            self.turn.pop(0)()
        batches, self.batches = self.batches, []
        return batches

    def store(self, error: Exception | None = None) -> None:
        """Let the writer store the batches, or fail."""
        self.appending.on_written(self.end_turn(), error)


def seqs(*outcomes: list[Event | NotDelivered]) -> list[int]:
    return [outcome.seq for [outcome] in outcomes if isinstance(outcome, Event)]


def test_the_events_of_one_turn_are_one_batch() -> None:
    harness = Harness()
    other = FakeLog(2)
    outcomes = [harness.say("one"), harness.say("two", log=other), harness.say("three")]
    [batch] = harness.end_turn()
    assert [(room, event.seq) for room, [event] in batch.series] == [(1, 1), (2, 1), (1, 2)]
    assert [room.id for room in batch.rooms] == [1, 2]
    assert outcomes == [[], [], []]
    harness.appending.on_written([batch], None)
    assert seqs(*outcomes) == [1, 1, 2]
    assert (harness.log.announced, other.announced) == ([2], [1])
    harness.say("four")
    assert harness.end_turn()[0].rooms == []


def test_those_who_are_gone_wait_for_whatever_is_stored_next() -> None:
    harness = Harness()
    for _ in range(2):
        harness.leave(Reason.QUIT)
        harness.leave(Reason.LINK_LOST)
        assert (len(harness.gathering_leavings), harness.gathering) == (1, [])
        harness.say("one")
        harness.leave(Reason.QUIT)
        harness.say("two")
        assert (len(harness.gathering_leavings), len(harness.gathering)) == (1, 1)
        [batch] = harness.end_turn()
        assert len(batch) == 5


def test_those_who_are_gone_are_stored_if_nothing_else_is() -> None:
    harness = Harness()
    harness.leave(Reason.QUIT)
    assert len(harness.end_turn()[0]) == 1
    harness.say("one")
    assert len(harness.end_turn()[0]) == 1


@pytest.mark.parametrize("reason", [Reason.LEFT, Reason.KICKED])
def test_a_leaving_that_somebody_sees_at_once_does_not_wait(reason: Reason) -> None:
    harness = Harness()
    harness.leave(reason)
    assert (harness.gathering_leavings, len(harness.gathering)) == ([], 1)


def test_what_is_gathered_in_several_turns_is_one_batch() -> None:
    harness = Harness()
    harness.say("one")
    assert harness.turn == []
    harness.say("two")
    [flush] = harness.gathering
    flush()
    [batch] = harness.batches
    assert len(batch) == 2


def test_an_empty_turn_makes_no_batch() -> None:
    harness = Harness()
    harness.appending.flush()
    assert harness.batches == []


def test_the_next_event_gets_the_number_of_a_failed_one() -> None:
    harness = Harness()
    lost = harness.say("lost")
    harness.store(sqlite3.OperationalError("database or disk is full"))
    assert isinstance(lost[0], NotDelivered)
    assert lost[0].reason == "Not delivered: the server cannot write to its disk."
    kept = harness.say("kept")
    [batch] = harness.end_turn()
    assert batch.generation == 1
    harness.appending.on_written([batch], None)
    assert seqs(kept) == [1]


def test_the_gathering_is_told_how_many_have_arrived() -> None:
    harness = Harness()
    harness.say("one")
    harness.say_series(3)
    harness.leave(Reason.QUIT)
    assert harness.added == [1, 3, 1]


def test_gathered_events_fail_with_the_batch_before_them() -> None:
    harness = Harness()
    lost, batches = harness.say("lost"), harness.end_turn()
    behind = harness.say("behind it")
    harness.appending.on_written(batches, sqlite3.OperationalError("full"))
    assert [type(outcome) for outcome in (*lost, *behind)] == [NotDelivered, NotDelivered]
    assert harness.end_turn() == []


def test_a_room_that_was_not_stored_is_stored_with_the_next_event() -> None:
    harness = Harness()
    harness.say("lost")
    harness.store(sqlite3.OperationalError("full"))
    harness.say("kept")
    [batch] = harness.end_turn()
    assert [room.id for room in batch.rooms] == [1]


def test_a_look_up_keeps_the_order_of_its_sender() -> None:
    harness = Harness()
    first, second, other = harness.say("one", id="1"), harness.say("two"), harness.say("three", sender_id="other")
    harness.look_ups.pop()((None, []))
    harness.store()
    assert seqs(first, second, other) == [2, 3, 1]


def test_a_message_found_on_the_disk_is_the_outcome() -> None:
    harness = Harness()
    said = Said("elsewhere", 42, 0, "ada", "seat", "one", id="1")
    first, second = harness.say("one", id="1"), harness.say("two")
    harness.look_ups.pop()((said, ["1"]))
    harness.store()
    assert first == [said]
    assert seqs(second) == [1]


def test_what_an_answer_causes_comes_after_what_waits() -> None:
    harness = Harness()
    outcomes: list[list[Event | NotDelivered]] = []

    def answer_and_go_on(outcome: object) -> None:
        outcomes.append(harness.say("three", id="3"))

    said = Said("elsewhere", 42, 0, "ada", "seat", "one", id="1")
    harness.appending.append(harness.log, Said("room", DRAFT, 0, "ada", "seat", "one", id="1"), answer_and_go_on)
    second = harness.say("two", id="2")
    harness.look_ups.pop()((said, ["1", "2", "3"]))
    [look_up] = harness.look_ups
    assert (second, outcomes) == ([], [[]])
    two = Said("elsewhere", 43, 0, "ada", "seat", "two", id="2")
    look_up((two, None))
    assert second == [two]
    harness.look_ups.pop()((None, None))
    fourth = harness.say("four")
    harness.store()
    assert seqs(outcomes[0], fourth) == [1, 2]


def test_after_pending_waits_for_earlier_events_only() -> None:
    harness, done = Harness(), list[str]()
    harness.say("looked up", id="1")
    harness.appending.after_pending(lambda: done.append("both"))
    harness.say("looked up too", id="1", sender_id="other")
    harness.look_ups.pop(0)((None, []))
    assert done == []
    harness.store()
    assert done == ["both"]


def shown_each_turn(harness: Harness) -> list[int]:
    """How many events become visible in each turn of the reactor, until none does."""
    numbers, shown = [], 0
    while len(harness.log.shown) > shown:
        numbers.append(len(harness.log.shown) - shown)
        shown = len(harness.log.shown)
        turn = harness.turn.copy()
        harness.turn.clear()
        for call in turn:
            call()
    return numbers


def test_much_that_is_stored_is_shown_in_several_turns() -> None:
    harness, done = Harness(), list[str]()
    for number in range(2 * SHOWN_A_TURN + 1):
        harness.say(str(number))
    harness.appending.after_pending(lambda: done.append("all"))
    harness.store()
    assert done == []
    assert shown_each_turn(harness) == [SHOWN_A_TURN, SHOWN_A_TURN, 1]
    assert (harness.log.shown, done) == ([*range(1, 2 * SHOWN_A_TURN + 2)], ["all"])


def test_a_crowd_that_leaves_at_once_is_shown_in_several_turns() -> None:
    harness = Harness()
    for _ in range(250 * 20):
        harness.appending.append(harness.log, Left("room", DRAFT, 0, "ada", "seat", Reason.QUIT), lambda outcome: None)
    harness.store()
    assert shown_each_turn(harness) == [SHOWN_A_TURN // PRESENCE_SHOWN] * 100


def test_a_failure_waits_for_what_was_stored_before_it() -> None:
    harness = Harness()
    stored = [harness.say(str(number)) for number in range(SHOWN_A_TURN + 1)]
    batches, lost = harness.end_turn(), harness.say("lost")
    failed = harness.end_turn()
    harness.appending.on_written(batches, None)
    harness.appending.on_written(failed, sqlite3.OperationalError("full"))
    assert (stored[-1], lost) == ([], [])
    harness.end_turn()
    assert seqs(*stored) == [*range(1, SHOWN_A_TURN + 2)]
    assert isinstance(lost[0], NotDelivered)


def test_a_log_that_fails_keeps_no_other_from_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    harness, other = Harness(), FakeLog(2)
    monkeypatch.setattr(other, "show", lambda events, is_kept: 1 / 0)
    harness.say("a defect", log=other)
    after = harness.say("after")
    with pytest.raises(ZeroDivisionError):
        harness.store()
    harness.end_turn()
    assert seqs(after) == [1]


def test_a_defect_in_a_callback_affects_no_other() -> None:
    harness = Harness()
    harness.appending.append(harness.log, Said("room", DRAFT, 0, "ada", "seat", "x"), lambda outcome: 1 / 0)
    after = harness.say("after")
    harness.store()
    assert seqs(after) == [2]
    assert "defect: " in harness.reports[0]


@pytest.mark.parametrize("full", [2, 3])
def test_the_number_of_pending_events_is_limited(monkeypatch: pytest.MonkeyPatch, full: int) -> None:
    monkeypatch.setattr("chatd.store.appending.PENDING_EVENTS", full)
    harness = Harness()
    outcomes = [harness.say(str(number)) for number in range(4)]
    assert [bool(outcome) for outcome in outcomes] == [False] * full + [True] * (4 - full)
    assert "too slow" in str(outcomes[-1][0])


def test_a_series_is_shown_in_several_turns_and_answered_at_its_end() -> None:
    harness = Harness()
    first, series, last = harness.say("first"), harness.say_series(SHOWN_A_TURN), harness.say("last")
    harness.store()
    assert shown_each_turn(harness) == [SHOWN_A_TURN, 2]
    assert seqs(first, series, last) == [1, SHOWN_A_TURN + 1, SHOWN_A_TURN + 2]


def test_a_series_waits_for_a_look_up_of_its_sender() -> None:
    harness = Harness()
    first, series = harness.say("one", id="1"), harness.say_series(2)
    harness.look_ups.pop()((None, []))
    harness.store()
    assert seqs(first, series) == [1, 3]


def test_a_series_that_is_too_much_is_refused_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.store.appending.PENDING_EVENTS", 3)
    harness = Harness()
    fits, too_much = harness.say_series(2), harness.say_series(2)
    harness.store(sqlite3.OperationalError("full"))
    assert [type(outcome) for outcome in (*fits, *too_much)] == [NotDelivered, NotDelivered]
    assert harness.log.next == 1
