"""The doors: one row for each, which says all that others know of it.

One port serves all doors, since no two of their protocols begin alike; whatever begins like none of
them was typed by a person. A nick may well be ``get``, ``NICK`` or ``SSH-fan``, so an opening ends
with a byte that no nick holds.

A door's module, and with it the library that it needs, is imported when the first caller comes to
it: ``twisted.web`` alone takes 100 ms. To add a door, write its module and add its row here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from twisted.internet.interfaces import IProtocol

from chatd.core.errors import Refusal
from chatd.core.limits import HANDSHAKE_LINES, SSH_HANDSHAKE_LINES
from chatd.doors import refusals
from chatd.doors.line import ChatFactory
from chatd.doors.proxy import LINE_OPENING, NO_PROXIES, SIGNATURE, Proxies
from chatd.doors.server import Server

if TYPE_CHECKING:
    from chatd.doors.ssh_host_key import HostKey
    from chatd.doors.tls import Certificate

Build = Callable[[str, float], IProtocol]
"""Makes the protocol of one connection, which is given every byte from the first on. The arguments
are the caller's address, and when the connection was made, in seconds of the server's clock."""


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """A row: one way to talk to the server."""

    name: str
    """As ``--doors`` calls it."""
    openings: tuple[bytes, ...]
    """The beginnings of a connection that is for this door; none: those that no other door has."""
    refuse: Callable[[Refusal, Server], bytes]
    """Says no in the language of its callers."""
    open: Callable[[Server, DoorOptions, Build], Build] | None = None
    """Opens the door, when the first caller comes to it; None: it is not built yet. The last
    argument, the front's own ``build``, is for a door that unwraps what comes."""
    needs: tuple[str, str] | None = None
    """A module that it needs, and what to install to have it."""
    is_clear: bool = True
    """Whether what is said can be read on the way, unless it is inside TLS."""
    handshake_lines: float = 0
    """What it costs the address, in lines, before anybody is known."""
    skips_greeting: bool = True
    """Whether its callers can still be served after a greeting for people: they skip a line that
    they do not know."""

    def __str__(self) -> str:
        return self.name

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is there."""
        return self.needs is None or find_spec(self.needs[0]) is not None

    @property
    def missing(self) -> str:
        """What to do about a door that is not installed."""
        assert self.needs is not None
        module, install = self.needs
        return f"{self} needs {module}, which is not installed: pip install '{install}'"


@dataclass(frozen=True, slots=True)
class DoorOptions:
    """What whoever runs the server has chosen for the doors.

    ``doors`` are open; ``tls_only`` keeps callers outside TLS out, unless they are on this machine;
    ``certificate`` is for the door tls; ``origins`` names the pages of other servers that may open
    a WebSocket, as browsers name them (``https://chat.example.org``); ``proxies`` are believed when
    they say who calls; ``hosts`` are the names of this server, in the form of ``hosts.hostname``,
    and the only ones that it answers to over HTTP, unless there are none; ``host_key`` is for the
    door ssh.
    """

    doors: Collection[Door]
    tls_only: bool = False
    certificate: Certificate | None = None
    origins: Collection[str] = ()
    proxies: Proxies = NO_PROXIES
    hosts: Collection[str] = ()
    host_key: HostKey | None = None


# -- How each is opened ----------------------------------------------------------------------------


def _open_text(server: Server, options: DoorOptions, front: Build) -> Build:
    return ChatFactory(server, server.text, accepts_json=JSON in options.doors).build


def _open_json(server: Server, options: DoorOptions, front: Build) -> Build:
    return ChatFactory(server, server.json).build


def _open_irc(server: Server, options: DoorOptions, front: Build) -> Build:
    from chatd.doors.irc import IrcFactory

    return IrcFactory(server).build


def _open_tls(server: Server, options: DoorOptions, front: Build) -> Build:
    from chatd.doors.tls import TlsDoor

    assert options.certificate is not None
    return TlsDoor(options.certificate, front, server.clock).build


def _open_web(server: Server, options: DoorOptions, front: Build) -> Build:
    from chatd.doors.web import WebDoor

    return WebDoor(server, options.origins, options.proxies, options.hosts, takes_irc=IRC in options.doors).build


def _open_ssh(server: Server, options: DoorOptions, front: Build) -> Build:
    from chatd.doors.ssh import SshDoor

    assert options.host_key is not None
    return SshDoor(server, options.host_key).build


# -- The rows --------------------------------------------------------------------------------------

TEXT: Final = Door("text", (), refusals.in_text, _open_text)

JSON: Final = Door("json", (b"{",), refusals.in_json, _open_json)

TLS: Final = Door(
    "tls",
    # The first two bytes of a ClientHello: a handshake record of version 3, as every TLS there is
    # (RFC 8446, 5.1).
    (b"\x16\x03",),
    refusals.in_tls,
    _open_tls,
    needs=("OpenSSL", "Twisted[tls]"),
    is_clear=False,
    skips_greeting=False,
    handshake_lines=HANDSHAKE_LINES,
)

WEB: Final = Door(
    "web",
    # The methods of RFC 9110 and RFC 5789; their letters are capitals.
    (b"CONNECT ", b"DELETE ", b"GET ", b"HEAD ", b"OPTIONS ", b"PATCH ", b"POST ", b"PUT ", b"TRACE "),
    refusals.in_http,
    _open_web,
    needs=("wsproto", "Twisted[websocket]"),
    skips_greeting=False,
)

IRC: Final = Door(
    "irc",
    # The commands that a client registers with (RFC 2812, 3.1), and the one with which a program
    # finds out whether there is a server. Clients write them in capitals; in small letters they
    # come from a person who answers the question for a nick in words.
    (b"CAP ", b"NICK ", b"PASS ", b"PING ", b"USER "),
    refusals.in_irc,
    _open_irc,
)

SSH: Final = Door(
    "ssh",
    # The versions of the protocol in a client's first line (RFC 4253, 4.2 and 5.1).
    (b"SSH-1.", b"SSH-2."),
    refusals.in_ssh,
    _open_ssh,
    needs=("bcrypt", "Twisted[conch]"),
    is_clear=False,
    handshake_lines=SSH_HANDSHAKE_LINES,
)

PROXY: Final = Door(
    "proxy",
    # Up to the first byte that no nick holds; the front reads the whole header, if it comes from a
    # proxy that is believed, and looks at what follows.
    (LINE_OPENING, SIGNATURE[:5]),
    refusals.in_text,
    is_clear=False,
)

DOORS: Final = (TEXT, JSON, TLS, WEB, IRC, SSH, PROXY)

BUILT: Final = {door.name: door for door in DOORS if door.open is not None}
"""The doors that can be opened, as ``--doors`` calls them."""

OPENINGS: Final = {opening: door for door in DOORS for opening in door.openings}
"""All openings; none is the beginning of another."""

_FIRST_BYTES: Final = frozenset(opening[0] for opening in OPENINGS)
"""The first bytes of all openings: whoever begins with another one is a person."""


BOM: Final = b"\xef\xbb\xbf"
"""A byte order mark in UTF-8, with which some programs begin what they send; it is skipped."""


def recognise(first: bytes) -> Door | None:
    """The door of a connection that begins with ``first``; None while more bytes are needed."""
    if BOM.startswith(first):
        return None
    first = first.removeprefix(BOM)
    if first[0] not in _FIRST_BYTES:
        return TEXT
    for opening, door in OPENINGS.items():
        if first.startswith(opening):
            return door
    if any(opening.startswith(first) for opening in OPENINGS):
        return None
    return TEXT
