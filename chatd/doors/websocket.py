"""A WebSocket (RFC 6455): JSON lines for the page and for programs in a browser, and IRC for
clients that ask for it (IRCv3 websocket)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

import h11
from twisted.internet.interfaces import IDelayedCall, IPushProducer, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError

from chatd.codecs.irc.talk import IrcTalk
from chatd.core.events import Reason
from chatd.core.limits import FRAME_LINES, LINE_BYTES, MESSAGE_BYTES, PEER_SECONDS, PING_SECONDS
from chatd.delivery.writers import Writable
from chatd.doors.caller import TOO_LONG, Caller
from chatd.doors.frames import FramedCodec, FramedTalk, FramedTransport, binary_lines, text_frame, text_lines
from chatd.doors.irc import LONGEST_LINE, cost_of, introduce
from chatd.doors.server import Server
from chatd.doors.tcp import is_this_machine, tune

GOODBYES: Final = (CloseReason.NORMAL_CLOSURE, CloseReason.NO_STATUS_RCVD)
"""The codes with which a peer closes for good (RFC 6455, 7.4.1): a page that is left or loaded
again has 1001."""


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """What is spoken in a WebSocket (RFC 6455, 1.9): ``frame`` puts what the server sends into
    frames, and ``kind`` is the kind of the client's messages. A line has at most ``longest`` bytes,
    and ``cost_of`` is what flood control charges for one, in lines."""

    frame: Callable[[bytes], bytes]
    kind: type[TextMessage | BytesMessage]
    longest: int
    cost_of: Callable[[bytes], float]


JSON_LINES: Final = Subprotocol(text_frame, TextMessage, LINE_BYTES, lambda line: 1.0)

SUBPROTOCOLS: Final[Mapping[str, Subprotocol]] = {
    "binary.ircv3.net": Subprotocol(binary_lines, BytesMessage, LONGEST_LINE, cost_of),
    "text.ircv3.net": Subprotocol(text_lines, TextMessage, LONGEST_LINE, cost_of),
}
"""Those for IRC, one line a message; without one, the lines are JSON."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


# -- The handshake ---------------------------------------------------------------------------------


class NotAccepted(Exception):
    """A request that does not open a WebSocket; ``status`` and ``headers`` are those of the HTTP
    answer."""

    def __init__(self, status: int, headers: Collection[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


def accept(headers: list[tuple[bytes, bytes]], path: bytes, offered: Collection[str] = ()) -> tuple[bytes, Connection, str]:
    """Answer a request for a WebSocket (RFC 6455, 4.2): the bytes of the answer, the state of the
    connection from then on, and the subprotocol, the first one that the client names among those
    that are ``offered``; empty: none. Raises NotAccepted."""
    handshake = H11Handshake(ConnectionType.SERVER)
    try:
        handshake.initiate_upgrade_connection(headers, path)
    except RemoteProtocolError as error:
        hint = error.event_hint
        raise (NotAccepted(hint.status_code, hint.headers) if isinstance(hint, RejectConnection) else NotAccepted(400)) from None
    except (h11.LocalProtocolError, UnicodeError):
        raise NotAccepted(400) from None
    request = next(iter(handshake.events()))
    assert isinstance(request, Request)
    subprotocol = next((name for name in request.subprotocols if name in offered), "")
    answer = handshake.send(AcceptConnection(subprotocol=subprotocol or None))
    assert handshake.connection is not None
    return answer, handshake.connection, subprotocol


def is_allowed(origin: str | None, host: str, origins: Collection[str]) -> bool:
    """Whether a page from ``origin`` may open a WebSocket at this server, which it has called
    ``host`` (RFC 6455, 10.2).

    Pages that this server has served may, and those of ``origins``. A program that is not a browser
    sends no origin, and may too.
    """
    if origin is None or origin.lower() in origins:
        return True
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        default = DEFAULT_PORTS[theirs.scheme]
        return bool(ours.hostname) and (theirs.hostname, theirs.port or default) == (ours.hostname, ours.port or default)
    except (KeyError, ValueError):
        return False


# -- The way in ------------------------------------------------------------------------------------


class WebSocket(Protocol):
    """One connection after the handshake. It reads messages from the bytes, and gives the lines of
    each message to its caller.

    While reading is paused, at most one message is buffered, and what the transport had already
    read.
    """

    caller: Caller
    paused = False
    _is_lost = False
    """Whether the connection no longer exists, while the last messages are taken."""

    def __init__(
        self, server: Server, address: str, began: float, connection: Connection, is_secure: bool, subprotocol: str = ""
    ) -> None:
        self._server = server
        self._address = address
        self._is_secure = is_secure
        self._began = began
        self._connection = connection
        self._speaks = SUBPROTOCOLS.get(subprotocol, JSON_LINES)
        self._message = bytearray()
        self._lines: deque[bytes] = deque()
        self._last_received = 0.0
        self._next_ping: IDelayedCall | None = None

    # -- The connection

    def connectionMade(self) -> None:
        """Begin the session."""
        tune(self.transport)
        self._out = FramedTransport(cast(Writable, self.transport), self._connection, self)
        codec = FramedCodec(self._server.json if self._speaks is JSON_LINES else self._server.irc, self._speaks.frame)
        self.caller = Caller(self._server, self._out, self, self._address, self._began, codec, self._is_secure)
        self.caller.outlet.wait_for_transport()  # It holds the answer to the handshake.
        talk = self._irc_talk
        if talk is None:
            self.caller.session.door = "web"
        else:
            introduce(talk, self.caller, self._speaks.frame)
        is_clear = is_this_machine(self._address) and not ISSLTransport.providedBy(self.transport)
        self.caller.session.is_encrypted = self._is_secure and not is_clear
        self._last_received = self._server.clock.seconds()
        self._next_ping = self._server.clock.callLater(PING_SECONDS, self._ping)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the session when everything is taken that was received before."""
        self._is_lost = True
        if self._next_ping is not None:
            self._next_ping.cancel()
            self._next_ping = None
        if not (self.paused and self.caller.outlives_connection(self._end)):
            self._end()

    def _end(self) -> None:
        """End the session, whose connection no longer exists."""
        self._lines.clear()
        talk = self._irc_talk
        self.caller.on_connection_lost()
        if talk is not None:
            talk.leave()
        del self.caller, self._out, self._connection

    @property
    def _irc_talk(self) -> IrcTalk | None:
        """The talk of a client that speaks IRC; None: it does not."""
        framed = self.caller.talk
        assert isinstance(framed, FramedTalk)
        return framed.inner if isinstance(framed.inner, IrcTalk) else None

    def _ping(self) -> None:
        self._next_ping = None
        now = self._server.clock.seconds()
        if self.paused:
            self._last_received = now  # The pongs have not been read; TCP's keepalive still finds a dead link.
        if now - self._last_received >= PEER_SECONDS:
            self.caller.abort(Reason.LINK_LOST)
        else:
            self._send_control(Ping())
            self._next_ping = self._server.clock.callLater(PING_SECONDS, self._ping)

    def _send_control(self, event: Event) -> None:
        """Send a ping or a pong, unless much is queued: a peer that pings and never reads must not
        fill the queue."""
        if self._connection.state is ConnectionState.OPEN and not self.caller.outlet.congested:
            self.caller.outlet.put(self._connection.send(event))

    # -- Backpressure (caller.Input)

    def pauseProducing(self) -> None:
        if not self.paused:
            self.paused = True
            if not self._is_lost:
                cast(IPushProducer, self.transport).pauseProducing()

    def resumeProducing(self) -> None:
        if self.paused:
            self.paused = False
            if not self._is_lost:
                cast(IPushProducer, self.transport).resumeProducing()
            self._read_events()
            if self._is_lost and not self.paused:
                self._end()

    # -- Bytes to messages, messages to lines

    def dataReceived(self, data: bytes) -> None:
        """Read the messages in ``data``; what cannot be taken yet stays buffered."""
        self._last_received = self._server.clock.seconds()
        if not self._out.input_broken and self._connection.state is not ConnectionState.CLOSED:
            self._connection.receive_data(data)
            self._read_events()

    def _read_events(self) -> None:
        while not self.paused and not self._out.input_broken and self._take_lines():
            event = next(self._connection.events(), None)
            if event is None:
                return
            self._on_event(event)
            if not self._lines:  # Anything but a whole message, whose lines are charged; also after the caller has ended.
                self.caller.may_take_line(1.0 if isinstance(event, Ping) else FRAME_LINES)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, CloseConnection):
            self._on_close(event.code)
        elif self.caller.ended is not None:
            return
        elif isinstance(event, self._speaks.kind):
            self._on_message(event)
        elif isinstance(event, (TextMessage, BytesMessage)):
            self._close_with(CloseReason.UNSUPPORTED_DATA)
        elif isinstance(event, Ping):
            self._send_control(event.response())

    def _on_message(self, fragment: TextMessage | BytesMessage) -> None:
        self._message += fragment.data.encode() if isinstance(fragment, TextMessage) else fragment.data
        if len(self._message) > MESSAGE_BYTES:
            self._close_with(CloseReason.MESSAGE_TOO_BIG)
        elif fragment.message_finished:
            self._lines.extend(bytes(self._message).split(b"\n"))
            self._message.clear()

    def _take_lines(self) -> bool:
        """Give the caller the lines of the last message; whether it has taken them all."""
        while self._lines and self.caller.ended is None:
            if self.paused or not self.caller.may_take_line(self._speaks.cost_of(self._lines[0])):
                return False
            line = self._lines.popleft()
            if len(line) > self._speaks.longest:
                self.caller.refuse(TOO_LONG)
            elif line.strip():
                self.caller.take_line(line)
        self._lines.clear()
        return not self.paused

    # -- The end

    def _close_with(self, code: int) -> None:
        """Close with the status ``code``, which tells the peer what was wrong."""
        self._out.code = code
        self._message.clear()
        self.caller.on_input_ended()

    def _on_close(self, code: int) -> None:
        """The peer closes, or has answered our close, or has broken the protocol, which wsproto
        reports in the same way."""
        if code not in GOODBYES and self.caller.session.may_return:
            self.caller.abort(Reason.LINK_LOST)  # A page that is loaded again comes back.
        elif self._connection.state is ConnectionState.REMOTE_CLOSING:
            self.caller.on_input_ended()
        elif self._connection.state is ConnectionState.CLOSED:
            self._out.loseConnection()
        else:
            self._out.input_broken = True
            self._close_with(code)
