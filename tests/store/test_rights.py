"""The rights of a room as the database has them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.core.bans import Ban
from chatd.core.membership import Role
from chatd.core.rights import Modes, Rights
from chatd.store.rights import rights_of, text_of

WORDS = st.text("abc:*é", max_size=4)
BANS = st.builds(Ban, WORDS, st.booleans(), st.integers(0, 9), WORDS, WORDS, st.tuples(WORDS), st.tuples(WORDS))
MODES = st.builds(Modes, st.booleans(), WORDS, st.integers(0, 9), st.booleans(), st.booleans(), st.integers(0, 9), st.booleans())
RIGHTS = st.builds(
    Rights,
    st.dictionaries(WORDS, st.sampled_from(Role), max_size=3),
    st.lists(BANS, max_size=3).map(tuple),
    st.lists(WORDS, max_size=3).map(tuple),
    MODES,
)


@given(RIGHTS)
def test_they_are_the_same_after_reading(rights: Rights) -> None:
    assert rights_of(text_of(rights)) == rights


def test_no_rights_are_no_text() -> None:
    assert text_of(Rights()) == ""
    assert rights_of("") == Rights()
