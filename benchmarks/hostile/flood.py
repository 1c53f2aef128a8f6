"""Connections that send as fast as the server accepts."""

from __future__ import annotations

import selectors
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from selectors import EVENT_READ, EVENT_WRITE

from benchmarks.hostile.peers import ATTACKER, CHUNK, MOST_CONNECTIONS, RETRY_SECONDS, Done, Target, new_socket


def ignore(number: int, data: bytes) -> None:
    """Ignore received data."""


class Link:
    """One connection: its number, and the data that it has to send."""

    def __init__(self, port: int, address: str, number: int, speech: Iterator[bytes]) -> None:
        self.number = number
        self.socket = new_socket(address)
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))
        self._speech = speech
        self._waiting = memoryview(b"")

    def has_more(self) -> bool:
        """Whether there is something to send."""
        if not self._waiting:
            self._waiting = memoryview(next(self._speech, b""))
        return bool(self._waiting)

    def send(self) -> int:
        """Send as much as the kernel accepts, and return the number of bytes."""
        sent = self.socket.send(self._waiting)
        self._waiting = self._waiting[sent:]
        return sent


@dataclass(slots=True)
class Flood:
    """Connections that each send the pieces of a speech as fast as the server accepts them. A
    connection that the server ends is replaced by a new one with the next number.

    They read immediately, never, or only during the last ``late`` seconds; for ``settle`` seconds
    after the end they only read.
    """

    speech: Callable[[int], Iterator[bytes]]
    connections: int = 8
    address: str = ATTACKER
    reads: bool = True
    late: float = 0.0
    settle: float = 0.0
    received: Callable[[int, bytes], None] = ignore
    done: Counter[str] = field(default_factory=Counter)
    _events: int = 0
    _links: set[Link] = field(default_factory=set)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, target: Target) -> Done:
        """Attack until the time is over."""
        self._events = EVENT_WRITE
        for _ in range(self.connections):
            self._open(target)
        if self.late:
            self._pump(target, target.until - self.late, EVENT_WRITE)
        self._pump(target, target.until, EVENT_READ | EVENT_WRITE if self.reads else EVENT_WRITE)
        if self.settle:
            self._pump(target, target.until + self.settle, EVENT_READ)
        for link in self._links:
            link.socket.close()
        return dict(self.done)

    def _open(self, target: Target) -> None:
        number = self.done["connections"]
        if number < MOST_CONNECTIONS:
            self.done["connections"] += 1
            link = Link(target.port, self.address, number, self.speech(number))
            self._links.add(link)
            self._watch(link)

    def _watch(self, link: Link) -> None:
        """Register ``link`` for the events that it needs now."""
        events = self._events & EVENT_READ
        if self._events & EVENT_WRITE and link.has_more():
            events |= EVENT_WRITE
        known = self._selector.get_map().get(link.socket)
        if known is None and events:
            self._selector.register(link.socket, events, link)
        elif known is not None and not events:
            self._selector.unregister(link.socket)
        elif known is not None and known.events != events:
            self._selector.modify(link.socket, events, link)

    def _pump(self, target: Target, until: float, events: int) -> None:
        """Read, write or both, until ``until``."""
        self._events = events
        for link in self._links:
            self._watch(link)
        while (left := until - time.monotonic()) > 0:
            for key, ready in self._selector.select(min(left, 0.1)):
                self._serve(target, key.data, ready)

    def _serve(self, target: Target, link: Link, ready: int) -> None:
        try:
            if ready & EVENT_READ:
                self._read(link)
            if ready & EVENT_WRITE:
                self.done["bytes sent"] += link.send()
        except BlockingIOError:
            pass
        except OSError:
            self._ended(target, link)
        else:
            self._watch(link)

    def _read(self, link: Link) -> None:
        data = link.socket.recv(CHUNK)
        if not data:
            raise ConnectionResetError
        self.done["bytes received"] += len(data)
        self.received(link.number, data)

    def _ended(self, target: Target, link: Link) -> None:
        self.done["ended by the server"] += 1
        if link.socket in self._selector.get_map():
            self._selector.unregister(link.socket)
        link.socket.close()
        self._links.remove(link)
        if target.has_time():
            time.sleep(RETRY_SECONDS / self.connections)
            self._open(target)
