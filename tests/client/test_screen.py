"""The screen: whatever is shown, in whatever order and size, the terminal shows that and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.client.cells import Line, Span, Style, clusters, plain, wrap
from chatd.client.screen import CUT_LEFT, CUT_RIGHT, INDENT, RESTORE, DumbScreen, Live, Screen
from tests.client.glass import Glass

PROMPT = (Span("> "),)


def line(text: str) -> Line:
    return (Span(text),)


class Case:
    """A screen, and the glass that shows it."""

    def __init__(self, columns: int = 40, rows: int = 8, colours: bool = True) -> None:
        self.screen, self.glass = Screen(columns, rows, colours), Glass(columns, rows)
        self.glass.write("$ chatd-client\r\n"[-columns:])
        self.glass.write(self.screen.open())

    def show(self, *settled: str, **live: object) -> None:
        self.glass.write(self.screen.show([line(text) for text in settled], Live(prompt=PROMPT, **live)))  # type: ignore[arg-type]


def test_the_live_part_is_at_the_bottom_and_the_shell_stays_above() -> None:
    case = Case()
    case.show(status=line("#lobby"), link=line("chatd"), before="typed")
    assert case.glass.lines[0] == "$ chatd-client" or "$ chatd-client" in case.glass.scrollback
    assert case.glass.lines[-2].startswith("#lobby")
    assert case.glass.lines[-2].endswith("chatd")
    assert case.glass.lines[-1] == "> typed"
    assert (case.glass.row, case.glass.column) == (7, 7)


@pytest.mark.parametrize(
    ("link", "alarm", "columns", "status"),
    [
        ("linked", False, 20, "#lobby        linked"),
        ("linked", False, 10, "#lobby"),
        ("link lost", True, 12, "#lolink lost"),
        ("link lost", True, 5, "link"),
    ],
)
def test_the_status_line_in_a_narrow_window(link: str, alarm: bool, columns: int, status: str) -> None:
    case = Case(columns=columns)
    case.show(status=line("#lobby"), link=line(link), alarm=alarm)
    assert case.glass.lines[-2] == status


def test_messages_scroll_into_the_scrollback_and_typing_stays() -> None:
    case = Case()
    for number in range(20):
        case.show(f"message {number}", before="typing", after=" here")
        assert case.glass.lines[-1] == "> typing here"
        assert case.glass.column == 8
    assert [text for text in case.glass.history if text.startswith("message")] == [f"message {n}" for n in range(20)]


def test_a_waiting_message_settles_in_its_place() -> None:
    case = Case()
    case.show("before", waiting=(line("mine ..."),))
    case.show("theirs", waiting=(line("mine ..."),))
    assert case.glass.lines[-5:-2] == ["before", "theirs", "mine ..."]
    case.show("mine ok")
    assert case.glass.lines[-5:-2] == ["before", "theirs", "mine ok"]


def test_waiting_messages_that_vanish_leave_no_gap() -> None:
    case = Case()
    case.show("before", waiting=(line("one"), line("two")))
    case.show()
    assert case.glass.lines[-3] == "before"


def test_many_waiting_messages_leave_room() -> None:
    case = Case(rows=10)
    case.show("settled", waiting=tuple(line(f"waiting {n}") for n in range(20)))
    assert case.glass.lines[-7:-2] == ["settled", "17 more on their way", "waiting 17", "waiting 18", "waiting 19"]


def test_closing_leaves_the_messages_and_a_place_for_the_shell() -> None:
    case = Case()
    case.show("said", waiting=(line("mine"),), before="typed")
    case.glass.write(case.screen.close())
    assert case.glass.lines[case.glass.row - 1] == "said"
    assert not any(case.glass.lines[case.glass.row :])
    assert case.glass.column == 0
    assert case.glass.modes == {"?7", "?25"}


def test_the_way_out_undoes_what_the_way_in_has_done() -> None:
    case = Case()
    assert "?2004" in case.glass.modes
    assert "?7" not in case.glass.modes
    case.glass.write(RESTORE)
    assert case.glass.modes == {"?7", "?25"}


def test_text_that_steers_is_shown_not_obeyed() -> None:
    case = Case()
    case.show("\x1b[2Jevil\x07\r\n", status=line("\x9b31m"), before="\x1b]0;title\x07")
    assert "␛[2Jevil␇␍␊" in case.glass.lines
    assert case.glass.bells == 0


def test_only_what_changed_is_painted() -> None:
    case = Case()
    case.show("message", status=line("status"))
    painted = case.screen.show([], Live(prompt=PROMPT, status=line("status"), before="x"))
    assert "status" not in painted
    assert "message" not in painted
    assert "> x" in painted.replace("\x1b[m", "")


@pytest.mark.parametrize(
    ("style", "colours", "codes"),
    [
        (Style(), True, ""),
        (Style(bold=True), True, "1"),
        (Style(dim=True, reverse=True), True, "2;7"),
        (Style(colour=32), True, "38;5;32"),
        (Style(colour=32, bold=True), False, "1"),
        (Style(colour=32), False, ""),
    ],
)
def test_styles(style: Style, colours: bool, codes: str) -> None:
    shown = Screen(40, 8, colours).show([(Span("text", style),)], Live())
    assert (f"\x1b[{codes}mtext\x1b[m" if codes else "\x1b[Jtext") in shown


@pytest.mark.parametrize(
    ("before", "after", "columns", "shown", "column"),
    [
        ("", "", 20, ">", 2),
        ("abc", "def", 20, "> abcdef", 5),
        ("x" * 30, "", 20, f"> {CUT_LEFT}{'x' * 12}", 15),
        ("", "x" * 30, 20, f"> {'x' * 17}{CUT_RIGHT}", 2),
        ("漢字", "", 20, "> 漢字", 6),
        ("a\nb", "", 20, "> a↵b", 5),
    ],
)
def test_the_line_being_typed(before: str, after: str, columns: int, shown: str, column: int) -> None:
    case = Case(columns=columns)
    case.show(before=before, after=after)
    assert case.glass.lines[-1] == shown
    assert case.glass.column == column


pieces = st.lists(st.sampled_from(["a", "b", " ", "漢", "👨‍👩‍👧", "e\u0301"]), max_size=60).map("".join)
texts = st.lists(pieces, max_size=3)
sizes = st.tuples(st.integers(1, 60), st.integers(1, 12))
lives = st.builds(
    Live,
    waiting=st.lists(pieces.map(line), max_size=5).map(tuple),
    status=pieces.map(line),
    link=pieces.map(line),
    alarm=st.booleans(),
    prompt=st.just(PROMPT),
    before=pieces,
    after=pieces,
)


@given(st.lists(st.one_of(st.tuples(texts, lives), sizes), max_size=12))
@settings(max_examples=150, deadline=None)
def test_the_terminal_shows_the_end_of_what_was_said_and_the_live_part(story: list[tuple[object, object]]) -> None:
    case = Case(40, 8)
    said: list[Line] = []
    live = Live(prompt=PROMPT)
    resized = False
    for one, two in story:
        if isinstance(two, Live):
            assert isinstance(one, list)
            new, live = [line(text) for text in one], two
            said += new
            case.glass.write(case.screen.show(new, live))
        else:
            assert isinstance(one, int)
            assert isinstance(two, int)
            old, case.glass = case.glass, Glass(one, two)
            case.glass.scrollback = old.scrollback
            case.glass.write(case.screen.resize(one, two))
            resized = True
    screen, glass = case.screen, case.glass
    glass.write(screen.show([], live))
    rows, column = screen._live_rows()
    shown = [plain(row).rstrip() for row in rows]
    if glass.columns >= 4:  # Below that even one wide character may not fit.
        assert glass.lines[-len(shown) :] == shown
        assert (glass.row, glass.column) == (glass.rows - 1, column - 1)
        above = [plain(row).rstrip() for text in said for row in wrap(text, glass.columns, INDENT)]
        room = glass.rows - len(shown)
        expected = above[-room:] if room else []
        if resized or len(above) >= room:
            assert glass.lines[:room] == [""] * (room - len(expected)) + expected


@given(pieces, pieces, st.integers(1, 80))
def test_the_cursor_is_where_the_text_goes_on(before: str, after: str, columns: int) -> None:
    case = Case(columns=columns, rows=4)
    case.show(before=before, after=after)
    if columns >= 12:
        under = case.glass.screen[-1][case.glass.column]
        assert under == (clusters(after)[0] if after else " ")
        if before:
            left = [cell for cell in case.glass.screen[-1][: case.glass.column] if cell]
            assert left[-1] == clusters(before)[-1]


def test_a_terminal_that_can_only_print_gets_lines() -> None:
    screen = DumbScreen()
    shown = screen.open() + screen.show([line("\x1bhi"), line("there")], Live(before="typed")) + screen.close()
    assert shown == "␛hi\nthere\n"
    assert screen.redraw() == ""
