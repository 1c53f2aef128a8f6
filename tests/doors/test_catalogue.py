"""The rows of the doors: how each caller is recognised, also with the input split at every byte,
and what happens if a library is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.doors import catalogue
from chatd.doors.catalogue import BOM, BUILT, DOORS, IRC, JSON, OPENINGS, PROXY, SSH, TEXT, TLS, WEB, Door, DoorOptions, recognise
from chatd.doors.web import WebConnection
from tests.doors.wire import RunningServer

CALLERS = [
    (b'{"type": "hello", "nick": "ci"}\n', JSON),
    (b"{\n", JSON),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", TLS),
    (b"\x16\x03\x03\x00\x05", TLS),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", SSH),
    (b"SSH-1.99-old\r\n", SSH),
    (b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", WEB),
    (b"HEAD /healthz HTTP/1.0\r\n\r\n", WEB),
    (b"POST /ws HTTP/1.1\r\n", WEB),
    (b"PUT / HTTP/1.1\r\n", WEB),
    (b"OPTIONS * HTTP/1.1\r\n", WEB),
    (b"DELETE / HTTP/1.1\r\n", WEB),
    (b"CONNECT chat:443 HTTP/1.1\r\n", WEB),
    (b"TRACE / HTTP/1.1\r\n", WEB),
    (b"PATCH / HTTP/1.1\r\n", WEB),
    (b"NICK ada\r\nUSER a 0 * :Ada\r\n", IRC),
    (b"USER a 0 * :Ada\r\n", IRC),
    (b"CAP LS 302\r\n", IRC),
    (b"PASS secret\r\n", IRC),
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n", PROXY),
    (b"PROXY UNKNOWN\r\n", PROXY),
    (b"PROXY\r\n", TEXT),
    (b"Proxy TCP4\r\n", TEXT),
    (b"\r\n\r\n\x00\r\nQUIT\n\x21", PROXY),
    (b"\r\n\r\nada\r\n", TEXT),
    (b"\r\n\r\n", None),
    (b"ada\n", TEXT),
    (b"Getty\n", TEXT),
    (b"get\n", TEXT),
    (b"GET\n", TEXT),
    (b"GET\r\n", TEXT),
    (b"get / http/1.0\r\n", TEXT),
    (b"OPTION\n", TEXT),
    (b"GE", None),
    (b"user\n", TEXT),
    (b"USER\n", TEXT),
    (b"NICK\r\n", TEXT),
    (b"Nick Cave\n", TEXT),
    (b"nick ada\n", TEXT),
    (b"NICKY\n", TEXT),
    (b"SSH-fan\n", TEXT),
    (b"ssh-2.0-ada\n", TEXT),
    (b"\x16\x02\x01", TEXT),
    (b"\x15\x03\x01", TEXT),
    (b"\x16", None),
    (b"\xff\xfd\x01", TEXT),
    (b"\n", TEXT),
    (b"\r\n{", TEXT),
    (b" {}\n", TEXT),
    (b"\x00", TEXT),
    ("ådå\n".encode(), TEXT),
    (b"", None),
    (b"\xef\xbb", None),
    (b"\xef\xbb\xbf", None),
    (b'\xef\xbb\xbf{"type": "hello"}\n', JSON),
    (b"\xef\xbb\xbfada\n", TEXT),
    ("\N{FULLWIDTH LATIN SMALL LETTER A}da\n".encode(), TEXT),
]


@pytest.mark.parametrize(("first", "door"), CALLERS)
def test_every_caller_reaches_their_door(first: bytes, door: Door | None) -> None:
    assert recognise(first) is door


@pytest.mark.parametrize(("first", "door"), CALLERS)
def test_no_split_leads_to_another_door(first: bytes, door: Door | None) -> None:
    decided = [door for end in range(len(first)) if (door := recognise(first[:end])) is not None]
    assert set(decided) <= {door}


def test_no_opening_is_a_prefix_of_another() -> None:
    for one in OPENINGS:
        assert not [other for other in OPENINGS if other != one and other.startswith(one)]


def test_eight_bytes_always_decide() -> None:
    assert max(map(len, OPENINGS)) == 8


@given(st.binary(min_size=8, max_size=20), st.sampled_from([b"", BOM]))
def test_eight_bytes_of_anything_decide(first: bytes, mark: bytes) -> None:
    assert recognise(mark + first) is not None


@given(st.sampled_from(sorted(OPENINGS)), st.binary(max_size=8), st.binary(max_size=8))
def test_later_bytes_do_not_change_the_decision(opening: bytes, more: bytes, other: bytes) -> None:
    assert recognise(opening + more) is recognise(opening + other) is OPENINGS[opening]


# -- The rows


def test_every_row_is_in_the_table_once() -> None:
    rows = [row for row in vars(catalogue).values() if isinstance(row, Door)]
    assert rows == list(DOORS)
    assert len({row.name for row in rows}) == len(rows)


def test_doors_that_are_not_built_cannot_be_opened() -> None:
    assert list(BUILT) == ["text", "json", "tls", "web", "irc", "ssh"]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_tests_cover_every_door(door: Door) -> None:
    assert door.is_installed


def test_a_door_without_its_library_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    assert [door for door in BUILT.values() if door.is_installed] == [TEXT, JSON, IRC]
    assert TLS.missing == "tls needs OpenSSL, which is not installed: pip install 'Twisted[tls]'"


def test_no_library_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys, chatd.tap; print(*sorted({'wsproto', 'twisted.web', 'chatd.doors.tls', 'chatd.doors.web'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(("doors", "served"), [([TEXT], False), ([TEXT, JSON], True)])
def test_a_person_becomes_a_program_only_if_the_json_door_is_open(clock: Clock, doors: list[Door], served: bool) -> None:
    server = RunningServer(clock, options=DoorOptions(doors))
    wire = server.call()
    wire.say(b'two words\n{"type": "hello", "nick": "ci"}\n')
    server.turn()
    assert (b'"welcome"' in wire.take()) is served
    wire.lose()
    server.turn()


def test_a_browser_reaches_the_web_door(clock: Clock) -> None:
    server = RunningServer(clock, options=DoorOptions([TEXT, WEB]))
    wire = server.call()
    wire.say(b"GET / HT")
    assert isinstance(wire.protocol, WebConnection)
    wire.lose()
    server.turn()
