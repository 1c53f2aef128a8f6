"""The line door: TCP lines, for people with ``nc`` or ``telnet`` and for programs with JSON."""

from __future__ import annotations

from typing import Final, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, ISSLTransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core.errors import TooLong
from chatd.core.events import Reason
from chatd.core.limits import GREETING_SECONDS, LINE_BYTES
from chatd.delivery.outlet import Writable
from chatd.doors.caller import Caller
from chatd.doors.server import Server
from chatd.doors.tcp import address_of, tune
from chatd.doors.telnet import Telnet

IAC_BYTE: Final = b"\xff"
TOO_LONG: Final = TooLong("The line is too long.", f"A line has at most {LINE_BYTES} bytes; send several.")


@implementer(IHalfCloseableProtocol)
class ChatProtocol(LineReceiver):
    """One caller on the line door: bytes to lines, and lines to the caller; what goes out passes
    the outlet.

    Of :class:`LineReceiver` it keeps the interface and not the way of splitting, which copies the
    rest of the buffer for each line.
    """

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    caller: Caller
    takes_json = True
    """Whether a person may turn out to be a program as long as there is no nick."""

    _known = False
    _held = b""
    _skipping = False
    _telnet: Telnet | None = None
    _greeting: IDelayedCall | None = None

    def __init__(self, server: Server, address: str, began: float | None = None) -> None:
        self._server = server
        self._address = address
        self._began = began

    # -- The connection

    def connectionMade(self) -> None:
        """Wait for the first byte, or for a silence that is a person's."""
        tune(self.transport)
        transport = cast(Writable, self.transport)
        self.caller = Caller(self._server, transport, self, self._address, self._server.text, self._began)
        self._greeting = self._server.clock.callLater(GREETING_SECONDS, self._greet)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Free the seat."""
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None
        if not self.paused and reason.check(ConnectionDone) and ISSLTransport.providedBy(self.transport):
            self.readConnectionLost()  # Inside TLS both sides end at once (close_notify; RFC 8446, 6.1).
        self.caller.gone()

    def readConnectionLost(self) -> None:
        """The caller has said everything (``nc -N``): an unterminated last line counts, and the
        answers are still sent."""
        held, self._held = self._held.removesuffix(b"\r"), b""
        if len(held) > LINE_BYTES:
            self.caller.refuse(TOO_LONG)
        elif held and not self._skipping and self.caller.ended is None:
            self.lineReceived(held)
        self.caller.hang_up()

    def writeConnectionLost(self) -> None:
        """The caller takes nothing more: there is no use in going on."""
        self.caller.abort(Reason.LINK_LOST)

    # -- Who is calling

    def _greet(self) -> None:
        self._greeting = None
        self._known = True
        self.caller.use_codec(self._server.text)
        self.caller.greet()

    def _recognise(self, first: bytes) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None
        self._known = True
        self.caller.use_codec(self._server.json if first == b"{" else self._server.text)

    # -- Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        """Take apart what came, in time that grows with its length alone; what must wait is
        held."""
        if not self._known and data:
            self._recognise(data[:1])
        if self._telnet is not None or IAC_BYTE in data:
            data = self._without_telnet(data)
        data, self._held, start = self._held + data, b"", 0
        caller = self.caller
        while not self.paused and caller.ended is None:
            end = data.find(b"\n", start)
            if end < 0:
                self._hold(data[start:])
                return
            if caller.limited and not caller.may_take_line():
                break
            line = data[start:end].removesuffix(b"\r")
            start = end + 1
            if self._skipping:
                self._skipping = False
            elif len(line) > LINE_BYTES:
                caller.refuse(TOO_LONG)
            else:
                self.lineReceived(line)
        self._held = data[start:] if caller.ended is None else b""

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a line; of one that is over its limit nothing, and the more of it
        comes, the later."""
        if len(rest) > LINE_BYTES + 1 and not self._skipping:
            self._skipping = True
            self.caller.refuse(TOO_LONG)
        if self._skipping:
            self.caller.may_take_line()
        else:
            self._held = rest

    def _without_telnet(self, data: bytes) -> bytes:
        if self._telnet is None:
            self._telnet = Telnet()
            data, self._held = self._held + data, b""  # A character that telnet takes apart may begin in what is held.
            self.caller.session.door = "telnet"
        typed, answer = self._telnet.receive(data)
        self.caller.outlet.put(answer)
        return typed

    def lineReceived(self, line: bytes) -> None:
        """Do what ``line`` asks."""
        caller = self.caller
        if caller.session.name is None and line.startswith(b"{") and caller.codec is self._server.text and self.takes_json:
            # A program whose first byte came late; it skips the greeting, which is no JSON.
            caller.use_codec(self._server.json)
        caller.take_line(line)


class ChatFactory(Factory):
    """The line door: makes the protocol of each caller who comes in by it."""

    noisy = False

    def __init__(self, server: Server) -> None:
        self.server = server
        self.registry = server.registry

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """The protocol of a new connection from ``addr``."""
        return ChatProtocol(self.server, address_of(addr))
