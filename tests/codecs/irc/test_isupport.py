"""What clients are told about the server."""

from __future__ import annotations

from chatd.codecs.irc.isupport import tokens
from chatd.core.registry import Settings


def test_a_line_has_at_most_thirteen_tokens() -> None:
    found = tokens(Settings(name="home"))
    assert all(0 < len(line) <= 13 for line in found)
    assert any("NETWORK=home" in line for line in found)
    assert all(token.isascii() and " " not in token for line in found for token in line)
