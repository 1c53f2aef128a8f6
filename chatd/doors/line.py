"""The line door: lines over TCP or TLS, for people with ``nc`` or ``telnet`` and for programs that
speak JSON."""

from __future__ import annotations

from typing import Final, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, ISSLTransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.codecs.base import Codec
from chatd.codecs.text import TextTalk
from chatd.core.events import Reason
from chatd.core.limits import ANSWER_SECONDS, LINE_BYTES, TELNET_BYTES_A_LINE, TELNET_PIECE_BYTES
from chatd.delivery.writers import Writable
from chatd.doors.caller import TOO_LONG, Caller
from chatd.doors.foreign import FOREIGN, UNREAD, has_more, has_nul, is_foreign
from chatd.doors.server import Server
from chatd.doors.tcp import THIS_MACHINE, address_of, is_this_machine, tune
from chatd.doors.telnet import IAC_BYTE, Telnet

CTRL_D: Final = b"\x04"


@implementer(IHalfCloseableProtocol)
class ChatProtocol(LineReceiver):
    """One connection on the line door. It splits bytes into lines for its caller, whose outlet
    writes the answers.

    It keeps the interface of :class:`LineReceiver` and not its way of splitting, which copies the
    rest of the buffer for each line.
    """

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    caller: Caller
    _buffer = b""
    """The beginning of a line, or what waits while reading is paused."""
    _skipping = False
    """Whether the rest of a line that was too long is on its way, to be skipped."""
    _telnet: Telnet | None = None
    _raw = b""
    """What a telnet client has sent while reading is paused, not processed yet."""

    _is_lost = False
    """Whether the connection no longer exists, while the last lines are taken."""
    _has_ended = False
    """Whether the other side has ended it, as opposed to a lost link: then all has arrived."""

    _waiting: IDelayedCall | None = None
    """Ends the time in which lines wait after the refusal of a nick."""

    def __init__(self, factory: ChatFactory, address: str, began: float) -> None:
        self._factory = factory
        self._address = address
        self._began = began

    # -- The connection

    def connectionMade(self) -> None:
        """Begin the session."""
        tune(self.transport)
        transport, factory = cast(Writable, self.transport), self._factory
        is_encrypted = ISSLTransport.providedBy(transport)
        is_secure = is_encrypted or is_this_machine(self._address)
        self.caller = Caller(factory.server, transport, self, self._address, self._began, factory.codec, is_secure)
        del self._began  # Only the caller's deadline depends on it.
        self.caller.session.is_encrypted = is_encrypted
        if is_encrypted:
            from chatd.doors.tls import client_key

            self.caller.session.key = client_key(transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the session when everything is taken that was received before."""
        self._is_lost = True
        self._has_ended = self._is_closed(reason)
        waits = self.paused and (self._has_ended or b"\n" in self._buffer or b"\n" in self._raw)
        if not (waits and self.caller.outlives_connection(self._end)):
            self._end()

    def _end(self) -> None:
        """End the session, whose connection no longer exists."""
        if self._has_ended:
            self.readConnectionLost()
        self._end_waiting()
        self.caller.on_connection_lost()

    def _is_closed(self, reason: Failure) -> bool:
        """Whether the other side has closed both directions at once, and no link has broken. TLS
        says so (close_notify; RFC 8446, 6.1). A UNIX socket has no link, but the kernel reports a
        reset if it is closed with unread answers."""
        if ISSLTransport.providedBy(self.transport):
            return reason.check(ConnectionDone) is not None
        return self._address == THIS_MACHINE

    def readConnectionLost(self) -> None:
        """The other side sends nothing more (``nc -N``): take a last line without its end, and
        still send the answers."""
        rest, self._buffer = self._buffer.removesuffix(b"\r"), b""
        if self._waiting is not None:
            self._end_waiting()
            if rest.strip():
                self.caller.turn_away(UNREAD)
        elif len(rest) > self.MAX_LENGTH:
            self.caller.refuse(TOO_LONG)
        elif rest and not self._skipping and self.caller.ended is None:
            self.lineReceived(rest)
        self.caller.on_input_ended()

    def writeConnectionLost(self) -> None:
        """The other side reads nothing more, so no answer can reach it: end the connection."""
        self.caller.abort(Reason.LINK_LOST)

    # -- Backpressure (caller.Input)

    def pauseProducing(self) -> None:
        """Take no more lines for now."""
        if self._is_lost:
            self.paused = True
        else:
            super().pauseProducing()  # type: ignore[no-untyped-call]

    def resumeProducing(self) -> None:
        """Take lines again, beginning with what is buffered."""
        if not self._is_lost:
            super().resumeProducing()  # type: ignore[no-untyped-call]
            return
        self.paused = False
        self.dataReceived(b"")
        if not self.paused:
            self._end()

    # -- Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        """Take ``data``; what cannot be taken yet stays buffered."""
        if self._telnet is not None or IAC_BYTE in data:
            self._take_telnet(data)
        else:
            self._take_lines(data)

    def _take_lines(self, data: bytes) -> None:
        """Split ``data`` into lines, in linear time."""
        if self._waiting is not None:
            self._keep_waiting(data)
            return
        data, self._buffer, start = self._buffer + data, b"", 0
        caller = self.caller
        if self._awaits_nick and has_nul(data):
            caller.turn_away(FOREIGN)
        while not self.paused and caller.ended is None:
            end = data.find(b"\n", start)
            if end < 0:
                self._keep_beginning(data[start:])
                return
            if end + 1 < len(data) and not self._skipping:
                taken = caller.take_series(data, start)
                if taken != start:
                    start = taken
                    continue
            if caller.has_flood_limit and not caller.may_take_line(self.cost_of(data[start:end])):
                break
            line = data[start:end].removesuffix(b"\r")
            start = end + 1
            if self._skipping:
                self._skipping = False
            elif len(line) > self.MAX_LENGTH:
                caller.refuse(TOO_LONG)
            else:
                self.lineReceived(line)
                if caller.session.person is None and self._is_text and line.strip() and not line.startswith(b"/"):
                    self._on_nick_refused(data, start)
                    if self._waiting is not None:
                        break
        self._buffer = data[start:] if caller.ended is None else b""

    def cost_of(self, line: bytes) -> float:
        """What flood control charges for ``line``, in lines."""
        return 1.0

    def _keep_beginning(self, beginning: bytes) -> None:
        """Buffer the beginning of a line. If it is too long already, buffer nothing of it, and slow
        the sender down. Ctrl-D in place of a line, which telnet passes on, ends the input."""
        if beginning.startswith(CTRL_D) and not beginning.strip(CTRL_D) and self._is_text:
            self.caller.on_input_ended()
            return
        if len(beginning) > self.MAX_LENGTH + 1 and not self._skipping:
            self._skipping = True
            self.caller.refuse(TOO_LONG)
        if self._skipping:
            self.caller.may_take_line()
        else:
            self._buffer = beginning

    def _on_nick_refused(self, data: bytes, start: int) -> None:
        """A nick was refused. What has arrived with it is not another nick: a script has sent it.
        What arrives within `ANSWER_SECONDS` waits, and is not read if the input ends meanwhile."""
        if has_more(data, start):
            self.caller.turn_away(UNREAD)
        elif self.caller.ended is None and not data[start:].strip():
            self._waiting = self._factory.server.clock.callLater(ANSWER_SECONDS, self._on_waited)

    def _keep_waiting(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer.lstrip().startswith(b"{"):
            self._end_waiting()
            self._take_lines(b"")
        elif len(self._buffer) > LINE_BYTES:
            self._end_waiting()
            self.caller.turn_away(UNREAD)

    def _on_waited(self) -> None:
        self._waiting = None
        if not self.paused:
            self._take_lines(b"")

    def _end_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _take_telnet(self, data: bytes) -> None:
        """Take ``data`` in pieces. Telnet commands are removed, answered and charged, so a caller
        that sends nothing else has to wait as well."""
        caller = self.caller
        if self._telnet is None:
            self._telnet = Telnet()
            if isinstance(caller.talk, TextTalk):
                caller.talk.hide = self._hide
            data, self._buffer = self._buffer + data, b""  # A character that a telnet client has mangled may begin in the buffer.
            caller.session.door = "telnet"
        data, self._raw, start = self._raw + data, b"", 0
        self._take_lines(b"")
        while start < len(data) and not self.paused and caller.ended is None:
            piece = data[start : start + TELNET_PIECE_BYTES]
            start += len(piece)
            typed, answer = self._telnet.receive(piece)
            own = len(piece) - len(typed)
            caller.pay(own / TELNET_BYTES_A_LINE)
            caller.outlet.put(answer)
            self._take_lines(typed)
            if caller.outlet.congested:
                self.pauseProducing()
            elif own and not self.paused:
                caller.may_go_on()
        self._raw = data[start:] if caller.ended is None else b""

    def _hide(self, is_hidden: bool) -> None:
        """Hide the next line while it is typed, or end that."""
        assert self._telnet is not None
        self.caller.outlet.put(self._telnet.hide(is_hidden))

    def lineReceived(self, line: bytes) -> None:
        """Do what ``line`` asks."""
        caller = self.caller
        has_nick = caller.session.person is not None
        if not has_nick and self._is_text and not self._awaits_password and is_foreign(line):
            return caller.turn_away(FOREIGN)
        if CTRL_D in line and self._is_text:
            line = line.replace(CTRL_D, b"")
            if not line:
                return caller.on_input_ended()
        if not has_nick and line.startswith(b"{") and self._may_switch_to_json():
            caller.use_codec(self._factory.server.json)
        caller.take_line(line)

    @property
    def _awaits_nick(self) -> bool:
        """Whether the next line is a person's nick, or their password."""
        return self.caller.session.person is None and self._is_text

    @property
    def _awaits_password(self) -> bool:
        """Whether the next line is a password, which may look like anything."""
        return isinstance(self.caller.talk, TextTalk) and self.caller.talk.is_asking

    @property
    def _is_text(self) -> bool:
        return self.caller.talk.codec is self._factory.server.text

    def _may_switch_to_json(self) -> bool:
        """Whether a line of JSON would show that this is a program after all, which has sent
        something else before: only where programs are accepted, and as long as there is no nick."""
        may_switch = self._factory.accepts_json and self.caller.session.person is None and not self._awaits_password
        return may_switch and self.caller.talk.codec is self._factory.codec


class ChatFactory(Factory):
    """The line door: makes the protocol of each connection.

    Its callers speak ``codec``, by default the text codec. With ``accepts_json`` a caller without a
    nick may switch to JSON by sending a line of it. ``registry`` is the one that all doors share.
    """

    noisy = False

    def __init__(self, server: Server, codec: Codec | None = None, accepts_json: bool = False) -> None:
        self.server = server
        self.registry = server.registry
        self.codec = codec or server.text
        self.accepts_json = accepts_json

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """The protocol of a new connection from ``addr``."""
        return self.build(address_of(addr), self.server.clock.seconds())

    def build(self, address: str, began: float) -> ChatProtocol:
        """The protocol of a connection from ``address``, which was made at ``began``, in seconds of
        the server's clock; it is given every byte from the first on."""
        return ChatProtocol(self, address, began)
