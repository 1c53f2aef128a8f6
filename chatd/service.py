"""The service: listens, does some work periodically, and shuts down in order."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd import __version__
from chatd.core.limits import GARBAGE_OBJECTS
from chatd.doors.front import FrontFactory
from chatd.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from chatd.doors.tls import Certificate

log = Logger()

UPKEEP_SECONDS = 5.0
"""How often stalled readers are dropped, and events stored that could not be stored before, in
seconds."""

RETENTION_SECONDS = 60.0
"""How often events that are too old are deleted, in seconds."""


class ChatService(Service):
    """Listens; when it stops, it says goodbye to everybody and sends what is queued."""

    name = "chatd"

    def __init__(
        self,
        reactor: Any,
        front: FrontFactory,
        endpoints: list[tuple[str, IStreamServerEndpoint]],
        certificate: Certificate | None = None,
        store: SqliteStore | None = None,
    ) -> None:
        self._reactor = reactor
        self._front = front
        self._endpoints = endpoints
        self._certificate = certificate
        self._store = store
        self._ports: list[IListeningPort] = front.ports
        self._retention = LoopingCall(_log_failure, front.server.registry.expiry.delete_old)
        self._retention.clock = reactor
        self._upkeep = LoopingCall(_log_failure, self._do_upkeep)
        self._upkeep.clock = reactor

    def privilegedStartService(self) -> None:
        """Listen, while the process may still listen on any port."""
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        _raise_file_limit()
        for description, endpoint in self._endpoints:
            failures: list[Failure] = []
            endpoint.listen(self._front).addCallbacks(self._ports.append, failures.append)
            if failures:
                _cannot_listen(description, failures[0].value)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        _relax_garbage_collector()
        if self._certificate is not None:
            log.info("{about}", about=self._certificate.about)
        if self._store is not None:
            self._store.start()
        log.info("{where}", where=f"data is in {self._store.path}" if self._store else "data is in memory only")
        for port in self._ports:
            log.info("chatd {version} listens on {address}", version=__version__, address=_readable(port.getHost()))
        self._upkeep.start(UPKEEP_SECONDS, now=False)
        self._retention.start(RETENTION_SECONDS)
        self._reactor.callWhenRunning(self._handle_signals)

    def _do_upkeep(self) -> None:
        self._front.server.drop_stalled_readers()
        self._front.server.registry.rooms.retry_failed()

    def _handle_signals(self) -> None:
        """Stop on SIGTERM and SIGINT, with exit status 0: Twisted would end the process by the
        signal itself, which looks like a crash to whoever started it. Reload on SIGHUP."""

        def stop(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._stop_once)

        def reload(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._reload_certificate)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, reload)

    def _reload_certificate(self) -> None:
        """Use the certificate that is in the files now, for new connections."""
        if self._certificate is None:
            log.info("SIGHUP: there is nothing to reload")
            return
        try:
            self._certificate.reload()
        except Exception as bad:  # Whatever is wrong with the files, the old certificate must stay in use.
            log.warn("SIGHUP: the certificate stays as it is: {bad}", bad=bad)
        else:
            log.info("SIGHUP: {about}", about=self._certificate.about)

    def _stop_once(self) -> None:
        if self.running:
            self._reactor.stop()

    async def _stop(self) -> None:
        for port in self._ports:
            await maybeDeferred(port.stopListening)
        stored: Deferred[None] = Deferred()
        self._front.server.registry.store.after_pending(lambda: stored.callback(None))
        await stored
        await self._front.shut_down()
        if self._store is not None:
            self._store.close()

    def stopService(self) -> Deferred[None]:
        """Stop listening and end all sessions; fires when they have ended."""
        super().stopService()  # type: ignore[no-untyped-call]
        for call in (self._upkeep, self._retention):
            if call.running:
                call.stop()
        return Deferred.fromCoroutine(self._stop())


def _log_failure(work: Callable[[], object]) -> None:
    """Do ``work`` and log any exception, so that a LoopingCall goes on and does it again."""
    try:
        work()
    except Exception:
        log.failure("defect: {work} failed", work=work)


def _cannot_listen(description: str, error: BaseException | None) -> NoReturn:
    """End the process with one line on the original standard error, which twistd has replaced by
    its log."""
    reason = error.socketError.strerror if isinstance(error, CannotListenError) else error
    print(f"chatd: cannot listen on {description}: {reason}", file=sys.__stderr__)
    sys.exit(1)


def _readable(address: Any) -> str:
    """An address as people write it: ``port 8080``, ``127.0.0.1 port 8080``, the path of a Unix
    socket."""
    if not hasattr(address, "port"):
        return os.fsdecode(getattr(address, "name", None) or str(address))
    where = "" if address.host in ("::", "0.0.0.0") else f"{address.host} "
    return f"{where}port {address.port}"


def _relax_garbage_collector() -> None:
    """Run the cyclic garbage collector less often, and never over the objects that exist at the
    start.

    Events make no cycles. With its usual threshold the collector runs after every few hundred of
    them and finds nothing: that takes a twentieth of the processor time in bursts, and the pauses
    can be felt. Only connections that have ended leave cycles, which can wait.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 20)


def _raise_file_limit() -> None:
    """Raise the limit of open files, and so of connections, to the most that the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
