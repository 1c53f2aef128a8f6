"""What identifies a person for roles, invitations and bans.

People are identified by *subjects*: ``account:ada`` for the owner of the nick ada, ``seat:...`` for
a guest, whom only their seat identifies. A subject, like an address, is not shown to anybody.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chatd.core.limits import NETWORKS_PARSED

KEY: Final = "key:"
"""Begins the token of a key; its fingerprint follows."""

ACCOUNT: Final = "account:"
"""Begins the subject of the owner of an account."""

SEAT: Final = "seat:"
"""Begins the subject of a guest, and of each session; a sender_id follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """The identity of a person at one moment: the key of their nick, their subjects, and the
    networks of their sessions (``network_of``).

    It is replaced when any of these changes, so what was decided about an identity stays true for
    it.
    """

    key: str
    subjects: tuple[str, ...]
    """The subjects, with the one first to which something is granted."""
    networks: tuple[str, ...] = ()
    is_guest: bool = True
    made: int = 0
    """When the account was made, in milliseconds since 1970-01-01 UTC; of a guest, 0."""
    keys: tuple[str, ...] = ()
    """The keys that their sessions have come with: tokens with fingerprints, ``key:SHA256:...``."""
    operator: str = ""
    """The key of another account, whose rights as an operator they have; empty: of none."""

    @property
    def subject(self) -> str:
        """The subject to which something is granted."""
        return self.subjects[0]


def identify(
    key: str,
    account: str,
    seats: Iterable[str],
    addresses: Iterable[str],
    made: int = 0,
    fingerprints: Iterable[str] = (),
    operator: str = "",
) -> Identity:
    """The identity of a person with these ``seats`` (sender_ids), ``addresses`` and
    ``fingerprints`` of keys; ``account`` is empty for a guest, ``made`` is when it was made, and
    ``operator`` is :attr:`Identity.operator`."""
    subjects = [SEAT + seat for seat in seats]
    if account:
        subjects.insert(0, ACCOUNT + account)
    keys = dict.fromkeys(KEY + fingerprint for fingerprint in fingerprints if fingerprint)
    return Identity(key, tuple(subjects), _networks(*addresses), not account, made, tuple(keys), operator)


@functools.lru_cache(maxsize=NETWORKS_PARSED)
def _networks(*addresses: str) -> tuple[str, ...]:
    """The networks of ``addresses``, each once. All people with the same addresses share it."""
    return tuple(dict.fromkeys(filter(None, map(network_of, addresses))))


@functools.lru_cache(maxsize=NETWORKS_PARSED)
def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 network of 64 bits; empty for callers of
    this machine's sockets."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if ip.version == 4:
        return address
    mapped = ip.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((ip, 64), strict=False))
