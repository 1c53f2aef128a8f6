"""One connection: lines in any pieces, protocol errors, and reasons for people."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.client.connection import SERVER_LINE_BYTES, Connection, ConnectionFactory, explain
from chatd.core import answers
from chatd.core.answers import Answer
from chatd.core.events import Event

LINES = b'{"type":"pong"}\n{"type":"novelty"}\r\n{"type":"exited","room":"ops","current":"lobby"}\n'
NEWS = [answers.Pong(), None, answers.Exited("ops", "lobby")]


class ConnectionListener:
    """Records its callbacks, and ends a connection after a protocol error."""

    def __init__(self) -> None:
        self.news: list[Event | Answer | None] = []
        self.nonsense = 0
        self.lost = 0
        self.connection = ConnectionFactory(self).buildProtocol(None)
        self.transport = StringTransport()
        self.connection.transport = self.transport
        self.connection.connectionMade()

    def on_connected(self, connection: Connection) -> None:
        self.connected = connection

    def on_news(self, connection: Connection, news: Event | Answer | None) -> None:
        self.news.append(news)

    def on_protocol_error(self, connection: Connection) -> None:
        self.nonsense += 1
        connection.abort()

    def on_disconnected(self, connection: Connection, failure: Failure | None) -> None:
        self.lost += 1


@given(st.lists(st.integers(0, len(LINES)), max_size=8))
def test_lines_in_any_pieces(cuts: list[int]) -> None:
    listener = ConnectionListener()
    ends = [0, *sorted(cuts), len(LINES)]
    for start, end in itertools.pairwise(ends):
        listener.connection.dataReceived(LINES[start:end])
    assert listener.news == NEWS
    assert listener.connected is listener.connection


@pytest.mark.parametrize("line", [b"SSH-2.0-OpenSSH\r\n", b"\xff\n", b"[]\n", b"{\n", b'{"type": "said"}\n', b"\n"])
def test_a_protocol_error_is_reported_once_and_ends_the_reading(line: bytes) -> None:
    listener = ConnectionListener()
    listener.connection.dataReceived(line + LINES)
    assert (listener.nonsense, listener.news) == (1, [])
    assert listener.transport.disconnecting


def test_an_endless_line_is_a_protocol_error() -> None:
    listener = ConnectionListener()
    for _ in range(9):
        listener.connection.dataReceived(b"x" * (SERVER_LINE_BYTES // 8))
    assert listener.nonsense == 1


def test_nothing_is_written_after_the_end() -> None:
    listener = ConnectionListener()
    listener.connection.write(b"one\n")
    listener.connection.abort()
    listener.connection.write(b"two\n")
    listener.connection.connectionLost()
    assert listener.transport.value() == b"one\n"
    assert listener.lost == 1


def test_pausing_stops_reading_and_can_be_repeated() -> None:
    listener = ConnectionListener()
    listener.connection.pause(True)
    listener.connection.pause(True)
    assert listener.transport.producerState == "paused"
    listener.connection.pause(False)
    assert listener.transport.producerState == "producing"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (error.ConnectionRefusedError(), "connection refused"),
        (error.DNSLookupError(), "no such host"),
        (error.TimeoutError(), "no answer in time"),
        (error.NoRouteError(), "no route to the host"),
        (error.ConnectError(osError=101, string="Network is unreachable"), "network is unreachable"),
        (error.ConnectionDone(), "the server closed the connection"),
        (error.ConnectionLost(), "the connection broke"),
    ],
)
def test_reasons_are_words(failure: Exception, words: str) -> None:
    assert explain(Failure(failure)) == words
