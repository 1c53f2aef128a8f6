"""twistd as a process of its own, without the time that its imports take: each one is forked from a
process that has imported chatd, and has done nothing else. The program that a shell or systemd
starts is tried in ``test_start.py``."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

IMPORTED: Final = (
    "chatd.auth.portal",
    "chatd.daemon.listening",
    "chatd.doors.ssh",
    "chatd.doors.telnet_screen",
    "chatd.doors.tls",
    "chatd.doors.web",
    "chatd.service",
    "chatd.store.sqlite",
    "tests.conversations.forking",
    "twisted.scripts.twistd",
    "twisted.scripts._twistd_unix",
)
"""What is imported before: not ``chatd.tap``, since twistd itself finds that, and no reactor."""

_context: Final = get_context("forkserver")


class Twistd:
    """A running twistd with ``arguments`` in ``folder``; ``out`` and ``err`` are its files."""

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: int, err: int) -> None:
        _start_server()
        files = [Connection(os.dup(file), readable=False) for file in (out, err)]
        self._process = _context.Process(target=_run, args=(list(arguments), str(folder), dict(environment), *files))
        self._process.start()
        for file in files:
            file.close()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    def send_signal(self, number: int) -> None:
        """Send the signal ``number``, unless it has ended."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def wait(self, seconds: float) -> int:
        """Wait for its end; the exit status. Raises TimeoutError."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            raise TimeoutError(f"twistd has not ended after {seconds} seconds")
        return self._process.exitcode


def _start_server() -> None:
    """Start the process from which the others are forked, with this tree's modules."""
    before = os.environ.get("PYTHONPATH")
    _context.set_forkserver_preload(list(IMPORTED))
    os.environ["PYTHONPATH"] = str(ROOT)
    forkserver.ensure_running()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


def _run(arguments: list[str], folder: str, environment: dict[str, str], *files: Connection) -> None:
    """Be twistd, in the process that was forked."""
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
        file.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["twistd", *arguments]
    from twisted.scripts.twistd import run

    run()
