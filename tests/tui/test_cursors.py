"""Cursors: they are right whatever the order of acks and events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.tui.cursors import OWN_KEPT, Cursors


def test_events_are_new_once_and_move_the_cursor() -> None:
    cursors = Cursors()
    cursors.advance("lobby", 4)
    assert [cursors.accept("lobby", seq) for seq in (4, 5, 6, 5, 6)] == [False, True, True, False, False]
    assert cursors.all == {"lobby": 6}
    assert (cursors.cursor("lobby"), cursors.cursor("ops")) == (6, 0)


def test_each_room_has_its_own_cursor() -> None:
    cursors = Cursors()
    assert cursors.accept("lobby", 1)
    assert cursors.accept("ops", 1)
    cursors.forget("ops")
    assert cursors.all == {"lobby": 1}


def test_another_log_resets_the_cursors() -> None:
    cursors = Cursors()
    cursors.accept("lobby", 7)
    cursors.add_own("lobby", 9)
    cursors.reset("other")
    assert (cursors.log, cursors.all) == ("other", {})
    assert cursors.accept("lobby", 9)


@given(st.permutations(range(1, 9)), st.sets(st.integers(1, 8)))
def test_acks_in_any_order_hide_and_repeat_no_event(acks: list[int], own: set[int]) -> None:
    cursors = Cursors()
    cursors.advance("lobby", 0)
    for seq in acks:
        if seq in own:
            cursors.add_own("lobby", seq)
    received = [seq for seq in range(1, 9) if cursors.accept("lobby", seq)]
    assert received == [seq for seq in range(1, 9) if seq not in own]
    assert cursors.all == {"lobby": 8}


def test_acks_that_wait_for_older_events_are_bounded() -> None:
    cursors = Cursors()
    cursors.advance("lobby", 0)
    for seq in range(2, 3 * OWN_KEPT):
        cursors.add_own("lobby", seq)
    assert len(cursors._own["lobby"]) == OWN_KEPT
    assert cursors.all == {"lobby": 0}
