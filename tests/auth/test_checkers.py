"""The checkers: accounts first, then what an operator plugs in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.cred.checkers import FilePasswordDB, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from chatd.auth.checkers import AccountChecker, Attempt, Checkers, TooBusy
from chatd.auth.hashing import hashed
from chatd.auth.threads import FairQueue
from chatd.core.log import Asker

ASKER = Asker("192.0.2.1", lambda: True)
NOBODY = Asker("192.0.2.1", lambda: False)
HASHES = {"ada": hashed("of ada")}


def at_once(job: Any, on_result: Callable[[Any], None]) -> None:
    on_result(job.work())


def attempt(nick: str, password: str, asker: Asker = ASKER) -> Attempt:
    return Attempt(nick.encode(), password.encode(), asker)


def outcome(checked: Deferred[Any]) -> Any:
    """The result of ``checked``, or the type of its failure."""
    outcomes: list[Any] = []
    checked.addCallbacks(outcomes.append, lambda failure: outcomes.append(failure.type))
    return outcomes[0]


@pytest.fixture
def accounts() -> AccountChecker:
    return AccountChecker(lambda nick: HASHES.get(nick, ""), FairQueue(at_once))


def test_an_attempt_is_what_twisted_expects_and_shows_no_password() -> None:
    one = attempt("ada", "hunter2")
    assert verifyObject(IUsernamePassword, one)
    assert one.checkPassword(b"hunter2")
    assert not one.checkPassword(b"hunter3")
    assert "hunter2" not in repr(one)


@pytest.mark.parametrize(
    ("nick", "password", "asker", "expected"),
    [
        ("ada", "of ada", ASKER, b"ada"),
        ("ada", "of bob", ASKER, UnauthorizedLogin),
        ("bob", "of ada", ASKER, UnauthorizedLogin),
        ("ada", "of ada", NOBODY, TooBusy),
    ],
)
def test_the_passwords_of_accounts(accounts: AccountChecker, nick: str, password: str, asker: Asker, expected: Any) -> None:
    assert outcome(accounts.requestAvatarId(attempt(nick, password, asker))) == expected


def test_the_next_checker_is_asked_if_one_does_not_know(accounts: AccountChecker, tmp_path: Any) -> None:
    memory = InMemoryUsernamePasswordDatabaseDontUse(bob=b"of bob")
    (tmp_path / "passwords").write_text("eve:of eve\n")
    checkers = Checkers([accounts, memory, FilePasswordDB(str(tmp_path / "passwords"))])
    for nick in ("ada", "bob", "eve"):
        assert outcome(checkers.requestAvatarId(attempt(nick, f"of {nick}"))) == nick.encode()
        assert outcome(checkers.requestAvatarId(attempt(nick, "wrong"))) is UnauthorizedLogin
    assert outcome(checkers.requestAvatarId(attempt("bob", "of bob", NOBODY))) is TooBusy
