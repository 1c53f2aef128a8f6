"""Sentences for people, without marks or line ends."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.codecs.phrases import Kind, Phrase, Phrases, private, refusal, said, stamp
from chatd.core import events
from chatd.core.events import Answer, Event
from chatd.core.text import safe_text
from chatd.testing import NOON
from tests.codecs.strategies import NEWS

PHRASES = Phrases(lambda: NOON)
DAY = 86_400_000

HI = events.Said("lobby", 7, NOON, "ada", "seat", "hi")
WAVES = events.Said("lobby", 8, NOON, "ada", "seat", "waves", action=True)
JOINED = events.Joined("lobby", 9, NOON, "bob", "seat")
PSST = events.Private("ada", "psst", NOON)
NO = events.Refused("bad-nick", "No.", "Try again.")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_a_message_in_another_room_names_its_room() -> None:
    assert [said(HI), said(HI, current=False)] == ["<ada> hi", "#lobby <ada> hi"]
    assert [said(WAVES), said(WAVES, current=False)] == ["* ada waves", "#lobby * ada waves"]
    assert private(PSST) == "[ada] psst"


def test_a_refusal_may_have_no_hint() -> None:
    assert refusal(NO) == "No. Try again."
    assert refusal(events.Refused("bad-nick", "No.")) == "No."


@pytest.mark.parametrize(
    ("news", "phrase"),
    [
        (HI, Phrase(Kind.SAID, "<ada> hi")),
        (JOINED, Phrase(Kind.REPORT, "bob has joined #lobby")),
        (PSST, Phrase(Kind.SAID, "[ada] psst")),
        (NO, Phrase(Kind.REFUSAL, "No. Try again.")),
        (events.Pong(), Phrase(Kind.REPORT, "pong")),
    ],
    ids=repr,
)
def test_a_phrase_has_a_kind(news: Event | Answer, phrase: Phrase) -> None:
    assert PHRASES.of(news) == [phrase]


def test_an_event_has_the_same_sentence_now_and_in_the_history() -> None:
    page = events.HistoryPage("lobby", (HI, JOINED), more=False)
    assert [phrase.text for phrase in PHRASES.of(page)][1:] == [f"12:00 {PHRASES.event(event)}" for event in page.events]
    assert {phrase.kind for phrase in PHRASES.of(page)} == {Kind.REPORT}


def test_a_time_of_another_day_has_its_date() -> None:
    assert stamp(NOON, NOON) == "12:00"
    assert stamp(NOON - DAY, NOON) == "2026-11-22 12:00"
    assert stamp(NOON, NOON + DAY) == "2026-11-23 12:00"


@given(NEWS, st.booleans())
def test_a_phrase_is_one_line_of_safe_text(news: Event | Answer, current: bool) -> None:
    phrases = PHRASES.of(news, current)
    assert [phrase.text for phrase in phrases if safe_text(phrase.text) != phrase.text] == []
    if isinstance(news, Event):
        assert [phrase.text for phrase in phrases] == [PHRASES.event(news, current)]
