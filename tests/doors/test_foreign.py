"""What belongs to other protocols becomes no nick and no speech, however it is cut."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.core.limits import ANSWER_SECONDS, GREETING_SECONDS, LAST_LINES_SECONDS, LINE_BYTES, TELNET_PIECE_BYTES
from chatd.doors.catalogue import JSON, TEXT, DoorOptions
from chatd.doors.foreign import has_more, has_nul, is_foreign
from chatd.doors.telnet import Telnet
from tests.doors.wire import RunningServer, Wire

COOKIE = b"Host: chat\r\nCookie: sso=secret\r\n\r\nada\r\nhello\r\n"

ANY_CUT = {
    "nul": b"\x00\nada\nhello\n",
    "nul in the first line": b"ad\x00a\nhello\n",
    "nul after an empty line": b"\r\n\x00\x01\nada\nhello\n",
    "rdp": b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00\nada\nhello\n",
    "smb1": b"\x00\x00\x00\x2f\xffSMBr\x00\x00\x00\x00\nada\nhello\n",
    "smb2": b"\x00\x00\x00\xb0\xfeSMB@\x00\x01\x00\nada\nhello\n",
    "postgres": b"\x00\x00\x00\x08\x04\xd2\x16\x2f\nada\nhello\n",
    "tls of another version": b"\x16\x02\x00\x00\x05\nada\nhello\n",
    "http after an empty line": b"\r\nGET / HTTP/1.1\r\n" + COOKIE,
    "http after many empty lines": b"\n" * 30 + b"POST /x HTTP/1.0\n" + COOKIE,
    "http after a word": b"two words\r\nGET / HTTP/1.1\r\n" + COOKIE,
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00",
    "webdav": b"PROPFIND /files HTTP/1.1\r\n" + COOKIE,
    "rtsp": b"DESCRIBE rtsp://chat/x RTSP/1.0\r\nCSeq: 1\r\n\r\nada\r\nhello\r\n",
    "sip": b"REGISTER sip:chat SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\nada\r\nhello\r\n",
    "proxy v1": b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\nGET / HTTP/1.1\r\n" + COOKIE,
    "proxy v1 after an empty line": b"\nPROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\nada\r\nhello\r\n",
    "proxy v2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + b"GET / HTTP/1.1\r\n" + COOKIE,
    "proxy v2 after a space": b" \r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + b"\nada\nhello\n",
}

IN_ONE_PIECE = {
    "redis": b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n",
    "smtp": b"EHLO chat.example\r\nQUIT\r\n",
    "a printer": b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PCL\r\nhello\r\nworld\r\n",
    "not utf-8": b"\x8a\xf3\xd1\nada\nhello\n",
    "an unfinished second line": b"two words\nhel",
    "a reserved nick": b"admin\nada\n",
    "a command that does not exist": b"two words\n\r\n/jion\n",
}

REFUSAL = b"!! This belongs to another protocol."


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    return RunningServer(clock, options=DoorOptions([TEXT, JSON]))


def is_turned_away(server: RunningServer, first: bytes, step: int = 0) -> bytes:
    """What somebody who sends ``first`` is told; nothing of it reaches a room."""
    bob, wire = server.call(), server.call("192.0.2.2")
    bob.say(b"bob\n")
    server.turn()
    bob.take()
    wire.say(first, step)
    server.clock.advance(ANSWER_SECONDS)
    assert wire.closed or wire.half_closed
    assert bob.take() == b""
    assert server.events() == 1
    for one in (bob, wire):
        one.lose()
    server.turn()
    return wire.take()


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("first", ANY_CUT.values(), ids=ANY_CUT)
def test_another_protocol_is_refused_however_it_is_cut(server: RunningServer, first: bytes, step: int) -> None:
    told = is_turned_away(server, first, step)
    assert b"!! This " in told or b"!! The lines behind" in told


@pytest.mark.parametrize("first", IN_ONE_PIECE.values(), ids=IN_ONE_PIECE)
def test_the_lines_behind_a_refused_nick_are_no_nick(server: RunningServer, first: bytes) -> None:
    assert b"!! The lines behind it are not read." in is_turned_away(server, first)


def test_the_lines_behind_a_nick_that_is_taken_are_no_nick(server: RunningServer) -> None:
    told = is_turned_away(server, b"bob\ndeployed\n")
    assert b"bob is here already" in told
    assert b"deployed" not in told


@given(st.integers(0, 1 << 30), st.integers(1024, 8192))
@example(seed=2564, size=1024)  # All its NULs are in a subnegotiation of telnet, which is no text.
def test_a_random_binary_is_refused(seed: int, size: int) -> None:
    first = b"ada\n" + random.Random(seed).randbytes(size)
    server = RunningServer(Clock())
    wire = server.call()
    wire.say(first)
    server.turn()
    text = Telnet().receive(first[:TELNET_PIECE_BYTES])[0] if b"\xff" in first else first
    assert (REFUSAL in wire.take(), server.events() == 0) == (has_nul(text), has_nul(text))
    wire.lose()
    server.turn()


def logs_in(server: RunningServer, wire: Wire) -> bool:
    server.turn()
    told = wire.take()
    wire.lose()
    server.turn()
    return b"-- Hello ada." in told or b'"welcome"' in told


@pytest.mark.parametrize(
    "pieces",
    [
        [b"\r\n\r\nada\r\n"],
        [b"two words\n", b"ada\n"],
        [b"two words\r\n\r\n", b"ada\n"],
        [b"caf\xe9\n", b"ada\n"],
        [b"/help\nada\n"],
        [b"\x1b[A\n", b"ada\n"],
        [b"\xff\xfd\x00ada\r\n"],
        [b'two words\n{"type": "hello", "nick": "ada"}\n'],
        [b"bob is\n", b"", b"ada\nhello\n"],
    ],
)
def test_people_may_try_again(server: RunningServer, pieces: list[bytes]) -> None:
    wire = server.call()
    for piece in pieces:
        wire.say(piece)
        server.clock.advance(ANSWER_SECONDS)
    assert logs_in(server, wire)


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\n", b"PROXY TCP4 x\n", b"a \x00 b\n"])
def test_people_with_a_nick_say_what_they_like(server: RunningServer, line: bytes) -> None:
    ada, bob = server.call(), server.call()
    ada.say(b"ada\n")
    bob.say(b"bob\n" if b"\0" in line else b"bob\n" + line)
    server.turn()
    bob.say(line if b"\0" in line else b"")
    server.turn()
    assert b"<bob> " in ada.take()
    for wire in (ada, bob):
        wire.lose()
    server.turn()


def test_a_last_line_without_its_end_is_no_nick_either(server: RunningServer) -> None:
    wire = server.call()
    server.clock.advance(GREETING_SECONDS)
    wire.say(b"OPTIONS_ / HTTP/1.0")
    wire.hang_up()
    server.turn()
    assert REFUSAL in wire.take()
    wire.lose()
    server.turn()


def test_many_empty_lines_take_linear_time(server: RunningServer) -> None:
    """Each look behind a line ends at the next byte that is no line end; a refusal ends all."""
    wire = server.call()
    wire.say(b"\n" * 65536)
    assert not wire.closed
    wire.lose()
    server.clock.advance(LAST_LINES_SECONDS)


# -- Its parts


@pytest.mark.parametrize(
    ("data", "found"), [(b"", False), (b"ada\r\n", False), (b"\0", True), (b"a\r\0b\r\0", False), (b"\r\0\0", True)]
)
def test_nul_is_telnets_only_after_a_cr(data: bytes, found: bool) -> None:
    assert has_nul(data) is found


@given(st.binary(max_size=LINE_BYTES))
def test_no_line_takes_long_or_raises(line: bytes) -> None:
    is_foreign(line)


@pytest.mark.parametrize(
    "line", [b"ada", b"GET", b"GET /", b"a b c", b"a b HTTP", b"we talk HTTP/1.1 now", b"PROXYada", b"x y z/1"]
)
def test_words_of_people_are_not_foreign(line: bytes) -> None:
    assert not is_foreign(line)


@pytest.mark.parametrize(
    ("data", "more"), [(b"a\n", False), (b"a\n\r\n\n", False), (b"a\n\nb", True), (b'a\n{"', False), (b"a\n ", True)]
)
def test_only_what_is_no_line_end_is_more(data: bytes, more: bool) -> None:
    assert has_more(data, 2) is more
    assert re.match(b"a\n", data)
