"""Expiry: old events are deleted, and the members of the room are notified."""

from __future__ import annotations

from chatd.core.answers import Entered, Forgotten, Welcome
from chatd.core.commands import Hello, Say
from chatd.core.events import Joined
from chatd.core.log import OnDeleted
from chatd.core.memory import MemoryLog
from chatd.core.perform import perform
from chatd.core.registry import Settings
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry
from tests.core.late import LateStore

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


class EmptiedLog(MemoryLog):
    """A log from which something has just been deleted."""

    def delete_old(self, now: int, most: int, on_deleted: OnDeleted) -> None:
        on_deleted(2, now)


def test_who_is_not_in_yet_is_told_of_no_deletion() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada = Visitor(registry)
    perform(registry, ada.session, Hello("ada", rooms=("lobby", "tea")))
    lobby, tea = store.waiting
    for answer in (tea, lobby):  # That of the second room is stored first, and told after that of the first one.
        registry.expiry.delete_old_in("tea", EmptiedLog())
        answer()
    assert [type(news) for news in ada.take()] == [Welcome, Entered, Entered]
    registry.expiry.delete_old_in("tea", EmptiedLog())
    assert ada.take() == [Forgotten("tea", 2, NOON)]
