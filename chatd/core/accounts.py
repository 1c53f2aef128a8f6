"""The accounts of the server. All of them are in memory; a change counts when it is stored."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from chatd.core.account import Account, AlertWords, Change, Credential, Dropped, IgnoredNicks, Kind, Mark
from chatd.core.driver import Later
from chatd.core.errors import NickTaken, NotDelivered, TooMany, WrongPassword
from chatd.core.identity import network_of
from chatd.core.limits import ACCOUNTS, ACCOUNTS_PER_ADDRESS, CREDENTIALS, MARKS
from chatd.core.log import LogStore
from chatd.core.names import INBOX, Name

SECRET_BYTES: Final = 32
"""The random bytes of a session secret and of an invitation, which nobody can guess: 256 bits."""


class Accounts:
    """All accounts, with their credentials; ``store`` has them on the disk."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._by_key: dict[str, Account] = {}
        self._by_skeleton: dict[str, Account] = {}
        self._by_id: dict[int, Account] = {}
        self._credentials: dict[int, dict[int, Credential]] = {}
        """The credentials of each account, by the ids of both."""
        self._by_value: dict[tuple[Kind, str], Credential] = {}
        self._marks: dict[int, dict[str, int]] = {}
        """What the owner of each account has received, by room."""
        self._ignored: dict[int, tuple[str, ...]] = {}
        """The nicks that the owner of each account ignores."""
        self._alerts: dict[int, tuple[str, ...]] = {}
        """The words that the owner of each account wants to be alerted to."""
        self._made: Counter[str] = Counter()
        """How many accounts each address has made since the start."""
        self._last_credential = 0
        for change in store.accounts:
            self._apply(change)
        self._last_account = max(self._by_id, default=0)

    def __len__(self) -> int:
        return len(self._by_id)

    # -- Looking up

    def get(self, key: str) -> Account | None:
        """The account whose nick has this ``key``, if there is one."""
        return self._by_key.get(key)

    def owner(self, name: Name) -> Account | None:
        """The account that owns the nick ``name``, or one that looks the same."""
        return self._by_key.get(name.key) or self._by_skeleton.get(name.skeleton)

    def credentials(self, account: Account, kind: Kind) -> Sequence[Credential]:
        """The credentials of ``account`` that are of this ``kind``, oldest first."""
        return [credential for credential in self._credentials.get(account.id, {}).values() if credential.kind is kind]

    def find_secret(self, kind: Kind, secret: str) -> tuple[Account, Credential] | None:
        """The credential of this ``kind`` that was given out as ``secret``, and its account.

        It is looked up by a hash, so how long that takes tells nothing about other secrets.
        """
        credential = self._by_value.get((kind, hash_of(secret)))
        return None if credential is None else (self._by_id[credential.account], credential)

    def find_key(self, value: str) -> tuple[Account, Credential] | None:
        """The key ``value`` as a credential, and its account, if it belongs to one."""
        credential = self._by_value.get((Kind.KEY, value))
        return None if credential is None else (self._by_id[credential.account], credential)

    def find_invitation(self, code: str) -> Credential | None:
        """The invitation that was given out as ``code``, if it is not used yet."""
        return self._by_value.get((Kind.INVITE, hash_of(code)))

    def maker(self, credential: Credential) -> Account | None:
        """The account that ``credential`` belongs to; None: it is the operator's own, who has made
        it with ``chatd-admin``."""
        return self._by_id.get(credential.account)

    def mark(self, account: Account, room: str) -> int:
        """The last event of ``room`` that the owner of ``account`` has received; 0: none."""
        return self._marks.get(account.id, {}).get(room, 0)

    def read_talks(self, account: Account) -> Mapping[str, int]:
        """What the owner of ``account`` has read of their private talks."""
        return {room: seq for room, seq in self._marks.get(account.id, {}).items() if room.startswith(INBOX) and room != INBOX}

    # -- Changing

    async def add(self, name: Name, password: str, made: int, address: str = "", invitation: Credential | None = None) -> Account:
        """Make an account with the nick ``name`` and the hash ``password``, for somebody at
        ``address``, and use up their ``invitation``. The nick is owned at once, but the account
        exists when this returns.

        Raises NickTaken, TooMany, WrongPassword if the invitation is used, and NotDelivered.
        """
        network = network_of(address)
        if self.owner(name) is not None:
            raise NickTaken(f"{name.text}, or a nick that looks like it, is registered already.", "Choose another nick.")
        if len(self) >= ACCOUNTS:
            raise TooMany(f"The server already has {ACCOUNTS} accounts.", "You can stay without one.")
        if network and self._made[network] >= ACCOUNTS_PER_ADDRESS:
            raise TooMany(f"Your address has already made {ACCOUNTS_PER_ADDRESS} accounts.", "Use one of them: /login NICK.")
        if invitation is not None and (invitation.kind, invitation.value) not in self._by_value:
            raise WrongPassword("Somebody has used this invitation already.", "Ask for another one.")
        self._last_account += 1
        account = Account(self._last_account, name, made, password)
        used = [Dropped(invitation.id, invitation.account)] if invitation else []
        changes: list[Change] = [account, *used]
        for change in changes:
            self._apply(change)
        self._made[network] += 1
        try:
            await self._stored(*changes)
        except NotDelivered:
            self._remove(account)
            self._made[network] -= 1
            if invitation is not None:
                self._apply(invitation)
            raise
        return account

    async def set_password(self, account: Account, password: str) -> None:
        """Give ``account`` the password with this hash. Raises NotDelivered."""
        await self._change(replace(self._by_id[account.id], password=password))

    async def add_secret(self, account: Account, kind: Kind, label: str, now: int) -> tuple[str, Credential]:
        """Make a secret of this ``kind`` for ``account``; only its hash is kept. The credentials of
        the kind that were used longest ago make room for it. Raises NotDelivered."""
        secret = new_code()
        oldest = sorted(self.credentials(account, kind), key=lambda credential: credential.used)
        excess = oldest[: max(0, len(oldest) + 1 - CREDENTIALS)]
        credential = Credential(self.next_number(), account.id, kind, hash_of(secret), label, now, now)
        await self._change(credential, *(Dropped(old.id, old.account) for old in excess))
        return secret, credential

    async def add_key(self, account: Account, value: str, label: str, now: int) -> Credential:
        """Add the key ``value`` to ``account``. Raises TooMany, NickTaken and NotDelivered."""
        if len(self.credentials(account, Kind.KEY)) >= CREDENTIALS:
            raise TooMany(f"You already have {CREDENTIALS} keys.", "/keys remove N removes one.")
        if (Kind.KEY, value) in self._by_value:
            raise NickTaken("This key belongs to an account already.", "Each account needs a key of its own.")
        credential = Credential(self.next_number(), account.id, Kind.KEY, value, label, now, now)
        await self._change(credential)
        return credential

    async def drop(self, *credentials: Credential) -> None:
        """Make ``credentials`` invalid: at once, and when this returns also after a restart. Raises
        NotDelivered; they are then invalid until the next start."""
        dropped = [Dropped(credential.id, credential.account) for credential in credentials]
        for change in dropped:
            self._apply(change)
        if dropped:
            await self._stored(*dropped)

    def note_use(self, credential: Credential, now: int) -> None:
        """``credential`` was used at ``now``. Nobody waits for this to be stored."""
        self._note(replace(credential, used=now))

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Note what people have received. Nobody waits for this to be stored."""
        changes: list[Change] = [*marks]
        for mark in marks:
            self._apply(mark)
            own = self._marks[mark.account]
            if len(own) > MARKS:
                oldest = next(room for room in own if room != INBOX)
                del own[oldest]
                changes.append(Mark(mark.account, oldest, 0))
        self._store.change_accounts(changes, lambda failure: None)

    def ignored(self, account: Account) -> tuple[str, ...]:
        """The nicks that the owner of ``account`` ignores."""
        return self._ignored.get(account.id, ())

    def set_ignored(self, account: Account, nicks: tuple[str, ...]) -> None:
        """Note that the owner of ``account`` ignores ``nicks``."""
        self._note(IgnoredNicks(account.id, nicks))

    def alerts(self, account: Account) -> tuple[str, ...]:
        """The words that the owner of ``account`` wants to be alerted to."""
        return self._alerts.get(account.id, ())

    def set_alerts(self, account: Account, words: tuple[str, ...]) -> None:
        """Note that the owner of ``account`` wants to be alerted to ``words``."""
        self._note(AlertWords(account.id, words))

    def next_number(self) -> int:
        """A number for a credential that no other one has."""
        self._last_credential += 1
        return self._last_credential

    def _note(self, change: Change) -> None:
        """Make ``change`` at once; nobody waits for it to be stored."""
        self._apply(change)
        self._store.change_accounts([change], lambda failure: None)

    async def _change(self, *changes: Change) -> None:
        await self._stored(*changes)
        for change in changes:
            self._apply(change)

    async def _stored(self, *changes: Change) -> None:
        failure: NotDelivered | None = await Later(self._store.change_accounts, changes)
        if failure is not None:
            raise failure

    def _apply(self, change: Change) -> None:
        match change:
            case Account():
                self._by_key[change.name.key] = self._by_skeleton[change.name.skeleton] = self._by_id[change.id] = change
            case Credential():
                self._last_credential = max(self._last_credential, change.id)
                self._credentials.setdefault(change.account, {})[change.id] = change
                self._by_value[change.kind, change.value] = change
            case IgnoredNicks():
                self._ignored[change.account] = change.nicks
            case AlertWords():
                self._alerts[change.account] = change.words
            case Mark():
                marks = self._marks.setdefault(change.account, {})
                marks.pop(change.room, None)  # The one that was set last is at the end.
                marks[change.room] = change.seq
            case _:  # pragma: no branch
                credential = self._credentials.get(change.account, {}).pop(change.id, None)
                if credential is not None:
                    del self._by_value[credential.kind, credential.value]

    def _remove(self, account: Account) -> None:
        del self._by_key[account.name.key], self._by_skeleton[account.name.skeleton], self._by_id[account.id]


def new_code() -> str:
    """A secret that nobody can guess."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """What is kept of ``secret``."""
    return sha256(secret.encode()).hexdigest()
