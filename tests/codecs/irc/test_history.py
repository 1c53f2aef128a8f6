"""The conversations of ``conversations/history.txt``, line by line and byte by byte."""

from __future__ import annotations

import re

import pytest

from chatd.codecs.irc import history
from chatd.codecs.irc.talk import IrcTalk
from chatd.core.commands import Command
from chatd.core.limits import HISTORY_EVENTS
from tests.codecs.irc.network import PASSWORD, STEPS, Client, Network, follow

CAPS = ("message-tags", "echo-message", "draft/chathistory")


@pytest.mark.parametrize("step", STEPS)
def test_conversation(step: int) -> None:
    follow("history", step)


@pytest.mark.parametrize("step", STEPS)
def test_redaction(step: int) -> None:
    follow("redaction", step)


def owner(network: Network, nick: str, *caps: str) -> Client:
    """A client that has logged in to the account ``nick``."""
    client = network.connect()
    client.send(
        "CAP LS 302", f"CAP REQ :{' '.join(caps)}", f"PASS :{PASSWORD}", f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END"
    )
    client.take()
    return client


def msgids(lines: list[str]) -> dict[str, str]:
    """The ids of the messages in ``lines``, by their texts."""
    found = [re.fullmatch(r"@(?:.*;)?msgid=([^ ;]+)[^ ]* :[^ ]+ (?:PRIVMSG|NOTICE) [^ ]+ :(.*)", line) for line in lines]
    return {match[2]: match[1] for match in found if match}


@pytest.mark.parametrize("reader", ["ada", "eve"], ids=["an account", "a guest"])
@pytest.mark.parametrize("pause", [0, 1])
def test_private_messages_have_one_id_for_both_and_a_history(reader: str, pause: int) -> None:
    network = Network()
    network.account("ada")
    network.account("bob")
    here = owner(network, "ada", *CAPS) if reader == "ada" else network.client("eve", *CAPS)
    bob, kim = owner(network, "bob", *CAPS), network.client("kim", *CAPS)
    ids: dict[str, str] = {}
    for number in range(9):
        network.registry.now.advance(pause)  # type: ignore[attr-defined]
        sender, to = (here, "bob") if number % 2 else (bob, reader)
        sent = msgids(sender.send(f"PRIVMSG {to} :{number}"))
        received = msgids((bob if number % 2 else here).take())
        assert sent == received, "the echo and the message have the same id"
        kim.send(f"PRIVMSG {reader} :of another talk")
        here.take()
        ids |= sent
    assert len(set(ids.values())) == 9

    def shown(request: str) -> str:
        """The texts that are shown to the reader, who asks for ``request``, in which ``<5>`` stands
        for the id of message 5."""
        lines = here.send("CHATHISTORY " + re.sub(r"<(\d)>", lambda match: f"msgid={ids[match[1]]}", request))
        assert msgids(lines).items() <= ids.items(), lines
        return "".join(msgids(lines))

    assert shown("LATEST bob * 100") == "012345678"
    assert shown("LATEST BOB * 3") == "678"
    assert shown("LATEST bob <5> 100") == "678"
    assert shown("BEFORE bob <5> 3") == "234"
    assert shown("BEFORE bob <0> 3") == ""
    assert shown("AFTER bob <5> 2") == "67"
    assert shown("AFTER bob <8> 2") == ""
    assert shown("AROUND bob <4> 3") == "345"
    assert shown("BETWEEN bob <2> <6> 100") == "345"
    assert shown("BETWEEN bob <6> <2> 2") == "45"
    assert shown("BETWEEN bob <2> <6> 2") == "34"
    assert shown("LATEST nobody * 10") == ""
    assert shown("BEFORE bob timestamp=2101-01-01T00:00:00.000Z 2") == "78"
    assert shown("BEFORE bob timestamp=2001-01-01T00:00:00.000Z 2") == ""
    assert shown("AFTER bob timestamp=2001-01-01T00:00:00.000Z 2") == "01"
    assert shown("AFTER bob msgid=5-1173f105 2") == "01", "of an unknown message, the time is known"
    assert here.send("CHATHISTORY BEFORE bob msgid=x-00000000 1") == [
        ":chatd FAIL CHATHISTORY INVALID_PARAMS BEFORE bob :A place or the number cannot be read."
    ]
    assert "of another talk" not in bob.send(f"CHATHISTORY LATEST {reader} * 100")


def test_a_talk_shows_both_sides_as_they_were_sent() -> None:
    network = Network()
    ada, bob = network.client("ada", "batch", *CAPS), network.client("bob")
    ada.send("PRIVMSG bob :hi")
    bob.send("NOTICE ada :hello", "PRIVMSG ada :\x01ACTION waves\x01")
    ada.take()
    begin, *lines, end = ada.send("CHATHISTORY LATEST bob * 10")
    assert (begin, end) == (":chatd BATCH +h1 chathistory bob", ":chatd BATCH -h1")
    assert [line.partition(" ")[2] for line in lines] == [
        ":ada!~ada@guest PRIVMSG bob :hi",
        ":bob!~bob@guest NOTICE ada :hello",
        ":bob!~bob@guest PRIVMSG ada :\x01ACTION waves\x01",
    ]


def test_targets_are_rooms_and_talks_by_their_last_message() -> None:
    network = Network()
    network.account("ada")
    ada, bob = owner(network, "ada", "batch", "draft/chathistory"), network.client("Bob")
    bob.send("JOIN #dev")
    ada.send("JOIN #dev")
    for command in ("PRIVMSG #dev :hi", "PRIVMSG ada :psst"):
        network.registry.now.advance(1)  # type: ignore[attr-defined]
        bob.send(command)
    ada.take()

    def targets(first: str, second: str, number: str = "10") -> list[str]:
        begin, *lines, end = ada.send(f"CHATHISTORY TARGETS timestamp={first} timestamp={second} {number}")
        assert begin.split(" ")[1::2] == ["BATCH", "draft/chathistory-targets"]
        assert end.split(" ")[2][1:] == begin.split(" ")[2][1:]
        return [line.partition(" CHATHISTORY TARGETS ")[2] for line in lines]

    room, talk = "#dev 2026-11-23T12:00:01.000Z", "Bob 2026-11-23T12:00:02.000Z"
    early, late = "1970-01-01T00:00:00.000Z", "2101-01-01T00:00:00.000Z"
    assert targets(early, late) == [room, talk]
    assert targets(late, early) == [room, talk]
    assert targets(early, late, "1") == [room]
    assert targets(late, early, "1") == [talk]
    assert targets("2026-11-23T12:00:01.000Z", late) == [talk]
    assert targets(early, "2026-11-23T12:00:02.000Z") == [room]
    for wrong in ("* * 10", "timestamp=soon timestamp=1970-01-01T00:00:00Z 10", f"timestamp={early} timestamp={late} 0"):
        lines = ada.send(f"CHATHISTORY TARGETS {wrong}")
        assert lines == [":chatd FAIL CHATHISTORY INVALID_PARAMS TARGETS :A time or the number cannot be read."]


@pytest.fixture
def busy() -> tuple[Network, Client]:
    """A client in #dev, where one, two and three were said, and much else happened in between."""
    network = Network()
    ada, bob = network.client("ada", "message-tags", "draft/chathistory"), network.client("bob")
    for client in (ada, bob):
        client.send("JOIN #dev")
    for text in ("one", "two", "three"):
        network.registry.now.advance(1)  # type: ignore[attr-defined]
        bob.send(f"PRIVMSG #dev :{text}")
        network.registry.now.advance(1)  # type: ignore[attr-defined]
        bob.send(*(f"NICK bob-{text}-{number}" for number in range(250)), "NICK bob")
    ada.take()
    return network, ada


def test_messages_are_found_behind_what_else_has_happened(busy: tuple[Network, Client]) -> None:
    _, ada = busy

    def shown(request: str) -> list[str]:
        return [*msgids(ada.send(f"CHATHISTORY {request}"))]

    ids = msgids(ada.send("CHATHISTORY LATEST #dev * 10"))
    assert [*ids] == ["one", "two", "three"]
    one, two, three = (f"msgid={id}" for id in ids.values())
    assert shown("LATEST #dev * 2") == ["two", "three"]
    assert shown(f"LATEST #dev {one} 2") == ["two", "three"]
    assert shown(f"BEFORE #dev {three} 2") == ["one", "two"]
    assert shown(f"AFTER #dev {one} 1") == ["two"]
    assert shown(f"AFTER #dev {one} 9") == ["two", "three"]
    assert shown(f"BETWEEN #dev {one} {three} 9") == ["two"]
    assert shown(f"BETWEEN #dev {three} {one} 9") == ["two"]
    assert shown("BETWEEN #dev timestamp=2026-11-23T12:00:01.000Z timestamp=2026-11-23T12:00:05.000Z 9") == ["two"]
    assert shown(f"AROUND #dev {two} 3") == ["two"], "of the events nearby"


def test_only_so_many_events_are_looked_through(busy: tuple[Network, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    _, ada = busy
    monkeypatch.setattr(history, "HISTORY_PAGES", 3)
    assert [*msgids(ada.send("CHATHISTORY LATEST #dev * 10"))] == ["three"]


def test_nothing_beyond_what_was_named_is_looked_through(busy: tuple[Network, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    _, ada = busy
    asked: list[Command] = []
    ask_later = IrcTalk.ask_later

    def note(talk: IrcTalk, command: Command) -> None:
        asked.append(command)
        ask_later(talk, command)

    monkeypatch.setattr(IrcTalk, "ask_later", note)
    three = "timestamp=2026-11-23T12:00:05.000Z"
    assert msgids(ada.send(f"CHATHISTORY LATEST #dev {three} 10")) == {}
    assert len(asked) == 3, "251 events since then"
    asked.clear()
    assert msgids(ada.send(f"CHATHISTORY BETWEEN #dev timestamp=2026-11-23T12:00:03.000Z {three} 10")) == {}
    assert len(asked) == 3


def test_one_request_shows_a_limited_number_of_messages() -> None:
    network = Network()
    ada, bob = network.client("ada", "message-tags", "draft/chathistory"), network.client("bob")
    for client in (ada, bob):
        client.send("JOIN #dev")
    bob.send(*(f"PRIVMSG #dev :{number}" for number in range(2 * HISTORY_EVENTS)))
    ada.take()
    shown = [int(text) for text in msgids(ada.send("CHATHISTORY LATEST #dev * 1000"))]
    assert shown == [*range(HISTORY_EVENTS, 2 * HISTORY_EVENTS)]
