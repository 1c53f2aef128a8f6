"""docs/protocol.md describes what the code does: all messages, fields, commands, refusals and
limits, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

import chatd
from chatd.codecs.json import REQUESTS, decode_command, decode_news, encode_news
from chatd.codecs.objects import NEWS
from chatd.core import answers, commands, limits
from chatd.core.command_table import TABLE
from chatd.core.errors import Refusal
from chatd.core.events import Event, Reason

DOCUMENT = Path(chatd.__path__[0]).parent.joinpath("docs", "protocol.md").read_text(encoding="utf-8")

Fields = dict[str, bool]
"""The names of fields, and whether each is optional."""

WIRE_NAMES = {"first": "from", "last": "to"}
OF_EVERY_EVENT = {"room", "seq", "time", "nick", "account"}
UNSEEN = {"sender_id", "hidden", "common_id"}
NOT_SHOWN = UNSEEN | {"id"}

LINES = [
    ("help", answers.HelpLine),
    ("rooms", answers.RoomLine),
    ("sessions", answers.SessionLine),
    ("keys", answers.KeyLine),
    ("former", answers.FormerLine),
    ("people", answers.PersonLine),
]

MESSAGES = {name: cls for cls, name in NEWS.items()}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under ``heading``, without its header and without explanations in
    parentheses."""
    _, _, section = DOCUMENT.partition(f"# {heading}\n")
    assert section, f"there is no heading {heading}"
    lines = [re.sub(r" \([^)]*\)", "", line) for line in section.split("\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(cell: str) -> Fields:
    """The fields named in ``cell``; a ``?`` marks optional ones."""
    return {name: bool(mark) for name, mark in re.findall(r"`([a-z_]+)`(\??)", cell)}


def fields_of(cls: type[Any], except_for: set[str] = NOT_SHOWN) -> Fields:
    optional = {field.name: (field.default, field.default_factory) != (MISSING, MISSING) for field in fields(cls)}
    return {WIRE_NAMES.get(name, name): left_out for name, left_out in optional.items() if name not in except_for}


def explained_answers() -> Iterator[tuple[str, str]]:
    """The type and the documented fields of each answer that only the table of commands
    explains."""
    for _, _, answer in rows("Commands"):
        kind, colon, explained = answer.split(";")[0].partition(":")
        name = kind.strip("` ")
        if colon and name != "done":
            yield name, explained


# -- Messages --------------------------------------------------------------------------------------


def test_all_requests_are_documented_with_their_fields() -> None:
    documented = {kind.strip("`"): named(cell) for kind, cell, _ in rows("From the client")}
    assert set(documented.pop("do")) == {"command"}
    assert documented == {name: fields_of(cls) for name, cls in REQUESTS.items()}


def test_all_events_are_documented_with_their_fields() -> None:
    documented = {kind.strip("`"): named(cell) for kind, cell, _ in rows("From the server: events")}
    expected = {name: fields_of(cls, OF_EVERY_EVENT | UNSEEN) for name, cls in MESSAGES.items() if issubclass(cls, Event)}
    assert documented == expected


def test_all_answers_are_documented_with_their_fields() -> None:
    documented = {kind.strip("`"): named(cell) for kind, cell, _ in rows("From the server: to you alone")}
    documented |= {name: named(explained.split("a list of")[0]) for name, explained in explained_answers()}
    assert documented == {name: fields_of(cls) for name, cls in MESSAGES.items() if not issubclass(cls, Event)}


@pytest.mark.parametrize(("name", "cls"), LINES)
def test_the_parts_of_answers_are_documented_with_their_fields(name: str, cls: type[Any]) -> None:
    assert named(dict(explained_answers())[name].split("a list of")[1]) == fields_of(cls)


def test_all_commands_are_documented_with_their_fields() -> None:
    documented = {name.strip("`"): named(cell) for name, cell, _ in rows("Commands")}
    assert list(documented) == [row.name for row in TABLE]
    assert documented == {row.name: fields_of(row.make) for row in TABLE}


def test_the_documented_answers_exist() -> None:
    for _, _, answer in rows("Commands"):
        kinds = [re.findall(r"`([a-z-]+)`", part)[0] for part in answer.split(";")]
        assert set(kinds) <= set(MESSAGES)


def test_all_reasons_for_leaving_are_documented() -> None:
    (meaning,) = (cell for kind, _, cell in rows("From the server: events") if kind == "`left`")
    assert re.findall(r"`([a-z-]+)`", meaning.partition("Reasons:")[2]) == [str(reason) for reason in Reason]


def test_all_refusals_are_documented() -> None:
    def codes(refusal: type[Refusal]) -> set[str]:
        return {refusal.code}.union(*map(codes, refusal.__subclasses__()))

    documented = [code for cell, _ in rows("Refusals") for code in re.findall(r"`([a-z0-9-]+)`", cell)]
    assert sorted(documented) == sorted(codes(Refusal) - {Refusal.code})


# -- Examples --------------------------------------------------------------------------------------

EXAMPLES = re.findall(r"^    ([<>]) (.+)$", DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize(("sign", "line"), EXAMPLES)
def test_the_examples_are_valid(sign: str, line: str) -> None:
    if sign == ">":
        assert decode_command(line.encode())
    else:
        news = decode_news(line.encode())
        assert news is not None
        assert json.loads(encode_news(news)) == json.loads(line)


def test_there_are_examples_of_both_directions() -> None:
    assert {sign for sign, _ in EXAMPLES} == {"<", ">"}


# -- Figures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "documented",
    [
        f"at most {limits.LINE_BYTES:,} bytes long",
        f"more than {limits.LINE_BYTES:,} bytes",
        f"**Nicks** have 1 to {limits.NICK_CHARACTERS} characters",
        f"**Rooms** have 1 to {limits.ROOM_CHARACTERS} of the same characters",
        f"{limits.GREETING_SECONDS} s of silence",
        f"A burst of lines passes ({limits.FLOOD_BURST}, `--flood-burst`)",
        f"at a rate ({limits.FLOOD_RATE:g} a second, `--flood-rate`)",
        f"has {limits.LOGIN_SECONDS:g} s to give its nick",
        f"takes nothing for {limits.STALL_SECONDS:g} s",
        f"a string of at most {limits.ID_CHARACTERS} characters",
        "a secret of {} to {} characters".format(*limits.TOKEN_CHARACTERS),
        f"at most {limits.NAMES_SHOWN} of the `count` present",
        f"a list of at most {limits.NAMES_SHOWN} of",
        f"more than {limits.ROOMS_PER_PERSON} rooms",
    ],
)
def test_the_limits_are_documented(documented: str) -> None:
    assert documented in " ".join(DOCUMENT.split())


def test_dead_links_are_found_in_the_documented_time() -> None:
    idle, interval, probes = limits.KEEPALIVE_SECONDS
    assert "A dead link is found within 150 s" in " ".join(DOCUMENT.split())
    assert idle + interval * probes <= 150
    assert limits.UNACKNOWLEDGED_SECONDS <= 150


def test_the_messages_that_may_be_sent_again_are_documented() -> None:
    (documented,) = re.findall(r"A repeated `id` holds for (.+): it is answered again", " ".join(DOCUMENT.split()))
    again = {commands.Say, commands.Me, commands.Msg, commands.Reply}
    names = {cls: name for name, cls in REQUESTS.items()} | {row.make: row.name for row in TABLE}
    assert set(re.findall(r"`([a-z]+)`", documented)) == {names[cls] for cls in again}
