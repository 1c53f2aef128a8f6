"""The service: listens, looks after things every few seconds, and on stopping tells everybody."""

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

SWEEP_SECONDS = 5.0
"""How often it is looked for readers who take nothing, in seconds."""

FORGET_SECONDS = 60.0
"""How often it is looked for what is too old, in seconds."""


class ChatService(Service):
    """Listens, and on stopping tells everybody and sends what is queued."""

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
        self._forgetting = LoopingCall(_carefully, front.server.registry.forget)
        self._forgetting.clock = reactor
        self._sweep = LoopingCall(_carefully, self._look_after)
        self._sweep.clock = reactor

    def privilegedStartService(self) -> None:
        """Listen, while the process may still listen on any port."""
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        _raise_file_limit()
        for called, endpoint in self._endpoints:
            failures: list[Failure] = []
            endpoint.listen(self._front).addCallbacks(self._ports.append, failures.append)
            if failures:
                _cannot_listen(called, failures[0].value)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        _calm_collector()
        if self._certificate is not None:
            log.info("{about}", about=self._certificate.about)
        if self._store is not None:
            self._store.start()
        log.info("{where}", where=f"data is in {self._store.path}" if self._store else "data is in memory alone")
        for port in self._ports:
            log.info("chatd {version} listens on {address}", version=__version__, address=_shown(port.getHost()))
        self._sweep.start(SWEEP_SECONDS, now=False)
        self._forgetting.start(FORGET_SECONDS)
        self._reactor.callWhenRunning(self._take_signals)

    def _look_after(self) -> None:
        self._front.server.drop_stalled_readers()
        self._front.server.registry.settle()

    def _take_signals(self) -> None:
        """End with status 0 on a signal; Twisted would end by the signal itself, which looks like a
        crash to whoever started us."""

        def stop(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._stop_once)

        def read_again(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._read_certificate_again)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, read_again)

    def _read_certificate_again(self) -> None:
        """Let new connections have the certificate that is in the files now; those that stand keep
        theirs."""
        if self._certificate is None:
            log.info("SIGHUP: there is nothing to read again")
            return
        try:
            self._certificate.read_again()
        except Exception as bad:  # Whatever is wrong with a file must not cost the certificate that there is.
            log.warn("SIGHUP: the certificate stays as it is: {bad}", bad=bad)
        else:
            log.info("SIGHUP: {about}", about=self._certificate.about)

    def _stop_once(self) -> None:
        if self.running:
            self._reactor.stop()

    async def _stop(self) -> None:
        for port in self._ports:
            await maybeDeferred(port.stopListening)
        settled: Deferred[None] = Deferred()
        self._front.server.registry.store.after_pending(lambda: settled.callback(None))
        await settled
        await self._front.shut_down()
        if self._store is not None:
            self._store.close()

    def stopService(self) -> Deferred[None]:
        """Stop listening and let everybody go; done when they are gone."""
        super().stopService()  # type: ignore[no-untyped-call]
        for call in (self._sweep, self._forgetting):
            if call.running:
                call.stop()
        return Deferred.fromCoroutine(self._stop())


def _carefully(work: Callable[[], object]) -> None:
    """Do ``work``; a defect in it is logged, and does not keep it from being done the next time."""
    try:
        work()
    except Exception:
        log.failure("defect: {work} was not done to the end", work=work)


def _cannot_listen(called: str, error: BaseException | None) -> NoReturn:
    """End the process, with one line for whoever started it; by now twistd has turned standard
    error into its log."""
    reason = error.socketError.strerror if isinstance(error, CannotListenError) else error
    print(f"chatd: cannot listen on {called}: {reason}", file=sys.__stderr__)
    sys.exit(1)


def _shown(address: Any) -> str:
    """An address for people: ``port 8080``, ``127.0.0.1 port 8080``, the path of a socket."""
    if not hasattr(address, "port"):
        return os.fsdecode(getattr(address, "name", None) or str(address))
    where = "" if address.host in ("::", "0.0.0.0") else f"{address.host} "
    return f"{where}port {address.port}"


def _calm_collector() -> None:
    """Let the cyclic garbage collector look less often, and never at what is here from the start.

    Events make no cycles, so with its usual threshold it looks in vain after every few hundred of
    them: a twentieth of the processor time in bursts, and pauses that everybody feels. The cycles
    that there are, of connections that are gone, can wait.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 20)


def _raise_file_limit() -> None:
    """Take as many connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
