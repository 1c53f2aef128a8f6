"""Options: the command line and the environment."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

from chatd import __version__
from chatd.client.password_file import read_password
from chatd.tui.terminal_types import has_links

if TYPE_CHECKING:
    from chatd.client.tls import Trust

DEFAULT_HOST: Final = "localhost"
DEFAULT_PORT: Final = 8080
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
"""The names of this machine."""
UNIX: Final = "unix:"
"""Begins the address of a UNIX socket, as in Twisted's endpoints."""

_DESCRIPTION: Final = """\
Chat on a chatd server.

On a terminal: type a line and press Enter; /help lists the commands.
Without a terminal: every line of standard input is sent as a message, even
if it begins with a slash. The program ends when the server has acknowledged
all of them."""

_EPILOG: Final = """\
keys on a terminal:
  Enter                    send; a paste of several lines is several messages,
                           and of many is sent at the second Enter
  Left Right Home End      move, by words with Ctrl; also Ctrl-A Ctrl-E
  Backspace Delete         delete; Ctrl-U Ctrl-K Ctrl-W cut, Ctrl-Y pastes
  Up Down                  lines typed before
  Tab Shift-Tab            complete a nick, a #room or a /command
  Alt-1 to Alt-9           switch to one of your rooms
  Page Up Page Down        scroll through the history, also Alt-V Ctrl-V;
                           there: Up Down Home; End or Esc closes it
  Ctrl-Home                the beginning of the history
  Ctrl-L                   redraw the screen
  Ctrl-Z                   suspend the program; fg resumes it
  Ctrl-C                   clear the line; quit if it is empty, as Ctrl-D does

marks after your messages:
  \N{HORIZONTAL ELLIPSIS} pending   \N{CHECK MARK} delivered   \N{BALLOT X} not delivered, and why

commands of the client:
  /jump [N]      go to hit N of /search, or to the next hit
  /jump new      go to the first message that arrived while you were away
  /clear         clear the screen; the history keeps everything

environment:
  CHATD_SERVER   HOST[:PORT], if the command line has none
  CHATD_NICK     the nick, if there is no --nick; then USER is tried
  NO_COLOR       if not empty, use no colours (nor with TERM=dumb)
  XDG_STATE_HOME where the state is saved between runs (~/.local/state)

exit status:
  0  success: every message is acknowledged, or you have quit
  1  the server could not be reached, or refused the nick, the
     password or a room, or its certificate is not trusted
  2  a mistake on the command line
  3  the connection was lost for more than 30 s (without a terminal)
  4  a message was not delivered (without a terminal)
  128 + N  ended by signal N

examples:
  chatd-client
  chatd-client chat.example.org --nick ada --room ops --room lobby
  chatd-client --tls chat.example.org
  chatd-client --tls --cert ada.pem --key ada.key chat.example.org
  chatd-client unix:/run/chatd.sock
  make 2>&1 | tail -n 1 | chatd-client --nick ci --room builds
  tail -f error.log | chatd-client --nick bot
  chatd-client --nick logger --listen --json >> lobby.jsonl
  chatd-client --nick ci --password-file ci-password < report.txt"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options. ``rooms``: in the order given, the first is the current one; none: the server's
    default room. ``trust``: which certificates are trusted; None: no TLS. ``path``: the UNIX socket
    of the server, instead of ``host`` and ``port``. ``links``: the terminal knows OSC 8, or ignores
    it. ``remember``: ask for a session secret, and save it. ``password`` is that of the account."""

    host: str
    port: int
    nick: str
    rooms: tuple[str, ...]
    fresh: bool
    listen: bool
    as_json: bool
    verbose: bool
    colours: bool
    dumb: bool
    trust: Trust | None = None
    path: str = ""
    links: bool = False
    remember: bool = False
    password: str = field(default="", repr=False)
    server_password: str = field(default="", repr=False)

    @property
    def server(self) -> str:
        """The server as people write it."""
        if self.path:
            return f"{UNIX}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether nobody can read what is sent on the way: by TLS, or because it stays on this
        machine."""
        return self.trust is not None or bool(self.path) or self.host in LOCAL_HOSTS


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def parse_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """The options in ``arguments`` and ``environment``.

    A mistake, ``--help`` and ``--version`` print a text and end the program (SystemExit, status 2
    or 0).
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    server = chosen.server or environment.get("CHATD_SERVER") or DEFAULT_HOST
    path = server.removeprefix(UNIX) if server.startswith(UNIX) else ""
    try:
        host, port = ("", 0) if path and chosen.port is None else parse_server(server, chosen.port)
    except ValueError as error:
        _fail(parser, str(error))
    if path and _wants_tls(chosen):
        _fail(parser, "TLS is for HOST; a UNIX socket does not leave this machine")
    if (chosen.cert or chosen.key) and not _wants_tls(chosen):
        _fail(parser, "--cert needs TLS: --tls, --ca or --fingerprint")
    if chosen.key and not chosen.cert:
        _fail(parser, "--key is the key of --cert, which is missing")
    if chosen.as_json and not chosen.listen:
        _fail(parser, "--json needs --listen")
    if chosen.fresh and chosen.listen:
        _fail(parser, "--fresh is only for a terminal; --listen never resumes")
    if chosen.remember and chosen.listen:
        _fail(parser, "--remember is only for a terminal; --password-file is for programs")
    nick = chosen.nick or next(filter(None, map(environment.get, ("CHATD_NICK", "USER", "LOGNAME"))), "")
    dumb = environment.get("TERM", "dumb") == "dumb"
    options = Options(
        host=host,
        port=port,
        nick=nick,
        rooms=tuple(room.removeprefix("#") for room in chosen.room),
        fresh=chosen.fresh,
        listen=chosen.listen,
        as_json=chosen.as_json,
        verbose=chosen.verbose,
        colours=not dumb and not environment.get("NO_COLOR"),
        dumb=dumb,
        trust=_trust(parser, chosen),
        path=path,
        links=not dumb and has_links(environment["TERM"]),
        remember=chosen.remember,
        password=_password(parser, chosen.password_file),
        server_password=_password(parser, chosen.server_password_file),
    )
    if (chosen.password_file or chosen.server_password_file or chosen.remember) and not options.is_private:
        _fail(parser, f"a password for {options.server} would be readable on the way; --tls encrypts it")
    return options


def parse_server(text: str, port_apart: str | None = None) -> tuple[str, int]:
    """Host and port of ``HOST``, ``HOST:PORT``, ``[IPV6]``, ``[IPV6]:PORT`` or a bare IPv6 address;
    ``port_apart`` is a port that was written after it, as for telnet.

    Raises ValueError, with a sentence for people.
    """
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        good = bool(bracket and host) and (not rest or rest.startswith(":"))
        port = rest.removeprefix(":") if rest else str(DEFAULT_PORT)
    elif text.count(":") > 1:
        host, port, good = text, str(DEFAULT_PORT), True
    else:
        host, colon, port = text.partition(":")
        good, port = bool(host), port if colon else str(DEFAULT_PORT)
    if not good or any(character.isspace() or character == "/" for character in host):
        raise ValueError(f"{text!r} is not a server: write HOST, HOST:PORT, [IPV6]:PORT or {UNIX}/PATH")
    if port_apart is not None:
        if port != str(DEFAULT_PORT) or text.endswith(f":{port}"):
            raise ValueError(f"{text!r} is not a host: it has a port, and {port_apart!r} is another")
        port = port_apart
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError(f"{port!r} is not a port: write a whole number from 1 to 65535")
    return host, int(port)


def parse_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint in hexadecimal, with colons or without, as ``AB:CD:...``.

    Raises ValueError, with a sentence for people.
    """
    digits = text.strip().replace(":", "").upper()
    if not re.fullmatch("[0-9A-F]{64}", digits):
        raise ValueError(f"{text!r} is not a fingerprint: write 64 hexadecimal digits (SHA-256), with colons or without")
    return ":".join(re.findall("..", digits))


def _wants_tls(chosen: argparse.Namespace) -> bool:
    return bool(chosen.tls or chosen.ca is not None or chosen.fingerprint is not None)


def _trust(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> Trust | None:
    if not _wants_tls(chosen):
        return None
    from chatd.client.own_certificate import BadOwnCertificate  # Slow to import, so only for TLS.
    from chatd.client.tls import BadCaFile, Trust

    try:
        fingerprint = "" if chosen.fingerprint is None else parse_fingerprint(chosen.fingerprint)
        return Trust(chosen.ca, fingerprint, (chosen.cert, chosen.key or chosen.cert) if chosen.cert else None)
    except (BadCaFile, BadOwnCertificate, ValueError) as error:
        _fail(parser, str(error))


def _password(parser: argparse.ArgumentParser, path: str | None) -> str:
    try:
        return "" if path is None else read_password(path)
    except ValueError as error:
        _fail(parser, str(error))


def _fail(parser: argparse.ArgumentParser, why: str) -> NoReturn:
    parser.exit(2, f"{parser.prog}: {why}\n")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="chatd-client",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "server",
        metavar="HOST[:PORT]",
        nargs="?",
        help="the server; for IPv6 write [ADDRESS]:PORT, for a UNIX socket unix:/PATH "
        f"(default: CHATD_SERVER, else {DEFAULT_HOST}:{DEFAULT_PORT})",
    )
    parser.add_argument("port", metavar="PORT", nargs="?", help="its port, if it is not written after HOST:")
    talking = parser.add_argument_group("chatting")
    talking.add_argument("--nick", metavar="NICK", help="your nick (default: CHATD_NICK, else USER)")
    talking.add_argument(
        "--room",
        metavar="ROOM",
        action="append",
        default=[],
        help="a room to join, with or without #; may be given up to 20 times, and the first one is current "
        "(default: the rooms of the last run, else the server's default room)",
    )
    talking.add_argument(
        "--fresh",
        action="store_true",
        help="on a terminal: pass over the saved state this time, so join no earlier rooms and show no unread messages "
        "(default: off)",
    )
    _add_passwords(parser)
    _add_tls(parser)
    listening = parser.add_argument_group("for programs")
    listening.add_argument(
        "--listen",
        action="store_true",
        help="print the messages of others, one per line, until interrupted; do not read standard input (default: off)",
    )
    listening.add_argument(
        "--json", dest="as_json", action="store_true", help="with --listen: print every event as JSON (default: off)"
    )
    listening.add_argument(
        "--verbose",
        action="store_true",
        help="without a terminal: print a line for each message that is delivered (default: off)",
    )
    parser.add_argument("--version", action="version", version=f"chatd-client {__version__}")
    return parser


def _add_passwords(parser: argparse.ArgumentParser) -> None:
    passwords = parser.add_argument_group("logging in, if your nick is registered")
    passwords.add_argument(
        "--password-file",
        metavar="FILE",
        help="the password of your nick is the first line of this file, which nobody else can read (default: ask on a terminal)",
    )
    passwords.add_argument("--server-password-file", metavar="FILE", help="the same for the password of the server, if it has one")
    passwords.add_argument(
        "--remember",
        action="store_true",
        help="on a terminal: save a session secret, so that the next runs need no password, until /logout (default: off)",
    )


def _add_tls(parser: argparse.ArgumentParser) -> None:
    tls = parser.add_argument_group("TLS")
    tls.add_argument(
        "--tls",
        action="store_true",
        help="use TLS, and connect only if the server's certificate is for HOST and signed by a root that the system trusts "
        "(default: off)",
    )
    either = tls.add_mutually_exclusive_group()
    either.add_argument(
        "--ca", metavar="FILE", help="use TLS, and trust the root certificates in this PEM file instead of the system's"
    )
    either.add_argument(
        "--fingerprint",
        metavar="HEX",
        help="use TLS, and trust only the certificate with this SHA-256 fingerprint, with or without colons",
    )
    tls.add_argument(
        "--cert",
        metavar="FILE",
        help="your own certificate, in PEM: the server knows you by its key, once /keys add has added it to your account",
    )
    tls.add_argument(
        "--key", metavar="FILE", help="its private key, in PEM, which nobody else can read (default: in the same file)"
    )
