"""``chatd-admin``: runs a command, and reports how it ended."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from chatd.admin.options import Run, parser
from chatd.core.errors import Refusal
from chatd.store import database
from chatd.store.database import UnusableError

STOPPED: Final = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells count."""

UNREAD: Final = 141
"""The exit status if nobody reads the output: 128 and the number of SIGPIPE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in ``arguments``; returns the exit status."""
    options = parser().parse_args(arguments)
    run: Run = options.run
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # A terminal may not support the characters of a room name.
    try:
        status = run(Path(options.data) if options.data else database.default_folder(), options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _drop_output()
        return UNREAD
    except KeyboardInterrupt as stop:
        _report(f"stopped: {stop}" if stop.args else "stopped")
        return STOPPED
    except OSError as error:
        _drop_output()
        _report(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))
    except (UnusableError, Refusal, sqlite3.Error) as error:
        _report(str(error))
    return 1


def _report(line: str) -> None:
    print(f"chatd-admin: {line}", file=sys.stderr)


def _drop_output() -> None:
    """Discard the buffered output: Python would try to write it again at the end, and report an
    error."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
