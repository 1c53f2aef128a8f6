"""Pages of older events: what is read from the disk, and what stays in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import pytest

from chatd.core.events import Event, Said
from chatd.core.limits import LOG_PAGE_EVENTS
from chatd.store.pages import Pages
from chatd.store.reader import OnAnswer, Question

LAST = 3 * LOG_PAGE_EVENTS


class Disk:
    """Has the events from ``first`` to ``LAST`` and answers immediately."""

    def __init__(self, first: int = 1) -> None:
        self.first = first
        self.ranges: list[tuple[int, int]] = []
        self.reports: list[str] = []
        self.error: Exception | None = None
        self.pages = Pages(self.ask, self.reports.append)

    def ask(self, question: Question[Sequence[Event]], on_answer: OnAnswer[Sequence[Event]]) -> None:
        start, stop = question.keywords["start"], question.keywords["stop"]  # type: ignore[attr-defined]
        self.ranges.append((start, stop))
        events = [Said("lobby", seq, 0, "ada", "", str(seq)) for seq in range(max(start, self.first), min(stop, LAST + 1))]
        on_answer(self.error or events)

    def load(self, start: int, stop: int) -> list[object]:
        """The callbacks: the oldest event if some were deleted, and whether the rest is loaded."""
        calls: list[object] = []
        self.pages.load(1, "lobby", start, stop, calls.append, calls.append)
        return calls


def seqs(events: Sequence[Event]) -> list[int]:
    return [event.seq for event in events]


def test_whole_pages_are_loaded_together() -> None:
    disk = Disk()
    assert disk.pages.read(1, 100, 300) == []
    assert disk.load(100, 300) == [True]
    assert disk.ranges == [(0, 3 * LOG_PAGE_EVENTS)]
    assert seqs(disk.pages.read(1, 100, 300)) == list(range(100, 300))
    assert disk.pages.read(2, 100, 300) == []


def test_a_read_ends_at_the_end_of_the_loaded_pages() -> None:
    disk = Disk()
    disk.load(10, 11)
    assert seqs(disk.pages.read(1, 10, 300)) == list(range(10, LOG_PAGE_EVENTS))


def test_deleted_events_are_reported_and_not_read() -> None:
    disk = Disk(first=50)
    assert disk.load(10, 60) == [50, True]
    assert disk.pages.read(1, 10, 60) == []
    assert seqs(disk.pages.read(1, 50, 60)) == list(range(50, 60))
    disk.pages.drop(1)
    assert disk.pages.read(1, 50, 60) == []


def test_without_remaining_events_the_end_is_reported() -> None:
    assert Disk(first=LAST + 1).load(10, 60) == [60, True]


def test_a_read_error_is_reported() -> None:
    disk = Disk()
    disk.error = sqlite3.OperationalError("disk I/O error")
    assert disk.load(10, 60) == [False]
    assert disk.reports == ["the database cannot be read: disk I/O error"]


def test_the_most_recently_used_pages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.store.pages.LOG_PAGES", 2)
    disk = Disk()
    for start in (1, LOG_PAGE_EVENTS):
        disk.load(start, start + 1)
    assert disk.pages.read(1, 1, 2)
    disk.load(2 * LOG_PAGE_EVENTS, 2 * LOG_PAGE_EVENTS + 1)
    assert len(disk.pages) == 2
    assert disk.pages.read(1, 1, 2)
    assert not disk.pages.read(1, LOG_PAGE_EVENTS, LOG_PAGE_EVENTS + 1)
