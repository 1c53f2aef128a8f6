"""One connection: lines in any pieces, what is no line of news, and reasons in words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.client.wire import NEWS_BYTES, Wire, WireFactory, explain
from chatd.core import events
from chatd.core.events import Answer, Event

LINES = b'{"type":"pong"}\n{"type":"novelty"}\r\n{"type":"exited","room":"ops","current":"lobby"}\n'
NEWS = [events.Pong(), None, events.Exited("ops", "lobby")]


class Owner:
    """Writes down what it is told, and ends a connection that speaks nonsense."""

    def __init__(self) -> None:
        self.heard: list[Event | Answer | None] = []
        self.nonsense = 0
        self.lost = 0
        self.wire = WireFactory(self).buildProtocol(None)
        self.transport = StringTransport()
        self.wire.transport = self.transport
        self.wire.connectionMade()

    def wire_made(self, wire: Wire) -> None:
        self.made = wire

    def wire_heard(self, wire: Wire, news: Event | Answer | None) -> None:
        self.heard.append(news)

    def wire_spoke_nonsense(self, wire: Wire) -> None:
        self.nonsense += 1
        wire.abort()

    def wire_lost(self, wire: Wire, failure: Failure | None) -> None:
        self.lost += 1


@given(st.lists(st.integers(0, len(LINES)), max_size=8))
def test_lines_in_any_pieces(cuts: list[int]) -> None:
    owner = Owner()
    ends = [0, *sorted(cuts), len(LINES)]
    for start, end in itertools.pairwise(ends):
        owner.wire.dataReceived(LINES[start:end])
    assert owner.heard == NEWS
    assert owner.made is owner.wire


@pytest.mark.parametrize("line", [b"SSH-2.0-OpenSSH\r\n", b"\xff\n", b"[]\n", b"{\n", b'{"type": "said"}\n', b"\n"])
def test_nonsense_is_told_once_and_nothing_after_it_is_heard(line: bytes) -> None:
    owner = Owner()
    owner.wire.dataReceived(line + LINES)
    assert (owner.nonsense, owner.heard) == (1, [])
    assert owner.transport.disconnecting


def test_an_endless_line_is_nonsense() -> None:
    owner = Owner()
    for _ in range(9):
        owner.wire.dataReceived(b"x" * (NEWS_BYTES // 8))
    assert owner.nonsense == 1


def test_nothing_is_written_after_the_end() -> None:
    owner = Owner()
    owner.wire.write(b"one\n")
    owner.wire.abort()
    owner.wire.write(b"two\n")
    owner.wire.connectionLost()
    assert owner.transport.value() == b"one\n"
    assert owner.lost == 1


def test_pausing_stops_reading_and_can_be_said_twice() -> None:
    owner = Owner()
    owner.wire.pause(True)
    owner.wire.pause(True)
    assert owner.transport.producerState == "paused"
    owner.wire.pause(False)
    assert owner.transport.producerState == "producing"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (error.ConnectionRefusedError(), "connection refused"),
        (error.DNSLookupError(), "no such host"),
        (error.TimeoutError(), "no answer in time"),
        (error.NoRouteError(), "no route to the host"),
        (error.ConnectError(osError=101, string="Network is unreachable"), "101"),
        (error.ConnectionDone(), "the server closed the connection"),
        (error.ConnectionLost(), "the connection broke"),
    ],
)
def test_reasons_are_words(failure: Exception, words: str) -> None:
    assert explain(Failure(failure)) == words
