"""The log of one room on disk: its tail, its pages and its disk seem one (see also
test_sqlite.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chatd.core.events import Event, RetentionSet, Said
from chatd.core.retention import NONE, Retention
from chatd.core.state import RoomState
from chatd.core.when import FOR_EVER
from chatd.store.appending import Appending, EndOfTurn
from chatd.store.duplicates import Duplicates
from chatd.store.log import SqliteLog
from chatd.store.pages import Pages
from chatd.store.queries import RoomRow
from chatd.store.tails import Tails
from chatd.store.writer import Deletion

HOUR = 3_600_000


def said(seq: int, time: int = 0) -> Said:
    return Said("lobby", seq, time, "ada", "seat", str(seq))


class Harness:
    """A log with the events from ``first`` on the disk and a tail that begins at ``held``."""

    def __init__(self, first: int = 1, held: int = 200, end: int = 300, retention: Retention | None = None) -> None:
        self.first, self.end = first, end
        self.deletions: list[Deletion] = []
        self.turn: list[Callable[[], None]] = []
        duplicates = Duplicates(self.ask, print)
        appending = Appending(duplicates, self.turn.append, EndOfTurn(self.turn.append), print, print)
        row = RoomRow(1, "lobby", "lobby", first, end, RoomState("tea", retention or Retention()))
        last = [said(seq) for seq in range(held, end)]
        tail = Tails(duplicates.messages, duplicates.on_dropped).new(held)
        pages = Pages(self.ask, print)
        self.log = SqliteLog(row, last, tail, appending, pages, self.ask, self.deletions.append)

    def ask(self, question: Any, on_answer: Callable[[Any], object]) -> None:
        keywords = question.keywords
        if "time" in keywords:
            on_answer(OSError("the disk is gone"))
            return
        on_answer([said(seq) for seq in range(max(keywords["start"], self.first), min(keywords["stop"], self.end))])

    def load(self, start: int, stop: int) -> bool:
        loaded: list[bool] = []
        self.log.load(start, stop, loaded.append)
        return loaded[0]


def seqs(events: Sequence[Event]) -> list[int]:
    return [event.seq for event in events]


def test_a_log_begins_with_the_stored_state() -> None:
    log = Harness(first=5, held=200, end=300).log
    assert (log.first, log.held, log.end, log.has_pending) == (5, 200, 300, False)
    assert log.state == RoomState("tea")
    assert log.is_stored


@pytest.mark.parametrize(("start", "stop"), [(1, 300), (150, 250), (199, 201), (1, 2), (250, 260)])
def test_a_read_joins_pages_and_tail(start: int, stop: int) -> None:
    harness = Harness()
    assert harness.load(start, stop)
    assert seqs(harness.log.read(start, stop)) == list(range(start, stop))


def test_events_deleted_meanwhile_are_skipped() -> None:
    harness = Harness()
    harness.first = 180
    assert harness.load(150, 190)
    assert harness.log.first == 180
    assert seqs(harness.log.read(1, 300)) == list(range(180, 300))


def test_a_read_error_finds_the_end() -> None:
    results: list[int] = []
    Harness().log.find_time(5, results.append)
    assert results == [300]


def test_numbers_continue_and_can_be_rolled_back() -> None:
    log = Harness(end=300).log
    drafts = [said(0) for _ in range(3)]
    log.number(drafts)
    assert [draft.seq for draft in drafts] == [300, 301, 302]
    log.show([said(300)], True)
    log.roll_back()
    log.number(drafts)
    assert drafts[0].seq == 301


@pytest.mark.parametrize(("since", "is_kept"), [(0, False), (10, True)])
def test_without_retention_only_numbers_are_kept(since: int, is_kept: bool) -> None:
    log = Harness(retention=Retention(NONE, since)).log
    assert log.number([said(0, time=5)]) is is_kept
    assert log.number([RetentionSet("lobby", 0, 5, "ada", "seat", "", 0)])
    log.show([said(300)], False)
    assert log.first == 200
    log.tail.drop(301)
    assert log.first == 301


def test_old_events_are_deleted_in_parts_and_reported_once() -> None:
    harness, deleted = Harness(), list[tuple[int, int]]()
    harness.log.delete_old(100 * HOUR, 10 * HOUR, lambda first, time: deleted.append((first, time)))
    [deletion] = harness.deletions
    assert (deletion.room, deletion.before_time, deletion.stop) == (1, 90 * HOUR, 300)
    deletion.on_part(250)
    assert (harness.log.first, deleted) == (250, [])
    deletion.on_end(280)
    assert deleted == [(280, 90 * HOUR)]


def test_without_retention_everything_on_the_disk_is_deleted() -> None:
    harness, deleted = Harness(retention=Retention(NONE, 0)), list[tuple[int, int]]()
    harness.log.delete_old(100 * HOUR, FOR_EVER, lambda first, time: deleted.append((first, time)))
    [deletion] = harness.deletions
    assert deletion.before_time == FOR_EVER
    deletion.on_part(300)
    deletion.on_end(300)
    assert deleted == [(300, 100 * HOUR)]


def test_without_a_limit_nothing_is_deleted() -> None:
    harness = Harness()
    harness.log.delete_old(HOUR, FOR_EVER, lambda first, time: None)
    assert harness.deletions == []
