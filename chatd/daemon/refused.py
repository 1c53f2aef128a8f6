"""Connections that the system does not let us accept."""

from __future__ import annotations

import resource
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import implementer

from chatd.core.limits import REFUSED_LOG_SECONDS, REFUSED_SOON_SECONDS

log = Logger()


@implementer(ILogObserver)
class RefusedLog:
    """Replaces what Twisted logs of each connection that it cannot accept, with one line for all of
    ``REFUSED_LOG_SECONDS``.

    This happens where the process may open no more files: Twisted then closes new connections at
    once. ``clock`` is the reactor.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._closed = 0
        self._error = ""
        self._next = 0.0
        self._timer: IDelayedCall | None = None

    def watch(self, port: Any) -> None:
        """Log the refused connections of ``port``, a port of Twisted."""
        port._logger = Logger("chatd.daemon.refused", observer=self)

    def __call__(self, event: LogEvent) -> None:
        if "acceptError" in event:
            self._error = event["acceptError"]
        elif "address" in event:
            self._closed += 1
        else:
            return
        if self._timer is None:
            wait = max(REFUSED_SOON_SECONDS, self._next - self._clock.seconds())
            self._timer = self._clock.callLater(wait, self._report)

    def _report(self) -> None:
        self._timer = None
        self._next = self._clock.seconds() + REFUSED_LOG_SECONDS
        if self._closed:
            log.warn(
                "{number} connections were closed at once: the server may open no more than {most} files (RLIMIT_NOFILE)",
                number=self._closed,
                most=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            )
        if self._error:
            log.warn("connections could not be accepted: {error}", error=self._error)
        self._closed, self._error = 0, ""
