"""``twistd chatd``: the options, and how everything is wired."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import sys
import time
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twisted.application.service import IService
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin, makeChecker
from twisted.logger import Logger
from twisted.python import usage

from chatd import __version__
from chatd.auth.portal import PortalAuthenticator
from chatd.auth.threads import FairQueue, Threads
from chatd.core.errors import Refusal
from chatd.core.limits import ADDRESS_RATE, FLOOD_BURST, FLOOD_RATE, SESSIONS, SESSIONS_PER_ADDRESS
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_nick, parse_room
from chatd.core.registry import Registry, Settings
from chatd.core.retention import duration
from chatd.core.text import read_line
from chatd.daemon.errors import CannotStart
from chatd.daemon.identity import Identity, identity_of
from chatd.daemon.listening import Entrance, Listener
from chatd.daemon.logfile import LogFile, log_file, observer
from chatd.daemon.pidfile import check_folder, remove_stale
from chatd.daemon.refused import RefusedLog
from chatd.delivery.fanout import Fanout
from chatd.doors.catalogue import BUILT, SSH, TLS, Door, DoorOptions
from chatd.doors.front import FrontFactory
from chatd.doors.hosts import parse_host
from chatd.doors.proxy import Proxies
from chatd.doors.server import Server
from chatd.doors.telnet_screen import TelnetFactory
from chatd.service import ChatService
from chatd.store.database import UnusableError, default_folder
from chatd.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from chatd.doors.ssh_host_key import HostKey
    from chatd.doors.tls import Certificate

log = Logger()

DEFAULT_PORT = 8080

WEB_PORTS = {"http": 80, "https": 443}
"""The ports that browsers leave out of an origin."""


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


def _origin(text: str) -> str:
    """The origin that browsers send for the pages at ``text`` (RFC 6454, 6.2)."""
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = "" if parts.port in (None, WEB_PORTS.get(parts.scheme)) else f":{parts.port}"
    except ValueError:
        host = ""
    if not host or not parts.scheme or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise usage.UsageError(f"--origin: {text} is not a scheme and a host, such as https://www.example.org.")
    return f"{parts.scheme}://[{host}]{port}" if ":" in host else f"{parts.scheme}://{host}{port}"


def _accounts(text: str) -> bool:
    """Whether only the owners of accounts are admitted."""
    if text not in ("optional", "only"):
        raise ValueError(f"--accounts is optional or only, not {text}.")
    return text == "only"


def _registration(text: str) -> str:
    """Who may register."""
    if text not in ("open", "invite", "closed"):
        raise ValueError(f"--registration is open, invite or closed, not {text}.")
    return text


def _sts(text: str) -> tuple[int, int]:
    """The port with TLS, and for how many seconds IRC clients come to no other."""
    port, _, time = text.partition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 1 << 16) or not time:
        raise ValueError(f"--sts is PORT:TIME, such as 8080:30d, not {text}.")
    try:
        return int(port), 0 if time == "0" else duration(time) // 1000
    except Refusal as refusal:
        raise ValueError(f"--sts: {refusal}") from None


def _door(name: str) -> Door:
    """The door called ``name``."""
    if name not in BUILT:
        raise usage.UsageError(f"--doors: there is no door {name!r}; there are {', '.join(BUILT)}.")
    return BUILT[name]


class Options(usage.Options, AuthOptionMixin):
    """The options of ``twistd chatd``."""

    supportedInterfaces = (IUsernamePassword,)

    synopsis = "[options]"
    longdesc = (
        "A chat server: people join with nc, telnet or chatd-client at one port, into the same rooms. "
        "Without options it listens on port 8080 of every interface."
    )

    optParameters = [
        ["port", "p", None, f"The TCP port to listen on. [default: {DEFAULT_PORT}, unless --listen is given]", _port],
        ["telnet-port", None, None, "A TCP port for telnet on terminals, which get the screen.", _port],
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
        ["accounts", None, "optional", "Who is admitted: optional (guests too), or only (the owners of accounts).", _accounts],
        ["password-file", None, None, "A file whose first line is a password that everybody must give first."],
        ["registration", None, None, "Who may register: open, invite, closed. [default: open, with --auth closed]", _registration],
        ["tls-cert", None, None, "The certificate for TLS, with its chain: a PEM file, reloaded on SIGHUP."],
        ["ssh-host-key", None, None, "The key for SSH, made by ssh-keygen -t ed25519. [default: one in the folder of --data]"],
        ["tls-key", None, None, "Its private key: a PEM file. [default: the key is in the file of --tls-cert]"],
        ["sts", None, None, "Bind IRC clients to TLS, if they trust the certificate: PORT:TIME (8080:30d); PORT:0 ends it.", _sts],
    ]  # fmt: skip

    optFlags = [
        ["tls-only", None, "Accept connections outside TLS from this machine only."],
        ["clear-passwords", None, "Accept passwords on connections that are not encrypted, from everywhere."],
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["auth"] = []
        self["listen"] = []
        self["operator"] = []
        self["origin"] = []
        self["proxy"] = []
        self["host"] = []

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

    def opt_operator(self, account: str) -> None:
        """Make the owner of this account an operator of the server; repeatable."""
        try:
            self["operator"].append(parse_nick(account).key)
        except Refusal as refusal:
            raise usage.UsageError(f"--operator: {refusal}") from None

    def opt_origin(self, origin: str) -> None:
        """Let pages of another web server connect, such as https://www.example.org; repeatable."""
        self["origin"].append(_origin(origin))

    def opt_host(self, name: str) -> None:
        """A name of this server for browsers (chat.example.org); others are refused; repeatable."""
        try:
            self["host"].append(parse_host(name))
        except ValueError:
            raise usage.UsageError(
                f"--host: {name} is neither a host name nor an IP address, without a port, such as chat.example.org."
            ) from None

    def opt_proxy(self, address: str) -> None:
        """Believe this proxy, or this network of proxies (10.0.0.0/8), who calls; repeatable."""
        try:
            self["proxy"].append(ipaddress.ip_network(address))
        except ValueError:
            raise usage.UsageError(
                f"--proxy: {address} is neither an IP address nor a network, such as 10.0.0.0/8 or fd00::/8."
            ) from None

    def opt_auth(self, checker: str) -> None:
        """Let people log in whom another checker knows, such as file:PATH or unix; repeatable."""
        try:
            self.addChecker(makeChecker(checker))  # type: ignore[no-untyped-call]
        except Exception as error:
            name = checker.partition(":")[0]
            raise usage.UsageError(f"--auth: {name} cannot be used: {error}. --help-auth lists what can.") from None
        self["auth"] = self["credCheckers"]

    def opt_version(self) -> None:
        """Print the version of chatd, and exit."""
        print(f"chatd {__version__}")
        sys.exit(0)

    def postOptions(self) -> None:
        # Otherwise anybody could register the nick of somebody whom the checker knows.
        self["registration"] = self["registration"] or ("closed" if self["auth"] else "open")
        if self["port"] is None and not self["listen"]:
            self["port"] = DEFAULT_PORT
        if self["flood-rate"] and not self["flood-burst"]:
            raise usage.UsageError("--flood-burst must be at least 1, unless --flood-rate is 0.")
        self._check_tls()
        self["missing"] = [] if self["doors"] else [door for door in BUILT.values() if not door.is_installed]
        self["doors"] = self._doors()
        self["settings"] = self._settings()
        self["log-file"] = self._prepare_twistd()

    def _prepare_twistd(self) -> LogFile | None:
        """Remove a stale pid file before twistd finds it. Returns the log file, which is not open
        yet."""
        twistd: Any = self.parent or {}
        try:
            identity_of(twistd)
            if twistd.get("chroot"):
                raise CannotStart("--chroot does not work with chatd, which loads parts of itself later: use a container")
            if twistd.get("pidfile"):
                remove_stale(Path(twistd["pidfile"]))
            return log_file(twistd)
        except CannotStart as error:
            raise usage.UsageError(str(error)) from None

    def _check_tls(self) -> None:
        if self["tls-cert"] is None and (self["tls-key"] is not None or self["tls-only"]):
            raise usage.UsageError("--tls-key and --tls-only need --tls-cert.")
        if self["tls-cert"] is None and self["sts"] is not None:
            raise usage.UsageError("--sts needs --tls-cert.")
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
            reason = str(refusal).replace("A room name", "The name of the server")
            raise usage.UsageError(f"--name: {reason}") from None
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
            operators=frozenset(self["operator"]),
            clear_passwords=bool(self["clear-passwords"]),
            accounts_only=self["accounts"] is True,
            server_password=_server_password(self["password-file"]),
            registration=self["registration"],
            sts=self["sts"],
        )


def _server_password(path: str | None) -> str:
    """The password in the first line of the file at ``path``; empty: there is no file."""
    if path is None:
        return ""
    try:
        lines = Path(path).read_bytes().splitlines()
        password = read_line(lines[0]) if lines else ""
    except OSError as error:
        raise usage.UsageError(f"--password-file: {path} cannot be read: {error.strerror}.") from None
    except Refusal:
        raise usage.UsageError(f"--password-file: {path} is not UTF-8 text.") from None
    if not password:
        raise usage.UsageError(f"--password-file: {path} has no password in its first line.")
    return password


def _motd(path: str | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        return tuple(read_line(line) for line in Path(path).read_bytes().removeprefix(BOM_UTF8).splitlines())
    except OSError as error:
        raise usage.UsageError(f"--motd: {path} cannot be read: {error.strerror}.") from None
    except Refusal:
        raise usage.UsageError(f"--motd: {path} is not UTF-8 text.") from None


def makeService(options: Options) -> IService:
    """The service of ``twistd chatd``, on the reactor that twistd has chosen.

    Everything that can fail is done here, since twistd has not yet put itself into the background:
    an error ends the process with one line and status 1, and leaves nothing open.
    """
    with contextlib.suppress(ImportError):  # There is epoll on Linux alone.
        from chatd.daemon import epoll

        epoll.install()
    from twisted.internet import reactor

    # By default Twisted's timers follow the wall clock: if that is set back by an hour, all of them
    # wait an hour longer.
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
    try:
        return _service(reactor, options)
    except (CannotStart, UnusableError) as error:
        sys.exit(f"chatd: {error}")


def _service(reactor: Any, options: Options) -> ChatService:
    twistd: Any = options.parent or {}
    identity = identity_of(twistd)
    entrance = Entrance()
    listener = Listener(reactor, entrance, identity, Path(twistd.get("rundir") or ".").absolute())
    listener.open_all(options)
    telnet = listener.open_telnet(options["telnet-port"], options["interface"]) if options["telnet-port"] is not None else None
    try:
        with identity.assumed():
            entrance.front, service = _assembled(reactor, options, listener, identity)
            if telnet is not None:
                telnet.front = TelnetFactory(entrance.front.server, options["tls-only"])
            if twistd.get("pidfile"):
                check_folder(Path(twistd["pidfile"]))
            if options["log-file"] is not None:
                options["log-file"].open()
    except BaseException:
        listener.close_all()
        raise
    return service


def _assembled(reactor: Any, options: Options, listener: Listener, identity: Identity) -> tuple[FrontFactory, ChatService]:
    """The front and the service; opens the data and the certificate."""
    certificate = _certificate(options) if TLS in options["doors"] else None
    fanout = Fanout(reactor)
    store = _store(reactor, fanout, options["data"], identity)
    registry = Registry(options["settings"], store or MemoryStore(secrets.token_hex(4)), _milliseconds, fanout.news)
    registry.authenticator = _authenticator(reactor, registry, options)
    registry.next_turn = lambda then: reactor.callLater(0, then)
    doors = DoorOptions(
        options["doors"],
        options["tls-only"],
        certificate,
        options["origin"],
        Proxies(options["proxy"]),
        options["host"],
        _host_key(options["ssh-host-key"], store) if SSH in options["doors"] else None,
    )
    if doors.host_key is not None:
        registry.ssh_fingerprint = doors.host_key.fingerprint
    front = FrontFactory(Server(registry, fanout, reactor), doors)
    refused = RefusedLog(reactor)
    for port in listener.ports:
        refused.watch(port)
        front.open(port)
    for door in options["missing"]:
        log.info("this door stays closed: {missing}", missing=door.missing)
    log_observer = observer(options.parent or {}, options["log-file"])
    return front, ChatService(reactor, front, certificate, store, options["log-file"], log_observer)


def _certificate(options: Options) -> Certificate:
    from chatd.doors.tls import BadCertificate, Certificate

    try:
        certificate = Certificate(options["tls-cert"], options["tls-key"])
    except BadCertificate as bad:
        raise CannotStart(f"{bad}.") from None
    if certificate.is_self_signed and options["sts"] and options["sts"][1]:
        raise CannotStart("--sts would lock IRC clients out: the certificate is self-signed, and they do not trust it.")
    return certificate


def _host_key(path: str | None, store: SqliteStore | None) -> HostKey:
    """The key of the server for SSH: the one in the file ``path``, or else one that is kept with
    the data, or that is in memory only if these are. Raises CannotStart."""
    from chatd.doors import ssh_host_key

    try:
        if path is not None:
            return ssh_host_key.loaded(Path(path))
        return ssh_host_key.made() if store is None else ssh_host_key.kept(store.path.with_name(ssh_host_key.FILE))
    except ssh_host_key.BadHostKey as bad:
        raise CannotStart(f"--ssh-host-key: {bad}." if path is not None else f"{bad}.") from None


def _store(reactor: Any, fanout: Fanout, data: str, identity: Identity) -> SqliteStore | None:
    """The store in the folder ``data``; None: everything is in memory only. Raises
    UnusableError."""
    if data == "none":
        return None
    return SqliteStore(
        Path(data or default_folder(identity.home)).absolute(),
        reactor.callFromThread,
        lambda then: reactor.callLater(0, then),
        lambda line: log.error("{line}", line=line),
        fanout,
    )


def _authenticator(reactor: Any, registry: Registry, options: Options) -> PortalAuthenticator:
    threads = Threads(reactor.callFromThread)
    return PortalAuthenticator(registry.accounts, FairQueue(threads.run), reactor, options["auth"])


def _milliseconds() -> int:
    return int(time.time() * 1000)
