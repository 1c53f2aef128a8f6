"""The outlet: one order, complete lines, and bounded memory, however slowly the other side
reads."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure

from chatd.core.answers import Pong
from chatd.core.commands import Back, Hello, Help, Join, Leave, Msg, Ping, Quit, Say
from chatd.core.events import Event, Reason
from chatd.core.limits import ANSWER_BYTES, BATCH_BYTES, INBOX_BYTES, PRIVATE_BYTES, SENDER_BYTES, STALL_SECONDS
from chatd.core.memory import MemoryLog
from chatd.core.presence import depart
from tests.wires import Harness, NoReactor, OutletReader, PushedWire, SocketWire, beginning_with, held_texts

WIRES = pytest.mark.parametrize("wire", [SocketWire, PushedWire])


@pytest.fixture
def harness(clock: Clock) -> Harness:
    return Harness(clock)


# -- Live ------------------------------------------------------------------------------------------


def test_a_live_reader_with_a_socket_is_written_to_directly(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    before = bob.wire.written
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.lines() == ["<ada> hi"]
    assert bob.wire.written == before


def test_a_reader_without_a_socket_is_written_to_through_the_transport(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=PushedWire)
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.lines() == []
    bob.wire.can_write()
    assert bob.lines() == ["<ada> hi"]


@WIRES
def test_the_answers_of_a_turn_are_one_chunk_before_its_news(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    ada.ask(Say("news"))
    bob.ask(Back(), Back())
    bob.kernel.offered.clear()
    harness.turn()
    bob.flush_transport()
    refused = "!! You are not away. /away marks you as away."
    assert bob.lines() == [refused, refused, "<ada> news"]
    assert bob.kernel.offered[0].startswith(f"{refused}\r\n{refused}\r\n".encode())


def test_a_ping_is_answered_after_all_news(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    ada.ask(Say("news"))
    bob.ask(Ping())
    harness.turn()
    assert bob.lines() == ["<ada> news", "-- pong"]
    bob.ask(Ping())
    harness.turn()
    assert bob.lines() == ["-- pong"]


@WIRES
def test_a_lost_reader_waits_for_nothing(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.broken = True
    bob.outlet.lost()
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.outlet not in harness.fanout.behind
    room = harness.registry.rooms.find("lobby")
    bob.outlet.unfollow(room, room.log.end)
    ada.ask(Say("again"))
    harness.turn()
    assert bob.outlet not in harness.fanout.behind


def test_a_lost_reader_who_was_behind_leaves_every_room(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", "lobby", "dev")
    bob.ask(Join("lobby"))
    harness.turn()
    bob.kernel.space = 0
    ada.ask(Say("hi"))
    harness.turn()
    assert bob.outlet in harness.fanout.behind
    session = bob.outlet.session
    bob.outlet.lost()
    depart(harness.registry, session, Reason.LINK_LOST)
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
def test_a_stalled_reader_holds_one_line_at_most(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob, eve = harness.reader("ada"), harness.reader("bob", wire=wire), harness.reader("eve")
    bob.flush_transport()
    bob.lines(), eve.lines()
    bob.kernel.space = 100
    for number in range(900):
        ada.ask(Say(f"{number} " + "x" * 1000))
        harness.turn()
    assert len(eve.lines()) == 900
    # Twisted lets a transport without a socket hold 64 KiB before it pauses its producer, and one
    # chunk is added to that.
    bound = 1100 if wire is SocketWire else (1 << 16) + BATCH_BYTES + 2200
    assert bob.held + len(bob.outlet._rest) <= bound
    bob.flush_transport()
    assert bob.lines() == [f"<ada> {number} " + "x" * 1000 for number in range(900)]


@WIRES
def test_a_reader_behind_the_log_is_told_what_they_missed(clock: Clock, wire: type[PushedWire]) -> None:
    harness = Harness(clock, log_events=10)
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    text = "x" * 70_000  # More than any transport buffers.
    bob.kernel.space = 10
    ada.ask(Say(text), Say(text))
    harness.turn()
    for number in range(100):
        ada.ask(Say(f"{number}"))
        harness.turn()
    bob.flush_transport()
    lines = bob.lines()
    whole = 1 if wire is SocketWire else 2  # A transport without a socket takes a complete chunk, or nothing.
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
def test_any_rate_of_reading_loses_repeats_cuts_and_reorders_nothing(steps: list[Step], wire: type[PushedWire]) -> None:
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
    # A reader who is behind gets the view of their current room at the time of reading.
    bob_lines, eve_lines = ([line.removeprefix("#lobby ") for line in reader.lines()] for reader in (bob, eve))
    for kind in ("<ada>", "[ada]"):
        assert beginning_with(bob_lines, kind) == beginning_with(eve_lines, kind)
    # All messages in rooms arrived, in order; answers to one person may arrive earlier or later
    # than those.
    assert set(beginning_with(bob_lines, "<ada>", "[ada]")) == set(beginning_with(eve_lines, "<ada>", "[ada]"))
    assert bob.outlet not in harness.fanout.behind


@pytest.mark.parametrize("room", [1 << 40, 0])
@WIRES
def test_following_from_an_older_number_sends_the_events_since(harness: Harness, wire: type[PushedWire], room: int) -> None:
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
def test_a_reader_behind_in_several_rooms_gets_them_all(harness: Harness, wire: type[PushedWire]) -> None:
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
    """Holds the events before number ``held`` in memory only after they are loaded, which the test
    decides."""

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
    """Let bob fall behind, and let the messages that ada sends meanwhile not be in memory when bob
    gets to them."""
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


def test_who_quits_misses_what_left_memory_in_the_same_turn(late: Harness) -> None:
    ada, bob = late.reader("ada"), late.reader("bob")
    ada.ask(Say("one"), Say("two"))
    log_of(late).held = log_of(late).end
    bob.ask(Quit())
    late.turn()
    assert bob.lines() == ["-- You have missed 2 events in #lobby: your connection did not keep up.", "-- Goodbye."]


@WIRES
def test_events_not_in_memory_are_loaded_once_and_delay_no_answers(late: Harness, wire: type[PushedWire]) -> None:
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
def test_events_that_cannot_be_loaded_end_the_connection(late: Harness, wire: type[PushedWire]) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    leave_memory(late, ada, bob).loading.pop()(False)
    assert (bob.ended, bob.wire.aborted) == (Reason.LINK_LOST, True)


@pytest.mark.parametrize("there", [True, False])
@WIRES
def test_events_loaded_for_a_lost_reader_are_not_sent(late: Harness, wire: type[PushedWire], there: bool) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    log = leave_memory(late, ada, bob)
    bob.lose_link()
    written = bob.wire.written
    log.held = 1
    log.loading.pop()(there)
    late.turn()
    assert (bob.wire.written, bob.wire.aborted) == (written, False)


@WIRES
def test_who_leaves_a_room_far_behind_is_told_what_they_missed(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", "lobby", "dev", wire=wire)
    bob.flush_transport()
    bob.lines()
    bob.kernel.space = 0
    for _ in range(40):
        ada.ask(Say("x" * (BATCH_BYTES // 4)))
        harness.turn()
    bob.ask(Leave("lobby"))
    bob.flush_transport()
    harness.turn()
    lines = bob.lines()
    received = len(beginning_with(lines, "#lobby <ada>"))
    assert 0 < received < 40
    missed = f"-- You have missed {40 - received} events in #lobby: your connection did not keep up."
    assert lines[received:] == [missed, "-- You have left #lobby. You are now talking in #dev."]


@WIRES
def test_quitting_does_not_wait_for_loading(late: Harness, wire: type[PushedWire]) -> None:
    ada, bob = late.reader("ada"), late.reader("bob", wire=wire)
    log = leave_memory(late, ada, bob)
    bob.ask(Quit())
    late.turn()
    bob.flush_transport()
    missed, goodbye = bob.lines()
    assert missed.startswith("-- You have missed ")
    assert goodbye == "-- Goodbye."
    log.held = 1
    log.loading.pop()(True)
    bob.wire.can_write()
    assert bob.lines() == []
    assert bob.wire.lost is not None


# -- Bounds ----------------------------------------------------------------------------------------


@WIRES
def test_the_inbox_is_bounded(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    refused = 0
    for _ in range(1000):
        ada.ask(Msg("bob", "x" * 1000))
        harness.turn()
        refused += len(beginning_with(ada.lines(), "!! bob is not reading"))
    assert 0 < refused < 1000
    assert not bob.outlet.congested
    bob.flush_transport()
    assert len(beginning_with(bob.lines(), "[ada] ")) == 1000 - refused
    assert (1000 - refused) * 1000 <= SENDER_BYTES + (1 << 16) + BATCH_BYTES
    ada.ask(Msg("bob", "again"))
    harness.turn()
    bob.flush_transport()
    assert bob.lines() == ["[ada] again"]


@WIRES
def test_one_sender_leaves_room_for_others_and_all_for_answers(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)
    senders = [harness.reader(f"s{number}", address=f"192.0.2.{number}") for number in range(12)]
    bob.kernel.space = 0
    bob.outlet.put(b"x" * (1 << 17))
    harness.turn()
    for sender in senders:
        sender.ask(*[Msg("bob", "y" * 4000)] * 10)
    harness.turn()
    delivered = [len(beginning_with(sender.lines(), "-- Sent to bob.")) for sender in senders]
    assert sum(delivered) * 4000 <= PRIVATE_BYTES
    assert delivered[:8] == [3] * 8
    assert not bob.outlet.congested
    bob.ask(Ping())
    harness.turn()
    bob.flush_transport()
    assert "x-- pong" in bob.read()


@WIRES
def test_a_session_that_reads_no_answer_ends(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    bob.outlet.put(b"x" * (1 << 17))
    harness.turn()
    for _ in range(INBOX_BYTES // len("-- pong\r\n") + 2):
        bob.outlet.tell(Pong())
    assert bob.ended is Reason.NOT_READING
    assert bob.wire.aborted
    assert bob.outlet._inbox_size <= INBOX_BYTES + 10
    harness.turn()


def test_what_is_owed_is_congestion_as_what_is_queued_is(harness: Harness) -> None:
    bob = harness.reader("bob")
    before = bob.drains
    for _ in range(INBOX_BYTES // 2 // ANSWER_BYTES + 1):
        assert not bob.outlet.congested
        bob.outlet.reserve(ANSWER_BYTES)
    assert bob.outlet.congested
    bob.outlet.release(ANSWER_BYTES)
    assert not bob.outlet.congested
    assert bob.drains == before + 1
    bob.outlet.release(ANSWER_BYTES)
    assert bob.drains == before + 1


def test_a_large_answer_waits_until_others_are_taken(harness: Harness) -> None:
    bob, taken = harness.reader("bob"), list[str]()
    bob.outlet.when_taken(lambda: taken.append("at once"))
    bob.outlet.put(b"x" * INBOX_BYTES)
    bob.outlet.when_taken(lambda: taken.append("when sent"))
    assert taken == ["at once"]
    harness.turn()
    assert taken == ["at once", "when sent"]
    bob.outlet.put(b"x" * INBOX_BYTES)
    bob.outlet.when_taken(lambda: taken.append("when lost"))
    bob.lose_link()
    assert taken == ["at once", "when sent", "when lost"]
    bob.outlet.when_taken(lambda: taken.append("after"))
    assert taken[-1] == "after"
    harness.turn()


@WIRES
def test_the_handler_is_told_when_the_outlet_has_drained(harness: Harness, wire: type[PushedWire]) -> None:
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
def test_only_a_reader_who_takes_nothing_is_stalled(harness: Harness, clock: Clock, wire: type[PushedWire]) -> None:
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
def test_queued_data_is_sent_before_the_connection_closes(harness: Harness, wire: type[PushedWire], room: int) -> None:
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


@pytest.mark.parametrize("room", [1 << 40, 20, 0])
@WIRES
def test_a_closing_outlet_sends_the_events_until_then_and_none_after(harness: Harness, wire: type[PushedWire], room: int) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = room
    ada.ask(Say("one"))
    harness.turn()
    ada.ask(Say("two"))
    bob.outlet.close(Reason.SHUTDOWN)
    ada.ask(Say("three"))
    bob.outlet.follow(harness.registry.rooms.find("lobby"), 1)
    assert bob.outlet not in harness.fanout.behind
    bob.outlet.tell(Pong())  # Until everything is written.
    harness.turn()
    bob.flush_transport()
    bob.wire.can_write()
    assert bob.lines() == ["<ada> one", "<ada> two", "-- pong"]
    assert bob.ended is Reason.SHUTDOWN
    assert bob.wire.lost is not None


@WIRES
def test_the_handler_is_told_when_the_connection_cannot_end_at_once(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    bob.ask(Quit())
    assert bob.lingers == 0
    harness.turn()
    assert bob.lingers > 0, "since the last answer is not taken, or the transport ends when it wants to"


def test_a_connection_ends_with_its_last_answer(harness: Harness) -> None:
    class Door(Protocol):
        def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
            bob.outlet.lost()

    here, there = socket.socketpair()
    reactor: Any = NoReactor()
    connection: Any = Connection(here, Door(), reactor)
    bob = OutletReader(harness, lambda kernel: connection, harness.text)
    bob.ask(Hello("bob"))
    bob.ask(Quit())
    harness.turn()
    with there:
        assert there.recv(1000).endswith(b"-- Goodbye.\r\n")
        assert there.recv(1) == b""
    assert bob.lingers == 0


def test_the_last_answers_are_sent_at_once_if_the_transport_takes_them(harness: Harness) -> None:
    bob = harness.reader("bob", wire=SocketWire)
    bob.ask(Quit())
    harness.turn()
    assert bob.lines() == ["-- Goodbye."]
    assert (bob.wire.producer, bob.wire.written, bob.wire.disconnecting) == (None, 0, True)


@WIRES
def test_what_is_answered_while_answers_are_sent_comes_before_the_end(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)

    def go_on() -> None:
        bob.outlet.tell(Pong())
        bob.ask(Quit())

    bob.outlet.put(b"x" * (INBOX_BYTES // 2) + b"\r\n")
    bob.outlet.when_taken(go_on)
    for _ in range(3):
        harness.turn()
        bob.flush_transport()
        bob.wire.can_write()
    assert bob.lines()[1:] == ["-- pong", "-- Goodbye."]
    assert bob.wire.disconnecting or bob.wire.lost is not None


@WIRES
def test_a_closed_outlet_accepts_nothing(harness: Harness, wire: type[PushedWire]) -> None:
    bob = harness.reader("bob", wire=wire)
    lobby = harness.registry.rooms.find("lobby")
    bob.ask(Quit())
    harness.turn()
    bob.flush_transport()
    bob.lines()
    bob.outlet.tell(Pong())
    assert (bob.outlet.sent(lobby), bob.outlet.taken(lobby)) == (0, 0)
    bob.outlet.put(b"more")
    bob.outlet.follow(lobby, 1)
    bob.outlet.unfollow(lobby, 99)
    bob.outlet.reserve(INBOX_BYTES)
    bob.outlet.release(INBOX_BYTES)
    bob.outlet.close(Reason.SHUTDOWN)
    harness.fanout.flush_soon(bob.outlet)
    harness.turn()
    bob.flush_transport()
    assert bob.lines() == []


@WIRES
def test_a_lost_outlet_sends_and_holds_nothing(harness: Harness, wire: type[PushedWire]) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob", wire=wire)
    bob.kernel.space = 0
    ada.ask(Say("one"), Msg("bob", "psst"))
    harness.turn()
    bob.kernel.offered.clear()
    written = bob.wire.written
    bob.lose_link()
    ada.ask(Say("two"))
    harness.turn()
    bob.outlet.tell(Pong())
    assert bob.outlet.sent(harness.registry.rooms.find("lobby")) == 0
    assert (bob.kernel.offered, bob.wire.written) == ([], written)
    assert bob.outlet not in harness.fanout.behind


def test_a_broken_pipe_is_left_to_the_transport(harness: Harness) -> None:
    ada, bob = harness.reader("ada"), harness.reader("bob")
    bob.kernel.broken = True
    ada.ask(Say("one"))
    harness.turn()
    assert bob.wire.lost is None
    bob.wire.can_write()
    assert bob.wire.lost is not None


def test_aborting_is_immediate(harness: Harness) -> None:
    bob = harness.reader("bob")
    bob.outlet.abort(Reason.NOT_READING)
    assert (bob.ended, bob.wire.aborted) == (Reason.NOT_READING, True)


@pytest.mark.parametrize(("codec", "line"), [("json", '{"type":"pong"}'), ("text", "-- pong")])
def test_the_talk_can_change_while_no_room_is_followed(harness: Harness, codec: str, line: str) -> None:
    bob = OutletReader(harness, SocketWire, harness.text)
    talk = getattr(harness, codec).talk()
    bob.outlet.use_talk(talk)
    bob.outlet.tell(Pong())
    harness.turn()
    assert bob.lines() == [line]
    assert bob.outlet.acknowledges_all == talk.codec.acknowledges_all
