"""Duplicates: finding messages by id, and when to look on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from chatd.core.events import Said
from chatd.core.limits import IDS_PER_SENDER
from chatd.store.duplicates import Duplicates

SAID = Said("lobby", 1, 0, "ada", "seat", "hi", id="1")


class Disk:
    """Answers when the test calls :meth:`answer`."""

    def __init__(self) -> None:
        self.questions: list[tuple[int, Callable[[Any], object]]] = []
        self.reports: list[str] = []
        self.duplicates = Duplicates(self.ask, self.reports.append)

    def ask(self, question: Any, on_answer: Callable[[Any], object]) -> None:
        self.questions.append((question.keywords["limit"], on_answer))

    def answer(self, answer: object) -> int:
        """Answer the oldest question. Returns its limit of ids."""
        limit, on_answer = self.questions.pop(0)
        on_answer(answer)
        return limit


def test_all_ids_of_a_sender_are_loaded_once() -> None:
    disk, results = Disk(), list[Said | None]()
    assert disk.duplicates.may_be_on_disk("seat", "1")
    disk.duplicates.look_up("seat", "1", results.append)
    assert disk.answer((SAID, ["1", "2"])) == IDS_PER_SENDER
    assert results == [SAID]
    assert [disk.duplicates.may_be_on_disk("seat", id) for id in "123"] == [True, True, False]
    disk.duplicates.look_up("seat", "2", results.append)
    assert disk.answer((None, None)) == 0
    assert not disk.duplicates.may_be_on_disk("seat", "3")


def test_a_message_in_memory_takes_precedence() -> None:
    disk, results = Disk(), list[Said | None]()
    disk.duplicates.look_up("seat", "1", results.append)
    disk.duplicates.messages["seat", "1"] = SAID
    disk.answer((None, []))
    assert results == [SAID]
    assert disk.duplicates.recall("seat", "1") is SAID


def test_a_dropped_message_is_looked_up_on_the_disk() -> None:
    disk = Disk()
    disk.duplicates.look_up("seat", "9", lambda said: None)
    disk.answer((None, []))
    assert not disk.duplicates.may_be_on_disk("seat", "1")
    disk.duplicates.on_dropped(SAID)
    assert disk.duplicates.may_be_on_disk("seat", "1")


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error")])
def test_a_failed_look_up_finds_nothing_and_is_reported(error: Exception) -> None:
    disk, results = Disk(), list[Said | None]()
    disk.duplicates.look_up("seat", "1", results.append)
    disk.answer(error)
    assert results == [None]
    assert disk.reports == ["the database cannot be read: disk I/O error"]
    assert disk.duplicates.may_be_on_disk("seat", "1")
