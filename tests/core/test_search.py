"""Queries; ``store/test_search_cases.py`` and ``store/test_index.py`` test searching."""

from __future__ import annotations

import pytest

from chatd.core.events import Said
from chatd.core.search import Query, matches


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
        (Query(("more tea", "tea"), ()), True),
        (Query(("tea more",), ()), False),
        (Query(("tea",), (), excluded=("green",)), True),
        (Query(("tea",), (), excluded=("green", "mor*")), False),
    ],
)
def test_a_query_has_words_a_nick_and_a_period(query: Query, matching: bool) -> None:
    assert matches(query, Said("tea", 1, 5, "Ada", "o", "more tea")) is matching
