"""How a caller whose door is closed is told so, in the language that the caller speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd.codecs.base import Codec
from chatd.core import events
from chatd.core.errors import Refusal
from chatd.doors.line import ChatFactory
from chatd.doors.openings import Door

Phrase = Callable[[Refusal, ChatFactory], bytes]

HANDSHAKE_FAILURE: Final = b"\x15\x03\x03\x00\x02\x02\x28"
"""An alert, fatal (2), handshake_failure (40): no set of parameters can be agreed on (RFC 8446, 5.1
and 6.2)."""


def _by(codec: Codec, refusal: Refusal) -> bytes:
    return codec.talk().encode(events.Refused(refusal.code, refusal.reason, refusal.hint))


def _line(refusal: Refusal, chat: ChatFactory) -> bytes:
    """A line before the version, which an SSH client shows or skips (RFC 4253, 4.2)."""
    return f"{refusal}\r\n".encode()


def _error(refusal: Refusal, chat: ChatFactory) -> bytes:
    """The server's last word to an IRC client (RFC 2812, 3.7.4)."""
    return f"ERROR :{refusal}\r\n".encode()


def _response(refusal: Refusal, chat: ChatFactory) -> bytes:
    """A whole answer of HTTP/1.1 (RFC 9110, 15.6.4: the service is not available)."""
    body = f"{refusal}\n".encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


PHRASES: Final[dict[Door, Phrase]] = {
    Door.TEXT: lambda refusal, chat: _by(chat.text, refusal),
    Door.JSON: lambda refusal, chat: _by(chat.json, refusal),
    Door.TLS: lambda refusal, chat: HANDSHAKE_FAILURE,
    Door.WEB: _response,
    Door.IRC: _error,
    Door.SSH: _line,
}
