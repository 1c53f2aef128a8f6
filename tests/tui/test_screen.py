"""The screen: the terminal shows exactly what it should, whatever the order and the size."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.tui.cells import FinalLine, Line, Span, Style, clip, clusters, plain, wrap
from chatd.tui.screen import CUT_LEFT, CUT_RIGHT, INDENT, RESTORE, DumbScreen, Footer, Screen
from tests.tui.glass import Glass

PROMPT = (Span("> "),)


def line(text: str) -> Line:
    return (Span(text),)


def lines(*texts: str) -> list[FinalLine]:
    return [FinalLine(line(text)) for text in texts]


class Case:
    """A screen, and the simulated terminal that shows it."""

    def __init__(self, columns: int = 40, rows: int = 8, colours: bool = True, alternate: bool = True) -> None:
        self.screen, self.glass = Screen(columns, rows, colours), Glass(columns, rows, alternate)
        self.glass.write("$ chatd-client\r\n"[-columns:])
        self.glass.write(self.screen.open())

    def show(self, *texts: str, **footer: object) -> None:
        self.glass.write(self.screen.show(lines(*texts), Footer(prompt=PROMPT, **footer)))  # type: ignore[arg-type]


def test_the_footer_is_at_the_bottom_and_the_shell_stays_above() -> None:
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


@pytest.mark.parametrize("links", [True, False])
def test_the_terminal_itself_breaks_a_long_address(links: bool) -> None:
    address = "https://example.org/" + "abcdefghij/" * 8
    screen, glass = Screen(40, 8, True, links), Glass(40, 8)
    glass.write(screen.open())
    glass.write(screen.show(lines("before", f"see {address} there"), Footer(prompt=PROMPT)))
    assert "".join(glass.lines[2:5]) == f"see {address}"
    assert glass.lines[5] == "      there"
    assert glass.wraps == 2
    assert set(glass.links) == ({address} if links else set())
    glass.write(screen.redraw())
    assert glass.wraps == 4
    glass.write(screen.show_history([*wrap(line(f"see {address}"), 40, INDENT)], Footer(prompt=PROMPT)))
    assert glass.wraps == 6
    assert "?7" not in glass.modes


def test_messages_scroll_into_the_scrollback_and_typing_stays() -> None:
    case = Case()
    for number in range(20):
        case.show(f"message {number}", before="typing", after=" here")
        assert case.glass.lines[-1] == "> typing here"
        assert case.glass.column == 8
    assert [text for text in case.glass.history if text.startswith("message")] == [f"message {n}" for n in range(20)]


def test_a_pending_message_moves_up_when_it_is_delivered() -> None:
    case = Case()
    case.show("before", pending=(line("mine ..."),))
    case.show("theirs", pending=(line("mine ..."),))
    assert case.glass.lines[-5:-2] == ["before", "theirs", "mine ..."]
    case.show("mine ok")
    assert case.glass.lines[-5:-2] == ["before", "theirs", "mine ok"]


def test_pending_messages_that_disappear_leave_no_gap() -> None:
    case = Case()
    case.show("before", pending=(line("one"), line("two")))
    case.show()
    assert case.glass.lines[-3] == "before"


def test_many_pending_messages_leave_room() -> None:
    case = Case(rows=10)
    case.show("settled", pending=tuple(line(f"waiting {n}") for n in range(20)))
    assert case.glass.lines[-7:-2] == ["settled", "17 more pending", "waiting 17", "waiting 18", "waiting 19"]


def test_closing_leaves_the_messages_and_a_row_for_the_shell() -> None:
    case = Case()
    case.show("said", pending=(line("mine"),), before="typed")
    case.glass.write(case.screen.close())
    assert case.glass.lines[case.glass.row - 1] == "said"
    assert not any(case.glass.lines[case.glass.row :])
    assert case.glass.column == 0
    assert case.glass.modes == {"?7", "?25"}


def test_close_undoes_open() -> None:
    case = Case()
    assert "?2004" in case.glass.modes
    assert "?7" not in case.glass.modes
    case.glass.write(RESTORE)
    assert case.glass.modes == {"?7", "?25"}


def test_control_sequences_in_text_are_shown_not_executed() -> None:
    case = Case()
    case.show("\x1b[2Jevil\x07\r\n", status=line("\x9b31m"), before="\x1b]0;title\x07")
    assert "␛[2Jevil␇␍␊" in case.glass.lines
    assert case.glass.bells == 0


def test_only_what_changed_is_painted() -> None:
    case = Case()
    case.show("message", status=line("status"))
    painted = case.screen.show([], Footer(prompt=PROMPT, status=line("status"), before="x"))
    assert "status" not in painted
    assert "message" not in painted
    assert painted.endswith("x")
    assert len(painted) < 10


# -- The history -----------------------------------------------------------------------------------


def event(text: str, seq: int, room: str = "lobby", quoted: bool = False) -> FinalLine:
    return FinalLine(line(text), room, seq, quoted)


def test_the_history_is_above_the_input_and_the_output_of_the_shell_is_kept() -> None:
    case = Case()
    case.glass.write("\x1b[3;1Ha file")
    case.show("said", before="typed")
    before = case.glass.lines
    case.glass.write(case.screen.show_history([line("one"), line("two")], Footer(prompt=PROMPT, before="typed")))
    assert case.glass.lines == [""] * 4 + ["one", "two", "", "> typed"]
    assert case.glass.is_alternate
    case.glass.write(case.screen.leave_history())
    assert case.glass.lines == before
    assert "a file" in before


def test_without_an_alternate_screen_the_live_view_is_painted_again() -> None:
    case = Case(alternate=False)
    case.show(*(f"said {n}" for n in range(9)), before="typed")
    before = case.glass.history
    case.glass.write(case.screen.show_history([line("one"), line("two")], Footer(prompt=PROMPT, before="typed")))
    assert case.glass.lines == [""] * 4 + ["one", "two", "", "> typed"]
    case.glass.write(case.screen.leave_history())
    assert case.glass.history == before


def test_lines_that_arrive_while_the_history_is_open_are_printed_afterwards() -> None:
    case = Case()
    case.show("first")
    case.glass.write(case.screen.show_history([line("past")], Footer(prompt=PROMPT)))
    case.glass.write(case.screen.leave_history())
    case.show(*(f"later {n}" for n in range(10)))
    assert [text for text in case.glass.history if text and text[0] in "fl"] == ["first", *(f"later {n}" for n in range(10))]


def test_only_rows_of_the_history_that_changed_are_painted() -> None:
    case = Case()
    footer = Footer(prompt=PROMPT)
    case.screen.show_history([line("one"), line("two")], footer)
    painted = case.screen.show_history([line("one"), line("three")], footer)
    assert "three" in painted
    assert "one" not in painted


def test_a_change_of_size_while_the_history_is_shown() -> None:
    case = Case()
    case.show("said", before="typed")
    case.screen.show_history([line("past")], Footer(prompt=PROMPT))
    case.glass = Glass(30, 6)
    case.glass.write("\x1b[?1049h" + case.screen.resize(30, 6))
    case.glass.write(case.screen.show_history([line("past")], Footer(prompt=PROMPT, before="typed")))
    assert case.glass.lines == ["", "", "", "past", "", "> typed"]
    case.glass.write(case.screen.leave_history())
    case.show(before="typed")
    assert case.glass.lines == ["", "", "", "said", "", "> typed"]


def test_undo_leaves_the_alternate_screen_only_if_it_is_shown() -> None:
    case = Case()
    assert case.screen.undo() == RESTORE
    case.glass.write(case.screen.show_history([], Footer()))
    case.glass.write(case.screen.undo())
    assert not case.glass.is_alternate
    assert case.glass.modes == {"?7", "?25"}
    case.screen.leave_history()
    assert case.screen.undo() == RESTORE


def test_the_oldest_visible_event() -> None:
    case = Case(rows=6)
    assert case.screen.first_visible("lobby") == 0
    case.screen.show([event(f"{seq}", seq) for seq in range(1, 9)], Footer())
    assert case.screen.first_visible("lobby") == 5
    assert case.screen.first_visible("ops") == 0
    case.screen.show([event("in ops", 7, "ops"), event("found", 2, quoted=True), *lines("a note")], Footer())
    assert case.screen.first_visible("lobby") == 8
    assert case.screen.first_visible("ops") == 7


def test_a_long_event_is_the_oldest_visible_one_if_it_fills_the_screen() -> None:
    case = Case(columns=20, rows=5)
    case.screen.show([event("one", 1), event(" ".join(["words"] * 12), 2)], Footer())
    assert case.screen.first_visible("lobby") == 2


def test_deleted_messages_are_not_painted_again() -> None:
    case = Case()
    entered = FinalLine(line("you are in"), "lobby", 2, lasting=True)
    printed = [entered, event("old", 3), event("other", 3, "ops"), *lines("a note"), event("new", 4)]
    case.glass.write(case.screen.show(printed, Footer(prompt=PROMPT)))
    case.glass.write(case.screen.drop_before("lobby", 4))
    assert case.screen.drop_before("lobby", 4) == ""
    assert case.glass.lines == ["", "", "you are in", "other", "a note", "new", "", ">"]


@pytest.mark.parametrize(("texts", "fits"), [(6, True), (7, False)])
def test_lines_that_fit_on_the_screen(texts: int, fits: bool) -> None:
    assert Case(rows=8).screen.fits(lines(*["text"] * texts)) is fits


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
    shown = Screen(40, 8, colours).show([FinalLine((Span("text", style),))], Footer())
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


visible_clusters = st.lists(st.sampled_from(["a", "b", " ", "漢", "👨‍👩‍👧", "e\u0301"]), max_size=60).map("".join)
texts = st.lists(visible_clusters, max_size=3)
sizes = st.tuples(st.integers(1, 60), st.integers(1, 12))
lives = st.builds(
    Footer,
    pending=st.lists(visible_clusters.map(line), max_size=5).map(tuple),
    status=visible_clusters.map(line),
    link=visible_clusters.map(line),
    alarm=st.booleans(),
    prompt=st.just(PROMPT),
    before=visible_clusters,
    after=visible_clusters,
)


looks = st.tuples(st.none(), st.lists(st.sampled_from(["past", "漢" * 9, ""]).map(line), max_size=3))


@given(st.lists(st.one_of(st.tuples(texts, lives), sizes, looks), max_size=12), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_terminal_shows_the_last_lines_and_the_footer(story: list[tuple[object, object]], alternate: bool) -> None:
    case = Case(40, 8, alternate=alternate)
    said: list[Line] = []
    footer = Footer(prompt=PROMPT)
    resized = False
    for one, two in story:
        if isinstance(two, list):
            case.glass.write(
                case.screen.show_history([clip(row, case.screen.columns) for row in two[: case.screen.height]], footer)
            )
        elif isinstance(two, Footer):
            case.glass.write(case.screen.leave_history())
            assert isinstance(one, list)
            new, footer = lines(*one), two
            said += [one.line for one in new]
            case.glass.write(case.screen.show(new, footer))
        else:
            assert isinstance(one, int)
            assert isinstance(two, int)
            old, case.glass = case.glass, Glass(one, two, alternate)
            case.glass.scrollback, case.glass.modes = old.scrollback, old.modes
            if old.is_alternate:
                case.glass.write("\x1b[?1049h")
            case.glass.write(case.screen.resize(one, two))
            resized = True
    screen, glass = case.screen, case.glass
    glass.write(screen.leave_history() + screen.show([], footer))
    assert not glass.is_alternate
    assert "past" not in "".join(glass.history)
    rows, column = screen._footer_rows()
    shown = [plain(row).rstrip() for row in rows]
    if glass.columns >= 4:  # Below that even one wide character may not fit.
        assert glass.lines[-len(shown) :] == shown
        assert (glass.row, glass.column) == (glass.rows - 1, column - 1)
        above = [plain(row).rstrip() for text in said for row in wrap(text, glass.columns, INDENT)]
        room = glass.rows - len(shown)
        expected = above[-room:] if room else []
        if resized or len(above) >= room:
            assert glass.lines[:room] == [""] * (room - len(expected)) + expected


@given(visible_clusters, visible_clusters, st.integers(1, 80))
def test_the_cursor_is_at_the_end_of_the_text(before: str, after: str, columns: int) -> None:
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
    shown = screen.open() + screen.show(lines("\x1bhi", "there"), Footer(before="typed")) + screen.close()
    assert shown == "␛hi\nthere\n"
    assert screen.redraw() == ""
