"""The benchmark from the command line: compile, start, measure, write the results.

For each case a server is started, and the load generator (``load.c``) runs against it. The servers
take turns, so that a slow moment of the machine affects all of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from benchmarks.churn import measure_churn
from benchmarks.cores import FOR_LOAD, on_cores
from benchmarks.earlier import earlier
from benchmarks.plot import svg
from benchmarks.private import measure_private
from benchmarks.readers import make_certificate, measure_readers
from benchmarks.report import EARLIER, JUDGED, Measurement, Results, machine, markdown, plain_table, problems, rows
from benchmarks.servers import HERE, SERVERS, Server, ServerError, running
from benchmarks.works import WORKS, Load, Outcome, Work

CASE_LIMIT_SECONDS = 120
LOAD_IS_THE_BRAKE = 0.9
METHOD = (
    "server processor time from the process clock, divided by the deliveries; latency at every listener; "
    "flood limits off except in `flood`; load generator and server on loopback, each on cores of its own"
)
COMPILE = ["cc", "-O2", "-Wall", "-Wextra"]
Named = TypeVar("Named", Server, Work)


class BenchmarkError(Exception):
    """The measurement itself cannot continue; the text says why."""


def compile_programs(folder: Path) -> None:
    """Compile the load generator and the bare loop into the folder."""
    sources = {"bare": [HERE / "bare.c"], "load": [HERE / "load.c", *sorted((HERE / "load").glob("*.c"))]}
    for program, files in sources.items():
        try:
            subprocess.run([*COMPILE, "-o", str(folder / program), *map(str, files)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BenchmarkError(f"{program} could not be compiled: {error}") from error


def measure(load: Load, server: Server, folder: Path, *, default_limits: bool) -> Outcome:
    """Start the server, run the load generator against it, and return what it measured."""
    if load.readers:
        certificate = make_certificate(folder)
        with running(server, folder, default_limits=default_limits, certificate=certificate) as (port, pid), on_cores(FOR_LOAD):
            return measure_readers(load, port, pid)
    if load.private or load.churn:
        measured = measure_private if load.private else measure_churn
        with running(server, folder, default_limits=default_limits) as (port, pid), on_cores(FOR_LOAD):
            return measured(load, port, pid)
    with running(server, folder, default_limits=default_limits) as (port, pid):
        window = 0 if load.everybody_at_once else server.login_window
        command = [str(folder / "load"), "--port", str(port), "--pids", str(pid), "--dialect", server.dialect]
        command += ["--login-window", str(window), "--time-limit", str(CASE_LIMIT_SECONDS), *load.arguments()]
        with on_cores(FOR_LOAD):
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if not answer.stdout:
        raise BenchmarkError(f"the load generator failed with {server.name}: {answer.stderr.strip()}")
    outcome: dict[str, float | int | bool | str] = json.loads(answer.stdout)
    return outcome


def tell(measurement: Measurement) -> None:
    """Print one line of progress."""
    outcome = measurement.outcome
    parts = [
        f"run {measurement.run}",
        f"{measurement.work}/{measurement.case}".ljust(18),
        measurement.server.ljust(9),
    ]
    if "p99_ms" not in outcome:
        parts.append(f"{outcome['cpu_us_per_delivery']:8.3f} µs a delivery")
    elif outcome["delivered"]:
        parts.append(f"{outcome['cpu_us_per_delivery']:8.3f} µs a delivery, p99 {outcome['p99_ms']:8.2f} ms")
    else:
        parts.append(f"{outcome['rss_per_connection_kib']:8.2f} KiB a person, in {outcome['arrival_seconds']:.2f} s")
    if float(outcome["load_cpu_seconds"]) > LOAD_IS_THE_BRAKE * float(outcome["talk_seconds"]) > 0:
        parts.append("(load generator at its limit)")
    print("  ".join(parts + ([] if outcome["went_well"] else ["PROBLEM"])), file=sys.stderr, flush=True)


class Benchmark:
    """All runs, one after the other; each measurement is in ``results`` at once."""

    def __init__(self, works: Sequence[Work], servers: Sequence[Server], *, quick: bool) -> None:
        self.servers = list(servers)
        self.quick = quick
        self.results = Results(works, [server.name for server in servers])

    def add(self, server: Server) -> None:
        """Measure ``server`` too."""
        self.servers.append(server)
        self.results.servers.append(server.name)

    def run_all(self, runs: int | None, folder: Path) -> None:
        """Run each work ``runs`` times; None: as many times as the work itself says."""
        for run in range(1, max(runs or work.runs for work in self.results.works) + 1):
            for work in self.results.works:
                if run <= (runs or work.runs):
                    self._run_work(run, work, folder)

    def _run_work(self, run: int, work: Work, folder: Path) -> None:
        for case, load in work.cases.items():
            for server in self.servers:
                if work.only_chatd and server.name not in (JUDGED, EARLIER):
                    continue
                asked = load.shortened() if self.quick else load
                outcome = measure(asked, server, folder, default_limits=work.default_limits)
                measurement = Measurement(run, work.name, case, server.name, outcome)
                self.results.measurements.append(measurement)
                tell(measurement)


def write(results: Results, environment: dict[str, str], out: Path) -> None:
    """Write results.json, results.md and results.svg."""
    out.mkdir(parents=True, exist_ok=True)
    medians = [
        {"work": work.name, "figure": figure.title, "limit": figure.limit, "server": server, "runs": values}
        for work in results.works
        for figure in work.figures
        for server in results.servers
        if (values := results.values(work, figure, server))
    ]
    everything = {
        "machine": environment,
        "method": METHOD,
        "figures": medians,
        "measurements": [asdict(measurement) for measurement in results.measurements],
    }
    (out / "results.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")
    (out / "results.md").write_text(markdown(results, environment, METHOD))
    (out / "results.svg").write_text(svg(results))


def _chosen(all_of_them: Sequence[Named]) -> Callable[[str], list[Named]]:
    """A parser for a list of names of works or of servers, separated by commas."""
    by_name = {one.name: one for one in all_of_them}

    def parse(words: str) -> list[Named]:
        unknown = [word for word in words.split(",") if word not in by_name]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)} (known: {', '.join(by_name)})")
        return [one for name, one in by_name.items() if name in words.split(",")]

    return parse


def positive(word: str) -> int:
    """Parse a whole number of at least 1."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError("it must be a whole number of at least 1")
    return int(word)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    installed = [server for server in SERVERS if server.is_installed()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what a delivery costs in chatd and in other servers. Needs a C compiler (cc).",
        epilog="works:\n" + "\n".join(f"  {work.name:8} {work.meaning}" for work in WORKS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", type=_chosen(WORKS), default=WORKS, metavar="WORK[,WORK...]", help="default: all")
    parser.add_argument(
        "--servers",
        type=_chosen(SERVERS),
        default=installed,
        metavar="SERVER[,SERVER...]",
        help=f"of {', '.join(server.name for server in SERVERS)}; default: all that are installed here "
        f"({', '.join(server.name for server in installed)}); ratios need bare",
    )
    parser.add_argument("--against", metavar="COMMIT", help="measure chatd as it was at this commit too, and compare")
    parser.add_argument("--runs", type=positive, metavar="N", help="default: 3 of works that end in a ratio, 1 of the others")
    parser.add_argument("--quick", action="store_true", help="less of everything: a first impression, not for quotation")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results; default: %(default)s")
    return parser.parse_args(arguments)


def allow_open_files() -> None:
    """Raise the limit of open files, which the servers inherit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_like_an_interrupt(signal_number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results. Exit status: 0 all went well, 1 a case failed, 2 nothing could
    be measured, 130 interrupted."""
    options = parse_arguments(arguments)
    runs = 1 if options.quick and not options.runs else options.runs
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end_like_an_interrupt)
    allow_open_files()
    benchmark = Benchmark(options.only, options.servers, quick=options.quick)
    environment = machine() | ({"quick": "yes: do not quote these figures"} if options.quick else {})
    environment |= {EARLIER: options.against} if options.against else {}
    status = 0
    with tempfile.TemporaryDirectory(prefix="chatd-benchmarks-", dir="/var/tmp") as name:  # /tmp may be in memory.
        folder = Path(name)
        folder.chmod(0o755)  # ngIRCd reads its configuration once more after it has dropped root
        try:
            compile_programs(folder)
            if options.against:
                benchmark.add(earlier(options.against, folder))
            benchmark.run_all(runs, folder)
        except (BenchmarkError, ServerError) as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            status = 2
        except KeyboardInterrupt:
            print("benchmarks: interrupted; writing what has been measured so far", file=sys.stderr)
            status = 130
    if benchmark.results.measurements:
        write(benchmark.results, environment, options.out)
        print(plain_table(rows(benchmark.results)))
        print(*problems(benchmark.results.measurements), f"written to {options.out}", sep="\n")
    return status or int(bool(problems(benchmark.results.measurements)))
