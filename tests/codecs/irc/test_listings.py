"""Lists: names in parts, modes, and the conditions of LIST."""

from __future__ import annotations

import pytest

from chatd.codecs.irc.listings import modes
from chatd.core.limits import NAMES_SHOWN, ROOMS_PER_PERSON
from tests.codecs.irc.network import Network


def test_a_large_room_is_listed_in_parts() -> None:
    network = Network()
    nicks = [f"somebody-{number}" for number in range(NAMES_SHOWN + 100)]
    for nick in nicks:
        network.client(nick).send("JOIN #dev")
    ada = network.client("ada", "userhost-in-names", "multi-prefix")
    lines = ada.send("JOIN #dev")
    listed = [word for line in lines if " 353 " in line for word in line.partition(" :")[2].split()]
    assert listed == [
        "@+somebody-0!~somebody-0@guest",
        *(f"{nick}!~{nick}@guest" for nick in nicks[1:]),
        "ada!~ada@guest",
    ]
    assert all(len(line.encode()) <= 510 for line in lines)
    assert lines[-1] == ":chatd 366 ada #dev :End of NAMES list"


def test_many_rooms_of_a_person_are_listed_in_parts() -> None:
    network = Network()
    rooms = [f"#{'é' * 45}-{number}" for number in range(ROOMS_PER_PERSON)]
    ada = network.client("ada")
    for room in rooms:
        ada.send(f"JOIN {room}")
    lines = ada.send("WHOIS ada")
    assert [word for line in lines if " 319 " in line for word in line.partition(" :")[2].split()] == [f"@{room}" for room in rooms]
    assert all(len(line.encode()) <= 510 for line in lines)


@pytest.mark.parametrize(
    ("values", "expected"),
    [({}, "+n"), ({"external": "on"}, "+"), ({"key": "on", "limit": "5", "slow": "3", "private": "on"}, "+nkli * 5")],
)
def test_modes_are_listed(values: dict[str, str], expected: str) -> None:
    assert modes(values) == expected
