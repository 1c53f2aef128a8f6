"""Load from programs: some that talk with ids, one that asks for old events, and one that pings
meanwhile, to see how busy the server is."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.fill import RARE, YEARS, vocabulary

PING_SECONDS = 0.001
"""The pause between two pings, in seconds."""

EACH = 200
"""How many times each question is asked."""

LONG_ONES = 5
"""How many times a question is asked that takes seconds."""

ASK_SECONDS = 60.0
"""The longest time to wait for an answer, in seconds."""

PROGRAMS, MESSAGES, WINDOW = 20, 1000, 50
"""How many programs talk at once, how many messages each of them sends, and how many of these may
be unacknowledged at a time."""

ACK = b'"type":"ack"'

Question = Callable[[random.Random], dict[str, Any]]


@dataclass(slots=True)
class Answers:
    """The latency of each answer, and of each ping meanwhile, in seconds."""

    answers: list[float] = field(default_factory=list)
    pings: list[float] = field(default_factory=list)


class Link:
    """A connection that speaks JSON lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""

    @classmethod
    async def open(cls, port: int, nick: str) -> Link:
        link = cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 24))
        await link.ask({"type": "hello", "nick": nick, "scrollback": 0}, "entered")
        return link

    async def ask(self, message: Mapping[str, Any], *answers: str) -> dict[str, Any]:
        """Send ``message``, and return the first answer of one of these types."""
        self.send(message)
        return await self.next(*answers)

    def send(self, message: Mapping[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def next(self, *types: str) -> dict[str, Any]:
        """Wait for the next message of one of these types."""
        while True:
            line = await asyncio.wait_for(self._reader.readline(), ASK_SECONDS)
            if not line:
                raise ConnectionError("the server has closed the connection")
            message: dict[str, Any] = json.loads(line)
            if message["type"] in types:
                return message

    async def acknowledged(self) -> int:
        """Wait for more bytes, and count the acknowledgements in them; all else is ignored."""
        chunk = self._rest + await asyncio.wait_for(self._reader.read(1 << 16), ASK_SECONDS)
        if chunk == self._rest:
            raise ConnectionError("the server has closed the connection")
        lines, _, self._rest = chunk.rpartition(b"\n")
        return lines.count(ACK)

    def close(self) -> None:
        self._writer.close()


async def talk_with_ids(port: int) -> None:
    """Let all programs talk at once, each message with an id, until all are acknowledged."""
    await asyncio.gather(*(_talk_with_ids(port, f"program{number}") for number in range(PROGRAMS)))


async def _talk_with_ids(port: int, nick: str) -> None:
    link, sent, answered = await Link.open(port, nick), 0, 0
    while answered < MESSAGES:
        for number in range(sent, min(answered + WINDOW, MESSAGES)):
            link.send({"type": "say", "text": f"message {number} of {nick}, as long as others", "id": str(number)})
            sent = number + 1
        answered += await link.acknowledged()
    link.close()


def _moment(chance: random.Random) -> str:
    back = chance.random() * YEARS * 365 * 24 * 3600
    return datetime.fromtimestamp(time.time() - back, UTC).isoformat()


def questions(last: int) -> dict[str, tuple[Question, int]]:
    """The questions about a room with ``last`` events, and how many times to ask each."""
    words = vocabulary()

    def do(command: str, **fields: Any) -> dict[str, Any]:
        return {"type": "do", "command": command, **fields}

    return {
        "nothing, for comparison": (lambda chance: {"type": "ping"}, 10 * EACH),
        "`/history before TIME`, anywhere": (lambda chance: do("history", count=100, before_time=_moment(chance)), EACH),
        "`/history before SEQ`, anywhere": (lambda chance: do("history", count=100, before=chance.randint(101, last)), EACH),
        "`/search`, a word that 1 of 1,000,000 has": (lambda chance: do("search", text=RARE), EACH),
        "`/search`, a word of middling frequency": (lambda chance: do("search", text=words[chance.randint(100, 2000)]), EACH),
        "`/search`, the most frequent word": (lambda chance: do("search", text=words[0]), EACH),
        "`/search`, the two most frequent words before a time": (
            lambda chance: do("search", text=f"{words[0]} {words[1]}", before_time=_moment(chance)),
            EACH // 10,
        ),
        "`/search`, the most frequent word of somebody who never said it": (
            lambda chance: do("search", text=words[0], nick="nobody"),
            LONG_ONES,
        ),
    }


async def ask(port: int, question: Question, times: int) -> Answers:
    """Ask the server on ``port`` a question ``times`` times, when its search index is complete."""
    asker, pinger = await Link.open(port, "asker"), await Link.open(port, "pinger")
    await asker.ask({"type": "do", "command": "search", "text": RARE}, "found", "refused")
    answers = await _ask(asker, pinger, question, times)
    asker.close()
    pinger.close()
    return answers


async def _ask(asker: Link, pinger: Link, question: Question, times: int) -> Answers:
    measured, chance, asked = Answers(), random.Random(3), asyncio.Event()

    async def ping() -> None:
        while not asked.is_set():
            began = time.perf_counter()
            await pinger.ask({"type": "ping"}, "pong")
            measured.pings.append(time.perf_counter() - began)
            await asyncio.sleep(PING_SECONDS)

    pinging = asyncio.create_task(ping())
    for _ in range(times):
        began = time.perf_counter()
        await asker.ask(question(chance), "history", "found", "refused", "pong")
        measured.answers.append(time.perf_counter() - began)
        await asyncio.sleep(PING_SECONDS)
    asked.set()
    await pinging
    return measured
