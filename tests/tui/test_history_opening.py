"""Opening the history, from the keys to what the screen shows, and the hits of a search."""

from __future__ import annotations

import pytest

from chatd.client.link import PAUSES
from chatd.core import answers, events
from chatd.tui.keys import ESCAPE_SECONDS
from tests.client.scripted import TIME
from tests.tui.glass import Glass
from tests.tui.person import ESCAPE, LONG, PAGE_UP, Case, end


def test_page_up_knows_the_last_message_of_the_user(case: Case) -> None:
    case.keys("mine\r", "/clear\r")
    case.keys(PAGE_UP)
    assert case.glass.is_alternate
    assert case.glass.lines[-3].endswith("<ada> mine")


def test_page_up_opens_the_history_and_escape_closes_it_and_the_input_stays(long: Case) -> None:
    long.keys("half a line")
    present, history = long.glass.lines, long.glass.history
    top = int(present[0].rpartition(" ")[2])
    long.keys(PAGE_UP)
    assert long.glass.is_alternate
    assert long.glass.lines[-3].endswith(f"number {top}")
    assert long.typed == "ada> half a line"
    assert long.status.startswith(" #lobby history")
    long.server.bob_says("new")
    long.server.bob_says("new for ada")
    long.keys(PAGE_UP)
    assert long.glass.lines[-3].endswith(f"number {top - 8}")
    assert long.status.startswith(" #lobby history, 2! new")
    assert long.glass.bells == 1
    long.keys(ESCAPE)
    long.server.later(2 * ESCAPE_SECONDS)
    assert long.typed == "ada> half a line"
    assert long.glass.lines[-4].endswith("<bob> new")
    assert [line for line in long.glass.history if "<bob> new" not in line] == history


@pytest.mark.parametrize("keys", ["\x1b[F", "\x1b[1;5F", "\x03", "\x04"])
def test_other_keys_that_close_the_history(long: Case, keys: str) -> None:
    long.keys("typed", "\x1b[D", PAGE_UP, keys)
    assert not long.glass.is_alternate
    assert long.typed == "ada> typed"
    assert not long.ends
    long.keys("X")
    assert long.typed == "ada> typeXd"


def test_typing_closes_the_history_and_types_and_enter_sends(long: Case) -> None:
    long.keys("a lin", PAGE_UP, "e")
    assert not long.glass.is_alternate
    assert long.typed == "ada> a line"
    long.keys(PAGE_UP, "\r")
    assert not long.glass.is_alternate
    assert long.server.texts[-1] == "a line"
    assert long.glass.lines[-3].endswith("<ada> a line ✓")


def test_up_and_down_scroll_the_history_or_recall_typed_lines(long: Case) -> None:
    long.keys("old line\r", PAGE_UP)
    last = long.glass.lines[-3]
    long.keys("\x1b[A", "\x1b[A")
    assert last not in long.glass.lines
    long.keys("\x1b[B", "\x1b[B")
    assert long.glass.lines[-3] == last
    assert long.typed == "ada>"
    long.keys("\x1b[B")
    assert not long.glass.is_alternate
    long.keys("\x1b[A")
    assert long.typed == "ada> old line"


def test_the_beginning_by_one_key(long: Case) -> None:
    long.keys("\x1b[1;5H")
    assert long.glass.lines[0] == "-- The log of #lobby begins here. --"
    assert long.glass.lines[2].endswith("number 1")


def test_at_the_beginning_the_status_line_says_so(case: Case) -> None:
    case.keys(PAGE_UP)
    assert not case.glass.is_alternate
    assert "there is nothing before this in #lobby" in case.status
    case.keys("x")
    assert "1 here" in case.status


def test_the_history_over_a_broken_link(long: Case) -> None:
    long.server.refuse = True
    long.server.connections[-1].cut()
    long.settle()
    long.keys(PAGE_UP)
    assert "waiting for the connection" in long.status
    assert "connection lost" in long.status
    long.server.refuse = False
    long.server.later(PAUSES[1])
    assert long.glass.is_alternate
    assert "connection lost" not in long.status
    assert "number" in long.glass.lines[-3]


def test_another_log_closes_the_history(long: Case) -> None:
    long.keys(PAGE_UP)
    long.server.restart("log-2")
    long.server.connections[-1].cut()
    long.server.later(PAUSES[1])
    assert not long.glass.is_alternate
    assert long.shows("What happened in #lobby in the meantime is unknown")


def test_asking_for_a_nick_closes_the_history(long: Case) -> None:
    long.keys(PAGE_UP)
    long.server.nick_taken = "ada"
    long.server.connections[-1].cut()
    long.server.later(PAUSES[1])
    assert not long.glass.is_alternate
    assert long.typed == "nick:"


def test_leaving_a_room_closes_its_history(long: Case) -> None:
    long.keys(PAGE_UP)
    long.tell(answers.Exited("lobby", ""))
    assert not long.glass.is_alternate
    assert "in no room" in long.status


def test_a_change_of_size_in_the_history(long: Case) -> None:
    long.keys("typed", PAGE_UP)
    last = long.glass.lines[-3]
    long.glass = Glass(40, 8)
    long.glass.write("\x1b[?1049h")
    long.client.resized(40, 8)
    long.settle()
    assert long.glass.lines[-3] == last
    assert long.typed == "ada> typed"
    long.keys("\x1b[F")
    assert long.glass.lines[-3].endswith("/help lists what you can do.") or "number" in long.glass.text


def test_jumping_from_hit_to_hit(long: Case) -> None:
    long.keys("/search 77\r")
    assert long.shows("1 ")
    assert long.shows("#lobby <bob> number 277")
    long.keys("/jump\r")
    assert long.glass.is_alternate
    assert [line[6:] for line in long.glass.lines if "»" in line] == ["<bob> number 277"]
    long.keys("\x1b[F", "/jump\r")
    assert [line[6:] for line in long.glass.lines if "»" in line] == ["<bob> number 177"]
    long.keys("\x1b[F", "/jump 3\r")
    assert [line[6:] for line in long.glass.lines if "»" in line] == ["<bob> number 77"]
    long.keys("\x1b[F", "/jump 4\r")
    assert long.shows("!! There is no hit 4. /search WORDS finds messages")
    assert not long.glass.is_alternate


def test_a_hit_in_a_room_that_the_user_is_not_in_says_what_would_work(case: Case) -> None:
    case.tell(answers.SearchResults(("tea",), (events.Said("ops", 7, TIME, "bob", "", "tea"),)))
    case.keys("/jump 1\r")
    assert case.shows("!! You are not in #ops. /join #ops enters it, then /jump 1")
    assert not case.glass.is_alternate


def test_a_jump_without_a_target_says_so(case: Case) -> None:
    case.keys("/jump\r", "/jump x\r", "/jump new\r")
    assert case.shows("!! There are no hits. /search WORDS finds messages")
    assert case.shows("!! /jump does not take x.")
    assert case.shows("!! No messages arrived here while you were away.")


def test_a_terminal_that_can_only_print_gets_the_history_as_lines() -> None:
    case = Case(before=LONG, dumb=True)
    case.keys(PAGE_UP)
    assert "This terminal can only print lines: /history shows earlier messages." in case.glass.text
    case.keys("/search 77\r", "/jump 2\r")
    assert not case.glass.is_alternate
    assert "number 177" in case.glass.text
    assert "number 178" in case.glass.text
    end(case)
