"""How lines are made for one client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatd.codecs.irc.client import Client, joined
from chatd.codecs.irc.listings import whois
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.request import Request
from chatd.codecs.irc.shared import Shared
from chatd.core import answers, commands, events
from chatd.core.registry import Settings
from chatd.testing import NOON
from tests.codecs.irc.network import Network


def test_a_client_without_a_nick_is_a_star() -> None:
    client = Client(Shared(Settings(), lambda: NOON))
    assert client.numeric(Numeric.NOMOTD) == ("", ":chatd 422 * :There is no message of the day")
    assert client.mask == "!~@guest"
    assert joined("", "a", "", "b=1") == "a;b=1"


def talk_of(client: Any) -> Any:
    return client.protocol.caller.talk


def test_a_key_offers_another_way_to_log_in() -> None:
    talk = talk_of(Network().client("ada"))
    assert talk.offered["sasl"] == "PLAIN"
    talk.session.key = object()
    assert talk.offered["sasl"] == "PLAIN,EXTERNAL"


def test_a_client_that_has_gone_is_sent_nothing() -> None:
    ada = Network().client("ada")
    talk = talk_of(ada)
    ada.lose()
    assert talk.session is None
    assert talk.write(b"x") is talk.on_view() is None
    assert "sasl" not in talk.offered


def test_a_private_message_has_the_account_of_its_sender() -> None:
    talk = talk_of(Network().client("ada", "account-tag"))
    message = events.Private("@", 1, NOON, "bob", "", "hi")
    assert talk.letter(message) == [("account=bob", ":bob!bob@account PRIVMSG ada :hi")]
    assert talk.letter(replace(message, guest=True)) == [("", ":bob!~bob@guest PRIVMSG ada :hi")]


def test_rooms_need_a_name() -> None:
    ada = Network().client("ada")
    for command in ("TOPIC #", "MODE #", "TOPIC dev"):
        assert ada.send(command)[0].startswith(":chatd 403 ada ")


def test_whois_names_the_account_and_a_secure_connection() -> None:
    talk = talk_of(Network().client("ada"))
    info = answers.PersonInfo("bob", (), NOON, 5, "irc", account=True, secure=True)
    numerics = [line.split(" ")[1] for _, line in whois(talk, info)]
    assert numerics == ["311", "312", "330", "671", "317"]


def test_an_answer_to_another_command_belongs_to_no_request() -> None:
    talk = talk_of(Network().client("ada"))
    talk.running, talk.request = commands.Whois("bob", id="7"), Request("WHOIS", ("bob",))
    assert talk.encode(answers.Refused("no-such-nick", "No.", id="6")) == b":chatd 401 ada bob :No.\r\n"


@pytest.mark.parametrize(
    ("running", "answer", "expected"),
    [
        (commands.Op("bob", "dev"), answers.Done("op", "bob"), ""),
        (commands.Room("history", "on", "dev"), answers.RoomModes("dev", {}), ""),
        (
            commands.Login("ada"),
            answers.Done("login", "ada"),
            ":chatd 900 ada ada!ada@account ada :You are now logged in as ada\r\n",
        ),
        (commands.Register(), answers.Done("register", "ada"), ":chatd NOTICE ada :ada is yours alone now.\r\n"),
        (commands.Msg("bob", "x", notice=True), answers.AwayNotice("bob", "lunch"), ""),
    ],
    ids=repr,
)
def test_what_another_door_could_have_asked_is_answered(running: commands.Command, answer: answers.Answer, expected: str) -> None:
    talk = talk_of(Network().client("ada"))
    talk.running, talk.request = running, None
    assert talk.encode(answer).decode() == expected
