"""What one has read: marks by number and by time; tests/core/test_inboxes.py has those of several
sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from chatd.core import person
from chatd.core.actions import reading
from chatd.core.answers import ReadIs, RecentList
from chatd.core.commands import Hello, Join, Keep, Leave, Msg, Read, Recent, Register, Room, Say
from chatd.core.events import Event
from chatd.core.limits import HISTORY_LINES, SEARCH_LINES
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.registry import Registry
from chatd.testing import NOON, RecordingOutgoing, StandingClock, Visitor, arrive, new_registry
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
    ("time", "seq", "until"),
    [
        ("11:59:59Z", 0, -1000),
        ("12:00:00Z", 2, 0),
        ("12:00:00.999Z", 2, 999),
        ("12:00:01Z", 3, 1000),
        ("12:00:30Z", 4, 2000),
    ],
)
def test_a_time_means_the_last_event_until_then(reader: Visitor, time: str, seq: int, until: int) -> None:
    shown = ReadIs("lobby", seq, NOON + until)
    assert only(ReadIs, reader.ask(Read("lobby", time=f"2026-11-23 {time}"))) == shown
    assert only(ReadIs, reader.ask(Read("lobby"))) == shown
    assert only(ReadIs, reader.ask(Read("lobby", time="2001-01-01"))) == shown, "it never goes back"


def test_the_other_sessions_are_told_of_each_later_time(reader: Visitor) -> None:
    phone = Visitor(reader.registry)
    phone.ask(Hello("zoe", password="correct horse"))
    for time, until in (("12:00:01Z", 1000), ("12:00:01.500Z", 1500), ("12:00:01.200Z", None), ("12:00:01.500Z", None)):
        reader.ask(Read("lobby", time=f"2026-11-23 {time}"))
        told = [news for news in phone.take() if isinstance(news, ReadIs)]
        assert told == ([ReadIs("lobby", 3, NOON + until)] if until else [])
    reader.ask(Read("lobby"))
    assert phone.take() == []


def test_a_guest_has_marks_while_they_are_here(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "READ_PER_PERSON", 2)
    eve = arrive(registry, "eve")
    for room in ("lobby", "dev", "ops"):
        eve.ask(Join(room))
        assert only(ReadIs, eve.ask(Read(room, 1))) == ReadIs(room, 1, NOON)
    assert [only(ReadIs, eve.ask(Read(room))).seq for room in ("lobby", "dev", "ops")] == [0, 1, 1]


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
    assert reader.session.person is not None
    reader.session.person.read = {}  # As after coming back.
    log = registry.rooms.find("lobby").log
    assert isinstance(log, MemoryLog)
    log.drop(4)
    assert only(ReadIs, reader.ask(Read("lobby"))) == ReadIs("lobby", 3)
    assert only(ReadIs, reader.ask(Read("lobby", time="2026-11-23 12:00:01Z"))) == ReadIs("lobby", 3, NOON + SECOND)


class Unreadable(MemoryLog):
    """A log on a disk that cannot be read."""

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        on_loaded(False)


def test_without_the_disk_the_mark_is_kept_and_its_time_is_not_known() -> None:
    registry = new_registry(store=MemoryStore("testlog", Unreadable))
    zoe = registered(registry)
    assert only(ReadIs, zoe.ask(Read("lobby", 1))) == ReadIs("lobby", 1)
    assert only(ReadIs, zoe.ask(Read("lobby"))) == ReadIs("lobby", 1)


# -- Conversations ---------------------------------------------------------------------------------


def listed(reader: Visitor, command: Recent) -> list[tuple[str, int]]:
    """The conversations that ``command`` lists, each with the seconds from noon to its last
    message."""
    return [(line.room, (line.time - NOON) // SECOND) for line in only(RecentList, reader.ask(command)).rooms]


@pytest.fixture
def busy(registry: Registry, reader: Visitor, clock: StandingClock) -> Visitor:
    """The reader, who is in dev and ops too, where mia speaks, and talks with her at last."""
    mia = arrive(registry, "mia", "dev")
    reader.ask(Join("dev"))
    clock.advance(1)
    mia.ask(Say("hi", "dev"))
    clock.advance(1)
    reader.ask(Join("ops"))
    clock.advance(1)
    mia.ask(Leave("dev"))
    reader.ask(Msg("mia", "hi"))
    reader.take()
    return reader


ALL = [("@bob", 2), ("lobby", 2), ("dev", 3), ("@mia", 5)]


@pytest.mark.parametrize(
    ("command", "conversations"),
    [
        (Recent(), ALL),
        (Recent(2), ALL[-2:]),
        (Recent(2, oldest=True), ALL[:2]),
        (Recent(after_time="2026-11-23 12:00:02Z"), ALL[2:]),
        (Recent(before_time="2026-11-23 12:00:05Z"), ALL[:3]),
        (Recent(before_time="2026-11-23 12:00:05Z", count=1), ALL[2:3]),
        (Recent(10**9), ALL),
    ],
)
def test_conversations_are_listed_by_their_last_message(
    busy: Visitor, command: Recent, conversations: list[tuple[str, int]]
) -> None:
    found = listed(busy, command)
    assert sorted(found, key=lambda each: (each[1], each[0])) == conversations
    assert [seconds for _, seconds in found] == sorted(seconds for _, seconds in found)


def test_a_room_in_which_nobody_has_spoken_is_not_listed(busy: Visitor) -> None:
    assert "ops" not in dict(listed(busy, Recent()))
    busy.ask(Leave("dev"))
    assert "dev" not in dict(listed(busy, Recent())), "one is not in it"


def test_what_one_may_not_read_and_what_is_not_kept_is_not_listed(registry: Registry, busy: Visitor, clock: StandingClock) -> None:
    busy.ask(Say("secret", "ops"))
    assert "ops" in dict(listed(busy, Recent()))
    busy.ask(Room("history", "off", "ops"))
    eve = arrive(registry, "eve", "ops")
    assert listed(eve, Recent()) == []
    busy.ask(Keep("none", "ops"))
    clock.advance(2 * 86_400)
    assert "ops" not in dict(listed(busy, Recent()))


def test_talks_are_those_of_the_last_messages(busy: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TALKS_EVENTS", 1)
    assert listed(busy, Recent()) == [("lobby", 2), ("dev", 3), ("@mia", 5)]


@pytest.mark.parametrize("command", [Recent(-1), Recent(after_time="soon"), Recent(before_time="soon")])
def test_what_cannot_be_listed_is_refused(reader: Visitor, command: Recent) -> None:
    assert refusal(reader.ask(command))[0] == "bad-usage"


class Broken(Unreadable):
    """The same for private messages."""

    def find_talks(self, seq: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        on_found(None)


def test_without_the_disk_nothing_is_listed() -> None:
    registry = new_registry(store=MemoryStore("testlog", Broken))
    zoe = registered(registry)
    zoe.ask(Msg("zoe", "hi"))
    assert refusal(zoe.ask(Recent()))[0] == "not-delivered"


def test_what_reads_the_disk_is_paid_for(reader: Visitor) -> None:
    out = reader.session.out
    assert isinstance(out, RecordingOutgoing)
    spent = out.spent
    reader.ask(Read("lobby", 3))
    assert out.spent == spent, "the event is in memory"
    reader.ask(Read("lobby", time="2026-11-23 12:00:01Z"))
    assert out.spent == spent + HISTORY_LINES
    reader.ask(Recent())
    assert out.spent == spent + HISTORY_LINES + SEARCH_LINES
