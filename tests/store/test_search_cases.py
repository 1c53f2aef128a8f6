"""One table of searches in many scripts, for the store in memory and the one on disk, and the law
that both find the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
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

CASES = [
    # Case, width, and each way to encode a character.
    ("Die Straße ist naß", "STRASSE", True),
    ("Die Strasse ist nass", "straße", True),
    ("ＦＵＬＬ ｗｉｄｔｈ１２", "full", True),
    ("ＦＵＬＬ ｗｉｄｔｈ１２", "width12", True),
    ("ﬁne ligature", "fine", True),
    ("İstanbul ve ışık", "istanbul", True),
    ("İstanbul ve ışık", "IŞIK", True),
    ("E=mc²", "mc2", True),
    # Latin.
    ("un café crème", "cafe", True),
    ("un cafe creme", "café", True),
    (normalize("NFD", "un café crème"), "café", True),
    ("un café crème", normalize("NFD", "crème"), True),
    ("Việt Nam", "viet", True),
    ("Łódź i Gdańsk", "lodz", True),
    ("smørrebrød", "smorrebrod", True),
    ("naïve", "naiv", False),
    ("don’t stop", "don't", True),
    # Greek.
    ("Η ΟΔΟΣ", "οδός", True),
    ("η οδός", "ΟΔΟΣ", True),
    ("ένας καφές", "καφες", True),
    ("τῷ θεῷ", "τω", True),
    # Cyrillic: ё is е, й is not и.
    ("новогодняя ёлка", "елка", True),
    ("новогодняя елка", "ЁЛКА", True),
    (normalize("NFD", "новогодняя ёлка"), "ёлка", True),
    ("это мой дом", "мои", False),
    ("это мои дома", "мой", False),
    (normalize("NFD", "это мой дом"), "мой", True),
    ("за́мок на горе", "замок", True),
    ("її хата", "іі", False),
    ("п\u02bcять років", "п'ять", True),
    # Hebrew and Arabic: points and vowels can be left out.
    ("שָׁלוֹם לכולם", "שלום", True),
    ("שלום לכולם", "שָׁלוֹם", True),
    ("كِتَابٌ جديد", "كتاب", True),
    ("كتاب جديد", "كِتَابٌ", True),
    ("ســـلام", "سلام", True),
    ("أحمد هنا", "احمد", True),
    ("نمی\u200cخواهم", "خواهم", True),
    ("كتاب", "كاتب", False),
    # Korean.
    (normalize("NFD", "우리는 한국어를 배운다"), "한국어", True),
    ("우리는 한국어를 배운다", normalize("NFD", "한국어"), True),
    ("우리는 한국어를 배운다", "한국말", False),
    ("정말ㅋㅋㅋㅋ", "ㅋㅋ", True),
    # Japanese: a voicing mark makes another letter.
    ("東京の大学", "京の大", True),
    ("かきくけこ", "がき", False),
    ("がきの頃", "かき", False),
    (normalize("NFD", "がきの頃"), "がき", True),
    ("ｶﾞｲﾄﾞﾌﾞｯｸ", "ガイドブック", True),
    ("ガイドブック", "カイト", False),
    # Chinese.
    ("今天我们去喝茶吧", "喝茶", True),
    ("今天我们去喝茶吧", "茶喝", False),
    # Indic and South-East Asian scripts: vowel signs are letters.
    ("हम चाय पीते हैं", "चाय", True),
    ("हम चाय पीते हैं", "चय", False),
    ("हिन्दी में", "हिन्दी", True),
    ("हिन्दी में", "हन्द", False),
    ("हिन्दी में", "हिन्द*", True),
    ("মা ভালো", "মা", True),
    ("মা ভালো", "মি", False),
    ("தமிழ் மொழி", "தமிழ்", True),
    ("தமிழ் மொழி", "தமழ", False),
    (normalize("NFD", "কোথায়"), "কোথায়", True),
    ("ฉันอยากดื่มชา", "ดื่ม", True),
    ("ฉันอยากดื่มชา", "ดม", False),
    ("น้ำชา", normalize("NFKD", "น้ำ"), True),
    ("ម្ដាយ", "មដាយ", False),
    ("မြန်မာ", "မြန်", True),
    ("မြန်မာ", "မနမ", False),
    # Phrases, excluded words, beginnings.
    ("the tea is green", '"tea is"', True),
    ("the tea is green", '"is tea"', False),
    ("the tea is green", "“tea is gr*”", True),
    ("the tea is green", "green -coffee", True),
    ("the tea is green", "green -tea", False),
    ("the tea is green", "green -te*", False),
    ("the tea is green", 'green -"tea is"', False),
    ("the tea is green", 'green -"is tea"', True),
    ("the tea is green", "green -coffee -tea", False),
    ("the tea is green", "gree*", True),
    ("the tea is green", "gree", False),
    ("tea-time at 02:40", "tea-time", True),
    ("tea-time at 02:40", "02:40", True),
    ("time for tea", "tea-time", False),
    ("x OR y -- 100% {col}: 'quoted'", "{col}:", True),
]


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
