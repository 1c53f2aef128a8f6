"""The thread that reads."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from chatd.store import database
from chatd.store.reader import DiskReader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chatd.db"
    database.prepare(path)
    return path


def test_questions_are_answered_in_order_through_call(path: Path) -> None:
    calls: SimpleQueue[Any] = SimpleQueue()
    reader = DiskReader(path, lambda callback, answer: calls.put((callback, answer)))
    received: list[object] = []
    for number in range(3):
        reader.ask(lambda connection, number=number: connection.execute("SELECT ?", (number,)).fetchone()[0], received.append)  # type: ignore[misc]
    reader.close()
    assert received == []
    answers = [calls.get_nowait() for _ in range(3)]
    assert [answer for _, answer in answers] == [0, 1, 2]


def test_an_error_is_an_answer_and_the_next_question_is_answered(path: Path) -> None:
    answers: list[object] = []
    reader = DiskReader(path, lambda callback, answer: answers.append(answer))
    reader.ask(lambda connection: connection.execute("SELECT * FROM nothing").fetchall(), print)
    reader.ask(lambda connection: 1, print)
    reader.close()
    assert isinstance(answers[0], sqlite3.OperationalError)
    assert answers[1] == 1


def test_the_reader_cannot_write(path: Path) -> None:
    answers: list[object] = []
    reader = DiskReader(path, lambda callback, answer: answers.append(answer))
    reader.ask(lambda connection: connection.execute("DELETE FROM server").rowcount, print)
    reader.close()
    assert isinstance(answers[0], sqlite3.OperationalError)
