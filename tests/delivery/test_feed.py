"""A feed: every reader of a room gets all its events, once, in order."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from twisted.internet.task import Clock

from chatd.codecs.base import View
from chatd.codecs.text import TextCodec, TextTalk, TextView
from chatd.core.commands import Ignore, Join, Leave, Nick, Ping, Say, Unignore
from chatd.core.events import Answer, Event
from chatd.core.limits import BATCH_BYTES, LOG_PAGE_EVENTS
from tests.wires import PushedWire, SocketWire, World, held_texts


@pytest.fixture
def world(clock: Clock) -> World:
    return World(clock)


def test_readers_at_the_same_cursor_get_the_same_bytes_object(world: World) -> None:
    ada, *others = (world.reader(nick) for nick in ("ada", "bob", "eve", "joe"))
    world.turn()
    ada.ask(Say("hello"))
    world.turn()
    chunks = [reader.kernel.offered[-1] for reader in others]
    assert chunks[0] == b"<ada> hello\r\n"
    assert all(chunk is chunks[0] for chunk in chunks)


def test_only_programs_get_their_own_messages(world: World) -> None:
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


def test_a_newcomer_within_a_turn_gets_only_later_events_once(world: World) -> None:
    ada, bob, eve = world.reader("ada"), world.reader("bob"), world.reader("eve", "den")
    for reader in (ada, bob, eve):
        reader.lines()
    ada.ask(Say("before"))
    eve.ask(Join("lobby"))
    ada.ask(Say("after"))
    world.turn()
    assert bob.lines() == ["<ada> before", "-- eve has joined #lobby", "<ada> after"]
    lines = eve.lines()
    assert [line.partition(" <ada> ")[2] for line in lines if "<ada> before" in line] == ["before"]
    assert lines[-1] == "<ada> after"
    assert not [line for line in lines if "eve has joined" in line]
    ada.ask(Say("later"))
    world.turn()
    assert eve.lines() == bob.lines() == ["<ada> later"]


@pytest.mark.parametrize("wire", [SocketWire, PushedWire])
def test_a_newcomer_to_an_idle_room_gets_the_next_message(world: World, wire: type[PushedWire]) -> None:
    ada = world.reader("ada")
    eve = world.reader("eve", wire=wire)
    ada.ask(Say("hi eve"))
    world.turn()
    eve.settle()
    assert eve.lines() == ["<ada> hi eve"]


def test_a_leaver_gets_the_events_until_then_and_none_after(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    bob.ask(Join("den"))
    world.turn()
    bob.lines()
    ada.ask(Say("before"))
    bob.ask(Leave("lobby"))
    ada.ask(Say("after"))
    world.turn()
    assert bob.lines() == ["#lobby <ada> before", "-- You have left #lobby. You are now talking in #den."]


def test_a_leaver_who_is_behind_gets_the_events_until_then(world: World) -> None:
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


def test_a_change_of_nick_is_sent_once_in_order(world: World) -> None:
    ada, bob = world.reader("ada"), world.reader("bob")
    ada.ask(Say("one"), Nick("eve"), Say("two"))
    world.turn()
    assert bob.lines() == ["<ada> one", "-- ada is now known as eve", "<eve> two"]


def test_messages_of_ignored_people_are_not_sent(world: World) -> None:
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


def test_ignoring_holds_in_rooms_entered_later(world: World) -> None:
    ada, bob = world.reader("ada", "den"), world.reader("bob")
    bob.ask(Ignore("ada"), Join("den"))
    world.turn()
    bob.lines()
    ada.ask(Say("one"))
    world.turn()
    assert bob.lines() == []


def test_following_from_a_later_number_sends_only_events_from_there(world: World) -> None:
    ada, bob = world.reader("ada", "den"), world.reader("bob")
    den = world.registry.rooms.find("den")
    bob.outlet.follow(den, den.log.end + 2)
    for text in ("one", "two", "three", "four"):
        ada.ask(Say(text))
        world.turn()
    assert bob.lines() == ["#den <ada> three", "#den <ada> four"]


def test_ignoring_holds_for_a_reader_who_is_behind(world: World) -> None:
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
def test_messages_in_other_rooms_begin_with_the_room(world: World, room: int) -> None:
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


def test_changing_the_current_room_within_a_turn_loses_and_repeats_nothing(world: World) -> None:
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


def test_a_turn_with_more_events_than_the_log_holds_is_reported_to_everybody(clock: Clock) -> None:
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
    assert bob.lines() == [missed.format(21 - len(last)), *last]  # Her twenty messages, and that eve has joined.
    assert eve.lines()[-len(last) - 1 :] == [missed.format(20 - len(last)), *last]


def test_a_broken_reader_does_not_stop_the_others(world: World) -> None:
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


def test_a_reader_who_is_behind_gets_one_batch_at_a_time(world: World) -> None:
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


def test_the_cache_of_encoded_events_is_bounded(clock: Clock) -> None:
    world = World(clock, log_events=5)
    ada, bob = world.reader("ada"), world.reader("bob")
    bob.kernel.room = 0
    for number in range(LOG_PAGE_EVENTS * 2):
        ada.ask(Say(f"{number}"))
        world.turn()
    feed = world.fanout.feed(world.registry.rooms.find("lobby"), world.text, TextView.CURRENT_ROOM)
    assert len(feed._encoded) <= LOG_PAGE_EVENTS + 5
    bob.settle()
    ada.ask(Say("and on"))
    world.turn()
    assert bob.lines()[-1] == "<ada> and on"
    assert not feed._encoded


# -- Views and talks -------------------------------------------------------------------------------


def test_an_event_is_encoded_once_per_view(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, *_ = (world.reader(nick, "den", "lobby") for nick in ("ada", "bob"))
    for nick in ("eve", "joe"):
        world.reader(nick, "lobby", "den")
    encoded: Counter[View] = Counter()
    encode = world.text.encode

    def count(event: Event, view: View) -> bytes:
        encoded[view] += 1
        return encode(event, view)

    monkeypatch.setattr(world.text, "encode", count)
    ada.ask(Say("hi"))
    world.turn()
    assert encoded == {TextView.CURRENT_ROOM: 1, TextView.OTHER_ROOM: 1}


class CountingTalk(TextTalk):
    """Numbers the answers of its connection, and uses a given view for every room."""

    answers = 0
    shown: View = TextView.CURRENT_ROOM

    def encode(self, answer: Answer) -> bytes:
        self.answers += 1
        return b"%d %b" % (self.answers, super().encode(answer))

    def view(self, current: bool) -> View:  # type: ignore[override]  # Any view is a view.
        return self.shown


class CountingCodec(TextCodec):
    def talk(self) -> CountingTalk:
        return CountingTalk(self)


def test_missed_is_encoded_by_the_talk_of_the_connection(clock: Clock) -> None:
    world = World(clock, log_events=5)
    codec = CountingCodec(lambda: 0)
    ada, bob, eve = world.reader("ada"), world.reader("bob", codec=codec), world.reader("eve", codec=codec)
    eve.ask(Ping())
    world.turn()
    for reader in (bob, eve):
        reader.lines()
        reader.kernel.room = 0
    for number in range(20):
        ada.ask(Say(f"{number}"))
        world.turn()
    for reader, answers in ((bob, 3), (eve, 4)):
        reader.settle()
        [missed] = [line for line in reader.lines() if "missed" in line]
        assert missed.startswith(f"{answers} -- You have missed ")


def test_readers_of_one_codec_get_their_own_view(world: World) -> None:
    codec = CountingCodec(lambda: 0)
    bob, eve = world.reader("bob", codec=codec), world.reader("eve", codec=codec)
    for reader, view in ((bob, TextView.OTHER_ROOM), (eve, TextView.CURRENT_ROOM)):
        assert isinstance(reader.outlet.talk, CountingTalk)
        reader.outlet.talk.shown = view
        reader.outlet.turn_to(reader.session.current)
    bob.lines(), eve.lines()
    world.reader("ada").ask(Say("hi"))
    world.turn()
    assert bob.lines()[-1] == "#lobby <ada> hi"
    assert eve.lines()[-1] == "<ada> hi"
