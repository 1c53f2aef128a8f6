"""The channel of an SSH session (RFC 4254): one for each connection, with a terminal or without.

Nothing else is offered: no program, no forwarding, no agent, no file transfer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from twisted.conch.error import ConchError
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.connection import (
    EXTENDED_DATA_STDERR,
    OPEN_ADMINISTRATIVELY_PROHIBITED,
    OPEN_RESOURCE_SHORTAGE,
    SSHConnection,
)
from twisted.logger import Logger

from chatd.core.errors import Refusal
from chatd.core.limits import SSH_ENVIRONMENT, SSH_WINDOW_BYTES
from chatd.core.text import read_line
from chatd.doors.ssh_plain import PlainSession

QUIET: Final = Logger(observer=lambda event: None)  # type: ignore[arg-type]
SMALLEST_PACKET: Final = 256
"""The smallest packet that a client must accept, in bytes: smaller ones would cost us more than
their content."""


class Connection(SSHConnection):
    """The service ssh-connection."""

    _log = QUIET

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.channel: Channel | None = None

    def getChannel(self, kind: bytes, window: int, most: int, data: bytes) -> Channel:
        """The channel that the client wants to open. Raises ConchError."""
        if kind != b"session":
            raise ConchError("This server only offers chat.", OPEN_ADMINISTRATIVELY_PROHIBITED)
        if self.channel is not None or most < SMALLEST_PACKET:
            raise ConchError("A connection has one session.", OPEN_RESOURCE_SHORTAGE)
        self.channel = Channel(SSH_WINDOW_BYTES, SSH_WINDOW_BYTES, window, most, conn=self)
        return self.channel

    def gotGlobalRequest(self, kind: bytes, data: bytes) -> int:
        """Nothing is granted; the answer shows a client that we are still there."""
        return 0

    def adjustWindow(self, channel: Channel, more: int) -> None:
        """Let the client send more, unless what it has sent has to wait."""
        if channel.may_send:
            super().adjustWindow(channel, more)  # type: ignore[no-untyped-call]

    def on_taken(self) -> None:
        """The connection takes more."""
        if self.channel is not None:
            self.channel.on_taken()


class Channel(SSHChannel):
    """The channel: the wire of the screen (`screens.Wire`), or of a session in plain lines."""

    name = b"session"
    conn: Any
    _log = QUIET

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._environment: dict[str, str] = {}
        self._size: tuple[int, int] | None = None
        self._begun = False
        self._plain: PlainSession | None = None
        self._finished = False

    @property
    def _transport(self) -> Any:
        return self.conn.transport

    # -- Requests

    def request_pty_req(self, data: bytes) -> bool:
        """There is a terminal."""
        term, rest = getNS(data)
        columns, rows = struct.unpack(">2L", rest[:8])
        self._environment["TERM"] = _text(term)
        self._size = columns, rows
        return not self._begun

    def request_env(self, data: bytes) -> bool:
        """A variable of the client's environment."""
        name, value = map(_text, getNS(data, 2)[:2])
        most, longest = SSH_ENVIRONMENT
        if len(self._environment) >= most or len(name) > longest or len(value) > longest or name == "TERM":
            return False
        self._environment[name] = value
        return True

    def request_window_change(self, data: bytes) -> bool:
        """The terminal has another size."""
        self._size = struct.unpack(">2L", data[:8])
        if self._begun and self._plain is None:
            self._transport.screen.resized(*self._size)
        return True

    def request_shell(self, data: bytes) -> bool:
        """Begin."""
        return self._begin("")

    def request_exec(self, data: bytes) -> bool:
        """Begin, with a line to say or a command to execute."""
        return self._begin(_text(getNS(data)[0]))

    def requestReceived(self, kind: bytes, data: bytes) -> bool:
        """Do what is asked, if it is one of these."""
        handlers = {
            b"pty-req": self.request_pty_req,
            b"env": self.request_env,
            b"window-change": self.request_window_change,
            b"shell": self.request_shell,
            b"exec": self.request_exec,
        }
        handler = handlers.get(kind)
        if handler is None or self._finished:
            return False
        try:
            return handler(data)
        except (Refusal, struct.error, ValueError):
            return False

    def _begin(self, line: str) -> bool:
        if self._begun:
            return False
        self._begun = True
        try:
            self._start(line)
        except Exception as error:
            self._transport.screen.link.caller.fail(error)
        return True

    def _start(self, line: str) -> None:
        transport = self._transport
        screen = transport.screen
        screen.use_key(transport.key)
        password, transport.password = transport.password, ""
        is_dumb = self._environment.get("TERM", "dumb") in ("", "dumb", "unknown")
        if self._size is not None and not is_dumb and not line:
            screen.start(transport.user, self._size, self._environment, password)
        else:
            self._plain = PlainSession(transport.server, screen.link, self, self._size is not None)
            self._plain.start(transport.user, password, line)

    # -- Input

    @property
    def may_send(self) -> bool:
        """Whether the client may send more."""
        plain = self._plain
        return not self._transport.screen.link.is_congested and (plain is None or plain.takes_more)

    def dataReceived(self, data: bytes) -> None:
        """Take what was typed, or sent."""
        if self._plain is not None:
            self._plain_runs(lambda plain: plain.data(data))
        elif self._begun:
            self._transport.screen.keys(data)

    def eofReceived(self) -> None:
        """The client sends nothing more."""
        if self._plain is not None:
            self._plain_runs(PlainSession.end_of_input)
        elif self._begun:
            self._transport.screen.end_of_input()

    def _plain_runs(self, call: Callable[[PlainSession], object]) -> None:
        assert self._plain is not None
        try:
            call(self._plain)
        except Exception as error:
            self._transport.screen.link.caller.fail(error)

    def extReceived(self, kind: int, data: bytes) -> None:
        """A client has nothing else to say."""

    def closeReceived(self) -> None:
        """The client has closed the channel."""
        self._finished = True
        self.conn.sendClose(self)

    def closed(self) -> None:
        """Both sides have closed the channel."""
        self._finished = True
        self._transport.screen.lost()
        self._transport.close_soon()

    def openFailed(self, reason: object) -> None:
        """The connection has ended."""

    def channelOpen(self, data: bytes) -> None:
        """There is a channel; it begins with a request."""

    # -- Output

    @property
    def is_ready(self) -> bool:
        """Part of `screens.Wire`."""
        return self._transport.is_free and not self.buf and not self.extBuf and self.remoteWindowLeft > 0

    def write(self, data: bytes) -> None:
        """Part of `screens.Wire`."""
        if not self._finished:
            super().write(data)  # type: ignore[no-untyped-call]

    def write_error(self, line: str) -> None:
        """Send ``line`` to the client's standard error."""
        if not self._finished:
            end = "\n" if self._size is None else "\r\n"  # The client's terminal adds nothing.
            self.writeExtended(EXTENDED_DATA_STDERR, f"{line}{end}".encode("utf-8", "replace"))  # type: ignore[no-untyped-call]

    def finish(self, status: int, why: str) -> None:
        """Part of `screens.Wire.close`: end with ``status``."""
        if self._finished:
            return
        if why:
            if self._size is not None:
                self.write(f"{why}\r\n".encode())
            else:
                self.write_error(f"chatd: {why}")
        self._finished = True
        self.conn.sendRequest(self, b"exit-status", struct.pack(">L", status))
        if not self.buf:
            self.conn.sendEOF(self)
        self.loseConnection()  # type: ignore[no-untyped-call]
        self._transport.close_soon()

    def startWriting(self) -> None:
        """The window is open again."""

    def addWindowBytes(self, data: int) -> None:
        """The client accepts more."""
        super().addWindowBytes(data)  # type: ignore[no-untyped-call]
        self.on_taken()

    def on_taken(self) -> None:
        """The connection, or the client, takes more."""
        if self._finished or not self.is_ready:
            return
        if self._plain is not None:
            self._plain_runs(PlainSession.ready)
        elif self._begun:
            self._transport.screen.ready()

    def on_uncongested(self) -> None:
        """The server takes commands again."""
        if self._plain is not None:
            self._plain_runs(PlainSession.ready)
        else:
            self.on_commands_taken()

    def on_commands_taken(self) -> None:
        """The server has taken what waited: let the client send more."""
        missing = self.localWindowSize - self.localWindowLeft
        if not self._finished and missing > self.localWindowSize // 2 and self.may_send:
            self.conn.adjustWindow(self, missing)


def _text(raw: bytes) -> str:
    return read_line(raw)
