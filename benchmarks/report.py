"""Computes figures from outcomes, and a table from the figures."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.works import Figure, Outcome, Work

REFERENCE = "bare"
JUDGED = "chatd"
EARLIER = "earlier"
"""The server that is an earlier version of chatd (``earlier.py``)."""

Rows = list[list[str]]
"""A table: its heading, and then its rows."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The outcome of one case of one work on one server, in one run."""

    run: int
    work: str
    case: str
    server: str
    outcome: Outcome


@dataclass(slots=True)
class Results:
    """Everything that has been measured so far."""

    works: Sequence[Work]
    servers: list[str]
    measurements: list[Measurement] = field(default_factory=list)

    def values(self, work: Work, figure: Figure, server: str) -> list[float]:
        """The figure in each run in which it can be computed."""
        runs = sorted({measurement.run for measurement in self.measurements})
        values = (self._value(work, figure, server, run) for run in runs)
        return [value for value in values if value is not None]

    def median(self, work: Work, figure: Figure, server: str) -> float | None:
        values = self.values(work, figure, server)
        return statistics.median(values) if values else None

    def _value(self, work: Work, figure: Figure, server: str, run: int) -> float | None:
        value = self._absolute(work, figure, server, run)
        if value is None or not figure.relative:
            return value
        reference = self._absolute(work, figure, REFERENCE, run)
        return value / reference if reference else None

    def _absolute(self, work: Work, figure: Figure, server: str, run: int) -> float | None:
        outcomes = {
            measurement.case: measurement.outcome
            for measurement in self.measurements
            if (measurement.run, measurement.work, measurement.server) == (run, work.name, server)
        }
        return figure.compute(outcomes) if len(outcomes) == len(work.cases) else None

    def times_earlier(self, work: Work, figure: Figure) -> list[float]:
        """chatd's figure in each run, that of the earlier version = 1."""
        runs = sorted({measurement.run for measurement in self.measurements})
        pairs = [[self._absolute(work, figure, server, run) for server in (JUDGED, EARLIER)] for run in runs]
        return [now / before for now, before in pairs if now is not None and before]

    def keeps_limit(self, work: Work, figure: Figure) -> bool | None:
        """Whether chatd's median is within the limit; None: there is no limit or no figure."""
        median = self.median(work, figure, JUDGED)
        return None if median is None or figure.limit is None else median <= figure.limit


def machine() -> dict[str, str]:
    """The machine and the software that the figures depend on."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_version()}, Twisted {_twisted()}",
        "commit": _commit(),
        "load at the start": f"{os.getloadavg()[0]:.2f}",
    }


def _twisted() -> str:
    try:
        return version("twisted")
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent, check=False)
    except OSError:
        return "unknown"
    return answer.stdout.strip() or "unknown"


def problems(measurements: Iterable[Measurement]) -> list[str]:
    """One line for each case in which not everybody was greeted, or not every message arrived
    exactly once and in order."""
    return [_problem(measurement) for measurement in measurements if not measurement.outcome["went_well"]]


def _problem(measurement: Measurement) -> str:
    outcome = measurement.outcome
    parts = [f"{outcome['present']} of {outcome['connections']} greeted"]
    if outcome["expected"]:
        parts.append(f"{outcome['delivered']} of {outcome['expected']} delivered")
    parts += [f"{outcome[key]} {key.replace('_', ' ')}" for key in ("doubled", "out_of_order") if outcome[key]]
    if outcome["closed_by_server"]:
        parts.append(f"{outcome['closed_by_server']} connections closed by the server")
    if outcome["ran_out_of_time"]:
        parts.append("out of time")
    name = measurement.work if measurement.work == measurement.case else f"{measurement.work}/{measurement.case}"
    return f"{name}, {measurement.server}, run {measurement.run}: {', '.join(parts)}"


def show(value: float | None) -> str:
    """A number with three significant digits."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def show_runs(values: list[float]) -> str:
    """The median of several runs, with their minimum and maximum."""
    if not values:
        return "-"
    median = show(statistics.median(values))
    return median if len(values) == 1 else f"{median} ({show(min(values))} to {show(max(values))})"


def _row(results: Results, work: Work, figure: Figure) -> list[str]:
    limit = "" if figure.limit is None else f"≤ {figure.limit:g}"
    verdict = {None: "", True: " ✓", False: " ✗"}[results.keeps_limit(work, figure)]
    cells = [show_runs(results.values(work, figure, server)) + (verdict if server == JUDGED else "") for server in results.servers]
    if EARLIER in results.servers:
        cells.append(show_runs(results.times_earlier(work, figure)))
    return [work.name, figure.title, limit, *cells]


def rows(results: Results) -> list[list[str]]:
    """The table: a heading, and one row for each figure."""
    heading = ["work", "figure", "chatd's limit", *results.servers]
    if EARLIER in results.servers:
        heading.append(f"{JUDGED}, {EARLIER} = 1")
    return [heading, *(_row(results, work, figure) for work in results.works for figure in work.figures)]


def plain_table(table: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)


def table(rows: Rows) -> str:
    """The rows as a table in Markdown."""
    heading, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in (heading, ["---"] * len(heading), *body))


def _runs(results: Results) -> list[str]:
    """The number of runs of each work."""
    runs = {measurement.work: measurement.run for measurement in results.measurements}
    return [f"{work} {run}" for work, run in runs.items()]


def markdown(results: Results, environment: dict[str, str], method: str) -> str:
    """The whole report."""
    heading, *body = rows(results)
    rule = ["---"] * 3 + ["---:"] * (len(heading) - 3)
    lines = ["# Benchmark results", "", *(f"- {key}: {value}" for key, value in environment.items())]
    lines += [
        f"- runs: {', '.join(_runs(results))}; the servers take turns; each figure is the median (minimum to maximum)",
        f"- method: {method}",
    ]
    lines += ["", "![Processor time of a delivery, bare = 1](results.svg)", ""]
    lines += ["| " + " | ".join(row) + " |" for row in (heading, rule, *body)]
    lines += ["", *(f"- **{work.name}**: {work.meaning}." for work in results.works)]
    sentences = problems(results.measurements)
    lines += ["", "## Problems", "", *(f"- {sentence}" for sentence in sentences)] if sentences else []
    return "\n".join(lines) + "\n"
