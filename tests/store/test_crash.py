"""SIGKILL at any moment: no acknowledged message is lost or stored twice, and the next start
continues.

``crashing.py`` is the program that is killed, and ``checker.py`` checks the data afterwards.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.store.checker import Position, check
from tests.store.crashing import NOT_KEPT, ROOMS, Life

PROGRAM = Path(__file__).parent / "crashing.py"
EVERYTHING = os.environ.get("CHATD_TEST_ALL") == "1"
STRACE = shutil.which("strace")

SENT_AGAIN = 20
"""How many acknowledged messages each life says again."""

Kill = Callable[[int], object]
"""Kills the process with this pid, now or later."""


class Program:
    """The program that is killed, and the reports of its children."""

    def __init__(self) -> None:
        here = os.environ | {"PYTHONPATH": str(PROGRAM.parents[2])}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, str(PROGRAM)], stdin=pipe, stdout=pipe, env=here)

    def live(self, life: Life, kill: Kill = lambda pid: None) -> Iterator[list[str]]:
        """Start a child, ``kill`` it, and yield the words of each line that it writes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(life.line())
        self._process.stdin.flush()
        for line in self._process.stdout:
            what, *words = line.decode().split()
            if what == "began":
                kill(int(words[0]))
            yield [what, *words]
            if what == "ended":
                return
        pytest.fail("the program has ended")

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.close()


@dataclass
class History:
    """All lives with the same folder."""

    program: Program
    folder: Path
    acknowledged: dict[str, Position] = field(default_factory=dict)
    kept: int = 1
    """The first message that must not have been deleted, except in the room without retention."""

    def live(self, kill: Kill = lambda pid: None, check: bool = True, **life: object) -> tuple[str, int]:
        """Live once more. Returns the step before which it killed itself, and its exit status."""
        died, status = "", 0
        first = max(1, self.kept, self._last() - SENT_AGAIN)
        for what, *words in self.program.live(Life(str(self.folder), first, **life), kill):  # type: ignore[arg-type]
            if what == "acknowledged":
                self._acknowledge(words[0], int(words[1]), words[2])
            elif what == "deletes":
                self.kept = max(self.kept, int(words[0]))  # It says some messages again and would delete less.
            elif what == "dies":
                died = " ".join(words[1:])
            elif what == "reports":
                pytest.fail(" ".join(words))
            elif what == "ended":
                status = int(words[0])
        if check:
            self.check()
        return died, status

    def _last(self) -> int:
        return max(map(number_of, self.acknowledged), default=0)

    def _acknowledge(self, room: str, seq: int, id: str) -> None:
        if room == NOT_KEPT:
            id += f" at {seq}"  # The next life does not know it and says it again.
        assert self.acknowledged.get(id, (room, seq)) == (room, seq), f"{id} was stored twice"
        self.acknowledged[id] = room, seq

    def check(self) -> None:
        deletable = {id for id, (room, _) in self.acknowledged.items() if room == NOT_KEPT or number_of(id) < self.kept}
        stored = check(self.folder, self.acknowledged, deletable)
        numbers = {int(id) for _, _, id in stored.values() if id and int(id) >= self.kept}
        said = {number for number in range(self.kept, max(numbers, default=0)) if ROOMS[number % len(ROOMS)] != NOT_KEPT}
        assert numbers >= said, "a message of a burst is missing"


def number_of(id: str) -> int:
    return int(id.split()[0])


@pytest.fixture
def history(program: Program, tmp_path: Path) -> History:
    return History(program, tmp_path / "data")


def test_kills_at_random_moments_lose_and_duplicate_nothing(history: History) -> None:
    chance = random.Random(5)
    for _ in range(100 if EVERYTHING else 12):

        def kill(pid: int) -> None:
            time.sleep(chance.choice((0.01, 0.1)) * chance.random())
            os.kill(pid, signal.SIGKILL)

        assert history.live(kill) == ("", -signal.SIGKILL)
    history.live(last=history._last() + 50)
    assert len(history.acknowledged) > 50


CREATION_STEPS = [
    "BEGIN IMMEDIATE",
    "CREATE TABLE event",
    "CREATE VIRTUAL TABLE",
    "user_version =",
    "COMMIT",
    "quick_check",
    "journal_mode",
]
"""The steps of creating a database, in order."""


@pytest.mark.parametrize("death", CREATION_STEPS)
def test_a_kill_during_creation_leaves_a_usable_database(history: History, death: str) -> None:
    assert history.live(death=death) == (death, -signal.SIGKILL)
    assert history.live(last=200) == ("", 0)


PHASES = {
    "starting: the check": ("quick_check", (1,)),
    "starting: the mode": ("journal_mode", (1,)),
    "starting: the rooms": ("FROM room ORDER BY id", (1,)),
    "starting: the writer": ("SELECT room.id FROM room LEFT JOIN indexed", (1,)),
    "numbered, not handed over": ("append", (1, 2, 40, 100)),
    "a transaction of several statements begins": ("BEGIN IMMEDIATE", (1, 2, 5)),
    "the run is stored": ("INSERT INTO run (id", (1,)),
    "where the rooms stood is stored": ("INSERT INTO run_start", (1,)),
    "rows are written": ("INSERT INTO event", (1, 2, 4, 5, 6)),
    "all rows are written": ("COMMIT", (1, 2, 5)),
    "stored, not known": ("answer: _take_all", (1, 2, 4, 5)),
    "known, not all acknowledged": ("acknowledge", (1, 2, 30, 190)),
    "indexing: the words": ("INSERT INTO search (rowid", (1, 50)),
    "indexing: inside the index": ("-- REPLACE INTO 'main'.'search_", (1, 7)),
    "indexing: the progress": ("REPLACE INTO indexed", (1, 2)),
    "checkpoint": ("wal_checkpoint(PASSIVE)", (1, 2)),
    "deleting: the words": ("INSERT INTO search (search", (1, 70)),
    "deleting: the rows": ("DELETE FROM event", (1, 2)),
    "deleting: the progress": ("UPDATE room SET first", (1, 2)),
    "ending: checkpoint": ("wal_checkpoint(TRUNCATE)", (1,)),
}
"""The phases, with the text of their step, and at which occurrences of it to kill."""


@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_in_each_phase_loses_and_duplicates_nothing(history: History, phase: str) -> None:
    death, several = PHASES[phase]
    assert history.live(last=1000, check=False) == ("", 0)
    for times in several if EVERYTHING else several[-1:]:
        assert history.live(last=2000, death=death, times=times, waits=phase != "stored, not known") == (death, -signal.SIGKILL)
    assert history.live(last=2200) == ("", 0)


CALLS = [
    ("chatd.db-journal", "pwrite64", 1),
    ("chatd.db-journal", "fdatasync", 1),
    ("chatd.db-journal", "unlink", 1),
    ("chatd.db-wal", "pwrite64", 1),
    ("chatd.db-wal", "pwrite64", 12),
    ("chatd.db-wal", "pwrite64", 77),
    ("chatd.db-wal", "fdatasync", 1),
    ("chatd.db-wal", "fdatasync", 2),
    ("chatd.db-wal", "fdatasync", 9),
    ("chatd.db", "pwrite64", 2),
    ("chatd.db", "pwrite64", 9),
    ("chatd.db", "fdatasync", 2),
]
"""A file, a system call, and at which call to kill: while the database is created, during a commit
or its sync, during a checkpoint."""


@pytest.mark.parametrize(("file", "call", "times"), CALLS if EVERYTHING else CALLS[3::4])
def test_a_kill_during_a_write_or_sync_loses_and_duplicates_nothing(
    history: History, strace: Strace, file: str, call: str, times: int
) -> None:
    kill = f"inject={call}:signal=SIGKILL:when={times}"
    _, status = history.live(strace("-P", str(history.folder / file), "-e", f"trace={call}", "-e", kill), traced=True)
    assert status == -signal.SIGKILL
    assert history.live(last=history._last() + 200) == ("", 0)


Strace = Callable[..., Kill]


@pytest.fixture
def strace() -> Iterator[Strace]:
    """Attaches strace with the given options to a process."""
    if STRACE is None:
        pytest.fail("strace is missing") if EVERYTHING else pytest.skip("strace is missing")
    command = [str(STRACE), "-f", "-q", "-o", "/dev/null"]
    with ExitStack() as ends:

        def with_options(*options: str) -> Kill:
            return lambda pid: ends.enter_context(subprocess.Popen([*command, *options, "-p", str(pid)]))

        yield with_options


def test_messages_are_synced_before_they_are_acknowledged(history: History, strace: Strace, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    history.live(
        strace("-y", "-s", "16", "-o", str(trace), "-e", "trace=write,pwrite64,fdatasync,fsync"),
        traced=True,
        last=600,
        delete=False,
        index_seconds=1000,
    )
    synced, acknowledged = True, 0
    for line in trace.read_text().splitlines():
        if "chatd.db-wal" in line and "pwrite64(" in line:
            synced = False
        elif "sync" in line and line.endswith("= 0"):
            synced = True
        elif "write(1<" in line and '"acknowledged' in line:
            acknowledged += 1
            assert synced, line
    assert acknowledged
