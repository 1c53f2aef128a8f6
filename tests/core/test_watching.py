"""Watching people."""

from __future__ import annotations

import pytest

from chatd.core.answers import Refused, Seen, Watching
from chatd.core.commands import Hello, Nick, Quit, Watch
from chatd.core.limits import WATCHED_PER_SESSION
from chatd.core.registry import Registry
from chatd.testing import Visitor, new_registry


@pytest.fixture
def registry() -> Registry:
    return new_registry()


def named(registry: Registry, nick: str) -> Visitor:
    visitor = Visitor(registry)
    visitor.ask(Hello(nick))
    return visitor


def test_people_are_seen_coming_and_going(registry: Registry) -> None:
    ada = named(registry, "ada")
    assert Watching((), ("bob", "Eve")) in ada.ask(Watch(("bob", "Eve")))
    bob = named(registry, "Bob")
    assert Seen("Bob") in ada.take()
    bob.ask(Nick("eve"))
    assert [news for news in ada.take() if isinstance(news, Seen)] == [Seen("Bob", gone=True), Seen("eve")]
    bob.ask(Quit())
    assert Seen("eve", gone=True) in ada.take()


def test_the_same_nick_in_other_letters_is_no_news(registry: Registry) -> None:
    ada, bob = named(registry, "ada"), named(registry, "bob")
    assert Watching(("bob",)) in ada.ask(Watch(("bob",)))
    bob.ask(Nick("BOB"))
    assert not [news for news in ada.take() if isinstance(news, Seen)]


def test_watching_ends(registry: Registry) -> None:
    ada = named(registry, "ada")
    ada.ask(Watch(("bob", "eve")))
    assert ada.ask(Watch(("bob", "zed"), stop=True))[-1] == Watching()
    assert ada.ask(Watch())[-1] == Watching((), ("eve",))
    ada.ask(Watch(stop=True))
    named(registry, "bob"), named(registry, "eve")
    assert not [news for news in ada.take() if isinstance(news, Seen)]


def test_nobody_watches_the_whole_world(registry: Registry) -> None:
    ada = named(registry, "ada")
    answer = ada.ask(Watch(tuple(f"n{number}" for number in range(WATCHED_PER_SESSION + 1))))[-1]
    assert isinstance(answer, Refused)
    assert answer.code == "too-many"
    assert not ada.session.watched


def test_whoever_leaves_watches_nobody(registry: Registry) -> None:
    ada = named(registry, "ada")
    ada.ask(Watch(("bob",)))
    ada.ask(Quit())
    named(registry, "bob")
    assert not ada.session.watched


def test_one_may_stop_watching_whom_another_still_watches(registry: Registry) -> None:
    ada, eve = named(registry, "ada"), named(registry, "eve")
    for visitor in (ada, eve):
        visitor.ask(Watch(("bob",)))
    ada.ask(Quit())
    named(registry, "bob")
    assert Seen("bob") in eve.take()
