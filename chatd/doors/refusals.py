"""Refusals in the protocol of the caller: what a door sends to callers that it does not serve."""

from __future__ import annotations

from typing import Final

from chatd.codecs.base import Codec
from chatd.core import answers
from chatd.core.errors import Refusal
from chatd.doors.server import Server

HANDSHAKE_FAILURE: Final = b"\x15\x03\x03\x00\x02\x02\x28"
"""An alert, fatal (2), handshake_failure (40): no set of parameters can be agreed on (RFC 8446, 5.1
and 6.2)."""


def in_text(refusal: Refusal, server: Server) -> bytes:
    """A line for people."""
    return _by(server.text, refusal)


def in_json(refusal: Refusal, server: Server) -> bytes:
    """A line of JSON (docs/protocol.md)."""
    return _by(server.json, refusal)


def _by(codec: Codec, refusal: Refusal) -> bytes:
    return codec.talk().encode(answers.Refused(refusal.code, refusal.reason, refusal.hint))


def in_tls(refusal: Refusal, server: Server) -> bytes:
    """An alert, which has no room for words."""
    return HANDSHAKE_FAILURE


def in_http(refusal: Refusal, server: Server) -> bytes:
    """A whole answer of HTTP/1.1 (RFC 9110, 15.6.4: the service is not available)."""
    return http_answer("503 Service Unavailable", f"{refusal}")


def http_answer(status: str, text: str) -> bytes:
    """A whole answer of HTTP/1.1 with the line ``text``, after which the connection is closed."""
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def in_irc(refusal: Refusal, server: Server) -> bytes:
    """The server's last message to an IRC client (RFC 2812, 3.7.4)."""
    return f"ERROR :{refusal}\r\n".encode()


def in_ssh(refusal: Refusal, server: Server) -> bytes:
    """A line before the version, which an SSH client shows or skips (RFC 4253, 4.2)."""
    return f"{refusal}\r\n".encode()
