"""Answers; most of them are in the conversations."""

from __future__ import annotations

from chatd.core import answers
from chatd.core.commands import Hello, Say
from chatd.core.registry import Settings
from chatd.testing import Visitor
from tests.codecs.irc.network import SETTINGS, Network


def test_the_message_of_the_day_is_shown() -> None:
    network = Network(Settings(motd=("Be kind.", "Have fun."), address_rate=0))
    ada = network.connect()
    lines = ada.send("NICK ada", "USER a 0 * :A")
    assert lines[-4:] == [
        ":chatd 375 ada :- chatd Message of the day - ",
        ":chatd 372 ada :- Be kind.",
        ":chatd 372 ada :- Have fun.",
        ":chatd 376 ada :End of MOTD command",
    ]


def test_what_was_said_before_has_its_time() -> None:
    network = Network()
    visitor = Visitor(network.registry)
    visitor.ask(Hello("ada", rooms=("dev",)))
    visitor.ask(Say("earlier", "dev"))
    bob = network.client("bob", "server-time", "batch")
    lines = bob.send("JOIN #dev")
    time = "time=2026-11-23T12:00:00.000Z"
    assert lines[-3:] == [
        f"@{time} :chatd BATCH +h1 chathistory #dev",
        f"@batch=h1;{time} :ada!~ada@guest PRIVMSG #dev :earlier",
        f"@{time} :chatd BATCH -h1",
    ]


def test_people_nearby_are_told_what_changes() -> None:
    network = Network(SETTINGS)
    ada, bob = network.client("ada", "away-notify", "setname", "account-notify"), network.client("bob")
    for client in (ada, bob):
        client.send("JOIN #dev")
    ada.take()
    bob.send("AWAY :lunch", "AWAY", "SETNAME :Robert", "AWAY :")
    assert ada.take() == [
        ":bob!~bob@guest AWAY :lunch",
        ":bob!~bob@guest AWAY",
        ":bob!~bob@guest SETNAME :Robert",
    ]
    assert ada.send("SETNAME :Ada L.") == [":ada!~ada@guest SETNAME :Ada L."]
    assert bob.take() == []


def test_what_nobody_has_asked_for_is_said_in_words_or_not_at_all() -> None:
    ada = Network().client("ada")
    ada.send("JOIN #dev")
    caller = ada.protocol.caller
    for silent in (answers.Greeting("chatd"), answers.Ack("dev", 1, 0), answers.Pong(), answers.Forgotten("dev", 1, 0)):
        assert caller.talk.encode(silent) == b""
    about_account = answers.PersonChanged("bob", "account", "bob", account=True)
    assert caller.talk.encode(about_account) == b""
    assert caller.talk.encode(answers.Slowed(5)).startswith(b":chatd NOTICE ada :You are sending faster than 5 lines a second")
