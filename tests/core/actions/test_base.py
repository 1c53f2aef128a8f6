"""What the actions have in common."""

from __future__ import annotations

import pytest

from chatd.core.actions.base import check_text
from chatd.core.errors import BadUsage


@pytest.mark.parametrize("text", ["", " ", "\u3000 "])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(BadUsage):
        check_text(text)


def test_a_text_is_accepted() -> None:
    check_text(" hi ")
