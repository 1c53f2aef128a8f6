"""What types of terminals can do."""

from __future__ import annotations

import pytest

from chatd.tui.screen import Screen
from chatd.tui.terminal_types import has_links, has_title, notification, notifier, title


@pytest.mark.parametrize(
    ("term", "program", "number"),
    [("xterm-256color", "", 0), ("foot", "", 777), ("rxvt-unicode", "", 777), ("xterm-256color", "iTerm.app", 9), ("linux", "", 0)],
)
def test_only_terminals_that_are_known_for_it_get_notifications(term: str, program: str, number: int) -> None:
    assert notifier(term, program) == number


def test_a_notification_is_one_sequence_whatever_the_text() -> None:
    assert notification(9, "bob: hi") == "\x1b]9;bob: hi\x1b\\"
    assert notification(777, "bob: a;b") == "\x1b]777;notify;chatd;bob: a,b\x1b\\"
    assert notification(0, "bob: hi") == ""
    for number in (9, 777):
        inside = notification(number, "\x1b\\\x07\x9c\x1b]0;evil\n")[2:-2]
        assert not {"\x1b", "\x07", "\x9c", "\n"} & set(inside)


def test_titles_and_links() -> None:
    assert (has_title("xterm"), has_title("vt100"), has_title("")) == (True, False, False)
    assert (has_links("xterm"), has_links("vt100")) == (True, False)
    assert title("\x07#lobby") == "\x1b]2;\N{SYMBOL FOR BELL}#lobby\x1b\\"


def test_the_title_is_set_when_it_changes_and_is_restored() -> None:
    screen = Screen(40, 8, True, term="xterm")
    assert screen.open().startswith("\x1b[22;2t")
    assert screen.call("", "#lobby") == title("#lobby")
    assert screen.call("bob: hi", "#lobby") == ""
    assert screen.close().endswith("\x1b[23;2t")
    assert screen.undo().endswith("\x1b[23;2t")
    plain = Screen(40, 8, True)
    assert plain.call("bob: hi", "#lobby") == ""
    assert "\x1b[22" not in plain.open()
    foot = Screen(40, 8, True, term="foot")
    assert notification(777, "bob: hi") in foot.call("bob: hi", "")
