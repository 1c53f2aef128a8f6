"""Bans and mutes: whom they are about, and how to find the one that is about a person.

A mask is what people see and type: a nick, a pattern of nicks (``bob*``), an address or a range of
addresses (``192.0.2.0/24``), the fingerprint of a key. Who bans somebody present also bans, unseen,
the account or the seat of that person, their key, and for a guest the address, so that a new nick
or a new connection does not help.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chatd.core.errors import BadUsage
from chatd.core.identity import KEY, Identity
from chatd.core.limits import BAN_PATTERN_STARS, BAN_PREFIXES, BANS_PER_ROOM, NICK_CHARACTERS, VERDICTS
from chatd.core.names import fold

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_PATTERN: Final = re.compile(r"[^\s@#:/]+")


@dataclass(frozen=True, slots=True)
class Ban:
    """A ban, or with ``mutes`` a mute, of whoever ``mask`` is about, set by ``by`` for the reason
    ``text``.

    It was set at ``since`` (0: nobody knows) and ends at ``until`` (0: never), in milliseconds
    since 1970-01-01 UTC. ``subjects`` and ``networks`` are those of the person who was present
    (``identity.py``); nobody is shown them. A network is about guests, and about accounts that were
    made after the ban: to register does not help.
    """

    mask: str
    mutes: bool = False
    until: int = 0
    by: str = ""
    text: str = ""
    subjects: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    since: int = 0

    def ends_before(self, now: int) -> bool:
        """Whether it is over at ``now``."""
        return 0 < self.until <= now


def span(text: str) -> int | None:
    """The duration ``text`` in milliseconds: ``10m``, ``2h``, ``7d``, ``4w``; None if it is
    none."""
    match = _SPAN.fullmatch(text)
    return None if match is None else int(match[1]) * _UNITS[match[2]]


def parse_mask(text: str) -> str:
    """The mask ``text`` in the form in which it is kept. Raises BadUsage."""
    network = _network(text)
    if network is not None:
        return str(network.network_address) if network.num_addresses == 1 else str(network)
    if is_fingerprint(text):
        return text
    if not _PATTERN.fullmatch(text) or len(text) > NICK_CHARACTERS or text.count("*") > BAN_PATTERN_STARS:
        hint = f"Write a nick, a pattern such as bob* with up to {BAN_PATTERN_STARS} stars, or a range such as 192.0.2.0/24."
        raise BadUsage("This is nobody who could be banned.", hint)
    if not text.strip("*?"):
        raise BadUsage("This would be about everybody.", "Give a part of a nick; /room private on keeps strangers out.")
    return text


def is_fingerprint(mask: str) -> bool:
    """Whether ``mask`` is the fingerprint of a key, as ``/whois`` shows it."""
    return _FINGERPRINT.fullmatch(mask) is not None


def check_width(mask: str) -> None:
    """Raise BadUsage if ``mask`` is a range that has too many addresses."""
    network = _network(mask)
    if network is not None and network.prefixlen < BAN_PREFIXES[network.version]:
        shortest = BAN_PREFIXES[network.version]
        raise BadUsage(
            "This range is a large part of everybody.", f"A range has at least /{shortest}; /room private on keeps strangers out."
        )


def is_pattern(mask: str) -> bool:
    """Whether ``mask`` is a pattern of nicks."""
    return "*" in mask or "?" in mask


@functools.lru_cache(maxsize=4 * BANS_PER_ROOM)
def _network(text: str) -> Network | None:
    if "." not in text and ":" not in text:  # Otherwise a nick such as 7 would be an address.
        return None
    try:
        network: Network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return ipaddress.ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


class Pattern:
    """A pattern of nicks, in which ``*`` is any text and ``?`` any character. The time to compare a
    nick grows with the lengths of both, however many stars there are."""

    __slots__ = ("_ends", "_middle", "_start")

    def __init__(self, text: str) -> None:
        self._start, *self._middle = text.split("*")
        self._ends = self._middle.pop() if self._middle else None
        """What follows the last star; None: there is no star."""

    def matches(self, nick: str) -> bool:
        """Whether the whole of ``nick`` is like this pattern."""
        start, ends = self._start, self._ends
        if ends is None:
            return len(nick) == len(start) and _find(nick, start, 0) == 0
        place, stop = len(start), len(nick) - len(ends)
        if stop < place or not _is_at(nick, start, 0) or not _is_at(nick, ends, stop):
            return False
        for part in self._middle:  # The first place is as good as any later one.
            found = _find(nick[:stop], part, place)
            if found < 0:
                return False
            place = found + len(part)
        return True


def _is_at(nick: str, part: str, place: int) -> bool:
    if "?" not in part:
        return nick.startswith(part, place)
    return all(wanted in (given, "?") for wanted, given in zip(part, nick[place:], strict=False))


def _find(nick: str, part: str, start: int) -> int:
    """The first place of ``part`` in ``nick`` from ``start`` on; -1: there is none."""
    if "?" not in part:
        return nick.find(part, start)
    return next((place for place in range(start, len(nick) - len(part) + 1) if _is_at(nick, part, place)), -1)


class BanList:
    """Finds which of ``bans`` is about a person. It is compiled when it is first used, and what it
    has found is remembered by identity."""

    __slots__ = ("_bans", "_by_token", "_patterns", "_ranges", "_verdicts")

    def __init__(self, bans: Iterable[Ban]) -> None:
        self._bans = tuple(bans)
        self._by_token: dict[str, list[Ban]] | None = None
        """The bans of each nick (by key), subject and network of a guest."""
        self._patterns: list[tuple[Pattern, Ban]] = []
        self._ranges: dict[tuple[int, int], dict[int, list[Ban]]] = {}
        """The bans of each range: by version of IP and length of the prefix, then by prefix."""
        self._verdicts: dict[Identity, tuple[Ban, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._bans)

    def concerns(self, identity: Identity) -> bool:
        """Whether any ban, perhaps one that is over, is about the person with this ``identity``."""
        return bool(self._verdict(identity))

    def find(self, identity: Identity, now: int) -> Ban | None:
        """The ban that is about the person with this ``identity``, and not over at ``now``; None:
        there is none."""
        for ban in self._verdict(identity):
            if not ban.ends_before(now):
                return ban
        return None

    def _verdict(self, identity: Identity) -> tuple[Ban, ...]:
        """The bans that are about the person with this ``identity``."""
        if not self._bans:
            return ()
        verdict = self._verdicts.get(identity)
        if verdict is None:
            if len(self._verdicts) >= VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[identity] = tuple(self._about(identity))
        return verdict

    def _about(self, identity: Identity) -> Iterable[Ban]:
        by_token = self._compiled()
        for token in (identity.key, *identity.subjects, *identity.keys):
            yield from by_token.get(token, ())
        for network in identity.networks:
            for ban in by_token.get(network, ()):
                if identity.is_guest or 0 < ban.since < identity.made:
                    yield ban
        for pattern, ban in self._patterns:
            if pattern.matches(identity.key):
                yield ban
        for own in map(_network, identity.networks):
            assert own is not None, "network_of has made it"
            yield from self._at(own)

    def _at(self, network: Network) -> Iterable[Ban]:
        """The bans of the ranges that ``network`` is in."""
        address, bits = int(network.network_address), network.max_prefixlen
        for (version, length), prefixes in self._ranges.items():
            if version == network.version:
                yield from prefixes.get(address >> bits - length, ())

    def _compiled(self) -> Mapping[str, list[Ban]]:
        if self._by_token is None:
            self._by_token = {}
            for ban in self._bans:
                self._compile(ban, self._by_token)
        return self._by_token

    def _compile(self, ban: Ban, by_token: dict[str, list[Ban]]) -> None:
        network = _network(ban.mask)
        key = fold(ban.mask)
        if network is not None:
            length = min(network.prefixlen, 64) if network.version == 6 else network.prefixlen  # See network_of.
            prefixes = self._ranges.setdefault((network.version, length), {})
            prefixes.setdefault(int(network.network_address) >> network.max_prefixlen - length, []).append(ban)
        elif is_fingerprint(ban.mask):
            by_token.setdefault(KEY + ban.mask, []).append(ban)
        elif is_pattern(key):
            self._patterns.append((Pattern(key), ban))
        else:
            by_token.setdefault(key, []).append(ban)
        for token in (*ban.subjects, *ban.networks):
            by_token.setdefault(token, []).append(ban)
