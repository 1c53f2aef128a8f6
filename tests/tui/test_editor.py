"""The line editor: what each key does, and laws that hold for every key."""

# ruff: noqa: RUF001 - scripts are what is tested

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.core.text import safe_part
from chatd.tui import editor
from chatd.tui.cells import clusters, width
from chatd.tui.editor import Editor, enter, insert, press
from chatd.tui.keys import Key, Press

FAMILY = "👨‍👩‍👧"
ACCENTED = "e\u0301"

EDITING = [key for key in Key if key not in (Key.TEXT, Key.PASTE)]

CHARACTERS = [*"ab -漢👩👍🏽🇩🇪क्\n", "\N{COMBINING ACUTE ACCENT}", "\N{ZERO WIDTH JOINER}", "\N{VARIATION SELECTOR-16}"]
letters = st.text(st.sampled_from(CHARACTERS), max_size=8)
presses = st.one_of(
    st.sampled_from(EDITING).map(Press),
    letters.map(lambda text: Press(Key.TEXT, text)),
    letters.map(lambda text: Press(Key.PASTE, text)),
)


EMPTY = Editor()


def typed(*keys: Key | str, start: Editor = EMPTY) -> Editor:
    """The editor after ``keys``: texts typed, keys pressed."""
    line = start
    for key in keys:
        line = press(line, Press(Key.TEXT, key) if isinstance(key, str) else Press(key))
    return line


@pytest.mark.parametrize(
    ("keys", "before", "after"),
    [
        (["abc"], "abc", ""),
        (["abc", Key.LEFT], "ab", "c"),
        (["abc", Key.LEFT, Key.LEFT, Key.RIGHT], "ab", "c"),
        (["abc", Key.HOME], "", "abc"),
        (["abc", Key.HOME, Key.LEFT, Key.BACKSPACE], "", "abc"),
        (["abc", Key.HOME, Key.END], "abc", ""),
        (["abc", Key.RIGHT, Key.DELETE], "abc", ""),
        (["abc", Key.BACKSPACE], "ab", ""),
        (["abc", Key.HOME, Key.DELETE], "", "bc"),
        (["ab", Key.LEFT, "x"], "ax", "b"),
        (["one two", Key.WORD_LEFT], "one ", "two"),
        (["one two", Key.WORD_LEFT, Key.WORD_LEFT], "", "one two"),
        (["one two", Key.HOME, Key.WORD_RIGHT], "one", " two"),
        (["one two-x", Key.KILL_WORD], "one ", ""),
        (["one two-x", Key.KILL_SHORT_WORD], "one two-", ""),
        (["one two  ", Key.KILL_WORD], "one ", ""),
        (["one two", Key.HOME, Key.KILL_NEXT_WORD], "", " two"),
        (["one two", Key.WORD_LEFT, Key.KILL_TO_END], "one ", ""),
        (["one two", Key.WORD_LEFT, Key.KILL_TO_START], "", "two"),
        (["one two", Key.KILL_WORD, Key.HOME, Key.YANK], "two", "one "),
        (["one", Key.KILL_WORD, Key.KILL_WORD, Key.YANK], "one", ""),
        (["ab", Key.SWAP], "ba", ""),
        (["abc", Key.LEFT, Key.SWAP], "acb", ""),
        (["a", Key.SWAP], "", "a"),
        ([f"a{FAMILY}", Key.LEFT], "a", FAMILY),
        ([f"a{FAMILY}b", Key.LEFT, Key.BACKSPACE], "a", "b"),
        ([f"{ACCENTED}x", Key.LEFT, Key.LEFT], "", f"{ACCENTED}x"),
        (["👍", "🏽", Key.BACKSPACE], "", ""),
        (["🇩🇪🇫🇷", Key.LEFT, Key.BACKSPACE], "", "🇫🇷"),
        (["漢字", Key.BACKSPACE], "漢", ""),
        (["a\x1b[31mb\x00"], "a␛[31mb␀", ""),
        (["a\r\nb\rc\nd"], "a\nb\nc\nd", ""),
        (["क", "\u093f"], "कि", ""),
        (["PDF", "\u200c", "ها"], "PDF\u200cها", ""),
        (["PDF", "\u200c", "s"], "PDFs", ""),
        (["e", *["\u0301"] * 12], "e" + "\u0301" * 8 + "�" + "\u0301" * 3, ""),
        ([" "] * 20, " " * 16, ""),
        ([Key.ESCAPE, Key.REDRAW, "a"], "a", ""),
    ],
)  # fmt: skip
def test_keys(keys: list[Key | str], before: str, after: str) -> None:
    line = typed(*keys)
    assert (line.before, line.after) == (before, after)


@given(st.lists(presses, max_size=30))
@example([Press(Key.TEXT, "🇩🇪"), Press(Key.LEFT), Press(Key.TEXT, "🇪")])
@example([Press(Key.TEXT, "क\ufe0f"), Press(Key.HOME), Press(Key.KILL_NEXT_WORD), Press(Key.TEXT, "a")])
def test_the_cursor_is_between_clusters(keys: list[Press]) -> None:
    line = Editor()
    for key in keys:
        line = press(line, key)
        whole = clusters(line.text)
        assert line.before in ("", *("".join(whole[: n + 1]) for n in range(len(whole))))
        assert 0 <= line.history_index <= len(line.history)
        assert all(cluster in ("\n", safe_part(cluster)) for cluster in whole)


@given(letters, letters)
def test_typing_and_deleting_it_again_undoes_it(start: str, text: str) -> None:
    line = insert(insert(Editor(), start), " ")
    longer = insert(line, text)
    for _ in clusters(longer.text[len(line.text) :]):
        longer = press(longer, Press(Key.BACKSPACE))
    assert longer.text in (line.text, line.text[:-1])  # A mark at the beginning of the text belongs to the space.


@given(letters, st.integers(0, 10))
def test_moving_changes_no_text_and_comes_back(text: str, steps: int) -> None:
    line = insert(Editor(), text)
    moved = line
    for _ in range(steps):
        moved = press(moved, Press(Key.LEFT))
    assert moved.text == line.text
    for _ in range(steps):
        moved = press(moved, Press(Key.RIGHT))
    assert (moved.before, moved.after) == (line.before, line.after)


@given(letters, letters)
def test_cutting_and_pasting_restores_the_text(one: str, two: str) -> None:
    line = typed(Key.HOME, start=insert(insert(Editor(), one), two))
    again = typed(Key.KILL_TO_END, Key.YANK, start=line)
    assert again.text == line.text


@given(letters)
def test_widths_add_up(text: str) -> None:
    assert sum(map(width, clusters(text))) == width(text.replace("\n", "")) or "\n" in text


def test_enter_gives_the_text_and_keeps_it_in_the_history() -> None:
    line, text = enter(typed("\none\n\n  two\n "))
    assert text == "one\n\n  two"
    assert line.text == ""
    assert line.history == ("\none\n\n  two\n ",)
    assert enter(line) == (line, "")


def test_history_keeps_the_draft() -> None:
    line = Editor(history=("first", "second"))
    line = typed("draft", Key.UP, start=line)
    assert line.text == "second"
    line = typed(Key.UP, Key.UP, start=line)
    assert line.text == "first"
    line = typed(Key.DOWN, Key.DOWN, Key.DOWN, start=line)
    assert line.text == "draft"


def test_history_has_no_repetition_and_is_bounded() -> None:
    line = Editor()
    for text in ["same", "same", *map(str, range(editor.HISTORY_LINES))]:
        line, _ = enter(typed(text, start=line))
    assert len(line.history) == editor.HISTORY_LINES
    assert line.history[0] == "0"
    line, _ = enter(typed(Key.UP, start=line))
    assert len(line.history) == editor.HISTORY_LINES


def options(before: str) -> tuple[str, tuple[str, ...]]:
    _, _, word = before.rpartition(" ")
    kept = before[: len(before) - len(word)]
    return kept, tuple(name + " " for name in ("anna", "anton", "bob") if word and name.startswith(word))


def test_completion_wraps_around() -> None:
    line = typed("hi an", Key.LEFT, Key.RIGHT)
    texts = []
    for _ in range(3):
        line = editor.complete(line, +1, options)
        texts.append(line.text)
    assert texts == ["hi anna ", "hi anton ", "hi anna "]
    assert editor.complete(line, -1, options).text == "hi anton "


def test_completion_ends_with_another_key() -> None:
    line = editor.complete(typed("an"), +1, options)
    line = editor.complete(typed("b", start=line), +1, options)
    assert line.text == "anna bob "
    assert editor.complete(typed("x"), +1, options).text == "x"


def test_completion_backwards_starts_at_the_end() -> None:
    assert editor.complete(typed("an"), -1, options).text == "anton "


def test_a_paste_shows_its_line_breaks() -> None:
    assert editor.visible_clusters("a\nb") == ["a", editor.LINE_BREAK, "b"]


def test_long_lines_are_forgotten_earlier() -> None:
    line = Editor()
    for number in range(20):
        line, _ = editor.enter(replace(line, before=f"{number} " + "x" * 10_000))
    assert sum(map(len, line.history)) <= editor.HISTORY_CHARACTERS
    assert line.history[-1].startswith("19 ")
