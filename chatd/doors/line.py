"""The line door: TCP lines, for people with ``nc`` or ``telnet`` and for programs with JSON."""

from __future__ import annotations

from typing import Final, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, ISSLTransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.codecs.base import Codec
from chatd.core.errors import TooLong
from chatd.core.events import Reason
from chatd.core.limits import LINE_BYTES
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
    _held = b""
    _skipping = False
    _telnet: Telnet | None = None

    def __init__(self, factory: ChatFactory, address: str, began: float) -> None:
        self._factory = factory
        self._address = address
        self._began = began

    # -- The connection

    def connectionMade(self) -> None:
        """Take a seat."""
        tune(self.transport)
        transport, factory = cast(Writable, self.transport), self._factory
        self.caller = Caller(factory.server, transport, self, self._address, self._began, factory.codec)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Free the seat."""
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

    # -- Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        """Take apart what came, in time that grows with its length alone; what must wait is
        held."""
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
        if line.startswith(b"{") and self._may_switch_to_json():
            self.caller.use_codec(self._factory.server.json)
        self.caller.take_line(line)

    def _may_switch_to_json(self) -> bool:
        """Whether this may be a program after all, which tried other words first: a person without
        a nick, where programs are let in."""
        return self._factory.accepts_json and self.caller.session.name is None and self.caller.codec is self._factory.codec


class ChatFactory(Factory):
    """The line door: makes the protocol of each caller who comes in by it.

    Its callers speak ``codec``, by default the text codec. With ``accepts_json`` a person who has
    no nick yet may turn out to be a program: its first line of JSON tells.
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
