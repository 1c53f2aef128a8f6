"""The port for character telnet: the screen for whoever has a terminal, lines for the others.

Unlike on the port that all doors share, the server negotiates here: nobody but telnet is expected.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core import answers
from chatd.core.limits import (
    CLOSE_SECONDS,
    CONNECTION_LINES,
    LINE_BYTES,
    NEGOTIATION_SECONDS,
    TELNET_BYTES_A_LINE,
    TELNET_PIECE_BYTES,
)
from chatd.doors.closed import ONLY_IN_TLS
from chatd.doors.line import ChatFactory
from chatd.doors.metered import Metered
from chatd.doors.refusals import in_text
from chatd.doors.screens import ScreenSession
from chatd.doors.server import Server
from chatd.doors.tcp import address_of, is_this_machine, tune
from chatd.doors.telnet_options import TelnetOptions

UNNAMED: Final = {"TERM": "vt100"}
"""The environment of a terminal that does not say what it is."""


@implementer(IHalfCloseableProtocol)
class TelnetProtocol(Protocol):
    """One connection, which is the wire of its screen (`screens.Wire`)."""

    def __init__(self, factory: TelnetFactory, address: str) -> None:
        self._factory = factory
        self._server = factory.server
        self._address = address
        self._began = factory.server.clock.seconds()
        self._meter = Metered(factory.server, address, self._pause, self._resume)
        self._options = TelnetOptions()
        self._screen: ScreenSession | None = None
        self._has_begun = False
        self._typed = b""
        self._raw = b""
        self._is_paused = False
        self._is_taken = True
        self._timer: IDelayedCall | None = None

    @property
    def _tcp(self) -> Any:
        return self.transport

    # -- The connection

    def connectionMade(self) -> None:
        """Begin to negotiate."""
        tune(self.transport)
        self._meter.spend(CONNECTION_LINES)
        if self._factory.tls_only and not is_this_machine(self._address):
            self._tcp.write(in_text(ONLY_IN_TLS, self._server))
            self._tcp.loseConnection()
            self._set_timer(CLOSE_SECONDS)
            return
        self._tcp.registerProducer(self, True)
        is_secure = is_this_machine(self._address)
        self._screen = ScreenSession(self._server, self, self._address, self._began, "telnet", is_secure)
        self._tcp.write(self._options.offer())
        self._set_timer(NEGOTIATION_SECONDS)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the session."""
        self._stop_timer()
        self._meter.stop()
        if self._screen is not None:
            self._screen.lost()
            self._screen = None

    def readConnectionLost(self) -> None:
        """The client sends nothing more: a program (``nc -N``) if it has not negotiated."""
        if self._screen is None:
            self._tcp.loseConnection()
        elif self._has_begun:
            self._screen.end_of_input()
        else:
            self._begin()
            self._tcp.protocol.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """The client reads nothing more, so that it has no use for a screen."""
        self._tcp.abortConnection()

    def _set_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self._server.clock.callLater(seconds, self._on_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        """The time to negotiate, or to close, is over."""
        self._timer = None
        if self._has_begun or self._screen is None:
            self._tcp.abortConnection()
        else:
            self._begin()

    # -- Input

    def dataReceived(self, data: bytes) -> None:
        """Take ``data`` in pieces; what is not paid for waits."""
        self._raw += data
        while self._raw and not self._is_paused and self._screen is not None:
            piece, self._raw = self._raw[:TELNET_PIECE_BYTES], self._raw[TELNET_PIECE_BYTES:]
            self._meter.spend(len(piece) / TELNET_BYTES_A_LINE)
            self._take(piece)
            if self._screen is not None:
                self._meter.may_go_on()

    def _take(self, piece: bytes) -> None:
        options, size = self._options, self._options.size
        typed = options.receive(piece)
        answer = options.take_answer()
        if self._is_taken:  # Whoever reads no answers is not answered, and nothing is kept for them.
            self._tcp.write(answer)
        if self._has_begun and self._screen is not None:
            if options.size != size and options.size is not None:
                self._screen.resized(*options.size)
            if typed:
                self._screen.keys(typed)
            if self._screen is not None and self._screen.link.is_congested:
                self._pause()
            return
        self._typed += typed
        if options.is_decided:
            self._begin()
        elif len(self._typed) > LINE_BYTES:
            self._pause()

    def _begin(self) -> None:
        """It is known what the terminal can do."""
        self._stop_timer()
        self._has_begun = True
        typed, self._typed = self._typed, b""
        if not self._options.has_screen:
            return self._become_lines(typed)
        assert self._screen is not None
        term = self._options.terminal
        environment = UNNAMED if term is None else {"TERM": term.lower()}
        self._screen.start("", self._options.size or (0, 0), environment, saves_bytes=True)
        if typed:
            self._screen.keys(typed)

    def _become_lines(self, typed: bytes) -> None:
        """Hand the connection over to the text door."""
        assert self._screen is not None
        self._screen.lost()
        self._screen = None
        self._meter.stop()
        self._resume()  # From here on the text door counts what is read.
        transport, server = self._tcp, self._server
        transport.unregisterProducer()
        transport.write(self._options.withdraw() + server.text.talk().encode(answers.Greeting(server.registry.settings.name)))
        protocol = self._factory.lines.build(self._address, self._began)
        transport.protocol = protocol
        protocol.makeConnection(transport)  # type: ignore[no-untyped-call]
        protocol.caller.outlet.wait_for_transport()
        protocol.dataReceived(typed.replace(b"\r", b"\r\n") + self._raw)

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._tcp.pauseProducing()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._tcp.resumeProducing()
            self.dataReceived(b"")

    # -- The transport asks (IPushProducer)

    def pauseProducing(self) -> None:
        """The connection takes no more for now."""
        self._is_taken = False

    def resumeProducing(self) -> None:
        """The connection takes more."""
        self._is_taken = True
        if self._screen is not None:
            self._screen.ready()

    def stopProducing(self) -> None:
        """The connection is lost."""

    # -- The wire of the screen (screens.Wire)

    @property
    def is_ready(self) -> bool:
        """Part of `screens.Wire`."""
        return self._is_taken

    def write(self, data: bytes) -> None:
        """Part of `screens.Wire`."""
        self._tcp.write(data if self._options.is_utf8 else data.decode().encode("ascii", "replace"))

    def take_more(self) -> None:
        """Part of `screens.Wire`."""
        if self._meter.may_go_on():
            self._resume()

    def close(self, status: int, why: str) -> None:
        """Part of `screens.Wire`."""
        if why:
            self.write(f"{why}\r\n".encode())
        self._tcp.unregisterProducer()
        self._tcp.loseConnection()
        self._has_begun = True
        self._set_timer(CLOSE_SECONDS)


class TelnetFactory(Factory):
    """Makes the protocol of each connection to the telnet port. With ``tls_only`` it is for callers
    on this machine alone."""

    noisy = False

    def __init__(self, server: Server, tls_only: bool = False) -> None:
        self.server = server
        self.tls_only = tls_only
        self.lines = ChatFactory(server, server.text)

    def buildProtocol(self, addr: IAddress | None) -> TelnetProtocol:
        """The protocol of a new connection from ``addr``."""
        return TelnetProtocol(self, address_of(addr))
