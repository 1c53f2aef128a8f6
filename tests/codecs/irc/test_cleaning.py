"""Making the texts of clients safe."""

from __future__ import annotations

import pytest

from chatd.codecs.irc.cleaning import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("\x02bold\x0f \x0304,12red\x03 \x1ditalic \x04ff0000,00ff00hex", "bold red italic hex"),
        ("\x01ACTION waves\x01", "\u2401ACTION waves\u2401"),
        ("caf\xe9\x1b[2J", "caf\xe9\u241b[2J"),
        ("a\u202eb", "a\ufffdb"),
    ],
)
def test_styles_go_and_the_rest_becomes_safe(text: str, expected: str) -> None:
    assert clean(text) == expected
