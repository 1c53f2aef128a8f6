"""The WebSocket door: messages of JSON lines, for the page and for programs that live in a browser
(RFC 6455)."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Any, Final, cast
from urllib.parse import urlsplit

import h11
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, RejectConnection, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError
from zope.interface import implementer

from chatd.core.events import Reason
from chatd.core.limits import LINE_BYTES, MESSAGE_BYTES, PEER_SECONDS, PING_SECONDS
from chatd.delivery.outlet import Writable
from chatd.doors.caller import Caller, Valve
from chatd.doors.line import TOO_LONG
from chatd.doors.server import Server
from chatd.doors.tcp import tune

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


# -- The handshake ---------------------------------------------------------------------------------


class NotAccepted(Exception):
    """A request that opens no WebSocket: the HTTP status and the headers of the answer."""

    def __init__(self, status: int, headers: Collection[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


def accept(headers: list[tuple[bytes, bytes]], path: bytes) -> tuple[bytes, Connection]:
    """The answer to a request for a WebSocket, and the connection that it begins (RFC 6455, 4.2).
    Raises NotAccepted."""
    handshake = H11Handshake(ConnectionType.SERVER)
    try:
        handshake.initiate_upgrade_connection(headers, path)
    except RemoteProtocolError as error:
        hint = error.event_hint
        raise (NotAccepted(hint.status_code, hint.headers) if isinstance(hint, RejectConnection) else NotAccepted(400)) from None
    except (h11.LocalProtocolError, UnicodeError):
        raise NotAccepted(400) from None
    answer = handshake.send(AcceptConnection())
    assert handshake.connection is not None
    return answer, handshake.connection


def is_allowed(origin: str | None, host: str, origins: Collection[str]) -> bool:
    """Whether a page of ``origin`` may talk to us, who were called ``host`` (RFC 6455, 10.2).

    Pages that we served may, those of ``origins``, and whatever is not a browser and so names no
    origin.
    """
    if origin is None or origin.lower() in origins:
        return True
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        default = DEFAULT_PORTS[theirs.scheme]
        return bool(ours.hostname) and (theirs.hostname, theirs.port or default) == (ours.hostname, ours.port or default)
    except (KeyError, ValueError):
        return False


# -- The way out -----------------------------------------------------------------------------------


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


@implementer(IPushProducer)
class Frames:
    """What an outlet writes to: whole JSON lines in, one frame out. It stands between the transport
    and the outlet."""

    def __init__(self, transport: Writable, connection: Connection, valve: Valve) -> None:
        self.code: int = CloseReason.NORMAL_CLOSURE
        """Why the WebSocket is closed (RFC 6455, 7.4)."""
        self.deaf = False
        """Whether nothing that comes in can be understood any more, the peer's close included."""
        self.full = False
        """Whether the transport takes no more for now."""
        self.transport = transport
        self._connection = connection
        self._valve = valve
        self._producer: Any = None

    def write(self, data: bytes) -> None:
        """Send ``data``, UTF-8, as one message."""
        if data and self._connection.state is ConnectionState.OPEN:
            self.transport.write(text_frame(data))

    def control(self, event: Event) -> None:
        """Send a ping or a pong, unless there is no room for it: so a peer who pings and never
        reads costs nothing."""
        if not self.full and self._connection.state is ConnectionState.OPEN:
            self.transport.write(self._connection.send(event))

    def loseConnection(self) -> None:
        """Close in order: the other side is told, and answers before the connection ends (RFC 6455,
        7.1)."""
        if self._connection.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            self.transport.write(self._connection.send(CloseConnection(self.code)))
        if self.deaf or self._connection.state is ConnectionState.CLOSED:
            self.transport.loseConnection()
        else:
            self._valve.resumeProducing()

    def abortConnection(self) -> None:
        self.transport.abortConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self._producer = producer
        self.transport.registerProducer(self, streaming)

    def unregisterProducer(self) -> None:
        self._producer = None
        self.transport.unregisterProducer()

    def pauseProducing(self) -> None:
        self.full = True
        if self._producer is not None:
            self._producer.pauseProducing()

    def resumeProducing(self) -> None:
        self.full = False
        if self._producer is not None:
            self._producer.resumeProducing()

    def stopProducing(self) -> None:
        self.pauseProducing()


# -- The way in ------------------------------------------------------------------------------------


class WebSocket(Protocol):
    """One caller behind a WebSocket whose handshake is done: bytes to messages, and their lines to
    the caller.

    While the valve is off, what waits is one message at most, and what the transport had read
    already.
    """

    caller: Caller
    paused = False

    def __init__(self, server: Server, address: str, began: float, connection: Connection) -> None:
        self._server = server
        self._address = address
        self._began = began
        self._connection = connection
        self._message = bytearray()
        self._lines: deque[bytes] = deque()
        self._heard = 0.0
        self._beat: IDelayedCall | None = None

    # -- The connection

    def connectionMade(self) -> None:
        """Take a seat."""
        tune(self.transport)
        self._frames = Frames(cast(Writable, self.transport), self._connection, self)
        self.caller = Caller(self._server, self._frames, self, self._address, self._began, self._server.json)
        self.caller.session.door = "web"
        self._heard = self._server.clock.seconds()
        self._beat = self._server.clock.callLater(PING_SECONDS, self._ping)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Free the seat."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
        self._lines.clear()
        self.caller.gone()

    def _ping(self) -> None:
        self._beat = None
        now = self._server.clock.seconds()
        if self.paused:
            self._heard = now  # It is we who do not listen; a dead link is then found by TCP's own probes.
        if now - self._heard >= PEER_SECONDS:
            self.caller.abort(Reason.LINK_LOST)
        else:
            self._frames.control(Ping())
            self._beat = self._server.clock.callLater(PING_SECONDS, self._ping)

    # -- The valve (caller.Valve)

    def pauseProducing(self) -> None:
        if not self.paused:
            self.paused = True
            cast(IPushProducer, self.transport).pauseProducing()

    def resumeProducing(self) -> None:
        if self.paused:
            self.paused = False
            cast(IPushProducer, self.transport).resumeProducing()
            self._go_on()

    # -- Bytes to messages, messages to lines

    def dataReceived(self, data: bytes) -> None:
        """Take apart what came; what must wait is held."""
        self._heard = self._server.clock.seconds()
        if not self._frames.deaf and self._connection.state is not ConnectionState.CLOSED:
            self._connection.receive_data(data)
            self._go_on()

    def _go_on(self) -> None:
        while not self.paused and not self._frames.deaf and self._take_lines():
            event = next(self._connection.events(), None)
            if event is None:
                return
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, CloseConnection):
            self._closed(event.code)
        elif self.caller.ended is not None:
            return
        elif isinstance(event, TextMessage):
            self._add(event)
        elif isinstance(event, BytesMessage):
            self._fail(CloseReason.UNSUPPORTED_DATA)
        elif isinstance(event, Ping):
            self._frames.control(event.response())
            self.caller.may_take_line()  # Who does nothing but ping is slowed down too.

    def _add(self, piece: TextMessage) -> None:
        self._message += piece.data.encode()
        if len(self._message) > MESSAGE_BYTES:
            self._fail(CloseReason.MESSAGE_TOO_BIG)
        elif piece.message_finished:
            self._lines.extend(bytes(self._message).split(b"\n"))
            self._message.clear()
        elif not piece.data:
            self.caller.may_take_line()  # Nor are empty fragments a way around flood control.

    def _take_lines(self) -> bool:
        """Give the caller the lines of the last message; whether all are taken."""
        while self._lines and self.caller.ended is None:
            if self.paused or not self.caller.may_take_line():
                return False
            line = self._lines.popleft()
            if len(line) > LINE_BYTES:
                self.caller.refuse(TOO_LONG)
            elif line.strip():
                self.caller.take_line(line)
        self._lines.clear()
        return not self.paused

    # -- The end

    def _fail(self, code: int) -> None:
        """End the connection, and tell the other side by ``code`` what was wrong."""
        self._frames.code = code
        self._message.clear()
        self.caller.hang_up()

    def _closed(self, code: int) -> None:
        """The other side closes, or answers our close, or what came was no WebSocket, which wsproto
        tells in the same way."""
        if self._connection.state is ConnectionState.REMOTE_CLOSING:
            self.caller.hang_up()
        elif self._connection.state is ConnectionState.CLOSED:
            self._frames.loseConnection()
        else:
            self._frames.deaf = True
            self._fail(code)
