"""The WebSocket door over a transport in memory: the handshake, frames as a whole and byte by byte,
limits, and hostile input."""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from chatd.core.commands import Say
from chatd.core.limits import (
    CLOSE_SECONDS,
    LAST_LINES_SECONDS,
    LINE_BYTES,
    LOGIN_SECONDS,
    MESSAGE_BYTES,
    PEER_SECONDS,
    PING_SECONDS,
    RETURN_SECONDS,
)
from chatd.core.registry import Settings
from chatd.core.session import Session
from chatd.doors.proxy import Proxies
from chatd.doors.web import WebDoor
from chatd.doors.websocket import is_allowed
from chatd.testing import arrive
from tests.doors.wire import new_server

OPENING = (
    b"GET /ws HTTP/1.1\r\nHost: chat.example:8080\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
)
HELLO = {"type": "hello", "nick": "ada"}


class Wire(StringTransport):
    """A transport in memory that can be full, and can be aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = self.disconnecting = True


class Server:
    """An empty server with a web door."""

    def __init__(self, clock: Clock, settings: Settings | None = None) -> None:
        self.clock = clock
        self.shared = new_server(clock, settings)
        self.registry = self.shared.registry
        self.door = WebDoor(self.shared, ["https://friend.example/"], Proxies([ip_network("10.0.0.0/8")]), takes_irc=True)
        self.pages: list[Page] = []

    def open(self, opening: bytes = OPENING % b"", step: int = 0, address: str = "192.0.2.1") -> Page:
        page = Page(self, step, address)
        self.pages.append(page)
        page.give(opening)
        return page

    def rooms(self) -> list[str]:
        return [room.name.text for room in self.registry.rooms]

    def hang_up(self) -> None:
        for page in self.pages:
            page.hang_up()
        self.clock.advance(LAST_LINES_SECONDS)


class Page:
    """The other end of one connection."""

    def __init__(self, server: Server, step: int, address: str) -> None:
        self.wire = Wire(peerAddress=IPv4Address("TCP", address, 50000))
        self._server = server
        self._step = step
        self._connection = Connection(ConnectionType.CLIENT)
        self.head = b""
        self._there = True
        self._protocol = server.door.build(address, server.clock.seconds())
        self._protocol.makeConnection(self.wire)

    def give(self, data: bytes) -> None:
        for start in range(0, len(data), self._step or len(data) or 1):
            self._protocol.dataReceived(data[start : start + (self._step or len(data))])

    def send(self, *events: Event) -> None:
        self.give(self.client_frames(*events))

    def client_frames(self, *events: Event) -> bytes:
        """The bytes of ``events``, to be given later."""
        return b"".join(map(self._connection.send, events))

    def say(self, *objects: Any) -> None:
        self.send(TextMessage("\n".join(map(json.dumps, objects))))

    def take(self) -> list[Event]:
        """The frames received since the last call."""
        self._server.clock.advance(0)
        data, _ = self.wire.value(), self.wire.clear()
        if not self.head:
            self.head, _, data = data.partition(b"\r\n\r\n")
        self._connection.receive_data(data)
        return list(self._connection.events())

    def messages(self) -> list[dict[str, Any]]:
        """The messages received since the last call."""
        texts = [event.data for event in self.take() if isinstance(event, TextMessage)]
        return [json.loads(line) for line in "".join(texts).splitlines()]

    def closed(self) -> int | None:
        """The code with which the server has closed, if it has."""
        codes = [event.code for event in self.take() if isinstance(event, CloseConnection)]
        return codes[0] if codes else None

    @property
    def producer(self) -> Any:
        """The producer, which the transport pauses and resumes."""
        return self.wire.producer

    def hang_up(self) -> None:
        if self._there:
            self._there = False
            self._protocol.connectionLost(Failure(ConnectionDone()))


@pytest.fixture
def server(clock: Clock) -> Iterator[Server]:
    server = Server(clock)
    yield server
    server.hang_up()


# -- The handshake


def sessions(server: Server) -> list[Session]:
    """The callers after the handshake."""
    return [connection for connection in server.registry.admission if isinstance(connection, Session)]


@pytest.mark.parametrize("step", [0, 1])
def test_a_page_connects_and_talks(server: Server, step: int) -> None:
    page = server.open(OPENING % b"Origin: http://chat.example:8080\r\n", step)
    page.say(HELLO, {"type": "say", "text": "hé \N{GRINNING FACE}", "id": "1"})
    assert [message["type"] for message in page.messages()] == ["welcome", "entered", "ack", "said"]
    assert page.head.startswith(b"HTTP/1.1 101 ")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in page.head, "the answer of RFC 6455, 1.3"
    [ada] = server.registry.directory.sessions(server.registry.directory.find("ada"))
    assert (ada.nick, ada.door) == ("ada", "web")


def test_behind_a_proxy_the_address_is_that_of_the_request(server: Server) -> None:
    page = server.open(OPENING % b"X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n", address="10.0.0.1")
    other = server.open(OPENING % b"X-Forwarded-For: 192.0.2.7\r\n", address="192.0.2.1")
    assert page.take() == other.take() == []
    assert [session.address for session in sessions(server)] == ["192.0.2.7", "192.0.2.1"]


@pytest.mark.parametrize(
    ("address", "headers", "is_secure"),
    [
        ("192.0.2.1", b"", False),
        ("192.0.2.1", b"X-Forwarded-Proto: https\r\n", False),
        ("127.0.0.1", b"", True),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", True),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.7\r\n", False),
        ("10.0.0.1", b"X-Forwarded-For: 127.0.0.1\r\n", False),
    ],
)
def test_a_web_socket_is_secure_on_this_machine_and_if_a_named_proxy_says_so(
    server: Server, address: str, headers: bytes, is_secure: bool
) -> None:
    page = server.open(OPENING % headers, address=address)
    assert page.take() == []
    assert [session.is_secure for session in sessions(server)] == [is_secure]


@pytest.mark.parametrize("step", [0, 1, 50])
def test_what_was_asked_before_is_answered_before(server: Server, step: int) -> None:
    page = server.open(step=step, opening=b"")
    frames = page.client_frames(TextMessage(json.dumps(HELLO)))
    page.give(b"GET /healthz HTTP/1.1\r\n\r\n" * 3 + OPENING % b"" + frames)
    server.clock.advance(0)
    answers = page.wire.value()
    assert re.findall(rb"HTTP/1.1 \d\d\d", answers) == [b"HTTP/1.1 200"] * 3 + [b"HTTP/1.1 101"]
    assert b'"welcome"' in answers
    assert page.wire.producerState == "producing"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 8"), 426),
        ((b"Sec-WebSocket-Version: 13\r\n", b""), 400),
        ((b"Sec-WebSocket-Key", b"Key"), 400),
        ((b"Upgrade: websocket", b"Upgrade: h2c"), 400),
        ((b"keep-alive, Upgrade", b"close"), 400),
        ((b"Host: chat.example:8080\r\n", b""), 400),
        ((b"Host: ", b"Host: x\r\nHost: "), 400),
        ((b"Host: chat", b"Host: \xff"), 400),
        ((b"HTTP/1.1", b"HTTP/1.0"), 400),
        ((b"GET", b"HEAD"), 400),
        ((b"GET", b"POST"), 405),
        ((b"\r\n\r\n", b"\r\nOrigin: https://other.example\r\n\r\n"), 403),
        ((b"\r\n\r\n", b"\r\nOrigin: null\r\n\r\n"), 403),
        ((b"\r\n\r\n", b"\r\nOrigin: \xff\r\n\r\n"), 403),
        ((b"\r\n\r\n", b"\r\nOrigin: https://friend.example\r\n\r\n"), 101),
        ((b"\r\n\r\n", b"\r\nCookie: " + b"x" * (32 << 10) + b"\r\n\r\n"), 101),
        ((b"\r\n\r\n", b"\r\n" + b"Cookie: y\r\n" * 400 + b"\r\n"), 101),
    ],
)
def test_each_handshake_gets_its_answer(server: Server, change: tuple[bytes, bytes], status: int) -> None:
    page = server.open((OPENING % b"").replace(*change, 1))
    assert page.wire.value().startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.0 %d " % status))
    assert len(sessions(server)) == (status == 101)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "chat.example", True),
        ("http://chat.example", "chat.example", True),
        ("http://chat.example", "chat.example:80", True),
        ("https://chat.example", "chat.example:443", True),
        ("https://CHAT.example:8080", "chat.EXAMPLE:8080", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("https://friend.example", "chat.example", True),
        ("https://Friend.example", "chat.example", True),
        ("http://friend.example", "chat.example", False),
        ("http://chat.example:81", "chat.example", False),
        ("http://chat.example.evil.example", "chat.example", False),
        ("http://evil.example/?chat.example", "chat.example", False),
        ("http://chat.example", "", False),
        ("file://", "", False),
        ("null", "null", False),
        ("", "", False),
        ("http://[", "[", False),
        ("http://a:b", "a:b", False),
    ],
)
def test_only_known_origins_are_accepted(origin: str | None, host: str, allowed: bool) -> None:
    assert is_allowed(origin, host, {"https://friend.example"}) is allowed


# -- Messages


def test_a_message_may_come_in_fragments_with_pings_between(server: Server) -> None:
    page = server.open()
    head, tail = '{"type": "hello", "nick": "z\N{LATIN SMALL LETTER E WITH ACUTE}', 'lie"}'
    page.send(TextMessage(head, message_finished=False), Ping(b"?"), TextMessage(tail))
    events = page.take()
    assert events[0] == Pong(b"?")
    assert server.registry.directory.find("z\N{LATIN SMALL LETTER E WITH ACUTE}lie")


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([BytesMessage(b"{}")], 1003),
        ([TextMessage("x" * (MESSAGE_BYTES + 1))], 1009),
        ([TextMessage("x" * MESSAGE_BYTES, message_finished=False), TextMessage("x")], 1009),
        ([TextMessage("\N{GRINNING FACE}" * (MESSAGE_BYTES // 4) + "x")], 1009),
    ],
)
def test_an_invalid_message_closes_the_connection_with_a_reason(server: Server, frames: list[Event], code: int) -> None:
    page = server.open()
    page.say(HELLO)
    page.take()
    page.send(*frames)
    assert page.closed() == code
    assert not page.wire.disconnecting, "the other side answers first"
    page.send(CloseConnection(code))
    assert page.wire.disconnecting
    assert not server.registry.rooms.find("lobby").members


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x82\0\0\0\0\xc3\x28", 1007),  # no UTF-8
        (b"\x81\x02{}", 1002),  # not masked
        (b"\x83\x80\0\0\0\0", 1002),  # an unknown opcode
        (b"\xc1\x80\0\0\0\0", 1002),  # a bit of an extension that was not negotiated
        (b"\x80\x80\0\0\0\0", 1002),  # continues nothing
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in fragments
        (b"\x89\xfe\x00\x7e\0\0\0\0", 1002),  # a ping that is too long
        (b"\x88\x81\0\0\0\0x", 1002),  # a close with half a code
    ],
)
def test_an_invalid_handshake_is_refused(server: Server, frame: bytes, code: int, step: int) -> None:
    page = server.open(step=step)
    page.give(frame)
    assert page.closed() == code
    assert page.wire.disconnecting
    page.give(b"\x81\x82\0\0\0\0{}")
    assert not server.rooms()


def test_a_long_line_is_refused_and_the_rest_of_the_message_is_executed(server: Server) -> None:
    page = server.open()
    page.say(HELLO)
    page.take()
    page.send(TextMessage("x" * (LINE_BYTES + 1) + '\n\n{"type": "ping"}\r\n'))
    assert [(message["type"], message.get("code")) for message in page.messages()] == [("refused", "too-long"), ("pong", None)]


# -- The end


def test_a_page_that_closes_has_quit(server: Server) -> None:
    page, bob = server.open(), arrive(server.registry, "bob")
    page.say(HELLO)
    page.take()
    bob.take()
    page.send(CloseConnection(1001))
    assert page.closed() is not None
    assert page.wire.disconnecting
    (left,) = bob.take()
    assert (left.nick, left.reason) == ("ada", "quit")  # type: ignore[union-attr]


@pytest.mark.parametrize(("code", "is_kept"), [(1000, False), (None, False), (1001, True), (4000, True)])
def test_the_seat_of_a_page_with_a_token_is_kept_unless_it_says_goodbye(server: Server, code: int | None, is_kept: bool) -> None:
    page, bob = server.open(), arrive(server.registry, "bob")
    page.say({**HELLO, "token": "t" * 16})
    page.take()
    bob.take()
    page.send(CloseConnection(code))  # type: ignore[arg-type]
    page.hang_up()
    server.clock.advance(RETURN_SECONDS - 1)
    assert [news.reason for news in bob.take()] == ([] if is_kept else ["quit"])  # type: ignore[union-attr]
    server.clock.advance(1)
    assert [news.reason for news in bob.take()] == (["link-lost"] if is_kept else [])  # type: ignore[union-attr]


def test_a_page_that_does_not_answer_a_close_is_aborted(server: Server, clock: Clock) -> None:
    page = server.open()
    page.say(HELLO, {"type": "do", "command": "quit"})
    events = page.take()
    assert '"closing"' in "".join(event.data for event in events if isinstance(event, TextMessage))
    assert isinstance(events[-1], CloseConnection)
    page.give(b"\x81\x82\0\0\0\0{}")
    assert not page.wire.disconnecting
    clock.advance(CLOSE_SECONDS)
    assert page.wire.aborted


def test_a_full_server_shows_the_page_and_says_so_in_a_frame(clock: Clock) -> None:
    server = Server(clock, Settings(max_sessions=1))
    server.open()
    reader = server.open(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert reader.wire.value().startswith(b"HTTP/1.1 200 ")
    assert reader.wire.disconnecting
    page = server.open()
    assert [message.get("code") for message in page.messages()][:1] == ["server-full"]
    server.hang_up()


def test_a_caller_without_a_nick_is_disconnected(server: Server, clock: Clock) -> None:
    page = server.open()
    clock.pump([LOGIN_SECONDS / 4] * 4)
    frames = page.take()
    assert '"timed-out"' in "".join(event.data for event in frames if isinstance(event, TextMessage))
    assert isinstance(frames[-1], CloseConnection)


def test_a_peer_that_answers_no_ping_is_disconnected(server: Server, clock: Clock) -> None:
    page = server.open()
    page.say(HELLO)
    page.take()
    clock.pump([PING_SECONDS] * 3)
    assert Ping(b"") in page.take()
    page.send(Pong(b""))
    clock.pump([PING_SECONDS] * int(PEER_SECONDS // PING_SECONDS))
    assert not page.wire.aborted, "it has answered since"
    clock.advance(PING_SECONDS)
    assert page.wire.aborted
    assert PEER_SECONDS + PING_SECONDS <= 150


# -- Bounds


def paused(page: Page) -> bool:
    return page.wire.producerState == "paused"


def test_a_fast_sender_waits_and_nothing_is_lost(clock: Clock) -> None:
    server = Server(clock, Settings(flood_rate=8, flood_burst=5))
    page = server.open()
    page.say(HELLO, *({"type": "say", "text": str(n)} for n in range(20)))
    assert [message["type"] for message in page.messages()].count("said") == 4
    assert paused(page)
    clock.pump([0.125] * 20)
    assert not paused(page)
    lobby = server.registry.rooms.find("lobby").log
    assert [event.text for event in lobby.read(2, lobby.end)] == [str(n) for n in range(20)]  # type: ignore[attr-defined]
    server.hang_up()


@pytest.mark.parametrize(("ends", "reason"), [((CloseConnection(1000),), "quit"), ((), "link-lost")])
def test_messages_that_wait_are_said_after_the_link_is_lost(clock: Clock, ends: tuple[Event, ...], reason: str) -> None:
    server = Server(clock, Settings(flood_rate=8, flood_burst=5))
    page = server.open()
    page.say(HELLO, *({"type": "say", "text": str(n)} for n in range(10)))
    page.send(*(TextMessage(json.dumps({"type": "say", "text": str(n)})) for n in range(10, 20)), *ends)
    page.hang_up()
    clock.pump([0.125] * 25)
    lobby = server.registry.rooms.find("lobby").log
    events: list[Any] = [*lobby.read(2, lobby.end)]
    assert [event.text for event in events[:-1]] == [str(n) for n in range(20)]
    assert events[-1].reason == reason
    assert not server.shared.sessions


def test_a_page_that_has_gone_and_comes_back_is_the_same_person(server: Server, clock: Clock) -> None:
    hello = {**HELLO, "token": "t" * 16}
    page, bob = server.open(), arrive(server.registry, "bob")
    page.say(hello, *({"type": "say", "text": str(n)} for n in range(100)))
    page.hang_up()
    bob.take()
    again = server.open()
    again.say(hello)
    clock.pump([0.125] * 25)
    assert bob.take() == []
    assert len(sessions(server)) == 2


@pytest.mark.parametrize("event", [Ping(b""), Pong(b""), TextMessage("", message_finished=False)])
def test_empty_frames_count_for_flood_control(server: Server, event: Event) -> None:
    page = server.open()
    page.send(*[event] * 200)
    assert paused(page)


def test_after_the_end_frames_still_cost_what_they_cost(clock: Clock) -> None:
    server = Server(clock, Settings(max_per_address=1, address_rate=0))
    server.open()
    page = server.open()
    page.send(*[TextMessage("x", message_finished=False)] * 10_000)
    assert paused(page)
    protocol: Any = page._protocol
    connection, parsed = protocol._web_socket._connection, 0
    clock.advance(0.1)
    assert paused(page), "it waits again"
    while next(connection.events(), None) is not None:
        parsed += 1
    assert parsed > 9_000, "frames that nobody has looked at"
    server.hang_up()


def test_a_page_that_does_not_read_costs_only_a_cursor(server: Server, clock: Clock) -> None:
    page, bob = server.open(), arrive(server.registry, "bob")
    page.say(HELLO)
    page.take()
    page.producer.pauseProducing()
    for n in range(2000):
        bob.ask(Say("x" * 500 + str(n)))
        clock.advance(0)
    page.send(*[Ping(b"x")] * 30)
    assert page.wire.value() == b""
    page.producer.resumeProducing()
    messages = page.messages()
    assert [one["seq"] for one in messages] == list(range(messages[0]["seq"], messages[0]["seq"] + 2000))


def test_a_stalled_page_is_dropped(server: Server, clock: Clock) -> None:
    page, bob = server.open(), arrive(server.registry, "bob")
    page.say(HELLO)
    page.take()
    page.producer.pauseProducing()
    bob.ask(Say("anybody?"))
    clock.advance(0)
    server.shared.drop_stalled_readers()
    clock.advance(31)
    server.shared.drop_stalled_readers()
    assert page.wire.aborted


# -- Hostile input


@given(st.lists(st.one_of(st.binary(max_size=40), st.builds(lambda data: b"\x81%c\0\0\0\0%b" % (0x80 | len(data), data),
                                                          st.binary(max_size=60))), max_size=8))  # fmt: skip
def test_no_bytes_cause_a_defect_or_touch_a_room(pieces: list[bytes]) -> None:
    server = Server(Clock())
    page = server.open()
    for piece in pieces:
        page.give(piece)
        server.clock.advance(0)
    server.clock.pump([10.0] * 16)
    page.hang_up()
    assert not server.rooms()
    assert not sessions(server)
    assert len(server.shared.half_open) == 0
    assert server.clock.getDelayedCalls() == []


def test_a_message_costs_as_much_as_its_frames(server: Server) -> None:
    page = server.open()
    page.say(HELLO)
    page.take()
    page.send(*[TextMessage("x", message_finished=False)] * 16_000)
    assert paused(page)
    assert len(page._protocol._web_socket._message) <= 200  # type: ignore[attr-defined]
