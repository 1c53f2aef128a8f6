"""What a server takes of the machine: its memory and its processor time (Linux)."""

from __future__ import annotations

import time
from pathlib import Path


def processor_seconds(pid: int) -> float:
    """The processor time of a process, in seconds, by its clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | 2)


def waited_seconds(pid: int) -> float:
    """How long the first thread of a process has waited for a core that others used, in seconds
    (proc(5), schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def resident_mib(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    return _status(pid, "VmRSS")


def highest_resident_mib(pid: int) -> float:
    """The most that :func:`resident_mib` was since :func:`forget_highest`, in MiB."""
    return _status(pid, "VmHWM")


def forget_highest(pid: int) -> None:
    """Let the highest memory begin again at that of now (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, key: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"process {pid} has ended")
