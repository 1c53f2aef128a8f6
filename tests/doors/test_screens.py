"""A screen in the server, over a wire that takes as much as the test allows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from chatd.core.events import Said
from chatd.core.limits import SCREEN_SIZE
from chatd.doors.screens import ScreenSession, clamped, has_colours
from chatd.tui.display import PAINT_SECONDS
from tests.doors.wire import RunningServer
from tests.tui.glass import Glass

ENVIRONMENT = {"TERM": "xterm-256color"}


class Person:
    """Somebody at a screen of the server."""

    transport = None

    def __init__(self, server: RunningServer, nick: str = "ada", size: tuple[int, int] = (60, 12)) -> None:
        self.server = server
        self.is_ready = True
        self.glass = Glass(*size)
        self.written: list[bytes] = []
        self.end: tuple[int, str] | None = None
        self.screen = ScreenSession(server.shared, self, "192.0.2.1", server.clock.seconds(), "ssh", is_secure=True)
        self.screen.start(nick, size, ENVIRONMENT)
        self.settle()

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.glass.write(data.decode())

    def take_more(self) -> None:
        pass

    def close(self, status: int, why: str) -> None:
        self.end = status, why

    def settle(self) -> None:
        for _ in range(4):
            self.server.clock.advance(PAINT_SECONDS)

    def type(self, text: str) -> None:
        self.screen.keys(text.encode())
        self.settle()


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(clock)


@pytest.fixture
def ada(server: RunningServer) -> Iterator[Person]:
    ada = Person(server)
    yield ada
    ada.screen.lost()
    ada.settle()


def test_two_people_talk(server: RunningServer, ada: Person) -> None:
    bob = Person(server, "bob")
    ada.type("hello\r")
    assert "<ada> hello ✓" in ada.glass.text
    bob.settle()
    assert "<ada> hello" in bob.glass.text
    bob.type("/quit bye\r")
    assert bob.end == (0, "")
    assert "bob has left #lobby (quit: bye)" in ada.glass.text or "bob has left" in ada.glass.text
    bob.screen.lost()


def test_somebody_without_a_nick_is_asked_for_one(server: RunningServer) -> None:
    person = Person(server, "")
    assert person.glass.lines[-1] == "nick:"
    assert "What is your nick?" in person.glass.text
    person.type("eve\r")
    assert person.glass.lines[-1] == "eve>"
    person.screen.lost()
    person.settle()


def test_nothing_is_painted_while_the_wire_takes_nothing(server: RunningServer, ada: Person) -> None:
    ada.is_ready = False
    ada.written.clear()
    bob = Person(server, "bob")
    bob.type("one\r")
    ada.type("typed")
    assert ada.written == []
    ada.is_ready = True
    ada.screen.ready()
    ada.settle()
    assert "<bob> one" in ada.glass.text
    assert ada.glass.lines[-1] == "ada> typed"
    bob.screen.lost()
    bob.settle()


def test_a_keystroke_is_not_worth_a_new_picture(ada: Person) -> None:
    ada.type("hello")
    ada.written.clear()
    ada.type("!")
    assert sum(map(len, ada.written)) < 60


def test_paintings_are_at_most_thirty_a_second(server: RunningServer, ada: Person) -> None:
    ada.written.clear()
    for _ in range(100):
        ada.screen.keys(b"x")
        server.clock.advance(0.01)
    assert len(ada.written) <= 31


def test_ctrl_z_does_nothing(ada: Person) -> None:
    ada.type("abc\x1a")
    assert ada.glass.lines[-1] == "ada> abc"


def test_the_end_of_the_input_is_the_end(server: RunningServer, ada: Person) -> None:
    ada.screen.end_of_input()
    ada.settle()
    assert ada.end == (0, "")
    early = ScreenSession(server.shared, ada, "192.0.2.1", 0, "ssh", is_secure=True)
    early.end_of_input()
    server.clock.advance(0)


def test_a_size_that_no_terminal_has_is_not_painted() -> None:
    assert clamped(0, 0) == (80, 24)
    assert clamped(1 << 31, 1 << 31) == SCREEN_SIZE
    assert clamped(1, 1) == (1, 1)


def test_colours() -> None:
    assert has_colours({"TERM": "xterm-256color"})
    assert has_colours({"TERM": "vt100", "COLORTERM": "truecolor"})
    assert not has_colours({"TERM": "vt100"})
    assert not has_colours({"TERM": "xterm-256color", "NO_COLOR": "1"})


def test_nothing_happens_in_an_idle_hour(server: RunningServer, ada: Person) -> None:
    ada.written.clear()
    server.clock.advance(3600)
    assert ada.written == []


def test_a_terminal_that_takes_nothing_cannot_fill_the_memory(server: RunningServer, ada: Person) -> None:
    ada.is_ready = False
    ada.written.clear()
    for number in range(100):
        ada.screen.resized(20 + number % 2, 8)
        ada.screen.keys(b"\x0c/clear\r")
        ada.settle()
    assert ada.written == []
    ada.glass = Glass(21, 8)
    ada.is_ready = True
    ada.screen.ready()
    ada.settle()
    assert len(ada.written) == 1
    assert ada.glass.lines[-1] == "ada>"


def test_a_paste_of_two_hundred_lines_arrives_whole(server: RunningServer, ada: Person) -> None:
    lines = [f"line {number} {'x' * 50}" for number in range(200)]
    ada.type(f"\x1b[200~{chr(10).join(lines)}\x1b[201~")
    ada.type("\r\r")
    for _ in range(40):
        server.clock.advance(1)
    room = server.registry.rooms.find("lobby")
    said = [event.text for event in room.log.read(room.log.first, room.log.end) if isinstance(event, Said)]
    assert "\n".join(said).splitlines() == lines
    ada.settle()
    assert "line 199" in ada.glass.text
    assert ada.glass.lines[-1] == "ada>"
