"""Hashing: the parameters, and that nothing else than the password fits."""

from __future__ import annotations

import pytest

from chatd.auth.hashing import NO_HASH, hashed, is_password

HASH = "$argon2id$v=19$m=19456,t=2,p=1$9p8SsjfqeHDDD2HGaNYMyw$DDQZP8gH/SUwD0E6LIEAg+pRH3nl9sKr1hLdJX4VEnw"
"""A hash of the password that is tried below."""


def test_a_hash_names_its_parameters_and_has_its_own_salt() -> None:
    hash = hashed("correct horse battery")
    assert hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password(hash, "correct horse battery")
    assert hash != hashed("correct horse battery")
    assert len(HASH) == len(NO_HASH)


@pytest.mark.parametrize(
    ("hash", "password", "fits"),
    [
        (HASH, "correct horse battery", True),
        (HASH, "correct horse batter", False),
        (HASH, "", False),
        (HASH, HASH, False),
        ("", "", False),
        ("", "correct horse battery", False),
        ("no hash", "no hash", False),
    ],
    ids=range(7),
)
def test_only_the_password_fits(hash: str, password: str, fits: bool) -> None:
    assert is_password(hash, password) is fits


def test_an_unknown_nick_takes_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []

    class Hasher:
        def verify(self, hash: str, password: str) -> bool:
            verified.append(hash.rsplit("$", 2)[0])
            return True

    monkeypatch.setattr("chatd.auth.hashing._HASHER", Hasher())
    for hash in (HASH, ""):
        is_password(hash, "guess")
    assert verified == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2
