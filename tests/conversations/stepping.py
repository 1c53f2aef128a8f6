"""twistd with its own wall clock: SIGUSR1 sets it back by an hour, SIGUSR2 forward by a year."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Final

STEPS: Final = {signal.SIGUSR1: -3600, signal.SIGUSR2: 365 * 24 * 3600}

machine_time = time.time
ahead = 0


def wall_clock() -> float:
    return machine_time() + ahead


def step(number: int, frame: FrameType | None) -> None:
    global ahead
    ahead += STEPS[signal.Signals(number)]


if __name__ == "__main__":
    time.time = wall_clock
    for number in STEPS:
        signal.signal(number, step)
    from twisted.scripts.twistd import run  # Now: Twisted keeps the function that gives the time.

    run()
