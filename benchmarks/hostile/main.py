"""``python -m benchmarks hostile``: each attack on chatd with its default limits, and what others
notice of it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.fill import fill
from benchmarks.hostile.catalogue import CHOICES, attacks_of
from benchmarks.hostile.figures import Outcome, percentile, rows
from benchmarks.hostile.siege import Siege, server
from benchmarks.readers import make_certificate
from benchmarks.report import machine, table
from benchmarks.run import allow_open_files, positive
from benchmarks.servers import HERE, ServerError

SECONDS = 12
EVENTS = 200_000
DESCRIPTION = """\
Attack chatd of this checkout, with its default limits and its log on disk, from one address, and
measure what people at another address notice: the time of an answer when something is asked every
10 ms, of entering twice a second and of a search each second, and the server's memory.

Runs on Linux, needs openssl, and uses nothing but loopback."""
METHOD = (
    "a new server for each attack; an answer counts from when its question was due, and a missing one counts with "
    "the time spent waiting for it; attackers are processes of their own on the core of the measuring client, behind it"
)


def _choices(words: str) -> list[str]:
    """Parse a list of names, separated by commas."""
    unknown = [word for word in words.split(",") if word not in CHOICES]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)} (known: {', '.join(CHOICES)})")
    return [name for name in CHOICES if name in words.split(",")]


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks hostile",
        description=DESCRIPTION,
        epilog="attacks:\n" + "\n".join(f"  {name:10} {meaning}" for name, meaning in CHOICES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", type=_choices, default=list(CHOICES), metavar="NAME[,NAME...]", help="default: all")
    parser.add_argument("--seconds", type=positive, default=SECONDS, metavar="N", help="of each attack; default: %(default)s")
    parser.add_argument("--events", type=positive, default=EVENTS, metavar="N", help="in the log before; default: %(default)s")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results; default: %(default)s")
    return parser.parse_args(arguments)


def _tell(outcome: Outcome) -> None:
    growth = outcome.memory.growth
    pings = 1000 * percentile(outcome.pings, 99)
    figures = f"others' p99 {outcome.p99_ms:9.1f} ms (of pings {pings:.1f}), memory {growth:+7.1f} MiB"
    figures += f", processor {outcome.processor:4.0f} % (and waited {outcome.waited:.0f} %)"
    print(f"{outcome.name:10} {figures}{'' if outcome.keeps_promise() else '  NOT KEPT'}", file=sys.stderr, flush=True)


def report(outcomes: Sequence[Outcome], facts: dict[str, str]) -> str:
    """The results as Markdown."""
    lines = [f"- {key}: {value}" for key, value in facts.items()]
    meanings = [f"- **{outcome.name}**: {CHOICES[outcome.name]}." for outcome in outcomes]
    return "\n".join(["# Hostile clients", "", *lines, "", table(rows(outcomes)), "", *meanings]) + "\n"


def write(outcomes: Sequence[Outcome], facts: dict[str, str], out: Path) -> str:
    """Write hostile.json and hostile.md, and return the text of the latter."""
    out.mkdir(parents=True, exist_ok=True)
    everything = {"machine": facts, "attacks": [asdict(outcome) for outcome in outcomes]}
    (out / "hostile.json").write_text(json.dumps(everything, indent=1) + "\n")
    text = report(outcomes, facts)
    (out / "hostile.md").write_text(text)
    return text


def _measure(options: argparse.Namespace, outcomes: list[Outcome]) -> None:
    with tempfile.TemporaryDirectory(prefix="chatd-benchmarks-", dir="/var/tmp") as name:  # /tmp may be in memory.
        folder = Path(name)
        fill(folder / "filled", options.events)
        siege = Siege(folder, server(folder / "filled", make_certificate(folder)), options.seconds)
        for choice in options.only:
            outcomes.append(siege.measure(choice, attacks_of(choice)))
            _tell(outcomes[-1])


def main(arguments: Sequence[str]) -> int:
    """Measure and write the results. Exit status: 0 all limits are kept, 1 a limit is exceeded, 2
    nothing could be measured, 130 interrupted."""
    options = parse_arguments(arguments)
    allow_open_files()
    facts = machine() | {"seconds": f"{options.seconds} each, {options.events:,} events in the log", "method": METHOD}
    outcomes: list[Outcome] = []
    status = 0
    try:
        _measure(options, outcomes)
    except (ServerError, OSError, subprocess.CalledProcessError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        status = 130
    if outcomes:
        print(write(outcomes, facts, options.out))
    return status or int(not all(outcome.keeps_promise() for outcome in outcomes))
