"""Sockets that systemd has opened and passes to the server (socket activation,
sd_listen_fds(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from twisted.internet.protocol import Factory

from chatd.daemon.descriptions import arguments
from chatd.daemon.unix_sockets import UnixPort

FIRST: Final = 3
"""The number of the first file that systemd passes (SD_LISTEN_FDS_START)."""


def passed(environment: Mapping[str, str], pid: int) -> dict[str, int]:
    """The files that systemd has passed to the process ``pid``, by index and, if they have names,
    by name."""
    count = environment.get("LISTEN_FDS", "")
    if environment.get("LISTEN_PID") != str(pid) or not count.isdigit():
        return {}
    files = range(FIRST, FIRST + int(count))
    names = zip(environment.get("LISTEN_FDNAMES", "").split(":"), files, strict=False)
    return {**{str(index): file for index, file in enumerate(files)}, **{name: file for name, file in names if name}}


def listen(reactor: Any, factory: Factory, text: str) -> Any:
    """Accept connections on the socket that ``text`` names: ``index=0``, or ``name=chatd.socket``.
    The socket knows its own ``domain``, which may be named too.

    Raises OSError, and ValueError with what to do if there is no such socket.
    """
    _, named = arguments(text)
    key = named.get("index") or named.get("name")
    if key is None:
        raise ValueError("write systemd:index=0 or systemd:name=NAME")
    files = passed(_first_environment(), os.getpid())
    if not files:
        raise ValueError("systemd has passed no socket; start the server by its .socket unit (docs/operating.md)")
    if key not in files:
        raise ValueError(f"systemd has passed no socket {key}; it has passed {', '.join(files)}")
    sock = socket.socket(fileno=files[key])
    if sock.type != socket.SOCK_STREAM or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        sock.detach()
        raise ValueError("it does not listen for connections; the .socket unit needs ListenStream= and Accept=no")
    os.set_inheritable(sock.fileno(), False)
    if sock.family == socket.AF_UNIX:
        port = UnixPort(reactor, factory, sock, _about(sock))
        port.startListening()
        return port
    with contextlib.closing(sock):
        sock.setblocking(False)
        return reactor.adoptStreamPort(sock.fileno(), sock.family, factory)


def _about(sock: socket.socket) -> str:
    name = os.fsdecode(sock.getsockname())
    with contextlib.suppress(OSError, ValueError):
        return f"{name} (from systemd, mode {os.stat(name).st_mode & 0o777:04o})"
    return "a UNIX socket (from systemd)"


def _first_environment() -> dict[str, str]:
    """The environment with which this process was started: Twisted removes what systemd has put
    there, and then knows nothing of sockets without names."""
    with contextlib.suppress(OSError):
        entries = Path("/proc/self/environ").read_bytes().split(b"\0")
        return {os.fsdecode(name): os.fsdecode(value) for name, _, value in (entry.partition(b"=") for entry in entries)}
    return dict(os.environ)
