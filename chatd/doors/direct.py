"""A TCP transport for TLS that sends at once: one system call for each write, instead of three."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPullProducer
from zope.interface import directlyProvides, implementer, providedBy


class DirectTransport:
    """``transport``, which holds nothing so far, with another way to write: to its socket ``sock``.
    It queues what the socket does not take; until that is written, whoever produces more is paused,
    and everything is queued.

    Everything that is not defined here is that of ``transport``.
    """

    def __init__(self, transport: Any, sock: socket.socket) -> None:
        self._transport = transport
        self._send = sock.send
        self._is_queuing = False
        """Whether the transport holds something."""
        self._producer: Any = None
        directlyProvides(self, *providedBy(transport))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send ``data``, or queue what the socket does not take."""
        if self._is_queuing:
            self._transport.write(data)
            return
        try:
            sent = self._send(data)
        except OSError:  # It takes nothing now, or is gone; the transport will find out which.
            sent = 0
        if sent != len(data):
            self._is_queuing = True
            self._transport.write(data[sent:])
            self._transport.registerProducer(_Written(self._on_written), False)
            if self._producer is not None:
                self._producer.pauseProducing()

    def _on_written(self) -> None:
        self._is_queuing = False
        self._transport.unregisterProducer()
        if self._producer is not None:
            self._producer.resumeProducing()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause ``producer`` while something is queued; TLS makes a push producer of any."""
        self._producer = producer
        if self._is_queuing:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        """Pause nobody."""
        self._producer = None


@implementer(IPullProducer)
class _Written:
    """Calls ``then`` when its transport holds nothing any more."""

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then
        self._is_registered = False

    def resumeProducing(self) -> None:
        if self._is_registered:
            self._then()
        self._is_registered = True  # The first call is made by registerProducer.

    def stopProducing(self) -> None:
        """The connection is lost, which its protocol is told too."""
