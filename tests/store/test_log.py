"""The log of one room on disk: its tail, its pages and its disk seem one (see also
test_sqlite.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chatd.core.events import Event, RetentionSet, Said
from chatd.core.memory import MemoryLog
from chatd.core.retention import NONE, Retention
from chatd.core.state import RoomState
from chatd.core.when import FOR_EVER
from chatd.store.appending import Appending
from chatd.store.duplicates import Duplicates
from chatd.store.log import SqliteLog
from chatd.store.pages import Pages
from chatd.store.queries import RoomRow
from chatd.store.writer import Deletion

HOUR = 3_600_000


def said(seq: int, time: int = 0) -> Said:
    return Said("lobby", seq, time, "ada", "seat", str(seq))


class World:
    """A log whose disk has the events from ``first`` on, and whose tail begins at ``held``."""

    def __init__(self, first: int = 1, held: int = 200, end: int = 300, retention: Retention | None = None) -> None:
        self.first, self.end = first, end
        self.deletions: list[Deletion] = []
        self.turn: list[Callable[[], None]] = []
        duplicates = Duplicates(self.ask, print)
        appending = Appending(duplicates, self.turn.append, print, print)
        row = RoomRow(1, "lobby", "lobby", first, end, RoomState("tea", retention or Retention()))
        last = [said(seq) for seq in range(held, end)]
        tail = MemoryLog(first=held)
        pages = Pages(self.ask, print)
        self.log = SqliteLog(row, last, tail, appending, pages, self.ask, self.deletions.append)

    def ask(self, question: Any, on_answer: Callable[[Any], object]) -> None:
        keywords = question.keywords
        if "time" in keywords:
            on_answer(OSError("the disk is gone"))
            return
        on_answer([said(seq) for seq in range(max(keywords["start"], self.first), min(keywords["stop"], self.end))])

    def load(self, start: int, stop: int) -> bool:
        there: list[bool] = []
        self.log.load(start, stop, there.append)
        return there[0]


def seqs(events: Sequence[Event]) -> list[int]:
    return [event.seq for event in events]


def test_a_log_begins_with_what_the_database_has() -> None:
    log = World(first=5, held=200, end=300).log
    assert (log.first, log.held, log.end, log.has_pending) == (5, 200, 300, False)
    assert log.state == RoomState("tea")
    assert log.is_stored


@pytest.mark.parametrize(("start", "stop"), [(1, 300), (150, 250), (199, 201), (1, 2), (250, 260)])
def test_a_read_joins_pages_and_tail(start: int, stop: int) -> None:
    world = World()
    assert world.load(start, stop)
    assert seqs(world.log.read(start, stop)) == list(range(start, stop))


def test_what_has_been_deleted_meanwhile_is_gone() -> None:
    world = World()
    world.first = 180
    assert world.load(150, 190)
    assert world.log.first == 180
    assert seqs(world.log.read(1, 300)) == list(range(180, 300))


def test_the_end_is_found_where_the_disk_cannot_be_read() -> None:
    found: list[int] = []
    World().log.find_time(5, found.append)
    assert found == [300]


def test_numbers_go_on_and_are_taken_back() -> None:
    log = World(end=300).log
    assert [log.number(said(0))[0].seq for _ in range(3)] == [300, 301, 302]
    log.show(said(300), True)
    log.take_back()
    assert log.number(said(0))[0].seq == 301


@pytest.mark.parametrize(("since", "kept"), [(0, False), (10, True)])
def test_where_nothing_is_kept_only_numbers_are(since: int, kept: bool) -> None:
    log = World(retention=Retention(NONE, since)).log
    assert log.number(said(0, time=5))[1] is kept
    assert log.number(RetentionSet("lobby", 0, 5, "ada", "seat", "", 0))[1]
    log.show(said(300), False)
    assert log.first == 200
    log._tail.drop(301)
    assert log.first == 301


def test_what_is_too_old_is_deleted_in_parts_and_then_told() -> None:
    world, told = World(), list[tuple[int, int]]()
    world.log.delete_old(100 * HOUR, 10 * HOUR, lambda first, time: told.append((first, time)))
    [deletion] = world.deletions
    assert (deletion.room, deletion.before, deletion.stop) == (1, 90 * HOUR, 300)
    deletion.on_part(250)
    assert (world.log.first, told) == (250, [])
    deletion.on_end(280)
    assert told == [(280, 90 * HOUR)]


def test_of_a_room_that_is_not_kept_everything_on_the_disk_goes() -> None:
    world, told = World(retention=Retention(NONE, 0)), list[tuple[int, int]]()
    world.log.delete_old(100 * HOUR, FOR_EVER, lambda first, time: told.append((first, time)))
    [deletion] = world.deletions
    assert deletion.before == FOR_EVER
    deletion.on_part(300)
    deletion.on_end(300)
    assert told == [(300, 100 * HOUR)]


def test_where_everything_is_kept_nothing_is_deleted() -> None:
    world = World()
    world.log.delete_old(HOUR, FOR_EVER, lambda first, time: None)
    assert world.deletions == []
