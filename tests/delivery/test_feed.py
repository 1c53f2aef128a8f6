"""A feed: every reader of a room gets all its events, once, in order."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.codecs.base import View
from chatd.codecs.text import TextCodec, TextTalk, TextView
from chatd.core.answers import Answer
from chatd.core.commands import Ignore, Join, Leave, Nick, Ping, Quit, Say, Topic, Unignore
from chatd.core.events import Event
from chatd.core.limits import BATCH_BYTES, LOG_PAGE_EVENTS, PRESENCE_SECONDS
from tests.wires import Harness, OutletReader, PushedWire, SocketWire, held_texts


@pytest.fixture
def harness(clock: Clock) -> Harness:
    return Harness(clock)


def test_readers_at_the_same_cursor_get_the_same_bytes_object(harness: Harness) -> None:
    ada, *others = (harness.reader(nick) for nick in ("ada", "bob", "eve", "joe"))
    harness.turn()
    ada.ask(Say("hello"))
    harness.turn()
    chunks = [reader.kernel.offered[-1] for reader in others]
    assert chunks[0] == b"<ada> hello\r\n"
    assert all(chunk is chunks[0] for chunk in chunks)


def test_only_programs_get_their_own_messages(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ci = harness.reader("ci", codec=harness.json)
    ada.lines(), bob.lines(), ci.lines()
    ada.ask(Say("one"))
    ci.ask(Say("two"))
    bob.ask(Say("three"))
    ada.ask(Say("four"))
    harness.turn()
    assert ada.lines() == ["<ci> two", "<bob> three"]
    assert bob.lines() == ["<ada> one", "<ci> two", "<ada> four"]
    said = [message for line in ci.lines() if (message := json.loads(line))["type"] == "said"]
    assert [message["text"] for message in said] == ["one", "two", "three", "four"]
    assert [message["seq"] for message in said] == list(range(said[0]["seq"], said[0]["seq"] + 4))


STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["leave", "rename", "say", "wait"])), min_size=5, max_size=30)


@given(steps=STEPS, most=st.sampled_from([100, 10_000]))
@example(steps=[(0, "rename"), (0, "leave")], most=10_000)
def test_who_leaves_a_large_room_was_told_of_everything_before(steps: list[tuple[int, str]], most: int) -> None:
    """Joinings and leavings wait there, which somebody who leaves is told before the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatd.delivery.fanout.PRESENCE_READERS", 1)
        patch.setattr("chatd.delivery.feed.WAITING_BYTES", most)
        harness = Harness(Clock())
        harness.reader("ann")
        log = harness.registry.rooms.find("lobby").log
        people: dict[int, tuple[OutletReader, int]] = {}
        for number, step in steps:
            if number not in people:
                people[number] = harness.reader(f"p{number}"), log.end
            reader, came = people[number]
            if step == "wait":
                harness.clock.advance(PRESENCE_SECONDS)
            elif step == "leave":
                del people[number]
                own = reader.session.sender_id
                reader.ask(Quit())
                harness.turn()
                *events, _left = log.read(came, log.end)
                told = [harness.text.encode(event, TextView.CURRENT_ROOM) for event in events if event.sender_id != own]
                heard = [line for line in reader.lines() if not line.startswith("-- You ")]
                assert heard == [*b"".join(told).decode().splitlines(), "-- Goodbye."]
            else:
                reader.ask(Say("hi") if step == "say" else Nick(f"{reader.session.nick}x"[:20]))
                harness.turn()


def test_who_leaves_a_large_room_is_told_what_they_missed(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.delivery.fanout.PRESENCE_READERS", 1)
    harness = Harness(clock, log_events=5)
    ada, bob, eve = (harness.reader(nick) for nick in ("ada", "bob", "eve"))
    eve.ask(Quit())
    harness.turn()
    for number in range(10):
        ada.ask(Nick(f"a{number}"))
        harness.turn()
    bob.ask(Quit())
    harness.turn()
    assert bob.lines() == [
        "-- You have missed 8 events in #lobby: your connection did not keep up.",
        *(f"-- a{number - 1} is now known as a{number}" for number in range(6, 10)),
        "-- Goodbye.",
    ]
    joe = harness.reader("joe")
    ada.ask(Nick("ann"))
    harness.turn()
    joe.ask(Quit())
    harness.turn()
    assert joe.lines() == ["-- a9 is now known as ann", "-- Goodbye."]
    clock.advance(PRESENCE_SECONDS)


@pytest.mark.parametrize("at_once", [1, 1 << 20])
@pytest.mark.parametrize("wire", [SocketWire, PushedWire])
def test_many_speakers_hear_all_others(
    harness: Harness, wire: type[PushedWire], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.delivery.feed.APART_BYTES", at_once)
    speakers = [harness.reader(f"speaker{number}", wire=wire) for number in range(20)]
    for speaker in speakers:
        speaker.flush_transport()
        speaker.read()
    speakers[3].kernel.space = 100
    for number, speaker in enumerate(speakers):
        speaker.ask(Say(f"I am {number}"))
    harness.turn()
    speakers[3].kernel.space = 1 << 40
    for number, speaker in enumerate(speakers):
        speaker.flush_transport()
        assert speaker.lines() == [f"<speaker{other}> I am {other}" for other in range(20) if other != number]


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 60))
@settings(deadline=None)
def test_each_hears_what_others_say_in_order_wherever_their_own_stands(speakers: list[int], space: int) -> None:
    harness = Harness(Clock())
    people = [harness.reader(f"p{number}") for number in range(4)]
    harness.turn()
    for person in people:
        person.lines()
    people[0].kernel.space = space
    for index, number in enumerate(speakers):
        people[number].ask(Say(f"{index}"))
    harness.turn()
    people[0].kernel.space = 1 << 40
    for number, person in enumerate(people):
        person.flush_transport()
        assert person.lines() == [f"<p{other}> {index}" for index, other in enumerate(speakers) if other != number]


def test_a_newcomer_within_a_turn_gets_only_later_events_once(harness: Harness) -> None:
    ada, bob, eve = harness.reader("ada"), harness.reader("bob"), harness.reader("eve", "den")
    for reader in (ada, bob, eve):
        reader.lines()
    ada.ask(Say("before"))
    eve.ask(Join("lobby"))
    ada.ask(Say("after"))
    harness.turn()
    assert bob.lines() == ["<ada> before", "-- eve has joined #lobby", "<ada> after"]
    lines = eve.lines()
    assert [line.partition(" <ada> ")[2] for line in lines if "<ada> before" in line] == ["before"]
    assert lines[-1] == "<ada> after"
    assert not [line for line in lines if "eve has joined" in line]
    ada.ask(Say("later"))
    harness.turn()
    assert eve.lines() == bob.lines() == ["<ada> later"]


@pytest.mark.parametrize("wire", [SocketWire, PushedWire])
def test_a_newcomer_to_an_idle_room_gets_the_next_message(harness: Harness, wire: type[PushedWire]) -> None:
    ada = harness.reader("ada")
    eve = harness.reader("eve", wire=wire)
    ada.ask(Say("hi eve"))
    harness.turn()
    eve.flush_transport()
    assert eve.lines() == ["<ada> hi eve"]


def test_a_leaver_gets_the_events_until_then_and_none_after(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.ask(Join("den"))
    harness.turn()
    bob.lines()
    ada.ask(Say("before"))
    bob.ask(Leave("lobby"))
    ada.ask(Say("after"))
    harness.turn()
    assert bob.lines() == ["#lobby <ada> before", "-- You have left #lobby. You are now talking in #den."]


def test_a_leaver_who_is_behind_gets_the_events_until_then(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.kernel.space = 3
    for text in ("one", "two", "three"):
        ada.ask(Say(text))
        harness.turn()
    bob.ask(Leave("lobby"))
    ada.ask(Say("after"))
    harness.turn()
    bob.flush_transport()
    assert bob.lines() == ["<ada> one", "<ada> two", "<ada> three", "-- You have left #lobby. You are not in any room now."]


def test_a_change_of_nick_is_sent_once_in_order(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ada.ask(Say("one"), Nick("eve"), Say("two"))
    harness.turn()
    assert bob.lines() == ["<ada> one", "-- ada is now known as eve", "<eve> two"]


def test_messages_of_ignored_people_are_not_sent(harness: Harness) -> None:
    ada, bob, eve = (harness.reader(nick) for nick in ("ada", "bob", "eve"))
    bob.ask(Ignore("ada"))
    harness.turn()
    bob.lines(), eve.lines()
    ada.ask(Say("one"))
    eve.ask(Say("two"))
    bob.ask(Say("three"))
    harness.turn()
    assert bob.lines() == ["<eve> two"]
    assert eve.lines() == ["<ada> one", "<bob> three"]
    bob.ask(Unignore("ada"))
    ada.ask(Say("four"))
    harness.turn()
    assert bob.lines() == ["-- You ignore nobody.", "<ada> four"]


@pytest.mark.parametrize("space", [1 << 40, 0])
def test_the_last_words_of_ignored_people_are_not_sent(harness: Harness, space: int) -> None:
    ada, bob, eve = (harness.reader(nick) for nick in ("ada", "bob", "eve"))
    bob.ask(Ignore("ada"))
    harness.turn()
    bob.lines(), eve.lines()
    bob.kernel.space = space
    ada.ask(Nick("ada2"), Say("one"), Topic("mine"), Quit("hear me"))
    harness.turn()
    bob.flush_transport()
    assert bob.lines() == ["-- ada is now known as ada2", "-- ada2 has left #lobby (quit)"]
    assert eve.lines()[-1] == "-- ada2 has left #lobby (quit: hear me)"


def test_ignoring_holds_in_rooms_entered_later(harness: Harness) -> None:
    ada, bob = harness.reader("ada", "den"), harness.reader("bob")
    bob.ask(Ignore("ada"), Join("den"))
    harness.turn()
    bob.lines()
    ada.ask(Say("one"))
    harness.turn()
    assert bob.lines() == []


def test_following_from_a_later_number_sends_only_events_from_there(harness: Harness) -> None:
    ada, bob = harness.reader("ada", "den"), harness.reader("bob")
    den = harness.registry.rooms.find("den")
    bob.outlet.follow(den, den.log.end + 2)
    for text in ("one", "two", "three", "four"):
        ada.ask(Say(text))
        harness.turn()
    assert bob.lines() == ["#den <ada> three", "#den <ada> four"]


def test_ignoring_holds_for_a_reader_who_is_behind(harness: Harness) -> None:
    ada, bob, eve = (harness.reader(nick) for nick in ("ada", "bob", "eve"))
    bob.ask(Ignore("ada"))
    harness.turn()
    bob.lines()
    bob.kernel.space = 0
    for reader, text in ((eve, "one"), (ada, "two"), (eve, "three")):
        reader.ask(Say(text))
        harness.turn()
    bob.flush_transport()
    assert bob.lines() == ["<eve> one", "<eve> three"]


@pytest.mark.parametrize("room", [1 << 40, 5])
def test_messages_in_other_rooms_begin_with_the_room(harness: Harness, room: int) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ada.ask(Join("den"))
    bob.ask(Join("den"))
    harness.turn()
    bob.lines()
    bob.kernel.space = room
    ada.ask(Say("one", room="lobby"), Say("two", room="den"))
    harness.turn()
    bob.flush_transport()
    assert sorted(bob.lines()) == ["#lobby <ada> one", "<ada> two"]
    bob.kernel.space = room
    bob.ask(Join("lobby"))
    ada.ask(Say("three", room="lobby"), Say("four", room="den"))
    harness.turn()
    bob.flush_transport()
    assert sorted(bob.lines()) == ["#den <ada> four", "-- You are now talking in #lobby.", "<ada> three"]


def test_changing_the_current_room_within_a_turn_loses_and_repeats_nothing(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.ask(Join("den"))
    harness.turn()
    bob.lines()
    texts = [f"{number}" for number in range(20)]
    for number, text in enumerate(texts):
        ada.ask(Say(text))
        if number % 2:
            bob.ask(Join("lobby" if number % 4 == 1 else "den"))
    harness.turn()
    bob.flush_transport()
    assert [line.rpartition("> ")[2] for line in bob.lines() if "<ada>" in line] == texts


def test_a_turn_with_more_events_than_the_log_holds_is_reported_to_everybody(clock: Clock) -> None:
    harness = Harness(clock, log_events=5)
    ada, bob, eve = harness.reader("ada"), harness.reader("bob"), harness.reader("eve", "den")
    bob.lines()
    eve.ask(Join("lobby"))
    ada.ask(*(Say(f"{number}") for number in range(20)))
    harness.turn()
    bob.flush_transport()
    eve.flush_transport()
    last = [f"<ada> {text}" for text in held_texts(ada)]
    assert 0 < len(last) <= 5
    missed = "-- You have missed {} events in #lobby: your connection did not keep up."
    assert bob.lines() == [missed.format(21 - len(last)), *last]  # Her twenty messages, and that eve has joined.
    assert eve.lines()[-len(last) - 1 :] == [missed.format(20 - len(last)), *last]


def test_a_broken_reader_does_not_stop_the_others(harness: Harness) -> None:
    ada, bob, eve, joe = (harness.reader(nick) for nick in ("ada", "bob", "eve", "joe"))
    joe.lines(), eve.lines()
    bob.kernel.broken = True
    ada.ask(Say("one"))
    harness.turn()
    ada.ask(Say("two"))
    harness.turn()
    assert eve.lines() == joe.lines() == ["<ada> one", "<ada> two"]
    bob.wire.can_write()
    assert bob.wire.lost is not None


def test_a_reader_who_is_behind_gets_one_batch_at_a_time(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.kernel.space = 0
    ada.ask(*(Say("x" * 1000) for _ in range(100)))
    harness.turn()
    bob.kernel.space = 1
    while len(bob.kernel.taken) < 90_000:
        bob.wire.can_write()
        assert bob.held <= BATCH_BYTES + 1100
        bob.kernel.space = 3000
    bob.flush_transport()
    assert bob.lines() == ["<ada> " + "x" * 1000] * 100


def test_the_cache_of_encoded_events_is_bounded(clock: Clock) -> None:
    harness = Harness(clock, log_events=5)
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.kernel.space = 0
    for number in range(LOG_PAGE_EVENTS * 2):
        ada.ask(Say(f"{number}"))
        harness.turn()
    feed = harness.fanout.feed(harness.registry.rooms.find("lobby"), harness.text, TextView.CURRENT_ROOM)
    assert len(feed._encoded) <= LOG_PAGE_EVENTS + 5
    bob.flush_transport()
    ada.ask(Say("and on"))
    harness.turn()
    assert bob.lines()[-1] == "<ada> and on"
    assert not feed._encoded


# -- Views and talks -------------------------------------------------------------------------------


def test_an_event_is_encoded_once_per_view(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, *_ = (harness.reader(nick, "den", "lobby") for nick in ("ada", "bob"))
    for nick in ("eve", "joe"):
        harness.reader(nick, "lobby", "den")
    encoded: Counter[View] = Counter()
    encode = harness.text.encode

    def count(event: Event, view: View) -> bytes:
        encoded[view] += 1
        return encode(event, view)

    monkeypatch.setattr(harness.text, "encode", count)
    ada.ask(Say("hi"))
    harness.turn()
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
    harness = Harness(clock, log_events=5)
    codec = CountingCodec(lambda: 0)
    ada, bob, eve = harness.reader("ada"), harness.reader("bob", codec=codec), harness.reader("eve", codec=codec)
    eve.ask(Ping())
    harness.turn()
    for reader in (bob, eve):
        reader.lines()
        reader.kernel.space = 0
    for number in range(20):
        ada.ask(Say(f"{number}"))
        harness.turn()
    for reader, answers in ((bob, 3), (eve, 4)):
        reader.flush_transport()
        [missed] = [line for line in reader.lines() if "missed" in line]
        assert missed.startswith(f"{answers} -- You have missed ")


def test_readers_of_one_codec_get_their_own_view(harness: Harness) -> None:
    codec = CountingCodec(lambda: 0)
    bob, eve = harness.reader("bob", codec=codec), harness.reader("eve", codec=codec)
    for reader, view in ((bob, TextView.OTHER_ROOM), (eve, TextView.CURRENT_ROOM)):
        assert isinstance(reader.outlet.talk, CountingTalk)
        reader.outlet.talk.shown = view
        reader.outlet.turn_to(reader.session.current)
    bob.lines(), eve.lines()
    harness.reader("ada").ask(Say("hi"))
    harness.turn()
    assert bob.lines()[-1] == "#lobby <ada> hi"
    assert eve.lines()[-1] == "<ada> hi"
