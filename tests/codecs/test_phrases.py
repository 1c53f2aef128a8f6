"""Sentences for people, without marks or line ends."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.codecs.phrases import Kind, Phrase, Phrases, private, refusal, said
from chatd.core import answers, events
from chatd.core.answers import Answer
from chatd.core.events import Event
from chatd.core.text import safe_text
from chatd.testing import NOON
from tests.codecs.strategies import NEWS

PHRASES = Phrases(lambda: NOON)

HI = events.Said("lobby", 7, NOON, "ada", "seat", "hi")
WAVES = events.Said("lobby", 8, NOON, "ada", "seat", "waves", action=True)
JOINED = events.Joined("lobby", 9, NOON, "bob", "seat")
PSST = events.Private("@", 7, NOON, "ada", "seat", "psst")
NO = answers.Refused("bad-nick", "No.", "Try again.")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_a_message_in_another_room_names_its_room() -> None:
    assert [*said(HI), *said(HI, current=False)] == ["<ada> hi", "#lobby <ada> hi"]
    assert [*said(WAVES), *said(WAVES, current=False)] == ["* ada waves", "#lobby * ada waves"]
    assert [*private(PSST), *private(replace(PSST, nick="bob", to="ada"))] == ["[ada] psst", "[to ada] psst"]


def test_each_line_of_a_message_is_behind_its_nick() -> None:
    several = replace(HI, text="if x:\n    <bob> y")
    assert said(several) == ["<ada> if x:", "<ada>     <bob> y"]
    assert said(several, current=False) == ["#lobby <ada> if x:", "#lobby <ada>     <bob> y"]
    assert private(replace(PSST, text="a\nb")) == ["[ada] a", "[ada] b"]
    phrases = Phrases(lambda: NOON)
    assert [phrase.text for phrase in phrases.of(several)] == said(several)
    assert [phrase.text for phrase in phrases.of(answers.HistoryPage("lobby", (several,), False))][1:] == [
        "12:00 <ada> if x:",
        "12:00 <ada>     <bob> y",
    ]
    [_, hit] = phrases.of(answers.SearchResults(("if",), (several,)))
    assert hit.text.endswith("#lobby <ada> if x:     <bob> y")


def test_a_refusal_may_have_no_hint() -> None:
    assert refusal(NO) == "No. Try again."
    assert refusal(answers.Refused("bad-nick", "No.")) == "No."


@pytest.mark.parametrize(
    ("news", "phrase"),
    [
        (HI, Phrase(Kind.SAID, "<ada> hi")),
        (JOINED, Phrase(Kind.REPORT, "bob has joined #lobby")),
        (PSST, Phrase(Kind.SAID, "[ada] psst")),
        (NO, Phrase(Kind.REFUSAL, "No. Try again.")),
        (answers.Pong(), Phrase(Kind.REPORT, "pong")),
    ],
    ids=repr,
)
def test_a_phrase_has_a_kind(news: Event | Answer, phrase: Phrase) -> None:
    assert PHRASES.of(news) == [phrase]


def test_an_event_has_the_same_sentence_now_and_in_the_history() -> None:
    page = answers.HistoryPage("lobby", (HI, JOINED), more=False)
    assert [phrase.text for phrase in PHRASES.of(page)][1:] == [f"12:00 {PHRASES.event(event)}" for event in page.events]
    assert {phrase.kind for phrase in PHRASES.of(page)} == {Kind.REPORT}


@given(NEWS, st.booleans())
def test_a_phrase_is_one_line_of_safe_text(news: Event | Answer, current: bool) -> None:
    phrases = PHRASES.of(news, current)
    texts = [re.sub("  +", " ", phrase.text) for phrase in phrases]  # Help is in columns, with blanks between them.
    assert [text for text in texts if safe_text(text) != text] == []
    if isinstance(news, Event):
        [phrase] = phrases  # That of a private message which has waited begins with its time.
        assert phrase.text.endswith(PHRASES.event(news, current))


def test_who_was_here() -> None:
    former = answers.FormerPeople("bob", (answers.FormerLine("bob", NOON, "b", "Bob B.", False), answers.FormerLine("bob", NOON)))
    first, second = PHRASES.of(former)
    assert first.text.startswith("bob, Bob B., was here until ")
    assert second.text.startswith("bob was here until ")


def test_whom_one_watches() -> None:
    [nobody] = PHRASES.of(answers.Watching())
    assert nobody.text.startswith("You watch nobody.")
    here, missing = PHRASES.of(answers.Watching(("bob",), ("eve", "kim")))
    assert here.text == "You watch bob, who is here."
    assert missing.text.startswith("You watch eve")
