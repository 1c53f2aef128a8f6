"""A process whose children say messages until they are killed; run by ``test_crash.py``.

It reads lines of JSON, each with the instructions for a child (:class:`Life`), and forks a child
for each: a fork starts immediately, while a new interpreter would have to import everything. It
writes a line for everything that happens::

    began PID
    acknowledged ROOM SEQ ID
    deletes ID              messages before this one may be deleted from now on
    dies at WHAT            the child kills itself
    reports LINE            an error
    ended STATUS
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from ctypes import CDLL, c_ulong
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count, cycle
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, RetentionSet, Said
from chatd.core.names import parse_room
from chatd.core.retention import NONE
from chatd.store import checkpoints, receipts, writer
from chatd.store.sqlite import SqliteStore

SENDER: Final = "crashing"
ROOMS: Final = ("lobby", "tea", "attic")
NOT_KEPT: Final = "attic"
"""A room whose events are not kept, only their numbers."""

BURSTS: Final = (1, 5, 37, 150)
"""How many messages are said before waiting for their answers: they fit into one statement, or need
a transaction of several."""

KEPT: Final = 400
"""How many messages are never deleted."""

INTERVAL: Final = 10_000
"""The time between messages, in milliseconds: deletion has steps of ten minutes."""

PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, c_ulong(-1)
"""prctl(2)."""

LONGEST_LIFE: Final = 30
"""How long a child may live before that is a failure, in seconds."""


@dataclass(frozen=True, slots=True)
class Life:
    """The instructions for a child: it says the messages from ``first`` to about ``last`` in
    ``folder`` and then exits normally.

    It kills itself just before the ``times``-th statement or step that contains ``death``.
    ``index_seconds`` is how long the search index waits. With ``traced`` the child first waits for
    strace; without ``waits`` it waits for no commit.
    """

    folder: str
    first: int
    last: int = 1_000_000
    death: str = ""
    times: int = 1
    delete: bool = True
    index_seconds: float = 0.01
    traced: bool = False
    waits: bool = True

    def line(self) -> bytes:
        """The line to send."""
        return json.dumps(asdict(self)).encode() + b"\n"


class Child:
    """A running store."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._deaths = count(1)
        self._calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self._turn: list[Callable[[], None]] = []
        self._connect = sqlite3.connect
        sqlite3.connect = self._watched  # type: ignore[assignment]
        checkpoints.CHECKPOINT_COMMITS = 7  # type: ignore[misc]
        receipts.WAIT_SECONDS = receipts.WAIT_SECONDS if life.waits else 0.0  # type: ignore[misc]
        writer.INDEX_SECONDS = writer.INDEX_STEP_SECONDS = life.index_seconds  # type: ignore[misc]

    def live(self) -> None:
        """Say messages until the last one, or until it is killed."""
        self._store = store = SqliteStore(Path(self.life.folder), self._call, self._turn.append, partial(write, "reports"))
        store.start()
        self._logs = [store.log(parse_room(room)) for room in ROOMS]
        self._turn_off_retention()
        number, bursts = self.life.first, cycle(BURSTS)
        while number <= self.life.last:
            for _ in range(next(bursts)):
                self._say(number)
                number += 1
            self._wait(store.after_pending)
            if self.life.delete and number > KEPT:
                write("deletes", number - KEPT)
                for log in self._logs:
                    log.delete_old(number * INTERVAL, KEPT * INTERVAL, lambda first, time: None)
        store.close()

    def _turn_off_retention(self) -> None:
        """Set the retention of one room to none."""
        log = self._logs[ROOMS.index(NOT_KEPT)]
        if log.state.retention.text != NONE:
            log.append(RetentionSet(log.name, DRAFT, 0, "ada", SENDER, NONE, 0), lambda outcome: None)
            self._wait(self._store.after_pending)

    def _watched(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._connect(*arguments, **options)
        connection.set_trace_callback(self._die_if_due)
        return connection

    def _die_if_due(self, what: str) -> None:
        if self.life.death and self.life.death in what and next(self._deaths) == self.life.times:
            write("dies at", self.life.death)
            os.kill(os.getpid(), signal.SIGKILL)

    def _call(self, call: Callable[..., object], *arguments: Any) -> None:
        self._die_if_due(f"answer: {call.__name__}" if hasattr(call, "__name__") else "answer")
        self._calls.put((call, arguments))

    def _wait(self, ask: Callable[[Callable[[], object]], object]) -> None:
        """Call ``ask`` and run like the reactor until it calls back."""
        done: list[bool] = []
        ask(lambda: done.append(True))
        while not done:
            while self._turn:
                self._turn.pop(0)()
            if not done:
                call, arguments = self._calls.get()
                call(*arguments)

    def _say(self, number: int) -> None:
        """Say a message, which may have been said in an earlier life."""
        self._die_if_due("append")
        log, text = self._logs[number % len(ROOMS)], f"message {number} " + "x" * (number % 500)
        log.append(Said(log.name, DRAFT, number * INTERVAL, "ada", SENDER, text, id=str(number)), self._acknowledge)

    def _acknowledge(self, outcome: Event | NotDelivered) -> None:
        self._die_if_due("acknowledge")
        assert isinstance(outcome, Said)
        write("acknowledged", outcome.room, outcome.seq, outcome.id)


def write(*words: object) -> None:
    """Write a whole line immediately, whatever happens next."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def await_tracer() -> None:
    """Wait until strace has attached itself to this process; allow any process to do so, since Yama
    allows only ancestors."""
    CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)
    while "TracerPid:\t0\n" in Path("/proc/self/status").read_text():
        time.sleep(0.001)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            life = Life(**json.loads(line))
            signal.alarm(LONGEST_LIFE)
            if life.traced:
                await_tracer()
            Child(life).live()
            os._exit(0)
        write("began", child)
        write("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
