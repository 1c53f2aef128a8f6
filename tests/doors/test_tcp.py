"""The options of a socket, and addresses as people write them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from twisted.internet.address import IPv4Address, UNIXAddress

from chatd.core.limits import KEEPALIVE_SECONDS, UNACKNOWLEDGED_SECONDS
from chatd.doors.tcp import address_of, is_this_machine, tune, tune_socket


class Transport:
    """What ``tune`` needs of a transport with a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def getHandle(self) -> socket.socket:
        return self._sock

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Says that this is TCP."""


def is_tuned(sock: socket.socket) -> bool:
    names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT, socket.TCP_NODELAY)
    options = tuple(sock.getsockopt(socket.IPPROTO_TCP, name) for name in names)
    detects = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return options == (*KEEPALIVE_SECONDS, UNACKNOWLEDGED_SECONDS * 1000, 1) and detects == 1


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def sock(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with socket.socket(request.param) as sock:
        yield sock


def test_only_tcp_sockets_are_tuned(sock: socket.socket) -> None:
    before = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    tune(Transport(sock))
    assert before == 0
    if sock.family == socket.AF_UNIX:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
    else:
        assert is_tuned(sock)


def test_who_has_called_before_the_socket_was_tuned_is_tuned_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
        tune_socket(listening)
        with listening.accept()[0] as accepted:
            tune(Transport(accepted))
            assert is_tuned(accepted)


def test_connections_have_the_options_of_the_socket_that_accepts_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        tune_socket(listening)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert is_tuned(accepted)


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
