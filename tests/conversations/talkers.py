"""Programs that know only the JSON protocol: one that sends requests, and several that talk while
their server is killed repeatedly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Self

from tests.conversations.processes import DEADLINE

ROOM = "lobby"
WINDOW = 30
"""How many messages of a talker are in flight."""

SENT_AGAIN = 5
"""How many acknowledged messages a talker repeats on every new connection."""


class Caller:
    """A program with one connection, which sends requests and waits for the answers."""

    def __init__(self, port: int, nick: str) -> None:
        self._link = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._input = self._link.makefile("rb")
        self._say(type="hello", nick=nick)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self._input.close()
        self._link.close()

    def ask(self, answer: str, **fields: Any) -> dict[str, Any]:
        """Send ``fields``; the next message of the type ``answer``."""
        self._say(**fields)
        return self.next(answer)

    def next(self, type: str) -> dict[str, Any]:
        """The next message of this type; earlier ones are dropped."""
        for line in self._input:
            message: dict[str, Any] = json.loads(line)
            if message["type"] == type:
                return message
        raise AssertionError(f"no {type} has come")

    def _say(self, **fields: Any) -> None:
        self._link.sendall(json.dumps(fields).encode() + b"\n")


class Conversation:
    """Talkers who send so many messages each. Meanwhile their server is ``restarted`` several
    times: killed and started again; the result is its new port."""

    def __init__(self, nicks: list[str], messages: int, restarts: int, restarted: Callable[[], Awaitable[int]]) -> None:
        self.talkers = [Talker(nick, messages, self) for nick in nicks]
        self.all_texts = {text for talker in self.talkers for text in talker.texts}
        self._restarted = restarted
        self._restarts = restarts
        self._port: asyncio.Future[int]
        self._ready = asyncio.Event()

    async def run(self, port: int) -> None:
        """Run until everybody has received everything."""
        self._port = asyncio.get_running_loop().create_future()
        self._port.set_result(port)
        async with asyncio.timeout(DEADLINE * (self._restarts + 1)), asyncio.TaskGroup() as group:
            for talker in self.talkers:
                group.create_task(talker.talk())
            group.create_task(self._disturb())

    def acknowledged(self) -> dict[str, tuple[str, int]]:
        """All acknowledged messages, with room and seq."""
        return {text: place for talker in self.talkers for text, place in talker.places.items()}

    async def port(self) -> int:
        """The port of the server; waits until it runs."""
        return await asyncio.shield(self._port)

    def progressed(self) -> None:
        """A message of somebody was acknowledged."""
        self._ready.set()

    async def _disturb(self) -> None:
        for done in range(1, self._restarts + 1):
            while sum(len(talker.places) for talker in self.talkers) < len(self.all_texts) * done / (self._restarts + 1):
                self._ready.clear()
                await self._ready.wait()
            self._port = asyncio.get_running_loop().create_future()
            self._port.set_result(await self._restarted())


class Talker:
    """A program; the text of each message is also its id."""

    def __init__(self, nick: str, messages: int, conversation: Conversation) -> None:
        self.nick = nick
        self.texts = [f"{nick} {number}" for number in range(messages)]
        self.places: dict[str, tuple[str, int]] = {}
        """The room and the seq of each acknowledged message, by text."""
        self.events: list[dict[str, Any]] = []
        """The events received, in order."""
        self._conversation = conversation
        self._waiting = [*self.texts]
        """The messages that are not acknowledged, in order."""
        self._received: set[str] = set()
        self._log = ""

    async def talk(self) -> None:
        """Run until everything is received, over as many connections as that takes."""
        while not self._is_done():
            with contextlib.suppress(OSError):
                await self._over_one_link(await self._conversation.port())

    def _is_done(self) -> bool:
        return not self._waiting and self._received >= self._conversation.all_texts

    async def _over_one_link(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            self._send(writer, **self._hello())
            async for line in reader:
                self._receive(json.loads(line), writer)
                if self._is_done():
                    return
        finally:
            writer.close()

    def _hello(self) -> dict[str, Any]:
        hello = {"type": "hello", "nick": self.nick, "token": f"a token that only {self.nick} knows"}
        return hello | ({"log": self._log, "resume": {ROOM: self.events[-1]["seq"]}} if self.events else {})

    def _receive(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if message["type"] == "welcome":
            self._log = message["log"]
        elif message["type"] == "entered":
            for text in [*list(self.places)[-SENT_AGAIN:], *self._waiting[:WINDOW]]:
                self._say(text, writer)
        elif message["type"] == "ack":
            self._acknowledge(message["id"], (message["room"], message["seq"]), writer)
        elif "seq" in message:
            self.events.append(message)
            self._received.add(message.get("text", ""))
        else:
            raise AssertionError(message)

    def _acknowledge(self, text: str, place: tuple[str, int], writer: asyncio.StreamWriter) -> None:
        assert self.places.setdefault(text, place) == place, f"{text} was said twice"
        if text in self._waiting:
            self._waiting.remove(text)
            if len(self._waiting) >= WINDOW:
                self._say(self._waiting[WINDOW - 1], writer)
            self._conversation.progressed()

    def _say(self, text: str, writer: asyncio.StreamWriter) -> None:
        self._send(writer, type="say", room=ROOM, text=text, id=text)

    def _send(self, writer: asyncio.StreamWriter, **fields: Any) -> None:
        writer.write(json.dumps(fields).encode() + b"\n")
