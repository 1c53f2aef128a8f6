"""The telnet port, up to what a terminal shows (pyte)."""

from __future__ import annotations

import pyte
import pytest
from twisted.internet.task import Clock

from chatd.core.limits import CLOSE_SECONDS, NEGOTIATION_SECONDS
from chatd.core.registry import Settings
from chatd.doors.telnet_screen import TelnetFactory
from chatd.tui.display import PAINT_SECONDS
from tests.doors.test_telnet_options import CHARSET, DO, DONT, ECHO, IAC, NAWS, SB, SE, SGA, TTYPE, WILL, is_terminal
from tests.doors.wire import RunningServer, Wire


class Terminal(Wire):
    """A telnet client with a terminal of 60 by 12."""

    def __init__(self, server: RunningServer, tls_only: bool = False, address: str = "192.0.2.1") -> None:
        super().__init__(address)
        self.server = server
        self.screen = pyte.Screen(60, 12)
        self.stream = pyte.ByteStream(self.screen)
        self.protocol = TelnetFactory(server.shared, tls_only).buildProtocol(self.getPeer())
        self.protocol.makeConnection(self)

    def negotiate(self, name: bytes = b"XTERM") -> None:
        self.take()
        self.say(IAC + DO + ECHO + IAC + DO + SGA + IAC + WILL + TTYPE + IAC + WILL + NAWS)
        self.say(IAC + SB + NAWS + b"\0\x3c\0\x0c" + IAC + SE + is_terminal(name))
        assert self.take().startswith(IAC + SB + TTYPE)
        self.settle()

    def settle(self) -> int:
        """Let time pass, and show what was written; how many bytes."""
        for _ in range(4):
            self.server.clock.advance(PAINT_SECONDS)
        written = self.take()
        self.stream.feed(written)
        return len(written)

    def type(self, text: str) -> int:
        """Type ``text``; how many bytes were written because of it."""
        self.say(text.encode())
        return self.settle()

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def come_in(self, nick: str = "ada") -> Terminal:
        self.negotiate()
        self.type(f"{nick}\r\0")
        assert self.lines[-1] == f"{nick}>"
        return self

    def go(self) -> None:
        self.lose()
        self.server.clock.advance(PAINT_SECONDS)


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(clock)


def test_a_terminal_gets_the_screen(server: RunningServer) -> None:
    ada, bob = Terminal(server), Terminal(server)
    ada.negotiate()
    assert ada.lines[-1] == "nick:"
    assert "Welcome to chatd. What is your nick?" in ada.lines[-3]
    ada.type("ada\r\0")
    bob.come_in("bob")
    ada.type("hello\r\0")
    bob.settle()
    assert any("<ada> hello" in line for line in bob.lines)
    ada.say(IAC + SB + NAWS + b"\0\x28\0\x08" + IAC + SE)
    ada.screen.resize(8, 40)
    ada.settle()
    assert ada.lines[-1] == "ada>"
    ada.type("\x03")
    assert ada.closed
    server.clock.advance(CLOSE_SECONDS)
    assert ada.aborted
    for each in (ada, bob):
        each.go()


def test_a_key_costs_a_few_bytes_and_a_message_its_own_length(server: RunningServer) -> None:
    ada, bob = Terminal(server).come_in(), Terminal(server).come_in("bob")
    ada.settle()
    assert ada.type("h") < 16
    assert ada.type("i") < 16
    assert ada.type("\x7f") < 16
    for number in range(15):
        bob.type(f"line {number}\r\0")
        line = f"12:00 <bob> line {number}"
        assert ada.settle() < len(line) + len("ada> h") + 60, "the line, the cursor, and colours"
        assert ada.lines[-3] == line
    assert ada.lines[-1] == "ada> h"
    assert ada.lines[0] == "12:00 <bob> line 5"
    for each in (ada, bob):
        each.go()


@pytest.mark.parametrize("answer", [b"", IAC + DONT + ECHO, IAC + DO + ECHO + is_terminal(b"DUMB")])
def test_whoever_has_no_terminal_gets_lines(server: RunningServer, answer: bytes) -> None:
    eve = Terminal(server)
    eve.say(answer)
    server.clock.advance(NEGOTIATION_SECONDS)
    assert b"What is your nick?" in eve.take()
    eve.say(b"eve\r\n")
    server.turn()
    assert b"-- Hello eve." in eve.take()
    eve.go()


def test_what_was_typed_before_is_not_lost(server: RunningServer) -> None:
    eve = Terminal(server)
    eve.say(b"eve\r\nhello\r\n" + IAC + DONT + ECHO)
    server.turn()
    assert b"-- Hello eve." in eve.take()
    eve.go()


def test_what_a_program_sends_before_it_ends_is_said(server: RunningServer) -> None:
    ada, eve = Terminal(server).come_in(), Terminal(server)
    lines = [f"line {number} {'x' * 1000}" for number in range(8)]
    eve.say("\n".join(["eve", *lines, "the last one"]).encode())
    assert eve.paused, "more than a line may have waits until it is known what eve has"
    server.clock.advance(NEGOTIATION_SECONDS)
    server.turn()
    assert not eve.paused
    eve.hang_up()
    ada.settle()
    ada.settle()
    assert sum("x" * 40 in line for line in ada.lines) > 2
    assert any("<eve> the last one" in line for line in ada.lines)
    assert not eve.open
    for each in (ada, eve):
        each.go()


def test_a_program_may_end_within_the_first_second(server: RunningServer) -> None:
    ada, eve = Terminal(server).come_in(), Terminal(server)
    eve.say(b"eve\nhello\n")
    eve.hang_up()
    server.turn()
    assert b"-- Hello eve." in eve.take()
    ada.settle()
    assert any("<eve> hello" in line for line in ada.lines)
    for each in (ada, eve):
        each.go()


def test_a_terminal_that_sends_nothing_more_leaves(server: RunningServer) -> None:
    ada = Terminal(server).come_in()
    ada.hang_up()
    ada.settle()
    assert ada.closed
    ada.go()


def test_a_terminal_without_utf8_gets_ascii(server: RunningServer) -> None:
    ada, bob = Terminal(server).come_in(), Terminal(server)
    bob.negotiate(b"ANSI-BBS")
    bob.type("bob\r\0")
    bob.say(IAC + SB + CHARSET + b"\x03" + IAC + SE)
    ada.type("grüß dich\r\0")
    bob.settle()
    assert any("<ada> gr?? dich" in line for line in bob.lines)
    for each in (ada, bob):
        each.go()


def test_with_tls_only_the_port_is_for_this_machine(server: RunningServer) -> None:
    stranger = Terminal(server, tls_only=True)
    assert b"inside TLS only" in stranger.take()
    assert stranger.closed
    server.clock.advance(CLOSE_SECONDS)
    stranger.go()
    here = Terminal(server, tls_only=True, address="127.0.0.1").come_in()
    here.go()


def test_a_client_that_reads_nothing_is_sent_nothing_more(server: RunningServer) -> None:
    ada, bob = Terminal(server).come_in(), Terminal(server).come_in("bob")
    ada.protocol.pauseProducing()
    ada.settle()
    for number in range(50):
        bob.type(f"{number} {'x' * 500}\r\0")
        server.clock.advance(1)
    ada.say((IAC + DO + b"\x22") * 1000)
    assert ada.settle() == 0
    ada.protocol.resumeProducing()
    ada.say(IAC + DO + b"\x23")
    assert b"\x22" not in ada.take()
    for _ in range(30):
        ada.settle()
    assert any(line.startswith("12:00 <bob> 49 ") for line in ada.lines)
    for each in (ada, bob):
        each.go()


def test_commands_are_charged_to_the_address(clock: Clock) -> None:
    server = RunningServer(clock, Settings(address_rate=10))
    ada = Terminal(server)
    ada.say((IAC + DO + b"\x22") * 100_000)
    assert ada.paused
    ada.go()
    clock.advance(NEGOTIATION_SECONDS)


def test_whoever_gets_lines_while_they_wait_is_read_again(clock: Clock) -> None:
    server = RunningServer(clock, Settings(address_rate=10))
    ada = Terminal(server)
    budget = server.shared.budgets.of(ada.address, clock.seconds())
    assert budget is not None
    budget.spend(100)
    ada.say(b"a")
    assert ada.paused
    clock.advance(NEGOTIATION_SECONDS)
    assert not ada.paused
    ada.say(b"da\r\n")
    clock.advance(10)
    assert b"You are in #lobby" in ada.take()
    ada.go()


def test_a_full_server_says_so(clock: Clock) -> None:
    server = RunningServer(clock, Settings(address_rate=0, max_sessions=1))
    first, second = Terminal(server), Terminal(server)
    clock.advance(0)
    assert b"full" in second.take()
    assert second.closed
    for each in (first, second):
        each.go()
