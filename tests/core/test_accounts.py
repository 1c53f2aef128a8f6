"""The accounts: who owns a nick, and their credentials."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from chatd.core.account import Account, Change, Credential, Dropped, Kind
from chatd.core.accounts import Accounts
from chatd.core.driver import Later, drive
from chatd.core.errors import NickTaken, NotDelivered, TooMany, WrongPassword
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_nick
from chatd.testing import NOON
from tests.core.late import LateStore

T = TypeVar("T")
ADA = parse_nick("Ada")


class ListingStore(MemoryStore):
    """A store with ``accounts`` from an earlier run, which lists what changes."""

    def __init__(self, *accounts: Change) -> None:
        super().__init__("testlog")
        self._accounts = accounts
        self.changes: list[Change] = []

    @property
    def accounts(self) -> tuple[Change, ...]:
        return self._accounts

    def change_accounts(self, changes: Any, on_changed: Any) -> None:
        self.changes += changes
        on_changed(None)


def result_of(coroutine: Coroutine[Later[Any], None, T]) -> T:
    """What a coroutine returns that does not have to wait; what it raises is raised."""
    results: list[T | Exception] = []
    drive(coroutine, results.append)
    [result] = results
    if isinstance(result, Exception):
        raise result
    return result


def late_account() -> tuple[LateStore, Accounts, Account]:
    """A store that answers late, and the accounts in it: there is one, that of ada."""
    store = LateStore()
    accounts = Accounts(store)
    drive(accounts.add(ADA, "hash", NOON), lambda ada: None)
    store.answer()
    ada = accounts.get("ada")
    assert ada is not None
    return store, accounts, ada


def added(accounts: Accounts, nick: str = "Ada", address: str = "") -> Account:
    return result_of(accounts.add(parse_nick(nick), "hash", NOON, address))


def test_an_account_owns_its_nick_and_what_looks_like_it() -> None:
    store = ListingStore()
    accounts = Accounts(store)
    ada = added(accounts)
    assert (ada.id, ada.name, ada.made, ada.password, ada.is_disabled) == (1, ADA, NOON, "hash", False)
    assert store.changes == [ada]
    assert accounts.get("ada") is ada
    assert accounts.get("Ada") is None
    for nick in ("Ada", "ADA", "\u0430da"):
        assert accounts.owner(parse_nick(nick)) is ada
        with pytest.raises(NickTaken, match="is registered already"):
            added(accounts, nick)
    assert accounts.owner(parse_nick("adam")) is None
    assert len(accounts) == 1


def test_stored_accounts_are_known_after_the_start() -> None:
    ada, bob = Account(4, ADA, NOON, "old"), Account(7, parse_nick("bob"), NOON)
    key = Credential(9, 4, Kind.KEY, "ssh-ed25519 AAAA", "desk", NOON, NOON)
    accounts = Accounts(ListingStore(ada, bob, key))
    assert accounts.get("ada") == ada
    assert accounts.credentials(ada, Kind.KEY) == [key]
    assert accounts.credentials(ada, Kind.SECRET) == []
    assert accounts.credentials(bob, Kind.KEY) == []
    assert added(accounts, "eve").id == 8
    assert accounts.next_number() == 10


def test_a_nick_is_owned_at_once_and_free_again_if_the_account_cannot_be_stored() -> None:
    store = LateStore()
    accounts = Accounts(store)
    outcomes: list[Account | Exception] = []
    drive(accounts.add(ADA, "hash", NOON, "192.0.2.1"), outcomes.append)
    assert accounts.owner(ADA) is not None
    store.failure = NotDelivered("The disk is full.")
    store.answer()
    assert outcomes == [store.failure]
    assert accounts.owner(ADA) is None
    assert len(accounts) == 0


def test_the_number_of_accounts_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.accounts.ACCOUNTS", 3)
    monkeypatch.setattr("chatd.core.accounts.ACCOUNTS_PER_ADDRESS", 1)
    accounts = Accounts(MemoryStore("testlog"))
    added(accounts, "ada", "192.0.2.1")
    with pytest.raises(TooMany, match="Your address has already made 1 accounts"):
        added(accounts, "bob", "192.0.2.1")
    added(accounts, "bob", "this machine")
    added(accounts, "eve", "this machine")
    with pytest.raises(TooMany, match="The server already has 3 accounts"):
        added(accounts, "mia", "192.0.2.2")


def test_a_new_password_counts_when_it_is_stored() -> None:
    store = LateStore()
    accounts = Accounts(store)
    drive(accounts.add(ADA, "old", NOON), lambda ada: None)
    store.answer()
    ada = accounts.get("ada")
    assert ada is not None
    outcomes: list[object] = []
    for store.failure in (NotDelivered("The disk is full."), None):
        drive(accounts.set_password(ada, "new"), outcomes.append)
        assert accounts.get("ada") == ada
        store.answer()
    assert [type(outcome) for outcome in outcomes] == [NotDelivered, type(None)]
    changed = accounts.get("ada")
    assert changed is not None
    assert changed.password == "new"


def test_only_the_hash_of_a_secret_is_kept() -> None:
    store = ListingStore()
    accounts = Accounts(store)
    ada = added(accounts)
    secret, credential = result_of(accounts.add_secret(ada, Kind.SECRET, "json", NOON))
    assert len(secret) == 43
    assert secret not in str([(change, getattr(change, "value", "")) for change in store.changes])
    assert accounts.find_secret(Kind.SECRET, secret) == (ada, credential)
    for kind, wrong in ((Kind.INVITE, secret), (Kind.SECRET, secret[:-1]), (Kind.SECRET, credential.value), (Kind.SECRET, "")):
        assert accounts.find_secret(kind, wrong) is None


def test_the_use_of_a_secret_is_noted() -> None:
    store = ListingStore()
    accounts = Accounts(store)
    ada = added(accounts)
    secret, credential = result_of(accounts.add_secret(ada, Kind.SECRET, "json", NOON))
    accounts.note_use(credential, NOON + 1)
    found = accounts.find_secret(Kind.SECRET, secret)
    assert found is not None
    assert (found[1].made, found[1].used) == (NOON, NOON + 1)
    assert store.changes[-1] is found[1]


def test_a_new_secret_replaces_the_one_used_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.accounts.CREDENTIALS", 2)
    store = ListingStore()
    accounts = Accounts(store)
    ada = added(accounts)
    first, second = (result_of(accounts.add_secret(ada, Kind.SECRET, "json", NOON)) for _ in range(2))
    accounts.note_use(first[1], NOON + 5)
    third, _ = result_of(accounts.add_secret(ada, Kind.SECRET, "json", NOON + 6))
    known = [accounts.find_secret(Kind.SECRET, secret) is not None for secret in (first[0], second[0], third)]
    assert known == [True, False, True]
    assert store.changes[-1] == Dropped(second[1].id, ada.id)


def test_a_dropped_credential_is_invalid_at_once() -> None:
    store, accounts, ada = late_account()
    given: list[Any] = []
    drive(accounts.add_secret(ada, Kind.SECRET, "json", NOON), given.append)
    store.answer()
    [(secret, credential)] = given
    outcomes: list[object] = []
    store.failure = NotDelivered("The disk is full.")
    drive(accounts.drop(credential), outcomes.append)
    assert accounts.find_secret(Kind.SECRET, secret) is None
    store.answer()
    assert outcomes == [store.failure]
    store.failure = None
    drive(accounts.drop(credential), outcomes.append)
    store.answer()
    assert outcomes[1] is None


def test_a_key_belongs_to_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.accounts.CREDENTIALS", 1)
    accounts = Accounts(MemoryStore("testlog"))
    ada, bob = added(accounts, "ada"), added(accounts, "bob")
    key = result_of(accounts.add_key(ada, "ssh-ed25519 AAAA", "desk", NOON))
    assert accounts.credentials(ada, Kind.KEY) == [key]
    with pytest.raises(NickTaken, match="This key belongs to an account already"):
        result_of(accounts.add_key(bob, "ssh-ed25519 AAAA", "mine", NOON))
    with pytest.raises(TooMany, match="You already have 1 keys"):
        result_of(accounts.add_key(ada, "ssh-ed25519 BBBB", "phone", NOON))


def test_an_invitation_is_used_once_and_comes_back_if_the_account_cannot_be_stored() -> None:
    store, accounts, ada = late_account()
    given: list[Any] = []
    drive(accounts.add_secret(ada, Kind.INVITE, "", NOON), given.append)
    store.answer()
    [(invitation_code, invitation)] = given
    assert accounts.find_invitation(invitation_code) is invitation
    outcomes: list[Any] = []
    store.failure = NotDelivered("The disk is full.")
    drive(accounts.add(parse_nick("bob"), "hash", NOON, "", invitation), outcomes.append)
    assert accounts.find_invitation(invitation_code) is None
    with pytest.raises(WrongPassword, match="Somebody has used this invitation already"):
        result_of(accounts.add(parse_nick("eve"), "hash", NOON, "", invitation))
    store.answer()
    assert outcomes == [store.failure]
    assert accounts.find_invitation(invitation_code) is invitation
