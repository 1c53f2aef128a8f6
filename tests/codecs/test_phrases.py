"""Sentences for people, without marks or line ends."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.codecs.phrases import Kind, Phrase, Phrases, refusal
from chatd.core import answers, events
from chatd.core.answers import Answer
from chatd.core.events import Event
from chatd.core.text import safe_text
from chatd.testing import NOON
from tests.codecs.strategies import NEWS

PHRASES = Phrases(lambda: NOON)

HI = events.Said("lobby", 7, NOON, "ada", "seat", "hi")
JOINED = events.Joined("lobby", 9, NOON, "bob", "seat")
PSST = events.Private("@", 7, NOON, "ada", "seat", "psst")
NO = answers.Refused("bad-nick", "No.", "Try again.")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


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
    assert [phrase.text for phrase in PHRASES.of(page)][1:] == [f"12:00 {PHRASES.events.sentence(event)}" for event in page.events]
    assert {phrase.kind for phrase in PHRASES.of(page)} == {Kind.REPORT}


@given(NEWS, st.booleans())
def test_a_phrase_is_one_line_of_safe_text(news: Event | Answer, current: bool) -> None:
    phrases = PHRASES.of(news, current)
    texts = [re.sub("  +", " ", phrase.text) for phrase in phrases]  # Help is in columns, with blanks between them.
    assert [text for text in texts if safe_text(text) != text] == []
    if isinstance(news, Event):
        [phrase] = phrases  # That of a private message which has waited begins with its time.
        assert phrase.text.endswith(PHRASES.events.sentence(news, current))
