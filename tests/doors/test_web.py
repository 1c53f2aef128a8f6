"""The web door over a transport in memory: requests as a whole and byte by byte, limits, and
hostile input."""

# mypy: allow-untyped-calls

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chatd.core.limits import (
    CLOSE_SECONDS,
    HEADER_LINES,
    IDLE_SECONDS,
    LOGIN_SECONDS,
    REQUEST_BYTES,
    REQUEST_HEADERS,
    REQUEST_LINES,
    REQUEST_SECONDS,
)
from chatd.core.registry import Settings
from chatd.doors.hosts import Hosts
from chatd.doors.proxy import Proxies
from chatd.doors.web import WebConnection, WebDoor
from tests.doors.wire import new_server

FILES = {file.name: file.read_bytes() for file in (files("chatd") / "web").iterdir()}
HEAD = b"Host: chat.example:8080\r\n"


class Wire(StringTransport):
    """A transport in memory that can be aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.disconnecting = True


class Kernel(Wire):
    """A transport in memory with the buffer of a real one (twisted.internet.abstract): its producer
    is paused while more than 64 KiB wait to be read."""

    ROOM = 64 << 10
    full = False

    def write(self, data: bytes) -> None:
        super().write(data)
        if len(self.value()) > self.ROOM and self.producer and not self.full:
            self.full = True
            self.producer.pauseProducing()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self.write(b"".join(data))

    def read(self) -> bytes:
        """Read everything that waits."""
        data: bytes = self.value()
        self.clear()
        if self.full and self.producer:
            self.full = False
            self.producer.resumeProducing()
        return data


class Site:
    """A web door in an empty server."""

    def __init__(self, clock: Clock, settings: Settings | None = None) -> None:
        self.clock = clock
        shared = new_server(clock, settings or Settings(address_rate=0))
        self.registry = shared.registry
        self.door = WebDoor(shared, ["https://friend.example"], Proxies([ip_network("10.0.0.0/8")]))
        self.calls: list[WebConnection] = []

    def call(self) -> tuple[WebConnection, Wire]:
        wire = Wire()
        return self.connect(wire), wire

    def connect(self, wire: Wire, address: str = "192.0.2.1") -> WebConnection:
        protocol = self.door.build(address, self.clock.seconds())
        assert isinstance(protocol, WebConnection)
        protocol.makeConnection(wire)
        self.calls.append(protocol)
        return protocol

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
    (b"OPTIONS * HTTP/1.1\r\n" + HEAD, 204, True),
    (b"OPTIONS / HTTP/1.0\r\n", 204, False),
    (b"OPTIONS / HTTP/1.1\r\nContent-Length: 9\r\n" + HEAD, 204, False),
    (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n" + HEAD, 405, False),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HEAD, 405, False),
    (b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\nExpect: 100-continue\r\n" + HEAD, 405, False),
    (b"GET / HTTP/1.1\r\nContent-Length: 9\r\n" + HEAD, 400, False),
    (b"GET / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n" + HEAD, 400, False),
    (b"GET /\r\n", 400, False),
    (b"GET / HTTP/1.1\r\nno header\r\n" + HEAD, 400, False),
    (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * REQUEST_HEADERS, 200, True),
    (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (REQUEST_HEADERS + 1), 431, False),
    (b"GET / HTTP/1.1\r\nCookie: " + b"b" * (32 << 10) + b"\r\n" + HEAD, 200, True),
    (b"GET / HTTP/1.1\r\nA: " + b"b" * REQUEST_BYTES + b"\r\n", 431, False),
    (b"GET /" + b"x" * REQUEST_BYTES + b" HTTP/1.1\r\n", 414, False),
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
    assert FILES["chat.css"] in (gzip.decompress(body) if coding else body)


def test_the_compressed_page_has_its_own_etag(site: Site) -> None:
    plain, compressed = site.door.pages[b"/"], site.door.compressed[b"/"]
    assert plain.etag != compressed.etag
    assert plain.policy(b"") == compressed.policy(b"")
    known = b"GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\nIf-None-Match: %b\r\n%b\r\n"
    assert site.ask(known % (compressed.etag, HEAD)).value().startswith(b"HTTP/1.1 304 ")
    assert site.ask(known % (plain.etag, HEAD)).value().startswith(b"HTTP/1.1 200 ")


def test_the_policy_allows_the_script_and_the_web_socket(site: Site) -> None:
    answer = site.ask(b"GET / HTTP/1.1\r\n%b\r\n" % HEAD).value()
    parts = [answer.split(b"<%b>" % tag)[1].split(b"</%b>" % tag)[0] for tag in (b"script", b"style")]
    digests = [b64encode(sha256(part).digest()).decode() for part in parts]
    assert head_of(answer)["content-security-policy"] == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; img-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; connect-src 'self' ws://chat.example:8080 wss://chat.example:8080; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_the_worker_may_fetch_from_the_server_alone(site: Site) -> None:
    head = head_of(site.ask(b"GET /worker.js HTTP/1.1\r\n%b\r\n" % HEAD).value())
    assert head["content-type"].startswith("text/javascript")
    assert head["cache-control"] == "no-cache", "a browser asks each time whether it has changed"
    assert "default-src 'none'; script-src 'none'; style-src 'none'; " in head["content-security-policy"]
    assert "connect-src 'self' ws" in head["content-security-policy"]


def test_a_cached_page_is_not_sent_again(site: Site) -> None:
    tag = head_of(site.ask(b"GET / HTTP/1.1\r\n%b\r\n" % HEAD).value())["etag"].encode()
    answer = site.ask(b"GET / HTTP/1.1\r\nIf-None-Match: %b\r\n%b\r\n" % (tag, HEAD)).value()
    assert answer.startswith(b"HTTP/1.1 304 ")
    assert answer.endswith(b"\r\n\r\n")
    changed = site.ask(b'GET / HTTP/1.1\r\nIf-None-Match: "old"\r\n%b\r\n' % HEAD).value()
    assert changed.startswith(b"HTTP/1.1 200 ")


# -- Many requests at once (pipelining; RFC 9112, 9.3.2)

LITTLE = b"GET /healthz HTTP/1.1\r\n\r\n"
MIXED = [
    (b"HEAD / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200"),
    (b"GET /1 HTTP/1.1\r\n\r\n", b"HTTP/1.1 404"),
    (b"\r\nDELETE / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", b"HTTP/1.1 405"),
    (b"GET /icon.svg HTTP/1.1\r\nIf-None-Match: *\r\n\r\n", b"HTTP/1.1 304"),
    (LITTLE, b"HTTP/1.1 200"),
]


def statuses(answers: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.[01] \d\d\d", answers)


def turn(clock: Clock) -> None:
    """Let one turn end, as the reactor does: what a call asks for is called in the next one."""
    due = [call for call in clock.calls if call.getTime() <= clock.seconds()]
    for call in due:
        clock.calls.remove(call)
        call.called = 1
        call.func(*call.args, **call.kw)


def test_one_request_is_answered_in_a_turn(site: Site, clock: Clock) -> None:
    wire = site.ask(LITTLE * 5)
    for answered in range(1, 6):
        assert len(statuses(wire.value())) == answered
        assert (wire.producerState == "paused") is (answered < 5), "nothing is read while a request waits"
        turn(clock)
    assert len(statuses(wire.value())) == 5


def test_pieces_that_come_in_one_turn_are_one_turn(site: Site, clock: Clock) -> None:
    """As TLS gives them, a record each."""
    protocol, wire = site.call()
    for _ in range(3):
        protocol.dataReceived(LITTLE)
    assert len(statuses(wire.value())) == 1
    clock.advance(0)
    assert len(statuses(wire.value())) == 3


def test_thousands_of_requests_of_who_does_not_read_cost_one_answer_and_the_transports_buffer(site: Site, clock: Clock) -> None:
    wire = Kernel()
    protocol = site.connect(wire)
    protocol.dataReceived(b"GET / HTTP/1.1\r\n\r\n" * 3600)
    clock.advance(0)
    page = len(site.door.pages[b"/"].body)
    assert len(wire.value()) < Kernel.ROOM + page + 1024
    assert wire.producerState == "paused"
    clock.advance(IDLE_SECONDS)
    assert wire.disconnecting
    clock.advance(CLOSE_SECONDS)
    assert wire.aborted


def test_thousands_of_requests_of_who_reads_are_all_answered_in_order(site: Site, clock: Clock) -> None:
    wire = Kernel()
    protocol = site.connect(wire)
    protocol.dataReceived(b"".join(b"GET / HTTP/1.1\r\n\r\nGET /%d HTTP/1.1\r\n\r\n" % number for number in range(1500)))
    answers: list[bytes] = []
    most = 0
    while wire.value():
        most = max(most, len(wire.value()))
        answers += statuses(wire.read())
        turn(clock)
    assert answers == [b"HTTP/1.1 200", b"HTTP/1.1 404"] * 1500
    assert most < Kernel.ROOM + len(site.door.pages[b"/"].body) + 1024
    assert wire.producerState == "producing"


def test_requests_may_be_cut_anywhere(site: Site, clock: Clock) -> None:
    sent = b"".join(request for request, _ in MIXED)
    for cut in range(1, len(sent)):
        protocol, wire = site.call()
        protocol.dataReceived(sent[:cut])
        for _ in range(cut % 7):
            turn(clock)
        protocol.dataReceived(sent[cut:])
        clock.advance(0)
        assert statuses(wire.value()) == [status for _, status in MIXED]
        assert wire.producerState == "producing"


def test_an_address_that_has_spent_its_budget_waits(clock: Clock) -> None:
    site = Site(clock, Settings(address_rate=1))
    wire = site.ask(LITTLE * 4)
    clock.advance(0)
    seen = [len(statuses(wire.value()))]
    for _ in range(2):
        clock.advance(REQUEST_LINES + 0.1)
        seen.append(len(statuses(wire.value())))
    assert seen == [2, 3, 4]
    site.hang_up()


def test_what_follows_the_last_request_of_a_connection_is_not_answered(site: Site, clock: Clock) -> None:
    wire = site.ask(LITTLE + b"GET / HTTP/1.0\r\n\r\n" + LITTLE * 3)
    clock.advance(0)
    assert statuses(wire.value()) == [b"HTTP/1.1 200", b"HTTP/1.0 200"]
    assert wire.disconnecting


def test_a_connection_that_ends_with_requests_that_wait_leaves_nothing(site: Site, clock: Clock) -> None:
    wire = site.ask(LITTLE * 100)
    site.hang_up()
    site.calls.clear()
    clock.advance(1)
    assert len(statuses(wire.value())) == 1
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("size", [REQUEST_BYTES - 1, REQUEST_BYTES, REQUEST_BYTES + 1])
@pytest.mark.parametrize("step", [0, 1])
def test_the_longest_request_is_counted_with_its_line_ends(site: Site, size: int, step: int) -> None:
    request = b"GET /healthz HTTP/1.1\r\nA: %b\r\n\r\n" % (b"b" * (size - 30))
    assert len(request) == size
    assert statuses(site.ask(request, step).value()) == [b"HTTP/1.1 200" if size <= REQUEST_BYTES else b"HTTP/1.1 431"]


def test_a_request_that_is_too_large_is_told_why_and_costs_what_it_takes(clock: Clock) -> None:
    site = Site(clock, Settings())
    for head, reason in ((b"A: b\r\n" * 600, b"500 headers"), (b"Cookie: " + b"x" * REQUEST_BYTES, b"cookies of other programs")):
        wire = site.ask(b"GET / HTTP/1.1\r\n" + head + b"\r\n")
        assert head_of(wire.value())["connection"] == "close"
        assert reason in wire.value()
    budget = site.door.server.budgets.of("192.0.2.1", clock.seconds())
    assert budget is not None
    before = budget._level
    site.ask(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n")
    assert before - budget._level == pytest.approx(REQUEST_LINES + 500 * HEADER_LINES)
    site.hang_up()


def test_after_a_request_that_is_too_large_nothing_is_read_or_kept(site: Site, clock: Clock) -> None:
    protocol, wire = site.call()
    protocol.dataReceived(b"x" * REQUEST_BYTES)
    wire.clear()
    wire.disconnecting = False  # As on a connection of which only our side is closed.
    for _ in range(3):
        protocol.dataReceived(b"GET / HTTP/1.1\r\n\r\n" * 100)
        clock.advance(1)
    assert wire.value() + bytes(protocol._received) == b""
    clock.advance(CLOSE_SECONDS)
    assert wire.aborted


# -- Names


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: Chat.example:8080\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n", 421),
        (b"GET /ws HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n", 421),
        (b"GET / HTTP/1.0\r\n", 421),
        (b"GET /healthz HTTP/1.0\r\n", 200),
        (b"OPTIONS / HTTP/1.0\r\n", 204),
    ],
)
def test_with_names_other_hosts_are_refused_and_logged(clock: Clock, request_: bytes, status: int) -> None:
    site = Site(clock)
    site.door.hosts = Hosts([], ["chat.example"])
    with capturedLogs() as lines:
        answers = [site.ask(request_ + b"\r\n").value() for _ in range(2)]
    assert {answer.split()[1] for answer in answers} == {b"%d" % status}
    assert len(lines) == (status == 421)
    assert all(b"--host" in answer for answer in answers) is (status == 421)
    site.hang_up()


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_a_page_that_may_not_connect_is_told_why_and_logged(site: Site, method: bytes) -> None:
    request = b"%b /ws HTTP/1.1\r\nHost: chat\x1b\r\nOrigin: https://chat:8443\r\n\r\n" % method
    with capturedLogs() as lines:
        answers = [site.ask(request).value() for _ in range(3)]
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"no page from https://chat:8443, since it was called chat\\x1b" in answer
        assert b"--origin" in answer
    (line,) = lines
    for part in ("https://chat:8443", "chat\\x1b", "--origin"):
        assert part in line["warning"]


def test_a_page_that_may_connect_is_told_nothing(site: Site) -> None:
    assert statuses(site.ask(b"POST /ws HTTP/1.1\r\n%bOrigin: http://chat.example:8080\r\n\r\n" % HEAD).value()) == [
        b"HTTP/1.1 405"
    ]


# -- Behind a proxy


def from_proxy(site: Site, address: str = "10.0.0.1") -> tuple[WebConnection, Wire]:
    """A connection of the proxy 10.0.0.1, whose PROXY header, if any, has named ``address``."""
    wire = Wire(peerAddress=IPv4Address("TCP", "10.0.0.1", 50000))
    return site.connect(wire, address), wire


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"", "10.0.0.1"),
        (b"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        (b"x-forwarded-for: 6.6.6.6, 192.0.2.7, 10.0.0.9\r\n", "192.0.2.7"),
        (b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        (b"X-Forwarded-For: unknown\r\n", "10.0.0.1"),
        (b"Forwarded: for=192.0.2.7\r\n", "192.0.2.7"),
        (b"Forwarded: for=6.6.6.6\r\nForwarded: for=192.0.2.7\r\n", "192.0.2.7"),
        (b"Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\n", "10.0.0.1"),
    ],
)
def test_a_proxy_says_who_calls(site: Site, header: bytes, address: str) -> None:
    protocol, wire = from_proxy(site)
    protocol.dataReceived(b"GET /healthz HTTP/1.1\r\n%b\r\n" % header)
    assert protocol.address == address
    assert statuses(wire.value()) == [b"HTTP/1.1 200"]


@pytest.mark.parametrize(("peer", "address"), [("192.0.2.1", "192.0.2.1"), ("10.0.0.1", "192.0.2.1"), ("10.0.0.1", "10.0.0.9")])
def test_nobody_else_does(site: Site, peer: str, address: str) -> None:
    """The last two have been named by a PROXY header."""
    protocol = site.connect(Wire(peerAddress=IPv4Address("TCP", peer, 50000)), address)
    protocol.dataReceived(b"GET /healthz HTTP/1.1\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")
    assert protocol.address == address


def test_each_request_of_a_proxys_connection_has_its_own_caller(site: Site, clock: Clock) -> None:
    protocol, _ = from_proxy(site)
    seen = []
    for address in (b"192.0.2.7", b"192.0.2.8", b"2001:db8::1"):
        protocol.dataReceived(b"GET / HTTP/1.1\r\nX-Forwarded-For: %b\r\n\r\n" % address)
        seen.append(protocol.address)
        clock.advance(0)
    assert seen == ["192.0.2.7", "192.0.2.8", "2001:db8::1"]
    assert len(tuple(site.registry.admission)) == 1


def test_requests_are_counted_at_the_address_of_who_calls(clock: Clock) -> None:
    site = Site(clock, Settings(max_per_address=2))
    proxied = [from_proxy(site) for _ in range(6)]
    for number, (protocol, _) in enumerate(proxied):
        protocol.dataReceived(b"GET /healthz HTTP/1.1\r\nX-Forwarded-For: 192.0.2.%d\r\n\r\n" % (number // 3))
    assert [wire.disconnecting for _, wire in proxied] == [False, False, True] * 2, "the third of an address is answered once"
    assert [statuses(wire.value()) for _, wire in proxied] == [[b"HTTP/1.1 200"]] * 6
    site.hang_up()
    assert not tuple(site.registry.admission)


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


@pytest.mark.parametrize(
    ("request_", "counts"),
    [
        (b"GET / HTTP/1.1\r\n", True),
        (b"GET /ws HTTP/1.1\r\n", True),
        (b"GET /healthz HTTP/1.1\r\n", False),
        (b"HEAD / HTTP/1.1\r\n", False),
        (b"OPTIONS / HTTP/1.1\r\n", False),
    ],
)
def test_who_asks_for_a_page_is_a_browser(site: Site, request_: bytes, counts: bool) -> None:
    site.ask(request_ + HEAD + b"\r\n")
    assert ("192.0.2.1" in site.door.server.browsers) is counts


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
