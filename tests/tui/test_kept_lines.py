"""The printed lines that are kept."""

from __future__ import annotations

from chatd.tui.cells import FinalLine, Span
from chatd.tui.kept_lines import KEPT_CHARACTERS, KeptLines


def line(text: str, seq: int = 0) -> FinalLine:
    return FinalLine((Span(text[:1]), Span(text[1:])), "lobby", seq)


def texts(lines: KeptLines) -> list[str]:
    return ["".join(span.text for span in one.line) for one in reversed(lines)]


def test_the_last_lines_are_kept() -> None:
    lines = KeptLines(3)
    lines.extend(map(line, "abcde"))
    assert texts(lines) == ["e", "d", "c"]
    lines.clear()
    assert texts(lines) == []


def test_long_lines_are_kept_as_long_as_there_is_room() -> None:
    lines = KeptLines(100)
    half = "x" * (KEPT_CHARACTERS // 2)
    lines.extend(map(line, ["a", "b", half]))
    assert texts(lines) == [half, "b", "a"]
    lines.extend([line(half)])
    assert texts(lines) == [half, half]
    lines.extend([line(half * 3)])
    assert texts(lines) == [half * 3], "the last line is always kept"
    lines.extend([line("c")])
    assert texts(lines) == ["c"]


def test_lines_that_are_dropped_make_room() -> None:
    lines = KeptLines(3)
    lines.extend([line("a", 1), line("b", 2), line("c", 3)])
    lines.drop(lambda one: one.seq < 3)
    lines.extend([line("d", 4), line("e", 5)])
    assert texts(lines) == ["e", "d", "c"]
