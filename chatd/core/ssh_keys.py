"""SSH keys as people write them: lines of ``authorized_keys`` and of ``.pub`` files."""

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


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its ``kind``, its ``body`` in base64, and the ``comment`` of its owner."""

    kind: str
    body: str
    comment: str = ""

    @property
    def value(self) -> str:
        """What identifies the key: everything but the comment."""
        return f"{self.kind} {self.body}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:...``, as OpenSSH shows it."""
        digest = base64.b64encode(sha256(base64.b64decode(self.body)).digest())
        return f"SHA256:{digest.decode().rstrip('=')}"


def parse_key(line: str) -> PublicKey:
    """The public key in ``line``. Raises BadUsage, also if it has options, or is a private key."""
    kind, _, rest = line.strip().partition(" ")
    body, _, comment = rest.strip().partition(" ")
    comment = comment.strip()
    if kind not in KINDS or len(body) > KEY_CHARACTERS or len(comment) > KEY_COMMENT_CHARACTERS or _kind_in(body) != kind:
        raise BadUsage("This is not a public SSH key.", "Give a line of a .pub file: ssh-ed25519 AAAA... comment.")
    return PublicKey(kind, body, comment)


def _kind_in(body: str) -> str:
    """The type that the key itself names (RFC 4253, 6.6)."""
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return ""
    size = int.from_bytes(raw[:4], "big")
    return raw[4 : 4 + size].decode("ascii", "replace") if len(raw) > 4 + size else ""
