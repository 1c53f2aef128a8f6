"""The IRC door: its lines, what they cost, and how a connection ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import ISSLTransport
from zope.interface import directlyProvides

from chatd.core.limits import FLOOD_BURST, IRC_SIGN_SECONDS, IRC_SILENCE_SECONDS
from chatd.core.registry import Settings
from chatd.delivery.writers import TransportWriter
from tests.codecs.irc.network import PASSWORD, Client, Network, Wire


def test_a_line_of_any_byte_is_not_telnet() -> None:
    ada = Network().client("ada")
    assert ada.send(b"PRIVMSG ada :\xff\xf4") == [":chatd FAIL PRIVMSG INVALID_UTF8 :The line is not UTF-8, and was not read."]


def test_a_line_that_never_ends_is_refused_once() -> None:
    ada = Network().client("ada")
    ada.protocol.dataReceived(b"x" * 9000)
    ada.protocol.dataReceived(b"x" * 9000 + b"\r\nPING 1\r\n")
    assert ada.take() == [":chatd 417 ada :Input line was too long", ":chatd PONG chatd :1"]


def test_a_paste_is_slowed_down_and_not_punished() -> None:
    network = Network(Settings(address_rate=0))
    ada = network.client("ada")
    ada.send("JOIN #dev")
    bob = network.client("bob")
    bob.send("JOIN #dev")
    ada.take()
    for number in range(2 * FLOOD_BURST):
        ada.protocol.dataReceived(f"PRIVMSG #dev :{number}\r\n".encode())
    assert ada.take() == [":chatd NOTICE ada :You are sending faster than 10 lines a second: your lines wait, and nothing is lost."]
    network.clock.pump([0.1] * 100)
    assert [line.rpartition(":")[2] for line in bob.take()] == [*map(str, range(2 * FLOOD_BURST))]


def test_pings_are_cheap() -> None:
    ada = Network(Settings(address_rate=0)).client("ada")
    assert len(ada.send(*["PING x"] * 200)) == 200


def wanted(network: Network, nick: str = "ada") -> Client:
    """Somebody else who wants ``nick``, and is refused."""
    other = network.client("bob")
    other.take()
    assert [line.split(" ")[1] for line in other.send(f"NICK {nick}")] == ["433"]
    return other


def test_a_dead_connection_does_not_keep_the_nick_of_a_guest() -> None:
    network = Network()
    ada = network.client("ada")
    ada.take()
    network.clock.advance(IRC_SILENCE_SECONDS)
    bob = wanted(network, "ADA")
    assert ada.take() == ["PING chatd"]
    network.clock.advance(IRC_SIGN_SECONDS / 2)
    assert [line.split(" ")[1] for line in bob.send("NICK ada")] == ["433"]
    assert ada.take() == []
    network.clock.advance(IRC_SIGN_SECONDS / 2)
    assert ada.wire.aborting
    ada.lose()
    assert bob.send("NICK ada") == [":bob!~bob@guest NICK :ada"]


@pytest.mark.parametrize("sign", ["PONG chatd", "PRIVMSG #", ""])
def test_whoever_is_there_keeps_the_nick(sign: str) -> None:
    network = Network()
    ada = network.client("ada")
    network.clock.advance(IRC_SILENCE_SECONDS)
    wanted(network)
    ada.send(sign)
    network.clock.advance(IRC_SIGN_SECONDS)
    assert not ada.wire.aborting


def test_a_program_that_is_busy_keeps_the_nick(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network()
    ada = network.client("ada")
    network.clock.advance(IRC_SILENCE_SECONDS)
    wanted(network)
    monkeypatch.setattr(TransportWriter, "unacknowledged", lambda self: 0)
    network.clock.advance(IRC_SIGN_SECONDS)
    assert not ada.wire.aborting


def test_whoever_was_heard_lately_is_not_asked() -> None:
    network = Network()
    ada = network.client("ada")
    network.clock.advance(IRC_SILENCE_SECONDS - 1)
    wanted(network)
    assert ada.take() == []
    network.clock.advance(IRC_SIGN_SECONDS)
    assert not ada.wire.aborting


def test_the_owner_of_an_account_is_not_asked() -> None:
    network = Network()
    network.account("ada")
    ada = network.connect()
    ada.send(f"PASS :{PASSWORD}", "NICK ada", "USER ada 0 * :Ada")
    network.clock.advance(IRC_SILENCE_SECONDS)
    network.client("bob").send("NICK ada")
    assert "PING chatd" not in ada.take()


def test_whoever_is_not_read_is_not_thrown_out() -> None:
    network = Network()
    ada = network.client("ada")
    network.clock.advance(IRC_SILENCE_SECONDS)
    bob = wanted(network)
    ada.protocol.pauseProducing()
    network.clock.advance(IRC_SIGN_SECONDS)
    assert not ada.wire.aborting
    ada.take()
    bob.send("NICK ada")
    assert ada.take() == []


def test_nobody_is_asked_whose_connection_was_lost() -> None:
    network = Network()
    ada = network.client("ada")
    network.clock.advance(IRC_SILENCE_SECONDS)
    wanted(network)
    ada.lose()
    network.clock.advance(IRC_SIGN_SECONDS)
    assert not ada.wire.aborting


def in_clear() -> Wire:
    """A transport outside TLS."""
    return Wire()  # type: ignore[no-untyped-call]


def in_tls() -> Wire:
    """A transport inside TLS, with a client that shows no certificate."""
    wire = in_clear()
    directlyProvides(wire, ISSLTransport)
    wire.getPeerCertificate = lambda: None  # type: ignore[attr-defined]
    return wire


def listed(sts: tuple[int, int] | None, address: str, wire: Wire, version: str = "302") -> list[str]:
    """What CAP LS lists of sts to a client at ``address``."""
    network = Network(Settings(address_rate=0, sts=sts))
    protocol = network.factory.buildProtocol(IPv4Address("TCP", address, 1234))
    protocol.makeConnection(wire)  # type: ignore[no-untyped-call]
    protocol.dataReceived(f"CAP LS {version}\r\nCAP REQ sts\r\nCAP LIST\r\n".encode())
    network.turn()
    listed, refused, had = wire.value().decode().splitlines()  # type: ignore[no-untyped-call]
    assert (refused, had) == (
        ":chatd CAP * NAK :sts",
        ":chatd CAP * LIST :cap-notify" if version == "302" else ":chatd CAP * LIST :",
    )
    return [word for word in listed.split(" ") if word.startswith("sts")]


@pytest.mark.parametrize(
    ("sts", "address", "wire", "policy"),
    [
        (None, "192.0.2.1", in_clear, []),
        (None, "192.0.2.1", in_tls, []),
        ((8443, 2592000), "192.0.2.1", in_clear, ["sts=port=8443"]),
        ((8443, 2592000), "127.0.0.1", in_clear, []),
        ((8443, 2592000), "192.0.2.1", in_tls, ["sts=duration=2592000"]),
        ((8443, 2592000), "127.0.0.1", in_tls, ["sts=duration=2592000"]),
        ((8443, 0), "192.0.2.1", in_clear, []),
        ((8443, 0), "192.0.2.1", in_tls, ["sts=duration=0"]),
    ],
)
def test_clients_are_told_to_come_inside_tls(
    sts: tuple[int, int] | None, address: str, wire: Callable[[], Wire], policy: list[str]
) -> None:
    assert listed(sts, address, wire()) == policy


def test_who_reads_no_values_is_told_of_no_policy() -> None:
    assert listed((8443, 60), "192.0.2.1", in_clear(), "301") == []
