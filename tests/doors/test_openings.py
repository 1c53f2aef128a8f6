"""Who is calling: every opening, cut at every byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.doors.openings import OPENINGS, Door, recognise

CALLERS = [
    (b'{"type": "hello", "nick": "ci"}\n', Door.JSON),
    (b"{\n", Door.JSON),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Door.TLS),
    (b"\x16\x03\x03\x00\x05", Door.TLS),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Door.SSH),
    (b"SSH-1.99-old\r\n", Door.SSH),
    (b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", Door.WEB),
    (b"HEAD /healthz HTTP/1.0\r\n\r\n", Door.WEB),
    (b"POST /ws HTTP/1.1\r\n", Door.WEB),
    (b"PUT / HTTP/1.1\r\n", Door.WEB),
    (b"OPTIONS * HTTP/1.1\r\n", Door.WEB),
    (b"DELETE / HTTP/1.1\r\n", Door.WEB),
    (b"CONNECT chat:443 HTTP/1.1\r\n", Door.WEB),
    (b"TRACE / HTTP/1.1\r\n", Door.WEB),
    (b"PATCH / HTTP/1.1\r\n", Door.WEB),
    (b"NICK ada\r\nUSER a 0 * :Ada\r\n", Door.IRC),
    (b"USER a 0 * :Ada\r\n", Door.IRC),
    (b"CAP LS 302\r\n", Door.IRC),
    (b"PASS secret\r\n", Door.IRC),
    (b"ada\n", Door.TEXT),
    (b"Getty\n", Door.TEXT),
    (b"get\n", Door.TEXT),
    (b"GET\n", Door.TEXT),
    (b"GET\r\n", Door.TEXT),
    (b"get / http/1.0\r\n", Door.TEXT),
    (b"OPTION\n", Door.TEXT),
    (b"GE", None),
    (b"user\n", Door.TEXT),
    (b"USER\n", Door.TEXT),
    (b"NICK\r\n", Door.TEXT),
    (b"Nick Cave\n", Door.TEXT),
    (b"nick ada\n", Door.TEXT),
    (b"NICKY\n", Door.TEXT),
    (b"SSH-fan\n", Door.TEXT),
    (b"ssh-2.0-ada\n", Door.TEXT),
    (b"\x16\x02\x01", Door.TEXT),
    (b"\x15\x03\x01", Door.TEXT),
    (b"\x16", None),
    (b"\xff\xfd\x01", Door.TEXT),
    (b"\n", Door.TEXT),
    (b"\r\n{", Door.TEXT),
    (b" {}\n", Door.TEXT),
    (b"\x00", Door.TEXT),
    ("ådå\n".encode(), Door.TEXT),
    (b"", None),
]


@pytest.mark.parametrize(("first", "door"), CALLERS)
def test_every_caller_is_led_to_their_door(first: bytes, door: Door | None) -> None:
    assert recognise(first) is door


@pytest.mark.parametrize(("first", "door"), CALLERS)
def test_no_cut_leads_to_another_door(first: bytes, door: Door | None) -> None:
    decided = [found for end in range(len(first)) if (found := recognise(first[:end])) is not None]
    assert set(decided) <= {door}


def test_no_opening_is_the_beginning_of_another() -> None:
    for one in OPENINGS:
        assert not [other for other in OPENINGS if other != one and other.startswith(one)]


def test_eight_bytes_tell_in_any_case() -> None:
    assert max(map(len, OPENINGS)) == 8


@given(st.binary(min_size=8, max_size=20))
def test_whoever_has_said_eight_bytes_is_known(first: bytes) -> None:
    assert recognise(first) is not None


@given(st.sampled_from(sorted(OPENINGS)), st.binary(max_size=8), st.binary(max_size=8))
def test_what_follows_changes_nothing(opening: bytes, more: bytes, other: bytes) -> None:
    assert recognise(opening + more) is recognise(opening + other) is OPENINGS[opening]
