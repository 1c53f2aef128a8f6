"""The front: every connection arrives here, is recognised by its first bytes, and goes on through
the door that they lead to.

What has arrived until then goes along, whole, and the door's protocol takes the place of the front
at the transport: no byte afterwards passes here. A caller who says nothing for ``GREETING_SECONDS``
is taken for a person and greeted, and is still recognised by what comes then.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    ISSLTransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core import events
from chatd.core.errors import DoorClosed, Refusal, ServerFull
from chatd.core.events import Reason
from chatd.core.limits import ACCEPTS, CLOSE_SECONDS, GREETING_SECONDS, HANDSHAKE_SECONDS, LOGIN_SECONDS
from chatd.doors import refusals
from chatd.doors.line import ChatFactory, address_of, tune
from chatd.doors.openings import Door, recognise

log = Logger()

Build = Callable[[str, float], IProtocol]
"""Makes the protocol of one connection on a door, from the caller's address and the time of
connecting in seconds of the clock."""

CLEAR: Final = frozenset({Door.TEXT, Door.JSON, Door.WEB, Door.IRC})
"""The doors whose talk anybody on the way can read, unless it is inside TLS."""

NOT_HERE: Final = {door: DoorClosed(f"The door {door.value!r} is not open here.") for door in Door}
ONLY_IN_TLS: Final = DoorClosed("This server talks inside TLS only.", "chatd-client --tls, openssl s_client and https:// do.")
TOO_LATE: Final = DoorClosed("This came too late to be understood: you have been greeted as a person.", "Speak at once.")


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Front(Protocol):
    """One caller of whom nothing is known yet, in the clear or inside TLS."""

    _timer: IDelayedCall | None = None
    _held = b""
    _greeted = False
    _refused = False

    def __init__(self, factory: FrontFactory, address: str, began: float) -> None:
        self._factory = factory
        self.address = address
        self._began = began
        self._full: ServerFull | None = None

    # -- The connection

    def connectionMade(self) -> None:
        """Wait for the first bytes, or for a silence that is a person's; inside TLS, for the
        handshake before."""
        try:
            self._factory.chat.registry.admit(self)
        except ServerFull as full:
            self._full = full  # The door that it is on its way to refuses it in its own language.
        self._secure = ISSLTransport.providedBy(self.transport)
        if self._secure:
            tune(getattr(self._transport, "transport", None))
            self._wait(HANDSHAKE_SECONDS, self._no_handshake)
        else:
            self._wait(GREETING_SECONDS, self._greet)
        self._factory.chat.half_open.add(self)

    def handshakeCompleted(self) -> None:
        """What is said from now on is said inside TLS."""
        if not self._refused:
            self._wait(GREETING_SECONDS, self._greet)

    def dataReceived(self, data: bytes) -> None:
        """Recognise the caller, once enough has come; drop what comes after a refusal."""
        if self._refused:
            return
        self._held += data
        door = recognise(self._held)
        if door is not None:
            self._lead_to(door)

    def readConnectionLost(self) -> None:
        """The caller has said everything (``nc -N``); what is not enough to be anything else is a
        person's."""
        if self._refused or not self._held:
            self._transport.loseConnection()
        else:
            protocol = self._lead_to(Door.TEXT)
            if protocol is not None:
                cast(IHalfCloseableProtocol, protocol).readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Our side is closed, after a refusal."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The caller is gone, and was never known."""
        self._leave()
        if reason.check("OpenSSL.SSL.Error"):
            from chatd.doors.tls import why

            log.info("no TLS with {address}: {why}", address=self.address, why=why(reason.value))

    def shed(self) -> None:
        """End the connection at once: others have come, or the time is over."""
        self._transport.abortConnection()

    # -- Time: each span is absolute, and nothing that is sent renews it

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._factory.chat.clock.callLater(max(0.0, seconds), self._wake, then)

    def _wake(self, then: Callable[[], None]) -> None:
        self._timer = None
        then()

    def _greet(self) -> None:
        """Ask a silent caller for a nick, where people are talked to at all."""
        chat = self._factory.chat
        self._wait(self._began + LOGIN_SECONDS - chat.clock.seconds(), self._no_nick)
        if self._held or self._factory.refusal(Door.TEXT, self._secure, self.address):
            return
        if self._full is not None:
            self._refuse(Door.TEXT, self._full)
            return
        self._greeted = True
        self._transport.write(chat.text.talk().encode(events.Greeting(chat.registry.settings.name)))

    def _no_handshake(self) -> None:
        log.info("no TLS with {address}: no handshake within {span:.0f} s", address=self.address, span=HANDSHAKE_SECONDS)
        self.shed()

    def _no_nick(self) -> None:
        if self._greeted:
            self._end(self._factory.chat.text.talk().encode(events.Closing(Reason.TIMED_OUT)))
        else:
            self.shed()

    # -- Where to

    def _lead_to(self, door: Door) -> IProtocol | None:
        """Hand the connection over to ``door``, or say in its language why not."""
        refusal = self._factory.refusal(door, self._secure, self.address)
        if self._greeted and door in (Door.TLS, Door.WEB):  # These do not skip a greeting; what has been sent has spoilt them.
            refusal = TOO_LATE
        if refusal is not None:
            self._refuse(door, refusal)
            return None
        protocol = self._factory.doors[door](self.address, self._began)
        self._hand_over(protocol)
        return protocol

    def _hand_over(self, protocol: IProtocol) -> None:
        transport, held, self._held = self._transport, self._held, b""
        self._leave()
        if isinstance(transport, ProtocolWrapper):
            transport.wrappedProtocol = protocol
        else:
            transport.protocol = protocol
        protocol.makeConnection(transport)
        protocol.dataReceived(held)

    def _refuse(self, door: Door, refusal: Refusal) -> None:
        self._end(refusals.PHRASES[door](refusal, self._factory.chat))

    def _end(self, last: bytes) -> None:
        """Say ``last``, and end. What still comes in is read and dropped: closed with bytes unread,
        ``last`` would be lost too."""
        self._refused, self._held = True, b""
        self._wait(CLOSE_SECONDS, self.shed)
        self._transport.write(last)
        half_close = None if self._secure else getattr(self._transport, "loseWriteConnection", None)
        (half_close or self._transport.loseConnection)()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._factory.chat.half_open.discard(self)
        self._factory.chat.registry.dismiss(self)

    @property
    def _transport(self) -> Any:
        return self.transport


class FrontFactory(Factory):
    """What all callers have in common until they are known: the doors that are open.

    ``doors`` may be filled after it is made: the TLS door leads here again. ``tls_only`` keeps
    those who talk in the clear out, unless they call from this machine.
    """

    noisy = False

    def __init__(self, chat: ChatFactory, tls_only: bool = False) -> None:
        self.chat = chat
        self.doors: dict[Door, Build] = {}
        self.ports: list[Any] = []
        """Where callers come in."""
        self._tls_only = tls_only
        self._turn: IDelayedCall | None = None

    def buildProtocol(self, addr: IAddress | None) -> Front:
        """The protocol of a new connection from ``addr``."""
        if self._turn is None:
            self._turn = self.chat.clock.callLater(0, self._accept_few)
        return self.build(address_of(addr), self.chat.clock.seconds())

    def _accept_few(self) -> None:
        """Twisted accepts the more at once the more call; in a flood of callers everybody else
        would wait for them."""
        self._turn = None
        for port in self.ports:
            port.numberAccepts = ACCEPTS

    def build(self, address: str, began: float) -> Front:
        """The protocol of a connection from ``address``, which was made at ``began``, in seconds of
        the clock."""
        return Front(self, address, began)

    def shut_down(self) -> Deferred[None]:
        """Tell everybody, let go of those of whom nothing is known, and be done after
        ``CLOSE_SECONDS`` at the latest."""
        for caller in self.chat.half_open:
            if isinstance(caller, Front):
                caller.shed()
        return self.chat.shut_down()

    def refusal(self, door: Door, secure: bool, address: str) -> DoorClosed | None:
        """Why ``door`` is closed to a caller from ``address``, who talks inside TLS or not; None:
        it is open."""
        if door not in self.doors or (secure and door is Door.TLS):
            return NOT_HERE[door]
        if self._tls_only and not secure and door in CLEAR and not _is_this_machine(address):
            return ONLY_IN_TLS
        return None


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address == address_of(None)
