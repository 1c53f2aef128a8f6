"""The outlet: one order, whole lines, and bounded memory, however little the other side takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.core.commands import Help, Join, Leave, Msg, Ping, Quit, Say
from chatd.core.events import Event, Pong, Reason
from chatd.core.limits import BATCH_BYTES, INBOX_BYTES, STALL_SECONDS
from chatd.core.memory import MemoryLog
from chatd.core.presence import depart
from tests.wires import Harness, OutletReader, PushedWire, SocketWire, beginning_with, held_texts

WIRES = pytest.mark.parametrize("wire", [SocketWire, PushedWire])


@pytest.fixture
def harness(clock: Clock) -> Harness:
    return Harness(clock)


# -- Live ------------------------------------------------------------------------------------------


def test_a_live_reader_with_a_socket_is_written_to_past_the_transport(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    before = bob.wire.written
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.lines() == ["<ada> hi"]
    assert bob.wire.written == before


def test_a_reader_without_a_socket_is_written_to_by_the_transport_alone(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=PushedWire)
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.lines() == []
    bob.wire.can_write()
    assert bob.lines() == ["<ada> hi"]


@WIRES
def test_answers_of_a_turn_travel_in_one_chunk_before_its_news(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    ada.ask(Say("news"))
    bob.ask(Ping(), Ping())
    bob.kernel.offered.clear()
    harness.turn()
    bob.flush_transport()
    assert bob.lines() == ["-- pong", "-- pong", "<ada> news"]
    assert bob.kernel.offered[0].startswith(b"-- pong\r\n-- pong\r\n")


@WIRES
def test_who_is_gone_and_not_yet_out_of_the_room_waits_for_nothing(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.broken = True
    bob.outlet.lost()
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.outlet not in harness.fanout.behind
    bob.outlet.unfollow(harness.registry.rooms.find("lobby"), 99)
    ada.ask(Say("again"))
    harness.turn()
    assert bob.outlet not in harness.fanout.behind


def test_who_was_behind_when_they_went_leaves_one_room_after_the_other(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", "lobby", "dev")
    bob.ask(Join("lobby"))
    harness.turn()
    bob.kernel.space = 0
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.outlet in harness.fanout.behind
    bob.outlet.lost()
    depart(harness.registry, bob.outlet.session, Reason.LINK_LOST)
    harness.turn()
    assert bob.outlet not in harness.fanout.behind


# -- Behind ----------------------------------------------------------------------------------------


@WIRES
def test_seven_bytes_at_a_time(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob, eve = harness.reader("ada"), harness.reader("bob", wire=wire), harness.reader("eve")
    bob.flush_transport()
    bob.lines(), eve.lines()
    bob.kernel.most = 7
    for number in range(50):
        ada.ask(Say(f"number {number}"))
        harness.turn()
        bob.wire.can_write()
    for _ in range(10_000):
        bob.wire.can_write()
    assert bob.read() == eve.read() == "".join(f"<ada> number {number}\r\n" for number in range(50))
    ada.ask(Say("short"))
    bob.kernel.most = 1 << 40
    harness.turn()
    assert bob.kernel.offered[-1] == b"<ada> short\r\n" or wire is PushedWire
    assert bob.outlet not in harness.fanout.behind


@WIRES
def test_one_who_takes_nothing_holds_one_line_at_most(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob, eve = harness.reader("ada"), harness.reader("bob", wire=wire), harness.reader("eve")
    bob.flush_transport()
    bob.lines(), eve.lines()
    bob.kernel.space = 100
    for number in range(900):
        ada.ask(Say(f"{number} " + "x" * 1000))
        harness.turn()
    assert len(eve.lines()) == 900
    # Twisted lets a transport without a socket hold 64 KiB before it says stop, and one chunk is on
    # top of that.
    bound = 1100 if wire is SocketWire else (1 << 16) + BATCH_BYTES + 2200
    assert bob.held + len(bob.outlet._rest) <= bound
    bob.flush_transport()
    assert bob.lines() == [f"<ada> {number} " + "x" * 1000 for number in range(900)]


@WIRES
def test_who_is_left_behind_by_the_log_is_told_what_was_missed(clock: Clock, wire: type[PushedWire]) -> None:
    harness = Harness(clock, log_events=10)
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    text = "x" * 70_000  # More than any transport takes on trust.
    bob.kernel.space = 10
    ada.ask(Say(text), Say(text))
    harness.turn()
    for number in range(100):
        ada.ask(Say(f"{number}"))
        harness.turn()
    bob.flush_transport()
    lines = bob.lines()
    whole = 1 if wire is SocketWire else 2  # A transport without a socket takes a whole chunk, or nothing.
    kept = held_texts(ada)
    assert len(kept) <= 10
    assert lines[:whole] == [f"<ada> {text}"] * whole
    assert lines[whole] == f"-- You have missed {102 - whole - len(kept)} events in #lobby: your connection did not keep up."
    assert lines[whole + 1 :] == [f"<ada> {text}" for text in kept]
    ada.ask(Say("and on"))
    harness.turn()
    bob.flush_transport()
    assert bob.lines() == ["<ada> and on"]


Step = tuple[str, int]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["say", "long", "tell", "turn", "own"]), st.integers(0, 2)),
        st.tuples(st.sampled_from(["room", "write", "most"]), st.integers(0, 60)),
        st.tuples(st.sampled_from(["join", "leave"]), st.just(0)),
    ),
    max_size=80,
)


@given(STEPS, st.sampled_from([SocketWire, PushedWire]))
def test_whatever_is_taken_when_nothing_is_lost_doubled_cut_or_out_of_order(steps: list[Step], wire: type[PushedWire]) -> None:
    harness = Harness(Clock())
    ada, bob, eve = harness.reader("ada"), harness.reader("bob", wire=wire), harness.reader("eve")
    ada.ask(Join("den"))
    harness.turn()
    bob.lines(), eve.lines()
    said = 0

    def text() -> str:
        nonlocal said
        said += 1
        return f"text {said}."

    for step, number in steps:
        match step:
            case "say":
                ada.ask(Say(text(), room="lobby"))
            case "long":
                ada.ask(Say(text() + "y" * 40_000, room="lobby"))
            case "tell":
                ada.ask(Msg("bob", text()), Msg("eve", f"text {said}."))
            case "own":
                bob.ask(Say(f"own {said}", room="lobby") if bob.session.current else Ping())
            case "turn":
                harness.turn()
            case "room":
                bob.kernel.space = number * number * number
            case "most":
                bob.kernel.most = number + 1
            case "write":
                bob.wire.can_write()
            case "join":
                bob.ask(Join("den"))
                eve.ask(Join("den"))
            case "leave":
                bob.ask(Leave("den"))
                eve.ask(Leave("den"))
    harness.turn()
    bob.flush_transport()
    # Who is behind sees the room's name by what is their current room when they read it.
    bob_lines, eve_lines = ([line.removeprefix("#lobby ") for line in reader.lines()] for reader in (bob, eve))
    for kind in ("<ada>", "[ada]"):
        assert beginning_with(bob_lines, kind) == beginning_with(eve_lines, kind)
    # Of what is said, everything came in its place: what comes to each alone may come earlier or
    # later than that.
    assert set(beginning_with(bob_lines, "<ada>", "[ada]")) == set(beginning_with(eve_lines, "<ada>", "[ada]"))
    assert bob.outlet not in harness.fanout.behind


@pytest.mark.parametrize("room", [1 << 40, 0])
@WIRES
def test_whoever_follows_a_room_from_an_older_number_is_sent_what_was_since(
    harness: Harness, wire: type[PushedWire], room: int
) -> None:
    ada, bob = harness.reader("ada", "lobby", "den"), harness.reader("bob", wire=wire)
    den = harness.registry.rooms.find("den")
    first = den.log.end
    bob.kernel.space = room
    ada.ask(Say("x" * 100_000, room="lobby"), Say("one"), Say("two"))
    harness.turn()
    bob.outlet.follow(den, first)
    ada.ask(Say("three"))
    harness.turn()
    bob.flush_transport()
    assert bob.lines()[1:] == [f"#den <ada> {text}" for text in ("one", "two", "three")]
    assert bob.outlet not in harness.fanout.behind


@WIRES
def test_whoever_is_behind_in_several_rooms_is_sent_them_all(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada", "lobby", "den"), harness.reader("bob", "lobby", "den", wire=wire)
    bob.kernel.space = 0
    texts = [f"{number} " + "x" * 50_000 for number in range(4)]
    for text in texts:
        ada.ask(Say(text, room="lobby"), Say(text, room="den"))
        harness.turn()
    bob.flush_transport()
    lines = bob.lines()
    assert beginning_with(lines, "#lobby ") == [f"#lobby <ada> {text}" for text in texts]
    assert beginning_with(lines, "<ada> ") == [f"<ada> {text}" for text in texts]
    assert bob.outlet not in harness.fanout.behind


# -- Loading ---------------------------------------------------------------------------------------


class LateLog(MemoryLog):
    """Has the events before number ``held`` in no memory until they are loaded, which is when the
    test says so."""

    held = 1

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.loading: list[Callable[[bool], object]] = []

    def read(self, start: int, stop: int) -> Sequence[Event]:
        return [] if start < min(stop, self.held) else super().read(start, stop)

    def load(self, start: int, stop: int, on_loaded: Callable[[bool], object]) -> None:
        self.loading.append(on_loaded)


@pytest.fixture
def late(clock: Clock) -> Harness:
    return Harness(clock, make_log=LateLog)


def log_of(harness: Harness) -> LateLog:
    log = harness.registry.rooms.find("lobby").log
    assert isinstance(log, LateLog)
    return log


def leave_memory(harness: Harness, ada: OutletReader, bob: OutletReader) -> LateLog:
    """Let bob be behind, and what ada says meanwhile be in no memory when bob comes to it."""
    bob.kernel.space = 0
    ada.ask(Say("x" * 100_000), Say("x" * 100_000))
    harness.turn()
    for number in range(3):
        ada.ask(Say(f"{number}"))
        harness.turn()
    log = log_of(harness)
    log.held = log.end
    bob.flush_transport()
    bob.lines()
    assert log.loading
    return log


@WIRES
def test_what_is_not_in_memory_is_loaded_once_and_answers_do_not_wait_for_it(late: Harness, wire: type[PushedWire]) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    log = leave_memory(late, ada, bob)
    bob.ask(Ping())
    ada.ask(Say("meanwhile"))
    late.turn()
    bob.flush_transport()
    assert bob.lines() == ["-- pong"]
    assert len(log.loading) == 1
    log.held = 1
    log.loading.pop()(True)
    bob.flush_transport()
    assert bob.lines()[-4:] == ["<ada> 0", "<ada> 1", "<ada> 2", "<ada> meanwhile"]
    assert bob.outlet not in late.fanout.behind
    assert not log.loading


@WIRES
def test_what_cannot_be_loaded_ends_the_connection(late: Harness, wire: type[PushedWire]) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    leave_memory(late, ada, bob).loading.pop()(False)
    assert (bob.ended, bob.wire.aborted) == (Reason.LINK_LOST, True)


@pytest.mark.parametrize("there", [True, False])
@WIRES
def test_what_is_loaded_for_one_who_is_gone_is_not_sent(late: Harness, wire: type[PushedWire], there: bool) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    log = leave_memory(late, ada, bob)
    bob.lose_link()
    written = bob.wire.written
    log.held = 1
    log.loading.pop()(there)
    late.turn()
    assert (bob.wire.written, bob.wire.aborted) == (written, False)


@WIRES
def test_what_is_loaded_for_one_who_quits_is_not_waited_for(late: Harness, wire: type[PushedWire]) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    log = leave_memory(late, ada, bob)
    bob.ask(Quit())
    late.turn()
    bob.flush_transport()
    assert bob.lines() == ["-- Goodbye."]
    log.held = 1
    log.loading.pop()(True)
    bob.wire.can_write()
    assert bob.lines() == []
    assert bob.wire.lost is not None


# -- Bounds ----------------------------------------------------------------------------------------


@WIRES
def test_what_waits_for_one_person_alone_is_bounded(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    refused = 0
    for _ in range(1000):
        ada.ask(Msg("bob", "x" * 1000))
        harness.turn()
        refused += len(beginning_with(ada.lines(), "!! bob is not reading"))
    assert 0 < refused < 1000
    assert bob.outlet.congested
    assert not bob.outlet.tell(Pong())
    bob.flush_transport()
    assert len(beginning_with(bob.lines(), "[ada] ")) == 1000 - refused
    assert (1000 - refused) * 1000 <= INBOX_BYTES + (1 << 16) + BATCH_BYTES
    assert not bob.outlet.congested
    assert bob.outlet.tell(Pong())
    harness.turn()


@WIRES
def test_the_owner_is_told_when_all_is_taken(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    bob.ask(*[Help()] * 200)
    assert bob.outlet.congested
    drains = bob.drains
    harness.turn()
    if wire is SocketWire:
        bob.wire.can_write()
        assert bob.drains == drains
    bob.flush_transport()
    assert bob.drains > drains
    assert not bob.outlet.congested


@WIRES
def test_who_takes_nothing_is_stalled_after_a_while_and_who_takes_a_little_is_not(
    harness: Harness, clock: Clock, wire: type[PushedWire]
) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = 5
    ada.ask(Say("x" * 100_000), Say("x" * 100_000))
    harness.turn()
    ada.ask(Say("more"))
    harness.turn()
    assert [*harness.fanout.behind] == [bob.outlet]
    assert not bob.outlet.is_stalled(clock.seconds())
    clock.advance(STALL_SECONDS - 1)
    assert not bob.outlet.is_stalled(clock.seconds())
    clock.advance(1)
    assert bob.outlet.is_stalled(clock.seconds())
    bob.flush_transport()
    ada.ask(Say("x" * 200_000), Say("and more"))
    bob.kernel.space = 0
    harness.turn()
    assert not bob.outlet.is_stalled(clock.seconds())
    clock.advance(STALL_SECONDS)
    assert bob.outlet.is_stalled(clock.seconds())


# -- The end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [1 << 40, 0, 3])
@WIRES
def test_what_is_queued_is_sent_before_the_end(harness: Harness, wire: type[PushedWire], room: int) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = room
    ada.ask(Say("one"))
    harness.turn()
    ada.ask(Say("two"))
    bob.ask(Quit())
    ada.ask(Say("three"))
    harness.turn()
    bob.flush_transport()
    bob.wire.can_write()
    assert bob.lines() == ["<ada> one", "<ada> two", "-- Goodbye."]
    assert bob.ended is Reason.QUIT
    assert bob.wire.disconnecting or bob.wire.lost is not None


@pytest.mark.parametrize("room", [1 << 40, 0])
@WIRES
def test_what_is_closed_in_a_room_gets_what_happened_until_then_and_nothing_after(
    harness: Harness, wire: type[PushedWire], room: int
) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = room
    ada.ask(Say("one"))
    harness.turn()
    ada.ask(Say("two"))
    bob.outlet.close(Reason.SHUTDOWN)
    ada.ask(Say("three"))
    bob.outlet.follow(harness.registry.rooms.find("lobby"), 1)
    assert bob.outlet not in harness.fanout.behind
    assert bob.outlet.tell(Pong())  # Until everything is written.
    harness.turn()
    bob.flush_transport()
    bob.wire.can_write()
    assert bob.lines() == ["<ada> one", "<ada> two", "-- pong"]
    assert bob.ended is Reason.SHUTDOWN
    assert bob.wire.lost is not None


@WIRES
def test_what_is_closed_takes_nothing_more(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)
    lobby = harness.registry.rooms.find("lobby")
    bob.ask(Quit())
    harness.turn()
    bob.flush_transport()
    bob.lines()
    drains, bob.ended = bob.drains, None
    assert not bob.outlet.tell(Pong())
    bob.outlet.put(b"more")
    bob.outlet.follow(lobby, 1)
    bob.outlet.unfollow(lobby, 99)
    bob.outlet.hold()
    bob.outlet.release()
    bob.outlet.close(Reason.SHUTDOWN)
    harness.fanout.flush_soon(bob.outlet)
    harness.turn()
    bob.flush_transport()
    assert (bob.lines(), bob.drains, bob.ended) == ([], drains, None)


@WIRES
def test_after_the_link_is_lost_nothing_is_sent_or_held(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    ada.ask(Say("one"), Msg("bob", "psst"))
    harness.turn()
    bob.kernel.offered.clear()
    written = bob.wire.written
    bob.lose_link()
    ada.ask(Say("two"))
    harness.turn()
    assert not bob.outlet.tell(Pong())
    assert (bob.kernel.offered, bob.wire.written) == ([], written)
    assert bob.outlet not in harness.fanout.behind


def test_a_broken_pipe_is_found_out_by_the_transport(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.kernel.broken = True
    ada.ask(Say("one"))
    harness.turn()
    assert bob.wire.lost is None
    bob.wire.can_write()
    assert bob.wire.lost is not None


def test_let_go_is_at_once(harness: Harness) -> None:
    bob = harness.reader("bob")
    bob.outlet.abort(Reason.NOT_READING)
    assert (bob.ended, bob.wire.aborted) == (Reason.NOT_READING, True)


@pytest.mark.parametrize(("codec", "line"), [("json", '{"type":"pong"}'), ("text", "-- pong")])
def test_it_uses_another_talk_while_no_room_is_followed(harness: Harness, codec: str, line: str) -> None:
    bob = OutletReader(harness, SocketWire, harness.text)
    talk = getattr(harness, codec).talk()
    bob.outlet.use_talk(talk)
    bob.outlet.tell(Pong())
    harness.turn()
    assert bob.lines() == [line]
    assert bob.outlet.acknowledges is talk.codec.acknowledges
