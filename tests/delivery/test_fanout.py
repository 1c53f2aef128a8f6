"""The fan-out: one turn's news, once, to everybody who wants it, in order."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from chatd.core.commands import Ignore, Join, Leave, Me, Nick, Say, Unignore
from chatd.core.limits import BATCH_BYTES, REST_DELIVERIES, REST_FACTOR, REST_READERS, REST_SECONDS
from tests.wires import PushedWire, SocketWire, World, held_texts


@pytest.fixture
def world(clock: Clock) -> World:
    return World(clock)


def test_everybody_who_stands_at_the_same_place_gets_the_same_bytes_object(world: World) -> None:
    ada, *others = (world.reader(nick) for nick in ("ada", "bob", "eve", "joe"))
    world.turn()
    ada.ask(Say("hello"))
    world.turn()
    chunks = [reader.kernel.offered[-1] for reader in others]
    assert chunks[0] == b"<ada> hello\r\n"
    assert all(chunk is chunks[0] for chunk in chunks)


def test_a_turns_news_travel_in_one_chunk(world: World) -> None:
    ada, bob, eve = (world.reader(nick) for nick in ("ada", "bob", "eve"))
    eve.kernel.offered.clear()
    ada.ask(Say("one"), Me("waves"))
    bob.ask(Say("two"))
    assert eve.kernel.offered == []
    world.turn()
    assert eve.kernel.offered == [b"<ada> one\r\n* ada waves\r\n<bob> two\r\n"]


def test_people_are_not_sent_their_own_words_and_programs_are(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    ci = world.reader("ci", codec=world.json)
    ada.lines(), bob.lines(), ci.lines()
    ada.ask(Say("one"))
    ci.ask(Say("two"))
    bob.ask(Say("three"))
    ada.ask(Say("four"))
    world.turn()
    assert ada.lines() == ["<ci> two", "<bob> three"]
    assert bob.lines() == ["<ada> one", "<ci> two", "<ada> four"]
    said = [message for line in ci.lines() if (message := json.loads(line))["type"] == "said"]
    assert [message["text"] for message in said] == ["one", "two", "three", "four"]
    assert [message["seq"] for message in said] == list(range(said[0]["seq"], said[0]["seq"] + 4))


def test_a_newcomer_within_a_turn_gets_what_comes_after_and_nothing_twice(world: World) -> None:
    ada, bob, eve = world.reader("ada"), world.reader("bob"), world.reader("eve", "den")
    for reader in (ada, bob, eve):
        reader.lines()
    ada.ask(Say("before"))
    eve.ask(Join("lobby"))
    ada.ask(Say("after"))
    world.turn()
    assert bob.lines() == ["<ada> before", "-- eve has joined #lobby", "<ada> after"]
    told = eve.lines()
    assert [line.partition(" <ada> ")[2] for line in told if "<ada> before" in line] == ["before"]
    assert told[-1] == "<ada> after"
    assert not [line for line in told if "eve has joined" in line]
    ada.ask(Say("later"))
    world.turn()
    assert eve.lines() == bob.lines() == ["<ada> later"]


@pytest.mark.parametrize("wire", [SocketWire, PushedWire])
def test_a_newcomer_to_an_idle_room_hears_the_next_word(world: World, wire: type[PushedWire]) -> None:
    ada = world.reader("ada")
    eve = world.reader("eve", wire=wire)
    ada.ask(Say("hi eve"))
    world.turn()
    eve.settle()
    assert eve.lines() == ["<ada> hi eve"]


def test_who_leaves_gets_what_happened_until_then_and_nothing_after(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    bob.ask(Join("den"))
    world.turn()
    bob.lines()
    ada.ask(Say("before"))
    bob.ask(Leave("lobby"))
    ada.ask(Say("after"))
    world.turn()
    assert bob.lines() == ["#lobby <ada> before", "-- You have left #lobby. You are now talking in #den."]


def test_who_leaves_while_behind_gets_what_happened_until_then(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    bob.kernel.room = 3
    for text in ("one", "two", "three"):
        ada.ask(Say(text))
        world.turn()
    bob.ask(Leave("lobby"))
    ada.ask(Say("after"))
    world.turn()
    bob.settle()
    assert bob.lines() == ["<ada> one", "<ada> two", "<ada> three", "-- You have left #lobby. You are not in any room now."]


def test_a_change_of_nick_is_told_once_in_its_place(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    ada.ask(Say("one"), Nick("eve"), Say("two"))
    world.turn()
    assert bob.lines() == ["<ada> one", "-- ada is now known as eve", "<eve> two"]


def test_whom_one_ignores_is_not_heard(world: World) -> None:
    ada, bob, eve = (world.reader(nick) for nick in ("ada", "bob", "eve"))
    bob.ask(Ignore("ada"))
    world.turn()
    bob.lines(), eve.lines()
    ada.ask(Say("one"))
    eve.ask(Say("two"))
    bob.ask(Say("three"))
    world.turn()
    assert bob.lines() == ["<eve> two"]
    assert eve.lines() == ["<ada> one", "<bob> three"]
    bob.ask(Unignore("ada"))
    ada.ask(Say("four"))
    world.turn()
    assert bob.lines() == ["-- You ignore nobody.", "<ada> four"]


def test_whom_one_ignores_is_not_heard_while_behind(world: World) -> None:
    ada, bob, eve = (world.reader(nick) for nick in ("ada", "bob", "eve"))
    bob.ask(Ignore("ada"))
    world.turn()
    bob.lines()
    bob.kernel.room = 0
    for reader, text in ((eve, "one"), (ada, "two"), (eve, "three")):
        reader.ask(Say(text))
        world.turn()
    bob.settle()
    assert bob.lines() == ["<eve> one", "<eve> three"]


@pytest.mark.parametrize("room", [1 << 40, 5])
def test_the_rooms_name_stands_before_what_is_said_elsewhere(world: World, room: int) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    ada.ask(Join("den"))
    bob.ask(Join("den"))
    world.turn()
    bob.lines()
    bob.kernel.room = room
    ada.ask(Say("one", room="lobby"), Say("two", room="den"))
    world.turn()
    bob.settle()
    assert sorted(bob.lines()) == ["#lobby <ada> one", "<ada> two"]
    bob.kernel.room = room
    bob.ask(Join("lobby"))
    ada.ask(Say("three", room="lobby"), Say("four", room="den"))
    world.turn()
    bob.settle()
    assert sorted(bob.lines()) == ["#den <ada> four", "-- You are now talking in #lobby.", "<ada> three"]


def test_nothing_is_lost_or_doubled_where_the_current_room_changes_within_a_turn(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    bob.ask(Join("den"))
    world.turn()
    bob.lines()
    texts = [f"{number}" for number in range(20)]
    for number, text in enumerate(texts):
        ada.ask(Say(text))
        if number % 2:
            bob.ask(Join("lobby" if number % 4 == 1 else "den"))
    world.turn()
    bob.settle()
    assert [line.rpartition("> ")[2] for line in bob.lines() if "<ada>" in line] == texts


def test_where_more_comes_in_a_turn_than_the_log_holds_everybody_is_told(clock: Clock) -> None:
    world = World(clock, log_events=5)
    ada, bob, eve = world.reader("ada"), world.reader("bob"), world.reader("eve", "den")
    bob.lines()
    eve.ask(Join("lobby"))
    ada.ask(*(Say(f"{number}") for number in range(20)))
    world.turn()
    bob.settle()
    eve.settle()
    last = [f"<ada> {text}" for text in held_texts(ada)]
    assert 0 < len(last) <= 5
    missed = "-- You have missed {} events in #lobby: your connection did not keep up."
    assert bob.lines() == [missed.format(21 - len(last)), *last]  # Of her twenty, and that eve came.
    assert eve.lines()[-len(last) - 1 :] == [missed.format(20 - len(last)), *last]


def test_one_who_is_gone_does_not_stop_the_rest(world: World) -> None:
    ada, bob, eve, joe = (world.reader(nick) for nick in ("ada", "bob", "eve", "joe"))
    joe.lines(), eve.lines()
    bob.kernel.broken = True
    ada.ask(Say("one"))
    world.turn()
    ada.ask(Say("two"))
    world.turn()
    assert eve.lines() == joe.lines() == ["<ada> one", "<ada> two"]
    bob.wire.can_write()
    assert bob.wire.lost is not None


def test_a_defect_in_one_room_is_logged_and_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, logged_errors: list[LogEvent]
) -> None:
    ada, ci = world.reader("ada"), world.reader("ci", codec=world.json)

    def fails(*arguments: object) -> bytes:
        raise ZeroDivisionError

    ada.ask(Say("hi"))
    monkeypatch.setattr(type(world.text), "encode", fails)
    world.turn()
    assert [json.loads(line)["text"] for line in ci.lines()] == ["hi"]
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()


def test_feeds_that_nobody_reads_are_forgotten(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob", codec=world.json)
    bob.kernel.room = 0
    ada.ask(Join("den"), Say("hi"), Say("hi", room="lobby"))
    world.turn()
    assert [*world.fanout.behind] == [bob.outlet]
    ada.lose_link()
    bob.lose_link()
    world.turn()
    assert world.fanout.behind == {}
    assert world.fanout._feeds == {}
    assert world.registry.connections() == ()


# -- The rest after much work ----------------------------------------------------------------------


def deliver(world: World, readers: int, messages: int, seconds: float) -> float:
    """Say so many messages to so many, which takes so many seconds in all; how long the fan-out
    waits before the next."""
    ada, *others = (world.reader(f"p{number}") for number in range(readers + 1))
    for reader in (ada, *others):
        reader.settle()

    def takes_time() -> None:
        world.clock.rightNow += seconds / readers

    for reader in others:
        reader.kernel.on_send = takes_time
    ada.ask(*(Say(f"{number}") for number in range(messages)))
    world.turn()
    for reader in others:
        reader.kernel.on_send = lambda: None
        assert len(reader.lines()) >= messages
    ada.ask(Say("next"))
    [call] = world.clock.getDelayedCalls()
    wait = call.getTime() - world.clock.seconds()
    world.clock.advance(wait * 0.99)
    assert [reader.lines() for reader in others] == [[] if wait else ["<p0> next"]] * readers
    world.clock.advance(wait * 0.02)
    return wait


def test_after_little_it_does_not_rest(world: World) -> None:
    assert deliver(world, readers=50, messages=20, seconds=0.004) == 0


@pytest.mark.parametrize(("readers", "messages"), [(REST_READERS, 1), (50, REST_DELIVERIES // 50)])
def test_after_much_it_rests_for_a_multiple_of_what_it_took(world: World, readers: int, messages: int) -> None:
    assert deliver(world, readers, messages, seconds=0.004) == pytest.approx(0.004 * REST_FACTOR)


def test_it_never_rests_for_long(world: World) -> None:
    assert deliver(world, readers=50, messages=REST_DELIVERIES // 50, seconds=3) == pytest.approx(REST_SECONDS)


def test_answers_do_not_wait_for_the_rest(world: World) -> None:
    deliver(world, readers=50, messages=REST_DELIVERIES // 50, seconds=3)
    eve = world.reader("eve", "den")
    eve.lines()
    eve.ask(Ignore())
    world.turn()
    assert eve.lines() == ["-- You ignore nobody."]


def test_a_reader_behind_is_given_a_batch_at_a_time(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    bob.kernel.room = 0
    ada.ask(*(Say("x" * 1000) for _ in range(100)))
    world.turn()
    bob.kernel.room = 1
    while len(bob.kernel.taken) < 90_000:
        bob.wire.can_write()
        assert bob.held <= BATCH_BYTES + 1100
        bob.kernel.room = 3000
    bob.settle()
    assert bob.lines() == ["<ada> " + "x" * 1000] * 100
