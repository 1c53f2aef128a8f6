"""The display: lines that wait for the end of the turn, or for the live view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.testing import MemoryReactorClock

from chatd.core import answers, commands, events
from chatd.core.commands import Command
from chatd.tui.cells import FinalLine, Span
from chatd.tui.display import PAINT_SECONDS, WAITING_LINES, Display
from chatd.tui.formatter import Formatter
from chatd.tui.history_view import HistoryView, RoomOnScreen
from chatd.tui.screen import Footer, Screen
from tests.tui.glass import Glass


def lines(*texts: str, seq: int = 0) -> list[FinalLine]:
    return [FinalLine((Span(text),), "lobby" if seq else "", seq) for text in texts]


class Case:
    """A display on a terminal of 40 by 8, with a history."""

    def __init__(self) -> None:
        self.clock = MemoryReactorClock()
        self.glass = Glass(40, 8)
        self.writes = 0
        self.ends: list[tuple[int, str]] = []
        formatter = Formatter(lambda: 0)
        self.history = HistoryView(self.send, formatter, lambda: "ada", lambda: True)
        self.display = Display(self.clock, self, self.history, formatter, lambda: Footer(before="typed"))
        self.display.open()
        self.settle()

    def send(self, command: Command) -> Command:
        return commands.History(id="1")

    def open(self) -> Screen:
        return Screen(40, 8, True)

    is_ready = True

    def write(self, text: str) -> None:
        self.writes += 1
        self.glass.write(text)

    def hide(self, hidden: bool) -> None:
        raise AssertionError

    def suspend(self) -> None:
        raise AssertionError

    def close(self, status: int, why: str) -> None:
        self.ends.append((status, why))

    def settle(self) -> None:
        self.clock.advance(PAINT_SECONDS)

    def look_back(self) -> None:
        self.history.page_up(RoomOnScreen("lobby", 10, 0))
        page = tuple(events.Said("lobby", seq, 0, "bob", "", f"past {seq}") for seq in range(1, 10))
        self.history.take_answer(answers.HistoryPage("lobby", page, False, id="1"))
        self.display.changed()
        self.settle()


@pytest.fixture
def case() -> Iterator[Case]:
    case = Case()
    yield case
    case.display.close(0, "")
    assert case.ends == [(0, "")]
    assert not case.clock.getDelayedCalls()
    assert case.glass.modes == {"?7", "?25"}
    assert not case.glass.is_alternate


def test_everything_in_one_turn_is_painted_at_once(case: Case) -> None:
    case.display.add(lines("one"))
    case.display.add(lines("two"))
    case.display.ring()
    case.display.ring()
    writes = case.writes
    assert "one" not in case.glass.text
    case.settle()
    assert case.writes == writes + 1
    assert case.glass.lines[-4:-2] == ["one", "two"]
    assert case.glass.bells == 1


def test_while_the_history_is_open_new_lines_wait(case: Case) -> None:
    case.display.add(lines("before"))
    case.settle()
    case.look_back()
    assert case.glass.is_alternate
    assert case.glass.lines[-3].endswith("past 9")
    case.display.add(lines("meanwhile"))
    case.display.ring()
    case.settle()
    assert "meanwhile" not in case.glass.text
    assert case.glass.bells == 1
    case.history.close()
    case.display.changed()
    case.settle()
    assert not case.glass.is_alternate
    assert case.glass.lines[-4:-2] == ["before", "meanwhile"]


def test_waiting_lines_are_bounded_and_the_rest_is_counted(case: Case) -> None:
    case.look_back()
    for number in range(WAITING_LINES + 12):
        case.display.add(lines(f"line {number}"))
    case.history.close()
    case.display.changed()
    case.settle()
    shown = [text for text in case.glass.history if text.startswith("line")]
    assert shown == [f"line {number}" for number in range(12, WAITING_LINES + 12)]
    assert any("-- 12 lines are left out here" in text for text in case.glass.history)
    case.display.add(lines("after"))
    case.settle()
    assert sum("left out" in text for text in case.glass.history) == 1


def test_deleted_messages_disappear_also_from_the_waiting_lines(case: Case) -> None:
    case.display.add([*lines("old", seq=3), *lines("new", seq=4)])
    case.settle()
    case.display.add([*lines("old too", seq=2), *lines("newer", seq=5)])
    case.display.drop_before("lobby", 4)
    case.settle()
    assert case.glass.lines[-4:-2] == ["new", "newer"]
    assert "old" not in case.glass.text


def test_a_new_size_while_the_history_is_open(case: Case) -> None:
    case.display.add(lines("said"))
    case.look_back()
    case.glass = Glass(30, 6)
    case.glass.write("\x1b[?1049h")
    case.display.resized(30, 6)
    case.settle()
    assert [text[-6:] for text in case.glass.lines[:4]] == ["past 6", "past 7", "past 8", "past 9"]
    case.history.close()
    case.display.changed()
    case.settle()
    assert case.glass.lines == ["", "", "", "said", "", "typed"]


def test_suspending_closes_the_history(case: Case) -> None:
    case.display.add(lines("said"))
    case.look_back()
    case.display.suspend()
    assert not case.glass.is_alternate
    assert case.glass.modes == {"?7", "?25"}
    writes = case.writes
    case.display.add(lines("meanwhile"))
    case.settle()
    assert case.writes == writes
    case.display.resume()
    case.settle()
    assert "meanwhile" in case.glass.lines


def test_redrawing_paints_an_open_history(case: Case) -> None:
    case.look_back()
    case.glass.screen = [[" "] * 40 for _ in range(8)]
    case.display.redraw()
    case.settle()
    assert case.glass.lines[-3].endswith("past 9")


def test_before_it_is_open_nothing_happens() -> None:
    case = Case()
    closed = Display(case.clock, case, case.history, Formatter(lambda: 0), Footer)
    writes = case.writes
    closed.add(lines("waits"))
    closed.resized(10, 10)
    closed.redraw()
    closed.resume()
    closed.drop_before("lobby", 1)
    case.settle()
    assert case.writes == writes
    assert (closed.is_open, closed.can_paint, closed.first_visible("lobby"), closed.fits(lines("x"))) == (False, False, 0, True)
    case.display.close(0, "")
