"""An earlier version of chatd, beside which the present one is measured: milliseconds follow the
machine, the ratio of two versions in one run hardly does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import EARLIER
from benchmarks.servers import HERE, Server, ServerError, Start, chatd


def earlier(commit: str, folder: Path) -> Server:
    """chatd as it was at ``commit`` of this repository, with its log on disk; it is unpacked in
    ``folder``. It runs with the Python and the libraries of today, and without the options that it
    does not know. Raises ServerError."""
    source, archive = folder / EARLIER, folder / f"{EARLIER}.tar"
    source.mkdir()
    _run(["git", "archive", f"--output={archive}", commit, "chatd", "twisted"], HERE.parent, f"{commit} cannot be had from git")
    _run(["tar", "-xf", str(archive)], source, f"{commit} cannot be unpacked")
    command = chatd(Start(0, folder, default_limits=True), "none")
    plugin = command.index("chatd") + 1
    help = _run([*command[:plugin], "--help"], source, f"{commit} does not run")

    def run(start: Start) -> list[str]:
        return known(chatd(start, str(start.folder / f"{EARLIER}-{start.port}")), plugin, help.decode())

    return Server(EARLIER, "text", run, lambda: True, source=source)


def known(command: Sequence[str], first: int, help: str) -> list[str]:
    """``command`` without the options that ``help`` does not name; from ``first`` on, each word is
    an option and the next one its value."""
    pairs = zip(command[first::2], command[first + 1 :: 2], strict=True)
    return [*command[:first], *(word for option, value in pairs if f"{option}=" in help for word in (option, value))]


def _run(command: Sequence[str], source: Path, problem: str) -> bytes:
    """What ``command``, which has ``source`` as its folder and for Python, prints."""
    environment = os.environ | {"PYTHONPATH": str(source)}
    answer = subprocess.run(command, cwd=source, env=environment, capture_output=True, check=False)
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        raise ServerError(f"{problem}: {said[-1] if said else 'it said nothing'}")
    return answer.stdout
