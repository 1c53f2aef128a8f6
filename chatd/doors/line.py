"""The line door: TCP lines, for people with ``nc`` or ``telnet`` and for programs with JSON."""

from __future__ import annotations

import socket
from typing import Any, ClassVar, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd import actions, events
from chatd.codecs.base import Codec
from chatd.codecs.json import JsonCodec
from chatd.codecs.text import TextCodec
from chatd.doors.telnet import Telnet
from chatd.errors import Refusal, ServerFull, TooLong
from chatd.events import Reason
from chatd.fanout import Fanout
from chatd.flood import Bucket
from chatd.limits import (
    CLOSE_SECONDS,
    GREETING_SECONDS,
    KEEPALIVE_SECONDS,
    LINE_BYTES,
    LOGIN_SECONDS,
    UNACKNOWLEDGED_SECONDS,
)
from chatd.outlet import Outlet
from chatd.registry import Registry
from chatd.session import Session

IAC_BYTE: Final = b"\xff"


@implementer(IHalfCloseableProtocol)
class ChatProtocol(LineReceiver):
    """One caller on the line door: lines in, to the actions; what goes out passes the outlet.

    Of :class:`LineReceiver` it keeps the interface and not the way of splitting, which copies the rest of the buffer for
    each line.
    """

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    factory: ChatFactory

    codec: Codec | None = None
    _held: bytes = b""
    _skipping: bool = False
    _telnet: Telnet | None = None
    _bucket: Bucket | None = None
    _slowed: bool = False
    _reason: Reason | None = None
    _full: ServerFull | None = None
    _greeting: IDelayedCall | None = None
    _deadline: IDelayedCall | None = None
    _wait: IDelayedCall | None = None

    def __init__(self, factory: ChatFactory, address: str) -> None:
        self.factory = factory
        self._address = address

    # -- The connection

    def connectionMade(self) -> None:
        factory, clock = self.factory, self.factory.clock
        _tune(self.transport)
        self.outlet = Outlet(self.transport, factory.text, factory.fanout, self)
        self.session = self.outlet.session = Session(
            self.outlet, self._address, factory.text.name, factory.registry.now()
        )
        try:
            factory.registry.admit(self.session)
        except ServerFull as full:
            self._full = full
        factory.connections[self] = None
        if factory.registry.settings.flood_rate:
            settings = factory.registry.settings
            self._bucket = Bucket(settings.flood_rate, settings.flood_burst, clock.seconds())
        self._greeting = clock.callLater(GREETING_SECONDS, self._greet)
        self._deadline = clock.callLater(LOGIN_SECONDS, self._too_late)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for call in (self._greeting, self._deadline, self._wait):
            if call is not None and call.active():
                call.cancel()
        self._greeting = self._deadline = self._wait = None
        nick, why = self.session.nick or self._nick, self._reason or Reason.LINK_LOST
        self.outlet.lost()
        actions.depart(self.factory.registry, self.session, why)
        self.factory.registry.dismiss(self.session)
        self.factory.gone(self)
        if nick:
            self.factory.log.info(
                "session of {nick} from {address} has ended: {why}", nick=nick, address=self._address, why=why
            )

    _nick = ""

    def readConnectionLost(self) -> None:
        """The caller has said everything (``nc -N``): an unterminated last line counts, and the answers are still sent."""
        held, self._held = self._held, b""
        if self.codec is None:
            self._recognise(held)
        if held and not self._skipping and self._reason is None:
            self.lineReceived(held.removesuffix(b"\r"))
        if self._reason is None:
            actions.end(self.factory.registry, self.session, Reason.QUIT)

    def writeConnectionLost(self) -> None:
        self.let_go(Reason.LINK_LOST)

    # -- Who is calling

    def _greet(self) -> None:
        """Nothing has come for a while: it is a person, who waits for a word."""
        self._greeting = None
        self._speak(self.factory.text)
        if self._reason is None:
            self.outlet.tell(events.Greeting(self.factory.registry.settings.name))

    def _recognise(self, data: bytes) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None
        self._speak(self.factory.json if data.startswith(b"{") else self.factory.text)

    def _speak(self, codec: Codec) -> None:
        self.codec = codec
        self.session.door = codec.name
        self.outlet.speak(codec)
        if self._full is not None:
            actions.refuse(self.session, self._full)
            self.outlet.close(Reason.QUIT)

    # -- Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        if self.codec is None and data:
            self._recognise(data)
        if self._telnet is not None or IAC_BYTE in data:
            data = self._without_telnet(data)
        data, start = self._held + data, 0
        self._held = b""
        while not self.paused and self._reason is None:
            end = data.find(b"\n", start)
            if end < 0:
                break
            if not self._may_take_line():
                break
            if self._skipping:
                self._skipping = False
            elif end - start > LINE_BYTES + 1:
                self._refuse_length()
            else:
                self.lineReceived(data[start:end].removesuffix(b"\r"))
            start = end + 1
        self._hold(data[start:])

    def _hold(self, rest: bytes) -> None:
        """Keep what is not a line yet, or must wait; but of a line over its limit nothing."""
        if self._reason is not None:
            return
        if len(rest) > LINE_BYTES + 1 and not self.paused and b"\n" not in rest:
            if not self._skipping:
                self._refuse_length()
            self._skipping = True
            self._may_take_line()
            rest = b""
        elif self._skipping and not self.paused:
            rest = b""
        self._held = rest

    def _refuse_length(self) -> None:
        actions.refuse(
            self.session, TooLong("The line is too long.", f"A line has at most {LINE_BYTES} bytes; send several.")
        )

    def _without_telnet(self, data: bytes) -> bytes:
        if self._telnet is None:
            self._telnet = Telnet()
            self.session.door = "telnet"
        typed, answer = self._telnet.receive(data)
        self.outlet.put(answer)
        return typed

    # -- One line

    def lineReceived(self, line: bytes) -> None:
        """Do what ``line`` asks.  A refusal is answered; any other exception is our defect and costs this connection only."""
        assert self.codec is not None
        if self.session.name is None and line.startswith(b"{") and self.codec is self.factory.text:
            self._speak(self.factory.json)  # A program whose first byte came late; the greeting is no JSON, and skipped.
        try:
            command = self.codec.decode(line, self.session.name is not None)
            if command is not None:
                actions.perform(self.factory.registry, self.session, command)
        except Refusal as refusal:
            actions.refuse(self.session, refusal)
        except Exception:
            self.factory.log.failure("defect: a line of {nick} could not be served", nick=self.session.nick)
            self.let_go(Reason.LINK_LOST)
        if self._deadline is not None and self.session.name is not None:
            self._begun()
        if self.outlet.congested:
            self.pauseProducing()

    def _begun(self) -> None:
        assert self._deadline is not None
        self._deadline.cancel()
        self._deadline = None
        self._nick = self.session.nick
        self.factory.log.info(
            "session of {nick} from {address} has begun ({door})",
            nick=self._nick,
            address=self._address,
            door=self.session.door,
        )

    # -- Flood control

    def _may_take_line(self) -> bool:
        """Whether the next line may be taken now; if not, reading stops until it may."""
        if self._bucket is None:
            return True
        clock = self.factory.clock
        wait = self._bucket.wait(clock.seconds())
        if not wait:
            return True
        if not self._slowed:
            self._slowed = True
            self.outlet.tell(events.Slowed(self._bucket.rate))
        self._wait = clock.callLater(wait, self._resume)
        self.pauseProducing()
        return False

    def _resume(self) -> None:
        self._wait = None
        if self._bucket is not None and self._bucket.is_full:
            self._slowed = False
        self.drained()

    # -- What the outlet asks (outlet.Owner)

    def drained(self) -> None:
        """All that was queued for the person has been taken: they may ask more."""
        if self.paused and self._wait is None and self._reason is None and not self.outlet.congested:
            self.resumeProducing()

    def closing(self, reason: Reason) -> None:
        """What is queued is sent yet, and then the connection ends; after ``CLOSE_SECONDS`` in any case."""
        self._reason = self._reason or reason
        self._held = b""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.factory.clock.callLater(CLOSE_SECONDS, self.let_go, reason)

    def let_go(self, reason: Reason) -> None:
        """End the connection at once."""
        self._reason = self._reason or reason
        self.transport.abortConnection()

    def _too_late(self) -> None:
        self._deadline = None
        actions.end(self.factory.registry, self.session, Reason.TIMED_OUT)


def _tune(transport: Any) -> None:
    """Send at once, and find out when the other side is gone."""
    if not hasattr(transport, "setTcpNoDelay"):
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    sock = transport.getHandle()
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

    log: ClassVar = Logger()
    noisy = False

    def __init__(self, registry: Registry, fanout: Fanout, clock: IReactorTime) -> None:
        self.registry = registry
        self.fanout = fanout
        self.clock = clock
        self.text = TextCodec(registry.now)
        self.json = JsonCodec()
        self.connections: dict[ChatProtocol, None] = {}
        self._emptied: Deferred[None] | None = None

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        return ChatProtocol(self, getattr(addr, "host", None) or "this machine")

    def gone(self, protocol: ChatProtocol) -> None:
        """The connection of ``protocol`` has ended."""
        self.connections.pop(protocol, None)
        if self._emptied is not None and not self.connections:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def let_go_of_stalled(self) -> None:
        """End the connections that are behind and take nothing more; called every few seconds."""
        now = self.clock.seconds()
        for outlet in list(self.fanout.behind):
            if outlet.is_stalled(now):
                outlet.let_go(Reason.NOT_READING)

    def shut_down(self) -> Deferred[None]:
        """Tell everybody, send what is queued, and end all connections; done after ``CLOSE_SECONDS`` at the latest."""
        self.fanout.run()
        for session in self.registry.connections():
            actions.dismiss(session)
        self._emptied = emptied = Deferred()
        if not self.connections:
            self._emptied = None
            emptied.callback(None)
        return emptied
