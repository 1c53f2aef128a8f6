"""README.md describes what the code does: all commands, all options and their defaults, and its
links have targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chatd
from chatd.client.options import _parser
from chatd.codecs.json import decode_command, decode_news
from chatd.core.command_table import GROUPS, TABLE, usage_line
from chatd.doors.catalogue import BUILT
from chatd.tap import Options

TOP = Path(chatd.__path__[0]).parent
README = TOP.joinpath("README.md").read_text(encoding="utf-8")


def rows(marker: str, document: str = README) -> list[list[str]]:
    """The cells of the table after ``marker``, without its header."""
    _, _, rest = document.partition(f"<!-- {marker} -->\n")
    table = rest.split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_all_commands_are_documented() -> None:
    assert rows("commands") == [[f"`{usage_line(row)}`", row.help] for row in TABLE if not row.group]


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_of_commands_has_a_document(group: str) -> None:
    text = TOP.joinpath("docs", f"{group}.md").read_text(encoding="utf-8")
    assert rows("commands", text) == [[f"`{usage_line(row)}`", row.help] for row in TABLE if row.group == group]


def test_all_options_are_documented() -> None:
    documented = {word for option, _, _ in rows("options") for word in re.findall(r"`--([a-z-]+)`", option)}
    assert documented | {"version", "help"} == {option.rstrip("=") for option in Options().longOpt}


def in_words(default: object) -> str:
    """A default as it is written in the table."""
    if default is None or default == []:
        return "none"
    if default == 0:
        return "off"
    return f"{default:g}" if isinstance(default, float) else str(default) or "empty"


def test_the_defaults_of_options_are_documented() -> None:
    options = Options()
    options.parseOptions([])
    documented = {option.strip("`-").split("`")[0]: default.split(",")[0].strip("`") for option, _, default in rows("options")}
    assert documented.pop("doors") == "all that are installed"
    assert documented == {name: in_words(options[name]) for name in documented}


def test_all_doors_are_documented() -> None:
    (meaning,) = [meaning for option, meaning, _ in rows("options") if option == "`--doors`"]
    assert re.findall(r"`(\w+)`", meaning) == list(BUILT)


def test_all_options_of_the_client_are_documented() -> None:
    (documented,) = re.findall(r"`chatd-client \[HOST\[:PORT\]\]` has (.+?);", README, re.DOTALL)
    expected = {word for action in _parser()._actions for word in action.option_strings if word.startswith("--")}
    assert set(re.findall(r"`(--[a-z-]+)`", documented)) | {"--version", "--help"} == expected


@pytest.mark.parametrize(("sign", "line"), re.findall(r"^    ([<>]) (\{.+)$", README, re.MULTILINE))
def test_the_examples_are_valid(sign: str, line: str) -> None:
    assert (decode_command if sign == ">" else decode_news)(line.encode())


@pytest.mark.parametrize("target", re.findall(r"\]\(([^):#]+)\)", README))
def test_the_links_have_targets(target: str) -> None:
    assert TOP.joinpath(target).exists()
