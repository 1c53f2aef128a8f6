"""What has been seen: a place in each log, whatever order acks and events come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.client.seen import OWN_KEPT, Seen


def test_events_are_new_once_and_move_the_place() -> None:
    seen = Seen()
    seen.start("lobby", 4)
    assert [seen.is_new("lobby", seq) for seq in (4, 5, 6, 5, 6)] == [False, True, True, False, False]
    assert seen.places == {"lobby": 6}
    assert (seen.place("lobby"), seen.place("ops")) == (6, 0)


def test_rooms_are_counted_apart() -> None:
    seen = Seen()
    assert seen.is_new("lobby", 1)
    assert seen.is_new("ops", 1)
    seen.forget("ops")
    assert seen.places == {"lobby": 1}


def test_another_log_begins_anew() -> None:
    seen = Seen()
    seen.is_new("lobby", 7)
    seen.own("lobby", 9)
    seen.begin("other")
    assert (seen.log, seen.places) == ("other", {})
    assert seen.is_new("lobby", 9)


@given(st.permutations(range(1, 9)), st.sets(st.integers(1, 8)))
def test_acks_in_any_order_hide_no_event_and_double_none(acks: list[int], own: set[int]) -> None:
    seen = Seen()
    seen.start("lobby", 0)
    for seq in acks:
        if seq in own:
            seen.own("lobby", seq)
    heard = [seq for seq in range(1, 9) if seen.is_new("lobby", seq)]
    assert heard == [seq for seq in range(1, 9) if seq not in own]
    assert seen.places == {"lobby": 8}


def test_acks_that_wait_for_what_is_before_them_are_bounded() -> None:
    seen = Seen()
    seen.start("lobby", 0)
    for seq in range(2, 3 * OWN_KEPT):
        seen.own("lobby", seq)
    assert len(seen._own["lobby"]) == OWN_KEPT
    assert seen.places == {"lobby": 0}
