"""Commands: parsing what people type, and the table of commands."""

from __future__ import annotations

import inspect
import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.codecs.json import encode_command
from chatd.core import commands
from chatd.core.command_table import INSTEAD, TABLE, Row, find_row, parse, usage_line
from chatd.core.commands import Command, Ping, Say
from chatd.core.errors import BadUsage, Refusal, UnknownCommand

ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


TYPED = json.loads((Path(__file__).parents[1] / "cases/commands.json").read_text(encoding="utf-8"))
"""What typed lines mean, as messages of the JSON protocol; the page is held to them too."""


@pytest.mark.parametrize("case", TYPED["cases"], ids=lambda case: case["line"])
def test_a_line_is_parsed_as_a_command(case: dict[str, Any]) -> None:
    if wire := case.get("wire"):
        assert json.loads(encode_command(parse(case["line"]))) == wire
        return
    with pytest.raises(Refusal) as refused:
        parse(case["line"])
    if reason := case.get("refused"):
        assert f"{refused.value.reason} {refused.value.hint}" == reason
    else:
        assert isinstance(refused.value, UnknownCommand)


@pytest.mark.parametrize("row", TYPED["commands"], ids=lambda row: row["name"])
def test_the_cases_know_the_commands(row: dict[str, Any]) -> None:
    ours = find_row(row["name"])
    assert row == {
        "name": ours.name,
        "usage": usage_line(ours),
        **({"group": ours.group} if ours.group else {}),
        **({"also": list(ours.also)} if ours.also else {}),
    }


@pytest.mark.parametrize(
    ("line", "reason", "hint"),
    [
        ("/", "There is no command /.", "/help lists what you can do."),
        ("/whoo", "There is no command /whoo.", "Did you mean /who? /help lists all."),
        ("/w bob hi", "There is no command /w.", INSTEAD["w"]),
        ("/CLEAR", "There is no command /clear.", "Your own program can clear its screen; chatd-client has /clear."),
        ("/xyzzy", "There is no command /xyzzy.", "/help lists what you can do."),
        ("/" + "x" * 4000, f"There is no command /{'x' * 32}.", "/help lists what you can do."),
    ],
)
def test_an_unknown_command_is_refused_with_what_works_instead(line: str, reason: str, hint: str) -> None:
    with pytest.raises(UnknownCommand) as refused:
        parse(line)
    assert (refused.value.reason, refused.value.hint) == (reason, hint)


def test_a_long_number_is_refused() -> None:
    with pytest.raises(BadUsage, match="needs a number"):
        parse("/history " + "9" * 4000)


LINE = st.text(st.characters(exclude_characters="\n"))


@given(LINE)
def test_any_line_is_a_command_or_refused(line: str) -> None:
    try:
        command = parse(line)
    except (UnknownCommand, BadUsage):
        assert line.startswith("/")
    else:
        assert isinstance(command, Say) == (not line.startswith("/") or line.startswith("//"))


@given(LINE)
def test_a_second_slash_escapes_the_first(text: str) -> None:
    assert parse("//" + text) == Say("/" + text)


# -- The table -------------------------------------------------------------------------------------


def test_the_table_has_every_command_once() -> None:
    classes = {cls for _, cls in inspect.getmembers(commands, inspect.isclass) if issubclass(cls, Command)}
    names = [name for row in TABLE for name in (row.name, *row.also)]
    assert sorted([*names, *INSTEAD]) == sorted({*names, *INSTEAD})
    shared = {cls for cls in classes if cls.__name__.startswith("_")}
    assert {row.make for row in TABLE} == classes - shared - {Command, commands.Hello, Say, Ping, commands.Read, commands.Recent}


@ROWS
def test_the_words_of_a_usage_are_the_first_fields_of_the_command(row: Row) -> None:
    command_fields = [field for field in fields(row.make) if field.name != "id"]
    for word, field in zip(row.usage.split(), command_fields, strict=False):
        assert word.startswith("[") == (field.default is not MISSING)
    assert all(field.default is not MISSING for field in command_fields[len(row.usage.split()) :])


@ROWS
def test_a_row_is_found_by_name_and_its_usage_can_be_parsed(row: Row) -> None:
    assert find_row(row.name) is find_row(f"/{row.name.upper()}") is row
    line = usage_line(row).translate({ord("["): None, ord("]"): None}).replace(" N", " 5")
    assert type(parse(line)) is row.make


@ROWS
def test_help_fits_on_a_line_of_a_terminal(row: Row) -> None:
    widest = max(len(usage_line(other)) for other in TABLE)
    assert row.help
    assert len("-- ") + widest + len("  ") + len(row.help) <= 80


def test_words_to_be_alerted_to_are_read_one_by_one() -> None:
    assert parse("/alert tea  -milk") == commands.Alert(("tea", "-milk"))
    assert parse("/alert") == commands.Alert()
