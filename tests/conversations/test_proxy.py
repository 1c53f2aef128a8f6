"""Real proxies in front of a real daemon, configured as docs/operating.md says."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage

from tests.conversations.conftest import StartDaemon
from tests.conversations.processes import DEADLINE, Daemon
from tests.conversations.proxies import Proxy

CLIENT = "127.0.0.2"
"""The address of who calls the proxy, which is at 127.0.0.1."""


@pytest.fixture
def proxied(start_daemon: StartDaemon) -> Daemon:
    """A daemon that believes a proxy at 127.0.0.1, and takes two connections from each address."""
    return start_daemon("--port", "0", "--interface", "127.0.0.1", "--proxy", "127.0.0.1", "--max-per-address", "2")


def call(port: int, address: str = CLIENT) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), DEADLINE, (address, 0))


def hear(caller: socket.socket, text: bytes) -> bytes:
    """What is received, up to ``text`` at the least."""
    received = b""
    while not received or text not in received:
        piece = caller.recv(65536)
        assert piece, received
        received += piece
    return received


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_haproxy_says_who_calls(proxied: Daemon, haproxy: Callable[..., Proxy], word: str) -> None:
    port = haproxy(proxied, "haproxy", ("send-proxy-v2", word)).port
    with ExitStack() as calls:
        ada, program = calls.enter_context(call(port)), calls.enter_context(call(port))
        hear(ada, b"-- Welcome")  # A silent person: the header comes all the same.
        ada.sendall(b"ada\n")
        hear(ada, b"-- Hello ada.")
        program.sendall(b'{"type":"hello","nick":"ci"}\n')
        hear(program, b'"entered"')
        third, other = calls.enter_context(call(port)), calls.enter_context(call(port, "127.0.0.3"))
        hear(third, b"!! There are too many connections from your address.")
        other.sendall(b"bob\n")
        hear(other, b"-- Hello bob.")
        proxied.await_log(rf"session of ada from {CLIENT} has begun \(text\)")
        proxied.await_log(rf"session of ci from {CLIENT} has begun \(json\)")
        proxied.await_log(r"session of bob from 127\.0\.0\.3 has begun")


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_tls_and_the_page_come_through_haproxy(
    start_daemon: StartDaemon, haproxy: Callable[..., Proxy], certificate: Path, word: str
) -> None:
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--proxy", "127.0.0.1", "--tls-cert", str(certificate))
    port = haproxy(daemon, "haproxy", ("send-proxy-v2", word)).port
    with inside_tls(call(port), certificate) as ada:
        ada.sendall(b"ada\n")
        hear(ada, b"-- Hello ada.")
        daemon.await_log(rf"session of ada from {CLIENT} has begun \(text\)")
    with call(port) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n")
        hear(browser, b"</html>")


def test_haproxy_can_do_tls_for_all_doors(proxied: Daemon, haproxy: Callable[..., Proxy], certificate: Path) -> None:
    port = haproxy(proxied, "haproxy", ("bind :8443", "bind :8443 ssl crt chat.pem")).port
    with inside_tls(call(port), certificate) as ada:
        ada.sendall(b"ada\n")
        hear(ada, b"-- Hello ada.")
        with inside_tls(call(port), certificate) as browser:  # Not earlier: whoever is silent is greeted as a person.
            talk_on_the_page(browser, port, "eve")
        proxied.await_log(rf"session of ada from {CLIENT} has begun \(text\)")
        proxied.await_log(rf"session of eve from {CLIENT} has begun \(web\)")


def test_the_web_socket_comes_through_haproxy_with_tls(proxied: Daemon, haproxy: Callable[..., Proxy], certificate: Path) -> None:
    proxy = haproxy(proxied, "haproxy-http")
    with inside_tls(call(proxy.port), certificate) as browser:
        talk_on_the_page(browser, proxy.port, "ada")
        proxied.await_log(rf"session of ada from {CLIENT} has begun \(web\)")
    proxy.await_output("reason: Layer7 check passed, code: 200")


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_the_default_check_of_haproxy_passes(proxied: Daemon, haproxy: Callable[..., Proxy], word: str) -> None:
    proxy = haproxy(proxied, "haproxy", ("option httpchk GET /healthz", "option httpchk"), ("send-proxy-v2", word))
    proxy.await_output("reason: Layer7 check passed, code: 204")


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_a_header_that_nobody_may_send_is_refused(start_daemon: StartDaemon, haproxy: Callable[..., Proxy], word: str) -> None:
    """In front of a browser too: nothing that it sends becomes a nick or a message."""
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--proxy", "192.0.2.1")
    port = haproxy(daemon, "haproxy", (" check", ""), ("send-proxy-v2", word)).port
    with call(port) as ada, call(port) as browser, call(daemon.port) as bob:
        bob.sendall(b"bob\n")
        hear(bob, b"-- Hello bob. You are in #lobby, alone.")
        hear(ada, b"!! This server takes no PROXY header from you.")
        browser.sendall(b"GET / HTTP/1.1\r\nHost: chat\r\nCookie: sso=secret\r\n\r\n")
        hear(browser, b"!! This server takes no PROXY header from you.")
        bob.sendall(b"/who\n/history\n")
        assert b"sso" not in hear(bob, b"History of #lobby")
        daemon.await_log("PROXY header from 127.0.0.1, which --proxy does not name")


def test_nginx_says_who_calls(proxied: Daemon, nginx: Callable[..., Proxy], certificate: Path) -> None:
    port = nginx(proxied).port
    with inside_tls(call(port), certificate) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: chat\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
        assert hear(browser, b"</html>").startswith(b"HTTP/1.1 200 ")
    with inside_tls(call(port), certificate) as browser:
        talk_on_the_page(browser, port, "ada")
        proxied.await_log(rf"session of ada from {CLIENT} has begun \(web\)")


ADDED = ("X-Forwarded-For $proxy_add_x_forwarded_for", 'X-Forwarded-For ""')


def test_nginx_may_say_it_as_in_rfc_7239(proxied: Daemon, nginx: Callable[..., Proxy], certificate: Path) -> None:
    port = nginx(proxied, ('Forwarded ""', 'Forwarded "$http_forwarded, for=$remote_addr"'), ADDED).port
    with inside_tls(call(port), certificate) as browser:
        talk_on_the_page(browser, port, "ada", (b"Forwarded", b"for=6.6.6.6"))
        proxied.await_log(rf"session of ada from {CLIENT} has begun \(web\)")


def test_a_host_without_its_port_is_refused_with_reasons(proxied: Daemon, nginx: Callable[..., Proxy], certificate: Path) -> None:
    port = nginx(proxied, ("Host $http_host", "Host $host")).port
    page = WSConnection(ConnectionType.CLIENT)
    with inside_tls(call(port), certificate) as browser:
        origin = f"https://127.0.0.1:{port}"
        browser.sendall(page.send(Request(host=f"127.0.0.1:{port}", target="/ws", extra_headers=[(b"Origin", origin.encode())])))
        assert b" 403 " in hear(browser, f"accepts no page from {origin}, since it was called 127.0.0.1.".encode())
        proxied.await_log(f"with the Origin {origin} at the Host 127.0.0.1: --origin {origin} would")


def inside_tls(caller: socket.socket, certificate: Path) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(certificate)
    return context.wrap_socket(caller)


def talk_on_the_page(browser: socket.socket, port: int, nick: str, *headers: tuple[bytes, bytes]) -> None:
    """Log in over a WebSocket, as the page does."""
    page, host, told = WSConnection(ConnectionType.CLIENT), f"127.0.0.1:{port}", ""
    extra = [(b"Origin", f"https://{host}".encode()), (b"X-Forwarded-For", b"6.6.6.6"), *headers]
    if headers:
        del extra[1]
    browser.sendall(page.send(Request(host=host, target="/ws", extra_headers=extra)))
    while '"entered"' not in told:
        page.receive_data(hear(browser, b""))
        for event in page.events():
            if isinstance(event, AcceptConnection):
                browser.sendall(page.send(TextMessage(json.dumps({"type": "hello", "nick": nick}))))
            elif isinstance(event, TextMessage):
                told += event.data
