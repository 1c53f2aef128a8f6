"""The fan-out: when it sends the news of a turn."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from chatd.core.commands import Command, Ignore, Join, Leave, Me, Nick, Say, Topic
from chatd.core.limits import (
    PRESENCE_LATEST_SECONDS,
    PRESENCE_READERS,
    PRESENCE_SECONDS,
    REST_DELIVERIES,
    REST_READERS,
    REST_SECONDS,
)
from chatd.core.names import parse_room
from chatd.delivery import fanout
from tests.wires import Harness, OutletReader


@pytest.fixture
def harness(clock: Clock) -> Harness:
    return Harness(clock)


def test_the_news_of_a_turn_is_one_chunk(harness: Harness) -> None:
    ada, bob, eve = (harness.reader(nick) for nick in ("ada", "bob", "eve"))
    eve.kernel.offered.clear()
    ada.ask(Say("one"), Me("waves"))
    bob.ask(Say("two"))
    assert eve.kernel.offered == []
    harness.turn()
    assert eve.kernel.offered == [b"<ada> one\r\n* ada waves\r\n<bob> two\r\n"]


def test_a_defect_in_one_room_does_not_affect_the_others(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, logged_errors: list[LogEvent]
) -> None:
    ada, ci = harness.reader("ada"), harness.reader("ci", codec=harness.json)

    def fails(*arguments: object) -> bytes:
        raise ZeroDivisionError

    ada.ask(Say("hi"))
    monkeypatch.setattr(type(harness.text), "encode", fails)
    harness.turn()
    assert [json.loads(line)["text"] for line in ci.lines()] == ["hi"]
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()


def test_feeds_without_readers_are_dropped(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", codec=harness.json)
    bob.kernel.space = 0
    ada.ask(Join("den"), Say("hi"), Say("hi", room="lobby"))
    harness.turn()
    assert [*harness.fanout.behind] == [bob.outlet]
    ada.lose_link()
    bob.lose_link()
    harness.turn()
    assert harness.fanout.behind == {}
    assert harness.fanout._feeds == {}
    assert tuple(harness.registry.admission) == ()


def test_it_can_be_run_before_the_end_of_the_turn(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ada.lines()
    ada.ask(Say("hi"), Ignore())
    harness.fanout.run()
    assert (ada.lines(), bob.lines()) == (["-- You ignore nobody."], ["<ada> hi"])
    assert harness.clock.getDelayedCalls() == []


def test_answers_go_with_the_news_of_the_same_turn(harness: Harness) -> None:
    harness.fanout.gather(lambda: None)
    harness.turn()
    ada, bob = harness.reader("ada", "tea"), harness.reader("bob", "tea")
    for reader in (ada, bob):
        reader.lines()
    harness.fanout.news(harness.registry.rooms.find("tea"))
    ada.ask(Ignore())
    assert len(harness.clock.getDelayedCalls()) == 1
    harness.turn()
    assert ada.lines()[0] == "-- You ignore nobody."


def test_what_is_stored_at_once_is_sent_at_once(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ada.lines()
    done: list[list[str]] = []

    def store() -> None:
        ada.ask(Say("hi"), Ignore())
        harness.fanout.after_run(lambda: done.append(bob.lines()))
        assert (done, bob.lines()) == ([], [])

    harness.fanout.gather(store)
    harness.clock.advance(0)
    assert (ada.lines(), done) == (["-- You ignore nobody."], [["<ada> hi"]])
    assert harness.clock.getDelayedCalls() == []


def test_answers_do_not_wait_for_what_is_stored_later(harness: Harness) -> None:
    ada = harness.reader("ada")
    ada.lines()
    harness.fanout.gather(lambda: ada.ask(Ignore()))
    harness.clock.advance(0)
    assert ada.lines() == ["-- You ignore nobody."]
    assert harness.clock.getDelayedCalls() == []


def test_what_was_shown_before_storing_failed_is_sent(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")

    def store() -> None:
        ada.ask(Say("hi"))
        raise ValueError

    harness.fanout.gather(store)
    with pytest.raises(ValueError):  # noqa: PT011  # The reactor logs it.
        harness.clock.advance(0)
    assert bob.lines() == ["<ada> hi"]


def let_presence_be_sent(harness: Harness) -> None:
    """Wait until all joinings and leavings are sent, and the next one would be sent at once."""
    for _ in range(2):
        harness.clock.advance(PRESENCE_SECONDS)


# -- Waiting for more messages ---------------------------------------------------------------------


@pytest.fixture
def busy(harness: Harness) -> list[OutletReader]:
    """Some people, the first of whom has just said a lot to the others, twice."""
    people = [harness.reader(f"p{number}") for number in range(51)]
    let_presence_be_sent(harness)

    def takes_time() -> None:
        harness.clock.rightNow += 0.001

    for reader in people:
        reader.kernel.on_send = takes_time
    for _ in range(2):
        people[0].ask(*(Say(f"{number}") for number in range(REST_DELIVERIES // 50)))
        harness.turn()
    for reader in people:
        reader.kernel.on_send = lambda: None
    read_all(people)
    return people


def test_after_much_work_the_next_message_waits_for_others(harness: Harness, busy: list[OutletReader]) -> None:
    busy[0].ask(Say("one"))
    harness.clock.advance(REST_SECONDS / 2)
    busy[1].ask(Say("two"))
    harness.clock.advance(REST_SECONDS * 0.49)
    assert busy[2].lines() == []
    harness.clock.advance(REST_SECONDS * 0.02)
    assert busy[2].kernel.offered == [b"<p0> one\r\n<p1> two\r\n"]
    busy[0].ask(Say("three"))
    harness.turn()
    assert busy[2].lines()[2:] == ["<p0> three"]


def test_enough_messages_wait_no_longer(harness: Harness, busy: list[OutletReader]) -> None:
    said: list[str] = []
    while not busy[2].kernel.offered:
        said.append(f"<p0> {len(said)}")
        busy[0].ask(Say(f"{len(said) - 1}"))
        harness.turn()
    assert len(said) > 2
    assert busy[2].lines() == said


def test_what_the_log_has_gathered_does_not_wait_again(harness: Harness) -> None:
    harness.fanout.gather(lambda: None)
    harness.turn()
    for _ in range(2):
        harness.fanout._pace.has_run(harness.clock.seconds() - REST_SECONDS, messages=2, readers=REST_READERS, deliveries=0)
    harness.fanout.news(harness.registry.rooms.open(parse_room("den")))
    [call] = harness.clock.getDelayedCalls()
    assert call.getTime() == harness.clock.seconds()
    harness.turn()


def test_answers_do_not_wait(harness: Harness, busy: list[OutletReader]) -> None:
    busy[0].ask(Say("one"))
    busy[1].ask(Ignore())
    harness.turn()
    assert (busy[1].lines(), busy[2].lines()) == (["-- You ignore nobody."], [])
    harness.clock.advance(REST_SECONDS)


# -- Joinings and leavings in large rooms ----------------------------------------------------------


@pytest.fixture
def crowd(harness: Harness) -> list[OutletReader]:
    """As many readers as make a room large, who have been told of one another."""
    crowd = [harness.reader(f"p{number}") for number in range(PRESENCE_READERS)]
    let_presence_be_sent(harness)
    read_all(crowd)
    return crowd


def read_all(crowd: list[OutletReader]) -> None:
    for reader in crowd:
        reader.read()
        reader.kernel.offered.clear()


def test_the_first_joining_in_a_large_room_is_sent_at_once(harness: Harness, crowd: list[OutletReader]) -> None:
    harness.reader("ada")
    assert crowd[0].lines() == ["-- ada has joined #lobby"]


def test_further_joinings_and_leavings_wait_for_one_another(harness: Harness, crowd: list[OutletReader]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ada.ask(Nick("ann"))
    harness.turn()
    bob.lose_link()
    harness.clock.advance(PRESENCE_SECONDS * 0.99)
    assert crowd[0].lines() == ["-- ada has joined #lobby"]
    harness.clock.advance(PRESENCE_SECONDS * 0.02)
    waited = ["-- bob has joined #lobby", "-- ada is now known as ann", "-- bob has left #lobby (connection lost)"]
    assert crowd[0].lines() == waited
    assert len(crowd[0].kernel.offered) == 2


@pytest.mark.parametrize(
    ("readers_a_second", "seconds"),
    [(PRESENCE_READERS * 2, PRESENCE_SECONDS), (PRESENCE_READERS / 2, 2.0), (1, PRESENCE_LATEST_SECONDS)],
)
def test_the_more_readers_the_longer_they_wait(
    harness: Harness,
    crowd: list[OutletReader],
    readers_a_second: float,
    seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanout, "PRESENCE_SENDS", readers_a_second)
    for nick in ("ada", "bob"):
        harness.reader(nick)
    harness.clock.advance(seconds * 0.97)
    assert crowd[0].lines() == ["-- ada has joined #lobby"]
    harness.clock.advance(seconds * 0.06)
    assert crowd[0].lines() == ["-- bob has joined #lobby"]


@pytest.mark.parametrize("command", [Say("hi"), Topic("tea")])
def test_anything_else_in_the_room_sends_them_at_once(harness: Harness, crowd: list[OutletReader], command: Command) -> None:
    harness.reader("ada")
    harness.reader("bob")
    crowd[0].ask(command)
    harness.turn()
    first, second, third = crowd[1].lines()
    assert (first, second) == ("-- ada has joined #lobby", "-- bob has joined #lobby")
    assert "p0" in third
    harness.clock.advance(PRESENCE_SECONDS)
    assert crowd[1].lines() == []


def test_in_a_small_room_nothing_waits(harness: Harness, crowd: list[OutletReader]) -> None:
    eve = harness.reader("eve", "den")
    for nick in ("ada", "bob"):
        harness.reader(nick, "lobby", "den")
        assert eve.lines() == [f"-- {nick} has joined #den"]
    assert crowd[0].lines() == ["-- ada has joined #lobby"]
    harness.clock.advance(PRESENCE_SECONDS)


def test_two_large_rooms_wait_together(harness: Harness, crowd: list[OutletReader]) -> None:
    for reader in crowd:
        reader.ask(Join("den"))
    let_presence_be_sent(harness)
    read_all(crowd)
    harness.reader("ada", "lobby")
    harness.reader("bob", "lobby", "den")
    harness.reader("eve", "den")
    assert crowd[0].lines() == ["-- ada has joined #lobby"]
    harness.clock.advance(PRESENCE_SECONDS)
    assert sorted(crowd[0].lines()) == ["-- bob has joined #den", "-- bob has joined #lobby", "-- eve has joined #den"]


def test_who_leaves_is_shown_what_has_waited(harness: Harness, crowd: list[OutletReader]) -> None:
    harness.reader("ada")
    harness.reader("bob")
    crowd[0].ask(Leave())
    harness.turn()
    assert crowd[0].lines()[:2] == ["-- ada has joined #lobby", "-- bob has joined #lobby"]
    harness.clock.advance(PRESENCE_SECONDS)
