"""The web door over a transport in memory: requests as a whole and byte by byte, limits, and
hostile input."""

# mypy: allow-untyped-calls

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.core.limits import CLOSE_SECONDS, IDLE_SECONDS, LOGIN_SECONDS, REQUEST_BYTES, REQUEST_HEADERS, REQUEST_SECONDS
from chatd.doors.web import WebConnection, WebDoor, load_pages
from tests.doors.wire import new_server

FILES = {file.name: file.read_bytes() for file in (files("chatd") / "web").iterdir()}
HEAD = b"Host: chat.example:8080\r\n"


class Wire(StringTransport):
    """A transport in memory that can be aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.disconnecting = True


class Site:
    """A web door in an empty server."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        shared = new_server(clock)
        self.registry = shared.registry
        self.door = WebDoor(shared, ["https://friend.example"])
        self.calls: list[WebConnection] = []

    def call(self) -> tuple[WebConnection, Wire]:
        protocol, wire = self.door.build("192.0.2.1", self.clock.seconds()), Wire()
        assert isinstance(protocol, WebConnection)
        protocol.makeConnection(wire)
        self.calls.append(protocol)
        return protocol, wire

    def ask(self, request: bytes, step: int = 0) -> Wire:
        protocol, wire = self.call()
        for start in range(0, len(request), step or len(request)):
            protocol.dataReceived(request[start : start + (step or len(request))])
        return wire

    def hang_up(self) -> None:
        for protocol in self.calls:
            protocol.connectionLost(Failure(ConnectionDone()))


@pytest.fixture
def site(clock: Clock) -> Iterator[Site]:
    site = Site(clock)
    yield site
    site.hang_up()


def head_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


REQUESTS = [
    (b"GET / HTTP/1.1\r\n" + HEAD, 200, True),
    (b"GET /?from=elsewhere HTTP/1.1\r\n" + HEAD, 200, True),
    (b"GET /icon.svg HTTP/1.1\r\n" + HEAD, 200, True),
    (b"GET /healthz HTTP/1.1\r\n" + HEAD, 200, True),
    (b"GET /healthz HTTP/1.0\r\n", 200, False),
    (b"HEAD / HTTP/1.1\r\n" + HEAD, 200, True),
    (b"GET / HTTP/1.1\r\nConnection: close\r\n" + HEAD, 200, False),
    (b"GET /nothing HTTP/1.1\r\n" + HEAD, 404, True),
    (b"GET /../limits.py HTTP/1.1\r\n" + HEAD, 404, True),
    (b"GET /%2e%2e/limits.py HTTP/1.1\r\n" + HEAD, 404, True),
    (b"GET //index.html HTTP/1.1\r\n" + HEAD, 404, True),
    (b"DELETE / HTTP/1.1\r\n" + HEAD, 405, True),
    (b"OPTIONS * HTTP/1.1\r\n" + HEAD, 405, True),
    (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n" + HEAD, 405, False),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HEAD, 405, False),
    (b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\nExpect: 100-continue\r\n" + HEAD, 405, False),
    (b"GET / HTTP/1.1\r\nContent-Length: 9\r\n" + HEAD, 400, False),
    (b"GET / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n" + HEAD, 400, False),
    (b"GET /\r\n", 400, False),
    (b"GET / HTTP/1.1\r\nno header\r\n" + HEAD, 400, False),
    (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (REQUEST_HEADERS + 1), 400, False),
    (b"GET / HTTP/1.1\r\nA: " + b"b" * REQUEST_BYTES + b"\r\n", 400, False),
    (b"GET /" + b"x" * REQUEST_BYTES + b" HTTP/1.1\r\n", 400, False),
    (b"PRI * HTTP/2.0\r\n", 400, False),
]


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(("request_", "status", "stays"), REQUESTS)
def test_each_request_gets_its_answer(site: Site, request_: bytes, status: int, stays: bool, step: int) -> None:
    wire = site.ask(request_ + b"\r\n", step)
    answer = wire.value()
    assert answer.startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.0 %d " % status))
    assert answer.count(b"HTTP/1.") == 1, "no 100 Continue, and nothing twice"
    assert wire.disconnecting is not stays
    assert not list(site.registry.rooms)


@pytest.mark.parametrize(
    ("path", "type", "part"),
    [
        (b"/", "text/html; charset=utf-8", FILES["chat.js"]),
        (b"/", "text/html; charset=utf-8", FILES["chat.css"]),
        (b"/icon.svg", "image/svg+xml", FILES["icon.svg"]),
        (b"/healthz", "text/plain; charset=utf-8", b"ok\n"),
    ],
)
def test_the_files_of_the_package_are_served(site: Site, path: bytes, type: str, part: bytes) -> None:
    answer = site.ask(b"GET %b HTTP/1.1\r\n%b\r\n" % (path, HEAD)).value()
    head, body = head_of(answer), answer.partition(b"\r\n\r\n")[2]
    assert part in body
    assert (head["content-type"], int(head["content-length"])) == (type, len(body))
    assert head["x-content-type-options"] == "nosniff"
    assert head["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in head["content-security-policy"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"gzip, deflate, br, zstd", "gzip"),
        (b"br, GZIP", "gzip"),
        (b"gzip;q=1.0, identity; q=0.5", "gzip"),
        (b"gzip; q=0.001", "gzip"),
        (b"gzip;q=0", None),
        (b"gzip;q=0.000, *", None),
        (b"br", None),
        (b"xgzip", None),
        (b"", None),
    ],
)
def test_the_page_is_compressed_if_accepted(site: Site, accepted: bytes, coding: str | None) -> None:
    answer = site.ask(b"GET / HTTP/1.1\r\nAccept-Encoding: %b\r\n%b\r\n" % (accepted, HEAD)).value()
    head, body = head_of(answer), answer.partition(b"\r\n\r\n")[2]
    assert (head.get("content-encoding"), head["vary"], int(head["content-length"])) == (coding, "Accept-Encoding", len(body))
    assert FILES["chat.js"] in (gzip.decompress(body) if coding else body)


def test_the_compressed_page_has_its_own_etag(site: Site) -> None:
    plain, compressed = site.door.pages[b"/"], site.door.compressed[b"/"]
    assert plain.etag != compressed.etag
    assert plain.policy(b"") == compressed.policy(b"")
    known = b"GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\nIf-None-Match: %b\r\n%b\r\n"
    assert site.ask(known % (compressed.etag, HEAD)).value().startswith(b"HTTP/1.1 304 ")
    assert site.ask(known % (plain.etag, HEAD)).value().startswith(b"HTTP/1.1 200 ")


def test_the_policy_allows_the_script_and_the_web_socket(site: Site) -> None:
    digests = [b64encode(sha256(FILES[name]).digest()).decode() for name in ("chat.js", "chat.css")]
    answer = site.ask(b"GET / HTTP/1.1\r\n%b\r\n" % HEAD).value()
    assert head_of(answer)["content-security-policy"] == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; img-src 'self'; "
        "connect-src 'self' ws://chat.example:8080 wss://chat.example:8080; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("host", [b"", b"a b", b"a;script-src *", b"a'", b"\xff", b"a" * 256])
def test_an_invalid_host_is_not_in_the_policy(host: bytes) -> None:
    assert b"connect-src 'self';" in load_pages()[b"/"].policy(host)


def test_the_page_is_small_and_loads_nothing_from_elsewhere() -> None:
    pages = load_pages()
    assert sum(len(page.compressed().body) for page in pages.values()) < 30 * 1024
    html = pages[b"/"].body.decode()
    assert set(re.findall(r"(?:src|href)=\"([^#\"][^\"]*)\"", html)) == {"icon.svg"}
    assert html.count("<script") == html.count("<style") == 1
    assert not re.search(r"<[^>]*\s(style|on\w+)=", FILES["index.html"].decode()), "the policy forbids these"
    assert b"url(" not in FILES["chat.css"]
    assert not re.search(rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", FILES["chat.js"])


def test_a_cached_page_is_not_sent_again(site: Site) -> None:
    tag = head_of(site.ask(b"GET / HTTP/1.1\r\n%b\r\n" % HEAD).value())["etag"].encode()
    answer = site.ask(b"GET / HTTP/1.1\r\nIf-None-Match: %b\r\n%b\r\n" % (tag, HEAD)).value()
    assert answer.startswith(b"HTTP/1.1 304 ")
    assert answer.endswith(b"\r\n\r\n")
    changed = site.ask(b'GET / HTTP/1.1\r\nIf-None-Match: "old"\r\n%b\r\n' % HEAD).value()
    assert changed.startswith(b"HTTP/1.1 200 ")


def test_one_connection_serves_several_requests(site: Site) -> None:
    wire = site.ask(b"".join(b"GET %b HTTP/1.1\r\n%b\r\n" % (path, HEAD) for path in (b"/", b"/icon.svg", b"/healthz")))
    assert wire.value().count(b"HTTP/1.1 200 OK") == 3


# -- Time


def test_a_slow_request_has_ten_seconds(site: Site, clock: Clock) -> None:
    protocol, wire = site.call()
    for byte in b"GET / HTT":
        protocol.dataReceived(bytes((byte,)))
        clock.advance(1)
    assert not wire.disconnecting
    clock.advance(REQUEST_SECONDS - 9)
    assert wire.disconnecting
    clock.advance(CLOSE_SECONDS)
    assert wire.aborted


def test_an_idle_connection_is_closed_and_an_active_one_stays(site: Site, clock: Clock) -> None:
    protocol, wire = site.call()
    for _ in range(3):
        protocol.dataReceived(b"GET /healthz HTTP/1.1\r\n%b\r\n" % HEAD)
        clock.advance(IDLE_SECONDS - 1)
        assert not wire.disconnecting
    clock.advance(1)
    assert wire.disconnecting


def test_a_greeted_connection_ends_before_an_idle_one() -> None:
    assert IDLE_SECONDS > LOGIN_SECONDS + CLOSE_SECONDS


# -- Hostile input


def test_chat_commands_in_a_request_are_ignored(site: Site, clock: Clock) -> None:
    wire = site.ask(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nada\r\nhello\r\n/join #b\r\n{}\r\nmore\r\n")
    clock.advance(1)
    assert wire.value().startswith(b"HTTP/1.1 405 ")
    assert wire.value().count(b"HTTP/1.1") == 1
    assert not list(site.registry.rooms)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([line + b"\r\n" for line, _, _ in REQUESTS[:18]])), max_size=5))
def test_no_bytes_cause_a_defect_or_touch_a_room(pieces: list[bytes]) -> None:
    site = Site(Clock())
    protocol, _ = site.call()
    for piece in pieces:
        protocol.dataReceived(piece)
    site.clock.pump([1.0] * 80)
    site.hang_up()
    assert not list(site.registry.rooms)
    assert site.clock.getDelayedCalls() == []
