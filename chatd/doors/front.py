"""The front: it recognises every new connection by its first bytes, and passes it to the door that
they belong to.

The protocol of the door replaces the front at the transport, and gets everything that has arrived;
no later byte passes through the front. A caller that sends nothing for ``GREETING_SECONDS`` is
greeted as a person, and is still recognised by what it sends later.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IHandshakeListener, IProtocol, ISSLTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core import answers
from chatd.core.errors import DoorClosed, Refusal, ServerFull
from chatd.core.events import Reason
from chatd.core.limits import (
    BROWSER_GREETING_SECONDS,
    CLOSE_SECONDS,
    CONNECTION_LINES,
    GREETING_SECONDS,
    HANDSHAKE_SECONDS,
    LOGIN_SECONDS,
    WAITING,
    WAITING_BYTES,
)
from chatd.doors.catalogue import BOM, IRC, JSON, PROXY, TEXT, Door, DoorOptions, recognise
from chatd.doors.closed import NO_PROXY, why_closed
from chatd.doors.opening import opened_when_needed
from chatd.doors.proxy import Malformed, read_header
from chatd.doors.rare_log import RareLog
from chatd.doors.server import Server
from chatd.doors.tcp import address_of, tune, tune_socket
from chatd.doors.turns import Turn

log = Logger()

OF_LINES: Final = (TEXT, JSON, IRC)
"""The doors at which everything counts that has arrived before the end."""

TOO_LATE: Final = DoorClosed("This came too late to be understood: you have been greeted as a person.", "Speak at once.")


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Front(Protocol):
    """One connection that is not recognised yet, in the clear or inside TLS."""

    _timer: IDelayedCall | None = None
    _buffer = b""
    _is_patient = False
    _greeted = False
    _refused = False
    _server_full: ServerFull | None = None
    _turn: Turn | None = None

    def __init__(self, factory: FrontFactory, address: str, began: float, by_proxy: bool = False) -> None:
        self._factory = factory
        self.address = address
        """The caller's address; before the PROXY header, the proxy's."""
        self._began = began
        self._by_proxy = by_proxy  # A PROXY header may follow; until then the caller is unknown.

    # -- The connection

    def connectionMade(self) -> None:
        """Wait for the first bytes, or until the caller has been silent for so long that it is a
        person; inside TLS, first for the handshake."""
        self._admit()
        self._in_tls = ISSLTransport.providedBy(self.transport)
        if self._in_tls:
            tune(getattr(self._transport, "transport", None))
            self._set_timer(HANDSHAKE_SECONDS, self._on_handshake_timeout)
        else:
            self._spend(CONNECTION_LINES)
            self._set_timer(GREETING_SECONDS, self._before_silence)
        self._factory.server.half_open.add(self)

    def _admit(self) -> None:
        """Count the connection, and find the budget of its address, if that is known."""
        server, self._server_full = self._factory.server, None
        try:
            server.registry.admission.admit(self, at_address=not self._by_proxy)
        except ServerFull as full:
            # Its door, once it is known, refuses it in the caller's language.
            self._server_full = full.with_traceback(None)  # Which would make a cycle.
        self._budget = None if self._by_proxy else server.budgets.of(self.address, server.clock.seconds())

    def handshakeCompleted(self) -> None:
        """TLS is established: wait for the first bytes inside."""
        if not self._refused:
            self._set_timer(GREETING_SECONDS, self._before_silence)

    def dataReceived(self, data: bytes) -> None:
        """Recognise the caller as soon as enough has arrived; ignore what comes after a refusal."""
        if self._refused:
            return
        self._buffer += data
        if self._turn is None:
            self._recognise()
        elif len(self._buffer) >= WAITING_BYTES:
            self._transport.pauseProducing()

    def _recognise(self) -> None:
        """Pass the connection to its door when the budget of its address allows it."""
        door = recognise(self._buffer)
        if door is PROXY and self._by_proxy:
            return self._take_proxy_header()
        if door is None:
            return
        self._turn = self._factory.server.turns.wait(self._budget, self._on_turn)
        if self._turn is None:
            self._spend(door.handshake_lines)
            self._admit_to(door)
        else:
            self._wait(door)

    def _wait(self, door: Door) -> None:
        """Wait for a turn, unless the connection exceeds a limit, or too many wait already. Outside
        TLS it is still read, since only a read shows that the caller has hung up."""
        server = self._factory.server
        limit = server.registry.settings.max_per_address or WAITING
        if self._server_full is not None:
            self._close_with(door.refuse(self._server_full, server), linger=False)
        elif self._budget is not None and self._budget.is_spent and server.turns.waiting(self._budget) > limit:
            self.drop()
        elif self._in_tls or len(self._buffer) >= WAITING_BYTES:
            self._transport.pauseProducing()

    def _take_proxy_header(self) -> None:
        """Take the caller's address from the header of the proxy when it is complete, and recognise
        what follows."""
        try:
            header = read_header(self._buffer)
        except Malformed as malformed:
            self._factory.rare_log.warn("malformed PROXY header from {address}: {why}", address=self.address, why=malformed)
            return self.drop()
        if header is None:
            return
        self._by_proxy = False
        self.address, self._buffer = header.address or self.address, self._buffer[header.size :]
        self._factory.server.registry.admission.release(self)
        self._admit()
        self._spend(CONNECTION_LINES)
        self._recognise()

    def _on_turn(self) -> None:
        self._turn = None
        self._transport.resumeProducing()
        self._recognise()

    def _spend(self, lines: float) -> None:
        if self._budget is not None:
            self._budget.spend(lines)

    def readConnectionLost(self) -> None:
        """The caller sends nothing more (``nc -N``); an unfinished opening was typed by a
        person, an unfinished PROXY header was not."""
        door = recognise(self._buffer)
        if self._turn is not None and door in OF_LINES:
            return  # Whoever reads after the turn sees the end again, after all lines.
        if self._refused or not self._buffer or self._turn is not None or door is PROXY:
            self._transport.loseConnection()
        else:
            protocol = self._admit_to(TEXT)
            if protocol is not None:
                cast(IHalfCloseableProtocol, protocol).readConnectionLost()

    def on_tls_ended(self) -> None:
        """The caller has closed TLS, so that the connection ends before it is its turn: its door
        gets what it has said now, and takes it when the budget of the address allows it."""
        door = recognise(self._buffer)
        if self._turn is not None and door in OF_LINES:
            self._stop_waiting()
            self._spend(door.handshake_lines)
            self._admit_to(door)

    def writeConnectionLost(self) -> None:
        """Our side is closed, after a refusal."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection ended before the caller was recognised."""
        self._release()
        if reason.check("OpenSSL.SSL.Error"):
            from chatd.doors.tls import why

            log.info("no TLS with {address}: {why}", address=self.address, why=why(reason.value))

    def drop(self) -> None:
        """End the connection at once."""
        self._transport.abortConnection()

    # -- Time limits; nothing that the caller sends renews them

    def _set_timer(self, seconds: float, on_timeout: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._factory.server.clock.callLater(max(0.0, seconds), self._on_timer, on_timeout)

    def _on_timer(self, on_timeout: Callable[[], None]) -> None:
        self._timer = None
        on_timeout()

    def _before_silence(self) -> None:
        """Read once more before the caller counts as silent: the reactor runs timers before it
        reads, so a server that is late would greet callers whose request waits in the kernel."""
        self._set_timer(0.0, self._on_silence)

    def _on_silence(self) -> None:
        """Ask the silent caller for a nick, if people are served at all."""
        server = self._factory.server
        if not self._buffer and not self._is_patient and self.address in server.browsers:
            self._is_patient = True
            return self._set_timer(BROWSER_GREETING_SECONDS - GREETING_SECONDS, self._before_silence)
        self._set_timer(self._began + LOGIN_SECONDS - server.clock.seconds(), self._on_login_timeout)
        if self._buffer.strip() or self._factory.refusal(TEXT, self._in_tls, self.address):
            return
        if self._server_full is not None:
            self._refuse(TEXT, self._server_full)
            return
        self._greet()

    def _greet(self) -> None:
        server, self._greeted = self._factory.server, True
        self._transport.write(server.text.talk().encode(answers.Greeting(server.registry.settings.name)))

    def _on_handshake_timeout(self) -> None:
        log.info("no TLS with {address}: no handshake within {span:.0f} s", address=self.address, span=HANDSHAKE_SECONDS)
        self.drop()

    def _on_login_timeout(self) -> None:
        if self._greeted:
            self._close_with(self._factory.server.text.talk().encode(answers.Closing(Reason.TIMED_OUT)))
        else:
            self.drop()

    # -- To the door

    def _admit_to(self, door: Door) -> IProtocol | None:
        """Hand the connection over to ``door`` and return its protocol, or refuse the caller."""
        refusal = self._factory.refusal(door, self._in_tls, self.address)
        if self._greeted and not door.skips_greeting:
            self._factory.server.browsers.add(self.address)
            refusal = TOO_LATE
        if refusal is NO_PROXY:
            self._factory.rare_log.warn("PROXY header from {address}, which --proxy does not name", address=self.address)
        if refusal is not None:
            self._refuse(door, refusal)
            return None
        if door is TEXT and not self._greeted and not self._buffer.strip() and self._server_full is None:
            self._greet()  # Somebody has pressed Enter to see whether anybody is there.
        protocol = self._factory.doors[door](self.address, self._began)
        self._hand_over(protocol)
        return protocol

    def _hand_over(self, protocol: IProtocol) -> None:
        transport, received, self._buffer = self._transport, self._buffer, b""
        self._release()
        if isinstance(transport, ProtocolWrapper):
            transport.wrappedProtocol = protocol
        else:
            transport.protocol = protocol
        protocol.makeConnection(transport)
        protocol.dataReceived(received.removeprefix(BOM))

    def _refuse(self, door: Door, refusal: Refusal) -> None:
        self._close_with(door.refuse(refusal, self._factory.server))

    def _close_with(self, last: bytes, linger: bool = True) -> None:
        """Send ``last`` and close. With ``linger``, what still arrives is read and ignored: if a
        connection is closed with unread bytes, the other side may lose ``last``."""
        self._refused, self._buffer = True, b""
        self._stop_waiting()
        self._set_timer(CLOSE_SECONDS, self.drop)
        self._transport.write(last)
        half_close = None if self._in_tls or not linger else getattr(self._transport, "loseWriteConnection", None)
        (half_close or self._transport.loseConnection)()

    def _stop_waiting(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _release(self) -> None:
        """Forget the connection: it has ended, or belongs to a door now."""
        self._stop_waiting()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._factory.server.half_open.discard(self)
        self._factory.server.registry.admission.release(self)

    @property
    def _transport(self) -> Any:
        return self.transport


class FrontFactory(Factory):
    """Makes the front of each connection, and has the doors that are open."""

    noisy = False

    def __init__(self, server: Server, options: DoorOptions) -> None:
        self.server = server
        self.doors = {door: opened_when_needed(door, server, options, self.build) for door in options.doors}
        self.ports: list[Any] = []
        """Where connections are accepted (IListeningPort)."""
        self.refusal = partial(why_closed, self.doors, options.tls_only)
        self._proxies = options.proxies
        self.rare_log = RareLog(log, server.clock.seconds)

    def open(self, port: Any) -> None:
        """Serve the connections that ``port`` accepts."""
        self.ports.append(port)
        port.numberAccepts = 1  # Twisted begins with 100.
        if isinstance(sock := getattr(port, "socket", None), socket.socket):
            tune_socket(sock)

    def buildProtocol(self, addr: IAddress | None) -> Front:
        """The protocol of a new connection from ``addr``."""
        for port in self.ports:
            port.numberAccepts = 1  # Twisted adds 20 to it, and would so each time that more connections wait.
        address = address_of(addr)
        return Front(self, address, self.server.clock.seconds(), by_proxy=address in self._proxies)

    def build(self, address: str, began: float) -> Front:
        """The protocol of what is inside a connection (``catalogue.Build``)."""
        return Front(self, address, began)

    def shut_down(self) -> Deferred[None]:
        """Drop the connections that are not recognised yet, and end all sessions; fires after
        ``CLOSE_SECONDS`` at the latest."""
        for connection in self.server.half_open:
            if isinstance(connection, Front):
                connection.drop()
        return self.server.shut_down()
