"""Refusals, as numerics; most of them are in the conversations."""

from __future__ import annotations

import pytest

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
