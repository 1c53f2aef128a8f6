"""Connections that have ended are freed at once: garbage that only the collector finds would make
it run in a flood of connections, and pause the server."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from twisted.internet.task import Clock
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from chatd.core.registry import Settings
from chatd.doors.catalogue import IRC, JSON, SSH, TEXT, WEB, DoorOptions
from chatd.doors.ssh_host_key import made
from tests.doors.wire import RunningServer, Wire

HELLO = b'{"type": "hello", "nick": "ada", "rooms": ["lobby", "tea"]}\n'
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(
        clock, Settings(max_per_address=1, address_rate=0), DoorOptions([TEXT, JSON, WEB, IRC, SSH], host_key=made())
    )


def talk(server: RunningServer) -> None:
    wire = server.call()
    wire.say(HELLO)
    server.turn()
    assert b'"entered"' in wire.take()
    lose(wire)


def open_web_socket(server: RunningServer) -> None:
    wire = server.call()
    wire.say(UPGRADE)
    assert b" 101 " in wire.take()
    lose(wire)


def talk_irc_in_web_socket(server: RunningServer) -> None:
    wire = server.call()
    wire.say(UPGRADE.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: text.ircv3.net\r\n\r\n"))
    client = Connection(ConnectionType.CLIENT)
    for line in ("NICK ada", "USER ada 0 * :Ada", "JOIN #lobby"):
        wire.say(client.send(TextMessage(line)))
    server.turn()
    server.turn()
    assert b" 366 " in wire.take()
    lose(wire)


def begin_ssh(server: RunningServer) -> None:
    wire = server.call()
    wire.say(b"SSH-2.0-test\r\n")
    assert wire.take().startswith(b"SSH-2.0-chatd")
    lose(wire)


def be_refused(server: RunningServer) -> None:
    first, second = server.call(), server.call()
    second.say(HELLO)
    server.turn()
    assert b"server-full" in second.take()
    lose(second)
    lose(first)


def talk_irc(server: RunningServer) -> None:
    wire = server.call()
    wire.say(b"NICK ada\r\nUSER ada 0 * :Ada\r\nJOIN #lobby\r\n")
    server.turn()
    server.turn()
    assert b" 366 " in wire.take()
    lose(wire)


def lose(wire: Wire) -> None:
    """Lose the connection, and refer to it no longer, as Twisted does."""
    if wire.producer is not None:
        wire.producer.stopProducing()
    wire.lose()
    wire.protocol = wire.producer = None


@pytest.mark.parametrize("connection", [talk, open_web_socket, talk_irc_in_web_socket, begin_ssh, be_refused, talk_irc])
def test_a_connection_that_has_ended_is_freed_at_once(server: RunningServer, connection: Callable[[RunningServer], None]) -> None:
    def garbage() -> int:
        """The number of objects that only the collector finds after some connections."""
        gc.collect()
        for _ in range(10):
            connection(server)
            server.clock.advance(1)
        return gc.collect()

    connection(server)
    server.clock.advance(1)
    gc.disable()
    try:
        assert min(garbage(), garbage()) == 0  # What is left once, such as by a cache that fills, is not a connection's.
    finally:
        gc.enable()
