"""The state that is saved between runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.saved_state import NOT_OURS, ROOMS_SAVED, SavedState, decode
from chatd.core.limits import ROOMS_PER_PERSON, SCROLLBACK_EVENTS

LAST = SavedState("log-1", ("lobby", "ops", "漢字"), "ops", {"lobby": 41, "ops": 7, "漢字": 300, "old": 9})

rooms = st.lists(st.sampled_from(["lobby", "ops", "漢字", "a.b-c"]), unique=True)


@given(st.builds(SavedState, st.text(), rooms.map(tuple), st.text(), st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0))))
def test_an_encoded_state_can_be_decoded(state: SavedState) -> None:
    assert decode(state.encode()) == state


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
        '{"seen": {}, "rooms": [], "log": "", "current": "", "older": []}',
        '{"seen": {}, "rooms": [], "log": "", "current": "", "older": {"lobby": 1}}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=NOT_OURS):
        decode(text)


def test_rooms_that_the_server_would_refuse_are_left_out() -> None:
    cursors = '{"lobby": 4, "a b": 1, "ops": -1, "x": "1", "y": true}'
    text = f'{{"log": "x", "current": "lobby", "rooms": ["lobby", "a b", ""], "seen": {cursors}}}'
    assert decode(text) == SavedState("x", ("lobby",), "lobby", {"lobby": 4})
    many = SavedState("x", tuple(f"r{number}" for number in range(40)))
    assert len(decode(many.encode()).rooms) == ROOMS_PER_PERSON


def test_without_rooms_those_of_the_last_run_are_used() -> None:
    state = LAST.for_rooms(())
    assert (state.rooms, state.current) == (LAST.rooms, "ops")
    assert dict(state.cursors) == {"lobby": 41, "ops": 7, "漢字": 300}


def test_a_run_that_passes_over_the_state_forgets_no_room_but_those_that_it_leaves() -> None:
    now = SavedState("log-2", ("lobby", "new"), "new", {"lobby": 50, "new": 1})
    state = LAST.passed_over(now, {"ops"})
    assert (state.log, state.rooms, state.current) == ("log-2", ("lobby", "漢字", "new"), "ops")
    assert dict(state.cursors) == {"漢字": 300, "old": 9, "lobby": 50, "new": 1}
    assert len(SavedState(rooms=tuple(map(str, range(20)))).passed_over(now, ()).rooms) == ROOMS_PER_PERSON


def test_given_rooms_are_used_instead() -> None:
    state = LAST.for_rooms(("Old", "new"))
    assert state == SavedState("log-1", ("Old", "new"), "Old", {"old": 9})


def test_the_first_state_is_empty() -> None:
    assert SavedState().for_rooms(()) == SavedState()
    assert SavedState().resume().all == {}


def test_resuming_starts_some_events_earlier() -> None:
    cursors = LAST.resume()
    assert cursors.log == "log-1"
    assert cursors.all == {"lobby": 41 - SCROLLBACK_EVENTS, "ops": 0, "漢字": 300 - SCROLLBACK_EVENTS, "old": 0}


def test_cursors_of_other_rooms_stay() -> None:
    now = SavedState("log-1", ("ops",), "ops", {"ops": 8})
    merged = LAST.merged(now, {"lobby"})
    assert (merged.rooms, merged.current) == (("ops",), "ops")
    assert dict(merged.cursors) == {"漢字": 300, "old": 9, "ops": 8}


def test_cursors_of_an_earlier_run_of_the_server_keep_its_name() -> None:
    merged = LAST.merged(SavedState("log-2", ("ops",), "ops", {"ops": 8}), {"lobby"})
    assert decode(merged.encode()) == merged
    assert (merged.log, dict(merged.cursors)) == ("log-2", {"漢字": 300, "old": 9, "ops": 8})
    again = merged.merged(SavedState("log-3", ("new",), "new", {"new": 1}), set())
    assert again.for_rooms(("old", "漢字")).resume().log == "log-1"
    assert again.for_rooms(("ops",)).resume().log == "log-2"
    assert again.for_rooms(()).resume().log == "log-3"
    mixed = again.for_rooms(("old", "ops"))
    assert (mixed.log, dict(mixed.cursors), mixed.older) == ("log-2", {"ops": 8}, {})


def test_cursors_are_bounded_and_the_newest_stay() -> None:
    last = SavedState("log-1", (), "", {f"r{number}": number for number in range(ROOMS_SAVED)})
    merged = last.merged(SavedState("log-1", ("r0",), "r0", {"r0": 7, "new": 1}), set())
    assert len(merged.cursors) == ROOMS_SAVED
    assert dict(merged.cursors)["r0"] == 7
    assert "r1" not in merged.cursors


def test_the_session_secret_stays_whatever_a_run_saves() -> None:
    last = replace(LAST, secret="a secret")
    assert decode(last.encode()) == last
    assert '"secret"' not in LAST.encode()
    assert last.merged(SavedState(), ()).secret == last.passed_over(SavedState(), ()).secret == "a secret"
    assert "a secret" not in repr(last)
