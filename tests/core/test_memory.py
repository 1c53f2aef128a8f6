"""The log in memory: numbered without a hole, bounded, and it knows what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Joined, RetentionSet, Said
from chatd.core.memory import EVENT_BYTES, MemoryLog, MemoryStore, Messages
from chatd.core.names import parse_room

Told = list[Event | NotDelivered]


def said(seq: int, text: str = "hi", id: str = "", sender_id: str = "seat") -> Said:
    return Said("lobby", seq, 0, "ada", sender_id, text, id=id)


def filled(log: MemoryLog, *texts: str) -> MemoryLog:
    for text in texts:
        log.append(said(log.end, text), lambda failure: None)
    return log


def find(log: MemoryLog, sender_id: str, id: str) -> Said | None:
    """The message that this id stands for."""
    return log._messages.get((sender_id, id))


def numbers(found: object) -> list[int]:
    assert isinstance(found, list)
    return [event.seq for event in found]


def test_a_log_begins_at_1_and_has_nothing() -> None:
    log = MemoryLog()
    assert (log.first, log.end) == (1, 1)
    assert list(log.read(0, 100)) == []


def test_what_is_appended_is_stored_at_once() -> None:
    log, told = MemoryLog(), Told()
    event = said(1)
    log.append(event, told.append)
    assert told == [event]
    assert (log.first, log.end) == (1, 2)
    assert list(log.read(1, 2)) == [event]


def test_the_log_numbers_whatever_number_a_draft_has() -> None:
    log, told = MemoryLog(first=7), Told()
    for draft in (said(0), said(99)):
        log.append(draft, told.append)
    assert told == [said(7), said(8)]


def test_what_was_said_under_the_same_id_is_not_said_again() -> None:
    messages: Messages = {}
    log, other, told = MemoryLog(messages=messages), MemoryLog(messages=messages), Told()
    log.append(said(0, id="1"), told.append)
    log.append(said(0, id="1"), told.append)
    other.append(said(0, "in another room", id="1"), told.append)
    assert told == [said(1, id="1")] * 3
    assert (log.end, other.end) == (2, 1)


@pytest.mark.parametrize(
    ("start", "stop", "found"),
    [
        (3, 6, [3, 4, 5]),
        (5, 99, [5]),
        (-17, 4, [3]),
        (0, 99, [3, 4, 5]),
        (1, 3, []),
        (6, 9, []),
        (5, 4, []),
        (4, -1, []),
    ],
)
def test_reading_gives_what_is_held(start: int, stop: int, found: list[int]) -> None:
    log = filled(MemoryLog(events=3), *"abcde")
    assert numbers(log.read(start, stop)) == found


def test_bytes_are_counted_as_text_takes_them() -> None:
    size = 3 * EVENT_BYTES + 400
    assert filled(MemoryLog(size=size), "a" * 400, "b", "c").first == 2
    assert filled(MemoryLog(size=size), "a" * 398, "b", "c").first == 1
    assert filled(MemoryLog(size=size), "ä" * 100, "b", "c").first == 2
    assert filled(MemoryLog(size=size), "ä" * 99, "b", "c").first == 1


def test_an_event_without_text_has_a_size_too() -> None:
    log = MemoryLog(size=8 * EVENT_BYTES)
    for seq in range(1, 10):
        log.append(Joined("lobby", seq, 0, "ada", "seat"), lambda failure: None)
    assert (log.first, log.end) == (3, 10)


def test_what_is_full_drops_an_eighth_at_once() -> None:
    log = filled(MemoryLog(events=80), *["x"] * 80)
    assert log.first == 1
    assert numbers(filled(log, "y").read(0, 99)) == list(range(12, 82))


@pytest.mark.parametrize("large", ["x" * 1000, "ж" * 1000])
def test_an_event_that_is_larger_than_the_log_leaves_no_hole(large: str) -> None:
    log = filled(MemoryLog(size=2 * EVENT_BYTES), "a", large)
    assert (log.first, log.end) == (3, 3)
    filled(log, "b")
    assert numbers(log.read(1, 9)) == [3]


# -- What was said ---------------------------------------------------------------------------------


def test_what_was_said_is_found_by_origin_and_id() -> None:
    log = MemoryLog()
    one, other = said(1, id="1"), said(2, id="1", sender_id="another seat")
    for event in (one, other, said(3)):
        log.append(event, lambda failure: None)
    assert find(log, "seat", "1") == one
    assert find(log, "another seat", "1") == other
    assert find(log, "seat", "2") is None
    assert find(log, "seat", "") is None


def test_what_the_log_holds_no_longer_is_not_found() -> None:
    log = MemoryLog(events=8)
    for seq in range(1, 10):
        log.append(said(seq, id=str(seq)), lambda failure: None)
    assert [seq for seq in range(1, 10) if find(log, "seat", str(seq))] == list(range(3, 10))


# -- Laws ------------------------------------------------------------------------------------------


def taken(events: list[Event]) -> int:
    """The bytes that the texts of ``events`` take, at four a character outside ASCII, and what each
    event takes besides."""
    texts = [event.text for event in events if isinstance(event, Said)]
    return EVENT_BYTES * len(events) + sum(len(text) * (1 if text.isascii() else 4) for text in texts)


EVENTS = st.lists(st.tuples(st.text("aж", max_size=60), st.sampled_from(["", "1", "2", "3"])), max_size=60)


@given(EVENTS, st.integers(1, 8), st.integers(EVENT_BYTES, 5 * EVENT_BYTES))
def test_a_log_holds_the_last_events_that_fit(texts: list[tuple[str, str]], most: int, size: int) -> None:
    log, kept = MemoryLog(events=most, size=size), list[Event]()
    for seq, (text, id) in enumerate(texts, 1):
        event, first = said(seq, text, id=f"{seq}.{id}" if id else ""), log.first
        log.append(event, lambda failure: None)
        kept.append(event)
        assert log.end == seq + 1
        held = list(log.read(0, log.end))
        assert held == kept[log.first - 1 :]
        fits = len(kept[first - 1 :]) <= most and taken(kept[first - 1 :]) <= size
        assert log.first == first if fits else (len(held) <= most * 7 / 8 and taken(held) <= size * 7 / 8)
        assert all(find(log, "seat", said.id) == said for said in held if isinstance(said, Said) and said.id)
    gone = kept[: log.first - 1]
    assert not any(find(log, "seat", said.id) for said in gone if isinstance(said, Said))


# -- What is kept ----------------------------------------------------------------------------------


def test_what_was_said_while_nothing_was_kept_goes_when_something_is_again() -> None:
    log = filled(MemoryLog(), "before")
    for draft in (
        RetentionSet("lobby", DRAFT, 0, "ada", "seat", "none", 0),
        said(DRAFT, "unkept"),
        RetentionSet("lobby", DRAFT, 0, "ada", "seat", "", 0),
    ):
        log.append(draft, lambda outcome: None)
    assert numbers(log.read(1, 9)) == [4]
    assert log.state.retention.text == ""


def test_whoever_asked_is_told_of_messages_that_are_dropped() -> None:
    dropped: list[str] = []
    log = MemoryLog(events=8, on_dropped=lambda said: dropped.append(said.id))
    for seq in range(1, 10):
        log.append(said(seq, id=str(seq) if seq != 2 else ""), lambda outcome: None)
    assert dropped == ["1"]


def test_news_is_told_with_each_event() -> None:
    log, news = MemoryLog(), list[int]()
    log.on_news = lambda: news.append(log.end)
    filled(log, "a", "b")
    assert news == [2, 3]


# -- The store -------------------------------------------------------------------------------------


def test_a_store_makes_each_log_once_and_knows_its_rooms() -> None:
    store = MemoryStore("testlog")
    log = store.log(parse_room("Dev"))
    assert store.log(parse_room("#DEV")) is log
    assert list(store.room_names()) == ["Dev"]
    store.close_log("dev")
    assert (list(store.room_names()), dict(store.logs)) == ([], {})
