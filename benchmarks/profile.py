"""``python -m benchmarks profile``: where the processor time of a message goes.

Python's share is sampled by the server itself (``sampled.py``), and the calls of the kernel are
counted by strace, if it is installed, in a run of its own: it slows the server down.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.cores import FOR_LOAD, on_cores
from benchmarks.report import Rows, machine, plain_table
from benchmarks.run import BenchmarkError, allow_open_files, compile_programs
from benchmarks.servers import Server, ServerError, Start, chatd, running
from benchmarks.works import WORKS, Load, Outcome

_ALONE = [(work, work.cases[work.name]) for work in WORKS if list(work.cases) == [work.name]]
WORKED = {work.name: load for work, load in _ALONE if work.runs > 1 and load.is_for_load_c}
SHOWN = 25
"""How many functions and calls are listed."""

LONGER = 10
"""How many times more messages there are than in the benchmark, since the logins count too."""

WAIT_SECONDS = 5.0
"""How long to wait for the server to write what it has noted, in seconds."""


def profiled(data: str, noted: Path) -> Server:
    """chatd that samples itself, and writes what it has noted to ``noted``."""

    def command(start: Start) -> list[str]:
        twistd, *arguments = chatd(start, data or str(start.folder / f"chatd-{start.port}"))
        return [str(Path(twistd).with_name("python")), "-m", "benchmarks.sampled", str(noted), *arguments]

    return Server("chatd", "text", command, lambda: True)


def run_load(load: Load, folder: Path, port: int, pid: int) -> Outcome:
    command = [str(folder / "load"), "--port", str(port), "--pids", str(pid), *load.arguments()]
    with on_cores(FOR_LOAD):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if not answer.stdout:
        raise BenchmarkError(f"the load generator failed: {answer.stderr.strip()}")
    outcome: Outcome = json.loads(answer.stdout)
    return outcome


def sample(load: Load, data: str, folder: Path) -> tuple[Outcome, dict[str, Any]]:
    """Run ``load``. Returns its outcome, and what the server has noted meanwhile."""
    path = folder / "noted.json"
    with running(profiled(data, path), folder, default_limits=False) as (port, pid):
        before = _note(pid, path)
        outcome = run_load(load, folder, port, pid)
        noted = _note(pid, path)
    threads = {name: seconds - before["threads"].get(name, 0.0) for name, seconds in noted["threads"].items()}
    return outcome, noted | {"threads": threads}


def _note(pid: int, path: Path) -> dict[str, Any]:
    """Let the server write what it has noted, and return it."""
    path.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR2)
    give_up = time.monotonic() + WAIT_SECONDS
    while not path.exists():
        if time.monotonic() > give_up:
            raise BenchmarkError("the server does not write what it has noted")
        time.sleep(0.05)
    noted: dict[str, Any] = json.loads(path.read_text())
    return noted


def trace(load: Load, data: str, folder: Path) -> dict[str, float] | None:
    """How many calls of the kernel a message takes, by name; None without strace."""
    if shutil.which("strace") is None:
        return None
    counts = folder / "counts.txt"
    with running(profiled(data, folder / "unused"), folder, default_limits=False) as (port, pid):
        command = ["strace", "-f", "-c", "-o", str(counts), "-p", str(pid)]
        with _started(command) as tracing:
            if tracing.poll() is not None:  # It may not trace, for instance in a container.
                return None
            outcome = run_load(load, folder, port, pid)
    messages = float(outcome["delivered"]) / (load.listeners + load.speakers - 1)
    return {words[-1]: int(words[3]) / messages for words in _rows(counts) if words[-1] != "total"}


@contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _rows(counts: Path) -> Iterator[list[str]]:
    """The rows of strace's table, whose first column is a share."""
    for line in counts.read_text().splitlines():
        words = line.split()
        if len(words) >= 5 and words[0].replace(".", "").isdigit():
            yield words


def functions(noted: dict[str, Any]) -> Rows:
    """The functions that take most, with their share of the reactor's thread in percent: their own,
    and that with all that they call."""
    number = max(1, noted["samples"])
    own = sorted(noted["own"].items(), key=lambda pair: -pair[1])[:SHOWN]
    return [
        ["function", "own, %", "with what it calls, %"],
        *([name, f"{100 * count / number:.1f}", f"{100 * noted['within'][name] / number:.1f}"] for name, count in own),
    ]


def shares(outcome: Outcome, threads: dict[str, float], messages: float) -> Rows:
    """The processor time of a message in microseconds: of the process, in the kernel, and of each
    thread."""
    user, system = float(outcome["cpu_user_seconds"]), float(outcome["cpu_system_seconds"])
    table = [
        ["processor time", "µs a message"],
        ["in all", _us(user + system, messages)],
        ["in the kernel", _us(system, messages)],
    ]
    return table + [[f"of the thread {name}", _us(seconds, messages)] for name, seconds in threads.items()]


def _us(seconds: float, messages: float) -> str:
    return f"{1e6 * seconds / messages:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables. Exit status: 0 all went well, 2 nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks profile", description=__doc__.partition("\n")[0])
    parser.add_argument("work", nargs="?", choices=list(WORKED), default="talk", help="default: %(default)s")
    parser.add_argument("--memory", action="store_true", help="with the log in memory; default: on disk")
    options = parser.parse_args(arguments)
    load, data = WORKED[options.work], "none" if options.memory else ""
    longer = replace(load, messages=load.messages * LONGER)
    allow_open_files()
    with tempfile.TemporaryDirectory(prefix="chatd-benchmarks-", dir="/var/tmp") as name:  # /tmp may be in memory.
        folder = Path(name)
        try:
            compile_programs(folder)
            outcome, noted = sample(longer, data, folder)
            calls = trace(load, data, folder)
        except (BenchmarkError, ServerError) as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 2
    messages = float(outcome["delivered"]) / (load.listeners + load.speakers - 1)
    print(*(f"{key}: {value}" for key, value in machine().items()), sep="\n")
    print(f"\n{plain_table(shares(outcome, noted['threads'], messages))}")
    print(f"\n{plain_table(functions(noted))}")
    if calls is None:
        print("\nThe calls of the kernel are not counted: strace is not installed, or may not trace.")
    else:
        most = sorted(calls.items(), key=lambda pair: -pair[1])[:SHOWN]
        print(f"\n{plain_table([['call', 'times a message'], *([call, f'{number:.2f}'] for call, number in most)])}")
    return 0
