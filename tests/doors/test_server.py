"""What all doors share: the connections, dropping stalled readers, and the shutdown."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from chatd.core.events import Reason
from chatd.core.limits import RETURN_SECONDS, STALL_SECONDS
from chatd.core.registry import Settings
from tests.doors.wire import RunningServer, Wire


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(clock)


def log_in(server: RunningServer, nick: bytes) -> Wire:
    wire = server.call()
    wire.say(nick + b"\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello " + nick)
    return wire


def finish(server: RunningServer, *wires: Wire) -> None:
    """End all remaining connections."""
    for wire in wires:
        wire.lose()
    server.turn()
    assert not server.shared.sessions


def test_a_session_is_logged_once_it_has_a_nick(server: RunningServer) -> None:
    lines: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    nobody, ada = server.call(), log_in(server, b"ada")
    nobody.lose()
    assert lines == ["session of ada from 192.0.2.1 has begun (text)"]
    ada.lose()
    globalLogPublisher.removeObserver(observe)
    assert lines[1:] == ["session of ada from 192.0.2.1 has ended: link-lost"]
    finish(server)


def test_stalled_readers_are_dropped(server: RunningServer, clock: Clock) -> None:
    ada, bob = log_in(server, b"ada"), log_in(server, b"bob")
    bob.producer.pauseProducing()
    ada.say(b"hi\n")
    server.turn()
    server.shared.drop_stalled_readers()
    clock.advance(STALL_SECONDS - 1)
    server.shared.drop_stalled_readers()
    assert not bob.aborted
    clock.advance(1)
    server.shared.drop_stalled_readers()
    assert bob.aborted
    bob.lose()
    server.turn()
    assert ada.take().splitlines()[-1] == b"-- bob has left #lobby (not reading)"
    finish(server, ada)


def log_in_with_token(server: RunningServer, nick: str) -> Wire:
    wire = server.call()
    wire.say(b'{"type":"hello","nick":"%s","token":"%s"}\n' % (nick.encode(), nick.encode() * 8))
    server.turn()
    assert b'"entered"' in wire.take()
    return wire


def test_nobody_is_told_of_a_program_that_comes_back_soon(server: RunningServer, clock: Clock) -> None:
    ada, ci = log_in(server, b"ada"), log_in_with_token(server, "ci")
    ada.take()
    ci.lose()
    ada.say(b"/msg ci hello\n/who\n")
    server.turn()
    assert b"-- Sent to ci." in ada.take()
    clock.advance(RETURN_SECONDS - 1)
    again = server.call()
    again.say(b'{"type":"hello","nick":"ci","token":"cicicicicicicici"}\n')
    server.turn()
    assert b'"text":"hello"' in again.take()
    clock.advance(RETURN_SECONDS)
    assert ada.take() == b""
    again.lose()
    clock.advance(RETURN_SECONDS)
    assert ada.take() == b"-- ci has left #lobby (connection lost)\r\n"
    finish(server, ada)


def test_a_shutdown_frees_the_seats_that_are_kept(server: RunningServer, clock: Clock) -> None:
    log_in_with_token(server, "ci").lose()
    done: list[None] = []
    server.shared.shut_down().addCallback(done.append)
    assert done == [None]
    assert not any(room.members for room in server.registry.rooms)
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("settings", [Settings(max_sessions=2, address_rate=0), Settings(max_per_address=2, address_rate=0)])
def test_only_so_many_seats_are_kept(clock: Clock, settings: Settings) -> None:
    server = RunningServer(clock, settings)
    for nick in ("ada", "bob", "eve"):
        log_in_with_token(server, nick).lose()
    assert [person.nick for person in server.registry.directory.people] == ["ada", "bob"]
    clock.advance(RETURN_SECONDS)
    assert not server.registry.directory.people
    log_in_with_token(server, "ada").lose()
    assert [person.nick for person in server.registry.directory.people] == ["ada"]
    clock.advance(RETURN_SECONDS)


def test_a_shutdown_tells_everybody_and_waits_for_them(server: RunningServer) -> None:
    ada, bob = log_in(server, b"ada"), server.call()
    bob.say(b"half a li")
    done: list[None] = []
    server.shared.shut_down().addCallback(done.append)
    server.turn()
    assert ada.take() == b"-- The server is shutting down. Goodbye.\r\n"
    assert bob.take() == b"-- The server is shutting down. Goodbye.\r\n"
    assert ada.protocol.caller.ended is Reason.SHUTDOWN
    ada.lose()
    assert done == []
    bob.lose()
    assert done == [None]
    finish(server)


def test_a_shutdown_without_callers_is_immediate(server: RunningServer) -> None:
    done: list[None] = []
    server.shared.shut_down().addCallback(done.append)
    assert done == [None]
