"""Expiry: old events are deleted, and the members of the room are notified."""

from __future__ import annotations

from chatd.core.commands import Say
from chatd.core.events import Forgotten, Joined
from chatd.core.registry import Settings
from chatd.testing import StandingClock, arrive, new_registry

DAY = 24 * 3600


def test_old_events_are_deleted_and_members_are_notified() -> None:
    clock = StandingClock()
    registry = new_registry(Settings(keep="1d"), clock)
    ada = arrive(registry, "ada", "dev")
    ada.ask(Say("old"))
    clock.advance(2 * DAY)
    bob = arrive(registry, "bob", "lobby")
    registry.expiry.delete_old()
    [forgotten] = ada.take()
    assert isinstance(forgotten, Forgotten)
    assert (forgotten.room, forgotten.before) == ("dev", 3)
    assert registry.rooms.find("dev").log.first == 3
    assert bob.take() == []
    assert [type(event) for event in registry.rooms.find("lobby").log.read(1, 9)] == [Joined]


def test_the_log_of_a_closed_room_expires_too() -> None:
    clock = StandingClock()
    registry = new_registry(Settings(keep="1d"), clock)
    arrive(registry, "ada")
    log = registry.rooms.find("lobby").log
    clock.advance(2 * DAY)
    registry.expiry.delete_old_in("gone", log)
    assert log.first == log.end == 2


def test_without_a_limit_nothing_expires() -> None:
    clock = StandingClock()
    registry = new_registry(now=clock)
    ada = arrive(registry, "ada")
    clock.advance(1000 * DAY)
    registry.expiry.delete_old()
    assert ada.take() == []
    assert registry.rooms.find("lobby").log.first == 1
