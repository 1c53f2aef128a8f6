"""Connections of the attackers: plain sockets, so that a few of them can do much."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

ATTACKER, INNOCENT, HONEST, VICTIM = "127.0.2.1", "127.0.3.1", "127.0.4.1", "127.0.5.1"
"""Their addresses; the server counts all callers with one address together."""

MOST_CONNECTIONS = 100_000
"""The largest number of connections that one attack opens, so that every attack ends."""

MOST_A_SECOND = 3000
"""The number of connections that :func:`come_and_go` opens per second. Beyond that, the kernel
would search for a free port for longer than the server works, and delay the measuring client."""

RETRY_SECONDS = 0.01
CONNECT_SECONDS = 2.0
CHUNK = 1 << 16

Done = dict[str, int]
"""What an attack has done: a count for each kind of work."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server to attack, and until when (seconds of the monotonic clock)."""

    port: int
    until: float

    def has_time(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.until


def line(**fields: Any) -> bytes:
    """A message of the JSON protocol."""
    return json.dumps(fields).encode() + b"\n"


def hello(nick: str, *rooms: str) -> bytes:
    """Give a nick, and enter rooms without their scrollback."""
    return line(type="hello", nick=nick, rooms=rooms, scrollback=0)


def do(command: str, **fields: Any) -> bytes:
    """Give a command."""
    return line(type="do", command=command, **fields)


def kind_of(message: bytes) -> str:
    """The type of one line from the server."""
    return message.partition(b'"type":"')[2].partition(b'"')[0].decode(errors="replace")


def connect(port: int, address: str = ATTACKER, receive_buffer: int = 0) -> socket.socket:
    """A blocking connection from ``address``; 0: the kernel's own size of the receive buffer."""
    link = new_socket(address, receive_buffer)
    link.settimeout(CONNECT_SECONDS)
    try:
        link.connect(("127.0.0.1", port))
    except OSError:
        link.close()
        raise
    return link


def new_socket(address: str, receive_buffer: int = 0) -> socket.socket:
    """A socket that will connect from ``address``."""
    link = socket.socket()
    if receive_buffer:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    # The port is chosen when the other side is known: 28,000 would not do for all connections.
    link.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
    link.bind((address, 0))
    return link


class Tally:
    """Counts the lines from the server by their types; ``wanted`` chooses further ones."""

    def __init__(self, wanted: Callable[[bytes], str] = kind_of) -> None:
        self.counts: Counter[str] = Counter()
        self._wanted = wanted
        self._rest: dict[int, bytes] = {}

    def __call__(self, number: int, data: bytes) -> None:
        """Count what connection ``number`` has received."""
        *lines, self._rest[number] = (self._rest.get(number, b"") + data).split(b"\n")
        self.counts.update(map(self._wanted, lines))


def come_and_go(target: Target, message: Callable[[int], bytes]) -> Done:
    """Connect, send one message and close, ``MOST_A_SECOND`` times a second if possible."""
    done: Counter[str] = Counter()
    began = time.monotonic()
    while target.has_time() and done["connections"] < MOST_CONNECTIONS:
        time.sleep(max(0.0, began + done["connections"] / MOST_A_SECOND - time.monotonic()))
        with suppress(OSError):
            with connect(target.port) as link:
                link.sendall(message(done["connections"]))
            done["connections"] += 1
            continue
        done["connections failed"] += 1
        time.sleep(RETRY_SECONDS)
    return dict(done)


def drain(link: socket.socket, seconds: float, received: Callable[[int, bytes], None]) -> None:
    """Read until nothing has arrived for ``seconds``."""
    link.settimeout(seconds)
    with suppress(OSError):
        while data := link.recv(CHUNK):
            received(0, data)
