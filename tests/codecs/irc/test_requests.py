"""The commands of IRC."""

from __future__ import annotations

import pytest

from chatd.codecs.irc.requests import ANYTIME, HANDLERS
from tests.codecs.irc.network import Network

NEEDING = [name for name, (_, needed) in HANDLERS.items() if needed]


@pytest.mark.parametrize("name", NEEDING)
def test_a_command_says_what_it_lacks(name: str) -> None:
    assert Network().client("ada").send(name) == [f":chatd 461 ada {name} :Not enough parameters"]


@pytest.mark.parametrize("name", sorted(set(HANDLERS) - set(ANYTIME)))
def test_most_commands_need_a_nick(name: str) -> None:
    assert Network().connect().send(f"{name} a b c d") == [":chatd 451 * :You have not registered"]


def test_an_unknown_command_is_named() -> None:
    assert Network().client("ada").send("SQUIT x") == [":chatd 421 ada SQUIT :Unknown command"]
