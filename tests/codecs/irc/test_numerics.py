"""The numerics: each of them in a conversation, and all of them in docs/irc.md."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import chatd.codecs.irc
from chatd.codecs.irc.numerics import Numeric
from tests.codecs.irc.network import SETTINGS, Conversation, Network, is_like

ROOT = Path(__file__).parents[3]
BEGINNING, *SECTIONS = (Path(__file__).parent / "conversations" / "numerics.txt").read_text(encoding="utf-8").split("\n## ")
SCENES = {section.partition("\n")[0]: section.partition("\n")[2].strip().splitlines() for section in SECTIONS}


def test_each_numeric_has_three_digits_of_its_own() -> None:
    numbers = [numeric.number for numeric in Numeric]
    assert all(len(number) == 3 and number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert Numeric.NOSUCHNICK.text == "No such nick"


def test_each_numeric_has_a_conversation() -> None:
    assert sorted(SCENES) == sorted(numeric.number for numeric in Numeric)


def test_each_numeric_is_sent_by_some_module_and_no_other_is() -> None:
    folder = Path(chatd.codecs.irc.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert set(re.findall(r"\bNumeric\.([A-Z]\w+)\b", text)) == set(Numeric.__members__)
    assert not re.search(r"[\"' ]\d{3} \{", text), "a numeric that is written as a number"


@pytest.mark.parametrize("number", SCENES)
def test_a_numeric_appears(number: str) -> None:
    *lines, expected = SCENES[number]
    motd = ("Be kind.",) if "motd" in lines else ()
    conversation = Conversation("", Network(replace(SETTINGS, motd=motd)))
    sent: dict[str, list[str]] = {}
    for line in [*BEGINNING.splitlines(), *(line for line in lines if line != "motd")]:
        if line.startswith("encrypted "):
            conversation.clients[line.split(" ")[1]].protocol.caller.session.is_encrypted = True
        elif not line.startswith("--"):
            for nick, received in conversation.do(line).items():
                sent.setdefault(nick, []).extend(received)
    nick, _, wanted = expected.partition("< ")
    assert wanted.startswith(f":chatd {number} ")
    received = [line for line in sent[nick] if line.startswith(f":chatd {number} ")]
    assert any(is_like(line, wanted) for line in received), received or sent[nick]


def test_the_document_lists_the_numerics() -> None:
    document = (ROOT / "docs" / "irc.md").read_text(encoding="utf-8")
    listed = document.partition("## Numerics")[2].partition("## Limits")[0].partition("The texts")[0]
    ranges = re.findall(r"(\d{3})(?:-(\d{3}))?", listed)
    assert [f"{number:03}" for first, last in ranges for number in range(int(first), int(last or first) + 1)] == sorted(SCENES)
