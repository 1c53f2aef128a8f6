"""The figures of one attack, and the table of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.report import Rows, show

P99_MS = 100.0
GROWTH_MIB = 64.0
"""The limits: the p99 of the others, in milliseconds, and the growth of the server's memory, in
MiB."""

MIB = 1 << 20

HEADING = [
    "attack",
    "others' p50, ms",
    f"p99 (≤ {P99_MS:g})",
    "worst",
    "p99 of pings",
    "p99 of asking late, ms",
    "refused",
    "unanswered",
    "newcomers' worst, ms",
    "searches' worst, ms",
    "memory before, MiB",
    f"growth (≤ {GROWTH_MIB:g})",
    "growth left",
    "processor, %",
    "waited for it, %",
    "what the attackers got done",
]


@dataclass(frozen=True, slots=True)
class Memory:
    """The server's resident memory, in MiB: before the attack, at its highest, after it."""

    before: float
    highest: float
    after: float

    @property
    def growth(self) -> float:
        return self.highest - self.before


@dataclass(frozen=True, slots=True)
class Outcome:
    """The measurements of one attack. Answer times are in seconds; ``late`` is how much later than
    due each question of the others was sent, in seconds; ``pings`` are those of ``others`` that do
    not need the disk."""

    name: str
    others: Sequence[float]
    late: Sequence[float]
    newcomers: Sequence[float]
    searches: Sequence[float]
    refused: Mapping[str, int]
    unanswered: Mapping[str, int]
    memory: Memory
    #: The share of one core that the server used, in percent.
    processor: float
    #: The share of the time in which it waited for a core that other programs used, in percent.
    waited: float
    done: Mapping[str, int] = field(default_factory=dict)
    pings: Sequence[float] = ()

    @property
    def p99_ms(self) -> float:
        return 1000 * percentile(self.others, 99)

    def keeps_promise(self) -> bool:
        """Whether p99 and growth are within the limits, and no answer is missing."""
        return self.p99_ms <= P99_MS and self.memory.growth <= GROWTH_MIB and not sum(self.unanswered.values())


def percentile(values: Sequence[float], percent: int) -> float:
    """The percentile of ``values``; 100: the greatest. 0 if there are no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def marked(value: float, limit: float) -> str:
    """A figure, and whether it is within its limit."""
    return f"{show(value)} {'✓' if value <= limit else '✗'}"


def counted(done: Mapping[str, int]) -> str:
    """The counts as text for people."""
    return ", ".join(
        f"{show(count / MIB)} MiB {what.removeprefix('bytes ')}" if what.startswith("bytes ") else f"{count:,} {what}"
        for what, count in done.items()
        if count
    )


def by_kind(counts: Mapping[str, int]) -> str:
    """The counts by kind; kinds with a count of 0 are left out."""
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)


def row(outcome: Outcome) -> list[str]:
    """The row of the table for one attack."""
    memory = outcome.memory
    return [
        outcome.name,
        show(1000 * percentile(outcome.others, 50)),
        marked(outcome.p99_ms, P99_MS),
        show(1000 * percentile(outcome.others, 100)),
        show(1000 * percentile(outcome.pings, 99)),
        show(1000 * percentile(outcome.late, 99)),
        by_kind(outcome.refused),
        by_kind(outcome.unanswered),
        show(1000 * percentile(outcome.newcomers, 100)),
        show(1000 * percentile(outcome.searches, 100)),
        show(memory.before),
        marked(memory.growth, GROWTH_MIB),
        show(memory.after - memory.before),
        show(outcome.processor),
        show(outcome.waited),
        counted(outcome.done),
    ]


def rows(outcomes: Sequence[Outcome]) -> Rows:
    """The table: a heading, and one row for each attack."""
    return [HEADING, *map(row, outcomes)]
