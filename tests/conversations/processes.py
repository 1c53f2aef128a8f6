"""Real processes: the daemon, and the programs with which people connect. Nothing here sleeps:
everything is waited for, until `DEADLINE`."""

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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NoReturn, Protocol

import pytest

from tests.conversations.forking import Twistd

ROOT = Path(__file__).parents[2]

DEADLINE = 20.0
"""How long anything may take, in seconds; long enough that a slow machine fails no test."""

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


class Process(Protocol):
    """A running process."""

    @property
    def pid(self) -> int:
        """Its number."""

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, seconds: float) -> int:
        """Wait for its end; the exit status."""


class Daemon:
    """A daemon on a free port; ``start`` starts twistd."""

    def __init__(self, folder: Path, *options: str, start: Callable[..., Process] = Twistd) -> None:
        output, its_output = os.pipe()
        errors, its_errors = os.pipe()
        arguments = ["-n", "--pidfile=", "chatd", *options]
        self.process = start(arguments, folder, environment(TZ="UTC", XDG_STATE_HOME=str(folder)), its_output, its_errors)
        os.close(its_output)
        os.close(its_errors)
        self._errors = os.fdopen(errors, "rb")
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(output,))
        self._reader.start()

    def _read(self, output: int) -> None:
        with os.fdopen(output, "rb") as lines:
            self._note(lines)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _note(self, lines: IO[bytes]) -> None:
        for line in lines:
            with self._changed:
                self._lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()

    def log_lines(self) -> list[str]:
        """The lines of the log."""
        with self._changed:
            return list(self._lines)

    def await_log(self, pattern: str, times: int = 1) -> str:
        """Wait until ``pattern`` is in ``times`` log lines; the last of them."""

        def matches() -> list[str]:
            return [line for line in self._lines if re.search(pattern, line)][:times]

        with self._changed:
            self._changed.wait_for(lambda: len(matches()) == times or self._ended, DEADLINE)
            if len(matches()) < times:
                pytest.fail(f"not in the log {times} times: {pattern}\n" + "\n".join(self._lines))
            return matches()[-1]

    @property
    def port(self) -> int:
        """The TCP port on which it listens; waits until it does."""
        return int(self.await_log(r"chatd \S+ listens on .*port \d+$").rsplit(maxsplit=1)[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal ``number`` and wait; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; the exit status."""
        status = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return status

    def errors(self) -> str:
        """The output on standard error; only after the end."""
        return self._errors.read().decode()

    def close(self) -> None:
        """End the process in any case."""
        self.process.kill()
        self.wait()
        self._errors.close()


def run_twistd(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run twistd with ``arguments`` up to its end."""
    with (folder / "output").open("w+b") as output, (folder / "errors").open("w+b") as errors:
        env = environment(XDG_STATE_HOME=str(folder / "state"))
        process = Twistd(["-n", "--pidfile=", *arguments], folder, env, output.fileno(), errors.fileno())
        try:
            status = process.wait(DEADLINE)
        finally:
            process.kill()
        said = [Path(file.name).read_text() for file in (output, errors)]
    return subprocess.CompletedProcess([], status, *said)


class Program:
    """A program on pipes, or on the terminal whose two ends are ``terminal``."""

    def __init__(self, command: Sequence[str], terminal: tuple[int, int] | None = None) -> None:
        inner = subprocess.PIPE if terminal is None else terminal[1]
        self.process = subprocess.Popen(command, env=environment(), stdin=inner, stdout=inner, start_new_session=True)
        if terminal is None:
            self._in, self._out = _not_none(self.process.stdin).fileno(), _not_none(self.process.stdout).fileno()
        else:
            self._in = self._out = terminal[0]
            os.close(terminal[1])
        self._terminal = terminal is not None
        self._received = b""

    def say(self, *lines: str) -> None:
        """Type ``lines``."""
        self.type("".join(f"{line}\n" for line in lines).encode())

    def type(self, raw: bytes) -> None:
        """Type ``raw`` as it is."""
        assert os.write(self._in, raw) == len(raw)

    def end_input(self) -> None:
        """Close its input."""
        _not_none(self.process.stdin).close()

    def line(self) -> str:
        r"""The next line, with its end: the server ends them with ``\r\n``."""
        while b"\n" not in self._received:
            self._read_more("a line")
        line, _, self._received = self._received.partition(b"\n")
        return f"{line.decode()}\n"

    def hear(self, text: str) -> str:
        """The next line that contains ``text``; earlier lines are dropped."""
        while True:
            line = self.line()
            if text in line:
                return line

    def see(self, text: str) -> None:
        """Wait for ``text`` on a terminal, where lines may be incomplete; earlier output is
        dropped."""
        while text.encode() not in self._received:
            self._read_more(repr(text))
        _, _, self._received = self._received.partition(text.encode())

    def rest(self) -> str:
        """All output up to the end."""
        while self._read_more("the end", end_too=True):
            pass
        return self._received.decode()

    def _read_more(self, what: str, end_too: bool = False) -> bool:
        ready = select.select([self._out], [], [], DEADLINE)[0]
        try:
            new = os.read(self._out, 65536) if ready else b""
        except OSError:  # The program on the terminal has ended.
            new = b""
        if not new and not (ready and end_too):
            pytest.fail(f"not heard: {what}, but {self._received!r}")
        self._received += new
        return bool(new)

    def close(self) -> None:
        """End the process in any case."""
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
