"""The screen on a terminal emulator (pyte): what stands on it, whatever comes and whenever."""

from __future__ import annotations

import random

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.tui.cells import FinalLine, Span
from chatd.tui.screen import Footer, Screen

TEXTS = [
    "hello",
    "漢字かな交じり文",
    "e\u0301 a\u0308",
    "👩‍👩‍👧 family",
    "שלום עולם",
    "\u202eright to left",
    "x" * 300,
    "a b " * 30,
]


class Emulator:
    """A screen on an emulator."""

    def __init__(self, columns: int, rows: int, saves_bytes: bool) -> None:
        self.pyte = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.pyte)
        self.screen = Screen(columns, rows, True, saves_bytes=saves_bytes)
        self.typed = ""
        self.status = " status"
        self.stream.feed(self.screen.open())

    def show(self, *texts: str) -> None:
        lines = [FinalLine((Span(text),)) for text in texts]
        self.stream.feed(self.screen.show(lines, Footer(status=(Span(self.status),), prompt=(Span("> "),), before=self.typed)))

    def resize(self, columns: int, rows: int) -> None:
        self.pyte.resize(rows, columns)
        self.stream.feed(self.screen.resize(columns, rows))

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.pyte.display]


both = pytest.mark.parametrize("saves_bytes", [False, True])


@settings(max_examples=60)
@given(st.booleans(), st.data())
def test_whatever_happens_the_screen_is_as_if_it_was_painted_anew(saves_bytes: bool, data: st.DataObject) -> None:
    columns, rows = data.draw(st.sampled_from([(20, 5), (40, 10), (80, 24)]))
    one = Emulator(columns, rows, saves_bytes)
    for _ in range(data.draw(st.integers(1, 12))):
        match data.draw(st.sampled_from(["type", "erase", "say", "status", "resize", "many"])):
            case "type":
                one.typed += data.draw(st.sampled_from("abc é"))
                one.show()
            case "erase":
                one.typed = one.typed[:-1]
                one.show()
            case "status":
                one.status = data.draw(st.sampled_from([" status", " #lobby 2 here", ""]))
                one.show()
            case "say":
                one.show("hello " * data.draw(st.integers(1, 12)))
            case "many":
                one.show(*(f"line {number}" for number in range(data.draw(st.integers(1, 40)))))
            case _:
                columns, rows = data.draw(st.sampled_from([(20, 5), (30, 8), (80, 24)]))
                one.resize(columns, rows)
                one.show()
    shown, cursor = one.lines, (one.pyte.cursor.x, one.pyte.cursor.y)
    one.stream.feed(one.screen.redraw())
    assert one.lines == shown
    assert (one.pyte.cursor.x, one.pyte.cursor.y) == cursor
    assert one.lines[-1] == f"> {one.typed}"[:columns].rstrip() or len(one.typed) > columns - 4


@both
@pytest.mark.parametrize("text", TEXTS)
def test_any_text_leaves_the_footer_in_its_place(text: str, saves_bytes: bool) -> None:
    one = Emulator(20, 5, saves_bytes)
    one.typed = "typed"
    one.show()
    for _ in range(3):
        one.show(text)
        assert one.lines[-1] == "> typed"
        assert one.lines[-2].startswith(" status")
    assert "\u202e" not in "".join(one.lines)


@both
def test_a_message_longer_than_the_screen_ends_above_the_footer(saves_bytes: bool) -> None:
    one = Emulator(20, 5, saves_bytes)
    one.show()
    one.show(" ".join(f"word{number}" for number in range(100)))
    assert one.lines[-3].endswith("word99")
    assert one.lines[-1] == ">"


@both
def test_typing_wide_characters_and_erasing_them(saves_bytes: bool) -> None:
    one = Emulator(40, 6, saves_bytes)
    random.seed(1)
    for _ in range(60):
        one.typed = one.typed[:-1] if one.typed and random.random() < 0.4 else one.typed + random.choice("aé漢字 x")
        one.show()
        shown = one.lines[-1]
        one.stream.feed(one.screen.redraw())
        assert one.lines[-1] == shown
