"""The way in: the core's authenticator, which asks a portal of ``twisted.cred``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import Interface, implementer

from chatd.auth.checkers import AccountChecker, Attempt, Checkers, TooBusy
from chatd.auth.hashing import hashed
from chatd.auth.threads import FairQueue
from chatd.core.accounts import Accounts
from chatd.core.authenticator import OnChecked, OnHashed
from chatd.core.log import Asker
from chatd.core.names import fold

log = Logger()


class IOwner(Interface):
    """The owner of an account, as the portal knows them: only by the nick."""


@implementer(IRealm)
class Realm:
    """Everybody who has proved who they are is an owner; the core does the rest."""

    def requestAvatar(self, avatarId: Any, mind: object, *interfaces: Any) -> Any:
        """The nick of an owner."""
        assert IOwner in interfaces
        return IOwner, avatarId, lambda: None


class PortalAuthenticator:
    """Checks passwords of ``accounts``, and then with the ``others``, which are checkers of
    ``twisted.cred`` (``authenticator.Authenticator``)."""

    def __init__(self, accounts: Accounts, queue: FairQueue, clock: IReactorTime, others: Sequence[Any] = ()) -> None:
        self._accounts = accounts
        self._queue = queue
        self._clock = clock
        self.knows_others = bool(others)
        self._portal = Portal(Realm(), [Checkers([AccountChecker(self._find_hash, queue), *others])])

    def _find_hash(self, nick: str) -> str:
        account = self._accounts.get(fold(nick))
        return account.password if account else ""

    def check(self, nick: str, password: str, asker: Asker, on_checked: OnChecked) -> None:
        def on_failure(failure: Failure) -> None:
            if not failure.check(UnauthorizedLogin):
                log.error("--auth: a checker failed for {nick}: {type}", nick=nick, type=failure.type)
            on_checked(None if failure.check(TooBusy) else False)

        attempt = Attempt(nick.encode(), password.encode(), asker)
        checked: Deferred[Any] = self._portal.login(attempt, None, IOwner)
        checked.addCallbacks(lambda avatar: on_checked(True), on_failure)

    def hash(self, password: str, asker: Asker, on_hashed: OnHashed) -> None:
        self._queue.put(lambda: hashed(password), asker, on_hashed)

    def wait(self, seconds: float, then: Callable[[], object]) -> None:
        self._clock.callLater(seconds, then)
