"""The frames of a WebSocket over a plain socket: made once for all readers, whole, and in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage

from chatd.core.commands import Say
from chatd.core.limits import INBOX_BYTES, PING_SECONDS
from chatd.doors.frames import FramedCodec, text_frame
from chatd.doors.server import Server
from chatd.doors.websocket import WebSocket
from chatd.testing import Visitor, arrive
from tests.doors.wire import new_server
from tests.wires import UNLIMITED, Kernel, SocketWire

HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


class Page:
    """A WebSocket over a socket, whose transport still holds the answer to the handshake."""

    def __init__(self, server: Server, clock: Clock, nick: str) -> None:
        self.clock = clock
        self.wire = SocketWire(Kernel())
        self.kernel = self.wire.kernel
        self.protocol = WebSocket(server, "192.0.2.1", 0.0, Connection(ConnectionType.SERVER), is_secure=False)
        self._client = Connection(ConnectionType.CLIENT)
        self.wire.write(HANDSHAKE)
        self.protocol.makeConnection(self.wire)  # type: ignore[no-untyped-call]
        self.send(TextMessage(json.dumps({"type": "hello", "nick": nick})))

    def send(self, event: Event) -> None:
        self.protocol.dataReceived(self._client.send(event))

    def flush(self) -> None:
        """End the turn, and let the transport write everything."""
        self.clock.advance(0)
        while self.wire.producer is not None or self.wire.dataBuffer or self.wire._tempDataLen:
            self.wire.can_write()

    def take(self) -> list[Event]:
        """The frames received since the last call."""
        self._client.receive_data(self.kernel.taken.removeprefix(HANDSHAKE))
        self.kernel.taken = b""
        return list(self._client.events())

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in self.take() if isinstance(event, TextMessage)]


@pytest.fixture
def server(clock: Clock) -> Server:
    return new_server(clock)


@pytest.fixture
def pages(server: Server, clock: Clock) -> Iterator[list[Page]]:
    """Two people who are in."""
    pages = [Page(server, clock, nick) for nick in ("ada", "bob")]
    for page in pages:
        page.flush()
        page.flush()
        page.take()
    yield pages
    for page in pages:
        page.protocol.connectionLost()
    clock.advance(1)


@pytest.fixture
def eve(server: Server, clock: Clock, pages: list[Page]) -> Visitor:
    """Somebody else, whose joining both have been shown."""
    eve = arrive(server.registry, "eve")
    clock.advance(0)
    for page in pages:
        page.take()
    return eve


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_size_are_read(size: int) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(text_frame(b"x" * size))
    assert "".join(event.data for event in client.events() if isinstance(event, TextMessage)) == "x" * size


def test_a_framed_codec_is_like_the_one_inside(server: Server) -> None:
    framed = FramedCodec(server.json)
    assert framed == FramedCodec(server.json)
    assert (framed.name, framed.echo, framed.acknowledges_all) == ("json", True, True)
    assert framed.talk().codec is framed
    assert framed.talk().view(current=True) == server.json.talk().view(current=True)


def test_nothing_overtakes_the_answer_to_the_handshake(server: Server, clock: Clock) -> None:
    page = Page(server, clock, "ada")
    clock.advance(0)
    assert page.kernel.taken == b""
    page.flush()
    assert page.kernel.taken.startswith(HANDSHAKE + b"\x81")
    assert [message["type"] for message in page.messages()] == ["welcome", "entered"]
    page.protocol.connectionLost()
    clock.advance(0)


def test_all_get_the_same_bytes_by_one_send(pages: list[Page], eve: Visitor, clock: Clock) -> None:
    written = [page.wire.written for page in pages]
    eve.ask(Say("one"))
    eve.ask(Say("two"))
    clock.advance(0)
    ada, bob = (page.kernel.offered[-1] for page in pages)
    assert ada is bob
    assert [page.wire.written for page in pages] == written
    assert [message["text"] for message in pages[0].messages()] == ["one", "two"]


def test_frames_that_are_cut_are_completed(pages: list[Page], eve: Visitor, clock: Clock) -> None:
    page = pages[0]
    page.kernel.space = 100
    for number in range(5):
        eve.ask(Say(f"message {number}"))
    clock.advance(0)
    page.send(Ping(b"are you there?"))
    page.kernel.space = UNLIMITED
    page.flush()
    page.flush()
    events = page.take()
    texts = [json.loads(event.data)["text"] for event in events if isinstance(event, TextMessage)]
    assert texts == [f"message {number}" for number in range(5)]
    assert [event.payload for event in events if isinstance(event, Pong)] == [b"are you there?"]


def test_a_peer_that_pings_and_never_reads_is_sent_few_pongs(pages: list[Page], eve: Visitor, clock: Clock) -> None:
    page = pages[0]
    page.kernel.space = 0
    eve.ask(Say("hi"))
    clock.advance(0)
    for _ in range(2 * INBOX_BYTES // 100):
        page.send(Ping(b"x" * 100))
        page.protocol.resumeProducing()  # As if flood control allowed everything.
    assert page.protocol.caller.outlet._inbox_size < INBOX_BYTES


def test_pings_and_the_close_frame_come_last(pages: list[Page], clock: Clock) -> None:
    page = pages[0]
    clock.advance(PING_SECONDS)
    page.flush()
    assert [type(event) for event in page.take()] == [Ping]
    page.protocol.caller.take_line(b'{"type": "do", "command": "quit"}')
    page.flush()
    *_, last, close = page.take()
    assert isinstance(last, TextMessage)
    assert json.loads(last.data)["type"] == "closing"
    assert isinstance(close, CloseConnection)
    assert not page.wire.disconnecting
    page.send(close.response())
    assert page.wire.disconnecting
