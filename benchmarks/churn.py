"""People who enter and leave a large room, which ``load.c`` does not let them do: listeners stay in
the lobby, and visitors come one after the other, read what was said and leave again."""

from __future__ import annotations

import select
import time
from collections import deque
from contextlib import suppress

from benchmarks.process import processor_seconds
from benchmarks.readers import CHUNK, PATIENCE_SECONDS, TEXT, Reader
from benchmarks.works import Load, Outcome

WARM_SECONDS = 2.0
"""How long visitors come and leave before the measurement, in seconds."""

STAY_SECONDS = 1.0
"""How long a visitor stays, in seconds."""

PRESENCE = b"-- visitor"
"""Occurs once in each line that tells of a visitor who has joined or left, and nowhere else."""


class Lobby:
    """``listeners`` people who stay, and the visitors, ``rate`` a second."""

    def __init__(self, port: int, listeners: int, rate: float) -> None:
        self._port = port
        self._rate = rate
        self._poll = select.epoll()
        self._listeners: dict[int, Reader] = {}
        for number in range(listeners):
            listener = Reader(TEXT, port, f"listener{number}", PRESENCE)
            self._listeners[listener.socket.fileno()] = listener
            self._poll.register(listener.socket, select.EPOLLIN)
        self._visitors: deque[tuple[float, Reader]] = deque()
        """The visitors who are here, each with the time when they leave, in seconds."""
        self._quitting: dict[int, Reader] = {}
        """The visitors who have said that they quit, until the server closes their connections."""
        self._entered = 0

    def visit(self, seconds: float) -> int:
        """Let visitors come and leave, for so long; how many have come. Meanwhile everybody
        reads."""
        began, before = time.perf_counter(), self._entered
        for number in range(round(seconds * self._rate)):
            self._read_until(began + number / self._rate)
            self._enter()
        return self._entered - before

    def all_leave(self) -> bool:
        """Let the visitors who are here leave; whether every listener has been told of each joining
        and leaving, once."""
        while self._visitors:
            self._read_until(self._visitors[0][0])
        told, give_up = 2 * self._entered, time.perf_counter() + PATIENCE_SECONDS
        while any(listener.heard < told for listener in self._listeners.values()) and time.perf_counter() < give_up:
            self._read(0.1)
        return all(listener.heard == told for listener in self._listeners.values())

    def close(self) -> None:
        """Hang up."""
        for reader in (*self._listeners.values(), *(visitor for _, visitor in self._visitors)):
            reader.close()

    def _enter(self) -> None:
        visitor = Reader(TEXT, self._port, f"visitor{self._entered}", PRESENCE)
        self._visitors.append((time.perf_counter() + STAY_SECONDS, visitor))
        self._entered += 1

    def _read_until(self, due: float) -> None:
        """Read until the time ``due``, and let the visitors leave whose time comes before."""
        while self._visitors and self._visitors[0][0] <= due:
            leaving, visitor = self._visitors.popleft()
            self._wait(leaving)
            visitor.socket.sendall(b"/quit\n")
            self._quitting[visitor.socket.fileno()] = visitor
            self._poll.register(visitor.socket, select.EPOLLIN)
        self._wait(due)

    def _wait(self, due: float) -> None:
        while (seconds := due - time.perf_counter()) > 0:
            self._read(seconds)

    def _read(self, seconds: float) -> None:
        for number, _ in self._poll.poll(seconds):
            if number in self._listeners:
                self._listeners[number].listen()
            else:
                self._see_off(number)

    def _see_off(self, number: int) -> None:
        """Hang up if the server has closed the connection."""
        with suppress(BlockingIOError):
            while self._quitting[number].socket.recv(CHUNK):
                pass
            self._quitting.pop(number).close()


def measure_churn(load: Load, port: int, pid: int) -> Outcome:
    """Let visitors enter and leave a lobby with ``load.listeners`` others, ``load.rate`` a second
    for ``load.seconds``. The figures have the names of those of ``load.c``; a delivery is a visit:
    one joining and one leaving."""
    lobby = Lobby(port, load.listeners, load.rate)
    lobby.visit(WARM_SECONDS)
    before, began, own = processor_seconds(pid), time.perf_counter(), time.process_time()
    visits = lobby.visit(load.seconds)
    seconds, talk_seconds = processor_seconds(pid) - before, time.perf_counter() - began
    own_seconds = time.process_time() - own
    went_well = lobby.all_leave()
    lobby.close()
    return {
        "went_well": went_well,
        "connections": load.listeners,
        "present": load.listeners,
        "expected": visits,
        "delivered": visits,
        "doubled": 0,
        "out_of_order": 0,
        "closed_by_server": 0,
        "ran_out_of_time": not went_well,
        "cpu_us_per_delivery": 1e6 * seconds / visits,
        "talk_seconds": talk_seconds,
        "load_cpu_seconds": own_seconds,
    }
