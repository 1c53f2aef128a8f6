"""What one has read: marks by number and by time; tests/core/test_inboxes.py has those of several
sessions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatd.core.answers import ReadIs
from chatd.core.commands import Leave, Msg, Read, Register, Say
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.registry import Registry
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry
from tests.core.actions.answers import only, refusal

SECOND = 1000


def registered(registry: Registry) -> Visitor:
    """The owner of the account zoe."""
    zoe = arrive(registry, "zoe")
    zoe.ask(Register(password="correct horse"))
    return zoe


@pytest.fixture
def reader(registry: Registry, clock: StandingClock) -> Visitor:
    """The owner of an account, who has entered the lobby at noon, and to whom bob has said
    something one and two seconds later, there and in private."""
    reader, bob = registered(registry), arrive(registry, "bob")
    for _ in range(2):
        clock.advance(1)
        bob.ask(Say("hi"))
        bob.ask(Msg("zoe", "psst"))
    reader.take()
    return reader


@pytest.mark.parametrize(
    ("time", "seq", "of"),
    [
        ("11:59:59Z", 0, 0),
        ("12:00:00Z", 2, 0),
        ("12:00:00.999Z", 2, 0),
        ("12:00:01Z", 3, 1),
        ("12:00:30Z", 4, 2),
    ],
)
def test_a_time_means_the_last_event_until_then(reader: Visitor, time: str, seq: int, of: int) -> None:
    shown = ReadIs("lobby", seq, NOON + of * SECOND if seq else 0)
    assert only(ReadIs, reader.ask(Read("lobby", time=f"2026-11-23 {time}"))) == shown
    assert only(ReadIs, reader.ask(Read("lobby"))) == shown


def test_a_talk_is_read_until_a_time_too(reader: Visitor) -> None:
    assert only(ReadIs, reader.ask(Read("@bob", time="2026-11-23 12:00:01Z"))) == ReadIs("@bob", 1, NOON + SECOND)
    assert only(ReadIs, reader.ask(Read("@eve"))) == ReadIs("@eve", 0)


@pytest.mark.parametrize("command", [Read("lobby", 1, "12:00"), Read("lobby", time="soon"), Read("lobby", -1)])
def test_what_is_no_place_is_refused(reader: Visitor, command: Read) -> None:
    assert refusal(reader.ask(command))[0] == "bad-usage"


def test_where_one_is_not_there_is_nothing_to_ask(reader: Visitor) -> None:
    reader.ask(Leave())
    assert refusal(reader.ask(Read("lobby")))[0] == "not-in-room"


def test_the_time_of_what_is_gone_is_not_known(registry: Registry, reader: Visitor) -> None:
    reader.ask(Read("lobby", 3))
    log = registry.rooms.find("lobby").log
    assert isinstance(log, MemoryLog)
    log.drop(4)
    assert only(ReadIs, reader.ask(Read("lobby"))) == ReadIs("lobby", 3)
    assert only(ReadIs, reader.ask(Read("lobby", time="2026-11-23 12:00:01Z"))) == ReadIs("lobby", 3)


class Unreadable(MemoryLog):
    """A log on a disk that cannot be read."""

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        on_loaded(False)


def test_without_the_disk_the_mark_is_kept_and_its_time_is_not_known() -> None:
    registry = new_registry(store=MemoryStore("testlog", Unreadable))
    zoe = registered(registry)
    assert only(ReadIs, zoe.ask(Read("lobby", 1))) == ReadIs("lobby", 1)
    assert only(ReadIs, zoe.ask(Read("lobby"))) == ReadIs("lobby", 1)
