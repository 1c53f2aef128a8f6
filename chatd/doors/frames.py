"""What a WebSocket sends (RFC 6455, 5): JSON lines in frames, and the close frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import ISSLTransport
from wsproto.connection import Connection, ConnectionState
from wsproto.events import CloseConnection
from wsproto.frame_protocol import CloseReason

from chatd.codecs.base import Codec, Talk, View
from chatd.core.commands import Command
from chatd.core.events import Answer, Event
from chatd.delivery.writers import Writable
from chatd.doors.caller import Input


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


@dataclass(frozen=True, slots=True)
class FramedCodec:
    """``codec`` with a frame around each event and answer, which is made once for all readers."""

    codec: Codec

    @property
    def name(self) -> str:
        return self.codec.name

    @property
    def echo(self) -> bool:
        return self.codec.echo

    @property
    def acknowledges(self) -> bool:
        return self.codec.acknowledges

    @property
    def tells_once(self) -> bool:
        return self.codec.tells_once

    def encode(self, event: Event, view: View) -> bytes:
        return text_frame(self.codec.encode(event, view))

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
        return text_frame(self.inner.encode(answer))

    def next_command(self) -> Command | None:
        return self.inner.next_command()

    def edit(self, event: Event, piece: bytes, own: bool) -> bytes:
        return self.inner.edit(event, piece, own)

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
