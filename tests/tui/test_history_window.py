"""The history window: which rows are visible, whatever is added, dropped or resized."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.tui.cells import Line, Span, plain
from chatd.tui.history_window import MAX_EVENTS, Entry, HistoryWindow

BEGINNING = (Span("begins"),)
MARK = (Span("new"),)


def entries(start: int, stop: int, days: int = 0) -> list[Entry]:
    """Events from ``start`` to ``stop``, one row each; ``days``: so many events a day."""
    return [entry(seq, f"day {seq // days}" if days else "day") for seq in range(start, stop)]


def entry(seq: int, day: str = "day", *texts: str) -> Entry:
    return Entry(seq, seq * 1000, (Span(day),), tuple((Span(text),) for text in texts or (f"e{seq}",)))


def past(
    start: int, stop: int, more: bool = True, later: bool = True, height: int = 5, mark: tuple[int, Line] | None = None
) -> HistoryWindow:
    one = HistoryWindow("lobby", BEGINNING, mark)
    one.resize(20, height)
    one.replace(entries(start, stop), start, stop, more, later)
    return one


def shown(one: HistoryWindow) -> list[str]:
    return [plain(row) for row in one.rows]


def test_it_starts_at_the_end() -> None:
    one = past(10, 30)
    assert shown(one) == ["e25", "e26", "e27", "e28", "e29"]
    assert (one.above, one.below, one.time) == (16, 0, 25_000)


def test_pages_overlap() -> None:
    one = past(10, 30, height=8)
    assert one.scroll(-one.page)
    assert shown(one) == [f"e{seq}" for seq in range(16, 24)]
    assert one.scroll(+one.page)
    assert not one.scroll(+one.page)
    assert shown(one)[-1] == "e29"


@pytest.mark.parametrize(("height", "page"), [(1, 1), (3, 3), (4, 3), (5, 4), (8, 6), (22, 20)])
def test_each_page_shows_something_new(height: int, page: int) -> None:
    assert past(10, 40, height=height).page == page


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        ("a", ["e16", "e17", "e18", "e19", "a"]),
        ("abcd", ["e16", "e17", "e18", "e19", "a"]),  # All of it is visible in the live view.
        ("abcdefgh", ["e19", "a", "b", "c", "d"]),  # Its last five rows are.
    ],
)
def test_a_page_up_from_an_event_shows_something_new(texts: str, rows: list[str]) -> None:
    one = past(10, 30)
    one.replace([*entries(10, 20), entry(20, "day", *texts)], 10, 21, True, True)
    one.show_before(20)
    assert shown(one) == rows


def test_the_top_is_the_end_of_scrolling() -> None:
    one = past(10, 30)
    one.scroll(-1000)
    assert shown(one) == ["day", "e10", "e11", "e12", "e13"]
    assert (one.above, one.time) == (0, 10_000)
    assert not one.scroll(-1)


def test_the_beginning_of_the_log_is_marked() -> None:
    assert shown(past(1, 4, more=False, height=10)) == ["begins", "day", "e1", "e2", "e3"]


def test_a_short_history_is_visible_completely() -> None:
    one = past(1, 3, height=10)
    assert shown(one) == ["day", "e1", "e2"]
    assert not one.scroll(-1)
    assert not one.scroll(+1)


def test_nothing_at_all() -> None:
    one = past(1, 1, more=False)
    assert shown(one) == []
    assert one.time == 0
    assert not one.scroll(-1)


def test_adding_older_events_moves_no_visible_row() -> None:
    one = past(10, 30)
    one.scroll(-7)
    before = shown(one)
    one.add_older(entries(3, 10), 3, True)
    assert shown(one) == before
    assert (one.low, one.high) == (3, 30)
    one.scroll(-100)
    assert shown(one) == ["day", "e3", "e4", "e5", "e6"]


def test_adding_later_events_moves_no_visible_row() -> None:
    one = past(10, 30)
    before = shown(one)
    one.add_later(entries(30, 33), 33, False)
    assert shown(one) == before
    assert (one.below, one.later) == (3, False)


def test_a_day_has_one_line_wherever_its_events_were_fetched() -> None:
    one = past(10, 10, height=40)
    one.replace(entries(10, 13, days=5), 10, 13, True, True)
    one.add_older(entries(8, 10, days=5), 8, True)
    one.add_later(entries(13, 16, days=5), 16, True)
    assert shown(one) == ["day 1", "e8", "e9", "day 2", "e10", "e11", "e12", "e13", "e14", "day 3", "e15"]
    one.add_older(entries(6, 8, days=5), 6, True)
    assert shown(one)[:5] == ["day 1", "e6", "e7", "e8", "e9"]


@pytest.mark.parametrize(
    ("mark", "above"),
    [(12, "e12"), (15, "e17"), (10, "e10"), (5, None), (40, None)],
)
def test_the_unread_mark_is_above_its_event_or_the_next(mark: int, above: str | None) -> None:
    one = HistoryWindow("lobby", BEGINNING, (mark, MARK))
    one.resize(20, 40)
    one.replace([*entries(10, 14), *entries(17, 20)], 10, 20, True, True)
    rows = shown(one)
    assert (rows[rows.index("new") + 1] if "new" in rows else None) == above


def test_an_event_moves_to_the_middle() -> None:
    one = past(10, 30)
    one.show_event(20)
    assert shown(one) == ["e18", "e19", "e20", "e21", "e22"]
    one.show_event(11)
    assert shown(one)[:3] == ["day", "e10", "e11"]
    one.show_event(29)
    assert shown(one)[-1] == "e29"
    one.show_event(99)
    assert shown(one)[-1] == "e29"
    one.show_oldest()
    assert shown(one)[0] == "day"


def wide(number: int) -> HistoryWindow:
    """A window with so many events, each wrapped on a narrow screen."""
    one = HistoryWindow("lobby", BEGINNING)
    one.resize(40, 9)
    one.replace([entry(seq, "day", f"e{seq} " + "word " * 6) for seq in range(1, number)], 1, number, False, True)
    return one


def numbers(one: HistoryWindow) -> list[int]:
    return [int(row.split()[0][1:]) for row in shown(one) if row.startswith("e")]


def test_a_new_size_keeps_the_middle() -> None:
    one = wide(40)
    one.show_event(20)
    assert numbers(one) == list(range(16, 25))
    for columns, height in ((15, 6), (40, 3), (70, 12), (40, 9)):
        one.resize(columns, height)
        assert 20 in numbers(one)


@pytest.mark.parametrize(("end", "event"), [(False, 1), (True, 39)])
def test_a_new_size_keeps_a_visible_end(end: bool, event: int) -> None:
    one = wide(40)
    one.scroll(1000 if end else -1000)
    for columns, height in ((15, 6), (40, 4), (70, 12), (40, 9)):
        one.resize(columns, height)
        assert (one.below if end else one.above) == 0
        assert event in numbers(one)


def test_deleted_events_disappear_even_if_visible() -> None:
    one = past(10, 30)
    one.scroll(-100)
    one.drop_before(25)
    assert shown(one) == ["begins", "day", "e25", "e26", "e27"]
    one.drop_before(5)
    assert one.low == 25
    one.drop_before(100)
    assert (shown(one), one.low, one.high) == ([], 100, 100)


def test_a_deleted_message_disappears() -> None:
    one = past(10, 30)
    one.scroll(-100)
    before = shown(one)
    one.drop(11)
    assert "e11" in before
    assert "e11" not in shown(one)
    assert (one.low, one.high) == (10, 30)
    one.drop(99)
    assert "e12" in shown(one)


def test_events_left_out_because_of_ignored_people_do_not_end_it() -> None:
    one = past(10, 30)
    one.add_older([], 2, True)
    assert one.low == 2
    one.drop_before(3)
    assert one.low == 3


def test_it_is_bounded_and_knows_what_it_has_dropped() -> None:
    one = past(5000, 5100)
    for low in range(4900, 3800, -100):
        one.add_older(entries(low, low + 100), low, True)
        one.scroll(-1000)
    assert (one.low, one.high, one.later) == (3900, 3900 + MAX_EVENTS, True)
    assert shown(one)[1] == "e3900"
    one.add_later(entries(4900, 5000), 5000, False)
    assert (one.low, one.high, one.more, one.later) == (4000, 5000, True, False)
    assert shown(one)[1] == "e4000"


class Log:
    """A log whose events are one to three rows each, and which deletes old ones."""

    def __init__(self, first: int, end: int) -> None:
        self.first, self.end = first, end

    def entries(self, start: int, stop: int) -> list[Entry]:
        return [
            entry(seq, f"day {seq // 7}", *(f"e{seq}.{n}" for n in range(seq % 3 + 1)))
            for seq in range(max(start, self.first), min(stop, self.end))
        ]


steps = st.one_of(
    st.tuples(st.just("scroll"), st.integers(-30, 30)),
    st.tuples(st.just("older"), st.integers(1, 20)),
    st.tuples(st.just("later"), st.integers(1, 20)),
    st.tuples(st.just("height"), st.integers(1, 12)),
    st.tuples(st.just("forget"), st.integers(1, 120)),
    st.tuples(st.just("event"), st.integers(1, 120)),
)


@given(st.lists(steps, max_size=30))
def test_the_visible_rows_have_no_gap(story: Sequence[tuple[str, int]]) -> None:
    log, one = Log(1, 100), HistoryWindow("lobby", BEGINNING)
    one.resize(20, 5)
    one.replace(log.entries(50, 60), 50, 60, True, True)
    for what, number in story:
        before = shown(one)
        match what:
            case "scroll":
                one.scroll(number)
            case "older" if one.more:
                start = max(one.low - number, log.first)
                one.add_older(log.entries(start, one.low), start, start > log.first)
                assert before[-1:] == shown(one)[-1:] or before[-1][0] != "e"  # The line of a day may have moved up.
            case "later" if one.later:
                stop = min(one.high + number, log.end)
                one.add_later(log.entries(one.high, stop), stop, stop < log.end)
                rows = [row for row in before if row[0] == "e"]
                assert [row for row in shown(one) if row[0] == "e"][: len(rows)] == rows
            case "height":
                one.resize(20, number)
            case "forget":
                log.first = max(log.first, number)
                one.drop_before(number)
            case "event":
                one.show_event(number)
        rows = shown(one)
        whole = [plain(row) for _, row in one._rows]
        assert len(rows) == min(one._height, len(whole))
        assert any(rows == whole[start : start + len(rows)] for start in range(len(whole) + 1))
        expected = [row for row in whole if row[0] == "e"]
        assert expected == [plain(line) for each in log.entries(one.low, one.high) for line in each.lines]
