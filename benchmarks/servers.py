"""The servers that are compared, and how each is started and stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cores import FOR_SERVER, on_cores

HERE = Path(__file__).resolve().parent
START_SECONDS = 20.0
STOP_SECONDS = 10.0


class ServerError(Exception):
    """A server does not start; the text says which one, and what it printed last."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a server's command line depends on."""

    port: int
    #: A temporary folder for configuration and logs, and for the compiled programs.
    folder: Path
    #: Whether to keep the server's default limits; otherwise those that would disturb a measurement
    #: are turned off.
    default_limits: bool
    #: The certificate for TLS.
    certificate: Path | None = None


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    dialect: str
    command: Callable[[Start], list[str]]
    is_installed: Callable[[], bool]
    #: How many logins may be in progress at a time, except in the work in which all arrive at once.
    login_window: int = 100
    #: Where its chatd package is.
    source: Path = HERE.parent


def _sibling(program: str) -> Path:
    """A program of the Python environment that runs this benchmark."""
    return Path(sys.executable).parent / program


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _bare(start: Start) -> list[str]:
    return [str(start.folder / "bare"), str(start.port)]


def _classic(start: Start) -> list[str]:
    return [sys.executable, str(HERE / "classic.py"), str(start.port)]


def _in_memory(start: Start) -> list[str]:
    return chatd(start, "none")


def _on_disk(start: Start) -> list[str]:
    return chatd(start, str(start.folder / f"chatd-{start.port}"))


def chatd(start: Start, data: str) -> list[str]:
    """The command of chatd with its data in the folder ``data``; ``none``: in memory."""
    command = [str(_sibling("twistd")), "-n", "--pidfile=", "chatd", "--port", str(start.port)]
    command += ["--interface", "127.0.0.1", "--data", data]
    if start.certificate is not None:
        command += ["--tls-cert", str(start.certificate)]
    if not start.default_limits:
        command += ["--flood-rate", "0", "--address-rate", "0", "--max-per-address", "0", "--max-sessions", "0"]
    return command


def _twisted_is_installed() -> bool:
    return _sibling("twistd").exists()


_NGIRCD = """\
[Global]
    Name = bench.invalid
    Info = benchmark
    Listen = 127.0.0.1
    Ports = {port}
    MotdPhrase = benchmark
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    PingTimeout = 600
{flood_limits}
[Options]
    DNS = no
    Ident = no
    PAM = no
"""


def _ngircd(start: Start) -> list[str]:
    flood_limits = "" if start.default_limits else "    MaxPenaltyTime = 0"
    configuration = start.folder / f"ngircd-{start.port}.conf"
    configuration.write_text(_NGIRCD.format(port=start.port, flood_limits=flood_limits))
    configuration.chmod(0o644)
    return [_program("ngircd") or "ngircd", "--nodaemon", "--config", str(configuration)]


_INSPIRCD = """\
<server name="bench.invalid" description="benchmark" network="bench">
<admin name="bench" email="bench@bench.invalid" nick="bench">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" limit="20000" localmax="20000" globalmax="20000" maxconnwarn="no"
 timeout="60" pingfreq="600" resolvehostnames="no" useident="no" {flood_limits}>
<performance softlimit="20000" somaxconn="4096" clonesonconnect="no">
<dns server="127.0.0.1" timeout="1">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="inspircd.log">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
"""

_INSPIRCD_UNLIMITED = (
    'fakelag="no" commandrate="1000000000" threshold="1000000000" recvq="1048576" softsendq="16777216" hardsendq="67108864"'
)


def _inspircd(start: Start) -> list[str]:
    flood_limits = "" if start.default_limits else _INSPIRCD_UNLIMITED
    configuration = start.folder / f"inspircd-{start.port}.conf"
    text = _INSPIRCD.format(port=start.port, folder=start.folder, flood_limits=flood_limits)
    configuration.write_text(text)
    command = [_program("inspircd") or "inspircd", "--config", str(configuration), "--nofork", "--nopid"]
    return command + (["--runasroot"] if os.geteuid() == 0 else [])


SERVERS = (
    Server("chatd", "text", _on_disk, _twisted_is_installed),
    Server("memory", "text", _in_memory, _twisted_is_installed),
    Server("irc", "irc", _on_disk, _twisted_is_installed),
    Server("bare", "text", _bare, lambda: True),
    Server("classic", "text", _classic, _twisted_is_installed),
    # It listens with a backlog of 10: the eleventh client that connects waits a second for its next
    # try.
    Server("ngircd", "irc", _ngircd, lambda: _program("ngircd") is not None, login_window=8),
    # It completes logins once a second, all that are waiting then.
    Server("inspircd", "irc", _inspircd, lambda: _program("inspircd") is not None, login_window=1000),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait_until_it_accepts(server: Server, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while not _accepts(port):
        if process.poll() is not None or time.monotonic() > give_up:
            said = log.read_text(errors="replace").strip().splitlines()
            raise ServerError(f"{server.name} did not start: {said[-1] if said else 'it said nothing'}")
        time.sleep(0.01)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(server: Server, folder: Path, *, default_limits: bool, certificate: Path | None = None) -> Iterator[tuple[int, int]]:
    """Run a server for one case; yields its port and its process id.

    chatd runs from the server's ``source``, even if another version is installed. Raises
    ServerError if the server does not accept a connection within ``START_SECONDS``.
    """
    start = Start(free_port(), folder, default_limits, certificate)
    environment = os.environ | {"PYTHONPATH": str(server.source)}
    log = folder / f"{server.name}-{start.port}.log"
    with log.open("wb") as output, on_cores(FOR_SERVER):
        process = subprocess.Popen(
            server.command(start),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        )
    try:
        _wait_until_it_accepts(server, process, start.port, log)
        yield start.port, process.pid
    finally:
        _stop(process)
        log.unlink()
