"""Hashing passwords with Argon2id (RFC 9106), with the parameters that OWASP's Password Storage
Cheat Sheet names first: 19 MiB, two passes, one lane."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 << 10, parallelism=1, hash_len=32, salt_len=16)

NO_HASH: Final = f"$argon2id$v=19$m={19 << 10},t=2,p=1${'A' * 22}${'A' * 43}"
"""What is checked where there is no account, or no password: it takes as long as any other hash,
and no password has it."""


def hashed(password: str) -> str:
    """The hash of ``password`` with a new salt, which names its own parameters. It takes some
    30 ms."""
    return _HASHER.hash(password)


def is_password(hash: str, password: str) -> bool:
    """Whether ``hash`` is that of ``password``; empty: there is none. It takes some 30 ms in each
    case, and what is compared is compared in constant time."""
    try:
        return _HASHER.verify(hash or NO_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
