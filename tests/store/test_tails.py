"""Tails: what memory holds of all rooms stays within one budget, and every read is right."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.core.events import Said
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.core.memory import EVENT_BYTES
from chatd.store.tails import Tail, Tails
from tests.store.pumped import PumpedStore, say

ROOMS = ["lobby", "tea", "attic"]


def said(seq: int, text: str = "", id: str = "") -> Said:
    return Said("lobby", seq, 0, "ada", "seat", text, id=id)


def filled(tails: Tails, number: int) -> Tail:
    tail = tails.new(1)
    for seq in range(1, number + 1):
        tail.add(said(seq))
    return tail


def held(*tails: Tail) -> list[int]:
    """How many events each of them has."""
    return [tail.end - tail.first for tail in tails]


def new_tails(events: int) -> Tails:
    """A budget for so many events without a text."""
    return Tails({}, lambda said: None, events * EVENT_BYTES)


def test_the_tail_that_was_used_longest_ago_loses_an_eighth() -> None:
    tails = new_tails(160)
    one, two = filled(tails, 80), filled(tails, 80)
    two.add(said(81))
    assert held(one, two) == [70, 81]
    one.read(one.first, one.end)
    three = filled(tails, 10)
    assert held(one, two, three) == [70, 70, 10]


def test_what_is_shown_on_entering_goes_last() -> None:
    tails = new_tails(4 * SCROLLBACK_EVENTS)
    short, one, two = filled(tails, SCROLLBACK_EVENTS), filled(tails, 30), filled(tails, 30)
    for seq in range(31, 41):
        two.add(said(seq))
    assert held(short, one) == [SCROLLBACK_EVENTS, SCROLLBACK_EVENTS]
    three = filled(tails, SCROLLBACK_EVENTS)
    assert held(short, one, two, three) == [SCROLLBACK_EVENTS] * 4
    assert held(short, one, two, three, filled(tails, 1)) == [0, SCROLLBACK_EVENTS, SCROLLBACK_EVENTS, SCROLLBACK_EVENTS, 1]


def test_a_tail_that_is_forgotten_keeps_its_events_and_counts_no_longer() -> None:
    tails = new_tails(100)
    gone, other = filled(tails, 50), filled(tails, 50)
    tails.forget(gone)
    assert tails.size == other.size
    for seq in range(51, 101):
        other.add(said(seq))
    assert (held(gone, other), len(gone.read(1, 99))) == ([50, 100], 50)


def test_the_id_of_a_dropped_message_is_told() -> None:
    dropped: list[str] = []
    tails = Tails({}, lambda said: dropped.append(said.id), 2 * EVENT_BYTES)
    tails.new(1).add(said(1, id="1"))
    tails.new(1).add(said(1, id="2"))
    assert dropped == ["1"]


STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(ROOMS), st.integers(0, 1000)),
    st.tuples(st.just("read"), st.sampled_from(ROOMS), st.integers(0, 99)),
    st.tuples(st.just("again"), st.sampled_from(ROOMS), st.integers(0, 99)),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=80), st.integers(0, 40))
def test_the_sum_stays_within_the_budget_and_every_read_is_right(steps: list[tuple[str, str, int]], most: int) -> None:
    """Also where a message is sent again of which only the disk knows."""
    said: dict[str, list[Said]] = {room: [] for room in ROOMS}
    with tempfile.TemporaryDirectory() as folder:
        store = PumpedStore(Path(folder))
        store._tails._most = most * EVENT_BYTES
        for what, room, number in steps:
            log = store.room(room)
            if what == "say":
                outcomes = store.stored(say(log, "x" * number, id=f"{room} {len(said[room])}", room=room))
                said[room] += [event for event in outcomes if isinstance(event, Said)]
            elif what == "again" and said[room]:
                event = said[room][number % len(said[room])]
                assert store.stored(say(log, "again", id=event.id, room=room)) == [event]
            else:
                start = min(number + 1, log.end)
                loaded: list[bool] = []
                log.load(start, log.end, loaded.append)
                store.wait(lambda loaded=loaded: loaded)  # type: ignore[misc]
                assert list(log.read(start, log.end)) == said[room][start - 1 :]
            tails = [log.tail for log in store.logs.values()]
            assert store._tails.size == sum(tail.size for tail in tails) <= most * EVENT_BYTES
            assert [(log.first, log.end) for log in store.logs.values()] == [(1, len(said[name]) + 1) for name in store.logs]
        store.close()
