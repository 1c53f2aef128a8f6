"""The thread that reads: one question after another, on a connection of its own, so that the
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
"""Asks a question of the database; the answer, or why there is none, is told later."""


class DiskReader:
    """Answers questions in its own thread; ``call`` brings an answer into the reactor's thread."""

    def __init__(self, path: Path, call: Callable[..., object]) -> None:
        self._connection = database.connect(path, only_read=True)
        self._call = call
        self._questions: SimpleQueue[tuple[Question[Any], OnAnswer[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="chatd reader", daemon=True)
        self._thread.start()

    def ask(self, question: Question[T], on_answer: OnAnswer[T]) -> None:
        """Ask ``question`` of the database; ``on_answer`` is told the answer, or why there is
        none."""
        self._questions.put((question, on_answer))

    def close(self) -> None:
        """Answer what was asked, and end."""
        self._questions.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (asked := self._questions.get()) is not None:
            question, on_answer = asked
            try:
                answer = question(self._connection)
            except Exception as error:
                answer = error
            self._call(on_answer, answer)
