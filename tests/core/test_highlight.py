"""Highlighting: which part of a text stands out, and the excerpt around it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.highlight import excerpt, highlight
from chatd.tui.cells import clusters

AROUND = 24
CASES = json.loads((Path(__file__).parents[1] / "cases/words.json").read_text(encoding="utf-8"))["marked"]
"""Which words stand out; the page is held to them too."""


def marked(text: str, *words: str) -> str:
    """``text`` with brackets around what stands out."""
    return "".join(f"[{part}]" if marked else part for part, marked in highlight(text, words))


@pytest.mark.parametrize(("text", "words", "shown"), CASES)
def test_highlights(text: str, words: list[str], shown: str) -> None:
    assert marked(text, *words) == shown


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("some tea", ["tea"], "some tea"),
        (f"{'before ' * 9}tea{' after' * 9}", ["tea"], "… before before before tea after after after after …"),
        (f"tea{' after' * 9}", ["tea"], "tea after after after after …"),
        (f"{'漢' * 40}字{'漢' * 40}", ["字"], f"… {'漢' * AROUND}字{'漢' * AROUND} …"),
        (f"not there {'word ' * 40}", ["tea"], "not there word word word …"),
    ],
)
def test_excerpts(text: str, words: list[str], shown: str) -> None:
    assert "".join(part for part, _ in excerpt(text, words, AROUND)) == shown


def test_matches_outside_the_excerpt_are_not_in_it() -> None:
    text = f"tea {'word ' * 20}tea"
    assert [part for part, marked in excerpt(text, ["tea"], AROUND) if marked] == ["tea"]


def test_a_cut_makes_no_match() -> None:
    text = f"{'漢' * (AROUND - 3)}teapots{' after' * 9}"
    assert excerpt(text, ["tea"], AROUND) == [(f"{'漢' * (AROUND - 3)}tea", False), (" …", False)]


texts = st.lists(st.sampled_from(["a", "tea", "é", "e\u0301", " ", "漢", "👨‍👩‍👧", ".", "ß"]), max_size=60).map("".join)
words = st.lists(st.sampled_from(["a", "tea", "e", "漢", "漢漢", "t*", "s", "ss"]), max_size=3)


@given(texts, words)
def test_the_pieces_are_the_text(text: str, words: list[str]) -> None:
    assert "".join(part for part, _ in highlight(text, words)) == text


@given(texts, words)
def test_an_excerpt_is_short_has_the_word_and_cuts_no_character(text: str, words: list[str]) -> None:
    parts = excerpt(text, words, AROUND)
    shown = "".join(part for part, _ in parts).removeprefix("… ").removesuffix(" …")
    assert shown in text
    assert len(shown) <= 2 * AROUND + 60
    assert any(marked for _, marked in parts) == any(marked for _, marked in highlight(text, words))
    whole = clusters(text)
    assert any("".join(whole[start:stop]) == shown for start in range(len(whole) + 1) for stop in range(start, len(whole) + 1))
