"""twistd with its own wall clock: SIGRTMIN sets it back by an hour, SIGRTMIN + 1 forward by a year;
chatd has other uses for the usual signals."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Final

STEPS: Final = {signal.SIGRTMIN: -3600, signal.SIGRTMIN + 1: 365 * 24 * 3600}

machine_time = time.time
ahead = 0


def wall_clock() -> float:
    return machine_time() + ahead


def step(number: int, frame: FrameType | None) -> None:
    global ahead
    ahead += STEPS[number]


if __name__ == "__main__":
    time.time = wall_clock
    for number in STEPS:
        signal.signal(number, step)
    from twisted.scripts.twistd import run  # Now: Twisted keeps the function that gives the time.

    run()
