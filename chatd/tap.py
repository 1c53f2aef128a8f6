"""``twistd chatd``: the options, and how everything is wired."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.application.service import IService
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python import usage

from chatd import __version__
from chatd.core.errors import Refusal
from chatd.core.limits import ADDRESS_RATE, BACKLOG, FLOOD_BURST, FLOOD_RATE, SESSIONS, SESSIONS_PER_ADDRESS
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_room
from chatd.core.registry import Registry, Settings
from chatd.core.retention import duration
from chatd.core.text import decode_line, safe_text
from chatd.delivery.fanout import Fanout
from chatd.doors.catalogue import BUILT, TLS, Door, DoorOptions
from chatd.doors.front import FrontFactory
from chatd.doors.proxy import Proxies
from chatd.doors.server import Server
from chatd.service import ChatService
from chatd.store.database import UnusableError, default_folder
from chatd.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from chatd.doors.tls import Certificate

log = Logger()

DEFAULT_PORT = 8080


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


def _door(name: str) -> Door:
    """The door called ``name``."""
    if name not in BUILT:
        raise usage.UsageError(f"--doors: there is no door {name!r}; there are {', '.join(BUILT)}.")
    return BUILT[name]


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
        ["motd", None, None, "A UTF-8 text file that everybody is shown on arrival."],
        ["default-room", None, "lobby", "The room that everybody enters on arrival."],
        ["flood-rate", None, FLOOD_RATE, "Lines per second accepted from one connection on average; 0: no limit.", _rate],
        ["flood-burst", None, FLOOD_BURST, "Lines that one connection may send at once before that limit applies.", _whole],
        ["address-rate", None, ADDRESS_RATE, "Work done per address, in lines per second; 0: no limit.", _rate],
        ["keep", None, "", "How long messages are kept, in hours, days or weeks (12h, 30d, 8w); empty: for ever."],
        ["max-per-address", None, SESSIONS_PER_ADDRESS, "Connections accepted per address (IPv6: per /64); 0: no limit.", _whole],
        ["data", None, "", "The folder for the data; empty: chatd in the XDG state folder; none: keep it in memory only."],
        ["max-sessions", None, SESSIONS, "Connections accepted in all; 0: no limit.", _whole],
        ["doors", None, None, f"The doors to open, separated by commas: {', '.join(BUILT)}. [default: all that are installed]"],
        ["tls-cert", None, None, "The certificate for TLS, with its chain: a PEM file, reloaded on SIGHUP."],
        ["tls-key", None, None, "Its private key: a PEM file. [default: the key is in the file of --tls-cert]"],
    ]  # fmt: skip

    optFlags = [
        ["tls-only", None, "Accept connections outside TLS from this machine only."],
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["listen"] = []
        self["origin"] = []
        self["proxy"] = []

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the options; a mistake ends the process with one line, without the page that
        ``--help`` prints."""
        try:
            super().parseOptions(options)  # type: ignore[no-untyped-call]
        except usage.UsageError as error:
            sys.exit(f"chatd: {str(error).removeprefix('Parameter type enforcement failed: ')}")

    def opt_listen(self, endpoint: str) -> None:
        """Listen on an endpoint, such as unix:/run/chatd.sock, instead of a port; repeatable."""
        self["listen"].append(endpoint)

    def opt_origin(self, origin: str) -> None:
        """Let pages of another web server connect, such as https://www.example.org; repeatable."""
        self["origin"].append(origin)

    def opt_proxy(self, address: str) -> None:
        """Believe this proxy, or this network of proxies (10.0.0.0/8), who calls; repeatable."""
        try:
            self["proxy"].append(ipaddress.ip_network(address))
        except ValueError:
            raise usage.UsageError(
                f"--proxy: {address} is neither an IP address nor a network, such as 10.0.0.0/8 or fd00::/8."
            ) from None

    def opt_version(self) -> None:
        """Print the version of chatd, and exit."""
        print(f"chatd {__version__}")
        sys.exit(0)

    def postOptions(self) -> None:
        if self["port"] is None and not self["listen"]:
            self["port"] = DEFAULT_PORT
        if self["flood-rate"] and not self["flood-burst"]:
            raise usage.UsageError("--flood-burst must be at least 1, unless --flood-rate is 0.")
        self._check_tls()
        self["missing"] = [] if self["doors"] else [door for door in BUILT.values() if not door.is_installed]
        self["doors"] = self._doors()
        self["settings"] = self._settings()

    def _check_tls(self) -> None:
        if self["tls-cert"] is None and (self["tls-key"] is not None or self["tls-only"]):
            raise usage.UsageError("--tls-key and --tls-only need --tls-cert.")
        self["tls-key"] = self["tls-key"] or self["tls-cert"]

    def _doors(self) -> list[Door]:
        """The doors to open, all of which are installed."""
        with_tls = self["tls-cert"] is not None
        if self["doors"] is None:
            doors = [door for door in BUILT.values() if (with_tls if door is TLS else door.is_installed)]
        else:
            doors = [_door(name.strip()) for name in self["doors"].split(",")]
        for door in doors:
            if not door.is_installed:
                raise usage.UsageError(f"{door.missing}.")
        if with_tls != (TLS in doors):
            raise usage.UsageError("The door tls is open if, and only if, --tls-cert names a certificate.")
        return doors

    def _settings(self) -> Settings:
        try:
            name = parse_room(self["name"]).text
        except Refusal as refusal:
            raise usage.UsageError(f"--name: {refusal}") from None
        try:
            room = parse_room(self["default-room"]).text
        except Refusal as refusal:
            raise usage.UsageError(f"--default-room: {refusal}") from None
        try:
            if not duration(self["keep"]):
                raise usage.UsageError("--keep: to keep nothing at all, say --data none.")
        except Refusal as refusal:
            raise usage.UsageError(f"--keep: {refusal}") from None
        return Settings(
            name=name,
            motd=_motd(self["motd"]),
            default_room=room,
            flood_rate=self["flood-rate"],
            flood_burst=self["flood-burst"],
            address_rate=self["address-rate"],
            max_per_address=self["max-per-address"],
            max_sessions=self["max-sessions"],
            keep=self["keep"],
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

    # By default Twisted's timers follow the wall clock: if that is set back by an hour, all of them
    # wait an hour longer.
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
    fanout = Fanout(reactor)
    endpoints = _endpoints(reactor, options)
    store = _store(reactor, options["data"])
    registry = Registry(options["settings"], store or MemoryStore(secrets.token_hex(4)), _milliseconds, fanout.news)
    certificate = _certificate(options) if TLS in options["doors"] else None
    doors = DoorOptions(options["doors"], options["tls-only"], certificate, options["origin"], Proxies(options["proxy"]))
    front = FrontFactory(Server(registry, fanout, reactor), doors)
    for door in options["missing"]:
        log.info("this door stays closed: {missing}", missing=door.missing)
    return ChatService(reactor, front, endpoints, certificate, store)


def _certificate(options: Options) -> Certificate:
    from chatd.doors.tls import BadCertificate, Certificate

    try:
        return Certificate(options["tls-cert"], options["tls-key"])
    except BadCertificate as bad:
        sys.exit(f"chatd: {bad}.")


def _store(reactor: Any, data: str) -> SqliteStore | None:
    """The store in the folder ``data``; None: everything is in memory only. A folder that cannot be
    used ends the process with one line."""
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
        sys.exit(f"chatd: {error}")


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _endpoints(reactor: Any, options: Options) -> list[tuple[str, IStreamServerEndpoint]]:
    """What to listen on: a description for people, and the endpoint. A description that is not an
    endpoint ends the process with one line."""
    endpoints: list[tuple[str, IStreamServerEndpoint]] = []
    if options["port"] is not None:
        endpoints.append(_port_endpoint(reactor, options["port"], options["interface"]))
    for description in options["listen"]:
        try:
            endpoints.append((description, serverFromString(reactor, description)))
        except Exception as error:
            sys.exit(f"chatd: --listen: {description} is no endpoint: {error}")
    return endpoints


def _port_endpoint(reactor: Any, port: int, interface: str) -> tuple[str, IStreamServerEndpoint]:
    """The endpoint of ``--port``. To listen on every interface it is one IPv6 socket, which accepts
    IPv4 too, if the system has IPv6."""
    if ":" in interface or (not interface and _has_ipv6()):
        return f"port {port}", TCP6ServerEndpoint(reactor, port, BACKLOG, interface or "::")
    return f"port {port}", TCP4ServerEndpoint(reactor, port, BACKLOG, interface)


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::", 0))
        return True
    return False
