"""Proxies: the address of the caller behind a proxy.

A proxy sends a header of the PROXY protocol before the caller's bytes, or adds ``X-Forwarded-For``
or ``Forwarded`` to its HTTP requests. Anybody can send any of them, so they are believed only from
a proxy that ``--proxy`` names. The sections are those of "The PROXY protocol, versions 1 & 2"
(HAProxy).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Final

from chatd.core.limits import FORWARDED_HOPS, PROXY_BYTES

if TYPE_CHECKING:
    from twisted.web.http_headers import Headers

LINE_OPENING: Final = b"PROXY "
"""The beginning of a header of version 1 (section 2.1)."""

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""The beginning of a header of version 2 (section 2.2)."""

LINE_LENGTH: Final = 107
"""The longest header of version 1, in bytes, with its end (section 2.1)."""

PREFIX_LENGTH: Final = 16
"""The length of the fixed part of a version 2 header, in bytes (section 2.2)."""

_PORT = rb"(?:0|[1-9][0-9]{0,4})"
_LINE: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: .*)?|TCP4 ([0-9.]+) ([0-9.]+) (%b) (%b)|TCP6 ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (%b) (%b))\r\n"
    % (_PORT, _PORT, _PORT, _PORT),
    re.DOTALL,
)

_PAIR: Final = re.compile(r"""[ \t]*([!#-'*+.^-z|~0-9A-Z-]+)=("(?:[^"\\]|\\.)*"|[^ \t;,"]+)[ \t]*(;|,|$)""")
"""A parameter of ``Forwarded``, with what ends it (RFC 7239, 4)."""

_ADDRESS_LENGTHS: Final = {0x00: 0, 0x11: 4, 0x12: 4, 0x21: 16, 0x22: 16, 0x31: 108, 0x32: 108}
"""For each family and protocol of version 2: the length of one address, in bytes; there are two,
and for IPv4 and IPv6 two ports (section 2.2)."""


class Malformed(Exception):
    """A PROXY header that follows neither version; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Header:
    """A PROXY header of ``size`` bytes. ``address`` is the caller's, in the usual notation; empty
    if the header has none: the proxy connects for itself (a health check), or the caller has no IP
    address."""

    size: int
    address: str = ""


def read_header(data: bytes) -> Header | None:
    """The PROXY header at the beginning of ``data``; None while it is incomplete. Raises
    Malformed."""
    if data.startswith(LINE_OPENING):
        return _read_version_1(data)
    if data.startswith(SIGNATURE):
        return _read_version_2(data)
    if LINE_OPENING.startswith(data) or SIGNATURE.startswith(data):
        return None
    raise Malformed("the signature of version 2 is wrong")


def _read_version_1(data: bytes) -> Header | None:
    end = data.find(b"\n", 0, LINE_LENGTH) + 1
    if not end and len(data) < LINE_LENGTH:
        return None
    match = _LINE.fullmatch(data[:end])
    if match is None:
        raise Malformed(f"the line of version 1 is wrong: {data[: end or LINE_LENGTH]!r}")
    source, destination, *ports = match.groups()[:4] if match[1] else match.groups()[4:]
    if source is None:
        return Header(end)
    try:
        addresses = [ipaddress.ip_address(address.decode()) for address in (source, destination)]
    except ValueError as error:
        raise Malformed(f"the line of version 1 has a wrong address: {error}") from None
    if max(map(int, ports)) > 65535:
        raise Malformed("the line of version 1 has a port above 65535")
    return Header(end, written(addresses[0]))


def _read_version_2(data: bytes) -> Header | None:
    if len(data) < PREFIX_LENGTH:
        return None
    command, family, length = data[12], data[13], int.from_bytes(data[14:PREFIX_LENGTH], "big")
    size = PREFIX_LENGTH + length
    if command not in (0x20, 0x21):
        raise Malformed(f"the header has the version and command {command:#04x}, not 0x20 or 0x21")
    if size > PROXY_BYTES:
        raise Malformed(f"the header of version 2 has {size} bytes, more than {PROXY_BYTES}")
    if len(data) < size:
        return None
    if command == 0x20:  # LOCAL: the rest of the header is skipped.
        return Header(size)
    return Header(size, _source(family, data[PREFIX_LENGTH:size]))


def _source(family: int, block: bytes) -> str:
    """The address of the caller in the ``block`` after the prefix; empty if it has no IP
    address. What follows the addresses (TLVs) is skipped."""
    length = _ADDRESS_LENGTHS.get(family)
    if length is None:
        raise Malformed(f"version 2 has no family and protocol {family:#04x}")
    if len(block) < 2 * length + (4 if length in (4, 16) else 0):
        raise Malformed("the header of version 2 is too short for its addresses")
    return written(ipaddress.ip_address(block[:length])) if length in (4, 16) else ""


def written(ip: IPv4Address | IPv6Address) -> str:
    """``ip`` in the usual notation; an IPv4 address that is mapped to IPv6 (RFC 4291, 2.5.5.2) as
    an IPv4 address."""
    return str((ip.version == 6 and ip.ipv4_mapped) or ip)


class Proxies:
    """The trusted proxies, as ``--proxy`` names them: addresses and networks."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = tuple(networks)

    def __contains__(self, address: str) -> bool:
        """Whether ``address`` is that of a trusted proxy."""
        if not self._networks:
            return False
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(ip in network for network in self._networks)

    def client(self, forwarded_for: Iterable[bytes], forwarded: Iterable[bytes] = ()) -> str:
        """The caller's address in ``X-Forwarded-For`` or in ``Forwarded`` (RFC 7239), of which the
        arguments have the values, in order; empty if no address in them can be believed.

        Each proxy appends the address that called it, so the caller's is the last address that is
        not a proxy's; the caller may have written everything before it. A proxy that knows only one
        of the headers passes on the other as the caller has written it: if they name different
        addresses, neither is believed.
        """
        named = {self._last(b",".join(forwarded_for).decode("latin-1").split(",")), self._last(_hops(forwarded))} - {""}
        return named.pop() if len(named) == 1 else ""

    def _last(self, hops: Sequence[str]) -> str:
        """The last address that is not a proxy's; empty if there is none."""
        for hop in reversed(hops):
            address = _address_of_hop(hop.strip())
            if not address or address not in self:
                return address
        return ""


NO_PROXIES: Final = Proxies()
"""No proxy is trusted."""


def _hops(forwarded: Iterable[bytes]) -> Sequence[str]:
    """Whom each element of ``Forwarded`` names with ``for``; empty strings for those that name
    nobody. None at all if the header is malformed, since then nobody knows where an element
    ends."""
    text, hops, start = b",".join(forwarded).decode("latin-1"), [""], 0
    while start < len(text):
        pair = _PAIR.match(text, start)
        if pair is None or len(hops) > FORWARDED_HOPS:
            return ()
        name, value, end = pair.groups()
        if name.lower() == "for":
            hops[-1] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if end == ",":
            hops.append("")
        start = pair.end()
    return hops


_PROTO: Final = re.compile(rb'(?:^|[;,\s])proto="?([a-z]+)')


def came_by_tls(headers: Headers) -> bool:
    """Whether the caller's request came to the proxies by TLS, all the way, as they say in
    ``X-Forwarded-Proto`` or ``Forwarded`` (RFC 7239, 5.4)."""
    protocols = b",".join(headers.getRawHeaders(b"X-Forwarded-Proto") or ()).lower().split(b",")
    if protocols == [b""]:
        protocols = _PROTO.findall(b",".join(headers.getRawHeaders(b"Forwarded") or ()).lower())
    return bool(protocols) and all(protocol.strip() in (b"https", b"wss") for protocol in protocols)


def _address_of_hop(hop: str) -> str:
    """The address in an element of ``X-Forwarded-For`` or ``Forwarded``, with or without a port;
    empty if there is none (``unknown``)."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return written(ipaddress.ip_address(hop.partition("%")[0]))
    except ValueError:
        return ""
