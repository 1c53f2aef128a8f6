"""The log file of the server.

It replaces the one of twistd, which everybody can read, and which leaves a hole of NUL bytes when
another program truncates it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import IO, Any, cast

from twisted.logger import FileLogObserver, ILogObserver
from twisted.python import logfile

from chatd.core.limits import LOG_FILE_BYTES, LOG_FILES
from chatd.daemon.errors import CannotStart
from chatd.daemon.log_lines import LogLines

NOT_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXU


class LogFile(logfile.LogFile):
    """A log file that is not readable by everybody, since it has nicks and addresses.

    It is rotated when it is large; :meth:`reopen` opens it again after another program has renamed
    it. Lines are appended at its end, also after another program has truncated it. Nothing is
    opened before :meth:`open`.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.directory = str(path.parent)
        self.maxRotatedFiles = LOG_FILES - 1
        self.size = 0
        """At most so many bytes are in the file."""
        self._lock = Lock()

    def open(self) -> None:
        """Open the file, and create it if necessary. Raises CannotStart."""
        try:
            self._openFile()
        except OSError as error:
            why = f"{error.strerror}; name another with twistd --logfile"
            raise CannotStart(f"the log {self.path} cannot be written: {why}") from None

    def reopen(self) -> None:
        """Open the file of this name again. Raises OSError, and the file stays as it is."""
        with self._lock:
            before = self._file
            self._openFile()
            before.close()

    def listLogs(self) -> list[int]:
        """The numbers of the earlier files; those with higher numbers belong to another program."""
        numbers: list[int] = super().listLogs()  # type: ignore[no-untyped-call]
        return [number for number in numbers if number < LOG_FILES]

    def write(self, data: str | bytes) -> None:
        """Append ``data``, after a rotation if the file is large; any thread may call it."""
        line = data.encode() if isinstance(data, str) else data
        with self._lock:
            if self.size >= LOG_FILE_BYTES and self.shouldRotate():
                self.rotate()  # type: ignore[no-untyped-call]
            self._file.write(line)
            self.size += len(line)

    def shouldRotate(self) -> bool:
        """Whether the file is as large as it may be; another program may have truncated it."""
        self.size = os.fstat(self._file.fileno()).st_size
        return self.size >= LOG_FILE_BYTES

    def _openFile(self) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY, 0o600)
        _close_to_others(descriptor)
        self._file = os.fdopen(descriptor, "ab", 0)
        self.size = os.fstat(descriptor).st_size
        self.closed = False


def _close_to_others(descriptor: int) -> None:
    """Take from everybody else what an existing file lets them do; a group keeps its rights."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IRWXO and status.st_uid == os.geteuid():
        os.fchmod(descriptor, status.st_mode & NOT_FOR_OTHERS)


def log_file(options: Mapping[str, Any]) -> LogFile | None:
    """The file to log to, where twistd would log to a file; None: it logs to standard output, to
    syslog or to an observer that the operator has chosen. Raises CannotStart."""
    path, in_background = options.get("logfile"), not options.get("nodaemon") and not options.get("debug")
    if not _has_lines(options):
        return None
    if path == "-" and in_background:
        raise CannotStart("--logfile - needs twistd -n: in the background there is no standard output")
    if path == "-" or not (path or in_background):
        return None
    return LogFile(Path(path or "twistd.log").absolute())


def observer(options: Mapping[str, Any], file: LogFile | None) -> ILogObserver | None:
    """What writes the log to ``file``, the :func:`log_file`, or to standard output; None: that is
    left to twistd."""
    return FileLogObserver(cast(IO[Any], file or sys.stdout), LogLines().of) if _has_lines(options) else None


def _has_lines(options: Mapping[str, Any]) -> bool:
    """Whether the log goes to a file or to standard output."""
    return "logfile" in options and not options.get("syslog") and not options.get("logger")
