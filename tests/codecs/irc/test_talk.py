"""One client: what it is told once, what it has said itself, and its other devices."""

from __future__ import annotations

import pytest

from chatd.codecs.irc.talk import TOLD
from tests.codecs.irc.network import PASSWORD, STEPS, Network, follow


@pytest.mark.parametrize("step", STEPS)
def test_labels_and_echoes(step: int) -> None:
    follow("labels", step)


def test_two_devices_are_one_person() -> None:
    network = Network()
    network.account("ada")
    desk = network.connect()
    desk.send(f"PASS :{PASSWORD}", "NICK ada", "USER ada 0 * :Ada")
    desk.send("JOIN #dev")
    phone = network.connect()
    welcome = phone.send(f"PASS :{PASSWORD}", "NICK ada", "USER ada 0 * :Ada")
    assert [line.split(" ")[1] for line in welcome[-3:]] == ["JOIN", "353", "366"]
    assert welcome[-4].split(" ")[1] == "422"
    desk.take()
    assert phone.send("PRIVMSG #dev :from the phone") == []
    assert desk.take() == [":ada!ada@account PRIVMSG #dev :from the phone"]
    assert phone.send("PART #dev :bye") == [":ada!ada@account PART #dev :bye"]
    assert desk.take() == [":ada!ada@account PART #dev"]


def test_a_registered_nick_needs_its_password() -> None:
    network = Network()
    network.account("ada")
    eve = network.connect()
    assert [line.split(" ")[1] for line in eve.send("NICK ada", "USER e 0 * :Eve")] == ["NOTICE", "433"]
    assert eve.send("NICK eve")[0].startswith(":chatd 001 eve ")
    mallory = network.connect()
    lines = mallory.send("PASS wrong", "NICK ada", "USER m 0 * :M")
    assert [line.split(" ")[1] for line in lines] == ["464", ":Closing"]
    assert mallory.wire.disconnecting


def test_every_rename_is_told_once_whatever_rooms_are_shared() -> None:
    network = Network()
    ada, bob = network.client("ada"), network.client("bob")
    for client in (ada, bob):
        client.send("JOIN #dev,#ops")
    nicks = ["eve", "ada", "eve", "ada", *(f"ada-{number}" for number in range(TOLD))]  # All at the same time.
    ada.send(*(f"NICK {nick}" for nick in nicks))
    assert [line.partition(" NICK :")[2] for line in bob.take() if " NICK " in line] == nicks
