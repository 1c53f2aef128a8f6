"""What is remembered from one run to the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.remembered import OTHER, PLACES, Remembered, decode
from chatd.core.limits import ROOMS_PER_SESSION, SCROLLBACK_EVENTS

LAST = Remembered("log-1", ("lobby", "ops", "漢字"), "ops", {"lobby": 41, "ops": 7, "漢字": 300, "old": 9})

rooms = st.lists(st.sampled_from(["lobby", "ops", "漢字", "a.b-c"]), unique=True)


@given(st.builds(Remembered, st.text(), rooms.map(tuple), st.text(), st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0))))
def test_what_is_written_can_be_read(remembered: Remembered) -> None:
    assert decode(remembered.encode()) == remembered


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 10_000,
        "[]",
        "{}",
        '{"seen": []}',
        '{"seen": {}, "rooms": "x", "log": "", "current": ""}',
        '{"seen": {}, "rooms": [1]}',
        '{"seen": {}, "rooms": [], "log": 1, "current": ""}',
        '{"seen": {}, "rooms": []}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=OTHER):
        decode(text)


def test_what_the_server_would_refuse_is_left_out() -> None:
    seen = '{"lobby": 4, "a b": 1, "ops": -1, "x": "1", "y": true}'
    text = f'{{"log": "x", "current": "lobby", "rooms": ["lobby", "a b", ""], "seen": {seen}}}'
    assert decode(text) == Remembered("x", ("lobby",), "lobby", {"lobby": 4})
    many = Remembered("x", tuple(f"r{number}" for number in range(40)))
    assert len(decode(many.encode()).rooms) == ROOMS_PER_SESSION


def test_one_comes_back_to_where_one_was() -> None:
    chosen = LAST.chosen(())
    assert (chosen.rooms, chosen.current) == (LAST.rooms, "ops")
    assert dict(chosen.places) == {"lobby": 41, "ops": 7, "漢字": 300}


def test_rooms_that_are_named_count_instead() -> None:
    chosen = LAST.chosen(("Old", "new"))
    assert chosen == Remembered("log-1", ("Old", "new"), "Old", {"old": 9})


def test_nothing_is_remembered_at_first() -> None:
    assert Remembered().chosen(()) == Remembered()
    assert Remembered().seen().places == {}


def test_resuming_begins_a_little_before_the_end() -> None:
    seen = LAST.seen()
    assert seen.log == "log-1"
    assert seen.places == {"lobby": 41 - SCROLLBACK_EVENTS, "ops": 0, "漢字": 300 - SCROLLBACK_EVENTS, "old": 0}


def test_places_in_rooms_that_one_was_not_in_stay() -> None:
    now = Remembered("log-1", ("ops",), "ops", {"ops": 8})
    updated = LAST.updated(now, {"lobby"})
    assert (updated.rooms, updated.current) == (("ops",), "ops")
    assert dict(updated.places) == {"漢字": 300, "old": 9, "ops": 8}


def test_places_in_another_log_mean_nothing() -> None:
    now = Remembered("log-2", ("ops",), "ops", {"ops": 8})
    assert LAST.updated(now, set()) == now


def test_places_are_bounded_and_the_newest_stay() -> None:
    last = Remembered("log-1", (), "", {f"r{number}": number for number in range(PLACES)})
    updated = last.updated(Remembered("log-1", ("r0",), "r0", {"r0": 7, "new": 1}), set())
    assert len(updated.places) == PLACES
    assert dict(updated.places)["r0"] == 7
    assert "r1" not in updated.places
