"""The reactor of the daemon on Linux: Twisted's for epoll(7), with a shorter way to what can be
read, and to new connections.

Twisted gives each read a logging context, which nothing here uses, and asks again what the kernel
has just said. For a few lines at a time that takes as long as to split and store them.
"""

from __future__ import annotations

import socket
import sys
from select import EPOLLIN
from time import monotonic
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
from twisted.logger import Logger
from twisted.python.log import callWithLogger

from chatd.core.limits import ACCEPTS, RUSH_SECONDS

log = Logger()


class QuickReactor(EPollReactor):
    """Reads at once from what can only be read; the rest is done as in Twisted."""

    def __init__(self) -> None:
        self.paused: set[Any] = set()
        """What is not to be read, as the kernel is told with the next poll: most is to be read
        again before that."""
        super().__init__()  # type: ignore[no-untyped-call]

    def removeReader(self, reader: Any) -> None:
        """Do not read ``reader`` (IReactorFDSet)."""
        if getattr(reader, "connected", False) and reader.fileno() in self._reads:
            self.paused.add(reader)
        else:  # It is being closed, or is not read anyway.
            self.paused.discard(reader)
            super().removeReader(reader)  # type: ignore[no-untyped-call]

    def addReader(self, reader: Any) -> None:
        """Read ``reader`` (IReactorFDSet)."""
        if reader in self.paused:
            self.paused.remove(reader)
        else:
            super().addReader(reader)  # type: ignore[no-untyped-call]

    def doPoll(self, timeout: float | None) -> None:
        """Wait ``timeout`` seconds at most, None: for any time, and serve what is ready then."""
        paused = self.paused
        while paused:
            super().removeReader(paused.pop())  # type: ignore[no-untyped-call]
        try:
            ready = self._poller.poll(-1 if timeout is None else timeout, len(self._selectables))
        except InterruptedError:
            return
        selectables = self._selectables
        for number, event in ready:
            selectable = selectables.get(number)
            if selectable is None or selectable in paused:
                continue  # Because of what was ready before.
            if event == EPOLLIN:
                self.read(selectable)
            else:
                callWithLogger(selectable, self._doReadOrWrite, selectable, number, event)

    doIteration = doPoll

    def read(self, selectable: Any) -> None:
        """Read what ``selectable`` has, and close it if that is the end."""
        try:
            end = selectable.doRead()
        except Exception as defect:
            log.failure("defect: reading has failed")
            end = defect
        if end:
            callWithLogger(selectable, self._disconnectSelectable, selectable, end, True)

    def listenTCP(self, port: int, factory: Factory, backlog: int = 50, interface: str = "") -> QuickPort:
        """Accept connections for ``factory`` at ``port`` (IReactorTCP)."""
        opened = QuickPort(port, factory, backlog, interface, self)
        opened.startListening()
        return opened


class QuickPort(Port):
    """Accepts connections and reads what they begin with, which nearly all programs have sent by
    then. Where the system refuses to accept one, Twisted's port does what is to be done."""

    _rush_until = 0.0

    def doRead(self) -> None:
        """Accept one connection or, shortly after another one, `ACCEPTS` at most."""
        listening: Any = self.socket
        now = monotonic()
        most = ACCEPTS if now < self._rush_until else 1
        self._rush_until = now + RUSH_SECONDS
        for _ in range(most):
            try:
                descriptor, address = listening._accept()  # `accept` looks up the kind of the socket each time.
            except BlockingIOError:
                return
            except OSError:
                super().doRead()  # type: ignore[no-untyped-call]
                return
            self._take(socket.socket(self.addressFamily, self.socketType, fileno=descriptor), address)

    def _take(self, sock: socket.socket, address: Any) -> None:
        reactor: Any = self.reactor
        factory: Any = self.factory
        if len(address) == 4 and address[3]:  # A link-local address, in which the link is named (RFC 4007, 11).
            host = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
            address = (host, *address[1:])
        transport = None
        try:
            protocol = factory.buildProtocol(self._buildAddr(address))  # type: ignore[no-untyped-call]
            if protocol is None:
                sock.close()
                return
            transport = self.transport(sock, protocol, address, self, self.sessionno, reactor)
            self.sessionno += 1
            protocol.makeConnection(transport)
        except Exception:
            log.failure("defect: a connection could not begin")
            (sock.close if transport is None else transport.abortConnection)()
            return
        if transport.connected and transport not in reactor.paused:
            reactor.read(transport)


def install() -> None:
    """Make it the reactor, unless another one was chosen (``twistd --reactor``)."""
    if "twisted.internet.reactor" not in sys.modules:
        installReactor(QuickReactor())
