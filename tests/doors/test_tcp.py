"""The options of a socket, and addresses as people write them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from twisted.internet.address import IPv4Address, UNIXAddress

from chatd.core.limits import KEEPALIVE_SECONDS, UNACKNOWLEDGED_SECONDS
from chatd.doors.tcp import address_of, is_this_machine, tune


class Transport:
    """What ``tune`` needs of a transport with a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.no_delay = self.keep_alive = False

    def getHandle(self) -> socket.socket:
        return self._sock

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.keep_alive = enabled


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    with socket.socket(request.param) as sock:
        yield Transport(sock)


def test_only_tcp_sockets_are_tuned(transport: Transport) -> None:
    tune(transport)
    sock = transport.getHandle()
    assert transport.no_delay is transport.keep_alive is (sock.family != socket.AF_UNIX)
    if transport.keep_alive:
        names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        assert tuple(sock.getsockopt(socket.IPPROTO_TCP, name) for name in names) == KEEPALIVE_SECONDS
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNACKNOWLEDGED_SECONDS * 1000


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (IPv4Address("TCP", "192.0.2.7", 1), "192.0.2.7"),
        (IPv4Address("TCP", "::ffff:192.0.2.7", 1), "192.0.2.7"),
        (UNIXAddress("/run/chatd.sock"), "this machine"),
        (None, "this machine"),
    ],
)
def test_addresses_are_written_as_people_do(address: object, shown: str) -> None:
    assert address_of(address) == shown


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("this machine", True),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_addresses_of_this_machine(address: str, is_here: bool) -> None:
    assert is_this_machine(address) is is_here
