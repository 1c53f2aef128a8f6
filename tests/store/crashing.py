"""A process that says one message after another until it is killed; run by ``test_crash.py``.

``python crashing.py FOLDER FIRST SECONDS`` says the messages with the ids FIRST, FIRST + 1 and so on, in two rooms, in bursts, and
writes a line ``ROOM SEQ ID`` for each that it is told is stored.  What was said before, by an earlier process, is found and
not said again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from chatd.errors import NotDelivered
from chatd.events import Said
from chatd.names import parse_room
from chatd.store import writer
from chatd.store.sqlite import SqliteLog, SqliteStore

ORIGIN = "crashing"
ROOMS = ("lobby", "tea")
BURST = 37


def acknowledge(said: Said, failure: NotDelivered | None) -> None:
    assert failure is None
    os.write(1, f"{said.room} {said.seq} {said.id}\n".encode())


def say(log: SqliteLog, id: str, known: Said | None) -> None:
    if known is not None:
        log.confirm(known, partial(acknowledge, known))
    else:
        said = Said(log.name, log.end, 0, "ada", ORIGIN, f"message {id} " + "x" * (int(id) % 500), id=id)
        log.append(said, partial(acknowledge, said))


def main(folder: str, first: str, index: str) -> None:
    writer.CHECKPOINT_COMMITS = 7  # type: ignore[misc]  # So that a kill falls into one now and then.
    writer.INDEX_SECONDS = float(index)  # type: ignore[misc]
    calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
    turn: list[Callable[[], None]] = []
    store = SqliteStore(Path(folder), lambda call, *given: calls.put((call, given)), turn.append, lambda line: None)
    store.start()
    logs = [store.log(parse_room(room)) for room in ROOMS]
    number = int(first)

    def wait(done: list[bool], number: int) -> None:
        while len(done) < number:
            while turn:
                turn.pop(0)()
            call, given = calls.get()
            call(*given)

    while True:
        for _ in range(1 + number % BURST):
            asked: list[bool] = []

            def found(known: Said | None, number: int = number, asked: list[bool] = asked) -> None:
                say(logs[number % 2], str(number), known)
                asked.append(True)

            logs[number % 2].find(ORIGIN, str(number), found)
            wait(asked, 1)  # As a connection does, which takes the next line when this is known.
            number += 1
        settled: list[bool] = []
        store.settled(partial(settled.append, True))
        wait(settled, 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
