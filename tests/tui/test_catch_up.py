"""Catching up: every message is counted, the last ones are shown, each once."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from chatd.core import answers, events
from chatd.core.events import Event
from chatd.tui.catch_up import PROGRESS_EVENTS, SHOWN, SHOWN_ELSEWHERE, CatchUps
from chatd.tui.cells import FinalLine, plain
from chatd.tui.conversation import Conversation
from chatd.tui.formatter import Formatter

NOW = 1_795_435_260_000  # 2026-11-23 12:01 UTC
DAY = 86_400_000


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def said(seq: int, room: str = "lobby", nick: str = "bob", text: str = "", at: int = NOW) -> events.Said:
    return events.Said(room, seq, at, nick, "", text or f"e{seq}")


class Case:
    """ada comes back to #lobby, her current room, and #ops; ``last_seen`` has the last event that
    she saw of each."""

    def __init__(self, height: int = 20, **last_seen: int) -> None:
        self.height = height
        self.conversation = Conversation("ada", last_seen)
        self.catch_ups = CatchUps(self.conversation, Formatter(lambda: NOW), lambda lines: len(lines) <= self.height)
        self.shown: list[FinalLine] = []

    def enter(self, room: str, seq: int, cursor: int) -> None:
        entered = answers.Entered(room, seq, 1, ("ada",))
        self.conversation.receive(entered)
        self.catch_ups.on_entered(entered, cursor)

    def receive(self, *happened: Event) -> None:
        for event in happened:
            lines = self.catch_ups.on_event(event, self.conversation.receive(event))
            if lines is not None:
                self.shown += lines

    def come_back(self, *happened: events.Said, room: str = "lobby", until: int = 50, cursor: int = 0) -> None:
        """Enter ``room``, and receive what has happened there up to the user's own joining, number
        ``until``."""
        self.enter(room, until, cursor)
        self.receive(*happened, events.Joined(room, until, NOW, "ada", ""))

    @property
    def texts(self) -> list[str]:
        return [plain(one.line) for one in self.shown]


def test_new_messages_are_below_the_mark_and_seen_ones_above() -> None:
    case = Case(lobby=11)
    case.come_back(said(10), said(11), said(12, text="hey ada"), said(13), cursor=9)
    assert case.texts == [
        "12:01 -- Earlier in #lobby:",
        "12:01 <bob> e10",
        "12:01 <bob> e11",
        "-- 2 new messages in #lobby since 12:01, 1 mentioning you --",
        "12:01 <bob> hey ada",
        "12:01 <bob> e13",
    ]
    assert [one.seq for one in case.shown] == [0, 10, 11, 0, 12, 13]
    assert case.shown[1].line[-1].style.dim
    assert any(span.style.reverse for span in case.shown[4].line)
    assert case.conversation.rooms["lobby"].unread_mark == (12, case.shown[3].line)


def test_nothing_is_shown_before_all_of_it_has_arrived() -> None:
    case = Case()
    case.enter("lobby", 50, 10)
    case.receive(said(11), said(12))
    assert case.texts == []
    assert case.catch_ups.last_shown("lobby", 12) == 10
    case.receive(events.Joined("lobby", 50, NOW, "ada", ""))
    assert case.texts == ["-- 2 new messages in #lobby since 12:01 --", "12:01 <bob> e11", "12:01 <bob> e12"]
    assert case.catch_ups.last_shown("lobby", 50) == 50
    case.receive(said(51))
    assert len(case.texts) == 3


def test_without_new_messages_there_is_no_mark() -> None:
    case = Case(lobby=11)
    case.come_back(said(10), said(11), cursor=9)
    assert case.texts == ["12:01 -- Earlier in #lobby:", "12:01 <bob> e10", "12:01 <bob> e11"]
    assert case.conversation.rooms["lobby"].unread_mark is None


def test_after_a_break_without_events_nothing_is_shown() -> None:
    case = Case()
    case.come_back(cursor=49)
    assert case.texts == []


def test_a_new_room_has_no_catch_up() -> None:
    case = Case()
    case.enter("lobby", 50, 50)
    case.receive(said(51))
    assert case.catch_ups.last_shown("lobby", 51) == 51


def test_joins_and_leaves_are_not_shown_and_own_messages_not_counted() -> None:
    case = Case()
    case.enter("lobby", 50, 10)
    case.receive(
        events.Joined("lobby", 11, NOW, "eve", ""),
        events.Left("lobby", 12, NOW, "eve", "", events.Reason.QUIT),
        said(13, nick="ada", text="mine"),
        events.TopicSet("lobby", 14, NOW, "bob", "", "tea"),
        said(15),
        events.Joined("lobby", 50, NOW, "ada", ""),
    )
    assert case.texts == [
        "-- 1 new message in #lobby since 12:01 --",
        "12:01 <ada> mine",
        "12:01 -- bob has set the topic of #lobby: tea",
        "12:01 <bob> e15",
    ]


def test_a_time_of_another_day_has_its_date() -> None:
    case = Case()
    case.come_back(said(12, at=NOW - DAY), cursor=11)
    assert case.texts[0] == "-- 1 new message in #lobby since 2026-11-22 12:01 --"


def test_of_ten_thousand_all_are_counted_and_the_last_are_shown() -> None:
    case = Case()
    until = 10_010
    case.come_back(*(said(seq) for seq in range(10, until)), until=until, cursor=9)
    assert case.texts[0] == "-- 10,000 new messages in #lobby since 12:01 --"
    assert case.texts[1:-1] == [f"12:01 <bob> e{seq}" for seq in range(until - SHOWN, until)]
    assert case.texts[-1].startswith("12:01 -- Above are the last 100 of 10,000 new messages in #lobby; /jump new")


@pytest.mark.parametrize(("count", "said_again"), [(20, False), (21, True)])
def test_if_the_mark_is_not_visible_the_end_says_it_again(count: int, said_again: bool) -> None:
    case = Case()
    case.come_back(*(said(seq) for seq in range(20, 20 + count)), cursor=19)
    assert case.texts[-1].startswith("12:01 -- Above are the 21 new messages in #lobby") is said_again


# -- Other rooms -----------------------------------------------------------------------------------


def other(count: int, **last_seen: int) -> Case:
    """Back in #lobby, and in #ops, where ``count`` messages are new."""
    case = Case(**last_seen)
    case.come_back(cursor=49)
    case.come_back(*(said(seq, "ops") for seq in range(8, 11 + count)), room="ops", cursor=7, until=500)
    return case


def test_a_few_messages_of_another_room_are_shown_at_once() -> None:
    case = other(SHOWN_ELSEWHERE, ops=10)
    assert case.texts[0] == "-- 10 new messages in #ops since 12:01 --"
    assert case.texts[1:] == [f"12:01 #ops <bob> e{seq}" for seq in range(11, 21)]
    assert case.conversation.rooms["ops"].unread == 10
    assert case.catch_ups.on_switched("ops") == []


def test_many_messages_wait_until_the_user_switches_to_the_room() -> None:
    case = other(SHOWN_ELSEWHERE + 1, ops=10)
    assert case.texts == ["12:01 -- 11 new messages in #ops since 12:01; Alt-2 shows them."]
    assert case.conversation.rooms["ops"].unread == 11
    assert case.catch_ups.last_shown("ops", 500) == 10
    case.conversation.switch_to("ops")
    shown = [plain(one.line) for one in case.catch_ups.on_switched("ops")]
    assert shown[:5] == [
        "12:01 -- Earlier in #ops:",
        "12:01 <bob> e8",
        "12:01 <bob> e9",
        "12:01 <bob> e10",
        "-- 11 new messages in #ops since 12:01 --",
    ]
    assert shown[5:] == [f"12:01 <bob> e{seq}" for seq in range(11, 22)]
    assert case.catch_ups.on_switched("ops") == []
    assert case.catch_ups.last_shown("ops", 500) == 500


def test_a_tenth_room_has_no_key_of_its_own() -> None:
    case = Case()
    for number in range(9):
        case.enter(f"r{number}", 5, 5)
    case.come_back(*(said(seq, "ops") for seq in range(11, 30)), room="ops", cursor=10)
    assert case.texts == ["12:01 -- 19 new messages in #ops since 12:01; /join #ops shows them."]


def test_without_new_messages_elsewhere_nothing_is_shown() -> None:
    assert other(0, ops=10).texts == []


# -- Other cases --------------------------------------------------------------------------


def test_a_second_break_makes_one_catch_up() -> None:
    case = Case()
    case.enter("lobby", 50, 10)
    case.receive(said(11))
    case.enter("lobby", 60, 11)
    case.receive(said(12), events.Joined("lobby", 50, NOW, "ada", ""), said(51), events.Joined("lobby", 60, NOW, "ada", ""))
    assert case.texts == ["-- 3 new messages in #lobby since 12:01 --", *(f"12:01 <bob> e{seq}" for seq in (11, 12, 51))]


def test_a_delivered_message_of_the_user_is_in_order() -> None:
    case = Case()
    case.enter("lobby", 50, 10)
    case.receive(said(11))

    def format(here: str) -> Sequence[FinalLine]:
        return Formatter(lambda: NOW).note("mine")

    assert case.catch_ups.on_delivered(answers.Ack("lobby", 12, NOW), lambda here: list(format(here)))
    assert not case.catch_ups.on_delivered(answers.Ack("lobby", 51, NOW), lambda here: list(format(here)))
    assert not case.catch_ups.on_delivered(answers.Ack("ops", 12, NOW), lambda here: list(format(here)))
    case.receive(said(13), events.Joined("lobby", 50, NOW, "ada", ""))
    assert case.texts == ["-- 2 new messages in #lobby since 12:01 --", "12:01 <bob> e11", "12:01 -- mine", "12:01 <bob> e13"]


def test_deleted_messages_are_not_shown() -> None:
    case = Case(lobby=11)
    case.enter("lobby", 50, 9)
    case.receive(said(10), said(11), said(12), said(13))
    case.catch_ups.on_forgotten("lobby", 13)
    case.catch_ups.on_forgotten("ops", 99)
    case.receive(events.Joined("lobby", 50, NOW, "ada", ""))
    assert case.texts[:2] == ["-- 2 new messages in #lobby since 12:01 --", "12:01 <bob> e13"]
    assert case.texts[2].startswith("12:01 -- Above are the last 1 of 2 new messages")


def test_a_room_that_is_left_has_no_catch_up() -> None:
    case = other(30, ops=10)
    case.catch_ups.on_left("ops")
    assert case.catch_ups.on_switched("ops") == []


def test_a_new_log_ends_the_catch_up() -> None:
    case = Case()
    case.enter("lobby", 50, 10)
    case.receive(said(11))
    assert [plain(one.line) for one in case.catch_ups.finish("lobby")][1:] == ["12:01 <bob> e11"]
    assert case.catch_ups.finish("lobby") == []


def test_a_long_catch_up_shows_its_progress() -> None:
    case = Case()
    case.enter("lobby", 30 + PROGRESS_EVENTS, 20)
    case.receive(said(20 + PROGRESS_EVENTS // 2))
    assert case.catch_ups.progress == "catching up with #lobby: 49 %"
    case.receive(events.Joined("lobby", 30 + PROGRESS_EVENTS, NOW, "ada", ""))
    assert case.catch_ups.progress == ""
    case.enter("ops", 30, 20)
    assert case.catch_ups.progress == ""
