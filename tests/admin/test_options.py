"""The command line and its help."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

import pytest

from chatd.admin.options import CLOSING, parser


def commands() -> dict[str, ArgumentParser]:
    [subcommands] = [action for action in parser()._actions if isinstance(action, _SubParsersAction)]
    return dict(subcommands.choices)


@pytest.mark.parametrize("name", commands())
def test_every_command_has_examples_that_it_accepts(name: str) -> None:
    examples = re.findall("^  ([^ -].*chatd-admin .*|chatd-admin .*)$", commands()[name].format_help(), re.MULTILINE)
    assert examples
    for example in examples:
        for part in re.split(r"\||>|&&", example):
            program, *arguments = shlex.split(part)
            if program == "chatd-admin":
                parser().parse_args(arguments)


def test_the_document_has_every_command() -> None:
    document = Path(__file__).parents[2].joinpath("docs", "operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)[^|]*\|[^|]*\| (may run|must be stopped) \|$", document, re.MULTILINE)
    assert [name for name, _ in rows] == list(commands())
    assert {name for name, when in rows if when == "must be stopped"} == {
        name for name, command in commands().items() if "--dry-run" in command.format_help()
    }
    statuses = re.findall(r"^\| ([0-9]+) \|", document, re.MULTILINE)
    assert statuses == re.findall(r"\b[0-9]+\b", CLOSING)


def test_the_folder_may_be_before_or_after_the_command() -> None:
    for arguments in (["--data", "here", "rooms"], ["rooms", "--data", "here"]):
        assert parser().parse_args(arguments).data == "here"
    assert parser().parse_args(["rooms"]).data == ""
    assert parser().parse_args(["--data", "there", "rooms", "--data", "here"]).data == "here"


def test_help_fits_a_terminal() -> None:
    for text in [parser().format_help(), *(command.format_help() for command in commands().values())]:
        assert not [line for line in text.splitlines() if len(line) > 80]
