"""SIGKILL at any moment: nothing acknowledged is missing, nothing is doubled, and it goes on where it was.

The checker reads the database with SQLite alone and knows nothing of chatd's code.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "crashing.py"
EVERYTHING = bool(os.environ.get("CHATD_TEST_ALL"))
STRACE = shutil.which("strace")

Acknowledged = dict[int, tuple[str, int]]
"""For each id, the room and the seq that were acknowledged."""


def run(folder: Path, first: int, seconds: float, *wrapper: str, index: str = "0.01") -> tuple[Acknowledged, float]:
    """Run the program until it is killed, ``seconds`` after its first acknowledgement at the latest.

    What it has acknowledged, and how long the first took, in seconds.
    """
    began = time.monotonic()
    program = subprocess.Popen([*wrapper, sys.executable, str(PROGRAM), str(folder), str(first), index], stdout=subprocess.PIPE)
    assert program.stdout is not None
    head = program.stdout.readline()
    took = time.monotonic() - began
    if not wrapper:
        time.sleep(seconds)
        program.send_signal(signal.SIGKILL)
    rest = program.stdout.read()
    program.stdout.close()
    program.wait()
    acknowledged: Acknowledged = {}
    for line in (head + rest).decode().splitlines(keepends=True):
        if line.endswith("\n"):
            room, seq, id = line.split()
            acknowledged[int(id)] = (room, int(seq))
    return acknowledged, took


def check(path: Path, acknowledged: Acknowledged) -> None:
    """What was promised, seen with SQLite alone."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute(
            "SELECT room.name, event.id & 0xffffffffff, sent FROM event JOIN room ON room.id = event.id >> 40"
        ).fetchall()
    stored = {int(sent): (room, seq) for room, seq, sent in rows}
    assert len(stored) == len(rows), "an id is stored twice"
    assert {id: stored.get(id) for id in acknowledged} == acknowledged
    for name in {room for room, _, _ in rows}:
        seqs = sorted(seq for room, seq, _ in rows if room == name)
        assert seqs == list(range(1, len(seqs) + 1)), "the numbers have a hole"
    assert sorted(stored) == list(range(1, len(stored) + 1)), "a message of a burst is missing"


@pytest.mark.parametrize("seed", range(10 if EVERYTHING else 1))
def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    chance, acknowledged = random.Random(seed), dict[int, tuple[str, int]]()
    for _ in range(10 if EVERYTHING else 6):
        more, took = run(tmp_path, max(acknowledged, default=0) + 1, chance.uniform(0, 0.12))
        assert took < 60, "it was not back in time"
        assert not more.keys() & acknowledged.keys()
        acknowledged.update(more)
        check(tmp_path / "chatd.db", acknowledged)
    assert acknowledged


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
@pytest.mark.parametrize("when", [5, 9, 14, 40, 41, 42, 60, 77] if EVERYTHING else [9, 60])
def test_a_kill_in_the_middle_of_a_write_or_a_sync_loses_and_doubles_nothing(tmp_path: Path, call: str, when: int) -> None:
    if STRACE is None:
        pytest.fail("strace is missing") if EVERYTHING else pytest.skip("strace is missing")
    assert STRACE is not None
    acknowledged, _ = run(tmp_path, 1, 0.05)
    kill = f"inject={call}:signal=SIGKILL:when={when}"
    more, _ = run(tmp_path, max(acknowledged) + 1, 0, STRACE, "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", kill)
    acknowledged.update(more)
    check(tmp_path / "chatd.db", acknowledged)
    more, _ = run(tmp_path, max(acknowledged) + 1, 0.05)
    acknowledged.update(more)
    check(tmp_path / "chatd.db", acknowledged)


def test_it_is_synced_before_it_is_acknowledged(tmp_path: Path) -> None:
    if STRACE is None:
        pytest.fail("strace is missing") if EVERYTHING else pytest.skip("strace is missing")
    assert STRACE is not None
    trace = tmp_path / "trace"
    calls = "trace=write,pwrite64,fdatasync,fsync"
    kill = "inject=fdatasync:signal=SIGKILL:when=30"
    run(tmp_path / "data", 1, 0, STRACE, "-f", "-y", "-s", "8", "-o", str(trace), "-e", calls, "-e", kill, index="1000")
    synced, acknowledged = True, 0
    for line in trace.read_text().splitlines():
        if "chatd.db-wal" in line and "pwrite64(" in line:
            synced = False
        elif "sync" in line and line.endswith("= 0"):
            synced = True
        elif "write(1<" in line and ("lobby" in line or "tea" in line):
            acknowledged += 1
            assert synced, line
    assert acknowledged
