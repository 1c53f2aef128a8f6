"""TCP: the options of a connection's socket, and addresses as people write them."""

from __future__ import annotations

import functools
import ipaddress
import socket
from typing import Final

from chatd.core.limits import KEEPALIVE_SECONDS, NETWORKS_PARSED, UNACKNOWLEDGED_SECONDS
from chatd.delivery.writers import socket_of

THIS_MACHINE: Final = "this machine"
"""The address of a caller on a Unix socket, which has none."""

_PROBES: Final = dict(zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), KEEPALIVE_SECONDS, strict=True))
_OF_LINUX: Final = {**_PROBES, "TCP_USER_TIMEOUT": UNACKNOWLEDGED_SECONDS * 1000}
"""Options of tcp(7), of which another system may lack some."""

_OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _OF_LINUX.items() if hasattr(socket, name)),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)


def tune(transport: object) -> None:
    """Send without delay (TCP_NODELAY), and detect a dead link (keepalive, TCP_USER_TIMEOUT)."""
    sock = socket_of(transport)  # The TCP connection that carries TLS is tuned when it is unwrapped.
    if sock is not None and hasattr(transport, "setTcpNoDelay"):
        tune_socket(sock)


def tune_socket(sock: socket.socket) -> None:
    """As :func:`tune`. The options of a socket that listens are those of the connections that are
    made from then on, for which nothing remains to be done; those that wait already, as in a rush
    when the server starts, have none of them."""
    try:
        if sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY):
            return
    except OSError:  # It is a UNIX socket.
        return
    for level, option, value in _OPTIONS:
        sock.setsockopt(level, option, value)


def address_of(addr: object) -> str:
    """The address of a caller as people write it: an IPv4 address that arrived by IPv6
    (``::ffff:192.0.2.1``) is written as an IPv4 address."""
    host = getattr(addr, "host", None) or THIS_MACHINE
    return str(host).removeprefix("::ffff:")


@functools.lru_cache(maxsize=NETWORKS_PARSED)
def is_this_machine(address: str) -> bool:
    """Whether a caller from ``address`` runs on this machine: it has a loopback address, or called
    at a Unix socket."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address == THIS_MACHINE
