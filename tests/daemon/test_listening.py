"""Opening all sockets or none, and how they are described; the conversations connect to them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory

from chatd.daemon.errors import CannotStart
from chatd.daemon.identity import Identity
from chatd.daemon.listening import Entrance, Listener, readable


class FullReactor:
    """A reactor on a machine whose TCP ports are all in use."""

    addReader = removeReader = removeWriter = staticmethod(lambda reader: None)

    def listenTCP(self, port: int, factory: Factory, backlog: int, interface: str) -> Any:
        raise CannotListenError(interface, port, OSError(98, "Address already in use"))


def listener(folder: Path) -> Listener:
    return Listener(FullReactor(), Entrance(), Identity(), folder)


def options(*listen: str, port: int | None = None) -> dict[str, Any]:
    return {"port": port, "interface": "", "listen": listen}


def test_what_was_open_is_closed_after_an_error(tmp_path: Path) -> None:
    sockets = listener(tmp_path)
    with pytest.raises(CannotStart, match=r"^cannot listen on tcp:80: Address already in use$"):
        sockets.open_all(options("unix:s", "tcp:80"))
    assert sockets.ports == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("description", "line"),
    [
        ("nonsense:1", "--listen: nonsense:1 is no endpoint: "),
        ("tcp:eighty", "--listen: tcp:eighty is no endpoint: "),
        ("", "--listen:  is no endpoint: "),
        ("unix:no/such/s", "cannot listen on unix:no/such/s: No such file or directory"),
        ("unix:", "--listen: unix: is no endpoint: write unix:PATH or unix:PATH:mode=660"),
        ("systemd:domain=INET:index=0", "--listen: systemd:domain=INET:index=0 is no endpoint: systemd has passed no socket"),
    ],
)
def test_an_error_is_one_line(tmp_path: Path, description: str, line: str) -> None:
    with pytest.raises(CannotStart) as error:
        listener(tmp_path).open_all(options(description))
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_a_telnet_port_in_use_closes_the_others(tmp_path: Path) -> None:
    sockets = listener(tmp_path)
    sockets.open_all(options("unix:s"))
    with pytest.raises(CannotStart, match=r"^cannot listen on port 23 for telnet: Address already in use$"):
        sockets.open_telnet(23, "127.0.0.1")
    assert sockets.ports == []


def test_the_entrance_leads_to_the_front() -> None:
    entrance = Entrance()
    entrance.front = SimpleNamespace(buildProtocol=lambda addr: f"for {addr}")  # type: ignore[assignment]
    assert entrance.buildProtocol("eve") == "for eve"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (IPv4Address("TCP", "127.0.0.1", 80), "127.0.0.1 port 80"),
        (IPv4Address("TCP", "0.0.0.0", 80), "port 80"),
        (IPv6Address("TCP", "::", 80), "port 80"),
        (IPv6Address("TCP", "::1", 80), "::1 port 80"),
    ],
)
def test_ports_are_written_for_people(address: object, shown: str) -> None:
    assert readable(SimpleNamespace(getHost=lambda: address)) == shown


def test_a_unix_socket_says_its_mode() -> None:
    assert readable(SimpleNamespace(about="/run/chatd.sock (mode 0660)")) == "/run/chatd.sock (mode 0660)"
