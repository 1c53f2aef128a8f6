"""What the actions have in common."""

from __future__ import annotations

import pytest

from chatd.core.actions.base import check_text
from chatd.core.errors import BadUsage


@pytest.mark.parametrize("text", ["", " ", "\u3000 ", "\u3164", "\u2800\u200b", "\ufe0f"])
def test_there_must_be_something_to_say(text: str) -> None:
    with pytest.raises(BadUsage):
        check_text(text)


def test_a_text_is_accepted() -> None:
    check_text(" hi ")
