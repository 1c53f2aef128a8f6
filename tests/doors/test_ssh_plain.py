"""SSH sessions without a terminal."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from twisted.conch.ssh.common import NS
from twisted.internet.task import Clock

from chatd.core.limits import CLOSE_SECONDS, SSH_WINDOW_BYTES
from chatd.core.registry import Settings
from tests.doors.ssh_client import Client, ssh_server
from tests.doors.test_ssh_session import chat
from tests.doors.wire import RunningServer


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return ssh_server(clock)


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.hang_up()
    server.clock.advance(CLOSE_SECONDS)


def said(server: RunningServer) -> list[str]:
    room = server.registry.rooms.find("lobby")
    return [event.text for event in room.log.read(room.log.first, room.log.end) if hasattr(event, "text") and event.text]


def test_what_comes_through_a_pipe_is_said_and_the_status_is_0(server: RunningServer, client: Client) -> None:
    client.come_in("ci").plain()
    client.type("done\r\n\nno end of line")
    chat(server, "hello")
    client.end_input()
    assert (client.status, client.errors) == (0, b"")
    assert said(server)[:2] == ["done", "no end of line"] or "done" in said(server)
    output = client.take()
    assert "-- Hello ci." in output
    assert "<bob> hello" in output
    assert "\r" not in output
    assert "<ci>" not in output


def test_a_message_on_the_command_line_is_said_quietly(server: RunningServer, client: Client) -> None:
    client.come_in("ci").plain("the build is green")
    assert (client.status, client.take(), client.errors) == (0, "", b"")
    assert said(server) == ["the build is green"]


def test_a_command_is_answered(client: Client) -> None:
    client.come_in("ci").plain("/who")
    assert (client.status, client.take()) == (0, "-- In #lobby (1): ci\n")


def test_a_refusal_is_an_error_and_another_status(client: Client) -> None:
    client.come_in("ci").plain()
    client.type("/nonsense\n/leave nowhere\n" + "x" * 5000 + "\n\xff")
    client.end_input()
    assert client.status == 4
    assert [line.split(b".")[0] for line in client.errors.splitlines()] == [
        b"chatd: There is no command /nonsense",
        b"chatd: The line is too long",
        b"chatd: You are not in #nowhere",
    ]


def test_a_nick_that_cannot_be_had_is_a_status(client: Client) -> None:
    client.come_in("lobby").plain("hi")
    assert client.status == 1
    assert client.errors.startswith(b"chatd: lobby is reserved")


def test_a_server_with_a_password_says_so(clock: Clock) -> None:
    client = Client(ssh_server(clock, Settings(address_rate=0, server_password="open sesame")))
    client.come_in("ci").plain("hi")
    assert client.status == 1
    assert b"This server has a password." in client.errors
    client.hang_up()
    clock.advance(CLOSE_SECONDS)


def test_refusals_that_nobody_reads_cannot_fill_the_memory(client: Client, server: RunningServer) -> None:
    client.come_in("ci")
    assert client.open(window=1000)
    assert client.request(b"shell")
    client.settle()
    channel = client.wire.protocol.service.channel
    client.took(93)
    sent = 0
    while sent + 1000 <= SSH_WINDOW_BYTES:
        client.sendPacket(94, struct.pack(">L", 0) + NS(b"/nonsense\n" * 100))
        sent += 1000
    for _ in range(20):
        client.settle()
    assert not client.took(93), "the client may send no more"
    assert len(channel.buf) + sum(len(piece) for _, piece in channel.extBuf) < 10_000
    client.send(93, struct.pack(">2L", 0, 1 << 20))
    for _ in range(300):
        client.settle()
    assert client.errors.count(b"/nonsense") > 3000
    assert client.took(93)


def test_quitting_ends_it(server: RunningServer, client: Client) -> None:
    client.come_in("ci").plain()
    client.type("/quit so long\nnever said\n")
    assert client.status == 0
    assert "never said" not in said(server)


def test_the_current_room_is_the_one_that_was_joined_last(client: Client, server: RunningServer) -> None:
    client.come_in("ci").plain()
    client.type("/join ops\n")
    chat(server, "in the lobby")
    assert "#lobby <bob> in the lobby" in client.take()
    client.type("/join lobby\n")
    chat(server, "here")
    assert "\n<bob> here" in client.take()
    client.type("/leave lobby\n")
    client.end_input()
    assert client.status == 0


def test_a_session_that_the_server_ends_is_not_a_success(client: Client, server: RunningServer) -> None:
    client.come_in("ci").plain()
    server.front.shut_down()
    client.settle()
    assert client.status == 1
    assert client.errors == b"chatd: The server is shutting down.\n"


def test_a_terminal_that_can_only_print_is_shown_what_is_typed(client: Client) -> None:
    client.come_in("ada").terminal(term=b"dumb")
    assert "-- Hello ada." in client.take()
    client.type("/who\r")
    assert client.take() == "/who\r\n-- In #lobby (1): ada\r\n"
    client.type("/nosuchk")
    for _ in range(6):
        client.type("\x7f")
    client.type("\b")
    assert client.take() == "/nosuchk" + 7 * "\b \b"
    client.type("nö")
    client.type("\x7f")
    client.type("one\r")
    assert client.errors.startswith(b"chatd: There is no command /none.")
    assert client.errors.endswith(b"\r\n")
    client.take()
    client.type("\x7f")
    assert client.take() == ""
    client.type("\x04")
    assert client.status == 4
