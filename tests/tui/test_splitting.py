"""Texts too long for a line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.codecs.json import encode_command
from chatd.core import commands
from chatd.core.commands import Command
from chatd.core.errors import TooLong
from chatd.core.limits import LINE_BYTES, TEXT_LINES
from chatd.tui.splitting import split


@pytest.mark.parametrize("command", [commands.Say("hi", "lobby"), commands.Who("lobby"), commands.Away("tea")])
def test_a_text_that_fits_is_not_split(command: Command) -> None:
    assert split(command) == [command]


def test_a_long_text_is_cut_between_words() -> None:
    parts = split(commands.Say("word " * 2000, "lobby"))
    assert all(isinstance(part, commands.Say) and part.room == "lobby" for part in parts)
    assert " ".join(part.text for part in parts if isinstance(part, commands.Say)).split() == ["word"] * 2000
    assert all(part.text.endswith("word") for part in parts if isinstance(part, commands.Say))


def test_a_text_of_many_lines_is_cut_between_lines() -> None:
    lines = [f"  line {number}" for number in range(TEXT_LINES + 5)]
    parts = split(commands.Say("\n".join(lines), "lobby"))
    texts = [part.text for part in parts if isinstance(part, commands.Say)]
    assert texts == ["\n".join(lines[:TEXT_LINES]), "\n".join(lines[TEXT_LINES:])]


def test_a_private_message_stays_one() -> None:
    parts = split(commands.Msg("bob", "x" * 9000))
    assert [part.nick for part in parts if isinstance(part, commands.Msg)] == ["bob"] * 3


@pytest.mark.parametrize("command", [commands.Topic("x" * 5000, "lobby"), commands.Nick("n" * 5000)])
def test_any_other_command_that_is_too_long_is_refused(command: Command) -> None:
    with pytest.raises(TooLong):
        split(command)


@given(st.lists(st.sampled_from(['"', "\\", "é", "漢", "👍", "word", " "]), min_size=1, max_size=60), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_every_part_fits_and_only_spaces_are_lost(parts: list[str], times: int) -> None:
    text = "".join(parts) * times
    said = split(commands.Say(text, "lobby"))
    texts = [part.text for part in said if isinstance(part, commands.Say)]
    assert "".join(texts).replace(" ", "") == text.replace(" ", "")
    for part in said:
        assert len(encode_command(part)) <= LINE_BYTES
