"""PRIVMSG and NOTICE; most of it is in the conversations."""

from __future__ import annotations

import pytest

from chatd.core.commands import Edit, Msg, Say
from chatd.core.perform import perform
from tests.codecs.irc.network import STEPS, Network, follow

HEAD = ":ada!~ada@guest PRIVMSG bob :"
SELF = ":ada!~ada@guest PRIVMSG ada :"


@pytest.mark.parametrize("step", STEPS)
def test_replies_and_edits(step: int) -> None:
    follow("replies", step)


@pytest.mark.parametrize("text", ["a" * (510 - len(HEAD)), "\N{GRINNING FACE}" * ((510 - len(HEAD)) // 4)])
def test_what_fits_for_others_is_delivered(text: str) -> None:
    network = Network()
    ada, bob = network.client("ada"), network.client("bob")
    bob.take()
    assert ada.send(f"PRIVMSG bob :{text}") == []
    assert bob.take() == [HEAD + text]


def test_what_does_not_is_refused() -> None:
    network = Network()
    ada, bob = network.client("ada"), network.client("bob")
    bob.take()
    text = "a" * (511 - len(HEAD))
    assert ada.send(f"PRIVMSG bob :{text}") == [":chatd 417 ada :Input line was too long"]
    assert ada.send("PRIVMSG bob :" + "a" * 511) == [":chatd 417 ada :Input line was too long"]
    assert bob.take() == []


def test_styles_are_removed() -> None:
    network = Network()
    ada, bob = network.client("ada"), network.client("bob")
    bob.take()
    ada.send("PRIVMSG bob :\x0304red\x03 and \x02bold")
    assert bob.take() == [f"{HEAD}red and bold"]


@pytest.mark.parametrize(
    ("caps", "sent", "expected"),
    [
        ([], "PRIVMSG ADA :hello", [f"{SELF}hello"]),
        (["echo-message"], "PRIVMSG ada :hello", [f"{SELF}hello", f"{SELF}hello"]),
        (["echo-message", "labeled-response", "batch"], "@label=1 PRIVMSG ada :hello", [f"@label=1 {SELF}hello", f"{SELF}hello"]),
    ],
)
def test_whoever_writes_to_themselves_gets_it(caps: list[str], sent: str, expected: list[str]) -> None:
    ada = Network().client("ada", *caps)
    assert ada.send(sent) + ada.take() == expected


def test_a_long_edit_comes_in_several_lines() -> None:
    network = Network()
    ada, bob = network.client("ada"), network.client("bob")
    for client in (ada, bob):
        client.send("JOIN #dev")
    ada.send("PRIVMSG #dev :one")
    bob.take()
    ada.send(*(f"CHATD edit {'x' * 400}{number}" for number in range(2)))
    assert all(line.startswith(":chatd NOTICE #dev :ada has changed a message to: x") for line in bob.take())
    [visitor] = network.registry.directory.sessions(network.registry.directory.find("ada"))
    perform(network.registry, visitor, Edit("y" * 900, "dev"))
    first, *others = [line.partition(" :")[2] for line in bob.take()]
    assert first + "".join(others) == f"ada has changed a message to: {'y' * 900}"
    assert len(others) == 1


def test_the_id_of_a_message_of_several_lines_is_that_of_the_first() -> None:
    network = Network()
    ada = network.client("ada")
    ada.send("JOIN #dev")
    bob = network.client("bob", "message-tags", "account-tag", "draft/chathistory")
    bob.send("JOIN #dev")
    [visitor] = network.registry.directory.sessions(network.registry.directory.find("ada"))
    perform(network.registry, visitor, Say("one\ntwo\nthree", "dev"))
    perform(network.registry, visitor, Msg("bob", "four\nfive"))
    lines = bob.take()
    assert sorted(line[line.index(":") :] for line in lines if line.startswith("@msgid=")) == [
        ":ada!~ada@guest PRIVMSG #dev :one",
        ":ada!~ada@guest PRIVMSG bob :four",
    ]
    assert sorted(line for line in lines if not line.startswith("@")) == [
        ":ada!~ada@guest PRIVMSG #dev :three",
        ":ada!~ada@guest PRIVMSG #dev :two",
        ":ada!~ada@guest PRIVMSG bob :five",
    ]
    for target, texts in (("#dev", ["one", "two", "three"]), ("ada", ["four", "five"])):
        lines = bob.send(f"CHATHISTORY LATEST {target} * 10")
        assert [line.rpartition(":")[2] for line in lines] == texts
        assert [line.startswith("@msgid=") for line in lines] == [True] + [False] * (len(texts) - 1)
