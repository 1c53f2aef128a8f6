"""Queries, and the words of a text; ``store/test_index.py`` tests searching."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.events import Said
from chatd.core.search import Query, excerpt, matches, spaced, words_of


@given(st.text())
def test_a_text_contains_all_its_words(text: str) -> None:
    assert matches(Query(words_of(text), ()), Said("tea", 1, 0, "ada", "o", text))


@given(st.text())
def test_spacing_only_adds_spaces(text: str) -> None:
    assert spaced(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(("text", "words"), [("", ()), ("  a -- b! ", ("a", "b!")), ("茶 *", ("茶",)), ("?! ...", ())])
def test_a_word_has_a_letter_or_a_digit(text: str, words: Sequence[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("short tea", ("tea",), "short tea"),
        ("a" * 50 + " tea " + "b" * 50, ("TEA",), "… " + "a" * 9 + " tea bbbbbb …"),
        ("x" * 30, ("nothing",), "x" * 10 + " …"),
    ],
)
def test_an_excerpt_shows_the_text_around_the_word(text: str, words: Sequence[str], shown: str) -> None:
    assert excerpt(text, words, 10) == shown


def test_a_phrase_longer_than_the_text_does_not_match() -> None:
    assert not matches(Query(("喝茶吧",), ()), Said("tea", 1, 0, "ada", "o", "喝茶"))


@pytest.mark.parametrize(
    ("query", "matching"),
    [
        (Query(("tea",), (), since=5, until=6), True),
        (Query(("tea",), (), since=6), False),
        (Query(("tea",), (), until=5), False),
        (Query(("tea",), (), nick="ada"), True),
        (Query(("tea",), (), nick="eve"), False),
        (Query(("te*",), ()), True),
        (Query(("te",), ()), False),
    ],
)
def test_a_query_has_words_a_nick_and_a_period(query: Query, matching: bool) -> None:
    assert matches(query, Said("tea", 1, 5, "Ada", "o", "more tea")) is matching
