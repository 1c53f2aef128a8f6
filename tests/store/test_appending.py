"""Appending: numbers, batches and answers, without a disk (with one: test_sqlite.py)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Said
from chatd.store.appending import Appending
from chatd.store.duplicates import Duplicates
from chatd.store.writer import Batch


class FakeLog:
    """Numbers drafts, and keeps what it is told to show."""

    def __init__(self, id: int = 1) -> None:
        self.id = id
        self.key = self.name = f"room{id}"
        self.is_stored = False
        self.shown: list[int] = []
        self.next = 1

    def number(self, draft: Event) -> tuple[Event, bool]:
        self.next += 1
        return draft.number(self.next - 1), True

    def show(self, event: Event, kept: bool) -> None:
        self.is_stored = True
        self.shown.append(event.seq)

    def take_back(self) -> None:
        self.next = len(self.shown) + 1


class World:
    """An appending whose reactor, writer and disk are the test."""

    def __init__(self) -> None:
        self.turn: list[Callable[[], None]] = []
        self.batches: list[Batch] = []
        self.looks: list[Callable[[Any], object]] = []
        self.reports: list[str] = []
        duplicates = Duplicates(lambda question, on_answer: self.looks.append(on_answer), self.reports.append)
        self.appending = Appending(duplicates, self.turn.append, lambda batch: self.batches.append(batch), self.reports.append)
        self.log = FakeLog()

    def say(self, text: str, id: str = "", sender_id: str = "seat", log: FakeLog | None = None) -> list[Event | NotDelivered]:
        outcomes: list[Event | NotDelivered] = []
        self.appending.append(log or self.log, Said("room", DRAFT, 0, "ada", sender_id, text, id=id), outcomes.append)
        return outcomes

    def end_turn(self) -> list[Batch]:
        """End the reactor's turn; what the writer is given."""
        while self.turn:
            self.turn.pop(0)()
        batches, self.batches = self.batches, []
        return batches

    def store(self, error: Exception | None = None) -> None:
        """Let the writer answer what it was given."""
        self.appending.answered(self.end_turn(), error)


def seqs(*outcomes: list[Event | NotDelivered]) -> list[int]:
    return [outcome.seq for [outcome] in outcomes if isinstance(outcome, Event)]


def test_what_a_turn_brings_is_one_batch_that_makes_each_room_once() -> None:
    world = World()
    other = FakeLog(2)
    outcomes = [world.say("one"), world.say("two", log=other), world.say("three")]
    [batch] = world.end_turn()
    assert [(room, event.seq) for room, event in batch.events] == [(1, 1), (2, 1), (1, 2)]
    assert [room.id for room in batch.rooms] == [1, 2]
    assert outcomes == [[], [], []]
    world.appending.answered([batch], None)
    assert seqs(*outcomes) == [1, 1, 2]
    world.say("four")
    assert world.end_turn()[0].rooms == []


def test_a_turn_without_anything_gives_the_writer_nothing() -> None:
    world = World()
    world.appending.hand_over()
    assert world.batches == []


def test_what_fails_gives_its_number_to_the_next() -> None:
    world = World()
    lost = world.say("lost")
    world.store(sqlite3.OperationalError("database or disk is full"))
    assert isinstance(lost[0], NotDelivered)
    assert lost[0].reason == "Not delivered: the server cannot write to its disk."
    kept = world.say("kept")
    [batch] = world.end_turn()
    assert batch.generation == 1
    world.appending.answered([batch], None)
    assert seqs(kept) == [1]


def test_what_was_gathered_when_something_fails_fails_too() -> None:
    world = World()
    lost, batches = world.say("lost"), world.end_turn()
    behind = world.say("behind it")
    world.appending.answered(batches, sqlite3.OperationalError("full"))
    assert [type(outcome) for outcome in (*lost, *behind)] == [NotDelivered, NotDelivered]
    assert world.end_turn() == []


def test_a_room_that_failed_to_be_made_is_made_with_the_next_event() -> None:
    world = World()
    world.say("lost")
    world.store(sqlite3.OperationalError("full"))
    world.say("kept")
    [batch] = world.end_turn()
    assert [room.id for room in batch.rooms] == [1]


def test_a_message_overtakes_nothing_of_its_sender_while_it_is_looked_up() -> None:
    world = World()
    first, second, other = world.say("one", id="1"), world.say("two"), world.say("three", sender_id="other")
    world.looks.pop()((None, []))
    world.store()
    assert seqs(first, second, other) == [2, 3, 1]


def test_a_message_that_is_found_on_the_disk_is_answered_with_what_it_was() -> None:
    world = World()
    said = Said("elsewhere", 42, 0, "ada", "seat", "one", id="1")
    first, second = world.say("one", id="1"), world.say("two")
    world.looks.pop()((said, ["1"]))
    world.store()
    assert first == [said]
    assert seqs(second) == [1]


def test_what_waits_is_waited_for_and_what_comes_later_is_not() -> None:
    world, done = World(), list[str]()
    world.say("looked up", id="1")
    world.appending.after_pending(lambda: done.append("both"))
    world.say("looked up too", id="1", sender_id="other")
    world.looks.pop(0)((None, []))
    assert done == []
    world.store()
    assert done == ["both"]


def test_a_defect_of_who_is_told_reaches_nobody_else() -> None:
    world = World()
    world.appending.append(world.log, Said("room", DRAFT, 0, "ada", "seat", "x"), lambda outcome: 1 / 0)
    after = world.say("after")
    world.store()
    assert seqs(after) == [2]
    assert "defect: " in world.reports[0]


@pytest.mark.parametrize("full", [2, 3])
def test_so_much_is_on_its_way_and_no_more(monkeypatch: pytest.MonkeyPatch, full: int) -> None:
    monkeypatch.setattr("chatd.store.appending.PENDING_EVENTS", full)
    world = World()
    outcomes = [world.say(str(number)) for number in range(4)]
    assert [bool(told) for told in outcomes] == [False] * full + [True] * (4 - full)
    assert "does not keep up" in str(outcomes[-1][0])
