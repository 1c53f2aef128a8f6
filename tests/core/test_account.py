"""An account shows no secret."""

from __future__ import annotations

from chatd.core.account import Account, Credential, Kind
from chatd.core.names import parse_nick


def test_neither_a_hash_nor_a_value_is_in_a_traceback() -> None:
    account = Account(1, parse_nick("Ada"), 5, "$argon2id$...")
    credential = Credential(1, 1, Kind.SECRET, "0123abcd", "json", 5, 5)
    assert "argon2" not in repr(account)
    assert "0123abcd" not in repr(credential)
