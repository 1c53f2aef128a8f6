"""Readers that speak JSON over TCP, over a WebSocket or inside TLS, that speak IRC, or come by SSH,
all of which ``load.c`` does not: one program talks, and all of them listen."""

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.process import processor_seconds
from benchmarks.works import Load, Outcome

TCP, WEBSOCKET, INSIDE_TLS = "tcp", "websocket", "tls"
TEXT, SSH, SCREEN = "text", "ssh", "screen"
"""Lines for people over TCP; the same by SSH without a terminal; the screen by SSH."""

IRC, TAGS = "irc", "tags"
"""IRC over TCP; the same with the tags server-time, msgid and account."""

CAPABILITIES = b"CAP REQ :server-time message-tags account-tag\r\nCAP END\r\n"

SSH_OPTIONS = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")

WARM_MESSAGES = 50
"""How many messages are sent before the measurement."""

PATIENCE_SECONDS = 8.0
CHUNK = 1 << 16
MARK = b"@mark@"
"""Occurs once in each message, and nowhere else."""

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def make_certificate(folder: Path) -> Path:
    """A certificate that is signed by itself, with its key, in one PEM file."""
    path, public = folder / "certificate.pem", folder / "public.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", str(path), "-out", str(public)], check=True, capture_output=True)
    with path.open("a") as file:
        file.write(public.read_text())
    return path


class Reader:
    """One person who listens, and counts how often ``mark`` arrives."""

    def __init__(self, kind: str, port: int, nick: str, mark: bytes = MARK) -> None:
        self.heard = 0
        self._mark = mark
        self._end = b""
        self._process: subprocess.Popen[bytes] | None = None
        if kind in (SSH, SCREEN):
            self._call_by_ssh(port, nick, with_terminal=kind == SCREEN)
            return
        hello = json.dumps({"type": "hello", "nick": nick, "scrollback": 0}).encode()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        if kind == INSIDE_TLS:
            self.socket = ssl._create_unverified_context().wrap_socket(self.socket)
        if kind == WEBSOCKET:
            self.socket.sendall(UPGRADE)
            self._read_until(b"\r\n\r\n")
            hello = bytes((0x81, 0x80 | len(hello), 0, 0, 0, 0)) + hello  # Masked with zeros (RFC 6455, 5.3).
        if kind == TEXT:
            self.socket.sendall(nick.encode() + b"\n")
            self._read_until(b"-- Hello")
        elif kind in (IRC, TAGS):
            self.socket.sendall(CAPABILITIES * (kind == TAGS) + f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
            self._read_until(b" 001 ")
            self.socket.sendall(b"JOIN #lobby\r\n")
            self._read_until(b" 366 ")
        else:
            self.socket.sendall(hello + b"\n" * (kind != WEBSOCKET))
            self._read_until(b'"entered"')
        self.socket.setblocking(False)

    def _call_by_ssh(self, port: int, nick: str, with_terminal: bool) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE_SECONDS)
        options = [word for option in SSH_OPTIONS for word in ("-o", option)]
        command = ["ssh", "-tt" if with_terminal else "-T", "-F", "none", "-p", str(port), *options, f"{nick}@127.0.0.1"]
        environment = {**os.environ, "TERM": "xterm"}
        self._process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=environment)
        theirs.close()
        self._read_until(b"Hello")
        self.socket.setblocking(False)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _read_until(self, end: bytes) -> None:
        received = b""
        while end not in received:
            chunk = self.socket.recv(CHUNK)
            if not chunk:
                raise ConnectionError("the server has closed the connection")
            received += chunk

    def listen(self) -> None:
        """Count the messages that have arrived."""
        with suppress(BlockingIOError, ssl.SSLWantReadError):
            while chunk := self.socket.recv(CHUNK):
                received = self._end + chunk
                self.heard += received.count(self._mark)
                self._end = received[-len(self._mark) + 1 :]


class Crowd:
    """Readers of one kind, and one person who talks."""

    def __init__(self, kind: str, port: int, number: int) -> None:
        self._poll = select.epoll()
        self._readers: dict[int, Reader] = {}
        for count in range(number):
            reader = Reader(kind, port, f"reader{count}")
            self._readers[reader.socket.fileno()] = reader
            self._poll.register(reader.socket, select.EPOLLIN)
        self._speaker = Reader(TCP, port, "speaker")

    @property
    def heard(self) -> int:
        return sum(reader.heard for reader in self._readers.values())

    def talk(self, messages: int, size: int, window: int) -> bool:
        """Send so many messages with texts of so many bytes, ``window`` at a time: each time when
        everybody has heard those before. Returns whether everybody has heard all of them, once."""
        line = json.dumps({"type": "say", "text": MARK.decode().ljust(size, "x")}).encode() + b"\n"
        for start in range(0, messages, window):
            times = min(window, messages - start)
            expected = self.heard + times * len(self._readers)
            self._speaker.socket.sendall(line * times)
            while self.heard < expected:
                ready = self._poll.poll(PATIENCE_SECONDS)
                if not ready:
                    return False
                for number, _ in ready:
                    self._readers[number].listen()
            self._speaker.listen()
        return len({reader.heard for reader in self._readers.values()}) == 1

    def close(self) -> None:
        for reader in (*self._readers.values(), self._speaker):
            reader.close()


def measure_readers(load: Load, port: int, pid: int) -> Outcome:
    """Let ``load.listeners`` readers hear ``load.messages`` messages of the server ``pid``; the
    figures have the names of those of ``load.c``."""
    crowd = Crowd(load.readers, port, load.listeners)
    crowd.talk(WARM_MESSAGES, load.message_bytes, 1)
    before, heard, began, own = processor_seconds(pid), crowd.heard, time.perf_counter(), time.process_time()
    went_well = crowd.talk(load.messages, load.message_bytes, load.window)
    seconds, delivered = processor_seconds(pid) - before, crowd.heard - heard
    crowd.close()
    return {
        "went_well": went_well,
        "connections": load.listeners + 1,
        "present": load.listeners + 1,
        "expected": load.listeners * load.messages,
        "delivered": delivered,
        "doubled": 0,
        "out_of_order": 0,
        "closed_by_server": 0,
        "ran_out_of_time": not went_well,
        "cpu_us_per_delivery": 1e6 * seconds / max(1, delivered),
        "talk_seconds": time.perf_counter() - began,
        "load_cpu_seconds": time.process_time() - own,
    }
