"""The line door: TCP lines, for people with ``nc`` or ``telnet`` and for programs with JSON."""

from __future__ import annotations

import socket
from typing import Any, ClassVar, Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IReactorTime, ISSLTransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.codecs.json import JsonCodec
from chatd.codecs.text import TextCodec
from chatd.core import actions
from chatd.core.errors import TooLong
from chatd.core.events import Reason
from chatd.core.limits import GREETING_SECONDS, KEEPALIVE_SECONDS, LINE_BYTES, UNACKNOWLEDGED_SECONDS
from chatd.core.registry import Registry
from chatd.delivery.fanout import Fanout
from chatd.delivery.outlet import Writable
from chatd.doors.caller import Caller
from chatd.doors.half_open import HalfOpen
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

    def __init__(self, factory: ChatFactory, address: str, began: float | None = None) -> None:
        self._factory = factory
        self._address = address
        self._began = began

    # -- The connection

    def connectionMade(self) -> None:
        """Wait for the first byte, or for a silence that is a person's."""
        tune(self.transport)
        transport = cast(Writable, self.transport)
        self.caller = Caller(self._factory, transport, self, self._address, self._factory.text, self._began)
        self._greeting = self._factory.clock.callLater(GREETING_SECONDS, self._greet)

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
        self.caller.use_codec(self._factory.text)
        self.caller.greet()

    def _recognise(self, first: bytes) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None
        self._known = True
        self.caller.use_codec(self._factory.json if first == b"{" else self._factory.text)

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
        if caller.session.name is None and line.startswith(b"{") and caller.talk.codec is self._factory.text and self.takes_json:
            # A program whose first byte came late; it skips the greeting, which is no JSON.
            caller.use_codec(self._factory.json)
        caller.take_line(line)


def tune(transport: Any) -> None:
    """Send at once, and find out when the other side is gone."""
    if ISSLTransport.providedBy(transport) or not hasattr(transport, "setTcpNoDelay"):
        return  # What TLS is inside of is tuned when it is unwrapped.
    sock = transport.getHandle()
    if sock is None or sock.family == socket.AF_UNIX:
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    idle, interval, count = KEEPALIVE_SECONDS
    for name, value in (
        ("TCP_KEEPIDLE", idle),
        ("TCP_KEEPINTVL", interval),
        ("TCP_KEEPCNT", count),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_SECONDS * 1000),
    ):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class ChatFactory(Factory):
    """Holds what all connections share: the registry, the fan-out, the codecs."""

    log: ClassVar[Logger] = Logger()
    noisy = False

    def __init__(self, registry: Registry, fanout: Fanout, clock: IReactorTime) -> None:
        self.registry = registry
        self.fanout = fanout
        self.clock = clock
        self.text = TextCodec(registry.now)
        self.json = JsonCodec()
        self.callers: dict[Caller, None] = {}
        self.half_open = HalfOpen()
        self._emptied: Deferred[None] | None = None

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """The protocol of a new connection from ``addr``."""
        return ChatProtocol(self, address_of(addr))

    def gone(self, caller: Caller) -> None:
        """The connection of ``caller`` has ended."""
        self.callers.pop(caller, None)
        if self._emptied is not None and not self.callers:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def drop_stalled_readers(self) -> None:
        """End the connections that are behind and take nothing more; called every few seconds."""
        now = self.clock.seconds()
        for outlet in list(self.fanout.behind):
            if outlet.is_stalled(now):
                outlet.abort(Reason.NOT_READING)

    def shut_down(self) -> Deferred[None]:
        """Tell everybody, send what is queued, and end all connections; done after
        ``CLOSE_SECONDS`` at the latest."""
        self.fanout.run()
        emptied: Deferred[None] = Deferred()
        if not self.callers:
            emptied.callback(None)
            return emptied
        self._emptied = emptied
        for caller in list(self.callers):
            actions.dismiss(caller.session)
        return emptied


def address_of(addr: object) -> str:
    """The address of a caller as people write it: an IPv4 address that came in by IPv6 is an IPv4
    address."""
    host = getattr(addr, "host", None) or "this machine"
    return str(host).removeprefix("::ffff:")
