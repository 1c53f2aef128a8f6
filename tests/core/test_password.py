"""Passwords as text."""

from __future__ import annotations

import pytest

from chatd.core.errors import BadUsage
from chatd.core.password import check_length, prepared


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("e\u0301", "\u00e9"),  # composed or not, as keyboards differ
        ("a\u3000b", "a b"),  # an ideographic space
        ("Pass WORD ", "Pass WORD "),  # neither the case nor a space at the end
        ("\ud7ff e\u0301 \u0378", "\ud7ff \u00e9 \u0378"),  # an unassigned character
    ],
)
def test_a_password_is_the_same_on_every_keyboard(typed: str, same: str) -> None:
    assert prepared(typed) == prepared(same) == same


@pytest.mark.parametrize(("length", "is_refused"), [(7, True), (8, False), (128, False), (129, True)])
def test_a_new_password_has_a_length(length: int, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(BadUsage, match=r"too short or too long\. A password has 8 to 128 characters"):
            check_length("x" * length)
    else:
        check_length("x" * length)
