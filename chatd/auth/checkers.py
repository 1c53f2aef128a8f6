"""Who may log in, as ``twisted.cred`` asks it: the owners of accounts, and whoever a checker knows
that the operator plugs in (``--auth``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Final

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, maybeDeferred
from zope.interface import implementer

from chatd.auth.hashing import is_password
from chatd.auth.threads import FairQueue
from chatd.core.log import Asker


class TooBusy(UnauthorizedLogin):
    """Too many passwords wait to be checked."""


@implementer(IUsernamePassword)
@dataclass(frozen=True, slots=True)
class Attempt:
    """A nick and a password, and who asks; UTF-8, as the checkers of Twisted expect."""

    username: bytes
    password: bytes = field(repr=False)
    asker: Asker

    def checkPassword(self, password: bytes) -> bool:
        """Whether ``password`` is this one; in constant time."""
        return compare_digest(self.password, password)


@implementer(ICredentialsChecker)
class AccountChecker:
    """Checks the passwords of accounts. ``find_hash`` returns the hash of an account's password by
    its nick, and an empty text where there is none: which takes as long."""

    credentialInterfaces: Final = (IUsernamePassword,)

    def __init__(self, find_hash: Callable[[str], str], queue: FairQueue) -> None:
        self._find_hash = find_hash
        self._queue = queue

    def requestAvatarId(self, credentials: Any) -> Deferred[Any]:
        """The nick, if the password is right. Fails with UnauthorizedLogin, or with TooBusy."""
        checked: Deferred[Any] = Deferred()
        hash, password = self._find_hash(credentials.username.decode()), credentials.password.decode()

        def on_result(is_right: bool | None) -> None:
            if is_right:
                checked.callback(credentials.username)
            else:
                checked.errback(TooBusy() if is_right is None else UnauthorizedLogin())

        self._queue.put(lambda: is_password(hash, password), credentials.asker, on_result)
        return checked


@implementer(ICredentialsChecker)
class Checkers:
    """Asks several checkers, one after another, until one of them knows the password."""

    credentialInterfaces: Final = (IUsernamePassword,)

    def __init__(self, checkers: Sequence[Any]) -> None:
        self._checkers = checkers

    def requestAvatarId(self, credentials: Any) -> Deferred[Any]:
        """The nick, if one of the checkers says so."""
        return Deferred.fromCoroutine(self._ask(credentials))

    async def _ask(self, credentials: Attempt) -> Any:
        for checker in self._checkers:
            try:
                return await maybeDeferred(checker.requestAvatarId, credentials)
            except TooBusy:
                raise
            except UnauthorizedLogin:
                continue
        raise UnauthorizedLogin
