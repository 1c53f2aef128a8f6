"""``python -m benchmarks disk``: what the log on disk costs, and whether it costs more when a room
has ten million events.

The same load is measured on chatd with its log in memory, with an empty database, with a full one,
and with an empty one on a disk that takes a millisecond to sync. The four take turns, so that a
slow moment of the machine affects all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.asking import MESSAGES, PROGRAMS, Answers, Question, ask, questions, talk_with_ids
from benchmarks.cores import FOR_LOAD, on_cores
from benchmarks.fill import fill
from benchmarks.process import processor_seconds
from benchmarks.quiet import undisturbed
from benchmarks.report import Rows, machine, table
from benchmarks.run import BenchmarkError, compile_programs, measure, positive
from benchmarks.servers import HERE, Server, ServerError, Start, chatd, running
from benchmarks.works import WORKS, Load

EVENTS = 10_000_000
RUNS = 5
SYNCS = 1000
SLOW_SYNC_US = 1000
KILLED_AFTER_SECONDS = 1.5

MEMORY, EMPTY, FULL, SLOW = "memory", "empty", "full", "sync of 1 ms"
COLUMNS = (MEMORY, EMPTY, FULL, SLOW)
BURSTS = ("burst", "crowd", "storm")
PACED = "paced"
IDS = "ids"
"""``asking.talk_with_ids``."""

PROCESSOR = "cpu_us_per_delivery"
WORKED = [work for work in WORKS if work.name in (*BURSTS, PACED)]

Values = dict[tuple[str, str, str], list[float]]
"""One value for each run, by work, figure and server."""


class Disk:
    """All measurements. ``folder`` holds the full database and temporary files."""

    def __init__(self, folder: Path, events: int, runs: int) -> None:
        self.folder = folder
        self.full = folder / "full"
        self.events = events
        self.runs = runs
        self.values: Values = {}
        self.answers: dict[str, Answers] = {}

    def server(self, name: str, data: str = "") -> Server:
        """The chatd of the column ``name``, with its data in the folder ``data`` if given."""
        preload = [f"LD_PRELOAD={self.folder / 'slow_sync.so'}", f"SLOW_SYNC_US={SLOW_SYNC_US}"] if name == SLOW else []
        fixed = {MEMORY: "none", FULL: str(self.full)}.get(name, data)

        def command(start: Start) -> list[str]:
            return ["env", *preload, *chatd(start, fixed or str(self.folder / f"data-{start.port}"))]

        return Server(name, "text", command, lambda: True)

    def run_all(self) -> None:
        """Measure everything, run by run; in each the servers take turns."""
        for run in range(1, self.runs + 1):
            for work in WORKED:
                for name in COLUMNS:
                    self._work(run, work.name, work.cases[work.name], name)
            for name in COLUMNS:
                self._talk_with_ids(run, name)
            for name in (MEMORY, EMPTY, FULL):
                self._start(run, name)

    def ask(self) -> None:
        """Ask the full room for old events."""
        for name, (question, times) in questions(self.events).items():
            self.answers[name] = undisturbed(partial(self._ask, question, times))

    def _ask(self, question: Question, times: int) -> Answers:
        with running(self.server(FULL), self.folder, default_limits=False) as (port, _), on_cores(FOR_LOAD):
            return asyncio.run(ask(port, question, times))

    def _work(self, run: int, work: str, load: Load, name: str) -> None:
        outcome = undisturbed(lambda: measure(load, self.server(name), self.folder, default_limits=False))
        if not outcome["went_well"]:
            raise BenchmarkError(f"{work} did not go well on {name}: {outcome}")
        for figure in (PROCESSOR, "p50_ms", "p99_ms"):
            self._note(run, work, figure, name, float(outcome[figure]))
        self._clean()

    def _clean(self) -> None:
        for data in self.folder.glob("data-*"):
            shutil.rmtree(data)

    def _talk_with_ids(self, run: int, name: str) -> None:
        self._note(run, IDS, PROCESSOR, name, undisturbed(lambda: 1e6 * self._ids_seconds(name) / (PROGRAMS * MESSAGES)))
        self._clean()

    def _ids_seconds(self, name: str) -> float:
        with running(self.server(name), self.folder, default_limits=False) as (port, pid), on_cores(FOR_LOAD):
            before = processor_seconds(pid)
            asyncio.run(talk_with_ids(port))
            return processor_seconds(pid) - before

    def _start(self, run: int, name: str) -> None:
        server = self.server(name, str(self.folder / "started"))
        path = (self.full if name == FULL else self.folder / "started") / "chatd.db"
        before: dict[str, Callable[[], object]] = {"after a stop": lambda: None}
        if name != MEMORY:
            before["after a kill in a burst"] = partial(self._kill_in_a_burst, server)
            before["with nothing of it in memory"] = partial(_forget_cached, path)
        for figure, prepare in before.items():
            self._note(run, "start", figure, name, undisturbed(partial(self._start_seconds, server, prepare)))

    def _start_seconds(self, server: Server, prepare: Callable[[], object]) -> float:
        prepare()
        began = time.perf_counter()
        with running(server, self.folder, default_limits=False):
            return time.perf_counter() - began

    def _kill_in_a_burst(self, server: Server) -> None:
        with running(server, self.folder, default_limits=False) as (port, pid):
            talk = ["--listeners", "50", "--speakers", "20", "--messages", "1000000", "--window", "64"]
            load = subprocess.Popen([str(self.folder / "load"), "--port", str(port), *talk], stdout=-3, stderr=-3)
            time.sleep(KILLED_AFTER_SECONDS)
            os.kill(pid, signal.SIGKILL)
            load.kill()
            load.wait()

    def _note(self, run: int, work: str, figure: str, name: str, value: float) -> None:
        self.values.setdefault((work, figure, name), []).append(value)
        print(f"run {run}  {work:6} {figure:28} {name:13} {value:10.3f}", file=sys.stderr, flush=True)

    # -- The figures

    def rows(self) -> Rows:
        """The table of costs."""
        return [
            ["work", "figure", "limit", *COLUMNS],
            *(self._compared(work, "processor time, memory = 1", "1.5", PROCESSOR, "ratio") for work in BURSTS),
            *(self._compared(work, "processor time, memory = 1", "", PROCESSOR, "ratio") for work in (IDS, PACED)),
            self._compared(PACED, "p50, ms more than in memory", "", "p50_ms", "difference"),
            self._compared(PACED, "p99, ms more than in memory", "5", "p99_ms", "difference"),
            *(
                self._compared("start", f"s, {figure}", "2", figure, "")
                for figure in ("after a stop", "after a kill in a burst", "with nothing of it in memory")
            ),
        ]

    def _compared(self, work: str, title: str, limit: str, figure: str, how: str) -> list[str]:
        return [work, title, limit, *(self._cell(work, figure, name, how) for name in COLUMNS)]

    def _cell(self, work: str, figure: str, name: str, how: str) -> str:
        values, memory = self.values.get((work, figure, name), []), self.values.get((work, figure, MEMORY), [])
        if how:
            pairs = zip(values, memory, strict=True)
            values = [value / base if how == "ratio" else value - base for value, base in pairs]
        return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else ""

    def asked(self) -> Rows:
        """The table of requests for old events."""
        heading = ["request", "median, ms", "longest, ms", "pings meanwhile: p99, ms", "longest, ms", "longer than 10 ms"]
        return [heading, *([name, *_spread(found)] for name, found in self.answers.items())]


def _spread(measured: Answers) -> list[str]:
    answers, pings = ([1000 * second for second in sorted(seconds)] for seconds in (measured.answers, measured.pings))
    late = sum(ping > 10 for ping in pings)
    figures = [statistics.median(answers), answers[-1], pings[len(pings) * 99 // 100], pings[-1]]
    return [*(f"{figure:.1f}" for figure in figures), f"{late} of {len(pings)}"]


def sync_ms(folder: Path) -> float:
    """The median time to write and sync 4 KiB on the disk of ``folder``, in milliseconds."""
    spans: list[float] = []
    block = os.urandom(4096)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(block)
            os.fdatasync(file.fileno())
            spans.append(time.perf_counter() - began)
    return 1000 * statistics.median(spans)


def _forget_cached(path: Path) -> None:
    """Remove the file from the kernel's page cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def compile_slow_sync(folder: Path) -> None:
    """Compile the library that delays each sync."""
    command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", str(folder / "slow_sync.so"), str(HERE / "slow_sync.c")]
    subprocess.run([*command, "-ldl"], check=True)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks disk",
        description="Measure what the log on disk costs, and whether a full room makes a difference. Needs a C compiler (cc).",
    )
    parser.add_argument("--events", type=positive, default=EVENTS, metavar="N", help="of the full room; default: %(default)s")
    parser.add_argument("--runs", type=positive, default=RUNS, metavar="N", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="on the disk to measure: the full database stays there for the next time")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results; default: %(default)s")
    return parser.parse_args(arguments)


@contextmanager
def _workplace(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="chatd-benchmarks-", dir="/var/tmp") as name:  # /tmp may be in memory.
            yield Path(name)


def write(disk: Disk, facts: dict[str, str], out: Path) -> str:
    """Write disk.json and disk.md, and return the text of the latter."""
    out.mkdir(parents=True, exist_ok=True)
    values = [{"work": work, "figure": figure, "server": name, "runs": runs} for (work, figure, name), runs in disk.values.items()]
    answers = {name: asdict(measured) for name, measured in disk.answers.items()}
    (out / "disk.json").write_text(json.dumps({"machine": facts, "values": values, "answers": answers}, indent=1) + "\n")
    lines = [f"- {key}: {value}" for key, value in facts.items()]
    text = "\n".join(["# The log on disk", "", *lines, "", table(disk.rows()), "", table(disk.asked())]) + "\n"
    (out / "disk.md").write_text(text)
    return text


def main(arguments: Sequence[str]) -> int:
    """Measure and write the results. Exit status: 0 success, 2 failure."""
    options = parse_arguments(arguments)
    with _workplace(options.folder) as folder:
        disk = Disk(folder, options.events, options.runs)
        try:
            compile_programs(folder)
            compile_slow_sync(folder)
            began = time.perf_counter()
            fill(disk.full, options.events)
            facts = machine() | {
                "sync of 4 KiB": f"{sync_ms(folder):.2f} ms, the median of {SYNCS}",
                "the full room": f"{options.events:,} events, {(disk.full / 'chatd.db').stat().st_size / 2**20:,.0f} MiB",
                "filled in": f"{time.perf_counter() - began:.0f} s",
                "runs": f"{options.runs}, in turns; each figure is the median, with the least and the most",
            }
            disk.run_all()
            disk.ask()
        except (BenchmarkError, ServerError, subprocess.CalledProcessError) as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 2
        print(write(disk, facts, options.out))
    return 0
