"""The line door: lines, their limits, and how a connection ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, eventAsText
from twisted.python.failure import Failure

from chatd.codecs.text import TextTalk
from chatd.core.authenticator import NoAuthenticator, OnChecked
from chatd.core.driver import drive
from chatd.core.events import Reason
from chatd.core.limits import (
    ANSWER_BYTES,
    ANSWER_SECONDS,
    CLOSE_SECONDS,
    FLOOD_BURST,
    FLOOD_RATE,
    LAST_LINES_SECONDS,
    LINE_BYTES,
    LOGIN_SECONDS,
)
from chatd.core.log import Asker
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_nick
from chatd.core.registry import Settings
from chatd.core.text import safe_text, says_nothing
from chatd.doors.line import ChatFactory, ChatProtocol
from chatd.testing import InstantAuthenticator
from tests.core.late import LateStore
from tests.doors.wire import new_server

TCP_ADDRESS = IPv4Address("TCP", "192.0.2.7", 1234)


class Wire(StringTransport):
    """A transport that knows whether it was aborted."""

    aborting = False

    def abortConnection(self) -> None:
        self.aborting = True


class Line:
    """One connection, from the side of the caller."""

    def __init__(self, factory: ChatFactory, clock: Clock, address: IAddress = TCP_ADDRESS) -> None:
        self.clock = clock
        self.protocol: ChatProtocol = factory.buildProtocol(address)
        self.transport = Wire()  # type: ignore[no-untyped-call]
        self.protocol.makeConnection(self.transport)  # type: ignore[no-untyped-call]

    def send(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    def received(self) -> list[str]:
        """The lines received since the last call."""
        self.clock.advance(0)
        return self.raw().decode("utf-8", "backslashreplace").splitlines()

    def raw(self) -> bytes:
        """The same, as bytes."""
        value: bytes = self.transport.value()  # type: ignore[no-untyped-call]
        self.transport.clear()  # type: ignore[no-untyped-call]
        return value

    @property
    def producer(self) -> Any:
        """The producer, which the transport pauses and resumes."""
        return self.transport.producer

    def lose(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionLost()))


Connect = Callable[..., Line]


def new_factory(clock: Clock, settings: Settings | None = None) -> ChatFactory:
    return ChatFactory(new_server(clock, settings))


@pytest.fixture
def factory(clock: Clock) -> ChatFactory:
    return new_factory(clock)


@pytest.fixture
def connect(factory: ChatFactory, clock: Clock) -> Iterator[Connect]:
    """Makes connections. They are lost at the end of the test, and nothing may refer to them
    afterwards."""
    lines: list[Line] = []

    def connect(address: IAddress = TCP_ADDRESS) -> Line:
        lines.append(Line(factory, clock, address))
        return lines[-1]

    yield connect
    for line in lines:
        line.lose()
    clock.advance(LAST_LINES_SECONDS)
    assert factory.server.sessions == {}
    assert tuple(factory.registry.admission) == ()
    assert factory.server.fanout.behind == {}
    assert all(not room.members for room in factory.registry.rooms)


def named(line: Line, nick: str) -> Line:
    line.send(f"{nick}\n".encode())
    assert line.received()[0].startswith(f"-- Hello {nick}.")
    return line


# -- A refused nick --------------------------------------------------------------------------------


def test_a_script_whose_nick_is_refused_says_nothing(connect: Connect) -> None:
    """``(echo ada; echo deployed) | nc -N``: the lines and the end may come one by one."""
    ada, script = named(connect(), "ada"), connect()
    ada.received()
    script.send(b"ada\n")
    script.send(b"deployed\nto production")
    script.protocol.readConnectionLost()
    assert script.received() == [
        "!! ada is here already. Choose another nick.",
        "!! The lines behind it are not read. Connect again, and send only a nick until you see the answer.",
    ]
    assert script.transport.disconnecting
    assert ada.received() == []


def test_an_input_that_ends_after_a_refused_nick_says_goodbye(connect: Connect) -> None:
    script = connect()
    script.send(b"server\n")
    script.protocol.readConnectionLost()
    assert [line[:4] for line in script.received()] == ["!! s", "-- G"]


def test_somebody_whose_nick_is_refused_tries_another(connect: Connect) -> None:
    person = connect()
    person.send(b"server\n")
    person.send(b"ada\nhello\n")
    assert [line[:4] for line in person.received()] == ["!! s"]
    person.clock.advance(ANSWER_SECONDS)
    assert person.received()[0].startswith("-- Hello ada.")


def test_what_waits_after_a_refused_nick_is_bounded(connect: Connect) -> None:
    person = connect()
    person.send(b"server\n")
    for _ in range(LINE_BYTES // 64 + 1):
        person.send(b"x" * 63 + b"\n")
    assert person.received()[-1].startswith("!! The lines behind it are not read.")
    assert person.transport.disconnecting


def test_a_program_need_not_wait_after_a_refused_nick(clock: Clock) -> None:
    factory = ChatFactory(new_server(clock), accepts_json=True)
    program = Line(factory, clock)
    program.send(b"hello world\n")
    program.send(b'{"type": "hello", ')
    program.send(b'"nick": "ci"}\n')
    assert '"type":"welcome"' in program.received()[1]
    program.lose()
    clock.advance(1)


# -- Ctrl-D ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\x04", b"\x04\x04", b"\x04\r\n"])
def test_ctrl_d_in_place_of_a_line_ends_the_input(connect: Connect, data: bytes) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"hello\n")
    bob.send(data)
    assert bob.received() == ["-- Goodbye."]
    assert ada.received() == ["<bob> hello", "-- bob has left #lobby (quit)"]


def test_ctrl_d_ends_a_connection_without_a_nick(connect: Connect) -> None:
    person = connect()
    person.send(b"\x04")
    assert person.received() == ["-- Goodbye."]


def test_ctrl_d_within_a_line_is_nothing(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"hel\x04")
    bob.send(b"lo\x04\n")
    assert ada.received() == ["<bob> hello"]


# -- Talking ---------------------------------------------------------------------------------------


def test_a_message_may_begin_with_a_brace(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b'{"type":"ping"}\n')
    assert ada.received() == ['<bob> {"type":"ping"}']


def test_telnet_commands_are_answered_and_removed(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"half\xff\xf4\xff\xfd\x06 a line\r\n")
    bob.clock.advance(0)
    assert bob.raw() == b"\xff\xfd\x00\xff\xfc\x06"
    assert ada.received() == ["<bob> half a line"]
    assert bob.protocol.caller.session.door == "telnet"


def test_only_a_telnet_client_is_asked_to_hide_a_password(factory: ChatFactory, connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    for line in (ada, bob):
        line.protocol.caller.session.is_secure = True
    bob.send(b"\xff\xf1")
    bob.raw()
    for line in (ada, bob):
        line.send(b"/register\r\n")
    assert ada.received()[-1].endswith("Type a new password, or an empty line to stop (others can see it while you type):")
    bob.clock.advance(0)
    shown = bob.raw()
    assert shown.startswith(b"\xff\xfd\x00\xff\xfb\x01-- ")
    assert shown.endswith(b"stop:\r\n")
    bob.send(b"\r\n")
    bob.clock.advance(0)
    assert bob.raw() == b"\xff\xfc\x01\r\n!! You gave no password. Nothing has changed.\r\n"


def test_a_defect_while_a_password_is_checked_logs_no_password(
    factory: ChatFactory, clock: Clock, logged_errors: list[LogEvent]
) -> None:
    class Broken(NoAuthenticator):
        def check(self, nick: str, password: str, asker: Asker, on_checked: OnChecked) -> None:
            raise RuntimeError("no memory left")

    factory.registry.authenticator = Broken()
    line = Line(ChatFactory(factory.server, factory.server.json), clock)
    line.protocol.caller.session.is_secure = True
    line.send(b'{"type": "hello", "nick": "ada", "password": "hunter2hunter2"}\n')
    [event] = logged_errors
    logged_errors.clear()
    assert "no memory left" in eventAsText(event)
    assert "hunter2" not in eventAsText(event) + repr(event)
    assert line.transport.aborting
    line.lose()


@pytest.mark.parametrize("password", ["{correct horse", "GET / HTTP/1.1"])
def test_a_password_may_look_like_another_protocol(clock: Clock, password: str) -> None:
    factory = ChatFactory(new_server(clock), accepts_json=True)
    registry = factory.registry
    registry.authenticator = InstantAuthenticator(registry.accounts)
    drive(registry.accounts.add(parse_nick("ada"), f"hash of {password}", 0), lambda account: None)
    ada = Line(factory, clock)
    ada.protocol.caller.session.is_secure = True
    ada.send(b"ada\n")
    clock.advance(ANSWER_SECONDS)
    ada.received()
    ada.send(password.encode() + b"\n")
    assert ada.received()[0].startswith("-- Hello ada.")
    ada.lose()
    clock.advance(1)


@pytest.mark.parametrize(("address", "is_secure"), [("192.0.2.7", False), ("127.0.0.1", True), ("this machine", True)])
def test_outside_tls_only_this_machine_is_secure(factory: ChatFactory, clock: Clock, address: str, is_secure: bool) -> None:
    protocol = factory.build(address, clock.seconds())
    protocol.makeConnection(Wire())  # type: ignore[no-untyped-call]
    assert protocol.caller.session.is_secure is is_secure
    protocol.connectionLost(Failure(ConnectionLost()))
    clock.advance(0)


def test_an_altered_character_may_begin_in_an_earlier_chunk(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"\xc3")
    bob.send(b"\xff\xf3\xff\xfd\x06ber\r\n")
    assert ada.received() == ["<bob> Über"]


# -- Lines -----------------------------------------------------------------------------------------

# What looks empty says nothing, and hidden characters go.
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).filter(
    lambda word: safe_text(word) == word and not says_nothing(word)
)


@given(st.lists(st.tuples(WORDS, st.sampled_from(["\n", "\r\n"])), max_size=20), st.lists(st.integers(1, 40), min_size=1))
def test_any_split_gives_the_same_lines(lines: list[tuple[str, str]], cuts: list[int]) -> None:
    clock = Clock()
    factory = new_factory(clock, Settings(flood_rate=0, address_rate=0))
    ada, bob = named(Line(factory, clock), "ada"), named(Line(factory, clock), "bob")
    ada.received()
    raw, index = "".join(word + end for word, end in lines).encode(), 0
    while raw:
        size = cuts[index % len(cuts)]
        bob.send(raw[:size])
        raw, index = raw[size:], index + 1
    assert ada.received() == [f"<bob> {word}" for word, _ in lines]
    ada.lose()
    bob.lose()
    clock.advance(0)
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 1000, LINE_BYTES + 10])
def test_a_line_has_a_maximum_length(clock: Clock, end: bytes, size: int) -> None:
    factory = new_factory(clock, Settings(flood_rate=0, address_rate=0))
    ada, bob = named(Line(factory, clock), "ada"), named(Line(factory, clock), "bob")
    ada.received()
    raw = b"x" * LINE_BYTES + end + b"y" * (LINE_BYTES + 1) + end + b"z" * 9000 + end + b"short" + end
    for start in range(0, len(raw), size):
        bob.send(raw[start : start + size])
    assert ada.received() == ["<bob> " + "x" * LINE_BYTES, "<bob> short"]
    assert [line[:24] for line in bob.received()] == ["!! The line is too long."] * 2
    ada.lose()
    bob.lose()
    clock.advance(0)


def test_an_unterminated_last_line_counts(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"the last")
    bob.protocol.readConnectionLost()
    assert ada.received() == ["<bob> the last", "-- bob has left #lobby (quit)"]
    assert bob.received() == ["-- Goodbye."]
    assert bob.transport.disconnecting


@pytest.mark.parametrize(
    ("address", "heard"),
    [
        (UNIXAddress(None), ["<bob> the last", "-- bob has left #lobby (quit)"]),
        (TCP_ADDRESS, ["-- bob has left #lobby (connection lost)"]),
    ],
)
def test_only_a_unix_socket_cannot_break(connect: Connect, address: IAddress, heard: list[str]) -> None:
    """So an unterminated line counts, however the connection ends."""
    ada, bob = named(connect(), "ada"), named(connect(address), "bob")
    ada.received()
    bob.send(b"the last")
    bob.lose()
    assert ada.received() == heard


def test_what_follows_a_refused_nick_is_not_read_when_a_unix_socket_is_closed(connect: Connect) -> None:
    ada, script = named(connect(), "ada"), connect(UNIXAddress(None))
    ada.received()
    script.send(b"ada\n")
    script.send(b"deployed")
    script.lose()
    assert ada.received() == []


def test_an_unterminated_line_has_the_same_maximum_length(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"x" * (LINE_BYTES + 1))
    bob.protocol.readConnectionLost()
    assert ada.received() == ["-- bob has left #lobby (quit)"]
    assert [line[:24] for line in bob.received()] == ["!! The line is too long.", "-- Goodbye."]


def test_the_buffer_does_not_grow_with_the_input(connect: Connect) -> None:
    bob = named(connect(), "bob")
    for _ in range(50):
        if bob.transport.producerState == "producing":
            bob.send(b"x" * 65536)
        assert len(bob.protocol._buffer) <= LINE_BYTES + 1
    bob.clock.advance(60)
    bob.send(b"y\n")
    assert [line[:24] for line in bob.received()].count("!! The line is too long.") == 1


def test_after_the_end_no_input_is_executed_or_buffered(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"/quit\nmore\nand more")
    for _ in range(10):
        bob.send(b"x" * 65536 + b"\n")
    assert ada.received() == ["-- bob has left #lobby (quit)"]
    assert bob.protocol._buffer == b""


def test_bytes_that_are_not_utf8_are_refused(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"caf\xe9\nfine\n")
    assert ada.received() == ["<bob> fine"]
    assert bob.received()[0].startswith("!! The line is not UTF-8")


LINES = st.one_of(
    st.sampled_from(
        [
            "hi",
            "!",
            "x" * 255,
            "x" * 256,
            "a" + " " * 17 + "b",
            " hi",
            "",
            "\u00e9",
            "/me waves",
            "/nick bobby",
            "/join #den",
            "/topic x",
            "/part",
            "a\x04b",
            "\x00",
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
).flatmap(lambda line: st.sampled_from([f"{line}\n", f"{line}\r\n", f"{line}\n" * 9]))


def effects(data: bytes, cuts: list[int], settings: Settings, late: bool, setup: bytes) -> list[Any]:
    """Everything that can be seen of bob sending ``data``, piece by piece."""
    clock = Clock()
    store = LateStore() if late else MemoryStore("testlog")
    server = new_server(clock, settings, store)
    factory, seen = ChatFactory(server), list[Any]()
    ada, bob = Line(factory, clock), Line(factory, clock)

    def look() -> None:
        if isinstance(store, LateStore):
            store.answer()
        seen.append((ada.received(), bob.received(), bob.transport.producerState, bob.protocol._buffer))

    for line, said in ((ada, b"ada\n/join #den\n"), (bob, b"bob\n"), (bob, b"/join #den\n"), (ada, setup)):
        line.send(said)
        look()
    while data:
        size = cuts[0]
        cuts = [*cuts[1:], size]
        bob.send(data[:size])
        data = data[size:]
        look()
        clock.advance(0.01 * size)
    for _ in range(3):
        clock.advance(2)
        look()
    seen.append(
        [
            (
                key,
                [(type(event), event.seq, event.time, event.nick, getattr(event, "text", "")) for event in log.read(0, log.end)],
                log.size,
            )
            for key, log in store.logs.items()
        ]
    )
    for line in (ada, bob):
        line.lose()
    return seen


@given(
    st.lists(LINES, max_size=20).map("".join),
    st.lists(st.integers(1, 300), min_size=1, max_size=5),
    st.sampled_from([0.0, 10.0]),
    st.sampled_from([0.0, 20.0]),
    st.booleans(),
    st.sampled_from([b"", b"/room slow 5\n", b"/room moderated on\n", b"/mute bob\n", b"/kick bob\n", b"/ban bob\n"]),
)
def test_a_series_has_the_effects_of_its_lines(
    text: str, cuts: list[int], flood: float, address: float, late: bool, setup: bytes
) -> None:
    """The law of series: nobody can see whether lines are taken together."""
    settings = Settings(flood_rate=flood, flood_burst=12, address_rate=address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatd.delivery.outlet.CONGESTED", 5 * ANSWER_BYTES)
        together = effects(text.encode(), cuts, settings, late, setup)
        patch.setattr(TextTalk, "read_series", None)
        assert effects(text.encode(), cuts, settings, late, setup) == together


# -- Flood control ---------------------------------------------------------------------------------


def test_a_burst_passes_and_the_rest_follows_in_order(connect: Connect, clock: Clock) -> None:
    ada, bob = named(connect(), "ada"), connect()
    lines = [f"line {number}" for number in range(FLOOD_BURST + 30)]
    bob.send(b"bob\n" + "".join(f"{line}\n" for line in lines).encode())
    assert bob.transport.producerState == "paused"
    messages = ada.received()[1:]
    assert messages == [f"<bob> {line}" for line in lines[: FLOOD_BURST - 1]]  # The nick was a line too.
    answers = bob.received()
    for _ in range(60):
        clock.advance(0.1)
        messages += ada.received()
        answers += bob.received()
    assert messages == [f"<bob> {line}" for line in lines]
    assert answers[-1] == "-- You are sending faster than 10 lines a second: your lines wait, and nothing is lost."
    assert len([line for line in answers if "faster" in line]) == 1
    assert bob.transport.producerState == "producing"


def test_a_later_flood_is_reported_again(connect: Connect, clock: Clock) -> None:
    bob, flood = named(connect(), "bob"), b"/back\n" * (FLOOD_BURST + 5)
    for _ in range(2):
        bob.send(flood)
        answers = bob.received()
        for _ in range(60):
            clock.advance(1)
            answers += bob.received()
        assert len([line for line in answers if "faster" in line]) == 1
        assert len([line for line in answers if "not away" in line]) == FLOOD_BURST + 5


def test_a_caller_who_reads_no_answers_is_not_read(clock: Clock) -> None:
    factory = new_factory(clock, Settings(flood_rate=0, address_rate=1_000_000))
    bob = named(Line(factory, clock), "bob")
    bob.producer.pauseProducing()
    bob.send(b"/help\n" * 1000)
    assert bob.transport.producerState == "paused"
    clock.pump([0.001] * 200)
    assert bob.protocol.caller.outlet.congested
    held = len(bob.protocol._buffer)
    assert held > 3000
    bob.producer.resumeProducing()
    clock.pump([0.001] * 3)
    assert len(bob.protocol._buffer) < held
    bob.lose()
    clock.advance(LAST_LINES_SECONDS)


# -- What waits when the link is lost --------------------------------------------------------------


def test_lines_that_wait_for_flood_control_are_said_after_the_link_is_lost(connect: Connect, clock: Clock) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    lines = [f"line {number}" for number in range(FLOOD_BURST + 30)]
    bob.send("".join(f"{line}\n" for line in lines).encode() + b"hal")
    bob.lose()
    seen = ada.received()
    for _ in range(40):
        clock.advance(0.1)
        seen += ada.received()
    assert seen == [*(f"<bob> {line}" for line in lines), "-- bob has left #lobby (connection lost)"]


def test_the_last_lines_wait_for_a_limited_time(connect: Connect, clock: Clock) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"again\n" * 5000)
    bob.lose()
    seen = ada.received()
    for _ in range(int(LAST_LINES_SECONDS)):
        clock.advance(1)
        seen += ada.received()
    assert seen.count("<bob> again") == pytest.approx(FLOOD_BURST + FLOOD_RATE * LAST_LINES_SECONDS, abs=FLOOD_RATE)
    assert seen[-1] == "-- bob has left #lobby (connection lost)"
    named(connect(), "bob")


@pytest.mark.parametrize("said", [b"hello\n", b"\xff\xf1hello\n"], ids=["nc", "telnet"])
def test_lines_behind_a_nick_are_said_after_the_link_is_lost(clock: Clock, said: bytes) -> None:
    """While a joining is being stored, nothing else is taken."""
    store = LateStore()
    factory = ChatFactory(new_server(clock, store=store))
    ada, bob = Line(factory, clock), Line(factory, clock)
    ada.send(b"ada\n")
    store.answer()
    ada.received()
    bob.send(b"bob\n")
    bob.send(said)
    bob.lose()
    for _ in range(3):
        store.answer()
        clock.advance(0)
    assert ada.received() == ["-- bob has joined #lobby", "<bob> hello", "-- bob has left #lobby (connection lost)"]
    assert bob.protocol.caller.ended is Reason.LINK_LOST
    ada.lose()


def test_lines_of_a_caller_who_read_no_answers_are_said(clock: Clock) -> None:
    factory = new_factory(clock, Settings(flood_rate=0, address_rate=0))
    ada, bob = named(Line(factory, clock), "ada"), named(Line(factory, clock), "bob")
    ada.received()
    bob.producer.pauseProducing()
    bob.send(b"/help\n" * 1000 + b"are you there?\n")
    assert bob.transport.producerState == "paused"
    bob.lose()
    assert ada.received() == ["<bob> are you there?", "-- bob has left #lobby (connection lost)"]
    ada.lose()
    clock.advance(0)


def test_whoever_quits_in_their_last_lines_has_left(connect: Connect, clock: Clock) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.send(b"again\n" * (FLOOD_BURST - 1) + b"/quit bye\nmore\n" + b"again\n" * 100)
    bob.lose()
    ada.received()
    clock.advance(1)
    assert ada.received() == ["-- bob has left #lobby (quit: bye)"]
    clock.advance(0)
    assert len(bob.protocol._factory.server.sessions) == 1


def test_a_seat_that_is_taken_again_says_nothing_more(clock: Clock) -> None:
    factory = new_factory(clock)
    programs = ChatFactory(factory.server, factory.server.json)
    hello = b'{"type": "hello", "nick": "ci", "token": "0123456789abcdef"}\n'
    ada, before, after = named(Line(factory, clock), "ada"), Line(programs, clock), Line(programs, clock)
    before.send(hello + b'{"type": "say", "text": "again"}\n' * 1000)
    before.lose()
    ada.received()
    after.send(hello)
    for _ in range(5):
        clock.advance(1)
    assert ada.received() == []
    assert len(factory.server.sessions) == 2
    after.lose()
    ada.lose()
    clock.advance(LAST_LINES_SECONDS)


def test_a_server_that_stops_does_not_wait_for_last_lines(connect: Connect, factory: ChatFactory, clock: Clock) -> None:
    bob = named(connect(), "bob")
    bob.send(b"again\n" * 1000)
    bob.lose()
    stopped = factory.server.shut_down()
    clock.advance(0)
    assert stopped.called


# -- The end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"", b"not a nick\n", b"ad", b"/help\n"])
def test_a_caller_without_a_nick_is_disconnected_in_time(connect: Connect, clock: Clock, said: bytes) -> None:
    line = connect()
    line.send(said)
    clock.advance(LOGIN_SECONDS - 0.1)
    assert not line.transport.disconnecting
    line.send(said)
    clock.advance(0.1)
    assert line.received()[-1] == "-- You did not give a nick in time. Goodbye."
    assert line.transport.disconnecting


def test_a_person_may_be_silent(connect: Connect, clock: Clock) -> None:
    line = named(connect(), "ada")
    clock.advance(LOGIN_SECONDS * 100)
    assert not line.transport.disconnecting
    assert line.received() == []


def test_a_stalled_goodbye_is_aborted(connect: Connect, clock: Clock) -> None:
    line = named(connect(), "ada")
    line.send(b"/quit\n")
    assert line.received() == ["-- Goodbye."]
    clock.advance(CLOSE_SECONDS - 0.1)
    assert not line.transport.aborting
    clock.advance(0.1)
    assert line.transport.aborting


def test_a_lost_connection_is_reported_and_frees_the_nick(connect: Connect) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()
    bob.lose()
    assert ada.received() == ["-- bob has left #lobby (connection lost)"]
    named(connect(), "bob")


def test_a_stalled_reader_is_disconnected(connect: Connect) -> None:
    ada = named(connect(), "ada")
    ada.protocol.writeConnectionLost()
    assert ada.transport.aborting


def test_a_defect_ends_only_its_connection_and_is_logged_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, logged_errors: list[LogEvent]
) -> None:
    ada, bob = named(connect(), "ada"), named(connect(), "bob")
    ada.received()

    def fails(*arguments: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("chatd.doors.caller.perform", fails)
        bob.send(b"/me waves\n/me waves\n")
    assert bob.transport.aborting
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()
    bob.lose()
    assert ada.received() == ["-- bob has left #lobby (connection lost)"]
    ada.send(b"/who\n")
    assert ada.received() == ["-- In #lobby (1): ada"]
