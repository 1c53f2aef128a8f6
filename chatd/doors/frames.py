"""What a WebSocket sends (RFC 6455, 5): the lines of a codec in frames, and the close frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.interfaces import ISSLTransport
from wsproto.connection import Connection, ConnectionState
from wsproto.events import CloseConnection
from wsproto.frame_protocol import CloseReason

from chatd.codecs.base import Codec, Talk, View
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.delivery.sealing import Sealing
from chatd.delivery.writers import Writable, sealing_of
from chatd.doors.caller import Input

TEXT: Final = b"\x81"
BINARY: Final = b"\x82"
"""The first bytes of a frame that is a whole message (RFC 6455, 5.2)."""


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame."""
    return _frame(TEXT, payload)


def text_lines(lines: bytes) -> bytes:
    """Each of ``lines``, which end with CRLF, in a text frame of its own, without its end (IRCv3
    websocket)."""
    return b"".join([_frame(TEXT, line) for line in lines.split(b"\r\n") if line])


def binary_lines(lines: bytes) -> bytes:
    """The same in binary frames."""
    return b"".join([_frame(BINARY, line) for line in lines.split(b"\r\n") if line])


def _frame(first: bytes, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return first + bytes((size,)) + payload
    if size < 1 << 16:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload


@dataclass(frozen=True, slots=True)
class FramedCodec:
    """``codec`` with each event and answer in frames, which are made once for all readers;
    ``frame`` puts bytes into frames."""

    codec: Codec
    frame: Callable[[bytes], bytes] = text_frame

    @property
    def name(self) -> str:
        return self.codec.name

    @property
    def echo(self) -> bool:
        return self.codec.echo

    @property
    def acknowledges_all(self) -> bool:
        return self.codec.acknowledges_all

    @property
    def tells_once(self) -> bool:
        return self.codec.tells_once

    @property
    def names_shown(self) -> int:
        return self.codec.names_shown

    def encode(self, event: Event, view: View) -> bytes:
        return self.frame(self.codec.encode(event, view))

    def talk(self) -> FramedTalk:
        return FramedTalk(self, self.codec.talk())


@dataclass(frozen=True, slots=True)
class FramedTalk:
    """The half of a :class:`FramedCodec` that belongs to one connection."""

    codec: FramedCodec
    inner: Talk

    def decode(self, line: bytes, named: bool) -> Command | None:
        return self.inner.decode(line, named)

    def encode(self, answer: Answer) -> bytes:
        return self.codec.frame(self.inner.encode(answer))

    @property
    def read_series(self) -> None:
        """What comes in frames is decoded alone."""

    @property
    def next_command(self) -> Callable[[], Command | None] | None:
        return self.inner.next_command

    def edit(self, event: Event, piece: bytes, own: bool) -> bytes:
        edited = self.inner.edit(event, piece, own)
        return edited if edited is piece or not edited else self.codec.frame(edited)  # ``piece`` is in frames.

    def view(self, current: bool) -> View:
        return self.inner.view(current)


class FramedTransport:
    """The transport of a WebSocket, as its outlet sees it: what is written are frames, and before
    the connection ends, a close frame is sent and answered (RFC 6455, 7.1)."""

    def __init__(self, transport: Writable, connection: Connection, input: Input) -> None:
        self.code: int = CloseReason.NORMAL_CLOSURE
        """The status code to close with (RFC 6455, 7.4)."""
        self.input_broken = False
        """Whether the peer has broken the protocol: nothing that it sends can be read any more, not
        even its answer to our close."""
        self.transport = transport
        self._connection = connection
        self._input = input

    def getHandle(self) -> Any:
        """The socket, if whole frames can be sent there directly."""
        get = getattr(self.transport, "getHandle", None)
        return None if get is None or ISSLTransport.providedBy(self.transport) else get()

    @property
    def sealing(self) -> Sealing | None:
        """What is needed to seal whole frames, inside TLS."""
        return sealing_of(self.transport)

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.transport.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        self.transport.unregisterProducer()

    def loseConnection(self) -> None:
        """Send a close frame; the connection ends when the peer has answered it."""
        if self._connection.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            self.transport.write(self._connection.send(CloseConnection(self.code)))
        if self.input_broken or self._connection.state is ConnectionState.CLOSED:
            self.transport.loseConnection()
        else:
            self._input.resumeProducing()

    def abortConnection(self) -> None:
        self.transport.abortConnection()
