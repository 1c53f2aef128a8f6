"""One connection to the server: lines in both directions, and why it has ended."""

from __future__ import annotations

from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError
from twisted.internet.error import (
    ConnectError,
    ConnectionDone,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TimeoutError,
)
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatd.codecs.json import decode_news
from chatd.core.errors import Malformed
from chatd.core.events import Answer, Event

NEWS_BYTES: Final = 8 << 20
"""The longest line taken from a server, in bytes (8 MiB): a hundred events of history, each of the
longest, take 2 MiB."""


class Untrusted(Exception):
    """The server has not shown that it is the one that was called; the text says why, and what
    would work."""


class Owner(Protocol):
    """Whose connection it is."""

    def wire_made(self, wire: Wire) -> None:
        """The connection stands."""

    def wire_heard(self, wire: Wire, news: Event | Answer | None) -> None:
        """The server has sent ``news``, or something that this version does not know (None)."""

    def wire_spoke_nonsense(self, wire: Wire) -> None:
        """The other side does not speak the protocol."""

    def wire_lost(self, wire: Wire, failure: Failure | None) -> None:
        """The connection is gone."""


class Wire(LineReceiver):
    """One connection: lines of news, split in time linear to their length."""

    delimiter = b"\n"

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._parts: list[bytes] = []
        self._size = 0
        self.over = False

    def connectionMade(self) -> None:
        self._owner.wire_made(self)

    def dataReceived(self, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        for line in lines:
            whole = b"".join((*self._parts, line))
            self._parts, self._size = [], 0
            if not self.over:
                self.lineReceived(whole)
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > NEWS_BYTES and not self.over:
            self._owner.wire_spoke_nonsense(self)

    def lineReceived(self, line: bytes) -> None:
        try:
            news = decode_news(line)
        except Malformed:
            self._owner.wire_spoke_nonsense(self)
            return
        self._owner.wire_heard(self, news)

    def pause(self, paused: bool) -> None:
        """Read nothing more, or again."""
        if self.transport is not None and paused != self.paused:
            consumer: Any = self
            consumer.pauseProducing() if paused else consumer.resumeProducing()

    def write(self, line: bytes) -> None:
        """Send ``line``."""
        if self.transport is not None and not self.over:
            self.transport.write(line)

    def abort(self) -> None:
        """End the connection at once; what was not sent is lost."""
        self.over = True
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._owner.wire_lost(self, reason)


class WireFactory(Factory):
    """Makes the wires of ``owner``."""

    noisy = False

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def buildProtocol(self, addr: IAddress | None) -> Wire:
        return Wire(self._owner)


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ConnectionRefusedError, "connection refused"),
    (DNSLookupError, "no such host"),
    (NoRouteError, "no route to the host"),
    (TimeoutError, "no answer in time"),
    (CancelledError, "no answer in time"),
    (ConnectionDone, "the server closed the connection"),
)


def explain(failure: Failure | None) -> str:
    """Why there is no connection, in words for people."""
    error = failure.value if failure is not None else None
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, Untrusted):
        return str(error)
    if type(error).__module__ == "OpenSSL.SSL":  # Which is not loaded here where TLS is not asked for.
        return "there is no TLS, or none of version 1.2 or later"
    return str(error.osError) if isinstance(error, ConnectError) and error.osError else "the connection broke"
