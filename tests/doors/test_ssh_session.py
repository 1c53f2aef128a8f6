"""The channel of an SSH session."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from twisted.conch.ssh.common import NS
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from chatd.core.limits import CLOSE_SECONDS, SCREEN_BYTES, SSH_WINDOW_BYTES, STALL_SECONDS
from tests.doors.ssh_client import ADJUST, DATA, NOT_OPENED, OPEN, Client, ssh_server
from tests.doors.wire import RunningServer
from tests.tui.glass import Glass


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return ssh_server(clock)


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.hang_up()
    server.clock.advance(CLOSE_SECONDS)


def chat(server: RunningServer, *texts: str) -> None:
    """Somebody called bob says ``texts`` by JSON."""
    wire = server.call("192.0.2.9")
    wire.say(b'{"type":"hello","nick":"bob"}\n')
    for text in texts:
        wire.say(b'{"type":"say","text":"%s"}\n' % text.encode())
    server.turn()
    wire.lose()


def test_a_person_with_a_terminal_gets_the_screen(server: RunningServer, client: Client) -> None:
    glass = Glass(60, 12)
    client.come_in("ada").terminal()
    client.type("half a l")
    chat(server, "hello ada")
    glass.write(client.take())
    assert glass.lines[-1] == "ada> half a l"
    assert "<bob> hello ada" in glass.text
    assert glass.bells == 1
    client.type("ine\r")
    glass.write(client.take())
    assert "<ada> half a line ✓" in glass.text
    assert client.request(b"window-change", struct.pack(">4L", 30, 8, 0, 0))
    glass = Glass(30, 8)
    glass.write(client.take())
    assert glass.lines[-1] == "ada>"
    client.type("\x04")
    assert (client.status, client.closed) == (0, True)
    client.send(97, struct.pack(">L", 0))
    server.clock.advance(CLOSE_SECONDS)
    assert client.wire.aborted


def test_ctrl_c_clears_the_line_and_then_leaves(client: Client) -> None:
    glass = Glass(60, 12)
    client.come_in("ada").terminal()
    client.type("abc")
    client.type("\x03")
    glass.write(client.take())
    assert glass.lines[-1] == "ada>"
    client.type("\x03")
    assert client.status == 0


@pytest.mark.parametrize("kind", [b"direct-tcpip", b"x11", b"auth-agent@openssh.com", b"forwarded-tcpip", b"tun@openssh.com"])
def test_only_sessions_are_opened(client: Client, kind: bytes) -> None:
    assert not client.come_in("ada").open(kind=kind)
    assert client.took(NOT_OPENED)


def test_there_is_one_channel(client: Client) -> None:
    assert client.come_in("ada").open()
    client.send(OPEN, NS(b"session") + struct.pack(">3L", 1, 1 << 20, 1 << 15))
    assert client.took(NOT_OPENED)


def test_packets_too_small_to_be_worth_it_are_refused(client: Client) -> None:
    client.come_in("ada").send(OPEN, NS(b"session") + struct.pack(">3L", 0, 1 << 20, 1))
    assert client.took(NOT_OPENED)


def test_no_other_request_is_granted(client: Client) -> None:
    client.come_in("ada").open()
    for kind in (b"subsystem", b"auth-agent-req@openssh.com", b"x11-req", b"signal", b"break"):
        assert not client.request(kind, NS(b"sftp"))
    for malformed in ((b"pty-req", b""), (b"window-change", b"\0"), (b"env", b"\xff"), (b"exec", NS(b"\xff"))):
        assert not client.request(*malformed)
    assert client.wire.open
    client.send(80, NS(b"tcpip-forward") + b"\1" + NS(b"") + struct.pack(">L", 80))
    assert client.took(82)
    assert client.request(b"shell")
    assert not client.request(b"shell")
    assert not client.request(b"exec", NS(b"/who"))


def test_the_environment_has_a_limit(client: Client) -> None:
    client.come_in("ada").open()
    assert client.request(b"env", NS(b"NO_COLOR") + NS(b"1"))
    assert not client.request(b"env", NS(b"LANG") + NS(b"x" * 101))
    granted = [client.request(b"env", NS(b"LC_%d" % number) + NS(b"x")) for number in range(30)]
    assert sum(granted) == 19


def test_a_window_that_stays_shut_makes_a_slow_reader(server: RunningServer, client: Client) -> None:
    client.come_in("ada").terminal(window=10)
    screen = client.wire.protocol.screen
    for round in range(20):
        chat(server, *(f"{round} {number} {'x' * 200}" for number in range(10)))
        client.settle()
    assert len(client.output) == 10
    assert screen.link.caller.outlet in server.shared.fanout.behind
    assert screen.link._size < 2 * SCREEN_BYTES
    held = screen.link.caller.outlet
    for _ in range(2):
        server.clock.advance(STALL_SECONDS + 1)
        server.shared.drop_stalled_readers()
    assert held not in server.shared.fanout.behind
    server.clock.advance(CLOSE_SECONDS)
    assert client.wire.aborted


def test_a_window_that_opens_again_shows_everything(server: RunningServer, client: Client) -> None:
    client.come_in("ada").terminal(window=10)
    chat(server, "late news")
    client.settle()
    client.send(ADJUST, struct.pack(">2L", 0, 1 << 20))
    glass = Glass(60, 12)
    glass.write(client.take())
    assert "<bob> late news" in glass.text


def test_what_is_sent_while_commands_wait_has_a_limit(server: RunningServer, client: Client) -> None:
    client.come_in("ada").plain()
    client.took(ADJUST)
    sent = 0
    while sent < SSH_WINDOW_BYTES:
        client.sendPacket(DATA, struct.pack(">L", 0) + NS((b"x" * 255 + b"\n") * 2))
        sent += 512
    assert not client.took(ADJUST)
    for _ in range(100):
        server.clock.advance(1)
        client.settle()
    assert client.took(ADJUST)


def test_a_session_ends_with_the_server(server: RunningServer, client: Client) -> None:
    client.come_in("ada").terminal()
    server.front.shut_down()
    assert "The server is shutting down." in client.take()
    assert client.status == 1


def test_a_defect_costs_only_its_own_session(
    server: RunningServer, client: Client, monkeypatch: pytest.MonkeyPatch, logged_errors: list[LogEvent]
) -> None:
    client.come_in("ada").terminal()
    monkeypatch.setattr(client.wire.protocol.screen._tui, "keys", lambda data: 1 / 0)
    client.type("x")
    assert client.status == 1
    assert [event["log_failure"].type for event in logged_errors] == [ZeroDivisionError]
    logged_errors.clear()
