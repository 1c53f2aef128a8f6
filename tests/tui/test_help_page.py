"""The help page."""

from __future__ import annotations

import pytest

from chatd.tui.cells import plain
from chatd.tui.help_page import KEYS, HelpPage
from chatd.tui.keys import Key
from tests.tui.person import Case


def test_every_key_is_somewhere_on_a_small_page() -> None:
    page, seen = HelpPage(), ""
    for _ in range(100):
        seen += "".join(map(plain, page.rows(20, 3)))
        page.press(Key.DOWN, 3)
    for key, _ in KEYS:
        assert key.split()[0] in seen
    page.rows(20, 3)
    bottom = page.top
    page.press(Key.PAGE_DOWN, 3)
    page.rows(20, 3)
    assert page.top == bottom
    page.press(Key.PAGE_UP, 3)
    assert page.top == bottom - 2


@pytest.mark.parametrize("f1", ["\x1bOP", "\x1b[11~", "\x1b[[A"])
def test_f1_shows_it_and_another_key_closes_it(case: Case, f1: str) -> None:
    case.keys("typed", f1)
    assert "Keys" in case.glass.lines[0]
    assert "Esc: close the help" in case.status
    assert case.typed == "ada> typed"
    case.keys("\x1b[6~", "\x1b[6~")
    assert "leave" in case.glass.text
    case.server.bob_says("meanwhile")
    case.settle()
    assert "meanwhile" not in case.glass.text
    case.keys("x")
    assert case.shows("<bob> meanwhile")
    assert case.typed == "ada> typed"


@pytest.mark.parametrize(
    ("keys", "typed"),
    [("xabc", "abc"), ("\x1b[200~xabc\x1b[201~", "xabc"), ("\x1b1", "")],
)
def test_only_the_key_that_closes_it_is_not_typed(case: Case, keys: str, typed: str) -> None:
    case.keys("\x1bOP")
    case.keys(keys)
    assert case.typed == f"ada> {typed}".rstrip()


def test_a_terminal_that_can_only_print_has_no_page() -> None:
    case = Case(dumb=True)
    case.keys("\x1bOP")
    assert "Keys" not in case.glass.text
    case.client.quit()
    case.client.quit()
    case.settle()
