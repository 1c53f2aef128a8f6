"""An SSH client at the far end of a wire in memory."""

from __future__ import annotations

import struct
from typing import Any

from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import Logger

from chatd.core.registry import Settings
from chatd.doors.catalogue import JSON, SSH, TEXT, DoorOptions
from chatd.doors.ssh_host_key import HostKey, made
from chatd.tui.display import PAINT_SECONDS
from tests.doors.wire import RunningServer

REQUEST, FAILURE, SUCCESS, KEY_IS_OK, INFO_RESPONSE = 50, 51, 52, 60, 61
OPEN, OPENED, NOT_OPENED, ADJUST, DATA, ERROR_DATA, END, CLOSE, CHANNEL_REQUEST = 90, 91, 92, 93, 94, 95, 96, 97, 98
HOST_KEY: HostKey = made()


def ssh_server(clock: Clock, settings: Settings | None = None) -> RunningServer:
    return RunningServer(clock, settings, DoorOptions([TEXT, JSON, SSH], host_key=HOST_KEY))


class Client(SSHClientTransport):
    """A client that does what the test says. ``messages`` has what arrived for its services."""

    _log = Logger(observer=lambda event: None)  # type: ignore[arg-type]

    def __init__(self, server: RunningServer, address: str = "192.0.2.1", strict: bool = True) -> None:
        self.server = server
        self.wire = server.call(address)
        self.messages: list[tuple[int, bytes]] = []
        self.output = self.errors = b""
        self.status: int | None = None
        self.ended = self.closed = self.is_secure = False
        self.extensions: bytes = b""
        self.supportedKeyExchanges = [b"curve25519-sha256", *([b"kex-strict-c-v00@openssh.com"] if strict else [])]
        self.strict = strict
        self.makeConnection(_Out(self))  # type: ignore[no-untyped-call]
        self.settle()

    # -- The wire

    def settle(self) -> None:
        """Deliver everything, and let a moment pass."""
        for _ in range(3):
            self.server.clock.advance(PAINT_SECONDS)
            while self.wire.written:
                self.dataReceived(self.wire.take())  # type: ignore[no-untyped-call]
                self.server.clock.advance(0)

    def sendPacket(self, kind: int, payload: bytes) -> None:
        super().sendPacket(kind, payload)  # type: ignore[no-untyped-call]
        if kind == 21 and self.strict:
            self.outgoingPacketSequence = 0

    def ssh_NEWKEYS(self, packet: bytes) -> None:
        if self.strict:
            self.incomingPacketSequence = 0
        super().ssh_NEWKEYS(packet)  # type: ignore[no-untyped-call]

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send a message, and deliver what it causes."""
        self.sendPacket(kind, payload)
        self.settle()

    def verifyHostKey(self, key: bytes, fingerprint: str) -> Deferred[int]:
        assert key == HOST_KEY.blob
        return succeed(1)

    def connectionSecure(self) -> None:
        if not self.is_secure:
            self.is_secure = True
            self.sendPacket(5, NS(b"ssh-userauth"))

    def dispatchMessage(self, number: int, payload: bytes) -> None:
        if number < REQUEST:
            super().dispatchMessage(number, payload)  # type: ignore[no-untyped-call]
            return
        self.messages.append((number, payload))
        if number == DATA:
            self.output += getNS(payload[4:])[0]
        elif number == ERROR_DATA:
            self.errors += getNS(payload[8:])[0]
        elif number == CHANNEL_REQUEST and b"exit-status" in payload:
            (self.status,) = struct.unpack(">L", payload[-4:])
        elif number == END:
            self.ended = True
        elif number == CLOSE:
            self.closed = True

    def ssh_SERVICE_ACCEPT(self, packet: bytes) -> None:
        """The test authenticates itself."""

    def receiveError(self, reason: int, description: bytes) -> None:
        self.reason = description

    def took(self, kind: int) -> list[bytes]:
        """The messages of this kind since the last call."""
        taken = [payload for number, payload in self.messages if number == kind]
        self.messages = [message for message in self.messages if message[0] != kind]
        return taken

    # -- Authentication

    def ask(self, user: str, method: bytes, rest: bytes = b"") -> int:
        """Ask to be let in; the number of the answer."""
        self.messages.clear()
        self.send(REQUEST, NS(user.encode()) + NS(b"ssh-connection") + NS(method) + rest)
        return self.messages[0][0] if self.messages else 0

    def sign(self, user: str, key: Key, algorithm: bytes = b"", forged: bool = False) -> int:
        """Ask to be let in with a signature of ``key``; the number of the answer."""
        algorithm = algorithm or key.sshType()
        head = NS(user.encode()) + NS(b"ssh-connection") + NS(b"publickey")
        offer = b"\1" + NS(algorithm) + NS(key.public().blob())
        signed = NS(self.sessionID or b"") + bytes((REQUEST,)) + head + offer
        signature = key.sign(b"something else" if forged else signed, signatureType=algorithm)
        return self.ask(user, b"publickey", offer + NS(signature))

    def come_in(self, user: str, key: Key | None = None) -> Client:
        """Be let in."""
        if key is not None:
            assert self.sign(user, key) == SUCCESS
        else:
            assert self.ask(user, b"keyboard-interactive", NS(b"") + NS(b"")) == KEY_IS_OK
            self.send(INFO_RESPONSE, b"\0\0\0\0")
            assert self.took(SUCCESS)
        return self

    # -- The channel

    def open(self, window: int = 1 << 20, kind: bytes = b"session") -> bool:
        """Open a channel; whether that succeeds."""
        self.send(OPEN, NS(kind) + struct.pack(">3L", 0, window, 1 << 15))
        return bool(self.took(OPENED))

    def request(self, kind: bytes, data: bytes = b"") -> bool:
        """Make a request on the channel; whether it is granted."""
        self.send(CHANNEL_REQUEST, struct.pack(">L", 0) + NS(kind) + b"\1" + data)
        granted = bool(self.took(99))
        self.took(100)
        return granted

    def terminal(self, columns: int = 60, rows: int = 12, term: bytes = b"xterm-256color", window: int = 1 << 20) -> Client:
        """Open a channel with a terminal, and begin."""
        assert self.open(window)
        assert self.request(b"pty-req", NS(term) + struct.pack(">4L", columns, rows, 0, 0) + NS(b""))
        assert self.request(b"shell")
        return self

    def plain(self, line: str = "") -> Client:
        """Open a channel without a terminal, and begin."""
        assert self.open()
        assert self.request(b"exec", NS(line.encode())) if line else self.request(b"shell")
        return self

    def type(self, text: str) -> None:
        """Send what was typed."""
        self.send(DATA, struct.pack(">L", 0) + NS(text.encode()))

    def end_input(self) -> None:
        self.send(END, struct.pack(">L", 0))

    def take(self) -> str:
        """The output since the last call."""
        self.settle()
        output, self.output = self.output, b""
        return output.decode()

    def hang_up(self) -> None:
        """Lose the connection, and let every timer end."""
        if self.wire.protocol is not None:
            self.wire.lose()
        self.server.clock.advance(PAINT_SECONDS)


class _Out:
    """The client's transport."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, data: bytes) -> None:
        self._client.wire.say(data)

    def loseConnection(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client.wire, name)
