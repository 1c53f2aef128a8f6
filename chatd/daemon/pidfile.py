"""The pid file of twistd, which must not keep the server from starting when it is stale."""

from __future__ import annotations

import os
from pathlib import Path

from chatd.daemon.errors import CannotStart


def remove_stale(path: Path) -> None:
    """Remove a pid file that no running twistd has written.

    twistd does so only if no process at all has the number. But after a reboot, or in a container,
    the number soon belongs to another program, or to this process; and after a power failure the
    file can be empty. A file with other contents is no pid file, and stays. Raises CannotStart.
    """
    try:
        text = path.read_text("ascii").strip(" \n\0")
    except (OSError, UnicodeDecodeError):
        return  # twistd finds no such file, or reports what it is.
    if text and (not text.isdigit() or _is_other_twistd(int(text))):
        return
    try:
        path.unlink()
    except OSError as error:
        raise CannotStart(f"the stale pid file {path} cannot be removed: {error.strerror}") from None


def _is_other_twistd(number: int) -> bool:
    """Whether the process with this number may be a twistd, and is not this process. Where the
    system does not tell (it has no proc(5)), it may be."""
    if number == os.getpid():
        return False
    try:
        return b"twistd" in Path(f"/proc/{number}/cmdline").read_bytes()
    except FileNotFoundError:
        return not Path("/proc/self/cmdline").exists()
    except OSError:
        return True


def check_folder(path: Path) -> None:
    """Check that twistd can write its pid file to ``path``, and remove it later. Raises
    CannotStart."""
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=True):
        raise CannotStart(f"the pid file {path} cannot be written: name another with twistd --pidfile, or none with --pidfile=")
