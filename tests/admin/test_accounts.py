"""``chatd-admin accounts``: what it changes, the server knows at its next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.auth.hashing import is_password
from chatd.core.account import Account, Credential, Kind
from chatd.core.accounts import Accounts, hash_of
from chatd.core.events import DRAFT, Private
from chatd.core.names import Name, inbox_key, parse_nick
from chatd.testing import NOON
from tests.admin.command import admin
from tests.store.pumped import PumpedStore

PASSWORD = b"correct horse battery\n"
SECRET = Credential(1, 1, Kind.SECRET, "0123", "json", NOON, NOON)
KEY = Credential(2, 1, Kind.KEY, "ssh-ed25519 AAAA", "desk", NOON, NOON)


@pytest.fixture
def accounts(folder: Path) -> Path:
    """The data of a server with the account of Ada, who has a session secret and a key."""
    store, done = PumpedStore(folder), list[object]()
    store.change_accounts([Account(1, parse_nick("Ada"), NOON, "hash"), SECRET, KEY], done.append)
    store.wait(lambda: done)
    store.close()
    return folder


def stored(folder: Path) -> dict[str, Account]:
    """The accounts by nick, as a server finds them."""
    store = PumpedStore(folder)
    found = {change.name.text: change for change in store.accounts if isinstance(change, Account)}
    store.close()
    return found


def credentials(folder: Path) -> list[Credential]:
    store = PumpedStore(folder)
    found = [change for change in store.accounts if isinstance(change, Credential)]
    store.close()
    return found


def test_accounts_are_listed_while_the_server_runs(accounts: Path) -> None:
    admin(accounts, "accounts", "add", "bob", given=PASSWORD)
    admin(accounts, "accounts", "disable", "bob")
    store = PumpedStore(accounts)
    listed = admin(accounts, "accounts", "list").out.decode().splitlines()
    store.close()
    assert listed[0] == "Ada  since 2026-11-23, 1 remembered sessions"
    assert listed[1].startswith("bob  since 20")
    assert listed[1].endswith(", 0 remembered sessions disabled")


def test_an_added_account_has_the_password_from_standard_input(accounts: Path) -> None:
    assert admin(accounts, "accounts", "add", "Bob", given=PASSWORD).line == "Bob has an account now"
    bob = stored(accounts)["Bob"]
    assert (bob.id, bob.is_disabled) == (2, False)
    assert is_password(bob.password, "correct horse battery")


@pytest.mark.parametrize(
    ("arguments", "given", "why"),
    [
        (["add", "ADA"], PASSWORD, "there is an account Ada, which is the same or looks like it"),
        (["add", "\u0430da"], PASSWORD, "there is an account Ada, which is the same or looks like it"),
        (["add", "a b"], PASSWORD, "A nick cannot contain a space."),
        (["add", "bob"], b"short\n", "The password is too short or too long."),
        (["rename", "ada", "\u0430da2"], b"", ""),
        (["rename", "bob", "eve"], b"", "there is no account bob; chatd-admin accounts list lists them"),
        (["disable", "bob"], b"", "there is no account bob; chatd-admin accounts list lists them"),
        (["reset-password", "ada"], b"", "The password is too short or too long."),
    ],
)
def test_what_cannot_be_done_changes_nothing(accounts: Path, arguments: list[str], given: bytes, why: str) -> None:
    before = stored(accounts)
    done = admin(accounts, "accounts", *arguments, given=given)
    if why:
        assert done.status == 1
        assert why in done.err
        assert stored(accounts) == before
    else:
        assert done.status == 0


def test_a_running_server_is_not_changed(accounts: Path) -> None:
    store = PumpedStore(accounts)
    assert "stop it first" in admin(accounts, "accounts", "disable", "ada").err
    store.close()


def test_a_renamed_account_keeps_everything_but_its_nick(accounts: Path) -> None:
    assert admin(accounts, "accounts", "rename", "ADA", "lovelace").line == "Ada is called lovelace now"
    assert (stored(accounts)["lovelace"].id, stored(accounts)["lovelace"].password) == (1, "hash")
    assert credentials(accounts) == [SECRET, KEY]


def test_an_account_owns_its_new_nick_from_the_renaming_on(accounts: Path) -> None:
    made = stored(accounts)["Ada"].made
    admin(accounts, "accounts", "rename", "ada", "ADA")
    assert stored(accounts)["ADA"].made == made
    admin(accounts, "accounts", "rename", "ada", "lovelace")
    assert stored(accounts)["lovelace"].made > made


def test_the_nick_of_a_renamed_account_stays_taken_until_it_is_given_back(accounts: Path) -> None:
    admin(accounts, "accounts", "rename", "ada", "lovelace")
    kept = stored(accounts)["Ada"]
    assert (kept.id, kept.password, kept.is_disabled) == (2, "", True)
    admin(accounts, "accounts", "rename", "lovelace", "ada")
    assert stored(accounts)["ada"].id == 1
    admin(accounts, "accounts", "rename", "ada", "ADA")
    assert sorted(stored(accounts)) == ["ADA", "lovelace"]


def test_a_disabled_account_loses_its_sessions_and_can_be_enabled(accounts: Path) -> None:
    assert admin(accounts, "accounts", "disable", "ada").line == "Ada cannot log in any more"
    assert stored(accounts)["Ada"].is_disabled
    assert credentials(accounts) == [KEY]
    assert admin(accounts, "accounts", "enable", "ada").line == "Ada can log in"
    assert not stored(accounts)["Ada"].is_disabled


def test_a_new_password_ends_the_sessions(accounts: Path) -> None:
    assert admin(accounts, "accounts", "reset-password", "ada", given=b"tr0mbone staple\r\n").line == "Ada has a new password"
    assert is_password(stored(accounts)["Ada"].password, "tr0mbone staple")
    assert credentials(accounts) == [KEY]


@pytest.mark.parametrize(("again", "status"), [("tr0mbone staple", 0), ("tr0mbone stable", 1)])
def test_on_a_terminal_the_password_is_asked_for_twice(
    accounts: Path, again: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["tr0mbone staple", again])
    monkeypatch.setattr("chatd.admin.accounts._is_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert admin(accounts, "accounts", "reset-password", "ada").status == status
    assert (stored(accounts)["Ada"].password == "hash") is bool(status)


def test_a_removed_account_is_gone_and_its_nick_stays_taken(accounts: Path) -> None:
    assert admin(accounts, "accounts", "remove", "ADA").line == "Ada has no account any more, and nobody can register this nick"
    assert (stored(accounts)["Ada"].password, stored(accounts)["Ada"].is_disabled) == ("", True)
    assert credentials(accounts) == []
    assert admin(accounts, "accounts", "add", "ada", given=PASSWORD).status == 0
    assert is_password(stored(accounts)["ada"].password, "correct horse battery")


def test_only_the_nick_of_an_account_that_is_gone_is_released(accounts: Path) -> None:
    assert "Ada has an account: remove or rename it first" in admin(accounts, "accounts", "release", "ada").err
    admin(accounts, "accounts", "remove", "ada")
    assert admin(accounts, "accounts", "release", "ada").status == 0
    assert stored(accounts) == {}


def test_an_account_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    assert admin(tmp_path / "new", "accounts", "add", "ada", given=PASSWORD).status == 0
    assert list(stored(tmp_path / "new")) == ["ada"]


def test_an_invitation_is_printed_and_only_its_hash_is_kept(accounts: Path) -> None:
    code = admin(accounts, "accounts", "invite").line
    [invitation] = [credential for credential in credentials(accounts) if credential.kind is Kind.INVITE]
    assert (invitation.account, invitation.value) == (0, hash_of(code))
    store = PumpedStore(accounts)
    assert Accounts(store).find_invitation(code) == invitation
    store.close()


# -- Inboxes ---------------------------------------------------------------------------------------


def with_inbox(folder: Path, *nicks: str) -> None:
    """Put a private message into the inboxes of these people, as a server does."""
    store = PumpedStore(folder)
    for nick in nicks:
        key = inbox_key(nick)
        draft = Private("@", DRAFT, NOON, "bob", "seat", f"psst {nick}", guest=True)
        store.log(Name("@", key, key)).append(draft, lambda outcome: None)
    store.drain()
    assert [event.nick for event in store.find_messages("psst")] == ["bob"] * len(nicks)
    store.close()


def inboxes(folder: Path) -> list[str]:
    lines = admin(folder, "rooms").out.decode().splitlines()
    return [line for line in lines if line.startswith("@")]


def test_an_inbox_is_listed_and_exported(accounts: Path) -> None:
    with_inbox(accounts, "ada")
    assert inboxes(accounts) == ["@ada 1 1"]
    assert admin(accounts, "export", "@ADA").line == "2026-11-23 12:00:00 [bob] psst ada"
    assert admin(accounts, "export", "@ada", "--json").line == (
        '{"type":"private","room":"@","seq":1,"time":"2026-11-23T12:00:00.000Z","nick":"bob","text":"psst ada","guest":true}'
    )
    assert (
        admin(accounts, "export", "@eve").line
        == "chatd-admin: there is no inbox @eve; chatd-admin rooms lists the rooms and inboxes"
    )
    assert admin(accounts, "remove", "@ada").out.decode().startswith("@ada: deleted 1 event (1) and the inbox\n")
    assert inboxes(accounts) == []


def test_an_inbox_goes_where_its_account_goes(accounts: Path) -> None:
    with_inbox(accounts, "ada", "zoe")  # That of zoe is left of somebody who had an account.
    admin(accounts, "accounts", "rename", "ada", "ADA")
    assert inboxes(accounts) == ["@ada 1 1", "@zoe 1 1"]
    admin(accounts, "accounts", "rename", "ada", "zoe")
    assert inboxes(accounts) == ["@zoe 1 1"]
    assert b"psst ada" in admin(accounts, "export", "@zoe").out
    admin(accounts, "accounts", "remove", "zoe")
    assert inboxes(accounts) == []
    store = PumpedStore(accounts)
    assert store.find_messages("psst") == []
    store.close()
