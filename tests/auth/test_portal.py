"""The authenticator that asks a portal."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher
from zope.interface.verify import verifyObject

from chatd.auth.hashing import hashed
from chatd.auth.portal import PortalAuthenticator, Realm
from chatd.auth.threads import FairQueue
from chatd.core.driver import drive
from chatd.core.log import Asker
from chatd.core.names import parse_nick
from chatd.testing import NOON, new_registry
from tests.auth.test_checkers import ASKER, NOBODY, at_once


def new_authenticator(clock: Clock, *others: Any) -> PortalAuthenticator:
    """An authenticator with the account of Ada."""
    accounts = new_registry().accounts
    drive(accounts.add(parse_nick("Ada"), hashed("of ada"), NOON), lambda account: None)
    return PortalAuthenticator(accounts, FairQueue(at_once), clock, others)


def check(authenticator: PortalAuthenticator, nick: str, password: str, asker: Asker = ASKER) -> bool | None:
    results: list[bool | None] = []
    authenticator.check(nick, password, asker, results.append)
    return results[0]


def test_the_owner_of_an_account_is_known(clock: Clock) -> None:
    authenticator = new_authenticator(clock)
    assert not authenticator.knows_others
    assert check(authenticator, "ADA", "of ada") is True
    assert check(authenticator, "Ada", "of bob") is False
    assert check(authenticator, "bob", "of ada") is False
    assert check(authenticator, "Ada", "of ada", NOBODY) is None


def test_whom_the_operators_checker_knows_is_known(clock: Clock) -> None:
    authenticator = new_authenticator(clock, InMemoryUsernamePasswordDatabaseDontUse(bob=b"of bob"))
    assert authenticator.knows_others
    assert check(authenticator, "bob", "of bob") is True
    assert check(authenticator, "Ada", "of ada") is True
    assert check(authenticator, "bob", "of ada") is False


class Broken:
    """A checker with a defect."""

    credentialInterfaces = InMemoryUsernamePasswordDatabaseDontUse.credentialInterfaces

    def requestAvatarId(self, credentials: Any) -> Any:
        raise ValueError(credentials.password)


def test_a_checker_that_fails_lets_nobody_in_and_its_log_has_no_password(clock: Clock) -> None:
    lines: list[LogEvent] = []
    globalLogPublisher.addObserver(lines.append)  # type: ignore[arg-type]
    authenticator = new_authenticator(clock, Broken())
    assert check(authenticator, "bob", "hunter2") is False
    globalLogPublisher.removeObserver(lines.append)  # type: ignore[arg-type]
    assert "hunter2" not in str(lines)
    assert len(lines) == 1


def test_a_password_is_hashed_and_a_wait_ends(clock: Clock) -> None:
    authenticator, done = new_authenticator(clock), list[Any]()
    authenticator.hash("of bob", ASKER, done.append)
    assert done[0].startswith("$argon2id$")
    authenticator.wait(2.0, lambda: done.append("waited"))
    clock.advance(1.9)
    assert len(done) == 1
    clock.advance(0.2)
    assert done[1] == "waited"


@pytest.mark.parametrize("realm", [Realm()])
def test_the_realm_is_what_twisted_expects(realm: Realm) -> None:
    assert verifyObject(IRealm, realm)
