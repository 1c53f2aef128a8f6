"""One connection to the server: lines in both directions, and why it ended."""

from __future__ import annotations

import os
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
from chatd.core.answers import Answer
from chatd.core.errors import Malformed
from chatd.core.events import Event

SERVER_LINE_BYTES: Final = 8 << 20
"""The longest line accepted from a server, in bytes (8 MiB): a hundred of the longest events, as
`history` returns them, take 2 MiB."""


class Untrusted(Exception):
    """The server has not proved its identity; the text says why, and what would work."""


class ConnectionListener(Protocol):
    """Gets the callbacks of a connection."""

    def on_connected(self, connection: Connection) -> None:
        """The connection is established."""

    def on_news(self, connection: Connection, news: Event | Answer | None) -> None:
        """The server has sent ``news``, or a type that this version does not know (None)."""

    def on_protocol_error(self, connection: Connection) -> None:
        """The other side does not speak the protocol."""

    def on_disconnected(self, connection: Connection, failure: Failure | None) -> None:
        """The connection has ended."""


class Connection(LineReceiver):
    """One connection. It splits lines in time linear to their length."""

    delimiter = b"\n"

    def __init__(self, listener: ConnectionListener) -> None:
        self._listener = listener
        self._parts: list[bytes] = []
        self._size = 0
        self.closed = False

    def connectionMade(self) -> None:
        self._listener.on_connected(self)

    def dataReceived(self, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        for line in lines:
            whole = b"".join((*self._parts, line))
            self._parts, self._size = [], 0
            if not self.closed:
                self.lineReceived(whole)
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > SERVER_LINE_BYTES and not self.closed:
            self._listener.on_protocol_error(self)

    def lineReceived(self, line: bytes) -> None:
        try:
            news = decode_news(line)
        except Malformed:
            self._listener.on_protocol_error(self)
            return
        self._listener.on_news(self, news)

    def pause(self, paused: bool) -> None:
        """Stop reading, or go on."""
        if self.transport is not None and paused != self.paused:
            consumer: Any = self
            consumer.pauseProducing() if paused else consumer.resumeProducing()

    def write(self, line: bytes) -> None:
        """Send ``line``."""
        if self.transport is not None and not self.closed:
            self.transport.write(line)

    def abort(self) -> None:
        """End the connection at once; bytes that are not sent yet are lost."""
        self.closed = True
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._listener.on_disconnected(self, reason)


class ConnectionFactory(Factory):
    """Makes connections for ``listener``."""

    noisy = False

    def __init__(self, listener: ConnectionListener) -> None:
        self._listener = listener

    def buildProtocol(self, addr: IAddress | None) -> Connection:
        return Connection(self._listener)


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ConnectionRefusedError, "connection refused"),
    (DNSLookupError, "no such host"),
    (NoRouteError, "no route to the host"),
    (TimeoutError, "no answer in time"),
    (CancelledError, "no answer in time"),
    (ConnectionDone, "the server closed the connection"),
)


def explain(failure: Failure | None) -> str:
    """Why there is no connection, for people."""
    error = failure.value if failure is not None else None
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, Untrusted):
        return str(error)
    if type(error).__module__ == "OpenSSL.SSL":  # By name: OpenSSL is only loaded for TLS.
        return "the server does not speak TLS 1.2 or later"
    if isinstance(error, ConnectError) and error.osError:
        return os.strerror(error.osError).lower() if isinstance(error.osError, int) else str(error.osError)
    return "the connection broke"
