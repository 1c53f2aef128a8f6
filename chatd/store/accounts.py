"""The accounts on the disk, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from sqlite3 import Connection

from chatd.core.account import Account, AlertWords, Change, Credential, Dropped, IgnoredNicks, Kind, Mark
from chatd.core.names import known_nick


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """Changes to store together. ``on_answer`` is called with None when they are stored, or with
    the error."""

    changes: Sequence[Change]
    on_answer: Callable[[Exception | None], object]


def store(connection: Connection, changes: Sequence[Change]) -> None:
    """Store ``changes`` in the transaction of ``connection``."""
    for change in changes:
        match change:
            case Account(id, name, made, password, is_disabled):
                row: tuple[int | str, ...] = (id, name.key, name.text, made, password, int(is_disabled))
                connection.execute("INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?)", row)
            case Credential(id, account, kind, value, label, made, used):
                row = (id, account, kind.value, value, label, made, used)
                connection.execute("INSERT OR REPLACE INTO credential VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            case Mark(account, room, 0):
                connection.execute("DELETE FROM mark WHERE account = ? AND room = ?", (account, room))
            case Mark(account, room, seq):
                connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (account, room, seq))
            case IgnoredNicks(account, nicks):
                connection.execute("DELETE FROM ignored WHERE account = ?", (account,))
                connection.executemany("INSERT INTO ignored VALUES (?, ?)", [(account, nick) for nick in nicks])
            case AlertWords(account, words):
                connection.execute("DELETE FROM alert WHERE account = ?", (account,))
                connection.executemany("INSERT INTO alert VALUES (?, ?, ?)", [(account, *pair) for pair in enumerate(words)])
            case Dropped(id):
                connection.execute("DELETE FROM credential WHERE id = ?", (id,))


def remove(connection: Connection, account: Account) -> None:
    """Delete ``account`` and what belongs to it, except for its inbox, in the transaction of
    ``connection``."""
    for table in ("credential", "mark", "ignored", "alert"):
        connection.execute(f"DELETE FROM {table} WHERE account = ?", (account.id,))
    connection.execute("DELETE FROM account WHERE id = ?", (account.id,))


def read(connection: Connection) -> Sequence[Change]:
    """All accounts, and then all credentials, oldest first, all marks, all ignored nicks and all
    words to be alerted to."""
    accounts: list[Change] = [
        Account(id, known_nick(name), made, password, bool(disabled))
        for id, name, made, password, disabled in connection.execute(
            "SELECT id, name, made, password, disabled FROM account ORDER BY id"
        )
    ]
    credentials = connection.execute("SELECT id, account, kind, value, label, made, used FROM credential ORDER BY id")
    marks = connection.execute("SELECT account, room, seq FROM mark")
    ignored = connection.execute("SELECT account, nick FROM ignored ORDER BY account, nick").fetchall()
    alerts = connection.execute("SELECT account, word FROM alert ORDER BY account, number").fetchall()
    return [
        *accounts,
        *(Credential(id, account, Kind(kind), *rest) for id, account, kind, *rest in credentials),
        *(Mark(*row) for row in marks),
        *(IgnoredNicks(account, tuple(nick for _, nick in rows)) for account, rows in groupby(ignored, itemgetter(0))),
        *(AlertWords(account, tuple(word for _, word in rows)) for account, rows in groupby(alerts, itemgetter(0))),
    ]
