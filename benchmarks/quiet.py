"""Measures while no other program uses the machine.

The processor time of other programs is that of all processors, minus that of this program and of
the programs that it has started and waited for.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

MOST = 0.1
"""How much others may use during a measurement, in cores."""

TRIES = 8
"""How many times to measure if others use more; the least disturbed measurement counts then."""

T = TypeVar("T")


def undisturbed(measure: Callable[[], T]) -> T:
    """The result of ``measure`` while nobody else uses the machine."""
    tried: list[tuple[float, T]] = []
    while len(tried) < TRIES:
        others, began = _others_seconds(), time.perf_counter()
        value = measure()
        share = (_others_seconds() - others) / (time.perf_counter() - began)
        if share <= MOST:
            return value
        print(f"disturbed: others used {share:.2f} cores", file=sys.stderr, flush=True)
        tried.append((share, value))
    return min(tried, key=lambda one: one[0])[1]


def _others_seconds() -> float:
    own = sum(
        usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    user, nice, system, _, _, irq, soft, steal = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK") - own
