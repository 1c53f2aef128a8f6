"""Real proxies in front of a real daemon, configured as docs/operating.md says."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage

from tests.conversations.conftest import StartDaemon
from tests.conversations.processes import DEADLINE, ROOT, Daemon, need
from tests.doors.test_tls import make

CLIENT = "127.0.0.2"
"""The address of who calls the proxy, which is at 127.0.0.1."""

StartProxy = Callable[..., int]


def configuration(name: str, *changes: tuple[str, str]) -> str:
    """The configuration that the document has for ``name``, with ``changes``."""
    _, _, rest = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition(f"<!-- {name} -->\n\n")
    text = "\n".join(re.match(r"(?:(?:    .*)?\n)+", rest)[0].splitlines())  # type: ignore[index]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def start_proxy(tmp_path: Path) -> Iterator[StartProxy]:
    """Starts a proxy with a configuration, and waits until it listens on a port."""
    with ExitStack() as ends:

        def start(command: list[str], text: str, port: int) -> int:
            path = tmp_path / "proxy.conf"
            path.write_text(text)
            process = subprocess.Popen([*command, str(path)], cwd=tmp_path)
            ends.callback(process.wait, DEADLINE)
            ends.callback(process.terminate)
            await_port(process, port)
            return port

        yield start


def await_port(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + DEADLINE
    while True:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the proxy has ended"
        assert time.monotonic() < end, "the proxy does not listen"
        time.sleep(0.02)


@pytest.fixture
def haproxy(start_proxy: StartProxy) -> Callable[..., int]:
    """Starts HAProxy in front of a daemon; the port to call."""
    program = need("haproxy")

    def start(daemon: Daemon, word: str) -> int:
        port = free_port()
        changes = ((":8443", f"127.0.0.1:{port}"), ("127.0.0.1:8080", f"127.0.0.1:{daemon.port}"), ("send-proxy-v2", word))
        return start_proxy([program, "-db", "-f"], configuration("haproxy", *changes) + "\n", port)

    return start


@pytest.fixture
def nginx(start_proxy: StartProxy, tmp_path: Path) -> Callable[..., int]:
    """Starts nginx in front of a daemon; the port to call."""
    program = need("nginx")
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))

    def start(daemon: Daemon) -> int:
        port = free_port()
        changes = (
            ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
            ("ssl_certificate fullchain.pem;", ""),
            ("ssl_certificate_key privkey.pem;", ""),
            ("127.0.0.1:8080", f"127.0.0.1:{daemon.port}"),
        )
        frame = "daemon off;\npid {0}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{1}{2}\n}}\n"
        text = frame.format(tmp_path, folders, configuration("nginx", *changes))
        return start_proxy([program, "-e", "stderr", "-c"], text, port)

    return start


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
def test_haproxy_says_who_calls(proxied: Daemon, haproxy: Callable[..., int], word: str) -> None:
    port = haproxy(proxied, word)
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
    start_daemon: StartDaemon, haproxy: Callable[..., int], tmp_path: Path, word: str
) -> None:
    certificate, key = make(tmp_path, "chat.example")
    files = ("--tls-cert", str(certificate), "--tls-key", str(key))
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--proxy", "127.0.0.1", *files)
    port = haproxy(daemon, word)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(certificate)
    with context.wrap_socket(call(port)) as ada, call(port) as browser:
        ada.sendall(b"ada\n")
        hear(ada, b"-- Hello ada.")
        daemon.await_log(rf"session of ada from {CLIENT} has begun \(text\)")
        browser.sendall(b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n")
        hear(browser, b"</html>")


def test_a_header_that_nobody_may_send_is_refused(start_daemon: StartDaemon, haproxy: Callable[..., int]) -> None:
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--proxy", "192.0.2.1")
    with call(haproxy(daemon, "send-proxy-v2")) as ada:
        hear(ada, b"!! This server takes no PROXY header from you.")


def test_nginx_says_who_calls(proxied: Daemon, nginx: Callable[..., int]) -> None:
    port = nginx(proxied)
    with call(port) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: chat\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
        assert hear(browser, b"</html>").startswith(b"HTTP/1.1 200 ")
    with call(port) as caller:
        page, host, told = WSConnection(ConnectionType.CLIENT), f"127.0.0.1:{port}", ""
        origin = [(b"Origin", f"http://{host}".encode()), (b"X-Forwarded-For", b"6.6.6.6")]
        caller.sendall(page.send(Request(host=host, target="/ws", extra_headers=origin)))
        while '"entered"' not in told:
            page.receive_data(hear(caller, b""))
            for event in page.events():
                if isinstance(event, AcceptConnection):
                    caller.sendall(page.send(TextMessage(json.dumps({"type": "hello", "nick": "ada"}))))
                elif isinstance(event, TextMessage):
                    told += event.data
        proxied.await_log(rf"session of ada from {CLIENT} has begun \(web\)")
