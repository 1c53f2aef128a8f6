"""The history view: it requests what is missing, and shows the right rows whatever the server
answers."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from chatd.core import answers, commands, events
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.core.limits import HISTORY_EVENTS
from chatd.tui.cells import Line, plain
from chatd.tui.formatter import Formatter
from chatd.tui.history_view import HistoryView, JumpTarget, RoomOnScreen
from chatd.tui.keys import Key
from tests.client.scripted import history

NOW = 1_795_435_260_000  # 2026-11-23 12:01 UTC
MINUTE = 60_000


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def said(seq: int, text: str = "", nick: str = "bob") -> Event:
    return events.Said("lobby", seq, NOW - (2000 - seq) * MINUTE, nick, "", text or f"e{seq}")


class Case:
    """ada looks at the history of a room with ``size`` events."""

    def __init__(self, size: int, first: int = 1, height: int = 10) -> None:
        self.log = [said(seq) for seq in range(first, first + size)]
        self.requests: list[commands.History] = []
        self.sent = 0
        self.is_up = True
        self.ignored = ""
        self.history = HistoryView(self.send, Formatter(lambda: NOW), lambda: "ada", lambda: self.is_up)
        self.history.resize(60, height)

    def send(self, command: Command) -> Command:
        assert isinstance(command, commands.History)
        self.sent += 1
        self.requests.append(replace(command, id=str(self.sent)))
        return self.requests[-1]

    def answer(self) -> None:
        """Answer as the server does, until there are no more requests."""
        for _ in range(100):
            if not self.requests:
                return
            request = self.requests.pop(0)
            assert request.count <= HISTORY_EVENTS
            assert self.history.take_answer(history(self.log, request, ignored=self.ignored))
        raise AssertionError("it asks without an end")

    def room(self, first_visible: int, unread_mark: tuple[int, Line] | None = None) -> RoomOnScreen:
        return RoomOnScreen("lobby", self.log[-1].seq if self.log else 0, first_visible, unread_mark)

    def page_up(self, first_visible: int) -> None:
        self.history.page_up(self.room(first_visible))
        self.answer()

    def press(self, *keys: Key) -> None:
        for key in keys:
            assert self.history.press(key)
            self.answer()

    @property
    def texts(self) -> list[str]:
        """The visible rows, without times."""
        return [row[6:] if row[:2].isdigit() else row for row in map(plain, self.history.rows)]

    @property
    def numbers(self) -> list[int]:
        return [int(text.rpartition("e")[2]) for text in self.texts if text.startswith("<")]

    @property
    def status(self) -> str:
        return plain(self.history.status)


def test_page_up_shows_what_is_above_the_live_view() -> None:
    case = Case(300)
    case.history.page_up(case.room(first_visible=280))
    assert case.history.window is None
    assert case.history.is_opening
    assert case.history.notice == "asking the server"
    case.answer()
    assert case.numbers == list(range(271, 281))
    assert not case.history.is_opening
    assert case.status == " #lobby history  Sun 22 Nov 2026"


def test_it_goes_as_far_back_as_the_log_and_says_so() -> None:
    case = Case(450, first=7)
    case.page_up(440)
    visited = set(case.numbers)
    while not case.history.notice:
        before = case.numbers[0]
        case.press(Key.PAGE_UP)
        assert not case.numbers or case.numbers[-1] >= before  # No row is skipped.
        visited |= set(case.numbers)
    assert visited == set(range(7, 441))
    assert case.texts[0] == "-- The log of #lobby begins here. --"
    assert case.history.notice == "there is nothing before this"
    assert case.status.endswith("there is nothing before this")


def test_nearby_events_are_requested_before_they_are_needed() -> None:
    case = Case(450)
    case.page_up(440)
    for _ in range(200):
        above = case.history.window.above if case.history.window else 0
        case.press(Key.UP)
        assert case.history.window is not None
        assert case.history.window.above == above - 1 or above <= 20
    assert case.numbers[-1] == 240


def test_scrolling_down_ends_at_the_live_view() -> None:
    case = Case(300)
    case.page_up(280)
    case.press(Key.PAGE_UP, Key.PAGE_DOWN)
    assert case.numbers[-1] == 280
    case.press(Key.DOWN)
    assert case.history.window is None
    assert case.sent < 4


def test_new_events_are_below_the_history() -> None:
    case = Case(300)
    case.page_up(280)
    for seq in range(301, 420):
        case.log.append(said(seq))
        case.history.on_event(case.log[-1])
        case.history.on_message(for_me=seq == 301)
    assert case.status.startswith(" #lobby history, 119! new")
    visited: set[int] = set(case.numbers)
    while case.history.window is not None:
        case.press(Key.PAGE_DOWN)
        visited |= set(case.numbers)
    assert set(range(281, 420)) <= visited
    assert (case.history.new, case.history.mentioned) == (0, False)


def test_messages_are_not_counted_while_the_history_is_closed() -> None:
    case = Case(300)
    case.history.on_message(for_me=True)
    case.page_up(280)
    assert (case.history.new, case.history.mentioned) == (0, False)


@pytest.mark.parametrize(("size", "first_visible"), [(0, 0), (1, 1), (30, 1)])
def test_without_earlier_events_it_does_not_open(size: int, first_visible: int) -> None:
    case = Case(size)
    case.page_up(first_visible)
    assert case.history.window is None
    assert case.history.notice == "there is nothing before this in #lobby"
    assert case.history.press(Key.PAGE_UP) is False
    assert case.history.notice == ""


def test_if_the_live_view_shows_nothing_of_the_room_its_end_is_shown() -> None:
    case = Case(5)
    case.page_up(0)
    assert case.numbers == [1, 2, 3, 4, 5]


def test_the_beginning_of_the_log() -> None:
    case = Case(400, first=700)
    case.history.open_oldest(case.room(first_visible=1090))
    case.answer()
    assert case.numbers[0] == 700
    assert case.texts[0] == "-- The log of #lobby begins here. --"
    case.press(*[Key.PAGE_DOWN] * 20)
    case.press(Key.HOME)
    assert case.numbers[0] == 700


def test_from_the_middle_home_asks_for_the_beginning() -> None:
    case = Case(900)
    case.page_up(880)
    case.press(Key.OLDEST)
    assert case.numbers[0] == 1
    visited: set[int] = set()
    while case.history.window is not None:
        visited |= set(case.numbers)
        case.press(Key.PAGE_DOWN)
    assert visited == set(range(1, max(visited) + 1))
    assert max(visited) >= 880


def test_a_hit_is_in_the_middle_and_stands_out_without_colours() -> None:
    case = Case(900)
    case.log[399] = said(400, "some tea for e400")
    case.history.open_at(case.room(890), 400, JumpTarget(400, ("TEA",)))
    case.answer()
    assert case.numbers == list(range(395, 405))
    (target,) = [row for row in case.history.rows if "»" in plain(row)]
    assert plain(target)[5:].startswith("»<bob> some tea")
    assert [span.text for span in target if span.style.reverse][-1] == "tea"
    case.press(Key.PAGE_UP, Key.PAGE_UP)
    assert case.numbers[-1] == 388
    case.press(Key.PAGE_DOWN, Key.PAGE_DOWN)
    assert any("»" in plain(row) for row in case.history.rows)


@pytest.mark.parametrize("seq", [1, 3, 900])
def test_a_hit_at_either_end(seq: int) -> None:
    case = Case(900)
    case.history.open_at(case.room(890), seq, JumpTarget(seq))
    case.answer()
    assert seq in case.numbers
    assert len(case.history.rows) == 10


def test_a_hit_that_has_been_deleted() -> None:
    case = Case(400, first=500)
    case.history.open_at(case.room(890), 480, JumpTarget(480))
    case.answer()
    assert case.numbers[0] == 500
    assert case.history.notice == "that message is no longer kept"


def test_the_unread_mark_and_mentions_stand_out() -> None:
    case = Case(30)
    case.log[9] = said(10, "hey ada: e10")
    case.log[10] = said(11, "I am ada: e11", nick="Ada")
    case.history.resize(80, 10)
    unread_mark = Formatter(lambda: NOW).unread_mark("lobby", 20, 1, NOW)
    case.history.open_at(case.room(0, (10, unread_mark)), 10)
    case.answer()
    place = case.numbers.index(10)
    rows = [plain(row) for row in case.history.rows]
    assert rows[rows.index("-- 20 new messages in #lobby since 12:01, 1 mentioning you --") + 1].endswith("e10")
    for_me = [any(span.style.reverse for span in row) for row in case.history.rows if "<" in plain(row)]
    assert for_me == [number == place for number in range(len(for_me))]


def test_ignored_messages_do_not_end_it() -> None:
    case = Case(900)
    case.log = [replace(event, nick="troll") if 300 <= event.seq < 700 else event for event in case.log]
    case.ignored = "troll"
    case.page_up(880)
    visited = set(case.numbers)
    while not case.history.notice:
        case.press(Key.PAGE_UP)
        visited |= set(case.numbers)
    assert visited == set(range(1, 881)) - set(range(300, 700))


def test_nothing_but_ignored_messages() -> None:
    case = Case(350)
    case.log = [replace(event, nick="troll") for event in case.log]
    case.ignored = "troll"
    case.page_up(0)
    assert case.numbers == []


def test_a_server_that_never_reaches_the_first_event_is_not_asked_forever() -> None:
    case = Case(300)
    case.page_up(280)
    for _ in range(200):
        case.history.press(Key.PAGE_UP)
        while case.requests:
            case.history.take_answer(answers.HistoryPage("lobby", (), True, True, id=case.requests.pop(0).id))
    assert case.sent < 10


# -- The link --------------------------------------------------------------------------------------


def test_a_request_while_the_link_is_down_says_so_and_is_answered_later() -> None:
    case = Case(300)
    case.is_up = False
    case.history.page_up(case.room(280))
    case.history.page_up(case.room(280))
    assert len(case.requests) == 1
    assert case.history.notice == "waiting for the connection"
    case.is_up = True
    case.answer()
    assert case.numbers[-1] == 280
    assert case.history.notice == ""


def test_at_the_edge_of_the_window_a_notice_says_that_more_is_requested() -> None:
    case = Case(300)
    case.page_up(280)
    case.is_up = False
    while not case.history.notice:
        case.history.press(Key.PAGE_UP)
    assert case.history.notice == "waiting for the connection"
    assert len(case.requests) == 1
    before = case.numbers
    case.answer()
    assert case.numbers[1:] == before  # An older event has taken the row of the day.
    case.press(Key.UP)
    assert case.numbers[0] == before[0] - 2


def test_an_answer_after_closing_does_not_open_the_history() -> None:
    case = Case(300)
    case.history.page_up(case.room(280))
    case.history.close()
    assert not case.history.is_opening
    case.answer()
    assert case.history.window is None


def test_a_refusal_is_shown() -> None:
    case = Case(300)
    case.history.page_up(case.room(280))
    assert case.history.take_answer(answers.Refused("not-in-room", "You are not in #lobby.", "Join it.", id="1"))
    assert case.history.notice == "You are not in #lobby. Join it."
    assert not case.history.is_opening


def test_other_answers_are_not_taken() -> None:
    case = Case(300)
    assert not case.history.take_answer(answers.HistoryPage("lobby", (), False, id="7"))
    assert not case.history.take_answer(answers.Pong())


@pytest.mark.parametrize("opened", [True, False])
def test_leaving_the_room_closes_the_history(opened: bool) -> None:
    case = Case(300)
    case.history.page_up(case.room(280))
    if opened:
        case.answer()
    case.history.on_room_gone("ops")
    assert opened == (case.history.window is not None)
    case.history.on_room_gone("lobby")
    case.answer()
    assert case.history.window is None
    assert not case.history.is_opening


def test_deleted_events_disappear() -> None:
    case = Case(300)
    case.page_up(280)
    case.press(*[Key.PAGE_UP] * 9)
    case.log = case.log[249:]
    case.history.on_forgotten("ops", 270)
    assert min(case.numbers) < 250
    case.history.on_forgotten("lobby", 250)
    case.press(Key.HOME)
    assert case.texts[0] == "-- The log of #lobby begins here. --"
    assert case.numbers[0] == 250


def test_an_answer_to_an_outdated_request_is_dropped() -> None:
    case = Case(400)
    case.page_up(280)
    while not case.requests:
        case.history.press(Key.PAGE_UP)
    stale = history(case.log, case.requests[0])
    case.log = case.log[249:]
    case.history.on_forgotten("lobby", 250)
    assert case.history.take_answer(stale)
    assert case.history.window is not None
    assert case.history.window.low == 250
    case.requests.clear()
    case.press(Key.HOME)
    assert case.numbers[0] == 250


# -- Keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [Key.TEXT, Key.ESCAPE, Key.END, Key.ENTER, Key.LEFT, Key.TAB])
def test_other_keys_are_not_taken(key: Key) -> None:
    case = Case(300)
    case.page_up(280)
    assert not case.history.press(key)


def test_while_closed_no_key_is_taken() -> None:
    case = Case(300)
    assert not case.history.press(Key.UP)
    assert not case.history.press(Key.PAGE_UP)
    assert case.status == ""


def test_a_new_size() -> None:
    case = Case(300)
    case.page_up(280)
    case.history.resize(20, 4)
    assert len(case.history.rows) == 4
    case.history.resize(60, 8)
    assert case.numbers == list(range(273, 281))
