"""The SSH door: what its transport accepts, and what it costs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.conch.ssh.common import NS
from twisted.internet.task import Clock

from chatd.core.flood import Bucket
from chatd.core.limits import (
    CLOSE_SECONDS,
    LOGIN_SECONDS,
    SSH_HANDSHAKE_LINES,
    SSH_KEX_SECONDS,
    SSH_PACKET_BYTES,
    SSH_REKEY_SECONDS,
    SSH_UNREAD_PACKETS,
)
from chatd.core.registry import Settings
from chatd.doors import ssh_rekeying
from tests.doors.ssh_client import Client, ssh_server


def test_the_algorithms_are_modern_and_nothing_is_compressed(clock: Clock) -> None:
    server = ssh_server(clock)
    wire = server.call()
    wire.say(b"SSH-2.0-test\r\n")
    offered = wire.take()
    for old in (b"sha1", b"cbc", b"md5", b"3des", b"zlib", b"group", b"ssh-rsa", b"ssh-dss"):
        assert old not in offered
    assert b"kex-strict-s-v00@openssh.com" in offered
    wire.lose()
    clock.advance(LOGIN_SECONDS)


def test_a_key_exchange_is_strict_where_the_client_knows_that(clock: Clock) -> None:
    for strict in (True, False):
        client = Client(ssh_server(clock), strict=strict)
        assert client.sessionID
        assert client.ask("ada", b"none") == 51
        client.sendKexInit()  # type: ignore[no-untyped-call]
        client.settle()
        assert client.ask("ada", b"none") == 51
        client.hang_up()


def test_a_message_before_a_strict_key_exchange_ends_the_connection(clock: Clock) -> None:
    server = ssh_server(clock)
    for strict in (True, False):
        client = Client.__new__(Client)
        sent: list[int] = []

        def send_kex_init(client: Client = client, sent: list[int] = sent) -> None:
            Client.sendKexInit(client)  # type: ignore[no-untyped-call]
            Client.sendPacket(client, 2, NS(b"ignored"))
            sent.append(2)

        client.sendKexInit = send_kex_init  # type: ignore[method-assign]
        Client.__init__(client, server, strict=strict)
        assert sent
        assert client.wire.open is not strict
        client.hang_up()


def test_messages_in_another_order_end_the_connection(clock: Clock) -> None:
    server = ssh_server(clock)
    for number, payload in ((21, b""), (30, NS(b"x" * 32)), (5, NS(b"ssh-connection")), (31, b"")):
        client = Client(server)
        client.send(number, payload)
        assert not client.wire.open, number
        client.hang_up()


def test_during_a_key_exchange_nothing_else_may_come(clock: Clock) -> None:
    client = Client(ssh_server(clock)).come_in("ada")
    client.sendKexInit()  # type: ignore[no-untyped-call]
    super(Client, client).sendPacket(2, NS(b"ignored"))  # type: ignore[no-untyped-call]
    assert client.wire.open
    client._keyExchangeState = client._KEY_EXCHANGE_NONE
    super(Client, client).sendPacket(80, NS(b"keepalive@openssh.com") + b"\1")  # type: ignore[no-untyped-call]
    assert not client.wire.open
    client.hang_up()


def test_a_packet_has_a_limit(clock: Clock) -> None:
    client = Client(ssh_server(clock))
    client.send(2, NS(b"x" * (SSH_PACKET_BYTES - 100)))
    assert client.wire.open
    client.send(2, NS(b"x" * SSH_PACKET_BYTES))
    assert not client.wire.open
    client.hang_up()


def test_a_malformed_packet_ends_only_its_connection(clock: Clock) -> None:
    server = ssh_server(clock)
    client = Client(server)
    client.send(50, b"\0\0\0\xffx")
    assert not client.wire.open
    clock.advance(CLOSE_SECONDS)
    assert client.wire.aborted
    client.hang_up()


def test_a_key_exchange_that_takes_too_long_is_aborted(clock: Clock) -> None:
    wire = ssh_server(clock).call()
    wire.say(b"SSH-2.0-test\r\n")
    clock.advance(SSH_KEX_SECONDS)
    assert wire.aborted
    wire.lose()


def test_a_caller_who_never_gets_a_nick_is_sent_away(clock: Clock) -> None:
    client = Client(ssh_server(clock)).come_in("ada")
    clock.advance(LOGIN_SECONDS)
    client.settle()
    assert not client.wire.open
    client.hang_up()


def test_a_client_that_reads_nothing_cannot_fill_the_memory(clock: Clock) -> None:
    client = Client(ssh_server(clock))
    client.wire.protocol.pauseProducing()
    for _ in range(SSH_UNREAD_PACKETS + 1):
        client.sendPacket(80, NS(b"keepalive@openssh.com") + b"\1")
    assert client.wire.aborted
    client.hang_up()


def test_handshakes_are_charged_to_the_address(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ssh_server(clock, Settings(address_rate=1000))
    spent: list[float] = []

    class Budget(Bucket):
        is_spent = False

        def spend(self, lines: float) -> None:
            spent.append(lines)

    monkeypatch.setattr(server.shared.budgets, "of", lambda address, now: Budget(1000, 1000, now))
    client = Client(server)
    assert spent.count(SSH_HANDSHAKE_LINES) == 2, "by the front, and by the key exchange itself"
    client.sendKexInit()  # type: ignore[no-untyped-call]
    client.settle()
    assert spent.count(SSH_HANDSHAKE_LINES) == 3
    client.hang_up()


def exchanges(client: Client) -> list[bytes]:
    """The key exchanges of ``client`` from now on, by their hashes."""
    made: list[bytes] = []
    setup = client._keySetup

    def record(secret: bytes, exchange_hash: bytes) -> None:
        made.append(exchange_hash)
        setup(secret, exchange_hash)  # type: ignore[no-untyped-call]

    client._keySetup = record  # type: ignore[method-assign]
    return made


@pytest.mark.parametrize("strict", [True, False])
def test_the_server_asks_for_new_keys_after_much_data(clock: Clock, monkeypatch: pytest.MonkeyPatch, strict: bool) -> None:
    server = ssh_server(clock)
    ada, bob = Client(server, strict=strict).come_in("ada").plain(), Client(server).come_in("bob").plain()
    monkeypatch.setattr(ssh_rekeying, "SSH_REKEY_BYTES", 5000)
    made = exchanges(ada)
    for number in range(10):
        bob.type(f"line {number} {'x' * 1000}\n")
        ada.settle()
    assert ada.take().count("<bob> line") == 10
    assert len(made) == 2
    ada.type("still here\n")
    assert "<ada> still here" in bob.take()
    for each in (ada, bob):
        each.hang_up()


def test_the_server_asks_for_new_keys_after_an_hour(clock: Clock) -> None:
    ada = Client(ssh_server(clock)).come_in("ada").plain()
    made = exchanges(ada)
    clock.advance(SSH_REKEY_SECONDS)
    assert not made, "nothing is sent to a client that is idle"
    ada.type("hello\n")
    assert len(made) == 1
    ada.type("hello\n")
    assert len(made) == 1
    ada.hang_up()


def test_a_client_must_answer_when_new_keys_are_asked_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for flood in (True, False):
        ada = Client(ssh_server(clock)).come_in("ada").plain()
        monkeypatch.setattr(ada, "ssh_KEXINIT", lambda packet: None)
        monkeypatch.setattr(ssh_rekeying, "SSH_REKEY_BYTES", 1)
        for _ in range(SSH_UNREAD_PACKETS + 2 if flood else 1):
            ada.sendPacket(80, NS(b"keepalive@openssh.com") + b"\1")
        if not flood:
            clock.advance(SSH_KEX_SECONDS)
        assert ada.wire.aborted
        ada.hang_up()


def test_a_key_exchange_keeps_no_connection_open_that_is_to_end(clock: Clock) -> None:
    ada = Client(ssh_server(clock)).come_in("ada").plain()
    ada.type("/quit\n")
    assert ada.status == 0
    ada.send(97, bytes(4))  # Both sides have closed the channel.
    made = exchanges(ada)
    ada.sendKexInit()  # type: ignore[no-untyped-call]
    ada.settle()
    assert made
    clock.advance(CLOSE_SECONDS)
    assert ada.wire.aborted
    ada.hang_up()


def test_a_server_that_is_full_says_so(clock: Clock) -> None:
    server = ssh_server(clock, Settings(address_rate=0, max_sessions=1))
    first = Client(server)
    wire = server.call()
    wire.say(b"SSH-2.0-test\r\n")
    clock.advance(1)
    assert b"full" in wire.take()
    wire.lose()
    first.hang_up()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=8), st.booleans())
def test_no_packet_before_login_is_a_defect(packets: list[tuple[int, bytes]], is_encrypted: bool) -> None:
    clock = Clock()
    server = ssh_server(clock)
    if is_encrypted:
        client = Client(server)
        for number, payload in packets:
            client.send(number, payload)
        client.hang_up()
    else:
        wire = server.call()
        wire.say(b"SSH-2.0-test\r\n")
        for number, payload in packets:
            body = bytes((6, number)) + payload + bytes(6)
            body += bytes(-(len(body) + 4) % 8)
            wire.say(len(body).to_bytes(4, "big") + body)
        wire.lose()
    clock.advance(LOGIN_SECONDS)
    assert not clock.getDelayedCalls()
