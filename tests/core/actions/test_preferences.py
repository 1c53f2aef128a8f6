"""Being away, and ignoring people."""

from __future__ import annotations

import pytest

from chatd.core import answers
from chatd.core.answers import Alerts, Done, Ignoring, Watching
from chatd.core.commands import (
    Alert,
    Away,
    Back,
    Command,
    History,
    Ignore,
    Join,
    Me,
    Msg,
    Nick,
    Quit,
    Realname,
    Say,
    Topic,
    Unignore,
    Watch,
)
from chatd.core.events import Left, Private, Renamed, Said
from chatd.core.limits import (
    ALERT_CHARACTERS,
    ALERT_WORDS,
    IGNORED_PER_PERSON,
)
from chatd.core.registry import Registry
from chatd.testing import NOON, Visitor, arrive
from tests.core.actions.answers import only, refusal

TOKEN = "t" * 16


# -- Away ------------------------------------------------------------------------------------------


def test_the_text_of_somebody_away_says_something_or_is_left_out(ada: Visitor) -> None:
    assert refusal(ada.ask(Away("\u3164"))) == ("bad-usage", "The message is empty.", "Write a text that can be seen.")
    assert ada.ask(Away()) == [Done("away", "")]


def test_who_is_away_is_written_to_and_it_is_told_once(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    assert bob.ask(Away("at lunch", id="1")) == [Done("away", "at lunch", id="1")]
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob", seq=1, time=NOON), answers.AwayNotice("bob", "at lunch")]
    assert len(bob.take()) == 1
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob", seq=2, time=NOON)]
    carol = arrive(registry, "carol")
    assert only(answers.AwayNotice, carol.ask(Msg("bob", "psst"))).text == "at lunch"


def test_it_is_shown_again_when_they_go_away_again(ada: Visitor, bob: Visitor) -> None:
    for text in ("at lunch", ""):
        bob.ask(Away(text))
        assert only(answers.AwayNotice, ada.ask(Msg("bob", "psst"))) == answers.AwayNotice("bob", text)


def test_coming_back_ends_being_away(ada: Visitor, bob: Visitor) -> None:
    bob.ask(Away("at lunch"))
    assert bob.ask(Back(id="1")) == [Done("back", id="1")]
    assert ada.ask(Msg("bob", "psst")) == [Done("msg", "bob", seq=1, time=NOON)]
    bob.take()
    assert refusal(bob.ask(Back())) == ("bad-usage", "You are not away.", "/away marks you as away.")


def test_the_length_of_an_away_text_is_limited(ada: Visitor) -> None:
    ada.ask(Away("x" * 300))
    answers = ada.ask(Away("y" * 301))
    assert refusal(answers) == ("too-long", "The text is too long.", "An away text has at most 300 characters.")
    assert ada.session.person is not None
    assert ada.session.person.away == "x" * 300


# -- Ignoring --------------------------------------------------------------------------------------


def test_ignoring_hides_all_texts_of_a_person_and_nothing_else(ada: Visitor, bob: Visitor) -> None:
    assert ada.ask(Ignore("Bob", id="1")) == [Ignoring(("bob",), id="1")]
    bob.ask(Say("hi"))
    bob.ask(Me("waves"))
    bob.ask(Topic("mine"))
    bob.ask(Nick("Bob"))
    assert refusal(bob.ask(Msg("ada", "psst"))) == ("not-delivered", "ada ignores you.", "Nothing was sent.")
    bob.ask(Quit("you will hear of me"))
    renamed, left = ada.take()
    assert isinstance(renamed, Renamed)
    assert isinstance(left, Left)
    assert (left.nick, left.text) == ("Bob", "")
    past = only(answers.HistoryPage, ada.ask(History())).events
    assert past[2:] == (renamed, left)


def test_a_new_nick_does_not_end_ignoring(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Ignore("bob"))
    bob.ask(Nick("bob2"))
    bob.ask(Say("hi"))
    assert [type(event) for event in ada.take()] == [Renamed]
    assert refusal(bob.ask(Msg("ada", "psst")))[0] == "not-delivered"
    assert Said not in {type(event) for event in only(answers.HistoryPage, ada.ask(History())).events}
    assert ada.ask(Ignore()) == [Ignoring(("bob",), {"bob": "bob2"})]
    assert ada.ask(Unignore("BOB2")) == [Ignoring(())]
    bob.ask(Say("hi"))
    assert only(Said, ada.take()).text == "hi"


def test_somebody_who_comes_with_an_ignored_nick_stays_ignored_under_another(registry: Registry, ada: Visitor) -> None:
    ada.ask(Ignore("bob"))
    bob = arrive(registry, "bob", "den")  # They need not meet in a room.
    bob.ask(Nick("bob2"))
    bob.ask(Join("lobby"))
    bob.ask(Say("hi"))
    assert Said not in {type(event) for event in ada.take()}
    carol = arrive(registry, "bob")  # Nobody can know that this is somebody else.
    carol.ask(Say("hi"))
    assert Said not in {type(event) for event in ada.take()}


def test_somebody_else_with_the_new_nick_is_not_ignored(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Ignore("bob"))
    bob.ask(Nick("bob2"))
    bob.lose_link()
    arrive(registry, "bob2").ask(Say("hi"))
    assert only(Said, ada.take()).text == "hi"


def test_unignoring_shows_messages_again(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Ignore("bob"))
    ada.ask(Ignore("carol"))
    assert ada.ask(Unignore("BOB", id="1")) == [Ignoring(("carol",), id="1")]
    assert ada.out.filtered
    assert ada.ask(Unignore("carol")) == [Ignoring(())]
    assert not ada.out.filtered
    bob.ask(Say("hi"))
    bob.ask(Msg("ada", "psst"))
    assert [type(news) for news in ada.take()] == [Said, Private]


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
    assert refusal(ada.ask(command)) == ("bad-nick", "Nobody can have that nick.", "/who lists who is here.")


def test_a_reserved_nick_cannot_be_ignored(ada: Visitor) -> None:
    assert refusal(ada.ask(Ignore("nobody"))) == ("nick-reserved", "Nobody can have that nick.", "/who lists who is here.")


def test_the_number_of_ignored_nicks_is_limited(ada: Visitor) -> None:
    for number in range(IGNORED_PER_PERSON):
        ada.ask(Ignore(f"eve{number}"))
    assert only(Ignoring, ada.ask(Ignore("eve0")))
    answers = ada.ask(Ignore("one-more"))
    assert refusal(answers) == ("too-many", "You already ignore 100 people.", "/unignore one of them first.")


def test_words_to_be_alerted_to(ada: Visitor) -> None:
    assert only(Alerts, ada.ask(Alert())) == Alerts()
    assert only(Alerts, ada.ask(Alert(("Kettle", "tea")))) == Alerts(("Kettle", "tea"))
    assert only(Alerts, ada.ask(Alert(("-KETTLE", "milk", "-gone")))) == Alerts(("tea", "milk"))
    assert only(Alerts, ada.ask(Alert())) == Alerts(("tea", "milk"))


@pytest.mark.parametrize("word", ["", "-", "two words", "x" * (ALERT_CHARACTERS + 1)])
def test_what_is_no_word_is_refused_with_all_others(ada: Visitor, word: str) -> None:
    code, _, hint = refusal(ada.ask(Alert(("tea", word))))
    assert (code, hint) == ("bad-usage", "Write /alert WORD, or /alert -WORD.")
    assert only(Alerts, ada.ask(Alert())) == Alerts()


def test_the_number_of_words_is_limited(ada: Visitor) -> None:
    ada.ask(Alert(tuple(f"word{number}" for number in range(ALERT_WORDS))))
    assert refusal(ada.ask(Alert(("more",)))) == ("too-many", "You can be alerted to 50 words.", "/alert -WORD drops one.")
    assert len(only(Alerts, ada.ask(Alert(("-word0", "more")))).words) == ALERT_WORDS


def test_a_real_name_is_short(registry: Registry) -> None:
    assert refusal(arrive(registry, "ada").ask(Realname("x" * 151)))[0] == "too-long"


def test_what_is_no_nick_cannot_be_watched(registry: Registry) -> None:
    ada = arrive(registry, "ada")
    assert only(Watching, ada.ask(Watch(("a b",)))) == Watching((), ("a b",))
    assert not ada.session.watched
