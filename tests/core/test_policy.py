"""The policy: what a person may do, and what they may see."""

from __future__ import annotations

import pytest

from chatd.core.command_table import TABLE
from chatd.core.errors import NoSuchNick, NoSuchRoom
from chatd.core.membership import Role
from chatd.core.policy import may, visible
from chatd.testing import arrive, new_registry


def test_a_right_needs_its_role() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada", "dev"), arrive(registry, "bob")
    room = registry.rooms.find("dev")
    assert ada.session.person is not None
    assert bob.session.person is not None
    assert may(registry, ada.session.person, room, Role.MEMBER)
    assert not may(registry, bob.session.person, room, Role.MEMBER)
    assert may(registry, bob.session.person, room, Role.GUEST)


@pytest.mark.parametrize("nick", ["bob", None])
def test_everybody_sees_everything(nick: str | None) -> None:
    registry = new_registry()
    ada = arrive(registry, "ada", "dev", "tea")
    bob = arrive(registry, "bob")
    gate = visible(registry, bob.session.person if nick else None)
    assert [room.name.text for room in gate.rooms()] == ["dev", "tea", "lobby"]
    assert gate.logs() == {"dev", "tea", "lobby"}
    assert not gate.may_search("attic")
    assert gate.room("#Dev") is registry.rooms.find("dev")
    assert gate.person("ADA") is ada.session.person
    assert ada.session.person is not None
    assert [room.name.text for room in gate.rooms_of(ada.session.person)] == ["dev", "tea"]
    assert gate.commands() == TABLE
    with pytest.raises(NoSuchRoom):
        gate.room("attic")
    with pytest.raises(NoSuchNick):
        gate.person("carol")
