"""A process whose children say one message after another until they are killed; run by
``test_crash.py``.

It reads what a child shall do, a line of JSON each (:class:`Life`), and lets a fork of itself live
so: a fork is there at once, where a new interpreter would have to import everything. It writes what
happens, a line each::

    began PID
    acknowledged ROOM SEQ ID
    forgets ID              messages before this one may be forgotten from now on
    dies at WHAT            the child kills itself
    reports LINE            something has gone wrong
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
from chatd.store import writer
from chatd.store.sqlite import SqliteStore

SENDER: Final = "crashing"
ROOMS: Final = ("lobby", "tea", "attic")
UNKEPT: Final = "attic"
"""Nothing of this room is kept, but that its numbers are given."""

BURSTS: Final = (1, 5, 37, 150)
"""How many messages are said before their answers are awaited, in number: in one statement, and in
a transaction of several."""

KEPT: Final = 400
"""The messages that are kept at least, in number."""

APART: Final = 10_000
"""How far apart messages are said, in milliseconds: forgetting has steps of ten minutes."""

PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, c_ulong(-1)
"""prctl(2)."""

LONGEST_LIFE: Final = 30
"""After which a child that nobody has killed is a failure, in seconds."""


@dataclass(frozen=True, slots=True)
class Life:
    """What a child does in ``folder``: it says the messages from ``first`` to about ``last``, and
    then stops in order.

    It kills itself just before a statement or a step that has ``death`` in it comes for the
    ``times``-th time. ``index_seconds`` is how long the search index waits; with ``traced`` the
    child waits for strace first.
    """

    folder: str
    first: int
    last: int = 1_000_000
    death: str = ""
    times: int = 1
    forget: bool = True
    index_seconds: float = 0.01
    traced: bool = False

    def line(self) -> bytes:
        """As it is read."""
        return json.dumps(asdict(self)).encode() + b"\n"


class Child:
    """A store in the middle of its work."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._deaths = count(1)
        self._calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self._turn: list[Callable[[], None]] = []
        self._connect = sqlite3.connect
        sqlite3.connect = self._watched  # type: ignore[assignment]
        writer.CHECKPOINT_COMMITS = 7  # type: ignore[misc]
        writer.INDEX_SECONDS = writer.INDEX_STEP_SECONDS = life.index_seconds  # type: ignore[misc]

    def live(self) -> None:
        """Until it is killed, or all is said."""
        self._store = store = SqliteStore(Path(self.life.folder), self._call, self._turn.append, partial(tell, "reports"))
        store.start()
        self._logs = [store.log(parse_room(room)) for room in ROOMS]
        self._choose()
        number, bursts = self.life.first, cycle(BURSTS)
        while number <= self.life.last:
            for _ in range(next(bursts)):
                self._say(number)
                number += 1
            self._wait(store.after_pending)
            if self.life.forget and number > KEPT:
                tell("forgets", number - KEPT)
                for log in self._logs:
                    log.delete_old(number * APART, KEPT * APART, lambda first, time: None)
        store.close()

    def _choose(self) -> None:
        """Let nothing be kept of one room."""
        log = self._logs[ROOMS.index(UNKEPT)]
        if log.state.retention.text != NONE:
            log.append(RetentionSet(log.name, DRAFT, 0, "ada", SENDER, NONE, 0), lambda outcome: None)
            self._wait(self._store.after_pending)

    def _watched(self, *given: Any, **more: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._connect(*given, **more)
        connection.set_trace_callback(self._pass_by)
        return connection

    def _pass_by(self, what: str) -> None:
        if self.life.death and self.life.death in what and next(self._deaths) == self.life.times:
            tell("dies at", self.life.death)
            os.kill(os.getpid(), signal.SIGKILL)

    def _call(self, call: Callable[..., object], *given: Any) -> None:
        self._pass_by(f"answer: {call.__name__}" if hasattr(call, "__name__") else "answer")
        self._calls.put((call, given))

    def _wait(self, ask: Callable[[Callable[[], object]], object]) -> None:
        """Ask for something, and go on as the reactor does until it is answered."""
        done: list[bool] = []
        ask(lambda: done.append(True))
        while not done:
            while self._turn:
                self._turn.pop(0)()
            if not done:
                call, given = self._calls.get()
                call(*given)

    def _say(self, number: int) -> None:
        """Say the message, which may have been said in an earlier life."""
        self._pass_by("append")
        log, text = self._logs[number % len(ROOMS)], f"message {number} " + "x" * (number % 500)
        log.append(Said(log.name, DRAFT, number * APART, "ada", SENDER, text, id=str(number)), self._acknowledge)

    def _acknowledge(self, outcome: Event | NotDelivered) -> None:
        self._pass_by("acknowledge")
        assert isinstance(outcome, Said)
        tell("acknowledged", outcome.room, outcome.seq, outcome.id)


def tell(*words: object) -> None:
    """Write a line at once and whole, whatever happens next."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def await_tracer() -> None:
    """Until strace has taken hold of this process, which any process may, where only ancestors
    could (Yama)."""
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
        tell("began", child)
        tell("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
