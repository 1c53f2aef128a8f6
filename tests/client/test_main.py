"""The entry point; tests/conversations tests it with real programs."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from chatd.client.main import wall_clock

PROGRAM = [sys.executable, "-c", "from chatd.client.main import main; main()"]


def run(*arguments: str, closed: str = "") -> subprocess.CompletedProcess[str]:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "USER": "bot"}
    return subprocess.run(shell, input="x\n", capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_help_is_fast_and_needs_no_server() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: chatd-client")


def test_an_unreachable_server_is_reported_in_one_line() -> None:
    done = run("127.0.0.1:1")  # tcpmux: nothing listens there
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "chatd-client: 127.0.0.1:1 cannot be reached: connection refused.\n"


def test_closed_standard_files_cause_no_error() -> None:
    done = run("127.0.0.1:1", closed="<&- >&-")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_the_wall_clock_counts_milliseconds() -> None:
    assert abs(wall_clock() / 1000 - time.time()) < 1
