"""The log in memory: seqs without a gap, limits, and messages by id."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Joined, RetentionSet, Said
from chatd.core.memory import EVENT_BYTES, ID_BYTES, MemoryLog, MemoryStore, Messages
from chatd.core.memory import size_of as size_of_event
from chatd.core.names import parse_room

Outcomes = list[Event | NotDelivered]


def said(seq: int, text: str = "hi", id: str = "", sender_id: str = "seat") -> Said:
    return Said("lobby", seq, 0, "ada", sender_id, text, id=id)


def filled(log: MemoryLog, *texts: str) -> MemoryLog:
    for text in texts:
        log.append(said(log.end, text), lambda failure: None)
    return log


def find(log: MemoryLog, sender_id: str, id: str) -> Said | None:
    """The message with this id."""
    return log._messages.get((sender_id, id))


def seqs(expected: object) -> list[int]:
    assert isinstance(expected, list)
    return [event.seq for event in expected]


def test_a_new_log_begins_at_1_and_is_empty() -> None:
    log = MemoryLog()
    assert (log.first, log.end) == (1, 1)
    assert list(log.read(0, 100)) == []


def test_an_append_is_stored_immediately() -> None:
    log, outcomes = MemoryLog(), Outcomes()
    event = said(1)
    log.append(event, outcomes.append)
    assert outcomes == [event]
    assert (log.first, log.end) == (1, 2)
    assert list(log.read(1, 2)) == [event]


def test_the_log_ignores_the_seq_of_a_draft() -> None:
    log, outcomes = MemoryLog(first=7), Outcomes()
    for draft in (said(0), said(99)):
        log.append(draft, outcomes.append)
    assert outcomes == [said(7), said(8)]


def test_a_message_with_a_used_id_is_not_said_again() -> None:
    messages: Messages = {}
    log, other, outcomes = MemoryLog(messages=messages), MemoryLog(messages=messages), Outcomes()
    log.append(said(0, id="1"), outcomes.append)
    log.append(said(0, id="1"), outcomes.append)
    other.append(said(0, "in another room", id="1"), outcomes.append)
    assert outcomes == [said(1, id="1")] * 3
    assert (log.end, other.end) == (2, 1)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
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
def test_a_read_returns_the_events_in_memory(start: int, stop: int, expected: list[int]) -> None:
    log = filled(MemoryLog(events=3), *"abcde")
    assert seqs(log.read(start, stop)) == expected


def test_the_size_depends_on_the_characters() -> None:
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


def test_a_full_log_drops_an_eighth() -> None:
    log = filled(MemoryLog(events=80), *["x"] * 80)
    assert log.first == 1
    assert seqs(filled(log, "y").read(0, 99)) == list(range(12, 82))


@pytest.mark.parametrize("large", ["x" * 1000, "ж" * 1000])
def test_an_event_larger_than_the_log_leaves_no_gap(large: str) -> None:
    log = filled(MemoryLog(size=2 * EVENT_BYTES), "a", large)
    assert (log.first, log.end) == (3, 3)
    filled(log, "b")
    assert seqs(log.read(1, 9)) == [3]


@pytest.mark.parametrize("id", ["", "{}", "0f8fad5b-d9cb-469f-a165-70867728{:04}"])
@pytest.mark.parametrize("text", ["", "some words of a message, as people write", "x" * 400])
def test_the_size_is_about_what_the_events_take(id: str, text: str) -> None:
    log, number = MemoryLog(size=1 << 30), 3000
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for seq in range(1, number + 1):
        log.add(Said("lobby", seq, 1_795_435_200_000 + seq, "ada", "seat", f"{text}{seq}", id=id.format(seq)))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.8 < log.size / taken < 1.25


# -- Messages by id --------------------------------------------------------------------------------


def test_a_message_is_found_by_sender_id_and_id() -> None:
    log = MemoryLog()
    one, other = said(1, id="1"), said(2, id="1", sender_id="another seat")
    for event in (one, other, said(3)):
        log.append(event, lambda failure: None)
    assert find(log, "seat", "1") == one
    assert find(log, "another seat", "1") == other
    assert find(log, "seat", "2") is None
    assert find(log, "seat", "") is None


def test_a_dropped_message_is_not_found() -> None:
    log = MemoryLog(events=8)
    for seq in range(1, 10):
        log.append(said(seq, id=str(seq)), lambda failure: None)
    assert [seq for seq in range(1, 10) if find(log, "seat", str(seq))] == list(range(3, 10))


# -- Properties ------------------------------------------------------------------------------------


def size_of(events: list[Event]) -> int:
    """The size of ``events``: their texts, with four bytes a character if they are not ASCII, and a
    fixed size for each event and for each id."""
    texts = [event.text for event in events if isinstance(event, Said)]
    ids = [event.id for event in events if isinstance(event, Said) and event.id]
    return EVENT_BYTES * len(events) + ID_BYTES * len(ids) + sum(len(text) * (1 if text.isascii() else 4) for text in texts)


EVENTS = st.lists(st.tuples(st.text("aж", max_size=60), st.sampled_from(["", "1", "2", "3"])), max_size=60)


@given(EVENTS, st.integers(1, 8), st.integers(EVENT_BYTES, 5 * EVENT_BYTES))
def test_a_log_holds_the_last_events_that_fit(texts: list[tuple[str, str]], most: int, size: int) -> None:
    log, appended = MemoryLog(events=most, size=size), list[Event]()
    for seq, (text, id) in enumerate(texts, 1):
        event, first = said(seq, text, id=f"{seq}.{id}" if id else ""), log.first
        log.append(event, lambda failure: None)
        appended.append(event)
        assert log.end == seq + 1
        held = list(log.read(0, log.end))
        assert held == appended[log.first - 1 :]
        fits = len(appended[first - 1 :]) <= most and size_of(appended[first - 1 :]) <= size
        assert log.first == first if fits else (len(held) <= most * 7 / 8 and size_of(held) <= size * 7 / 8)
        assert all(find(log, "seat", said.id) == said for said in held if isinstance(said, Said) and said.id)
    dropped_events = appended[: log.first - 1]
    assert not any(find(log, "seat", said.id) for said in dropped_events if isinstance(said, Said))


# -- Retention and news ----------------------------------------------------------------------------


def test_messages_that_were_not_kept_are_dropped_when_the_room_is_kept_again() -> None:
    log = filled(MemoryLog(), "before")
    for draft in (
        RetentionSet("lobby", DRAFT, 0, "ada", "seat", "none", 0),
        said(DRAFT, "unkept"),
        RetentionSet("lobby", DRAFT, 0, "ada", "seat", "", 0),
    ):
        log.append(draft, lambda outcome: None)
    assert seqs(log.read(1, 9)) == [4]
    assert log.state.retention.text == ""


def test_dropped_messages_are_reported() -> None:
    dropped: list[str] = []
    log = MemoryLog(events=8, on_dropped=lambda said: dropped.append(said.id))
    for seq in range(1, 10):
        log.append(said(seq, id=str(seq) if seq != 2 else ""), lambda outcome: None)
    assert dropped == ["1"]


def test_each_event_is_news() -> None:
    log, news = MemoryLog(), list[int]()
    log.on_news = lambda: news.append(log.end)
    filled(log, "a", "b")
    assert news == [2, 3]


# -- The store -------------------------------------------------------------------------------------


def test_a_store_creates_each_log_once_and_lists_its_rooms() -> None:
    store = MemoryStore("testlog")
    log = store.log(parse_room("Dev"))
    assert store.log(parse_room("#DEV")) is log
    assert list(store.room_names()) == ["Dev"]
    store.close_log("dev")
    assert (list(store.room_names()), dict(store.logs)) == ([], {})


@given(st.lists(st.lists(st.text(max_size=9), min_size=1, max_size=5), max_size=9), st.integers(1, 20), st.integers(300, 5000))
def test_a_series_is_added_as_its_messages_are(all_series: list[list[str]], most: int, size: int) -> None:
    together, alone = MemoryLog(most, size), MemoryLog(most, size)
    outcomes, news = Outcomes(), list[int]()
    together.on_news = lambda: news.append(together.end)
    for series in all_series:
        together.append_series([said(0, text) for text in series], outcomes.append)
        assert outcomes[-1] == said(together.end - 1, series[-1])
        filled(alone, *series)
    assert (together.end, together.last_message, len(news)) == (alone.end, alone.last_message, alone.end - 1)
    held = together.read(together.first, together.end)
    assert (
        held
        == [said(seq, text) for seq, text in enumerate((text for series in all_series for text in series), 1)][together.first - 1 :]
    )
    assert together.size == sum(map(size_of_event, held)) <= size
    assert len(held) <= most
