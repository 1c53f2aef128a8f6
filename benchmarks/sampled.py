"""``twistd``, which samples itself: ``python -m benchmarks.sampled FILE ARGUMENT...``.

After each millisecond of the process's processor time it notes what the reactor's thread is doing.
On SIGUSR2 it writes to FILE what it has noted since the last time, and what each thread has used.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL_SECONDS = 0.001


class Sampler:
    """Counts in which functions the reactor's thread is, and who has called them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own: Counter[str] = Counter()
        self._within: Counter[str] = Counter()
        self._number = 0

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.signal(signal.SIGUSR2, self._write)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)

    def _sample(self, number: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            stack.append(_name(frame))
            frame = frame.f_back
        self._number += 1
        self._own[stack[0]] += 1
        self._within.update(set(stack))

    def _write(self, number: int, frame: FrameType | None) -> None:
        threads = {
            thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            for thread in threading.enumerate()
            if thread.ident is not None
        }
        noted = {"samples": self._number, "own": self._own, "within": self._within, "threads": threads}
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(noted))
        part.replace(self._path)
        self._own.clear()
        self._within.clear()
        self._number = 0


def _name(frame: FrameType) -> str:
    """The function of ``frame`` and its module, the last two parts of its path."""
    path = Path(frame.f_code.co_filename)
    return f"{path.parent.name}/{path.name} {frame.f_code.co_qualname}"


def main() -> None:
    from twisted.scripts.twistd import run

    path = Path(sys.argv[1])
    sys.argv[1:] = sys.argv[2:]
    Sampler(path).start()
    run()


if __name__ == "__main__":
    main()
