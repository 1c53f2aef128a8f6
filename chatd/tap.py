"""``twistd chatd``: the options, and the wiring of everything, and nothing else."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import secrets
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python import usage
from twisted.python.failure import Failure

from chatd import __version__
from chatd.doors.line import ChatFactory
from chatd.errors import Refusal
from chatd.fanout import Fanout
from chatd.limits import BACKLOG, FLOOD_BURST, FLOOD_RATE, GARBAGE_OBJECTS, SESSIONS, SESSIONS_PER_ADDRESS
from chatd.names import parse_room
from chatd.registry import Registry, Settings
from chatd.store.database import UnusableError, default_folder
from chatd.store.sqlite import SqliteStore
from chatd.text import decode_line, safe_text

log = Logger()

DEFAULT_PORT = 8080
SWEEP_SECONDS = 5.0


def _whole(text: str) -> int:
    """A whole number of at least 0."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text} is not a whole number of 0 or more.")
    return int(text)


def _port(text: str) -> int:
    """A TCP port."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ValueError(f"{text} is not a port, which is a whole number from 0 to 65535.")
    return int(text)


def _rate(text: str) -> float:
    """A rate of at least 0."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError(f"{text} is not a rate, which is a number of 0 or more.")
    return number


class Options(usage.Options):
    """The options of ``twistd chatd``."""

    synopsis = "[options]"
    longdesc = (
        "A chat server: people join with nc, telnet or chatd-client at one port, into the same rooms. "
        "Without options it listens on port 8080 of every interface."
    )

    optParameters = [
        ["port", "p", None, f"The TCP port to listen on. [default: {DEFAULT_PORT}, unless --listen is given]", _port],
        ["interface", "i", "", "The address to listen on; empty: every interface, IPv4 and IPv6."],
        ["name", None, "chatd", "What the server calls itself."],
        ["motd", None, None, "A UTF-8 text file whose lines everybody is shown on arrival."],
        ["default-room", None, "lobby", "The room that everybody enters on arrival."],
        ["flood-rate", None, FLOOD_RATE, "Lines a second taken from one connection in the long run; 0: no limit.", _rate],
        ["flood-burst", None, FLOOD_BURST, "Lines that one connection may send at once before that.", _whole],
        ["max-per-address", None, SESSIONS_PER_ADDRESS, "Connections taken from one address (IPv6: one /64); 0: no limit.", _whole],
        ["data", None, "", "The folder that keeps what is said; empty: chatd in the XDG state folder; none: memory alone."],
        ["max-sessions", None, SESSIONS, "Connections taken in all; 0: no limit.", _whole],
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["listen"] = []

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Take the options apart; what is wrong with them is said in one line, without the page that ``--help`` prints."""
        try:
            super().parseOptions(options)  # type: ignore[no-untyped-call]
        except usage.UsageError as error:
            sys.exit(f"chatd: {str(error).removeprefix('Parameter type enforcement failed: ')}")

    def opt_listen(self, endpoint: str) -> None:
        """Listen on this Twisted endpoint too, e.g. unix:/run/chatd.sock or systemd:domain=INET:index=0; may be given
        more than once. --port is then only listened on if it is given."""
        self["listen"].append(endpoint)

    def opt_version(self) -> None:
        """Print the version of chatd, and exit."""
        print(f"chatd {__version__}")
        sys.exit(0)

    def postOptions(self) -> None:
        if self["port"] is None and not self["listen"]:
            self["port"] = DEFAULT_PORT
        if self["flood-rate"] and not self["flood-burst"]:
            raise usage.UsageError("--flood-burst must be at least 1, unless --flood-rate is 0.")
        self["settings"] = self._settings()

    def _settings(self) -> Settings:
        try:
            name = parse_room(self["name"]).text
        except Refusal as refusal:
            raise usage.UsageError(f"--name: {refusal}") from None
        try:
            room = parse_room(self["default-room"]).text
        except Refusal as refusal:
            raise usage.UsageError(f"--default-room: {refusal}") from None
        return Settings(
            name=name,
            motd=_motd(self["motd"]),
            default_room=room,
            flood_rate=self["flood-rate"],
            flood_burst=self["flood-burst"],
            max_per_address=self["max-per-address"],
            max_sessions=self["max-sessions"],
        )


def _motd(path: str | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        return tuple(safe_text(decode_line(line)) for line in Path(path).read_bytes().splitlines())
    except OSError as error:
        raise usage.UsageError(f"--motd: {path} cannot be read: {error.strerror}.") from None
    except Refusal:
        raise usage.UsageError(f"--motd: {path} is not UTF-8 text.") from None


def makeService(options: Options) -> IService:
    """The service of ``twistd chatd``, on the reactor that twistd has chosen."""
    from twisted.internet import reactor

    # Twisted's timers follow the wall clock otherwise: after a step back of an hour, all of them wait an hour longer.
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
    fanout = Fanout(reactor)
    endpoints = _endpoints(reactor, options)
    store = _store(reactor, options["data"])
    if store is None:
        registry = Registry(options["settings"], secrets.token_hex(4), _milliseconds, fanout.news)
    else:
        registry = Registry(options["settings"], store.name, _milliseconds, fanout.news, store.log, store.settled, store.search)
        registry.open_rooms(store.room_names())
    factory = ChatFactory(registry, fanout, reactor)
    return ChatService(reactor, factory, endpoints, store)


def _store(reactor: Any, data: str) -> SqliteStore | None:
    """The log on disk in the folder ``data``, or None where memory alone is asked for; exits where it cannot be used."""
    if data == "none":
        return None
    try:
        return SqliteStore(
            Path(data or default_folder()).absolute(),
            reactor.callFromThread,
            lambda then: reactor.callLater(0, then),
            lambda line: log.error("{line}", line=line),
        )
    except UnusableError as error:
        print(f"chatd: {error}", file=sys.__stderr__)
        sys.exit(1)


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _endpoints(reactor: Any, options: Options) -> list[tuple[str, IStreamServerEndpoint]]:
    """What to listen on, each with how it is called to people; what is no endpoint ends the process with one line."""
    found: list[tuple[str, IStreamServerEndpoint]] = []
    if options["port"] is not None:
        found.append(_port_endpoint(reactor, options["port"], options["interface"]))
    for description in options["listen"]:
        try:
            found.append((description, serverFromString(reactor, description)))
        except Exception as error:
            sys.exit(f"chatd: --listen: {description} is no endpoint: {error}")
    return found


def _port_endpoint(reactor: Any, port: int, interface: str) -> tuple[str, IStreamServerEndpoint]:
    """The endpoint of ``--port``: on every interface it is one IPv6 socket that takes IPv4 too, where there is IPv6."""
    if ":" in interface or (not interface and _has_ipv6()):
        return f"port {port}", TCP6ServerEndpoint(reactor, port, BACKLOG, interface or "::")
    return f"port {port}", TCP4ServerEndpoint(reactor, port, BACKLOG, interface)


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::", 0))
        return True
    return False


class ChatService(Service):
    """Listens, and on stopping tells everybody and sends what is queued."""

    name = "chatd"

    def __init__(
        self,
        reactor: Any,
        factory: ChatFactory,
        endpoints: list[tuple[str, IStreamServerEndpoint]],
        store: SqliteStore | None = None,
    ) -> None:
        self._reactor = reactor
        self._store = store
        self._factory = factory
        self._endpoints = endpoints
        self._ports: list[IListeningPort] = []
        self._sweep = LoopingCall(self._look_after)
        self._sweep.clock = reactor

    def privilegedStartService(self) -> None:
        """Listen, while the process may still listen on any port."""
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        _raise_file_limit()
        for called, endpoint in self._endpoints:
            failures: list[Failure] = []
            endpoint.listen(self._factory).addCallbacks(self._ports.append, failures.append)
            if failures:
                _cannot_listen(called, failures[0].value)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        _calm_collector()
        if self._store is not None:
            self._store.start()
        log.info("{where}", where=f"data is in {self._store.path}" if self._store else "data is in memory alone")
        for port in self._ports:
            log.info("chatd {version} listens on {address}", version=__version__, address=_shown(port.getHost()))
        self._sweep.start(SWEEP_SECONDS, now=False)
        self._reactor.callWhenRunning(self._take_signals)

    def _look_after(self) -> None:
        self._factory.let_go_of_stalled()
        self._factory.registry.settle()

    def _take_signals(self) -> None:
        """End with status 0 on a signal; Twisted would end by the signal itself, which looks like a crash to whoever started us."""

        def stop(number: int, frame: object) -> None:
            self._reactor.callFromThread(self._stop_once)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    def _stop_once(self) -> None:
        if self.running:
            self._reactor.stop()

    async def _stop(self) -> None:
        for port in self._ports:
            await maybeDeferred(port.stopListening)
        settled: Deferred[None] = Deferred()
        self._factory.registry.settled(lambda: settled.callback(None))
        await settled
        await self._factory.shut_down()
        if self._store is not None:
            self._store.close()

    def stopService(self) -> Deferred[None]:
        """Stop listening and let everybody go; done when they are gone."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._sweep.running:
            self._sweep.stop()
        return Deferred.fromCoroutine(self._stop())


def _cannot_listen(called: str, error: BaseException | None) -> NoReturn:
    """End the process, with one line for whoever started it; by now twistd has turned standard error into its log."""
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

    Events make no cycles, so with its usual threshold it looks in vain after every few hundred of them: a twentieth of the
    processor time in bursts, and pauses that everybody feels.  The cycles that there are, of connections that are gone, can wait.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 20)


def _raise_file_limit() -> None:
    """Take as many connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
