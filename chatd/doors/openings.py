"""Who is calling: the first bytes of a connection, and the door that each beginning leads to.

One port serves all doors, since no two of their protocols begin alike; what begins like none of
them was typed by a person. A nick may well be ``get``, ``NICK`` or ``SSH-fan``, so an opening is
recognised whole, up to the byte that no nick holds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Door(StrEnum):
    """The doors, each called as ``--doors`` calls it."""

    TEXT = "text"
    JSON = "json"
    TLS = "tls"
    WEB = "web"
    IRC = "irc"
    SSH = "ssh"


_TLS: Final = b"\x16\x03"
"""The first two bytes of a ClientHello: a handshake record of version 3, as every TLS there is (RFC
8446, 5.1)."""

_SSH: Final = (b"SSH-1.", b"SSH-2.")
"""The versions of the protocol in an SSH client's first line (RFC 4253, 4.2 and 5.1)."""

_METHODS: Final = (b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE")
"""The methods of RFC 9110 and RFC 5789; their letters are capitals."""

_REGISTRATION: Final = (b"CAP", b"NICK", b"PASS", b"USER")
"""The commands that an IRC client registers with (RFC 2812, 3.1). Clients write them in capitals;
small letters are somebody's who answers the question for a nick in words."""

OPENINGS: Final[dict[bytes, Door]] = {
    b"{": Door.JSON,
    _TLS: Door.TLS,
    **dict.fromkeys(_SSH, Door.SSH),
    **{method + b" ": Door.WEB for method in _METHODS},
    **{command + b" ": Door.IRC for command in _REGISTRATION},
}
"""All openings; none is the beginning of another."""


def recognise(first: bytes) -> Door | None:
    """The door of a connection that begins with ``first``; None while more bytes must tell."""
    for opening, door in OPENINGS.items():
        if first.startswith(opening):
            return door
    if any(opening.startswith(first) for opening in OPENINGS):
        return None
    return Door.TEXT
