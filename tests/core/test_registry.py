"""The registry: what all connections share, and the settings."""

from __future__ import annotations

from chatd.core.names import parse_room
from chatd.core.registry import Settings
from chatd.testing import new_registry


def test_the_names_of_the_server_and_its_default_room_are_reserved() -> None:
    registry = new_registry(Settings(name="plaza", default_room="#Yard"))
    assert registry.reserved == {"plaza", "Yard"}
    assert registry.default_room == parse_room("Yard")
