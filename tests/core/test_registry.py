"""The registry: what all connections share, and the settings."""

from __future__ import annotations

from chatd.core.memory import MemoryStore
from chatd.core.names import parse_room
from chatd.core.registry import Settings
from chatd.testing import new_registry


def test_the_names_of_the_server_and_its_default_room_are_reserved() -> None:
    registry = new_registry(Settings(name="plaza", default_room="#Yard"))
    assert registry.reserved == {"plaza", "Yard"}
    assert registry.default_room == parse_room("Yard")


class Remembering(MemoryStore):
    """A store that knows which private messages were sent before."""

    private_ids = (("seat", "7", "bob"),)


def test_who_has_which_private_message_is_known_from_the_start() -> None:
    registry = new_registry(store=Remembering("testlog"))
    assert registry.directory.recipient_of("seat", "7") == "bob"
    assert registry.directory.recipient_of("seat", "8") is None
