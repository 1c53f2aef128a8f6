"""Real processes to talk with: the daemon, and the programs that people call it with.

Nothing here sleeps: whatever is awaited is waited for, until `DEADLINE`.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NoReturn

import pytest

ROOT = Path(__file__).parents[2]

DEADLINE = 20.0
"""How long anything may take to happen, in seconds; a slow machine is no failure."""

TWISTD = [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile="]


def need(program: str) -> str:
    """The path of ``program``; without it the test is skipped, or fails where all tests must
    run."""
    return shutil.which(program) or cannot(f"{program} is not installed")


def cannot(reason: str) -> NoReturn:
    """Skip the test for ``reason``; where all tests must run (CHATD_TEST_ALL=1), fail it."""
    if os.environ.get("CHATD_TEST_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def environment(**more: str) -> dict[str, str]:
    """A plain environment, in which a child finds this tree's chatd."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "vt100", **more}


class Daemon:
    """A daemon of one's own, on a free port."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [*TWISTD, "chatd", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment(TZ="UTC", XDG_STATE_HOME=str(folder)), stdout=pipe, stderr=pipe
        )
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(_not_none(self.process.stdout),))
        self._reader.start()

    def _read(self, output: IO[bytes]) -> None:
        for line in output:
            with self._changed:
                self._lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def log_lines(self) -> list[str]:
        """What the log has, a line each."""
        with self._changed:
            return list(self._lines)

    def await_log(self, pattern: str, times: int = 1) -> str:
        """The last of the first ``times`` log lines in which ``pattern`` is found."""

        def found() -> list[str]:
            return [line for line in self._lines if re.search(pattern, line)][:times]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) == times or self._ended, DEADLINE)
            if len(found()) < times:
                pytest.fail(f"not in the log {times} times: {pattern}\n" + "\n".join(self._lines))
            return found()[-1]

    @property
    def port(self) -> int:
        """The TCP port that it listens on, once it does."""
        return int(self.await_log(r"chatd \S+ listens on .*port \d+$").rsplit(maxsplit=1)[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal ``number``; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status."""
        status = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return status

    def errors(self) -> str:
        """What came on standard error; only after the end."""
        return _not_none(self.process.stderr).read().decode()

    def close(self) -> None:
        """Be gone in any case."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            _not_none(pipe).close()


class Program:
    """A program that talks on its standard input and output, or on the terminal behind
    ``terminal``."""

    def __init__(self, command: Sequence[str], terminal: tuple[int, int] | None = None) -> None:
        inner = subprocess.PIPE if terminal is None else terminal[1]
        self.process = subprocess.Popen(command, env=environment(), stdin=inner, stdout=inner, start_new_session=True)
        if terminal is None:
            self._in, self._out = _not_none(self.process.stdin).fileno(), _not_none(self.process.stdout).fileno()
        else:
            self._in = self._out = terminal[0]
            os.close(terminal[1])
        self._terminal = terminal is not None
        self._heard = b""

    def say(self, *lines: str) -> None:
        """Type ``lines``."""
        self.type("".join(f"{line}\n" for line in lines).encode())

    def type(self, raw: bytes) -> None:
        """Type ``raw`` as it is."""
        assert os.write(self._in, raw) == len(raw)

    def end_input(self) -> None:
        """Type nothing more."""
        _not_none(self.process.stdin).close()

    def line(self) -> str:
        r"""The next line, with its end: the server ends them with ``\r\n``."""
        while b"\n" not in self._heard:
            self._hear_more("a line")
        line, _, self._heard = self._heard.partition(b"\n")
        return f"{line.decode()}\n"

    def hear(self, text: str) -> str:
        """The next line that has ``text`` in it; those before are lost."""
        while True:
            line = self.line()
            if text in line:
                return line

    def see(self, text: str) -> None:
        """Wait for ``text`` on a terminal, where a line may not be whole; what is before it is
        lost."""
        while text.encode() not in self._heard:
            self._hear_more(repr(text))
        _, _, self._heard = self._heard.partition(text.encode())

    def rest(self) -> str:
        """Everything up to the end."""
        while self._hear_more("the end", end_too=True):
            pass
        return self._heard.decode()

    def _hear_more(self, what: str, end_too: bool = False) -> bool:
        ready = select.select([self._out], [], [], DEADLINE)[0]
        try:
            new = os.read(self._out, 65536) if ready else b""
        except OSError:  # A terminal whose program has ended.
            new = b""
        if not new and not (ready and end_too):
            pytest.fail(f"not heard: {what}, but {self._heard!r}")
        self._heard += new
        return bool(new)

    def close(self) -> None:
        """Be gone in any case."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        if self._terminal:
            os.close(self._out)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def seconds_since(start: float) -> float:
    """How long ago ``start`` was, on the clock of :func:`time.monotonic`."""
    return time.monotonic() - start


def _not_none(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
