"""TCP: the options of a connection's socket, and addresses as people write them."""

from __future__ import annotations

import functools
import ipaddress
import socket
from typing import Any, Final

from twisted.internet.interfaces import ISSLTransport

from chatd.core.limits import KEEPALIVE_SECONDS, NETWORKS_PARSED, UNACKNOWLEDGED_SECONDS

THIS_MACHINE: Final = "this machine"
"""The address of a caller on a Unix socket, which has none."""

_PROBES: Final = dict(zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), KEEPALIVE_SECONDS, strict=True))
_OPTIONS: Final = {**_PROBES, "TCP_USER_TIMEOUT": UNACKNOWLEDGED_SECONDS * 1000}
"""Options of tcp(7), of which another system than Linux may lack some."""


def tune(transport: Any) -> None:
    """Send without delay (TCP_NODELAY), and detect a dead link (keepalive, TCP_USER_TIMEOUT)."""
    if ISSLTransport.providedBy(transport) or not hasattr(transport, "setTcpNoDelay"):
        return  # The TCP connection that carries TLS is tuned when it is unwrapped.
    sock = transport.getHandle()
    if sock is None or sock.family == socket.AF_UNIX:
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


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
