"""The names of this server over HTTP, and the pages that may connect to it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

SHOWN_CHARACTERS: Final = 200
"""How much of a header is shown, in characters: a host name has at most 253, and no usual one as
many."""

_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9])?")


def parse_host(text: str) -> str:
    """The host name or IP address ``text`` in the form that ``hostname`` has. Raises ValueError."""
    name = text.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    return name if _NAME.fullmatch(name) else str(ipaddress.IPv6Address(name))


def hostname(host: str) -> str:
    """The name or address in a ``Host`` header (RFC 9110, 7.2), in small letters and without its
    port; empty if there is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a request is refused. ``status`` is that of the answer, ``reason`` for whoever sent the
    request, ``warning`` for the log."""

    status: int
    reason: str
    warning: str


class Hosts:
    """The ``names`` that this server answers to (empty: all), in the form of ``hostname``, and the
    ``origins`` of other servers' pages that may open a WebSocket (``https://chat.example.org``)."""

    def __init__(self, origins: Collection[str], names: Collection[str] = ()) -> None:
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._names = frozenset(names)

    def object_to_host(self, host: str) -> Objection | None:
        """The objection to a request for ``host``; None: it is a name of this server. A page that
        uses another name may be anybody's: its owner decides which address the name has."""
        if not self._names or hostname(host) in self._names:
            return None
        shown = _shown(host)
        reason = f"This server does not answer to the name {shown}. Its option --host names those to which it does."
        return Objection(421, reason, f"request for the host {shown}, which --host does not name")

    def object_to_page(self, origin: str | None, host: str) -> Objection | None:
        """The objection to a WebSocket for a page from ``origin``, requested from ``host``; None:
        there is none. The page is another server's, or a proxy has changed the host."""
        from chatd.doors.websocket import is_allowed  # Imports wsproto, which the first caller needs.

        if is_allowed(origin, host, self._origins):
            return None
        page, shown = _shown(origin or ""), _shown(host)
        reason = f"This server accepts no page from {page}, since it was called {shown}. Its option --origin can name such pages."
        warning = f"no WebSocket for a page with the Origin {page} at the Host {shown}: --origin {page} would accept it"
        return Objection(403, reason, warning)


def _shown(header: str) -> str:
    """A header as it can be shown anywhere: printable ASCII, and not too long."""
    return ascii(header[:SHOWN_CHARACTERS])[1:-1] or "(none)"
