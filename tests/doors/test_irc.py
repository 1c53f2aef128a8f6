"""The IRC door: its lines, what they cost, and how a connection ends."""

from __future__ import annotations

from chatd.core.limits import FLOOD_BURST
from chatd.core.registry import Settings
from tests.codecs.irc.network import Network


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
