"""Accounts on the disk: they are there after a restart; a change is answered when it is stored."""

from __future__ import annotations

from pathlib import Path

from chatd.core.account import Account, AlertWords, Change, Credential, Dropped, IgnoredNicks, Kind, Mark
from chatd.core.errors import NotDelivered
from chatd.core.names import parse_nick
from chatd.testing import NOON
from tests.store.pumped import PumpedStore, say

ADA = Account(1, parse_nick("Ada"), NOON, "hash")
BOB = Account(2, parse_nick("Bob"), NOON, "", is_disabled=True)
KEY = Credential(1, 1, Kind.KEY, "ssh-ed25519 AAAA", "desk", NOON, NOON)
SECRET = Credential(2, 1, Kind.SECRET, "0123", "json", NOON, NOON)


def change(store: PumpedStore, *changes: Change) -> NotDelivered | None:
    """Store ``changes``, and return the outcome."""
    outcomes: list[NotDelivered | None] = []
    store.change_accounts(changes, outcomes.append)
    store.wait(lambda: outcomes)
    return outcomes[0]


def test_accounts_and_their_credentials_are_there_after_a_restart(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    assert list(store.accounts) == []
    for one in ((KEY, ADA), (BOB, SECRET)):
        assert change(store, *one) is None
    store.close()
    store = PumpedStore(tmp_path)
    assert list(store.accounts) == [ADA, BOB, KEY, SECRET]
    changed = Account(1, parse_nick("Ada"), NOON, "new hash")
    used = Credential(2, 1, Kind.SECRET, "0123", "json", NOON, NOON + 1)
    assert change(store, changed, Dropped(1, 1), used) is None
    store.close()
    store = PumpedStore(tmp_path)
    assert list(store.accounts) == [changed, BOB, used]
    store.close()


def test_changes_that_cannot_be_stored_are_answered_with_the_reason(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    assert store._writer is not None
    store._writer._connection.execute("PRAGMA query_only = ON")
    failure = change(store, ADA, KEY)
    assert isinstance(failure, NotDelivered)
    assert str(failure) == "Nothing has changed: the server's disk is read-only. Try again later."
    store._writer._connection.execute("PRAGMA query_only = OFF")
    assert change(store, BOB) is None
    store.close()
    store = PumpedStore(tmp_path)
    assert list(store.accounts) == [BOB]
    store.close()


def test_changes_are_stored_with_messages_of_the_same_turn(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    outcomes = say(store.room())
    assert change(store, ADA) is None
    assert change(store, Mark(ADA.id, "@", 6), Mark(ADA.id, "@", 7)) is None
    assert change(store, *(IgnoredNicks(ADA.id, nicks) for nicks in (("bob", "eve"), ("bob", "Zoë")))) is None
    assert change(store, *(AlertWords(ADA.id, words) for words in (("tea",), ("milk", "Kettle")))) is None
    assert len(store.stored(outcomes)) == 1
    store.close()
    store = PumpedStore(tmp_path)
    ignored, alerts = IgnoredNicks(ADA.id, ("Zoë", "bob")), AlertWords(ADA.id, ("milk", "Kettle"))
    assert list(store.accounts) == [ADA, Mark(ADA.id, "@", 7), ignored, alerts]
    assert change(store, Mark(ADA.id, "@", 0)) is None
    store.close()
    store = PumpedStore(tmp_path)
    assert list(store.accounts) == [ADA, ignored, alerts]
    store.close()


def test_a_store_that_has_not_started_changes_nothing(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    store.close()
    outcomes: list[NotDelivered | None] = []
    store.change_accounts([ADA], outcomes.append)
    assert outcomes == []
