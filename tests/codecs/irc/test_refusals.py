"""Refusals, as numerics; most of them are in the conversations."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.codecs.irc import refusals
from chatd.codecs.irc.request import Request
from chatd.core import commands
from chatd.core.answers import Refused
from chatd.core.errors import Refusal
from chatd.core.limits import ROOMS_PER_PERSON
from chatd.core.registry import Settings
from tests.codecs.irc.network import PASSWORD, STEPS, Network, follow


def test_the_password_of_the_server_comes_first() -> None:
    network = Network(Settings(server_password=PASSWORD, clear_passwords=True, address_rate=0))
    ada = network.connect()
    assert ada.send(f"PASS :{PASSWORD}", "NICK ada", "USER a 0 * :A")[0].startswith(":chatd 001 ada ")
    for lines in (["NICK bob"], ["PASS wrong", "NICK bob"]):
        bob = network.connect()
        assert [line.split(" ")[1] for line in bob.send(*lines, "USER b 0 * :B")] == ["464", ":Closing"]
        assert bob.wire.disconnecting


def test_who_is_banned_is_told_so() -> None:
    network = Network()
    network.account("root-ada")
    ada = network.client("ada")
    ada.send(f"OPER root-ada :{PASSWORD}")
    ada.send("CHATD ban bob in:@server")
    bob = network.connect()
    lines = bob.send("NICK bob", "USER b 0 * :B")
    assert [line.split(" ")[1] for line in lines] == ["465", ":Closing"]


def test_there_are_only_so_many_rooms() -> None:
    ada = Network().client("ada")
    ada.send("JOIN " + ",".join(f"#room{number:02}" for number in range(ROOMS_PER_PERSON)))
    (line,) = ada.send("JOIN #more")
    assert line.startswith(":chatd 405 ada #more :You are already in ")


def test_a_nick_that_is_registered_cannot_be_taken() -> None:
    network = Network()
    network.account("bob")
    ada = network.client("ada")
    (line,) = ada.send("NICK bob")
    assert line.startswith(":chatd 433 ada bob :")
    (line,) = ada.send("NICK server")
    assert line.startswith(":chatd 432 ada server :")


def test_a_look_alike_is_refused() -> None:
    network = Network()
    network.client("ada").send("JOIN #r00m")
    (line,) = network.client("bob").send("JOIN #room")
    assert line.startswith(":chatd 403 bob #room :")


def test_a_refusal_of_another_kind_is_a_notice() -> None:
    ada = Network().client("ada")
    ada.protocol.caller.refuse(Refusal("No.", "Never."))
    assert ada.take() == [":chatd NOTICE ada :No. Never."]


@pytest.mark.parametrize("step", STEPS)
def test_odd_things(step: int) -> None:
    follow("odds", step)


CHATHISTORY = Request("CHATHISTORY", ("latest", "#dev", "*", "10"))
MARKREAD = Request("MARKREAD", ("#dev",))
MARKREAD_SET = Request("MARKREAD", ("#dev", "timestamp=x"))
REDACT = Request("REDACT", ("#dev", "7"))


@pytest.mark.parametrize(
    ("running", "request_", "code", "expected"),
    [
        (commands.Say("x", "dev"), None, "too-long", "417 ada :Input line was too long"),
        (commands.Topic("x", "dev"), None, "muted", "404 ada #dev :No."),
        (commands.Topic("x"), None, "muted", "NOTICE ada :No."),
        (commands.Whois("bob"), None, "no-such-nick", "401 ada bob :No."),
        (commands.Unignore("bob"), None, "wrong-password", "464 ada :No."),
        (commands.Hello("bob"), None, "nick-taken", "433 ada bob :No."),
        (commands.Hello("bob"), None, "bad-nick", "432 ada bob :No."),
        (commands.Hello("bob"), None, "too-many", "NOTICE ada :No."),
        (commands.Nick("bob"), None, "banned", "NOTICE ada :No."),
        (commands.Say("x", "dev", notice=True), None, "muted", None),
        (commands.Say("x", "dev"), None, "bad-usage", "412 ada :No."),
        (commands.Say("x", "dev"), None, "not-delivered", "NOTICE ada :No."),
        (commands.Msg("bob", "x", notice=True), None, "no-such-nick", None),
        (commands.Msg("bob", "x"), None, "bad-usage", "412 ada :No."),
        (commands.Ban("bob", room="dev"), None, "too-many", "478 ada #dev bob :No."),
        (commands.Ban("bob", room="dev"), None, "bad-usage", "696 ada #dev b bob :No."),
        (commands.Ban("bob", room="dev"), None, "not-allowed", "482 ada #dev :No."),
        (commands.History(room="dev"), None, "not-in-room", "442 ada #dev :No."),
        (commands.History(), CHATHISTORY, "bad-usage", "FAIL CHATHISTORY INVALID_PARAMS LATEST #dev :No."),
        (commands.History(), CHATHISTORY, "not-delivered", "FAIL CHATHISTORY MESSAGE_ERROR LATEST #dev :No."),
        (commands.History(), CHATHISTORY, "not-in-room", "FAIL CHATHISTORY INVALID_TARGET LATEST #dev :No."),
        (commands.Recent(), CHATHISTORY, "not-delivered", "FAIL CHATHISTORY MESSAGE_ERROR TARGETS :No."),
        (commands.Recent(), None, "not-delivered", "NOTICE ada :No."),
        (commands.Read("dev"), MARKREAD, "not-in-room", "MARKREAD #dev *"),
        (commands.Read("dev"), MARKREAD_SET, "not-in-room", "FAIL MARKREAD INVALID_PARAMS #dev timestamp=x :No."),
        (commands.Read("dev"), None, "not-in-room", None),
        (commands.Who("dev"), None, "not-in-room", "366 ada #dev :End of NAMES list"),
        (commands.Bans("dev"), None, "no-such-room", "403 ada #dev :No."),
        (commands.Login("bob"), None, "wrong-password", "464 ada :No."),
        (commands.Register(password="x"), None, "bad-usage", "NOTICE ada :No."),
        (commands.Delete("7"), None, "no-such-message", "NOTICE ada :No."),
        (commands.Delete("7"), REDACT, "no-such-message", "FAIL REDACT UNKNOWN_MSGID #dev 7 :No."),
        (commands.Delete("7"), REDACT, "not-in-room", "FAIL REDACT INVALID_TARGET #dev :No."),
        (commands.Delete("7"), REDACT, "not-allowed", "FAIL REDACT REDACT_FORBIDDEN #dev 7 :No."),
        (commands.Watch(("bob",)), None, "too-many", "734 ada 100 bob :"),
        (commands.Watch(("bob",)), None, "bad-usage", "NOTICE ada :No."),
    ],
    ids=repr,
)
def test_each_command_is_refused_with_its_numeric(
    running: commands.Command, request_: Request | None, code: str, expected: str | None
) -> None:
    talk: Any = Network().client("ada").protocol.caller.talk
    talk.running, talk.request, talk.registration.nick = running, request_, "bob"
    lines = refusals.lines(talk, Refused(code, "No."))
    assert [line.removeprefix(":chatd ").startswith(expected or "") for _, line in lines] == ([True] if expected else [])


def test_a_password_is_given_once_and_who_is_refused_it_must_go() -> None:
    network = Network()
    network.account("bob")
    eve = network.connect()
    first, second = eve.send(f"PASS :not {PASSWORD}", "NICK bob", "USER e 0 * :E")[:2]
    assert first.startswith(":chatd 464 ")
    assert second.startswith("ERROR :")
    bob = network.connect()
    assert bob.send(f"PASS :{PASSWORD}", "NICK bob", "USER b 0 * :B")[0].startswith(":chatd 001 bob ")
    ada = network.connect()
    notice, numeric = ada.send("NICK bob", "USER a 0 * :A")
    assert notice.startswith(":chatd NOTICE * :bob is registered.")
    assert numeric.startswith(":chatd 433 * bob :")
