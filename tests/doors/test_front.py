"""The front: every caller reaches their door with all their bytes, or is refused in their own
protocol."""

from __future__ import annotations

import json
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from chatd.core.limits import (
    BROWSER_GREETING_SECONDS,
    CLOSE_SECONDS,
    GREETING_SECONDS,
    LOGIN_SECONDS,
    SESSIONS_PER_ADDRESS,
)
from chatd.core.registry import Settings
from chatd.doors.catalogue import BOM, DOORS, IRC, JSON, OPENINGS, SSH, TEXT, TLS, WEB, Door, DoorOptions
from chatd.doors.half_open import HalfOpen
from chatd.doors.line import ChatProtocol
from chatd.doors.proxy import SIGNATURE, Proxies
from tests.doors.wire import Recorder, RunningServer, Wire

GREETING = b"-- Welcome to chatd. What is your nick?\r\n"

CALLS = {
    TEXT: b"ada\nhi\n",
    JSON: b'{"type": "hello", "nick": "ci"}\n{"type": "ping"}\n',
    TLS: b"\x16\x03\x01\x00\x05hello",
    WEB: b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n",
    IRC: b"CAP LS 302\r\nNICK ada\r\nUSER a 0 * :Ada\r\n",
    SSH: b"SSH-2.0-OpenSSH_9.2p1\r\n\x00\x00",
}


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(clock)


def finish(server: RunningServer, *wires: Wire) -> None:
    """End all remaining connections."""
    for wire in wires:
        wire.lose()
    server.turn()
    assert not len(server.shared.half_open)
    assert not server.registry.admission


# -- To the door


@pytest.mark.parametrize("door", CALLS, ids=str)
@pytest.mark.parametrize("step", [0, 1, 2, 3, 7])
def test_each_door_gets_every_byte(server: RunningServer, door: Door, step: int) -> None:
    server.record(*DOORS)
    wire = server.call("192.0.2.7")
    wire.say(CALLS[door], step)
    protocol = wire.protocol
    assert isinstance(protocol, Recorder)
    assert (protocol.door, protocol.address, protocol.received) == (door, "192.0.2.7", CALLS[door])
    assert protocol.transport is wire  # type: ignore[comparison-overlap]
    assert wire.take() == b""
    finish(server)


@pytest.mark.parametrize("door", CALLS, ids=str)
def test_each_door_gets_every_byte_however_they_are_split(server: RunningServer, door: Door) -> None:
    server.record(*DOORS)
    call = CALLS[door]
    for cut in range(1, len(call)):
        wire = server.call()
        wire.say(call[:cut])
        wire.say(call[cut:])
        assert isinstance(wire.protocol, Recorder)
        assert (wire.protocol.door, wire.protocol.received) == (door, call)


def test_the_front_changes_nothing_for_a_person(server: RunningServer) -> None:
    wire = server.call()
    wire.say(b"ada\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada.")
    assert type(wire.protocol) is ChatProtocol
    finish(server, wire)


@pytest.mark.parametrize("nick", [b"Getty", b"get", b"GET", b"NICK", b"user", b"PASS", b"SSH-fan", b"OPTIONS"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_nick_may_look_like_an_opening(server: RunningServer, nick: bytes, step: int) -> None:
    wire = server.call()
    wire.say(nick + b"\n", step)
    server.turn()
    assert wire.take().startswith(b"-- Hello " + nick)
    finish(server, wire)


def test_the_front_changes_nothing_for_a_program(server: RunningServer) -> None:
    wire = server.call()
    wire.say(CALLS[JSON], 1)
    server.turn()
    assert [json.loads(line)["type"] for line in wire.take().splitlines()] == ["welcome", "entered", "pong"]
    finish(server, wire)


@pytest.mark.parametrize("door", [TEXT, JSON], ids=str)
@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_byte_order_mark_is_skipped(server: RunningServer, door: Door, step: int) -> None:
    wire = server.call()
    wire.say(BOM + CALLS[door], step)
    server.turn()
    told = wire.take()
    assert told.startswith(b"-- Hello ada.") if door is TEXT else b'"pong"' in told
    finish(server, wire)


@pytest.mark.parametrize("typed", [b"GET", b"NICK", b"ada", b"US"])
def test_an_unfinished_opening_is_a_nick_when_the_input_has_ended(server: RunningServer, typed: bytes) -> None:
    wire = server.call()
    wire.say(typed)
    wire.hang_up()
    server.turn()
    assert wire.take().startswith(b"-- Hello " + typed)
    assert wire.closed
    finish(server, wire)


def test_a_caller_who_closes_without_a_byte_is_disconnected(server: RunningServer) -> None:
    wire = server.call()
    wire.hang_up()
    assert wire.closed
    assert wire.take() == b""
    finish(server, wire)


# -- Silence


def test_a_silent_caller_is_greeted_as_a_person(server: RunningServer) -> None:
    wire = server.call()
    server.clock.advance(GREETING_SECONDS - 0.01)
    assert wire.take() == b""
    server.clock.advance(0.01)
    assert wire.take() == GREETING
    server.clock.advance(10)
    assert wire.take() == b""
    wire.say(b"ada\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada.")
    finish(server, wire)


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_program_is_recognised_by_its_first_byte(server: RunningServer, cut: int) -> None:
    wire, raw = server.call(), b'{"type":"hello","nick":"ci"}\n{"type":"ping","id":"1"}\n'
    wire.say(raw[:cut])
    server.clock.advance(GREETING_SECONDS * 2)
    wire.say(raw[cut:])
    server.turn()
    assert [json.loads(line)["type"] for line in wire.take().splitlines()] == ["welcome", "entered", "pong"]
    finish(server, wire)


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_person_who_speaks_first_is_not_greeted(server: RunningServer, cut: int) -> None:
    wire, raw = server.call(), "Ädä\r\nhi\n".encode()
    wire.say(raw[:cut])
    server.clock.advance(GREETING_SECONDS * 2)
    wire.say(raw[cut:])
    server.turn()
    assert wire.take().decode() == "-- Hello Ädä. You are in #lobby, alone. /help lists what you can do.\r\n"
    finish(server, wire)


def test_a_program_that_speaks_late_is_served(server: RunningServer) -> None:
    wire = server.call()
    server.clock.advance(GREETING_SECONDS)
    assert wire.take() == GREETING
    wire.say(b'{"type":"hello","nick":"ci"}\n')
    server.turn()
    assert [json.loads(line)["type"] for line in wire.take().splitlines()] == ["welcome", "entered"]
    assert wire.protocol.caller.session.door == "json"
    finish(server, wire)


@pytest.mark.parametrize("door", [TEXT, JSON, IRC, SSH])
def test_a_late_caller_who_can_skip_a_greeting_is_served(server: RunningServer, door: Door) -> None:
    server.record(*DOORS)
    wire = server.call()
    server.clock.advance(1)
    wire.take()
    wire.say(CALLS[door], 1)
    assert isinstance(wire.protocol, Recorder)
    assert (wire.protocol.door, wire.protocol.received, wire.take()) == (door, CALLS[door], b"")


@pytest.mark.parametrize(("door", "begins"), [(WEB, b"HTTP/1.1 503 "), (TLS, b"\x15\x03\x03\x00\x02\x02\x28")])
def test_a_late_caller_who_cannot_skip_a_greeting_is_refused(server: RunningServer, door: Door, begins: bytes) -> None:
    server.record(*DOORS)
    wire = server.call()
    server.clock.advance(1)
    wire.take()
    wire.say(CALLS[door])
    assert wire.take().startswith(begins)
    assert wire.half_closed
    finish(server, wire)


@pytest.mark.parametrize("typed", [b"\n", b"\r\n\r\n ", b" \n"])
def test_who_presses_enter_is_greeted_at_once(server: RunningServer, typed: bytes) -> None:
    server.shared.browsers.add("192.0.2.1")
    wire = server.call()
    wire.say(typed)
    assert wire.take() == GREETING
    wire.say(b"ada\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada.")
    finish(server, wire)


@pytest.mark.parametrize("typed", [b"", b"\r\n"])
def test_where_a_browser_has_called_silence_is_longer(server: RunningServer, typed: bytes) -> None:
    server.shared.browsers.add("192.0.2.1")
    wire, other = server.call(), server.call("192.0.2.2")
    server.clock.advance(GREETING_SECONDS)
    assert (wire.take(), other.take()) == (b"", GREETING)
    wire.say(typed)
    server.clock.advance(BROWSER_GREETING_SECONDS - GREETING_SECONDS - 0.01)
    assert wire.take() == b""
    server.clock.advance(0.01)
    assert wire.take() == GREETING
    server.clock.advance(LOGIN_SECONDS - BROWSER_GREETING_SECONDS)
    assert b"in time" in wire.take()
    finish(server, wire, other)


def test_a_browser_in_advance_is_served_late(server: RunningServer) -> None:
    server.record(WEB)
    server.shared.browsers.add("192.0.2.1")
    wire = server.call()
    server.clock.advance(BROWSER_GREETING_SECONDS - 0.01)
    wire.say(CALLS[WEB])
    assert isinstance(wire.protocol, Recorder)
    assert wire.take() == b""


def test_a_request_that_a_late_server_has_not_read_is_no_silence(server: RunningServer) -> None:
    server.record(WEB)
    wire = server.call()
    server.clock.callLater(GREETING_SECONDS, wire.say, CALLS[WEB])  # The reactor runs timers first, and reads then.
    server.clock.advance(GREETING_SECONDS)
    assert isinstance(wire.protocol, Recorder)
    assert wire.take() == b""


def test_a_request_that_comes_too_late_makes_the_next_one_work(server: RunningServer) -> None:
    server.record(WEB)
    wire = server.call()
    server.clock.advance(GREETING_SECONDS)
    next = server.call()
    wire.say(CALLS[WEB])
    assert wire.half_closed
    server.clock.advance(GREETING_SECONDS)
    next.say(CALLS[WEB])
    assert isinstance(next.protocol, Recorder)
    assert next.take() == b""
    finish(server, wire)


def test_half_an_opening_is_not_silence(server: RunningServer) -> None:
    server.record(WEB)
    wire = server.call()
    wire.say(b"GE")
    server.clock.advance(5)
    assert wire.take() == b""
    wire.say(b"T / HTTP/1.0\r\n\r\n")
    assert isinstance(wire.protocol, Recorder)


# -- Time


@pytest.mark.parametrize("drip", [b"", b"OPTIONS"])
def test_the_login_deadline_is_60_seconds_whatever_arrives(server: RunningServer, drip: bytes) -> None:
    wire = server.call()
    for second in range(59):
        server.clock.advance(1)
        wire.say(drip[second // 9 : second // 9 + 1] if second % 9 == 0 else b"")
    assert wire.open
    assert not wire.half_closed
    server.clock.advance(1)
    server.clock.advance(CLOSE_SECONDS)
    assert wire.aborted
    finish(server, wire)


@pytest.mark.parametrize("call", [b"a nick with spaces\n", b'{"type": "ping"}\n'])
def test_the_deadline_of_the_door_counts_from_connecting(server: RunningServer, call: bytes) -> None:
    wire = server.call()
    server.clock.advance(LOGIN_SECONDS - 10)
    wire.say(call)
    server.clock.advance(9.9)
    assert wire.open
    server.clock.advance(0.1)
    server.turn()
    assert wire.closed
    finish(server, wire)


# -- Closed doors


@pytest.mark.parametrize(
    ("door", "begins"),
    [
        (TLS, b"\x15\x03\x03\x00\x02\x02\x28"),
        (WEB, b"HTTP/1.1 503 Service Unavailable\r\n"),
        (IRC, b"ERROR :The door 'irc' is not open here."),
        (SSH, b"The door 'ssh' is not open here."),
        (TEXT, b"!! The door 'text' is not open here."),
        (JSON, b'{"type":"refused","code":"door-closed"'),
    ],
)
@pytest.mark.parametrize("step", [0, 1])
def test_a_closed_door_is_refused_in_the_callers_protocol(server: RunningServer, door: Door, begins: bytes, step: int) -> None:
    server.front.doors.clear()
    wire = server.call()
    wire.say(CALLS[door], step)
    assert wire.take().startswith(begins)
    assert wire.half_closed
    assert not wire.aborted
    wire.hang_up()
    assert wire.closed
    assert server.events() == 0
    finish(server, wire)


def test_an_http_refusal_is_a_complete_response(server: RunningServer) -> None:
    wire = server.call()
    wire.say(CALLS[WEB])
    head, _, body = wire.take().partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
    assert b"Connection: close" in head.split(b"\r\n")
    finish(server, wire)


def test_input_after_a_refusal_is_dropped_for_a_limited_time(server: RunningServer) -> None:
    wire = server.call()
    wire.say(b"POST / HTTP/1.1\r\n\r\nada\n/join #x\nhi\n")
    wire.take()
    wire.say(b"ada\nhi\n" * 1000)
    assert wire.take() == b""
    server.clock.advance(CLOSE_SECONDS)
    assert wire.aborted
    assert server.events() == 0
    finish(server, wire)


def test_nobody_is_greeted_if_the_text_door_is_closed(server: RunningServer) -> None:
    del server.front.doors[TEXT]
    wire = server.call()
    server.clock.advance(5)
    assert wire.take() == b""
    wire.say(CALLS[JSON])
    server.turn()
    assert b'"welcome"' in wire.take()
    finish(server, wire)


# -- Only inside TLS


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_connect_without_tls(clock: Clock, address: str) -> None:
    server = RunningServer(clock, options=DoorOptions([TEXT, JSON], tls_only=True))
    wire = server.call(address)
    wire.say(b"ada\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada.")
    finish(server, wire)


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0"])
@pytest.mark.parametrize("door", [TEXT, JSON, WEB, IRC])
def test_other_machines_need_tls(clock: Clock, address: str, door: Door) -> None:
    server = RunningServer(clock, options=DoorOptions([TEXT, JSON], tls_only=True))
    server.record(WEB, IRC, TLS)
    wire = server.call(address)
    server.clock.advance(1)
    assert wire.take() == b""  # A greeting would break a later handshake.
    wire.say(CALLS[door])
    assert b"This server talks inside TLS only." in wire.take()
    assert server.events() == 0
    finish(server, wire)


@pytest.mark.parametrize("door", [TLS, SSH])
def test_tls_is_accepted_from_anywhere(clock: Clock, door: Door) -> None:
    server = RunningServer(clock, options=DoorOptions([TEXT, JSON], tls_only=True))
    server.record(door)
    wire = server.call()
    server.clock.advance(1)
    wire.say(CALLS[door])
    assert isinstance(wire.protocol, Recorder)


# -- Behind a proxy

PROXIED = DoorOptions([TEXT, JSON, WEB], proxies=Proxies([ip_network("10.0.0.0/8")]))
HEADER = b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 8080\r\n"
BINARY = SIGNATURE + b"\x21\x11\x00\x0c" + bytes((192, 0, 2, 7, 10, 0, 0, 1)) + b"\x30\x39\x1f\x90"
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


@pytest.mark.parametrize("header", [HEADER, BINARY])
@pytest.mark.parametrize("door", CALLS, ids=str)
def test_a_header_from_a_proxy_gives_the_address_and_is_removed_wherever_it_is_cut(clock: Clock, header: bytes, door: Door) -> None:
    server = RunningServer(clock, options=PROXIED)
    server.record(*CALLS)
    sent = header + CALLS[door]
    for cut in range(1, len(sent)):
        wire = server.call("10.0.0.1")
        wire.say(sent[:cut])
        wire.say(sent[cut:])
        protocol = wire.protocol
        assert isinstance(protocol, Recorder)
        assert (protocol.door, protocol.address, protocol.received) == (door, "192.0.2.7", CALLS[door])
        assert wire.take() == b""
    wire = server.call("10.0.0.1")
    wire.say(sent, 1)
    assert (wire.protocol.address, wire.protocol.received) == ("192.0.2.7", CALLS[door])
    finish(server)


@pytest.mark.parametrize("first", [b"", LOCAL, b"PROXY UNKNOWN\r\n"])
def test_a_proxy_that_calls_for_itself_has_its_own_address(clock: Clock, first: bytes) -> None:
    server = RunningServer(clock, options=PROXIED)
    server.record(*CALLS)
    wire = server.call("10.0.0.1")
    wire.say(first + CALLS[TEXT])
    assert (wire.protocol.address, wire.protocol.received) == ("10.0.0.1", CALLS[TEXT])
    finish(server)


@pytest.mark.parametrize("header", [HEADER, BINARY])
@pytest.mark.parametrize("step", [0, 1])
def test_nobody_else_may_send_a_header(clock: Clock, header: bytes, step: int) -> None:
    server = RunningServer(clock, options=PROXIED)
    wire = server.call("192.0.2.1")
    with capturedLogs() as lines:
        wire.say(header + CALLS[TEXT], step)
    assert wire.take().startswith(b"!! This server takes no PROXY header from you.")
    assert [line["address"] for line in lines] == ["192.0.2.1"]
    assert wire.half_closed
    assert server.events() == 0
    finish(server, wire)


@pytest.mark.parametrize("second", [HEADER, BINARY])
def test_a_second_header_is_the_callers_own(clock: Clock, second: bytes) -> None:
    server = RunningServer(clock, options=PROXIED)
    wire = server.call("10.0.0.1")
    wire.say(HEADER.replace(b"192.0.2.7", b"10.0.0.9") + second + b"ada\n")
    assert wire.take().startswith(b"!! This server takes no PROXY header from you.")
    finish(server, wire)


def test_a_malformed_header_ends_the_connection_and_is_logged(clock: Clock) -> None:
    server = RunningServer(clock, options=PROXIED)
    clock.advance(1)
    with capturedLogs() as lines:
        wires = [server.call("10.0.0.1") for _ in range(3)]
        for wire in wires:
            wire.say(b"PROXY TCP9 x\r\nada\n")
    assert [wire.aborted for wire in wires] == [True] * 3
    assert [line["address"] for line in lines] == ["10.0.0.1"]
    assert server.events() == 0
    finish(server, *wires)


@pytest.mark.parametrize("header", [HEADER, BINARY])
def test_a_header_that_never_ends_is_no_nick(clock: Clock, header: bytes) -> None:
    server = RunningServer(clock, options=PROXIED)
    wire = server.call("10.0.0.1")
    wire.say(header[:-1])
    wire.hang_up()
    late = server.call("10.0.0.1")
    late.say(header[:-1])
    clock.advance(LOGIN_SECONDS)
    assert (wire.closed, late.aborted) == (True, True)
    assert wire.take() + late.take() == b""
    finish(server, wire, late)


@pytest.mark.parametrize("first", [b"", HEADER, BINARY])
def test_a_silent_person_behind_a_proxy_is_greeted(clock: Clock, first: bytes) -> None:
    server = RunningServer(clock, options=PROXIED)
    wire = server.call("10.0.0.1")
    wire.say(first)
    clock.advance(GREETING_SECONDS)
    assert wire.take() == GREETING
    wire.say(b"ada\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada.")
    finish(server, wire)


def test_empty_lines_are_no_header(clock: Clock) -> None:
    server = RunningServer(clock)
    wire = server.call()
    wire.say(b"\r\n\r\n", 1)
    clock.advance(GREETING_SECONDS)
    assert wire.take() == GREETING
    wire.say(b"ada\r\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada.")
    finish(server, wire)


@pytest.mark.parametrize("address", ["192.0.2.7", "127.0.0.1"])
def test_with_tls_only_the_callers_address_decides(clock: Clock, address: str) -> None:
    server = RunningServer(clock, options=DoorOptions([TEXT], tls_only=True, proxies=Proxies([ip_network("127.0.0.1")])))
    wire = server.call("127.0.0.1")
    wire.say(HEADER.replace(b"192.0.2.7", address.encode()) + b"ada\n")
    server.turn()
    assert wire.take().startswith(b"-- Hello ada." if address == "127.0.0.1" else b"!! This server talks inside TLS only.")
    finish(server, wire)


def test_callers_behind_a_proxy_are_counted_at_their_own_addresses(clock: Clock) -> None:
    server = RunningServer(clock, Settings(max_per_address=2), PROXIED)
    unknown = [server.call("10.0.0.1") for _ in range(5)]
    assert len(tuple(server.registry.admission)) == 5, "counted, but not at the address of the proxy"
    for number, wire in enumerate(unknown):
        wire.say(HEADER.replace(b"192.0.2.7", b"192.0.2.%d" % number))
    same = [server.call("10.0.0.1") for _ in range(2)]
    for wire in same:
        wire.say(HEADER.replace(b"192.0.2.7", b"192.0.2.1"))
    clock.advance(GREETING_SECONDS)
    assert [wire.take()[:2] for wire in [*unknown, *same]] == [b"--"] * 6 + [b"!!"]
    finish(server, *unknown, *same)


def test_a_proxy_may_have_more_callers_than_an_address(clock: Clock) -> None:
    server = RunningServer(clock, options=PROXIED)
    wires = [server.call("10.0.0.1") for _ in range(SESSIONS_PER_ADDRESS + 1)]
    for number, wire in enumerate(wires):
        wire.say(b"PROXY TCP4 192.0.%d.%d 192.0.2.1 1 2\r\nada%d\n" % (*divmod(number, 256), number))
        server.turn()
    assert b"-- Hello ada%d." % SESSIONS_PER_ADDRESS in wires[-1].take()
    finish(server, *wires)
    clock.advance(1)


def test_the_budget_of_an_address_is_the_callers(clock: Clock) -> None:
    server = RunningServer(clock, Settings(), PROXIED)
    wires = [server.call("10.0.0.1") for _ in range(3)]
    for wire in wires:
        wire.say(HEADER)
    assert len(server.shared.budgets) == 1
    budget = server.shared.budgets.of("192.0.2.7", clock.seconds())
    assert budget is not None
    assert not budget.is_full(clock.seconds())
    assert len(server.shared.budgets) == 1
    finish(server, *wires)


# -- Limits


def test_a_full_server_says_so_in_each_protocol(clock: Clock) -> None:
    server = RunningServer(clock, Settings(max_sessions=1))
    first = server.call()
    person, program, silent = server.call(), server.call(), server.call()
    person.say(b"ada\n")
    program.say(CALLS[JSON])
    clock.advance(GREETING_SECONDS)
    assert person.take().startswith(b"!! The server is full.")
    assert json.loads(program.take().splitlines()[0])["code"] == "server-full"
    assert silent.take().startswith(b"!! The server is full.")
    assert first.take() == GREETING
    clock.advance(CLOSE_SECONDS)
    finish(server, first, person, program, silent)


@pytest.mark.parametrize("settings", [Settings(max_sessions=1), Settings(max_per_address=1)])
@pytest.mark.parametrize(
    ("first", "words"), [(b"bob\n", b"!! "), (b"{}\n", b'{"type":"refused","code":"server-full"'), (b"", b"!! ")]
)
def test_a_caller_over_the_limit_is_refused_in_their_protocol(clock: Clock, settings: Settings, first: bytes, words: bytes) -> None:
    server = RunningServer(clock, settings)
    ada = server.call()
    ada.say(b"ada\n")
    server.turn()
    ada.take()
    bob = server.call()
    bob.say(first)
    clock.advance(GREETING_SECONDS)
    assert [line[: len(words)] for line in bob.take().splitlines()] == [words]
    assert bob.closed or bob.half_closed
    assert ada.take() == b""
    bob.lose()
    ada.lose()
    server.turn()
    eve = server.call()
    eve.say(b"eve\n")
    server.turn()
    assert eve.take().startswith(b"-- Hello eve.")
    finish(server, eve)


def test_callers_per_address_are_counted_before_they_send_anything(clock: Clock) -> None:
    server = RunningServer(clock, Settings(max_per_address=2))
    wires = [server.call() for _ in range(3)]
    clock.advance(GREETING_SECONDS)
    assert [wire.take()[:2] for wire in wires] == [b"--", b"--", b"!!"]
    finish(server, *wires)


def test_a_flood_of_callers_drops_nobody_with_a_nick(server: RunningServer) -> None:
    server.shared.half_open = HalfOpen(5)
    ada = server.call()
    ada.say(b"ada\n")
    server.turn()
    flood = [server.call(f"198.51.100.{number}") for number in range(50)]
    for wire in flood[::2]:
        wire.say(b"\x01")
    assert ada.open
    assert sum(wire.open for wire in flood) == 5
    finish(server, ada, *flood)


def test_few_connections_are_accepted_per_turn(server: RunningServer) -> None:
    class Port:
        numberAccepts = 100  # With which Twisted begins.

    port = Port()
    server.front.open(port)
    assert port.numberAccepts == 1
    port.numberAccepts += 20  # As Twisted does, if there was one.
    wires = [server.call() for _ in range(21)]
    assert port.numberAccepts == 1, "and not 41 after that"
    finish(server, *wires)


def test_stopping_the_server_disconnects_everybody(server: RunningServer) -> None:
    ada, silent = server.call(), server.call()
    ada.say(b"ada\n")
    server.turn()
    done = server.front.shut_down()
    server.turn()
    assert silent.aborted
    assert ada.closed
    finish(server, ada, silent)
    assert done.called


# -- Any input

HOSTILE = st.one_of(
    st.binary(min_size=1, max_size=64),
    st.tuples(st.sampled_from(sorted(OPENINGS)), st.binary(max_size=64)).map(b"".join),
    st.tuples(st.sampled_from(sorted(set(OPENINGS) - {b"{"})), st.just(b"x\r\n\r\nada\n/join #x\nhi\n")).map(b"".join),
)


@given(HOSTILE, st.integers(0, 9), st.floats(0, 70))
def test_no_input_causes_a_defect(call: bytes, step: int, wait: float) -> None:
    """The fixture ``logged_errors`` fails this test for any traceback."""
    server = RunningServer(Clock())
    wire = server.call()
    wire.say(call[:1])
    server.clock.advance(wait)
    wire.say(call[1:], step)
    server.clock.advance(0)
    wire.lose()
    server.clock.advance(0)
    assert not server.clock.getDelayedCalls()
    assert not server.registry.admission


@given(
    st.sampled_from(sorted(set(OPENINGS) - {b"{"})),
    st.one_of(st.binary(max_size=64), st.just(b"x\r\n\r\nada\n/join #x\nhi\n")),
    st.integers(0, 9),
)
def test_callers_of_other_protocols_touch_no_room(opening: bytes, more: bytes, step: int) -> None:
    server = RunningServer(Clock())
    ada, wire = server.call(), server.call()
    ada.say(b"ada\n")
    server.turn()
    ada.take()
    wire.say(opening + more, step)
    wire.hang_up()
    server.turn()
    assert ada.take() == b""
    assert server.events() == 1
    ada.lose()
    wire.lose()
