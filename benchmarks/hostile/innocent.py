"""The innocent: people at another address, whose answer times are measured."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.hostile.peers import INNOCENT, do, hello, kind_of, line

SEATS = 16
"""The connections that take turns, so that none of them reaches its own flood limit."""

TICK_SECONDS = 0.01
"""The interval between questions, in seconds."""

SAY_EACH = 4
"""Every fourth question is a message; the others are pings."""

NEWCOMER_SECONDS = 0.5
SEARCH_SECONDS = 1.0
ENTER_SECONDS = 20.0

ASKED, CAME, SEARCHED = "asked", "came", "searched"
"""The kinds of questions: messages and pings; logins of newcomers, who enter two rooms;
searches."""

ANSWERS = {"pong", "ack", "found", "refused"}


@dataclass(slots=True)
class Measured:
    """The answer times of each kind, in seconds; how many questions were refused or never answered;
    how much too late this program sent the questions, in seconds; and the times of the pings among
    them, which do not need the disk."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {ASKED: [], CAME: [], SEARCHED: []})
    refused: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    pings: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


class Seat(asyncio.Protocol):
    """One connection. Each question carries an id, by which its answer is recognised; the answer
    time counts from when the question was due."""

    transport: asyncio.Transport

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        self.entered = 0
        self.asked: dict[str, tuple[str, float]] = {}
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, id: str, kind: str, due: float, question: bytes) -> None:
        self.asked[id] = kind, due
        self.transport.write(question)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for message in lines:
            kind = kind_of(message)
            self.entered += kind == "entered"
            if kind in ANSWERS:
                self._answered(kind, json.loads(message).get("id", ""))

    def _answered(self, kind: str, id: str) -> None:
        if id in self.asked:
            asked, due = self.asked.pop(id)
            seconds = asyncio.get_running_loop().time() - due
            self.measured.seconds[asked].append(seconds)
            if asked == ASKED and kind == "pong":
                self.measured.pings.append(seconds)
            self.measured.refused[asked] += kind == "refused"

    def give_up(self) -> None:
        """Count the unanswered questions, each with the time waited so far."""
        for kind, due in self.asked.values():
            self.measured.seconds[kind].append(asyncio.get_running_loop().time() - due)
            self.measured.unanswered[kind] += 1
        self.asked.clear()


class Newcomer(Seat):
    """Enters the default room and another one; the answer to a ping shows that both are done."""

    def _answered(self, kind: str, id: str) -> None:
        if id in self.asked:
            super()._answered(kind, id)
            self.measured.refused[CAME] += self.entered < 2
            self.transport.close()


class Crowd:
    """All innocent people."""

    def __init__(self, port: int) -> None:
        self.measured = Measured()
        self._port = port
        self._seats: list[Seat] = []
        self._searcher: Seat
        self._newcomers: list[Seat] = []
        self._count = 0

    async def enter(self) -> None:
        """Let everybody enter the lobby."""
        self._seats = [await self._entered(f"innocent{number}") for number in range(SEATS)]
        self._searcher = await self._entered("searcher")

    async def _connect(self, seat: Seat) -> Seat:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: seat, "127.0.0.1", self._port, local_addr=(INNOCENT, 0))
        return seat

    async def _entered(self, nick: str) -> Seat:
        seat = await self._connect(Seat(self.measured))
        seat.transport.write(hello(nick, "lobby"))
        async with asyncio.timeout(ENTER_SECONDS):
            while not seat.entered:
                await asyncio.sleep(TICK_SECONDS)
        return seat

    async def ask(self, seconds: float) -> None:
        """Send questions, newcomers and searches for ``seconds``, whatever the answers are, into a
        new `Measured`."""
        self.measured, self._newcomers = Measured(), []
        for seat in (*self._seats, self._searcher):
            seat.measured = self.measured
        await asyncio.gather(
            _each(TICK_SECONDS, seconds, self._ask),
            _each(NEWCOMER_SECONDS, seconds, self._come),
            _each(SEARCH_SECONDS, seconds, self._search),
        )

    async def _ask(self, due: float) -> None:
        self.measured.late.append(asyncio.get_running_loop().time() - due)
        self._count += 1
        id, seat = str(self._count), self._seats[self._count % SEATS]
        question = line(type="ping", id=id) if self._count % SAY_EACH else line(type="say", text=f"number {id}", id=id)
        seat.ask(id, ASKED, due, question)

    async def _search(self, due: float) -> None:
        self._count += 1
        self._searcher.ask(str(self._count), SEARCHED, due, do("search", text="number", id=str(self._count)))

    async def _come(self, due: float) -> None:
        self._count += 1
        seat, id = Newcomer(self.measured), str(self._count)
        self._newcomers.append(seat)
        seat.asked[id] = CAME, due
        try:
            await self._connect(seat)
        except OSError:
            return
        seat.ask(id, CAME, due, hello(f"new{id}", "lobby", "newcomers") + line(type="ping", id=id))

    async def settle(self, seconds: float) -> None:
        """Wait for the missing answers, for at most ``seconds``."""
        everybody = [*self._seats, self._searcher, *self._newcomers]
        give_up = asyncio.get_running_loop().time() + seconds
        while any(seat.asked for seat in everybody) and asyncio.get_running_loop().time() < give_up:
            await asyncio.sleep(TICK_SECONDS)
        for seat in everybody:
            seat.give_up()


async def _each(pause: float, seconds: float, act: Callable[[float], Awaitable[None]]) -> None:
    """Call ``act`` every ``pause`` seconds for ``seconds``; late calls are made up for
    immediately."""
    loop = asyncio.get_running_loop()
    due = began = loop.time()
    while due < began + seconds:
        await asyncio.sleep(max(0.0, due - loop.time()))
        await act(due)
        due += pause
