"""The service: does some work periodically, reloads, and shuts down in order."""

from __future__ import annotations

import contextlib
import gc
import resource
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import LoopingCall
from twisted.logger import ILogObserver, Logger

from chatd import __version__
from chatd.core.limits import GARBAGE_OBJECTS
from chatd.daemon.listening import readable
from chatd.daemon.logfile import LogFile
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
    """Accepts callers on the ports of ``front``, which are open already; when it stops, it says
    goodbye to everybody and sends what is queued."""

    name = "chatd"

    def __init__(
        self,
        reactor: Any,
        front: FrontFactory,
        certificate: Certificate | None = None,
        store: SqliteStore | None = None,
        log_file: LogFile | None = None,
        log_observer: ILogObserver | None = None,
    ) -> None:
        self._reactor = reactor
        self._front = front
        self._certificate = certificate
        self._store = store
        self._log_file = log_file
        self._log_observer = log_observer
        self._retention = LoopingCall(_log_failure, front.server.registry.expiry.delete_old)
        self._retention.clock = reactor
        self._upkeep = LoopingCall(_log_failure, self._do_upkeep)
        self._upkeep.clock = reactor

    def setServiceParent(self, parent: Any) -> None:
        """Become a part of the application of twistd, and let it log as we do."""
        if self._log_observer is not None:
            parent.setComponent(ILogObserver, self._log_observer)
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        _raise_file_limit()
        _relax_garbage_collector()
        if self._certificate is not None:
            log.info("{about}", about=self._certificate.about)
        if self._store is not None:
            self._store.start()
        log.info("{where}", where=f"data is in {self._store.path}" if self._store else "data is in memory only")
        if self._store is not None and self._store.open_to_others:
            log.warn("{open}", open=self._store.open_to_others)
        fingerprint = self._front.server.registry.ssh_fingerprint
        if fingerprint:
            log.info("the fingerprint of the SSH key is {fingerprint}", fingerprint=fingerprint)
        for port in self._front.ports:
            log.info("chatd {version} listens on {address}", version=__version__, address=readable(port))
        self._upkeep.start(UPKEEP_SECONDS, now=False)
        self._retention.start(RETENTION_SECONDS)
        self._reactor.callWhenRunning(self._handle_signals)

    def _do_upkeep(self) -> None:
        self._front.server.drop_stalled_readers()
        self._front.server.registry.rooms.retry_failed()
        self._front.server.registry.inboxes.note_taken()

    def _handle_signals(self) -> None:
        """Stop on SIGTERM and SIGINT, with exit status 0: Twisted would end the process by the
        signal itself, which looks like a crash to whoever started it. Reload on SIGHUP, and begin a
        new log file on SIGUSR1."""

        def stop(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._stop_once)

        def reload(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._reload)

        def rotate(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._rotate_log)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, reload)
        signal.signal(signal.SIGUSR1, rotate)

    def _reload(self) -> None:
        """Open the log file again, which may have been renamed, and use the certificate that is in
        the files now, for new connections."""
        if self._log_file is not None:
            self._reopen_log(self._log_file)
        if self._certificate is not None:
            self._reload_certificate(self._certificate)
        if self._log_file is None and self._certificate is None:
            log.info("SIGHUP: there is nothing to reload")

    def _reopen_log(self, log_file: LogFile) -> None:
        try:
            log_file.reopen()
        except OSError as error:
            log.warn("SIGHUP: the log stays where it is: {path}: {why}", path=log_file.path, why=error.strerror)
        else:
            log.info("SIGHUP: the log continues in {path}", path=log_file.path)

    def _rotate_log(self) -> None:
        """Begin a new log file, as every twistd does on SIGUSR1."""
        if self._log_file is not None:
            self._log_file.rotate()  # type: ignore[no-untyped-call]

    def _reload_certificate(self, certificate: Certificate) -> None:
        try:
            certificate.reload()
        except Exception as bad:  # Whatever is wrong with the files, the old certificate must stay in use.
            log.warn("SIGHUP: the certificate stays as it is: {bad}", bad=bad)
        else:
            log.info("SIGHUP: {about}", about=certificate.about)

    def _stop_once(self) -> None:
        if self.running:
            self._reactor.stop()

    async def _stop(self) -> None:
        for port in self._front.ports:
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
