"""One table of searches in many scripts, for the store in memory and the one on disk, and the law
that both find the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.events import Said
from chatd.core.folding import searchable
from chatd.core.search import Query, matches
from chatd.core.search_text import read_search
from chatd.store import database, deletion, index
from chatd.store.queries import event_id, to_row

CASES = json.loads((Path(__file__).parents[1] / "cases/words.json").read_text(encoding="utf-8"))["found"]
"""A text, what is typed to search, and whether it is found; the page is held to them too."""


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """A database with one room, whose id is 1."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(database.schema())
        connection.execute("INSERT INTO room (id, key, name) VALUES (1, 'tea', 'tea')")
        yield connection


def is_found(connection: sqlite3.Connection, text: str, query: Query) -> bool:
    """Whether the index finds ``text``, which is there only for this."""
    [first] = connection.execute("SELECT first FROM room").fetchone()
    connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", to_row(1, said(text, first)))
    index.index(connection, 1)
    found = index.search(connection, query, lambda: False)
    deletion.delete_oldest(connection, 1, 1, first + 1)
    return [event.seq for event in found] == [first]


def said(text: str, seq: int = 1) -> Said:
    return Said("tea", seq, 0, "ada", "o", text)


@pytest.mark.parametrize("store", ["memory", "disk"])
@pytest.mark.parametrize(("text", "typed", "found"), CASES)
def test_a_search_finds_a_word_however_it_is_spelled(
    connection: sqlite3.Connection, store: str, text: str, typed: str, found: bool
) -> None:
    read = read_search(typed)
    query = Query(read.words, {"tea"}, excluded=read.excluded)
    assert (matches(query, said(text)) if store == "memory" else is_found(connection, text, query)) is found


ALPHABET = 'abßé \u0301.-*"ΣσςάЙйиЁ\u0306がか\u3099ｶ\uff9e한\u1112\u1161हिन्दी์กשָلاَ\u200c茶👍'
TEXT = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters(exclude_categories=["Cs"])), max_size=40)


FORMS: Sequence[Literal["NFC", "NFD", "NFKC", "NFKD"]] = ("NFC", "NFD", "NFKC", "NFKD")


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, Sequence[str], Sequence[str]]:
    """A text, and the terms and excluded terms of a search: parts of that text, or of others."""
    text = draw(TEXT)
    cut = st.tuples(st.integers(0, 8), st.integers(1, 8)).map(lambda place: text[place[0] : sum(place)])
    form = st.sampled_from(FORMS)
    term = st.tuples(st.one_of(cut, TEXT), form, st.sampled_from(["", "*"])).map(lambda made: normalize(made[1], made[0]) + made[2])
    terms = st.lists(term.filter(searchable), max_size=3)
    return text, draw(terms.filter(bool)), draw(terms)


@given(searches())
def test_both_stores_find_the_same(connection: sqlite3.Connection, search: tuple[str, Sequence[str], Sequence[str]]) -> None:
    text, words, excluded = search
    query = Query(tuple(words), {"tea"}, excluded=tuple(excluded))
    assert is_found(connection, text, query) == matches(query, said(text))
    assert connection.execute("SELECT count(*) FROM search WHERE rowid >= ?", (event_id(1, 0),)).fetchone() == (0,)


@given(TEXT.filter(searchable), st.sampled_from(FORMS))
def test_a_text_is_found_by_itself(text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    assert matches(Query((normalize(form, text).rstrip("*"),), ()), said(text))
