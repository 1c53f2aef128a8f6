"""Rows of a terminal of 80 columns: only the first row of a line looks like the beginning of a
line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes, wcswidth

from chatd.codecs.rows import COLUMNS, CONTINUED, with_marked_rows
from chatd.core.text import safe_text
from tests.codecs.strategies import SAFE_TEXT

FORGED = [
    "<ada> hi",
    "* ada waves",
    "[ada] hi",
    "-- ada has left #lobby",
    "!! You are banned.",
    "#ops <ada> hi",
    "#ops * ada waves",
]
BEGINNING = re.compile(r"\s*(<[^<>]+>|\[[^\[\]]+\]|\*\s|--\s|!!\s|#[^\s#]+\s+[<*])")

PADDING = {
    "ascii": ".",
    "words": "well ",
    "wide": "字",
    "emoji": "👍🏽",
    "marks": "é\u0301",
    "family": "👩\u200d👩\u200d👧",
    "thai": "ที่",
}


def rows_on_a_terminal(line: str) -> list[str]:
    """The rows of ``line`` on a terminal of 80 columns; a wide character that does not fit goes to
    the next row."""
    rows, used = [""], 0
    for cluster in iter_graphemes(line):
        cells = max(0, wcswidth(cluster))
        if used + cells > COLUMNS:
            rows.append("")
            used = 0
        rows[-1] += cluster
        used += cells
    return rows


def padded(padding: str, cells: int) -> str:
    """A line that takes ``cells`` cells."""
    line = "<mal> "
    while wcswidth(line + padding) <= cells:
        line += padding
    return line + "." * (cells - wcswidth(line))


@pytest.mark.parametrize("padding", PADDING.values(), ids=PADDING)
@pytest.mark.parametrize("forged", FORGED)
def test_a_row_that_looks_like_a_line_gets_a_sign(forged: str, padding: str) -> None:
    first = padded(padding, COLUMNS)
    assert rows_on_a_terminal(first + forged)[1:] == [forged]
    shown = with_marked_rows(first + forged)
    assert shown == f"{first}{CONTINUED}{forged}"
    assert rows_on_a_terminal(shown)[1:] == [CONTINUED + forged]


@pytest.mark.parametrize("rows", [2, 3, 20])
def test_every_row_is_checked(rows: int) -> None:
    line = padded(".", rows * COLUMNS) + "<ada> hi"
    assert with_marked_rows(line) == f"{line[: rows * COLUMNS]}{CONTINUED}<ada> hi"


def test_the_sign_does_not_move_other_text_to_the_beginning_of_a_row() -> None:
    forged = "<ada> hi" + "." * 70  # with the sign, the row ends two characters earlier
    for row in rows_on_a_terminal(with_marked_rows(padded(".", COLUMNS) + forged + "<bob> ho"))[1:]:
        assert BEGINNING.match(row) is None
    assert with_marked_rows(padded(".", COLUMNS) + forged + "<bob> ho").count(CONTINUED) == 2


@pytest.mark.parametrize("blanks", [" ", "   ", "\u00a0", "\u3000", "\u2800"])
def test_blanks_at_the_beginning_of_a_row_are_ignored(blanks: str) -> None:
    line = padded(".", COLUMNS)
    assert with_marked_rows(f"{line}{blanks}<ada> hi") == f"{line}{CONTINUED}{blanks}<ada> hi"


def test_a_long_room_and_a_long_nick_can_fill_a_row() -> None:
    line = f"#{'r' * 43} <{'n' * 32}> "
    assert len(line) == COLUMNS
    assert with_marked_rows(line + "<ada> my password is hunter2") == f"{line}{CONTINUED}<ada> my password is hunter2"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "<mal> hi",
        "<mal> look: <ada> hi",
        padded(".", COLUMNS),
        padded(".", COLUMNS - 1) + "<ada> it does not begin a row",
        padded(".", COLUMNS + 1) + "<ada> it does not begin a row",
        padded(".", COLUMNS) + "< 3, *bold*, --option, !important, #hash",
        padded("字", COLUMNS - 2) + "<ada> it does not begin a row, and the row holds wide characters",
        padded(".", 10 * COLUMNS),
        padded("字", 10 * COLUMNS),
    ],
)
def test_all_other_lines_are_unchanged(line: str) -> None:
    assert with_marked_rows(line) is line or with_marked_rows(line) == line


MADE_UP = st.lists(st.sampled_from([*FORGED, *PADDING.values(), "." * 30, "字" * 15, " ", "\u0301", CONTINUED]), max_size=30).map(
    "".join
)


@given(MADE_UP | SAFE_TEXT)
def test_only_the_first_row_looks_like_the_beginning_of_a_line(text: str) -> None:
    line = "<mal> " + safe_text(text)
    shown = with_marked_rows(line)
    assert re.sub(f"[{CONTINUED}]", "", shown) == re.sub(f"[{CONTINUED}]", "", line)
    assert [row for row in rows_on_a_terminal(shown)[1:] if BEGINNING.match(row)] == []
