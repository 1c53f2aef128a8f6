"""Private messages, which ``load.c`` does not send: people who speak JSON write to one another, in
pairs."""

from __future__ import annotations

import json
import select
import time

from benchmarks.process import processor_seconds
from benchmarks.readers import PATIENCE_SECONDS, TCP, Reader
from benchmarks.works import Load, Outcome

WARM_MESSAGES = 20
"""How many messages each of them sends before the measurement."""

ANSWER, MESSAGE = b'"type":"done"', b'"type":"private"'


class Pair:
    """Somebody who writes, and somebody who reads it."""

    def __init__(self, port: int, number: int, size: int) -> None:
        self.writer = Reader(TCP, port, f"writer{number}", ANSWER)
        self.reader = Reader(TCP, port, f"reader{number}", MESSAGE)
        letter = {"type": "do", "command": "msg", "nick": f"reader{number}", "text": "x" * size}
        self._line = json.dumps(letter).encode() + b"\n"
        self._sent = 0

    @property
    def delivered(self) -> int:
        """How many messages have arrived and are answered."""
        return min(self.writer.heard, self.reader.heard)

    def write(self, total: int, window: int) -> None:
        """Send what is still to be sent of ``total`` messages, with at most ``window`` on the
        way."""
        number = min(total, self.delivered + window) - self._sent
        if number > 0:
            self._sent += number
            self.writer.socket.sendall(self._line * number)


def _talk(pairs: list[Pair], total: int, window: int) -> bool:
    """Let each pair deliver messages until there are ``total``; whether they all arrive, once."""
    poll = select.epoll()
    people = {person.socket.fileno(): (pair, person) for pair in pairs for person in (pair.writer, pair.reader)}
    for number in people:
        poll.register(number, select.EPOLLIN)
    for pair in pairs:
        pair.write(total, window)
    while any(pair.delivered < total for pair in pairs):
        ready = poll.poll(PATIENCE_SECONDS)
        if not ready:
            return False
        for number, _ in ready:
            pair, person = people[number]
            person.listen()
            pair.write(total, window)
    return all(person.heard == total for pair in pairs for person in (pair.writer, pair.reader))


def measure_private(load: Load, port: int, pid: int) -> Outcome:
    """Let ``load.speakers`` people write ``load.messages`` messages each, with ``load.window`` on
    the way; the figures have the names of those of ``load.c``."""
    pairs = [Pair(port, number, load.message_bytes) for number in range(load.speakers)]
    _talk(pairs, WARM_MESSAGES, load.window)
    before, began, own = processor_seconds(pid), time.perf_counter(), time.process_time()
    went_well = _talk(pairs, WARM_MESSAGES + load.messages, load.window)
    seconds, talk_seconds = processor_seconds(pid) - before, time.perf_counter() - began
    delivered = sum(pair.reader.heard - WARM_MESSAGES for pair in pairs)
    for pair in pairs:
        pair.writer.close()
        pair.reader.close()
    return {
        "went_well": went_well,
        "connections": 2 * load.speakers,
        "present": 2 * load.speakers,
        "expected": load.speakers * load.messages,
        "delivered": delivered,
        "doubled": 0,
        "out_of_order": 0,
        "closed_by_server": 0,
        "ran_out_of_time": not went_well,
        "cpu_us_per_delivery": 1e6 * seconds / max(1, delivered),
        "talk_seconds": talk_seconds,
        "load_cpu_seconds": time.process_time() - own,
    }
