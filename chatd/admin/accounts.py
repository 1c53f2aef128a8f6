"""``chatd-admin accounts``: lists, adds, renames, disables and deletes accounts, and sets
passwords.

A password is read from standard input or asked for, and is never an argument: a list of processes
shows those.
"""

from __future__ import annotations

import argparse
import getpass
import sqlite3
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from chatd.admin import data
from chatd.admin.deleting import remove_log
from chatd.auth.hashing import hashed
from chatd.core.account import Account, Change, Credential, Dropped, Kind
from chatd.core.accounts import hash_of, new_code
from chatd.core.names import Name, fold, inbox_key, parse_nick
from chatd.core.password import check_length, prepared
from chatd.core.text import safe_text
from chatd.store import accounts, database, queries
from chatd.store.database import UnusableError

OPERATOR: Final = 0
"""The account of what belongs to the operator; no account has this id."""


def show(folder: Path, options: argparse.Namespace) -> int:
    """List the accounts."""
    with data.open_to_read(folder) as connection:
        changes = accounts.read(connection)
    secrets = [change.account for change in changes if isinstance(change, Credential) and change.kind is Kind.SECRET]
    for account in sorted(_accounts(changes), key=lambda account: account.name.key):
        made = f"{datetime.fromtimestamp(account.made / 1000):%Y-%m-%d}"
        marks = [" disabled"] * account.is_disabled + [" no password"] * (not account.password)
        print(f"{account.name.text}  since {made}, {secrets.count(account.id)} remembered sessions{','.join(marks)}")
    return 0


def add(folder: Path, options: argparse.Namespace) -> int:
    """Add an account with a password."""
    name = parse_nick(options.nick)
    with data.locked(folder):
        database.prepare(folder / database.FILE_NAME)  # The server may not have started yet.
    with data.open_to_change(folder) as connection:
        known = _accounts(accounts.read(connection))
        _check_free(known, name.key, name.skeleton)
        password = _new_password(name.text)
        _store(connection, Account(_next_id(known), name, int(time.time() * 1000), password))
    print(f"{name.text} has an account now")
    return 0


def rename(folder: Path, options: argparse.Namespace) -> int:
    """Give an account another nick, with its inbox; nobody can register the old one, since what was
    given to it in rooms belongs to it still."""
    name = parse_nick(options.new)
    with data.open_to_change(folder) as connection:
        known = _accounts(accounts.read(connection))
        account = _find(known, options.nick)
        _check_free([other for other in known if other is not account], name.key, name.skeleton)
        changes: list[Change] = [replace(account, name=name)]
        if name.key != account.name.key:
            # What somebody else has said under the new nick is not theirs.
            changes = [replace(account, name=name, made=int(time.time() * 1000))]
            changes.append(_vacated(replace(account, id=_next_id(known))))
            _remove_inbox(connection, name)  # That of somebody whose account is gone.
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            accounts.store(connection, changes)
            keys = (inbox_key(name.key), inbox_key(account.name.key))
            connection.execute("UPDATE room SET key = ? WHERE key = ?", keys)
    print(f"{account.name.text} is called {name.text} now")
    return 0


def disable(folder: Path, options: argparse.Namespace) -> int:
    """Let nobody log in to an account any more; its nick stays taken, and its sessions end."""
    with data.open_to_change(folder) as connection:
        changes = accounts.read(connection)
        account = _find(_accounts(changes), options.nick)
        _store(connection, replace(account, is_disabled=True), *_secrets(changes, account))
    print(f"{account.name.text} cannot log in any more")
    return 0


def enable(folder: Path, options: argparse.Namespace) -> int:
    """Let the owner of a disabled account log in again."""
    with data.open_to_change(folder) as connection:
        account = _find(_accounts(accounts.read(connection)), options.nick)
        _store(connection, replace(account, is_disabled=False))
    print(f"{account.name.text} can log in")
    return 0


def reset_password(folder: Path, options: argparse.Namespace) -> int:
    """Give an account a new password, and make its session secrets invalid."""
    with data.open_to_change(folder) as connection:
        changes = accounts.read(connection)
        account = _find(_accounts(changes), options.nick)
        password = _new_password(account.name.text)
        _store(connection, replace(account, password=password), *_secrets(changes, account))
    print(f"{account.name.text} has a new password")
    return 0


def remove(folder: Path, options: argparse.Namespace) -> int:
    """Delete the password of an account, its inbox and everything else that belongs to it; nobody
    can register its nick, since what was given to it in rooms belongs to it still."""
    with data.open_to_change(folder) as connection:
        account = _find(_accounts(accounts.read(connection)), options.nick)
        _remove_inbox(connection, account.name)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            accounts.remove(connection, account)
            accounts.store(connection, [_vacated(account)])
    print(f"{account.name.text} has no account any more, and nobody can register this nick")
    return 0


def release(folder: Path, options: argparse.Namespace) -> int:
    """Let anybody register the nick of an account that was removed or renamed."""
    with data.open_to_change(folder) as connection:
        account = _find(_accounts(accounts.read(connection)), options.nick)
        if not _is_vacated(account):
            raise UnusableError(f"{account.name.text} has an account: remove or rename it first")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            accounts.remove(connection, account)
    print(f"anybody can register {account.name.text} now, and has the roles of this nick")
    return 0


def invite(folder: Path, options: argparse.Namespace) -> int:
    """Make an invitation, and print its code, which is good for one account."""
    with data.open_to_change(folder) as connection:
        used = [change.id for change in accounts.read(connection) if isinstance(change, Credential)]
        code, now = new_code(), int(time.time() * 1000)
        _store(connection, Credential(max(used, default=0) + 1, OPERATOR, Kind.INVITE, hash_of(code), "chatd-admin", now, now))
    print(code)
    return 0


def _remove_inbox(connection: sqlite3.Connection, name: Name) -> None:
    for row in queries.rooms(connection):
        if row.key == inbox_key(name.key):
            remove_log(connection, row)


def _accounts(changes: Sequence[Change]) -> list[Account]:
    return [change for change in changes if isinstance(change, Account)]


def _secrets(changes: Sequence[Change], account: Account) -> list[Change]:
    """What makes the session secrets of ``account`` invalid."""
    return [
        Dropped(change.id, account.id)
        for change in changes
        if isinstance(change, Credential) and change.account == account.id and change.kind is Kind.SECRET
    ]


def _find(known: Sequence[Account], nick: str) -> Account:
    for account in known:
        if account.name.key == fold(nick):
            return account
    raise UnusableError(f"there is no account {safe_text(nick)}; chatd-admin accounts list lists them")


def _next_id(known: Sequence[Account]) -> int:
    return max((account.id for account in known), default=0) + 1


def _vacated(account: Account) -> Account:
    """What keeps the nick of ``account`` from everybody after the account is gone."""
    return replace(account, password="", is_disabled=True)


def _is_vacated(account: Account) -> bool:
    return account.is_disabled and not account.password


def _check_free(known: Sequence[Account], key: str, skeleton: str) -> None:
    """Raise UnusableError if somebody has an account with this nick, or one that looks like it. The
    operator may give the nick of an account that is gone to another one."""
    for account in known:
        if account.name.key == key and _is_vacated(account):
            continue
        if account.name.key == key or account.name.skeleton == skeleton:
            raise UnusableError(f"there is an account {account.name.text}, which is the same or looks like it")


def _new_password(nick: str) -> str:
    """The hash of a new password for ``nick``: from a terminal, where it is asked for twice, or the
    first line of standard input. Raises BadUsage and UnusableError."""
    if _is_terminal():
        password = getpass.getpass(f"New password for {nick}: ")
        if getpass.getpass("Once more: ") != password:
            raise UnusableError("these are two different passwords; nothing has changed")
    else:
        password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    password = safe_text(password)
    check_length(password)
    return hashed(prepared(password))


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _store(connection: sqlite3.Connection, *changes: Change) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        accounts.store(connection, changes)
