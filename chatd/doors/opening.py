"""Opening a door for its first caller."""

from __future__ import annotations

from functools import cache

from chatd.doors.catalogue import Build, Door, DoorOptions
from chatd.doors.server import Server


def opened_when_needed(door: Door, server: Server, options: DoorOptions, inside: Build) -> Build:
    """A function that builds the protocols of ``door`` and opens the door at its first call.
    ``inside`` builds the protocols of connections inside it."""

    @cache
    def opened() -> Build:
        assert door.open is not None
        return door.open(server, options, inside)

    return lambda address, began: opened()(address, began)
