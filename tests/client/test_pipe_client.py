"""The client without a terminal: input is sent, messages are printed, and every way to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.link import ReconnectingLink
from chatd.client.login import Login
from chatd.client.pipe_client import (
    LONGEST_PAUSE,
    LOST_SECONDS,
    PIECE_BYTES,
    UNACKNOWLEDGED,
    PipeClient,
    Printer,
    Sender,
    Status,
    _end_of_piece,
)
from chatd.core import answers, commands, events
from tests.client.scripted import TIME, ScriptedServer

Client = TypeVar("Client", bound=PipeClient)

HELLO = commands.Hello("ada", token="0123456789abcdef")


class Case(Generic[Client]):
    """A program, the server it talks to, its output and its end."""

    def __init__(
        self, make: Callable[[Case[Client]], Client], nick_taken: str = "", refuse: bool = False, login: Login | None = None
    ) -> None:
        self.server = ScriptedServer(nick_taken)
        if login is not None:
            self.server.passwords["ada"] = "the password"
            self.server.server_password = "of the server"
        self.server.refuse = refuse
        self.output = ""
        self.warnings: list[str] = []
        self.ends: list[tuple[int, str]] = []
        self.paused = False
        self.client = make(self)
        self.client.link = ReconnectingLink(
            self.server.clock, self.server, HELLO, self.client, LONGEST_PAUSE, lambda: 0.5, login=login
        )
        self.client.link.start()
        self.server.settle()

    def write(self, text: str) -> None:
        self.output += text

    def on_end(self, status: int, why: str) -> None:
        self.ends.append((status, why))

    def pauseProducing(self) -> None:  # noqa: N802
        self.paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.paused = False


def sender(verbose: bool = False, nick_taken: str = "", refuse: bool = False, login: Login | None = None) -> Case[Sender]:
    def make(case: Case[Sender]) -> Sender:
        sender = Sender(case.server.clock, "host:1", case.on_end, case.write, verbose)
        sender.input = case
        return sender

    return Case(make, nick_taken, refuse, login)


def printer(as_json: bool = False) -> Case[Printer]:
    return Case(lambda case: Printer(case.server.clock, "host:1", case.on_end, case.write, case.warnings.append, as_json))


def test_it_sends_every_line_and_ends() -> None:
    case = sender()
    case.client.data(b"one\n/two\r\n\n   \nthr")
    case.client.data(b"ee\n\xff\x1b[2J\nlast")
    case.client.end_of_input()
    case.server.settle()
    assert case.server.texts == ["one", "/two", "three", "\ufffd␛[2J", "last"]
    assert case.ends == [(Status.DONE, "")]
    assert case.output == ""
    assert case.server.connections[0].received[-1] == commands.Quit()


def test_it_does_not_end_before_all_messages_are_acknowledged() -> None:
    case = sender()
    case.client.data(b"one\n")
    case.client.end_of_input()
    assert not case.ends
    case.server.settle()
    assert case.ends == [(Status.DONE, "")]


def test_it_does_not_end_before_its_input() -> None:
    case = sender()
    case.client.data(b"one\n")
    case.server.later(600)
    assert case.server.texts == ["one"]
    assert not case.ends


def test_empty_input_is_a_success() -> None:
    case = sender()
    case.client.end_of_input()
    case.server.settle()
    assert case.ends == [(Status.DONE, "")]


def test_verbose_confirms_each_message() -> None:
    case = sender(verbose=True)
    case.client.data(b"one\ntwo\n")
    case.server.settle()
    assert case.output == "the message has been delivered: #lobby 2\nthe message has been delivered: #lobby 3\n"


def test_an_unreachable_server_ends_it_at_once() -> None:
    case = sender(refuse=True)
    assert case.ends == [(Status.NOT_CONNECTED, "host:1 cannot be reached: connection refused.")]
    assert not case.server.clock.getDelayedCalls()


def test_a_refused_nick_ends_it_at_once_with_a_hint() -> None:
    case = sender(nick_taken="ada")
    (end,) = case.ends
    assert end == (Status.NOT_CONNECTED, "host:1 refuses: ada is here already. Choose another nick. Choose it with --nick NICK.")
    assert not case.server.clock.getDelayedCalls()


@pytest.mark.parametrize(
    ("login", "why"),
    [
        (Login(), "This server has a password. Give the password with --server-password-file FILE."),
        (
            Login(server_password="wrong"),
            "That is not the password of the server. Give the password with --server-password-file FILE.",
        ),
        (Login(server_password="of the server"), "ada is registered. Give the password with --password-file FILE."),
        (Login("wrong", server_password="of the server"), "That is not the password of ada."),
    ],
)
def test_a_missing_or_wrong_password_ends_it_at_once_with_what_would_work(login: Login, why: str) -> None:
    case = sender(login=login)
    assert case.ends == [(Status.NOT_CONNECTED, f"host:1 refuses: {why}")]


def test_it_logs_in_with_its_passwords_on_every_connection() -> None:
    case = sender(login=Login("the password", server_password="of the server"))
    case.client.data(b"one\n")
    case.server.later(1)
    case.server.connections[-1].cut()
    case.server.later(1)
    case.client.data(b"two\n")
    case.client.end_of_input()
    case.server.later(1)
    assert case.server.texts == ["one", "two"]
    assert case.ends == [(Status.DONE, "")]


def test_a_full_server_ends_it_at_once() -> None:
    case = sender()
    case.client.link.up = case.client.link.was_up = False
    case.server.connections[0].tell(answers.Refused("server-full", "The server is full.", "Try again later.", id="hello"))
    case.server.settle()
    assert case.ends == [(Status.NOT_CONNECTED, "host:1 refuses: The server is full. Try again later.")]


def test_a_refused_room_ends_it() -> None:
    case = sender()
    case.server.connections[0].tell(answers.Refused("not-delivered", "The log is full.", id="hello"))
    case.server.settle()
    assert case.ends == [(Status.NOT_CONNECTED, "The log is full.")]


def test_reconnecting_loses_nothing() -> None:
    case = sender()
    case.server.connections[0].reads = 1
    case.client.data(b"one\ntwo\nthree\n")
    case.client.end_of_input()
    case.server.later(5)
    assert case.server.texts == ["one", "two", "three"]
    assert case.ends == [(Status.DONE, "")]


def test_it_ends_if_it_cannot_reconnect() -> None:
    case = sender()
    case.server.refuse = True
    case.server.connections[0].cut()
    case.client.data(b"one\ntwo\n")
    case.server.later(LOST_SECONDS - 1)
    assert not case.ends
    case.server.later(2)
    ((status, why),) = case.ends
    assert status == Status.LINK_LOST
    assert why.startswith("the connection to host:1 is lost: the server closed the connection, and 30 s of trying")
    assert why.endswith("2 messages were not confirmed.")
    assert not case.server.clock.getDelayedCalls()


def test_every_lost_connection_has_its_own_30_seconds() -> None:
    case = sender()
    for _ in range(3):
        case.server.refuse = True
        case.server.connections[-1].cut()
        case.server.later(LOST_SECONDS - 10)
        case.server.refuse = False
        case.server.later(LOST_SECONDS)
    assert not case.ends


def test_a_refused_message_makes_it_fail() -> None:
    case = sender()
    case.client.data(b"one\n")
    case.server.silent = True
    case.server.connections[0].live = False
    case.server.settle()
    case.server.connections[0].live = True
    case.server.connections[0].tell(answers.Refused("not-delivered", "The disk is full.", id=next(iter(case.client.link.outbox))))
    case.client.end_of_input()
    case.server.settle()
    assert case.ends == [(Status.NOT_DELIVERED, "1 message was not delivered: The disk is full.")]


def test_reading_ahead_is_bounded() -> None:
    case = sender()
    case.server.connections[0].live = False  # It reads nothing.
    case.client.data(b"".join(b"%d\n" % number for number in range(200)))
    assert len(case.client.link.outbox) == UNACKNOWLEDGED
    assert case.paused
    case.server.connections[0].cut()
    case.server.later(3)
    assert not case.paused
    assert case.server.texts == list(map(str, range(200)))


def test_nothing_is_sent_before_the_room_is_known() -> None:
    case = sender(refuse=False)
    case.client._room = ""
    case.client.data(b"early\n")
    assert not case.client.link.outbox
    assert case.paused


def test_a_long_line_is_sent_in_pieces() -> None:
    case = sender()
    case.client.data("wört ".encode() * 2000 + b"\n")
    case.server.settle()
    assert len(case.server.texts) > 2
    assert " ".join(case.server.texts).split() == ["wört"] * 2000


def test_an_endless_line_is_not_buffered() -> None:
    case = sender()
    for _ in range(20):
        case.client.data("漢".encode() * (PIECE_BYTES // 6))
        case.server.later(1)
        assert len(case.client._rest) <= PIECE_BYTES
    case.client.end_of_input()
    case.server.later(1)
    assert "".join(case.server.texts) == "漢" * (PIECE_BYTES // 6 * 20)


@given(st.text(st.sampled_from("a é漢👍"), min_size=1, max_size=30))
def test_pieces_are_cut_between_characters(text: str) -> None:
    raw = text.encode()
    for length in range(5, len(raw) + 1):
        end = _end_of_piece(raw[:length])
        assert 0 < end <= length
        raw[:end].decode()


def test_messages_are_printed_as_lines() -> None:
    case = printer()
    case.server.bob_says("hi")
    case.server.append(events.Said("lobby", 0, TIME, "bob", "bob", "waves", action=True))
    case.server.connections[0].tell(events.Private("@", 1, TIME, "eve", "", "psst"))
    case.server.append(events.Left("lobby", 0, TIME, "bob", "bob", events.Reason.QUIT))
    case.server.settle()
    said, does, private = case.output.splitlines()
    assert said[5:] == " #lobby <bob> hi"
    assert does[5:] == " #lobby * bob waves"
    assert private[5:] == " [eve] psst"


def test_events_are_printed_as_json() -> None:
    case = printer(as_json=True)
    case.server.bob_says("hi")
    case.server.append(events.Left("lobby", 0, TIME, "bob", "bob", events.Reason.QUIT))
    case.server.settle()
    said, left = map(json.loads, case.output.splitlines())
    assert (said["type"], said["room"], said["nick"], said["text"], said["seq"]) == ("said", "lobby", "bob", "hi", 2)
    assert left["type"] == "left"


def test_listening_continues_after_a_break_without_repeating() -> None:
    case = printer()
    case.server.bob_says("one")
    case.server.settle()
    case.server.connections[0].cut()
    case.server.bob_says("two")
    case.server.later(2)
    case.server.bob_says("three")
    case.server.settle()
    assert [line.rpartition(" ")[2] for line in case.output.splitlines()] == ["one", "two", "three"]


def test_missing_events_are_reported() -> None:
    case = printer()
    case.server.connections[0].tell(answers.Missed("lobby", 3, 9))
    case.server.connections[0].tell(answers.Missed("lobby", 0, 9))
    case.server.settle()
    assert "events 3 to 9 of #lobby" in case.warnings[0]
    assert "is unknown" in case.warnings[1]


@pytest.mark.parametrize("make", [sender, printer])
def test_an_interrupt_ends_it(make: Callable[[], Case[PipeClient]]) -> None:
    case = make()
    case.client.interrupt()
    case.client.interrupt()
    case.server.settle()
    assert case.ends == [(Status.DONE, "")]
    assert not case.server.clock.getDelayedCalls()
