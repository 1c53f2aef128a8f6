"""Which cores the server and the load generator run on.

Left to itself, the scheduler sometimes puts both on one core. A wakeup on the same core is so much
cheaper that a delivery then seems to cost half. So each gets cores of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOWED = sorted(os.sched_getaffinity(0))

#: The load generator is one thread and gets the last core; the server gets the others.
FOR_LOAD = set(_ALLOWED[-1:])
FOR_SERVER = set(_ALLOWED[:-1]) or FOR_LOAD


@contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Run the programs that are started inside this context on these cores."""
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, _ALLOWED)
