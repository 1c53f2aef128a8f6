"""The formatter: lines for what is received and sent."""

from __future__ import annotations

import time

import pytest

from chatd.core import answers, commands, events
from chatd.tui.cells import FinalLine, plain
from chatd.tui.conversation import Received
from chatd.tui.formatter import BAD, GOOD, PALETTE, Formatter, nick_style, plain_line

NOW = 1_795_435_260_000  # 2026-11-23 12:01 UTC
DAY = 86_400_000


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def formatter() -> Formatter:
    return Formatter(lambda: NOW)


def texts(lines: list[FinalLine]) -> list[str]:
    return [plain(one.line) for one in lines]


def said(text: str, room: str = "lobby", action: bool = False, time: int = NOW) -> events.Said:
    return events.Said(room, 1, time, "bob", "", text, action)


@pytest.mark.parametrize(
    ("news", "lines"),
    [
        (said("hi"), ["12:01 <bob> hi"]),
        (said("hi", room="ops"), ["12:01 #ops <bob> hi"]),
        (said("waves", action=True), ["12:01 * bob waves"]),
        (said("waves", room="ops", action=True), ["12:01 #ops * bob waves"]),
        (events.Private("@", 1, NOW, "bob", "", "psst"), ["12:01 [bob] psst"]),
        (events.Private("@", 1, NOW, "ada", "", "psst", to="bob"), ["12:01 [to bob] psst"]),
        (events.Joined("lobby", 1, NOW, "bob", ""), ["12:01 -- bob has joined #lobby"]),
        (answers.Refused("bad-nick", "No.", "Try x."), ["12:01 !! No. Try x."]),
        (answers.Welcome("ada", "chatd", "log", ("one", "two")), ["12:01 -- one", "      -- two"]),
        (answers.Welcome("ada", "chatd", "log"), []),
        (answers.Ack("lobby", 1, NOW), []),
        (answers.Done("msg", "bob"), []),
        (answers.Done("back"), ["12:01 -- You are back."]),
        (
            events.RetentionSet("lobby", 3, NOW, "bob", "", "30d", NOW + DAY),
            ["12:01 -- bob has set #lobby to keep messages for 30 days, from 2026-11-24 12:01 on; /keep changes it"],
        ),
        (answers.RetentionIs("lobby", most="8w"), ["12:01 -- #lobby keeps messages for 8 weeks."]),
        (
            answers.Forgotten("lobby", 42, NOW - DAY),
            ["12:01 -- Messages in #lobby from before 2026-11-22 12:01 have been deleted."],
        ),
        (
            answers.Entered("ops", 1, 1, ("ada",), keep="none"),
            ["12:01 -- You are in #ops, alone.", "      -- By choice of its owner, #ops keeps no messages."],
        ),
        (answers.Missed("ops", 5, 1504), ["12:01 -- 1,500 events are missing here in #ops: the server no longer has them."]),
        (answers.Missed("ops", 5, 5), ["12:01 -- 1 event is missing here in #ops: the server no longer has it."]),
        (
            answers.Missed("ops", 0, 7),
            ["12:01 -- What happened in #ops in the meantime is unknown: its log was restarted, or the room keeps no messages."],
        ),
        (answers.SearchResults(("pot", "tea"), ()), ["12:01 -- Nothing found for pot tea."]),
        (
            answers.HistoryPage("lobby", (said("one"),), True, limit=100),
            [
                "12:01 -- History of #lobby (at most 100 lines at once; Page Up goes on):",
                "12:01 <bob> one",
            ],
        ),
        (answers.HistoryPage("lobby", (), False), ["12:01 -- There is no history of #lobby to show."]),
        (
            answers.HistoryPage("ops", (said("one", room="ops"), events.Joined("ops", 2, NOW, "eve", "")), True),
            ["12:01 -- History of #ops:", "12:01 <bob> one", "12:01 -- eve has joined #ops"],
        ),
    ],
)
def test_lines(formatter: Formatter, news: events.Event | answers.Answer, lines: list[str]) -> None:
    assert texts(formatter.received(Received(news), "lobby")) == lines


def test_news_that_is_not_shown_has_no_lines(formatter: Formatter) -> None:
    assert formatter.received(Received(said("hi"), shown=False), "lobby") == []


def test_a_refused_message_says_so_itself(formatter: Formatter) -> None:
    refused = answers.Refused("not-delivered", "The disk is full.")
    assert formatter.received(Received(refused, command=commands.Say("hi", "lobby")), "lobby") == []
    (line,) = formatter.not_delivered("ada", commands.Say("hi", "lobby"), "The disk is full.", "lobby")
    assert plain(line.line) == "12:01 <ada> hi ✗ not delivered: The disk is full."
    assert line.line[-1].style == BAD


def test_entering_shows_earlier_events_dimmed(formatter: Formatter) -> None:
    entered = answers.Entered("lobby", 9, 2, ("bob", "ada"), "tea", scrollback=(said("old"),), newcomer="ada")
    lines = formatter.received(Received(entered), "lobby")
    assert texts(lines)[:2] == ["12:01 -- Earlier in #lobby:", "12:01 <bob> old"]
    assert all(span.style.dim for span in lines[1].line)
    assert "ada" in texts(lines)[2]
    assert any("tea" in text for text in texts(lines)[2:])
    assert [(one.seq, one.lasting) for one in lines[:3]] == [(0, False), (1, False), (9, True)]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (commands.Say("hi", "lobby"), "<ada> hi"),
        (commands.Say("hi", "ops"), "#ops <ada> hi"),
        (commands.Me("waves", "lobby"), "* ada waves"),
        (commands.Msg("bob", "psst"), "[to bob] psst"),
        (commands.Reply("psst"), "[to the last sender] psst"),
    ],
)
def test_messages_of_the_user_and_their_marks(formatter: Formatter, message: commands.Say, shown: str) -> None:
    pending = formatter.pending("ada", message, NOW, "lobby")
    assert plain(pending) == f"12:01 {shown} …"
    assert all(span.style.dim for span in pending if span.text.strip())
    (delivered,) = formatter.delivered("ada", message, NOW, "lobby")
    assert plain(delivered.line) == f"12:01 {shown} ✓"
    assert delivered.line[-1].style == GOOD


def test_a_new_day_has_one_line(formatter: Formatter) -> None:
    lines = [
        *formatter.received(Received(said("old", time=NOW - DAY)), "lobby"),
        *formatter.received(Received(said("older", time=NOW - DAY)), "lobby"),
        *formatter.received(Received(said("now")), "lobby"),
    ]
    assert texts(lines) == [
        "-- Sunday, 22 November 2026 --",
        "12:01 <bob> old",
        "12:01 <bob> older",
        "-- Monday, 23 November 2026 --",
        "12:01 <bob> now",
    ]


def test_mentions_stand_out(formatter: Formatter) -> None:
    (loud,) = formatter.received(Received(said("ada!"), for_me=True), "lobby")
    (quiet,) = formatter.received(Received(said("ada!")), "lobby")
    assert plain(loud.line) == plain(quiet.line)
    assert any(span.style.reverse for span in loud.line)
    assert not any(span.style.reverse for span in quiet.line)


def test_a_nick_has_one_colour_in_any_case() -> None:
    assert nick_style("Ada") == nick_style("ada") == nick_style("ADA")
    assert len({nick_style(f"nick{number}").colour for number in range(200)}) == len(PALETTE)


def luminance(colour: int) -> float:
    """Relative luminance of a colour of the 6x6x6 cube (WCAG 2.1)."""
    levels = [(0, 95, 135, 175, 215, 255)[(colour - 16) // step % 6] / 255 for step in (36, 6, 1)]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [*PALETTE, GOOD.colour, BAD.colour])
def test_colours_can_be_read_on_white_and_on_black(colour: int) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 3
    assert (luminance(colour) + 0.05) / 0.05 >= 3


def test_plain_lines() -> None:
    assert plain_line(said("hi")) == "12:01 #lobby <bob> hi"
    assert plain_line(said("waves", action=True)) == "12:01 #lobby * bob waves"
    assert plain_line(events.Private("@", 1, NOW, "bob", "", "psst")) == "12:01 [bob] psst"


# -- History, search and catching up ---------------------------------------------------------------


def test_each_line_knows_its_event(formatter: Formatter) -> None:
    lines = formatter.received(Received(answers.HistoryPage("ops", (said("one", "ops", time=NOW - DAY),), True)), "lobby")
    assert [(one.room, one.seq) for one in lines] == [("", 0), ("ops", 1), ("ops", 1)]
    line = formatter.delivered("ada", commands.Say("hi", "ops"), NOW, "lobby", 7)[-1]
    assert (line.room, line.seq, line.quoted) == ("ops", 7, False)


def test_hits_are_numbered_and_the_words_stand_out_without_colours(formatter: Formatter) -> None:
    old = said(f"{'long ' * 20}TEA{' long' * 20}", "ops", time=NOW - DAY)
    results = answers.SearchResults(("tea*",), (said("a teapot"), old, said("tea", action=True)), more=True)
    lines = formatter.received(Received(results), "lobby")
    assert texts(lines) == [
        "12:01 -- Found for tea*, newest first; /jump N goes to one:",
        "   1  12:01 #lobby <bob> a teapot",
        "   2  2026-11-22 12:01 #ops <bob> … long long long long TEA long long long long …",
        "   3  12:01 #lobby * bob tea",
        "12:01 -- There are more results: add a word, or in:#room, from:nick, before:DATE.",
    ]
    assert [[span.text for span in one.line if span.style.reverse] for one in lines[1:4]] == [["tea"], ["TEA"], ["tea"]]
    assert all(one.quoted for one in lines[1:4])


def test_in_the_history_a_hit_is_marked(formatter: Formatter) -> None:
    (line,) = formatter.history_lines(said("some tea"), for_me=False)
    assert plain(line) == "12:01 <bob> some tea"
    (line,) = formatter.history_lines(said("some tea"), for_me=False, words=("tea",))
    assert plain(line) == "12:01»<bob> some tea"
    assert [span.text for span in line if span.style.reverse] == ["12:01", "»", "tea"]
    (line,) = formatter.history_lines(events.Joined("lobby", 1, NOW, "eve", ""), for_me=False, words=())
    assert plain(line) == "12:01»-- eve has joined #lobby"


@pytest.mark.parametrize(
    ("count", "mentions", "time", "line"),
    [
        (1, 0, NOW, "-- 1 new message in #ops since 12:01 --"),
        (1234, 2, NOW - DAY, "-- 1,234 new messages in #ops since 2026-11-22 12:01, 2 mentioning you --"),
    ],
)
def test_marks(formatter: Formatter, count: int, mentions: int, time: int, line: str) -> None:
    assert plain(formatter.unread_mark("ops", count, mentions, time)) == line


def test_days_and_dates(formatter: Formatter) -> None:
    assert plain(formatter.day_line(NOW - DAY)) == "-- Sunday, 22 November 2026 --"
    assert formatter.date(NOW) == "Mon 23 Nov 2026"
    assert (formatter.stamp(NOW), formatter.stamp(NOW - DAY)) == ("12:01", "2026-11-22 12:01")
