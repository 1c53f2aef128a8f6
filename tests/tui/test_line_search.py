"""Searching what was typed."""

from __future__ import annotations

from chatd.tui.editor import Editor
from chatd.tui.keys import Key, Press
from chatd.tui.line_search import LineSearch
from tests.tui.person import Case

LINES = ("first tea", "coffee", "more TEA", "cake")


def after(*keys: Press | str) -> LineSearch:
    search = LineSearch.begin(Editor(history=LINES))
    for key in keys:
        new = search.press(Press(Key.TEXT, key) if isinstance(key, str) else key)
        assert new is not None
        search = new
    return search


FIND, BACK = Press(Key.FIND), Press(Key.BACKSPACE)


def test_the_newest_line_with_the_text_is_found_and_then_the_ones_before() -> None:
    assert after().found == after(FIND).found == ""
    assert after("t").found == after("te", "a").found == "more TEA"
    assert after("tea", FIND).found == "first tea"
    assert after("tea", FIND, FIND).found == "first tea"
    assert after("tea", FIND, BACK).found == "more TEA"
    assert after("teax").found == ""
    assert after("tea", "x").found == "more TEA"
    assert after("c", BACK).found == ""


def test_any_other_key_ends_it() -> None:
    assert after("tea").press(Press(Key.ENTER)) is None


def test_on_the_screen(case: Case) -> None:
    case.keys("first tea\r", "other\r", "half", "\x12te")
    assert case.typed == "search te: first tea"
    assert "Enter takes the line" in case.status
    case.keys("\r")
    assert case.typed == "ada> first tea"
    assert case.server.texts == ["first tea", "other"]
    case.keys("\r")
    assert case.server.texts[-1] == "first tea"
    case.keys("kept", "\x12oth", "\x03")
    assert case.typed == "ada> kept"
    case.keys("\x12oth", "\x1b[D", "\x1b[D!")
    assert case.typed == "ada> oth!er"
