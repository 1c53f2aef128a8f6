"""The client's own commands."""

from __future__ import annotations

import pytest

from chatd.client.local_commands import CLEAR, JUMP, Clear, Jump, LocalHelp, parse_local
from chatd.core.errors import BadUsage


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("/jump", Jump()),
        ("/jump 3", Jump(3)),
        ("/JUMP  12 ", Jump(12)),
        ("/jump new", Jump(new=True)),
        ("/clear", Clear()),
        ("/CLEAR all", Clear()),
        ("/help clear", LocalHelp(CLEAR)),
        ("/help jump", LocalHelp(JUMP)),
        ("/help /jump", LocalHelp(JUMP)),
        ("/help", None),
        ("/help join", None),
        ("/jumper", None),
        ("//jump", None),
        ("jump", None),
        (" /jump", None),
        ("", None),
    ],
)
def test_local_commands(line: str, asked: object) -> None:
    assert parse_local(line) == asked


@pytest.mark.parametrize("line", ["/jump 0", "/jump -1", "/jump x", "/jump 1 2", "/jump ²", f"/jump {'9' * 30}"])
def test_invalid_jumps(line: str) -> None:
    with pytest.raises(BadUsage, match="does not take"):
        parse_local(line)
