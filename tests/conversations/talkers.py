"""Programs that know only the JSON protocol: one that asks, and several that talk while their
server is killed again and again."""

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
"""The messages that a talker has on the way, in number."""

SENT_AGAIN = 5
"""The messages that a talker says again on every new link though they were acknowledged, in
number."""


class Caller:
    """One program on one link, which asks and waits."""

    def __init__(self, port: int, nick: str) -> None:
        self._link = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._told = self._link.makefile("rb")
        self._say(type="hello", nick=nick)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self._told.close()
        self._link.close()

    def ask(self, answer: str, **fields: Any) -> dict[str, Any]:
        """Send ``fields``, and give the next that is told of the type ``answer``."""
        self._say(**fields)
        return self.next(answer)

    def next(self, type: str) -> dict[str, Any]:
        """The next that is told of this type; what comes before it is lost."""
        for line in self._told:
            told: dict[str, Any] = json.loads(line)
            if told["type"] == type:
                return told
        raise AssertionError(f"no {type} has come")

    def _say(self, **fields: Any) -> None:
        self._link.sendall(json.dumps(fields).encode() + b"\n")


class Conversation:
    """Talkers who say so many messages each, and whose server is ``restarted`` (killed, and
    started; its new port) in between."""

    def __init__(self, nicks: list[str], messages: int, restarts: int, restarted: Callable[[], Awaitable[int]]) -> None:
        self.talkers = [Talker(nick, messages, self) for nick in nicks]
        self.all_texts = {text for talker in self.talkers for text in talker.texts}
        self._restarted = restarted
        self._restarts = restarts
        self._port: asyncio.Future[int]
        self._ready = asyncio.Event()

    async def run(self, port: int) -> None:
        """Until everybody has heard everything."""
        self._port = asyncio.get_running_loop().create_future()
        self._port.set_result(port)
        async with asyncio.timeout(DEADLINE * (self._restarts + 1)), asyncio.TaskGroup() as group:
            for talker in self.talkers:
                group.create_task(talker.talk())
            group.create_task(self._disturb())

    def acknowledged(self) -> dict[str, tuple[str, int]]:
        """All that was, and where it stands."""
        return {text: place for talker in self.talkers for text, place in talker.places.items()}

    async def port(self) -> int:
        """Where the server is, once it is there."""
        return await asyncio.shield(self._port)

    def progressed(self) -> None:
        """Somebody had something acknowledged."""
        self._ready.set()

    async def _disturb(self) -> None:
        for done in range(1, self._restarts + 1):
            while sum(len(talker.places) for talker in self.talkers) < len(self.all_texts) * done / (self._restarts + 1):
                self._ready.clear()
                await self._ready.wait()
            self._port = asyncio.get_running_loop().create_future()
            self._port.set_result(await self._restarted())


class Talker:
    """One program; a message's text is its id."""

    def __init__(self, nick: str, messages: int, conversation: Conversation) -> None:
        self.nick = nick
        self.texts = [f"{nick} {number}" for number in range(messages)]
        self.places: dict[str, tuple[str, int]] = {}
        """What was acknowledged, and where it stands."""
        self.events: list[dict[str, Any]] = []
        """What happened in the room, as it was heard."""
        self._conversation = conversation
        self._waiting = [*self.texts]
        """What is not acknowledged, in order."""
        self._heard: set[str] = set()
        self._log = ""

    async def talk(self) -> None:
        """Until everything is heard, over as many links as that takes."""
        while not self._is_done():
            with contextlib.suppress(OSError):
                await self._over_one_link(await self._conversation.port())

    def _is_done(self) -> bool:
        return not self._waiting and self._heard >= self._conversation.all_texts

    async def _over_one_link(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            self._send(writer, **self._hello())
            async for line in reader:
                self._hear(json.loads(line), writer)
                if self._is_done():
                    return
        finally:
            writer.close()

    def _hello(self) -> dict[str, Any]:
        hello = {"type": "hello", "nick": self.nick, "token": f"a token that only {self.nick} knows"}
        return hello | ({"log": self._log, "resume": {ROOM: self.events[-1]["seq"]}} if self.events else {})

    def _hear(self, told: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if told["type"] == "welcome":
            self._log = told["log"]
        elif told["type"] == "entered":
            for text in [*list(self.places)[-SENT_AGAIN:], *self._waiting[:WINDOW]]:
                self._say(text, writer)
        elif told["type"] == "ack":
            self._acknowledge(told["id"], (told["room"], told["seq"]), writer)
        elif "seq" in told:
            self.events.append(told)
            self._heard.add(told.get("text", ""))
        else:
            raise AssertionError(told)

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
