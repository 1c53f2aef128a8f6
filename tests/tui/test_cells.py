"""Cells: widths, clipping and wrapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.tui.cells import BOLD, Span, clip, clusters, dimmed, first_cluster, last_cluster, plain, row_width, width, wrap

PIECES = ["a", "bc", "longword", " ", "-", "漢", "e\u0301", "👨‍👩‍👧", "🇩🇪", "क्षि"]
spans = st.lists(st.sampled_from(PIECES), max_size=12).map("".join).map(Span)
lines = st.lists(spans, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("text", "cells"),
    [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("👨‍👩‍👧", 2), ("🇩🇪", 2), ("❤️", 2), ("\u200b", 0)],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ab", ["a", "b"]),
        ("e\u0301x", ["e\u0301", "x"]),
        ("👨‍👩‍👧👍🏽", ["👨‍👩‍👧", "👍🏽"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
    ],
)
def test_clusters(text: str, parts: list[str]) -> None:
    assert clusters(text) == parts
    assert first_cluster(text) == parts[0]
    assert last_cluster(text) == parts[-1]


@pytest.mark.parametrize(
    ("text", "cells", "rows"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("one two three", 8, ["one two ", "  three"]),
        ("one two three", 7, ["one two", "  three"]),
        ("abcdefghij", 6, ["abcdef", "  ghij"]),
        ("ab cdefghijkl", 6, ["ab cde", "  fghi", "  jkl"]),
        ("漢字漢字", 7, ["漢字漢", "  字"]),
        ("漢字漢", 3, ["漢", "字", "漢"]),
    ],
)
def test_wrap(text: str, cells: int, rows: list[str]) -> None:
    assert [plain(row) for row in wrap((Span(text),), cells, 2)] == rows


@given(lines, st.integers(2, 30), st.integers(0, 8))
def test_rows_fit_and_only_spaces_are_lost(line: tuple[Span, ...], cells: int, indent: int) -> None:
    rows = wrap(line, cells, indent)
    assert all(row_width(row) <= cells for row in rows) or any(width(c) > 2 for c in clusters(plain(line)))
    assert "".join(map(plain, rows)).replace(" ", "") == plain(line).replace(" ", "")


@given(lines, st.integers(0, 30))
def test_a_clipped_line_fits(line: tuple[Span, ...], cells: int) -> None:
    clipped = clip(line, cells)
    assert row_width(clipped) <= cells
    assert plain(line).startswith(plain(clipped))


def test_a_word_keeps_its_styles_over_a_break() -> None:
    rows = wrap((Span("a "), Span("bold text", BOLD)), 7)
    assert rows == [(Span("a"), Span(" "), Span("bold", BOLD), Span(" ", BOLD)), (Span("text", BOLD),)]


def test_dimmed_keeps_the_rest_of_a_style() -> None:
    (span,) = dimmed((Span("a", BOLD),))
    assert span.style.bold
    assert span.style.dim


ADDRESS = "https://example.org/a-long-path"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"see {ADDRESS}", ["see https://", "example.org/", "a-long-path"]),
        (f"see {ADDRESS} twice", ["see https://", "example.org/", "a-long-path", "  twice"]),  # No text after it on its row.
        (f"({ADDRESS}).", ["(https://exa", "mple.org/a-l", "ong-path)."]),
        ("https://a.b c", ["https://a.b ", "  c"]),  # It fits.
        (f"x{ADDRESS}", ["xhttps://exa", "  mple.org/a", "  -long-path"]),
        ("https://<bob>/a-long-path", ["https://<bob", "  >/a-long-p", "  ath"]),
        ("https://ex\u00e4mple.org/path", ["https://ex\u00e4m", "  ple.org/pa", "  th"]),
        ("https://a.b/c/d/12:05 <bob> yes", ["https://a.b/", "c/d/12:05", "  <bob> yes"]),
    ],
)
def test_a_long_address_is_cut_as_the_terminal_would(text: str, rows: list[str]) -> None:
    assert [plain(row) for row in wrap((Span(text),), 12, 2)] == rows


def test_the_pieces_of_an_address_link_to_the_whole() -> None:
    rows = wrap((Span("see ("), Span(ADDRESS, BOLD), Span("), it is short")), 12, 2)
    linked = [span for row in rows for span in row if span.style.link]
    assert {span.style.link for span in linked} == {ADDRESS}
    assert "".join(span.text for span in linked) == f"({ADDRESS}),"
