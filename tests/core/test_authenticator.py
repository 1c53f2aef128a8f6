"""Where nothing can check a password, nobody can log in or register."""

from __future__ import annotations

from chatd.core.answers import Refused
from chatd.core.authenticator import NoAuthenticator
from chatd.core.commands import Hello, Register
from chatd.testing import Visitor, new_registry


def test_without_an_authenticator_nobody_can_log_in_or_register() -> None:
    registry = new_registry()
    registry.authenticator = NoAuthenticator()
    visitor = Visitor(registry)
    [refused] = visitor.ask(Hello("ada", password="correct horse battery"))
    assert isinstance(refused, Refused)
    assert refused.code == "too-many"
    visitor.ask(Hello("ada"))
    [refused] = visitor.ask(Register(password="correct horse battery"))
    assert isinstance(refused, Refused)
    assert refused.code == "too-many"


def test_it_does_not_wait() -> None:
    called: list[bool] = []
    NoAuthenticator().wait(30, lambda: called.append(True))
    assert called
