"""The thread that reads: it answers one question after another on its own connection, so that the
reactor never waits for the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from sqlite3 import Connection
from threading import Thread
from typing import Any, TypeVar

from chatd.store import database

T = TypeVar("T")

Question = Callable[[Connection], T]
OnAnswer = Callable[[T | Exception], object]
Ask = Callable[[Question[Any], OnAnswer[Any]], object]
"""Asks the database a question; the callback gets the answer or an exception later."""


class DiskReader:
    """Answers questions in its own thread; ``call`` calls a function in the reactor's thread."""

    def __init__(self, path: Path, call: Callable[..., object]) -> None:
        self._connection = database.connect(path, only_read=True)
        self._call = call
        self._questions: SimpleQueue[tuple[Question[Any], OnAnswer[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="chatd reader", daemon=True)
        self._thread.start()

    def ask(self, question: Question[T], on_answer: OnAnswer[T]) -> None:
        """Ask the database ``question``; ``on_answer`` gets the answer or an exception."""
        self._questions.put((question, on_answer))

    def close(self) -> None:
        """Answer all questions asked so far, and end."""
        self._questions.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (item := self._questions.get()) is not None:
            question, on_answer = item
            try:
                answer = question(self._connection)
            except Exception as error:
                answer = error
            self._call(on_answer, answer)
