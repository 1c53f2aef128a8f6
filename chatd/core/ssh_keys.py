"""Public keys as people write them: SSH keys as lines of ``authorized_keys`` and of ``.pub`` files,
and the keys of TLS certificates in the same form."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chatd.core.errors import BadUsage
from chatd.core.limits import KEY_CHARACTERS, KEY_COMMENT_CHARACTERS

KINDS: Final = frozenset({
    "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
})  # fmt: skip
"""The types of keys that are accepted (RFC 4253, 5656, 8709; OpenSSH's PROTOCOL.u2f)."""


CERTIFICATE: Final = "certificate"
"""The type of the key of a TLS certificate, whose body is its SubjectPublicKeyInfo (RFC 5280,
4.1.2.7) in DER: what is between the lines of a public key in PEM."""

_SEQUENCE: Final = 0x30
"""Begins a sequence in DER (X.690, 8.9)."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its ``kind``, its ``body`` in base64, and the ``comment`` of its owner. A key
    of SSH and one of TLS are never the same."""

    kind: str
    body: str
    comment: str = ""

    @property
    def value(self) -> str:
        """What identifies the key: everything but the comment."""
        return f"{self.kind} {self.body}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:...`` of the body, as OpenSSH shows it."""
        digest = base64.b64encode(sha256(base64.b64decode(self.body)).digest())
        return f"SHA256:{digest.decode().rstrip('=')}"


def parse_key(line: str) -> PublicKey:
    """The public key in ``line``. Raises BadUsage, also if it has options, or is a private key."""
    kind, _, rest = line.strip().partition(" ")
    body, _, comment = rest.strip().partition(" ")
    comment = comment.strip()
    if len(body) > KEY_CHARACTERS or len(comment) > KEY_COMMENT_CHARACTERS or not _is_key(kind, body):
        raise BadUsage("This is not a public key.", "Give a line of a .pub file: ssh-ed25519 AAAA... comment.")
    return PublicKey(kind, body, comment)


def _is_key(kind: str, body: str) -> bool:
    """Whether ``body`` looks like a key of this ``kind``."""
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return False
    if kind == CERTIFICATE:
        return _is_sequence(raw)
    return kind in KINDS and _kind_in(raw) == kind


def _is_sequence(raw: bytes) -> bool:
    """Whether ``raw`` is one sequence in DER."""
    if len(raw) < 2 or raw[0] != _SEQUENCE:
        return False
    start = 2 + (raw[1] & 0x7F if raw[1] & 0x80 else 0)
    size = int.from_bytes(raw[2:start], "big") if start > 2 else raw[1]
    return start + size == len(raw)


def _kind_in(raw: bytes) -> str:
    """The type that the SSH key itself names (RFC 4253, 6.6)."""
    size = int.from_bytes(raw[:4], "big")
    return raw[4 : 4 + size].decode("ascii", "replace") if len(raw) > 4 + size else ""
