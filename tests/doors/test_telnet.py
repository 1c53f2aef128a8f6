"""Telnet commands: removed from the input, and answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.limits import TELNET_BYTES
from chatd.doors.telnet import Telnet

ASK_BINARY = b"\xff\xfd\x00"

TABLE = [
    (b"plain \xc3\xbc text\r\n", b"plain \xc3\xbc text\r\n", b""),
    (b"\xff\xf4\xff\xfd\x06", b"", b"\xff\xfc\x06"),  # Ctrl-C: interrupt, and the timing mark that must be answered
    (b"half\xff\xf4\xff\xfd\x06 line\r\n", b"half line\r\n", b"\xff\xfc\x06"),
    (b"\xc3\xbc\xff\xf4\xff\xfd\x06", b"\xc3\xbc", b"\xff\xfc\x06"),  # Ctrl-C after a whole character
    (b"\xc3\xff\xf3\xff\xfd\x06nal", b"\xc3\x9cnal", b"\xff\xfc\x06"),  # the byte 9C, taken for a key
    (b"\xd1\xff\xf4\xff\xfd\x06", b"\xd1\x83", b"\xff\xfc\x06"),
    (b"\xd0\xff\xed\xff\xfd\x06", b"\xd0\x9a", b"\xff\xfc\x06"),
    (b"\xd1\xff\xf5\xff\xfd\x06", b"\xd1\x8f", b"\xff\xfc\x06"),
    (b"\xf0\xff\xf3\x9c\xff\xf4x", b"\xf0\x9c\x9c\x83x", b""),
    (b"x\xff\xf3\xff\xf5\xff\xedy", b"xy", b""),  # keys
    (b"\xff\xfb\x00\xff\xfc\x00", b"", b""),  # WILL or WONT BINARY: the answer to what was asked
    (b"\xff\xfb\x1f\xff\xfb\x18", b"", b"\xff\xfe\x1f\xff\xfe\x18"),  # WILL is answered DONT
    (b"\xff\xfd\x01\xff\xfd\x03", b"", b"\xff\xfc\x01\xff\xfc\x03"),  # DO is answered WONT
    (b"\xff\xfe\x01\xff\xfc\x03", b"", b""),  # DONT and WONT are accepted
    (b"a\xff\xfa\x18\x00xterm\xff\xffy\xff\xf0b", b"ab", b""),  # a subnegotiation
    (b"a\xff\xf6b", b"ab", b"-- Yes.\r\n"),  # are you there?
    (b"a\xff\xf1\xff\xf7\xff\xf8\xff\xf9\xff\xffb", b"a\xffb", b""),  # nothing, erase, go ahead; an escaped 255
]


@pytest.mark.parametrize(("data", "typed", "answer"), TABLE)
def test_whole(data: bytes, typed: bytes, answer: bytes) -> None:
    assert Telnet().receive(data) == (typed, ASK_BINARY + answer)


@pytest.mark.parametrize(("data", "typed", "answer"), TABLE)
def test_byte_by_byte(data: bytes, typed: bytes, answer: bytes) -> None:
    telnet = Telnet()
    parts = [telnet.receive(data[index : index + 1]) for index in range(len(data))]
    assert b"".join(part[0] for part in parts) == typed
    assert b"".join(part[1] for part in parts) == ASK_BINARY + answer


HIDE, SHOW = b"\xff\xfb\x01", b"\xff\xfc\x01\r\n"
DO_ECHO, DONT_ECHO = b"\xff\xfd\x01", b"\xff\xfe\x01"


def test_what_is_typed_is_hidden_and_shown_again() -> None:
    telnet = Telnet()
    telnet.receive(b"ada")
    assert telnet.hide(False) == b""
    assert telnet.hide(True) == HIDE
    assert telnet.hide(True) == b"\r\n"
    assert telnet.receive(DO_ECHO + b"secret\r\n") == (b"secret\r\n", b"")
    assert telnet.hide(False) == SHOW
    assert telnet.receive(DONT_ECHO) == (b"", b"")
    assert telnet.receive(DO_ECHO) == (b"", b"\xff\xfc\x01")  # It was not offered.


def test_late_answers_to_offers_are_not_answered() -> None:
    telnet = Telnet()
    telnet.receive(b"ada")
    assert telnet.hide(True) + telnet.hide(False) + telnet.hide(True) == HIDE + SHOW + HIDE
    assert telnet.receive(DO_ECHO + DONT_ECHO + DO_ECHO) == (b"", b"\xff\xfc\x01")


def test_a_client_may_decline_to_hide() -> None:
    telnet = Telnet()
    telnet.receive(b"ada")
    telnet.hide(True)
    assert telnet.receive(DONT_ECHO) == (b"", b"")
    assert telnet.hide(False) == SHOW


def test_binary_mode_is_requested_once() -> None:
    telnet = Telnet()
    assert telnet.receive(b"\xff\xf1")[1] == ASK_BINARY
    assert telnet.receive(b"\xff\xf1")[1] == b""


def test_an_endless_subnegotiation_is_dropped() -> None:
    telnet = Telnet()
    assert telnet.receive(b"\xff\xfa\x18" + b"x" * (TELNET_BYTES - 1))[0] == b""
    assert telnet.receive(b"xxtyped\r\n")[0].endswith(b"typed\r\n")


@given(
    st.lists(st.sampled_from([bytes([byte]) for byte in (0xFF, 0xFA, 0xF0, 0xFB, 0xFD, 0xF3, 0xF4, 0, 6, 65, 0xC3, 0x9C)])),
    st.data(),
)
def test_any_split_gives_the_same_result(parts: list[bytes], data: st.DataObject) -> None:
    raw = b"".join(parts)
    cut = data.draw(st.integers(0, len(raw)))
    telnet = Telnet()
    first, second = telnet.receive(raw[:cut]), telnet.receive(raw[cut:])
    assert (first[0] + second[0], first[1] + second[1]) == Telnet().receive(raw)


def test_a_plain_run_is_one_step_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    take_run = Telnet._take_run

    def counting(telnet: Telnet, data: bytes, start: int, typed: bytearray) -> int:
        steps.append(start)
        return take_run(telnet, data, start, typed)

    monkeypatch.setattr(Telnet, "_take_run", counting)
    raw = b"plain \xc3\xbc text\r\n" * 4000
    assert Telnet().receive(raw)[0] == raw
    assert steps == [0]


@given(st.text())
def test_plain_text_is_unchanged(text: str) -> None:
    assert Telnet().receive(text.encode("utf-8", "replace"))[0] == text.encode("utf-8", "replace")
