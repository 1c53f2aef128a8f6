"""Negotiating the options of character telnet."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.core.limits import TELNET_BYTES
from chatd.doors.telnet_options import SUB_BYTES, TelnetOptions

IAC, DONT, DO, WONT, WILL, SB, SE = b"\xff", b"\xfe", b"\xfd", b"\xfc", b"\xfb", b"\xfa", b"\xf0"
ECHO, SGA, TTYPE, NAWS, CHARSET = b"\x01", b"\x03", b"\x18", b"\x1f", b"\x2a"


def is_terminal(name: bytes) -> bytes:
    return IAC + SB + TTYPE + b"\0" + name + IAC + SE


def negotiated(*commands: bytes) -> TelnetOptions:
    options = TelnetOptions()
    for command in commands:
        assert options.receive(command) == b""
    return options


def test_a_terminal_says_what_it_is_and_how_large() -> None:
    options = negotiated(IAC + DO + ECHO, IAC + DO + SGA, IAC + WILL + TTYPE)
    assert options.take_answer() == IAC + SB + TTYPE + b"\x01" + IAC + SE
    assert not options.is_decided
    options.receive(IAC + SB + NAWS + b"\0\x50\0\x18" + IAC + SE + is_terminal(b"XTERM"))
    assert (options.is_decided, options.has_screen, options.is_utf8) == (True, True, True)
    assert (options.terminal, options.size) == ("XTERM", (80, 24))
    assert options.withdraw() == IAC + WONT + ECHO + IAC + WONT + SGA


def test_a_size_of_255_is_escaped() -> None:
    options = negotiated(IAC + SB + NAWS + b"\0\xff\xff\0\x18" + IAC + SE)
    assert options.size == (255, 24)


@pytest.mark.parametrize(
    "commands",
    [
        [],
        [IAC + DONT + ECHO],
        [IAC + DO + ECHO, is_terminal(b"dumb")],
        [IAC + DO + ECHO, is_terminal(b"UNKNOWN")],
        [IAC + DO + ECHO, IAC + WONT + TTYPE],
    ],
)
def test_without_a_terminal_there_is_no_screen(commands: list[bytes]) -> None:
    assert not negotiated(*commands).has_screen


def test_a_terminal_that_does_not_say_what_it_is_has_a_screen_if_it_shows_nothing_itself() -> None:
    options = negotiated(IAC + DO + ECHO)
    assert (options.is_decided, options.has_screen) == (False, True)


def test_the_character_set() -> None:
    options = negotiated(IAC + DO + CHARSET)
    assert options.take_answer() == IAC + SB + CHARSET + b"\x01;UTF-8" + IAC + SE
    options.receive(IAC + SB + CHARSET + b"\x02UTF-8" + IAC + SE)
    assert options.is_utf8
    options.receive(IAC + SB + CHARSET + b"\x03" + IAC + SE)
    assert not options.is_utf8
    assert not negotiated(is_terminal(b"ANSI-BBS")).is_utf8


def test_other_options_are_refused() -> None:
    options = negotiated(IAC + DO + b"\x22", IAC + WILL + b"\x27", IAC + DONT + b"\x22", IAC + WONT + b"\x27", IAC + DO + b"\x06")
    assert options.take_answer() == IAC + WONT + b"\x22" + IAC + DONT + b"\x27" + IAC + WILL + b"\x06"


def test_enter_is_one_key_however_it_is_sent() -> None:
    options = TelnetOptions()
    assert options.receive(b"a\r\nb\r\0c\rd\r") == b"a\rb\rc\rd\r"
    assert options.receive(b"\0e\r") == b"e\r"
    assert options.receive(b"\nf") == b"f"
    assert options.receive(b"\n") == b"\n"


def test_commands_that_stand_for_keys() -> None:
    options = TelnetOptions()
    assert options.receive(IAC + b"\xf4" + b"x" + IAC + b"\xf7" + IAC + b"\xf8") == b"\x03x\x7f\x15"
    assert options.receive(IAC + b"\xf6" + IAC + IAC + b"y") == b"y"
    assert options.take_answer() == b"\a"


def test_a_subnegotiation_that_is_too_long_is_ignored() -> None:
    options = negotiated(IAC + SB + TTYPE + b"\0" + b"x" * (SUB_BYTES + 1) + IAC + SE)
    assert options.terminal is None
    assert len(options._sub) <= SUB_BYTES + 1
    assert options.receive(b"typed") == b"typed"


@given(st.lists(st.binary(max_size=40) | st.sampled_from([IAC, IAC + SB, IAC + SE, IAC + DO, IAC + WILL]), max_size=20))
@example([b"\r\0\0"])
@example([b"\r\n\0\r\n\n"])
def test_nothing_that_is_sent_is_a_defect_and_pieces_do_not_matter(pieces: list[bytes]) -> None:
    whole, parts = TelnetOptions(), TelnetOptions()
    data = b"".join(pieces)
    typed = whole.receive(data)
    assert b"".join(parts.receive(data[place : place + 1]) for place in range(len(data))) == typed
    assert parts.take_answer() == whole.take_answer()
    assert (parts.terminal, parts.size, parts.shows_typed) == (whole.terminal, whole.size, whole.shows_typed)
    assert len(whole._sub) <= TELNET_BYTES
