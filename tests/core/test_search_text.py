"""What people type to search: terms, excluded terms, filters, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import BadUsage
from chatd.core.folding import searchable
from chatd.core.search_text import read_search


@pytest.mark.parametrize(
    ("typed", "words", "excluded"),
    [
        ("tea", ["tea"], []),
        ("  green   tea ", ["green", "tea"], []),
        ('"green tea" cup', ["green tea", "cup"], []),
        ("“green tea” «чай с мёдом» „Tee“", ["green tea", "чай с мёдом", "Tee"], []),
        ('"green te*"', ["green te*"], []),
        ('"from:ada" "OR" "-v"', ["from:ada", "OR", "-v"], []),
        ("tea -coffee", ["tea"], ["coffee"]),
        ("-coffee tea −milk –sugar", ["tea"], ["coffee", "milk", "sugar"]),
        ('tea -"black coffee" -deca*', ["tea"], ["black coffee", "deca*"]),
        ("tea-time b! 3.5 C++", ["tea-time", "b!", "3.5", "C++"], []),
        (
            "https://example.org/x std::string C:\\x 02:40 error:",
            ["https://example.org/x", "std::string", "C:\\x", "02:40", "error:"],
            [],
        ),
        ("deploy*", ["deploy*"], []),
        ("OR", ["OR"], []),
        ("and or not", ["and", "or", "not"], []),
        ("rock AND", ["rock", "AND"], []),
    ],
)
def test_words_phrases_and_excluded_words(typed: str, words: Sequence[str], excluded: Sequence[str]) -> None:
    read = read_search(typed)
    assert (list(read.words), list(read.excluded), read.filters) == (words, excluded, {})
    assert read_search(read.text) == read


@pytest.mark.parametrize(
    ("typed", "text", "filters"),
    [
        ("in:#dev green tea from:ada", "green tea", {"in": "#dev", "from": "ada"}),
        ("IN:dev tea", "tea", {"in": "dev"}),
        ("tea after:2026-11-01 before:12:30", "tea", {"after": "2026-11-01", "before": "12:30"}),
        ("after:2026-10-25 02:40 tea", "tea", {"after": "2026-10-25 02:40"}),
        ("tea after:2026-10-25 02:40+02:00 cup", "tea cup", {"after": "2026-10-25 02:40+02:00"}),
        ("tea before:2026-10-25 02:40:07", "tea", {"before": "2026-10-25 02:40:07"}),
        ("tea after:2026-10-25T02:40 02:40", "tea 02:40", {"after": "2026-10-25T02:40"}),
        ("after:2026-10-25 24 tea", "24 tea", {"after": "2026-10-25"}),
        ("in:2026-10-25 02:40", "02:40", {"in": "2026-10-25"}),
    ],
)
def test_filters(typed: str, text: str, filters: Mapping[str, str]) -> None:
    read = read_search(typed)
    assert (read.text, read.filters) == (text, filters)


@pytest.mark.parametrize(
    ("typed", "reason", "works"),
    [
        ("", "There are no words to search for.", "in:#lobby from:ada"),
        ("in:#dev", "There are no words to search for.", "in:#lobby from:ada"),
        ("-coffee", "There are only excluded words.", "-word"),
        ("tea since:2026-11-01", "There is no filter since:.", '"since:2026-11-01"'),
        ("tea in: #dev", "There is nothing after in:.", "in:#lobby"),
        ("tea from:", "There is nothing after from:.", "from:ada"),
        ("tea after: 2026-11-01", "There is nothing after after:.", "after:2026-11-23"),
        ("tea in:a in:b", "You gave in: twice.", "once"),
        ("tea -from:ada", "-from:ada cannot be excluded.", '"-from:ada"'),
        ("git --version", "--version cannot be excluded.", '"--version"'),
        ('a "phrase', "A quotation mark has no other one around the words.", '"a phrase"'),
        ('5" wide', "A quotation mark has no other one around the words.", '"a phrase"'),
        ('say"hi"', "A quotation mark has no other one around the words.", '"a phrase"'),
        ('tea "', "A quotation mark has no other one around the words.", '"a phrase"'),
        ('from:"ada"', "A quotation mark has no other one around the words.", '"a phrase"'),
        ("tea & cake", "& has no letter or digit, so it cannot be found.", "Leave it out."),
        ("tea -", "- has no letter or digit, so it cannot be found.", "Leave it out."),
        ('tea ""', '"" has no letter or digit, so it cannot be found.', "Leave it out."),
        ("*", "* has no letter or digit, so it cannot be found.", "Leave it out."),
        ("*ing", "* is only possible at the end of a word.", "deploy*"),
        ("dep*oy", "* is only possible at the end of a word.", "deploy*"),
        ("deploy**", "* is only possible at the end of a word.", "deploy*"),
        ("tea OR coffee", "A search does not know OR.", "-word"),
        ("tea AND coffee", "A search does not know AND.", '"AND"'),
        ("tea " * 51, "A search has at most 50 words.", "Leave some out."),
        ("NOT coffee", "A search does not know NOT.", "-word"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_what_works_is_named(typed: str, reason: str, works: str) -> None:
    with pytest.raises(BadUsage) as refused:
        read_search(typed)
    assert refused.value.reason == reason
    assert works in refused.value.hint


@given(st.text(st.sampled_from('ab -"*:é in:from:before:2026-11-01 12:30')))
def test_every_term_has_a_word_and_is_read_again_as_it_was(typed: str) -> None:
    try:
        read = read_search(typed)
    except BadUsage:
        return
    assert read.words
    assert all(map(searchable, read.words + read.excluded))
    again = read_search(read.text)
    assert (again.words, again.excluded, again.filters) == (read.words, read.excluded, {})
