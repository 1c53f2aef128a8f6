"""Real proxies, configured as docs/operating.md says."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest

from tests.conversations.processes import DEADLINE, ROOT, need
from tests.doors.test_tls import make

Change = tuple[str, str]


class Listener(Protocol):
    """A daemon."""

    @property
    def port(self) -> int:
        """Where it listens."""


class Proxy:
    """A running proxy at 127.0.0.1."""

    def __init__(self, port: int, output: Path) -> None:
        self.port = port
        self._output = output

    def await_output(self, text: str) -> None:
        """Wait until ``text`` is in its output."""
        end = time.monotonic() + DEADLINE
        while text not in self._output.read_text():
            assert time.monotonic() < end, self._output.read_text()
            time.sleep(0.02)


StartProxy = Callable[[list[str], str, int], Proxy]


def configuration(name: str, *changes: Change) -> str:
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

        def start(command: list[str], text: str, port: int) -> Proxy:
            path, output = tmp_path / "proxy.conf", tmp_path / "proxy.log"
            path.write_text(text)
            with output.open("wb") as log:
                process = subprocess.Popen([*command, str(path)], cwd=tmp_path, stdout=log, stderr=log)
            ends.callback(process.wait, DEADLINE)
            ends.callback(process.terminate)
            await_port(process, port, output)
            return Proxy(port, output)

        yield start


def await_port(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    end = time.monotonic() + DEADLINE
    while True:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end, "the proxy does not listen"
        time.sleep(0.02)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate with its key, for chat.example."""
    certificate, key = make(tmp_path, "chat.example")
    both = tmp_path / "both.pem"
    both.write_bytes(Path(certificate).read_bytes() + Path(key).read_bytes())
    return both


@pytest.fixture
def haproxy(start_proxy: StartProxy, certificate: Path) -> Callable[..., Proxy]:
    """Starts HAProxy in front of a daemon, with the configuration that the document calls
    ``name``."""
    program = need("haproxy")
    frame = "global\nlog stdout format raw local0\ndefaults\nlog global\noption log-health-checks\n{0}\n"

    def start(daemon: Listener, name: str, *changes: Change) -> Proxy:
        port = free_port()
        all = (*changes, (":8443", f"127.0.0.1:{port}"), ("127.0.0.1:8080", f"127.0.0.1:{daemon.port}"))
        text = configuration(name, *all).replace("chat.pem", str(certificate))
        return start_proxy([program, "-db", "-f"], frame.format(text), port)

    return start


@pytest.fixture
def nginx(start_proxy: StartProxy, certificate: Path, tmp_path: Path) -> Callable[..., Proxy]:
    """Starts nginx in front of a daemon."""
    program = need("nginx")
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    frame = "daemon off;\npid {0}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{1}{2}\n}}\n"

    def start(daemon: Listener, *changes: Change) -> Proxy:
        port = free_port()
        all = (
            *changes,
            ("listen 443", f"listen 127.0.0.1:{port}"),
            ("127.0.0.1:8080", f"127.0.0.1:{daemon.port}"),
        )
        text = configuration("nginx", *all).replace("fullchain.pem", str(certificate)).replace("privkey.pem", str(certificate))
        text = frame.format(tmp_path, folders, text)
        return start_proxy([program, "-e", "stderr", "-c"], text, port)

    return start
