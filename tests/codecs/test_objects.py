"""Commands, events and answers as JSON objects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from chatd.codecs.objects import NEWS, from_object, iso_time, news_class, to_object
from chatd.core import answers, events
from chatd.core.answers import Answer, Missed
from chatd.core.commands import Command
from chatd.core.errors import BadUsage
from chatd.core.events import Event, Joined, Reason
from chatd.testing import NOON
from tests.codecs.strategies import COMMANDS, classes


def test_every_event_and_answer_has_a_type() -> None:
    assert set(NEWS) == {*classes(events, Event), *classes(answers, Answer)}
    assert len(set(NEWS.values())) == len(NEWS)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (NOON + 7120, "2026-11-23T12:00:07.120Z")],
)
def test_a_time_has_its_milliseconds_and_its_zone(milliseconds: int, text: str) -> None:
    assert iso_time(milliseconds) == text


def test_defaults_and_the_sender_id_are_left_out() -> None:
    left = events.Left("lobby", 7, NOON, "ada", "secret", Reason.QUIT)
    time = "2026-11-23T12:00:00.000Z"
    assert to_object(left) == {"room": "lobby", "seq": 7, "time": time, "nick": "ada", "reason": "quit"}


def test_some_fields_have_other_names_on_the_wire() -> None:
    wire = {"room": "dev", "from": 3, "to": 5}
    assert to_object(Missed("dev", 3, 5)) == wire
    assert from_object(Missed, wire) == Missed("dev", 3, 5)


def test_an_event_inside_an_answer_has_its_type() -> None:
    page = answers.HistoryPage("lobby", (Joined("lobby", 7, NOON, "ada", ""),), more=False)
    [event] = to_object(page)["events"]
    assert event["type"] == "joined"
    assert from_object(answers.HistoryPage, to_object(page)) == page


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        ({"room": "dev", "from": 3}, "The field to is missing."),
        ({"room": "dev", "from": "3", "to": 5}, "The field from is not of its type."),
    ],
)
def test_a_wrong_field_has_its_wire_name(wire: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadUsage) as bad:
        from_object(Missed, wire)
    assert bad.value.reason == reason


@pytest.mark.parametrize(
    ("kind", "cls"), [("said", events.Said), ("pong", answers.Pong), ("weather", None), (["said"], None), (None, None)]
)
def test_a_type_belongs_to_one_class_or_none(kind: object, cls: type[Event | Answer] | None) -> None:
    assert news_class({"type": kind}) is cls


@given(COMMANDS)
def test_a_command_survives_encoding(command: Command) -> None:
    assert from_object(type(command), to_object(command)) == command
