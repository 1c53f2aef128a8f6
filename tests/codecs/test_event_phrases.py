"""Events in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatd.codecs.event_phrases import EventPhrases, private, said
from chatd.core import events
from chatd.core.events import Event
from chatd.testing import NOON

PHRASES = EventPhrases(lambda: NOON)

HI = events.Said("lobby", 7, NOON, "ada", "seat", "hi")
WAVES = events.Said("lobby", 8, NOON, "ada", "seat", "waves", action=True)
PSST = events.Private("@", 7, NOON, "ada", "seat", "psst")


def test_a_message_in_another_room_names_its_room() -> None:
    assert [*said(HI), *said(HI, current=False)] == ["<ada> hi", "#lobby <ada> hi"]
    assert [*said(WAVES), *said(WAVES, current=False)] == ["* ada waves", "#lobby * ada waves"]
    assert [*private(PSST), *private(replace(PSST, nick="bob", to="ada"))] == ["[ada] psst", "[to ada] psst"]


def test_each_line_of_a_message_is_behind_its_nick() -> None:
    several = replace(HI, text="if x:\n    <bob> y")
    assert said(several) == ["<ada> if x:", "<ada>     <bob> y"]
    assert said(several, current=False) == ["#lobby <ada> if x:", "#lobby <ada>     <bob> y"]
    assert private(replace(PSST, text="a\nb")) == ["[ada] a", "[ada] b"]


@pytest.mark.parametrize(
    ("event", "current", "elsewhere"),
    [
        (replace(HI, text="a\nb"), "<ada> a b", "#lobby <ada> a b"),
        (replace(PSST, text="a\nb"), "[ada] a b", "[ada] a b"),
        (
            events.Renamed("lobby", 9, NOON, "ada", "seat", to="eve"),
            "ada is now known as eve",
            "ada is now known as eve (in #lobby)",
        ),
        (
            events.Deleted("lobby", 9, NOON, "ada", "seat", target=1, to="bob"),
            "ada has deleted a message of bob",
            "ada has deleted a message of bob in #lobby",
        ),
    ],
    ids=repr,
)
def test_a_sentence_is_one_line_and_names_another_room(event: Event, current: str, elsewhere: str) -> None:
    assert [PHRASES.sentence(event), PHRASES.sentence(event, current=False)] == [current, elsewhere]


def test_the_past_has_times_and_all_lines_of_a_message() -> None:
    past = [line.split(" ", 1) for line in PHRASES.past([replace(HI, text="a\nb"), PSST])]
    assert [line for _, line in past] == ["<ada> a", "<ada> b", "[ada] psst"]
    assert len({time for time, _ in past}) == 1


def test_an_event_of_a_type_without_words_is_a_defect() -> None:
    with pytest.raises(TypeError, match="no words"):
        PHRASES.sentence(Event("lobby", 9, NOON, "ada", "seat"))
