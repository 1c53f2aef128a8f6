"""The sockets on which the server listens.

They are opened before twistd puts itself into the background, so that an error is seen.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from chatd.core.limits import BACKLOG
from chatd.daemon import inherited, unix_sockets
from chatd.daemon.errors import CannotStart
from chatd.daemon.identity import Identity


class Entrance(Factory):
    """Passes each connection on to ``front``, which can be made after the sockets are open: nothing
    is accepted before the reactor runs."""

    noisy = False
    front: Factory

    def buildProtocol(self, addr: Any) -> Any:
        """The protocol of a new connection from ``addr``."""
        return self.front.buildProtocol(addr)


class Listener:
    """Opens sockets for ``entrance``; UNIX sockets with the rights of ``identity``, and relative to
    ``folder``."""

    def __init__(self, reactor: Any, entrance: Factory, identity: Identity, folder: Path) -> None:
        self._reactor = reactor
        self._entrance = entrance
        self._identity = identity
        self._folder = folder
        self.ports: list[Any] = []
        """Where connections are accepted (IListeningPort)."""

    def open_all(self, options: Mapping[str, Any]) -> None:
        """Open what ``--port``, ``--interface`` and ``--listen`` name. Raises CannotStart, and then
        nothing is open."""
        try:
            if options["port"] is not None:
                endpoint = _port_endpoint(self._reactor, options["port"], options["interface"])
                self._open(f"port {options['port']}", endpoint)
            for description in options["listen"]:
                self._open_description(description)
        except CannotStart:
            self.close_all()
            raise

    def open_telnet(self, port: int, interface: str) -> Entrance:
        """Open ``--telnet-port``, whose connections pass through another entrance. Raises
        CannotStart, and then nothing is open."""
        entrance = Entrance()
        try:
            self._open(f"port {port} for telnet", _port_endpoint(self._reactor, port, interface), entrance)
        except CannotStart:
            self.close_all()
            raise
        return entrance

    def close_all(self) -> None:
        """Close everything at once, before the reactor runs; no UNIX socket is left behind."""
        while self.ports:
            self.ports.pop().connectionLost(Failure(ConnectionDone()))

    def _open_description(self, description: str) -> None:
        kind, _, rest = description.partition(":")
        try:
            if kind == "unix":
                with self._identity.assumed():
                    self.ports.append(unix_sockets.listen(self._reactor, self._entrance, rest, self._folder))
            elif kind == "systemd":
                self.ports.append(inherited.listen(self._reactor, self._entrance, rest))
            else:
                self._open(description, serverFromString(self._reactor, description))
        except OSError as error:
            raise CannotStart(f"cannot listen on {description}: {error.strerror or error}") from None
        except CannotStart:
            raise
        except Exception as error:
            raise CannotStart(f"--listen: {description} is no endpoint: {error}") from None

    def _open(self, description: str, endpoint: IStreamServerEndpoint, entrance: Factory | None = None) -> None:
        failures: list[Failure] = []
        endpoint.listen(entrance or self._entrance).addCallbacks(self.ports.append, failures.append)
        if failures:
            error = failures[0].value
            reason = error.socketError.strerror if isinstance(error, CannotListenError) else error
            raise CannotStart(f"cannot listen on {description}: {reason}")


def _port_endpoint(reactor: Any, port: int, interface: str) -> IStreamServerEndpoint:
    """The endpoint of ``--port``. To listen on every interface it is one IPv6 socket, which accepts
    IPv4 too, if the system has IPv6."""
    if ":" in interface or (not interface and _has_ipv6()):
        return TCP6ServerEndpoint(reactor, port, BACKLOG, interface or "::")
    return TCP4ServerEndpoint(reactor, port, BACKLOG, interface)


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::", 0))
        return True
    return False


def readable(port: Any) -> str:
    """Where ``port`` listens, as people write it: ``port 8080``, ``127.0.0.1 port 8080``, the path
    of a UNIX socket and its mode."""
    about = getattr(port, "about", None)
    if about is not None:
        return str(about)
    address = port.getHost()
    where = "" if address.host in ("::", "0.0.0.0") else f"{address.host} "
    return f"{where}port {address.port}"
