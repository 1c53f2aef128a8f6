"""The sessions of an account: listing and ending them."""

from __future__ import annotations

import pytest

from chatd.core.answers import Answer, Done, Entered, Refused, SessionLine, SessionList, Welcome
from chatd.core.commands import Command, Hello, Logout, Password, Ping, Register, Say, Sessions
from chatd.core.events import Joined, Left, Reason
from chatd.core.registry import Registry
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry

PASSWORD, OTHER = "correct horse battery", "tr0mbone staple"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def registry(clock: StandingClock) -> Registry:
    registry = new_registry(now=clock)
    ada = arrive(registry, "ada")
    ada.ask(Register(password=PASSWORD))
    ada.lose_link()
    return registry


def owner(registry: Registry, door: str = "json", remember: bool = False) -> tuple[Visitor, str]:
    """A session of ada through ``door``, and its secret."""
    visitor = Visitor(registry, door=door)
    welcome = visitor.ask(Hello("ada", password=PASSWORD, remember=remember))[0]
    assert isinstance(welcome, Welcome)
    return visitor, welcome.secret


def listed(visitor: Visitor, end: int = 0) -> tuple[SessionLine, ...]:
    [answer] = [news for news in visitor.ask(Sessions(end)) if isinstance(news, SessionList)]
    return answer.sessions


def code(visitor: Visitor, command: Command) -> str:
    [refused] = [news for news in visitor.ask(command) if isinstance(news, Answer)]
    assert isinstance(refused, Refused)
    return refused.code


def test_the_sessions_that_are_here_and_those_that_can_come_back(registry: Registry, clock: StandingClock) -> None:
    phone, _ = owner(registry, "web", remember=True)
    phone.lose_link()
    clock.advance(60)
    desk, _ = owner(registry, "text")
    laptop, secret = owner(registry, "json", remember=True)
    tab = Visitor(registry, door="web")
    tab.ask(Hello("ada", secret=secret))
    clock.advance(60)
    desk.ask(Say("hi"))
    assert listed(desk) == (
        SessionLine(1, "web", NOON, NOON, remembered=True),
        SessionLine(2, "web", NOON + 60_000, NOON + 60_000, connected=True, remembered=True),
        SessionLine(3, "text", NOON + 60_000, NOON + 120_000, connected=True, current=True),
    )
    assert [line.number for line in listed(tab) if line.current] == [2]
    assert laptop.session.credential is not None


def test_a_session_that_is_ended_is_gone_with_its_secret(registry: Registry) -> None:
    bob, (desk, _), (phone, secret) = arrive(registry, "bob"), owner(registry), owner(registry, remember=True)
    numbers = {line.remembered: line.number for line in listed(desk)}
    assert [line.remembered for line in listed(desk, numbers[True])] == [False]
    assert phone.out.closed is Reason.ENDED
    assert code(Visitor(registry), Hello("ada", secret=secret)) == "wrong-password"
    assert not any(isinstance(news, Left) for news in bob.take())
    assert code(desk, Sessions(numbers[True])) == "bad-usage"
    assert code(desk, Sessions(numbers[False])) == "bad-usage"
    assert desk.out.closed is None


def test_ending_one_without_a_secret(registry: Registry) -> None:
    (desk, _), (phone, _) = owner(registry), owner(registry)
    [number] = [line.number for line in listed(desk) if not line.current]
    listed(desk, number)
    assert phone.out.closed is Reason.ENDED


def test_a_new_password_ends_all_other_sessions(registry: Registry) -> None:
    (desk, own), (phone, secret) = owner(registry, remember=True), owner(registry, remember=True)
    gone, gone_secret = owner(registry, remember=True)
    gone.lose_link()
    assert code(desk, Password()) == "password-needed"
    assert code(desk, Password(PASSWORD)) == "password-needed"
    assert code(desk, Password("wrong", OTHER)) == "wrong-password"
    assert code(desk, Password(PASSWORD, "short")) == "bad-usage"
    assert Done("password") in desk.ask(Password(PASSWORD, OTHER))
    assert phone.out.closed is Reason.ENDED
    for old in (secret, gone_secret):
        assert code(Visitor(registry), Hello("ada", secret=old)) == "wrong-password"
    assert code(Visitor(registry), Hello("ada", password=PASSWORD)) == "wrong-password"
    for hello in (Hello("ada", password=OTHER), Hello("ada", secret=own)):
        assert any(isinstance(news, Entered) for news in Visitor(registry).ask(hello))


def test_a_new_password_without_a_secret_drops_all_secrets(registry: Registry) -> None:
    (desk, _), (_, secret) = owner(registry), owner(registry, remember=True)
    desk.ask(Password(PASSWORD, OTHER))
    assert code(Visitor(registry), Hello("ada", secret=secret)) == "wrong-password"
    assert len(listed(desk)) == 1


def test_guests_have_none_of_this(registry: Registry) -> None:
    bob = arrive(registry, "bob")
    for command in (Sessions(), Sessions(1), Password(PASSWORD, OTHER), Logout()):
        assert code(bob, command) == "bad-usage"
    assert not any(isinstance(news, Joined) for news in bob.ask(Ping()))
