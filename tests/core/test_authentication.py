"""Proving that one owns an account: what is refused, what a failure costs, and what is secure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatd.core.account import Kind
from chatd.core.answers import Answer, Entered, Refused, Welcome
from chatd.core.commands import Hello, Login, Register
from chatd.core.driver import drive
from chatd.core.events import BanSet, Event
from chatd.core.limits import FAILED_LOGIN_LINES, LOCAL_GUESS_MS, LOCAL_GUESSES, LOCAL_GUESSES_WAITING, LOGIN_LINES
from chatd.core.names import parse_nick
from chatd.core.registry import Registry, Settings
from chatd.core.rooms import SERVER
from chatd.testing import NOON, InstantAuthenticator, Visitor, new_registry
from tests.core.late import LateStore

PASSWORD = "correct horse battery"


def add_account(registry: Registry, nick: str = "Ada") -> None:
    drive(registry.accounts.add(parse_nick(nick), f"hash of {PASSWORD}", NOON), lambda account: None)


@pytest.fixture
def registry() -> Registry:
    registry = new_registry()
    add_account(registry)
    return registry


def code(news: list[Event | Answer]) -> str:
    """The code of the only answer, a refusal."""
    [refused] = news
    assert isinstance(refused, Refused)
    return refused.code


def waits(registry: Registry) -> list[float]:
    assert isinstance(registry.authenticator, InstantAuthenticator)
    return registry.authenticator.waits


def test_the_owner_logs_in_with_the_password(registry: Registry) -> None:
    ada = Visitor(registry)
    welcome, entered = ada.ask(Hello("ada", password=PASSWORD))
    assert isinstance(welcome, Welcome)
    assert (welcome.nick, welcome.secret) == ("Ada", "")
    assert isinstance(entered, Entered)
    assert ada.session.person is not None
    assert ada.session.person.account == "ada"
    assert ada.out.spent >= LOGIN_LINES
    assert waits(registry) == []


@pytest.mark.parametrize(
    ("hello", "expected"),
    [
        (Hello("ada"), "password-needed"),
        (Hello("\u0430da"), "nick-taken"),
        (Hello("ada", password="wrong"), "wrong-password"),
        (Hello("ada", password="x" * 129), "wrong-password"),
        (Hello("eve", password=PASSWORD), "wrong-password"),
        (Hello("\u0430da", password=PASSWORD), "wrong-password"),
        (Hello("ada", secret="made up"), "wrong-password"),
    ],
)
def test_nobody_else_is_let_in(registry: Registry, hello: Hello, expected: str) -> None:
    visitor = Visitor(registry)
    assert code(visitor.ask(hello)) == expected
    assert visitor.session.person is None


def test_a_failure_costs_the_address_and_makes_the_connection_wait(registry: Registry) -> None:
    visitor = Visitor(registry)
    for _ in range(7):
        visitor.ask(Hello("ada", password="wrong"))
    assert waits(registry) == [1, 2, 4, 8, 16, 30, 30]
    assert visitor.out.spent == 7 * (LOGIN_LINES + FAILED_LOGIN_LINES)
    visitor.ask(Hello("ada", password=PASSWORD))
    assert visitor.session.person is not None
    assert visitor.session.failed_logins == 0
    Visitor(registry).ask(Hello("ada", password="wrong"))
    assert waits(registry)[7:] == [1]


def test_callers_at_a_unix_socket_guess_as_slowly_as_an_address(registry: Registry) -> None:
    def knock(hello: Hello) -> list[Event | Answer]:
        return Visitor(registry, address="this machine").ask(hello)

    for _ in range(LOCAL_GUESSES):
        assert code(knock(Hello("ada", password="guess"))) == "wrong-password"
    assert waits(registry) == [1.0] * LOCAL_GUESSES, "each connection waits after its failure"
    waits(registry).clear()
    assert isinstance(knock(Hello("ada", password=PASSWORD))[0], Welcome)
    assert waits(registry) == [LOCAL_GUESS_MS / 1000]
    waits(registry).clear()
    assert code(knock(Hello("carol", password="guess"))) == "wrong-password"
    assert waits(registry) == [LOCAL_GUESS_MS / 1000, 1.0], "the turn of who was right was given back"
    for _ in range(LOCAL_GUESSES_WAITING - 1):
        knock(Hello("ada", password="guess"))
    assert code(knock(Hello("ada", password="guess"))) == "too-many"
    assert isinstance(Visitor(registry).ask(Hello("ada", password=PASSWORD))[0], Welcome), "elsewhere nobody waits"


def test_the_password_of_the_server_is_guessed_as_slowly() -> None:
    registry = new_registry(Settings(server_password="open sesame"))
    for guess in ["guess"] * LOCAL_GUESSES + ["open sesame"] * 2:
        Visitor(registry, address="this machine").ask(Hello("bob", server_password=guess))
    assert waits(registry) == [1.0] * LOCAL_GUESSES + [LOCAL_GUESS_MS / 1000] * 2


def test_a_disabled_account_is_refused_only_to_its_owner(registry: Registry) -> None:
    ada = registry.accounts.get("ada")
    assert ada is not None
    registry.accounts._apply(replace(ada, is_disabled=True))
    visitor = Visitor(registry)
    assert code(visitor.ask(Hello("ada", password="wrong"))) == "wrong-password"
    assert code(visitor.ask(Hello("ada", password=PASSWORD))) == "not-allowed"
    assert code(visitor.ask(Hello("ada"))) == "password-needed"


@pytest.mark.parametrize("clear_passwords", [False, True])
def test_a_password_is_refused_where_others_can_read_it(clear_passwords: bool) -> None:
    registry = new_registry(Settings(clear_passwords=clear_passwords))
    add_account(registry)
    visitor = Visitor(registry, is_secure=False)
    for hello in (Hello("ada", password=PASSWORD), Hello("ada", secret="secret")):
        codes = [news.code for news in Visitor(registry, is_secure=False).ask(hello) if isinstance(news, Refused)]
        assert ("not-secure" in codes) is not clear_passwords
    visitor.ask(Hello("bob"))
    codes = [getattr(visitor.ask(command)[0], "code", "") for command in (Login("ada"), Register(), Register(password=PASSWORD))]
    assert codes == (["password-needed", "password-needed", ""] if clear_passwords else ["not-secure"] * 3)


@pytest.mark.parametrize("password", ["short", "x" * 129, "aaaaaaaaaaaa", "abcabcabcabc", "verylongnick", "VeryLongNick99"])
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    visitor = Visitor(new_registry())
    visitor.ask(Hello("VeryLongNick"))
    assert code(visitor.ask(Register(password=password))) == "bad-usage"


def test_a_session_secret_logs_in_to_its_account_alone(registry: Registry) -> None:
    add_account(registry, "bob")
    first = Visitor(registry)
    welcome = first.ask(Hello("ada", password=PASSWORD, remember=True))[0]
    assert isinstance(welcome, Welcome)
    assert len(welcome.secret) == 43
    first.lose_link()
    assert code(Visitor(registry).ask(Hello("bob", secret=welcome.secret))) == "wrong-password"
    again = Visitor(registry)
    welcome_again = again.ask(Hello("ada", secret=welcome.secret, remember=True))[0]
    assert isinstance(welcome_again, Welcome)
    assert (welcome_again.nick, welcome_again.secret) == ("Ada", "")
    assert again.session.credential == first.session.credential


@pytest.mark.parametrize("remember", [False, True])
def test_a_connection_that_ends_meanwhile_becomes_nobody(remember: bool) -> None:
    store = LateStore()
    registry = new_registry(store=store)
    add_account(registry)
    store.answer()
    waiting: list[Any] = []
    authenticator = registry.authenticator
    assert isinstance(authenticator, InstantAuthenticator)
    authenticator.check = lambda nick, password, asker, on_checked: waiting.append((asker, on_checked))  # type: ignore[method-assign]
    visitor = Visitor(registry)
    visitor.ask(Hello("ada", password=PASSWORD, remember=remember))
    [(asker, on_checked)] = waiting
    assert asker.is_waiting()
    if remember:
        on_checked(True)  # The secret is being stored.
        visitor.lose_link()
    else:
        visitor.lose_link()
        assert not asker.is_waiting()
        on_checked(True)
    store.answer()
    assert visitor.session.person is None
    assert registry.directory.of_account("ada") is None
    assert visitor.out.reserved == 0


def test_who_finds_too_many_waiting_does_not_ask_again_at_once(registry: Registry) -> None:
    authenticator = registry.authenticator
    assert isinstance(authenticator, InstantAuthenticator)
    authenticator.check = lambda nick, password, asker, on_checked: on_checked(None)  # type: ignore[method-assign, assignment]
    authenticator.hash = lambda password, asker, on_hashed: on_hashed(None)  # type: ignore[method-assign, assignment]
    visitor = Visitor(registry)
    assert code(visitor.ask(Hello("ada", password=PASSWORD))) == "too-many"
    assert visitor.session.failed_logins == 0
    visitor.ask(Hello("bob"))
    assert code(visitor.ask(Register(password=PASSWORD))) == "too-many"
    assert waits(registry) == [1, 1]


def test_a_password_that_is_changed_while_it_is_checked_is_the_wrong_one(registry: Registry) -> None:
    waiting: list[Any] = []
    authenticator = registry.authenticator
    assert isinstance(authenticator, InstantAuthenticator)
    authenticator.check = lambda nick, password, asker, on_checked: waiting.append(on_checked)  # type: ignore[method-assign]
    visitor, account = Visitor(registry), registry.accounts.get("ada")
    assert account is not None
    visitor.ask(Hello("ada", password=PASSWORD))
    drive(registry.accounts.set_password(account, "hash of another"), lambda done: None)
    waiting[0](True)
    assert code(visitor.take()) == "wrong-password"


def test_no_secret_is_given_out_for_a_password_that_is_changed_meanwhile() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    add_account(registry)
    store.answer()
    visitor, account = Visitor(registry), registry.accounts.get("ada")
    assert account is not None
    drive(registry.accounts.set_password(account, "hash of another"), lambda done: None)  # It is being stored.
    visitor.ask(Hello("ada", password=PASSWORD, remember=True))
    store.answer()
    assert code(visitor.take()) == "wrong-password"
    assert registry.accounts.credentials(account, Kind.SECRET) == []


def test_whom_the_ban_of_a_guest_is_about_registers_nothing(registry: Registry) -> None:
    ban = BanSet("@server", 0, 0, "eve", "", "bob", hidden="network:192.0.2.7")
    registry.store.log(SERVER).append(ban, lambda outcome: None)
    stranger = Visitor(registry, "192.0.2.7")
    assert code(stranger.ask(Hello("carol", register=True, password=PASSWORD))) == "banned"
    assert registry.accounts.owner(parse_nick("carol")) is None
