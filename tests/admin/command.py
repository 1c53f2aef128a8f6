"""``chatd-admin`` for tests: called in this process, or run in one of its own."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

from chatd.admin.jsonl import line_of
from chatd.admin.main import main
from chatd.core.events import Event, Said

ADMIN: Final = [sys.executable, "-c", "from chatd.admin.main import main; raise SystemExit(main())"]
"""The command, as a process."""


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended: its exit status, and what it wrote."""

    status: int
    out: bytes
    err: str

    @property
    def line(self) -> str:
        """The one line that it printed, on either output."""
        [line] = (self.out.decode() + self.err).splitlines()
        return line


def admin(folder: Path, *arguments: str, given: bytes = b"") -> Done:
    """Run ``chatd-admin`` on the data in ``folder``, with ``given`` as its standard input."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(given))):
        status = main(["--data", str(folder), *arguments])
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return Done(status, out.buffer.getvalue(), err.getvalue())


def said(seq: int, text: str = "hi", room: str = "lobby", time: int = 1_795_435_200_000, id: str = "") -> Said:
    """Message ``seq`` of a room."""
    return Said(room, seq, time + seq, "ada", "", text, id=id)


def lines(*events: Event) -> bytes:
    """``events`` as an export writes them."""
    return b"".join(map(line_of, events))
