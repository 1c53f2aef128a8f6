"""IRC clients without a network, and conversations with them as text.

In a conversation, ``+ ada CAP...`` connects a client that has registered with these capabilities,
``+ bob`` one with none, and ``+ eve -`` one that has said nothing yet. ``ada> LINE`` is what ada
sends, and each ``ada< LINE`` after it is a line that she is sent because of that or of what others
do; ``…`` stands for any text in it. ``ada! `` says that her connection has ended. Nobody is sent
anything else. ``now+ N`` lets N seconds pass, and what follows ``--`` is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.core.account import Account
from chatd.core.driver import drive
from chatd.core.names import parse_nick
from chatd.core.registry import Settings
from chatd.doors.irc import IrcFactory, IrcProtocol
from chatd.doors.server import Server
from chatd.testing import InstantAuthenticator
from tests.doors.wire import new_server

PASSWORD = "correct horse"
"""The password of every account, and of the server if it has one."""


class Wire(StringTransport):
    """A transport that knows whether it was aborted."""

    aborting = False

    def abortConnection(self) -> None:  # noqa: N802
        self.aborting = True


class Client:
    """One connection, from the side of the client."""

    def __init__(self, network: Network, address: str) -> None:
        self._network = network
        self.protocol: IrcProtocol = network.factory.buildProtocol(IPv4Address("TCP", address, 1234))  # type: ignore[assignment]
        self.wire = Wire()  # type: ignore[no-untyped-call]
        self.protocol.makeConnection(self.wire)  # type: ignore[no-untyped-call]

    def send(self, *lines: str | bytes) -> list[str]:
        """Send ``lines``, and return what the client has been sent since the last call."""
        for line in lines:
            data = (line.encode() if isinstance(line, str) else line) + b"\r\n"
            step = self._network.step or len(data)
            for start in range(0, len(data), step):
                self.protocol.dataReceived(data[start : start + step])
                self._network.turn()
        return self.take()

    def take(self) -> list[str]:
        """What the client has been sent since the last call."""
        self._network.turn()
        value: bytes = self.wire.value()  # type: ignore[no-untyped-call]
        self.wire.clear()  # type: ignore[no-untyped-call]
        assert value.endswith(b"\r\n") or not value
        return value.decode().split("\r\n")[:-1]

    def lose(self) -> None:
        """Lose the connection."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


SETTINGS = Settings(address_rate=0, flood_rate=0, operators=frozenset({"root-ada"}), clear_passwords=True)


class Network:
    """A server and its IRC clients. They send ``step`` bytes at once; 0: whole lines."""

    def __init__(self, settings: Settings | None = None, step: int = 0) -> None:
        self.clock = Clock()
        self.step = step
        self.server: Server = new_server(self.clock, settings or SETTINGS)
        self.registry = self.server.registry
        self.registry.authenticator = InstantAuthenticator(self.registry.accounts)
        self.factory = IrcFactory(self.server)
        self._addresses = 0

    def turn(self) -> None:
        """Let everything happen that is due."""
        for _ in range(4):
            self.clock.advance(0)

    def account(self, nick: str) -> None:
        """Make an account whose password is `PASSWORD`."""
        added: list[Account | Exception] = []
        drive(self.registry.accounts.add(parse_nick(nick), f"hash of {PASSWORD}", 0), added.append)
        assert isinstance(added[0], Account), added

    def connect(self) -> Client:
        """A client that has said nothing."""
        self._addresses += 1
        return Client(self, f"192.0.2.{self._addresses % 250 + 1}")

    def client(self, nick: str, *caps: str) -> Client:
        """A client that has registered with these capabilities, and has read the welcome."""
        client = self.connect()
        client.send(*(["CAP LS 302", f"CAP REQ :{' '.join(caps)}"] if caps else []))
        client.send(f"NICK {nick}", f"USER {nick}-user 0 * :{nick.capitalize()} Real", *(["CAP END"] if caps else []))
        assert client.protocol.caller.session.nick == nick
        return client


STEPS = (0, 1)
"""How many bytes are sent at once: whole lines, and single bytes."""


def follow(name: str, step: int) -> None:
    """Follow the conversation in the file ``name``."""
    text = (Path(__file__).parent / "conversations" / f"{name}.txt").read_text(encoding="utf-8")
    Conversation(text, Network(step=step)).run()


class Conversation:
    """Follows the conversation in ``text``, and compares what clients are sent."""

    def __init__(self, text: str, network: Network) -> None:
        self._lines = [line for line in text.splitlines() if line.strip() and not line.startswith("--")]
        self._network = network
        self.clients: dict[str, Client] = {}
        self._expected: dict[str, list[str]] = {}
        self._kept: dict[str, list[str]] = {}

    def run(self) -> None:
        """Do everything. Raises AssertionError."""
        for said in self._steps():
            self._do(said)
        self._compare("the end")

    def _steps(self) -> Iterator[str]:
        last = "the beginning"
        for line in self._lines:
            name, _, rest = line.partition(" ")
            if name.endswith("<"):
                self._expected.setdefault(name[:-1], []).append(rest)
                continue
            if name.endswith("!"):
                wire = self.clients[name[:-1]].wire
                assert wire.disconnecting or wire.aborting, f"{name[:-1]} is still connected after {last}"
                continue
            self._compare(last)
            last = line
            yield line

    def _do(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        if name == "+":
            self._connect(*rest.split(" "))
        elif name == "account":
            self._network.account(rest)
        elif name == "now+":
            self._network.clock.advance(float(rest))
            self._network.registry.now.advance(float(rest))  # type: ignore[attr-defined]
        else:
            client = self.clients[name.removesuffix(">")]
            taken = client.send(rest.encode().replace(b"\\x01", b"\x01").replace(b"\\xff", b"\xff"))
            self._kept = {name.removesuffix(">"): taken}

    def do(self, line: str) -> dict[str, list[str]]:
        """Do what ``line`` says, and return what each client is sent because of it."""
        self._do(line)
        kept, self._kept = self._kept, {}
        return {name: kept.get(name, []) + client.take() for name, client in self.clients.items()}

    def _connect(self, nick: str, *caps: str) -> None:
        if caps == ("-",):
            self.clients[nick] = self._network.connect()
        elif caps == ("lost",):
            self.clients[nick].lose()
        else:
            self.clients[nick] = self._network.client(nick, *caps)
            self.clients[nick].take()

    def _compare(self, after: str) -> None:
        kept, self._kept = self._kept, {}
        expected, self._expected = self._expected, {}
        for name, client in self.clients.items():
            got = [line.replace("\x01", "\\x01") for line in kept.get(name, []) + client.take()]
            wanted = expected.get(name, [])
            is_right = len(got) == len(wanted) and all(map(is_like, got, wanted))
            assert is_right, f"after {after!r}, {name} was sent\n  " + "\n  ".join(got) + "\nand not\n  " + "\n  ".join(wanted)

    def record(self) -> str:
        """The conversation with what clients are sent now, for whoever writes one down."""
        result = []
        for line in self._lines:
            name = line.partition(" ")[0]
            if name.endswith(("<", "!")):
                continue
            result.append(line)
            self._do(line)
            for nick, client in self.clients.items():
                got = self._kept.get(nick, []) + client.take()
                result += [f"{nick}< {text}".replace("\x01", "\\x01") for text in got]
                if client.wire.disconnecting and not name.startswith("+"):
                    result.append(f"{nick}!")
            self._kept = {}
        return "\n".join(result)


def is_like(got: str, wanted: str) -> bool:
    """Whether ``got`` is the line ``wanted``, in which ``…`` stands for any text."""
    pattern = ".*".join(map(re.escape, wanted.split("…")))
    return re.fullmatch(pattern, got, re.DOTALL) is not None
