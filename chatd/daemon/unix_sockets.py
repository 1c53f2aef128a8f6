"""UNIX sockets on which the server listens.

Twisted's own ports let everybody on the machine connect, change a socket that systemd has made, and
remove it; and their lock, a number of a process, outlives a crash: it locks again as soon as
another process has that number.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
from pathlib import Path
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from chatd.core.limits import BACKLOG, SOCKET_MODE
from chatd.daemon.descriptions import arguments


class UnixPort(unix.Port):
    """Accepts connections on ``sock``, which listens already. At the end the socket at ``own`` is
    removed; None: it belongs to somebody else, and stays as it is. ``about`` describes it."""

    def __init__(self, reactor: Any, factory: Factory, sock: socket.socket, about: str, own: Path | None = None) -> None:
        super().__init__(os.fsencode(sock.getsockname()), factory, reactor=reactor)
        self.about = about
        self._factory = factory
        self._sock = sock
        self._own = own
        self._file = _identity(own)

    def startListening(self) -> None:
        """Accept connections."""
        tcp._reservedFD.reserve()
        self._sock.setblocking(False)
        self._shouldShutdown = False  # systemd keeps it, and calls us again.
        self._factory.doStart()
        self.connected = True
        self.socket = self._sock
        self.fileno = self._sock.fileno  # type: ignore[method-assign]
        self.numberAccepts = 100
        self.startReading()  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:
        """Close the socket, and remove it if it is still ours."""
        if self._own is not None and _identity(self._own) == self._file:
            with contextlib.suppress(OSError):
                self._own.unlink()
        tcp.Port.connectionLost(self, reason)


def listen(reactor: Any, factory: Factory, text: str, folder: Path) -> UnixPort:
    """Listen on the UNIX socket that ``text`` describes: ``PATH``, or ``PATH:mode=666``. A relative
    path begins in ``folder``.

    Raises OSError, and ValueError if it is described wrongly.
    """
    plain, named = arguments(text)
    given = named.pop("address", plain)
    mode, backlog = named.pop("mode", f"{SOCKET_MODE:o}"), named.pop("backlog", str(BACKLOG))
    named.pop("lockfile", None)  # An option of Twisted's own endpoint, which needs a lock.
    if named or not given or not re.fullmatch("0?[0-7]{3}", mode) or not re.fullmatch("[0-9]{1,9}", backlog):
        raise ValueError("write unix:PATH or unix:PATH:mode=660")
    path = folder / given
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_abandoned(path)
        _bind(sock, path, int(mode, 8))
        sock.listen(int(backlog))
        port = UnixPort(reactor, factory, sock, f"{path} (mode {int(mode, 8):04o})", path)
        port.startListening()
    except BaseException:
        sock.close()
        raise
    return port


def _bind(sock: socket.socket, path: Path, mode: int) -> None:
    """Make the socket with ``mode`` from the first moment; bind(2) takes the umask away."""
    umask = os.umask(0o777 & ~mode)
    try:
        sock.bind(str(path))
    finally:
        os.umask(umask)


def _remove_abandoned(path: Path) -> None:
    """Remove the socket of a server that has crashed: nobody listens there. Any other file
    stays."""
    with contextlib.suppress(FileNotFoundError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if stat.S_ISSOCK(path.lstat().st_mode):
            probe.setblocking(False)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
            except BlockingIOError:
                pass  # Somebody listens, and many wait.


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Which file is at ``path`` now."""
    with contextlib.suppress(OSError):
        if path is not None:
            status = path.lstat()
            return status.st_dev, status.st_ino
    return None
