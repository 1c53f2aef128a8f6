"""Being away, and ignoring people."""

from __future__ import annotations

import pytest

from chatd.core import events
from chatd.core.commands import (
    Away,
    Back,
    Command,
    History,
    Ignore,
    Me,
    Msg,
    Say,
    Topic,
    Unignore,
)
from chatd.core.events import (
    Done,
    Ignoring,
    Joined,
    Private,
    Said,
    TopicSet,
)
from chatd.core.limits import (
    IGNORED_PER_PERSON,
)
from chatd.core.registry import Registry
from chatd.testing import Visitor, arrive
from tests.core.actions.answers import only, refusal

TOKEN = "t" * 16


# -- Away ------------------------------------------------------------------------------------------


def test_writing_to_somebody_away_shows_it_once(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    assert bob.ask(Away("at lunch", id="1")) == [Done("away", "at lunch", id="1")]
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob"), events.AwayNotice("bob", "at lunch")]
    assert len(bob.take()) == 1
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob")]
    carol = arrive(registry, "carol")
    assert only(events.AwayNotice, carol.ask(Msg("bob", "psst"))).text == "at lunch"


def test_it_is_shown_again_when_they_go_away_again(ada: Visitor, bob: Visitor) -> None:
    for text in ("at lunch", ""):
        bob.ask(Away(text))
        assert only(events.AwayNotice, ada.ask(Msg("bob", "psst"))) == events.AwayNotice("bob", text)


def test_coming_back_ends_being_away(ada: Visitor, bob: Visitor) -> None:
    bob.ask(Away("at lunch"))
    assert bob.ask(Back(id="1")) == [Done("back", id="1")]
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob")]
    assert refusal(bob.ask(Back())[1:]) == ("bad-usage", "You are not away.", "/away marks you as away.")


def test_the_length_of_an_away_text_is_limited(ada: Visitor) -> None:
    ada.ask(Away("x" * 300))
    answers = ada.ask(Away("y" * 301))
    assert refusal(answers) == ("too-long", "The text is too long.", "An away text has at most 300 characters.")
    assert ada.session.person is not None
    assert ada.session.person.away == "x" * 300


# -- Ignoring --------------------------------------------------------------------------------------


def test_ignoring_hides_messages_and_nothing_else(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    assert ada.ask(Ignore("Bob", id="1")) == [Ignoring(("bob",), id="1")]
    bob.ask(Say("hi"))
    bob.ask(Me("waves"))
    bob.ask(Topic("mine"))
    assert [type(event) for event in ada.take()] == [TopicSet]
    assert refusal(bob.ask(Msg("ada", "psst"))) == ("not-delivered", "ada ignores you.", "Nothing was sent.")
    assert [type(event) for event in only(events.HistoryPage, ada.ask(History())).events] == [Joined, Joined, TopicSet]


def test_unignoring_shows_messages_again(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Ignore("bob"))
    ada.ask(Ignore("carol"))
    assert ada.ask(Unignore("BOB", id="1")) == [Ignoring(("carol",), id="1")]
    assert ada.out.filtered
    assert ada.ask(Unignore("carol")) == [Ignoring(())]
    assert not ada.out.filtered
    bob.ask(Say("hi"))
    bob.ask(Msg("ada", "psst"))
    assert [type(news) for news in ada.take()] == [Private, Said]


def test_ignored_nicks_are_listed(ada: Visitor) -> None:
    assert ada.ask(Ignore()) == [Ignoring(())]
    ada.ask(Ignore("eve"))
    ada.ask(Ignore("bob"))
    assert ada.ask(Ignore()) == [Ignoring(("bob", "eve"))]


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (Ignore("ADA"), ("bad-usage", "You cannot ignore yourself.", "Write /ignore NICK.")),
        (Unignore("bob"), ("bad-usage", "You do not ignore bob.", "/ignore lists the people you ignore.")),
    ],
)
def test_invalid_ignores_are_refused(ada: Visitor, command: Command, refused: tuple[str, str, str]) -> None:
    assert refusal(ada.ask(command)) == refused


@pytest.mark.parametrize("command", [Ignore("a b"), Unignore("a b"), Unignore("")])
def test_an_invalid_nick_cannot_be_ignored(ada: Visitor, command: Command) -> None:
    assert refusal(ada.ask(command))[0] == "bad-nick"


def test_the_number_of_ignored_nicks_is_limited(ada: Visitor) -> None:
    for number in range(IGNORED_PER_PERSON):
        ada.ask(Ignore(f"eve{number}"))
    assert only(Ignoring, ada.ask(Ignore("eve0")))
    answers = ada.ask(Ignore("one-more"))
    assert refusal(answers) == ("too-many", "You already ignore 100 people.", "/unignore one of them first.")
