"""Tails: what memory holds of all rooms stays within one budget, and every read is right."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.core.events import Event, RetentionSet, Said
from chatd.core.limits import SCROLLBACK_EVENTS, TAIL_EVENTS, TAIL_SECONDS
from chatd.core.memory import EVENT_BYTES
from chatd.store.tails import Tail, Tails
from tests.store.pumped import PumpedStore, say

ROOMS = ["lobby", "tea", "attic"]


def said(seq: int, text: str = "", id: str = "") -> Said:
    return Said("lobby", seq, 0, "ada", "seat", text, id=id)


def add(tail: Tail, *events: Event) -> None:
    for event in events:
        tail.add(event)
    tail.on_added()


def filled(tails: Tails, number: int) -> Tail:
    tail = tails.new(1)
    add(tail, *map(said, range(1, number + 1)))
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
    add(two, said(81))
    assert held(one, two) == [70, 81]
    one.read(one.first, one.end)
    three = filled(tails, 10)
    assert held(one, two, three) == [70, 70, 10]


def test_what_is_shown_on_entering_goes_last() -> None:
    tails = new_tails(4 * SCROLLBACK_EVENTS)
    short, one, two = filled(tails, SCROLLBACK_EVENTS), filled(tails, 30), filled(tails, 30)
    add(two, *map(said, range(31, 41)))
    assert held(short, one) == [SCROLLBACK_EVENTS, SCROLLBACK_EVENTS]
    three = filled(tails, SCROLLBACK_EVENTS)
    assert held(short, one, two, three) == [SCROLLBACK_EVENTS] * 4
    assert held(short, one, two, three, filled(tails, 1)) == [0, SCROLLBACK_EVENTS, SCROLLBACK_EVENTS, SCROLLBACK_EVENTS, 1]


def test_a_tail_that_is_forgotten_keeps_its_events_and_counts_no_longer() -> None:
    tails = new_tails(100)
    gone, other = filled(tails, 50), filled(tails, 50)
    tails.forget(gone)
    assert tails.size == other.size
    add(other, *map(said, range(51, 101)))
    assert (held(gone, other), len(gone.read(1, 99))) == ([50, 100], 50)


def test_the_id_of_a_dropped_message_is_told() -> None:
    dropped: list[str] = []
    tails = Tails({}, lambda said: dropped.append(said.id), 2 * EVENT_BYTES)
    for id in ("1", "2"):
        add(tails.new(1), said(1, id=id))
    assert dropped == ["1"]


# -- The last minute


MINUTE = round(TAIL_SECONDS * 1000)


def filled_at(times: Iterable[int], tails: Tails | None = None) -> Tail:
    """A tail with an event at each of these times, in milliseconds."""
    tail = (tails or new_tails(1_000_000)).new(1)
    for seq, time in enumerate(times, start=1):
        add(tail, Said("lobby", seq, time, "ada", "seat", ""))
    return tail


def test_it_has_the_last_minute_and_at_most_an_eighth_more() -> None:
    per_minute = 20 * TAIL_EVENTS
    tail = filled_at(range(0, 10 * MINUTE, MINUTE // per_minute))
    [number] = held(tail)
    assert per_minute <= number <= per_minute * 8 / 7 + TAIL_EVENTS


def test_it_is_level_after_a_minute_of_talk_in_many_rooms() -> None:
    tails = new_tails(1_000_000)
    rooms, sizes = [tails.new(1) for _ in range(51)], list[int]()
    for seq in range(1, 1400):  # 2.3 events a second in each room.
        time = round(seq / 2.3 * 1000)
        for room in rooms:
            add(room, Said("lobby", seq, time, "ada", "seat", "a text of thirty characters..."))
        if time >= MINUTE:
            sizes.append(tails.size)
    assert max(sizes) <= 1.2 * sizes[0]


def test_in_a_quiet_room_it_has_as_many_events_as_a_newcomer_may_ask_for() -> None:
    tail = filled_at(range(0, 500 * MINUTE, MINUTE))
    assert held(tail) == [TAIL_EVENTS]


def test_after_a_burst_it_shrinks_without_another_event() -> None:
    tails = new_tails(1_000_000)
    tail = filled_at([0] * 5000, tails)
    tail.drop_old(MINUTE - 1)
    assert held(tail) == [5000]
    tail.drop_old(MINUTE)
    assert held(tail) == [TAIL_EVENTS]
    assert tails.size == tail.size


def test_a_clock_that_is_set_back_drops_nothing() -> None:
    assert held(filled_at([10 * MINUTE] * 500 + [0] * 500)) == [1000]


def test_a_room_that_is_not_kept_keeps_its_minutes_in_memory() -> None:
    tail = filled_at([0] * 500)
    add(tail, RetentionSet("lobby", 501, 0, "ada", "seat", "none", 0))
    tail.drop_old(2 * MINUTE)
    for seq in range(502, 1001):
        add(tail, Said("lobby", seq, 2 * MINUTE, "ada", "seat", ""))
    tail.drop_old(9 * MINUTE)
    assert held(tail) == [1000]


# -- With a disk


STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(ROOMS), st.integers(0, 1000)),
    st.tuples(st.just("read"), st.sampled_from(ROOMS), st.integers(0, 99)),
    st.tuples(st.just("again"), st.sampled_from(ROOMS), st.integers(0, 99)),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(STEPS, max_size=80), st.integers(0, 40))
def test_the_sum_stays_within_the_budget_and_every_read_is_right(steps: list[tuple[str, str, int]], most: int) -> None:
    """Also where a message is sent again of which only the disk knows."""
    said: dict[str, list[Said]] = {room: [] for room in ROOMS}
    with tempfile.TemporaryDirectory() as folder:
        store = PumpedStore(Path(folder))
        store._tails._limit = most * EVENT_BYTES
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
