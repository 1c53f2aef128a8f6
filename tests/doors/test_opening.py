"""A door is opened for its first caller, and once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from chatd.doors.catalogue import TEXT, Build, DoorOptions
from chatd.doors.opening import opened_when_needed
from tests.doors.wire import new_server


def test_a_door_is_opened_for_its_first_caller_and_once(clock: Clock) -> None:
    opened: list[Build] = []

    def build(address: str, began: float) -> Any:
        return Protocol()

    def open(server: object, options: object, inside: Build) -> Build:
        opened.append(inside)
        return build

    needed = opened_when_needed(replace(TEXT, open=open), new_server(clock), DoorOptions([TEXT]), build)
    assert opened == []
    assert needed("192.0.2.1", 0.0) is not needed("192.0.2.1", 0.0)
    assert opened == [build]
