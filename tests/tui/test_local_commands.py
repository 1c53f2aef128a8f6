"""The client's own commands."""

from __future__ import annotations

import time

import pytest

from chatd.core.commands import Command, History, Say, Search
from chatd.core.errors import BadUsage
from chatd.tui.local_commands import CLEAR, JUMP, Clear, Jump, LocalHelp, in_zone, parse_local


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


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (Say("12:30"), Say("12:30")),
        (Search("tea"), Search("tea")),
        (Search("tea", after_time="2026-11-01 12:30"), Search("tea", after_time="2026-11-01T11:30:00.000Z")),
        (History(4, before_time="12:30"), History(4, before_time="1970-01-01T11:30:00.000Z")),
        (History(around_time="2026-11-01T12:30Z"), History(around_time="2026-11-01T12:30:00.000Z")),
    ],
)
def test_times_are_in_the_zone_of_the_client(monkeypatch: pytest.MonkeyPatch, typed: Command, sent: Command) -> None:
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    assert in_zone(typed, 0) == sent
    monkeypatch.undo()
    time.tzset()
