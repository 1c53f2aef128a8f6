"""The folding of a search; ``store/test_search_cases.py`` has words of many scripts."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import folding
from chatd.core.folding import folded, folded_pieces, searchable

MIXED = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from("aéи\u0301\u0306\u200c\u200dی가\u1100\u1161\uff9eカ \u3131")
    )
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("  A -- b! ", "a b"),
        ("snake_case a.b", "snake case a b"),
        ("Straße ΟΔΟΣ οδός ﬁne ＡＢ", "strasse οδοσ οδοσ fine ab"),
        ("喝茶, ok", "喝 茶 ok"),
        ("ｶﾞｷ", "ガ キ"),
        ("한국", "한 국"),
        ("ёлка й Її", "елка й її"),
        ("हिन्दी", "हिन्दी"),
        ("กิน", "ก ิ น"),
        ("Łódź ışık Æsop", "lodz isik aesop"),
        ("п\u02bcять п'ять", "п ять п ять"),
        ("كتابـــة أحمد", "كتابة احمد"),
        ("می\u200cخواهم", "می خواهم"),
        ("\ufb90\u200cخ", "ک خ"),  # A presentation form counts as the letter.
        ("র\u200c্যাব", "র্যাব"),
        ("1\ufe0f\u20e3 m²", "1 m2"),
        ("\ud800x\0y", "x y"),
    ],
)
def test_the_words_of_a_text(text: str, words: str) -> None:
    assert searchable(text) == words


@given(MIXED)
def test_all_normal_forms_are_the_same(text: str) -> None:
    assert {searchable(normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {searchable(text)}


@given(MIXED)
def test_the_pieces_are_folded_to_what_the_text_is(text: str) -> None:
    pieces = list(folded_pieces(text))
    assert "".join(text[start:stop] for start, stop, _ in pieces) == text
    assert "".join(piece for _, _, piece in pieces).split() == folded(text).split()


@pytest.mark.parametrize("text", ["e\u0301", "가", "\u1112\u1161\u11ab", "👩\u200d👩\u200d👧", "👍🏽", "🇪🇺", "ｶ\uff9e"])
def test_what_people_see_as_one_character_is_one_piece(text: str) -> None:
    line = f"a{text}b"
    assert [line[start:stop] for start, stop, _ in folded_pieces(line)] == ["a", text, "b"]


def test_only_so_many_characters_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "FOLDED_CHARACTERS", 5)
    monkeypatch.setattr(folding, "_FOLDED", folding._Folded())
    assert searchable("abcdefghij éèê abc") == "abcdefghij eee abc"
    assert len(folding._FOLDED) <= 5
