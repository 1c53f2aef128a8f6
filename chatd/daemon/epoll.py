"""The reactor of the daemon on Linux: Twisted's for epoll(7), with a shorter way to what can be
read.

Twisted gives each read a logging context, which nothing here uses, and asks again what the kernel
has just said. For a few lines at a time that takes as long as to split and store them.
"""

from __future__ import annotations

import sys
from select import EPOLLIN
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor
from twisted.logger import Logger
from twisted.python.log import callWithLogger

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
        if getattr(reader, "connected", False):
            self.paused.add(reader)
        else:  # It is being closed.
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


def install() -> None:
    """Make it the reactor, unless another one was chosen (``twistd --reactor``)."""
    if "twisted.internet.reactor" not in sys.modules:
        installReactor(QuickReactor())
