"""Attacks that cause work without a line, or much work with one line."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat
from string import ascii_lowercase

from benchmarks.hostile.flood import Flood
from benchmarks.hostile.peers import Done, Target, come_and_go, do, hello, line

ARE_YOU_THERE = b"\xff\xf6"
DO_X = b"\xff\xfdx"
TELNET_COMMANDS = 8192
GET = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"
GETS = 3600
FRAGMENTS = 16_000
NAMES = 439
ROOMS_ENTERED = 20
GUESTS = 12
READERS = 100
BURST = 40
"""The number of each that is sent in one piece."""

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def _again_and_again(piece: bytes, *, reads: bool) -> Flood:
    return Flood(lambda number: repeat(piece), reads=reads)


def are_you_there(target: Target) -> Done:
    """Telnet's "are you there", without reading the answers."""
    return _again_and_again(ARE_YOU_THERE * TELNET_COMMANDS, reads=False).run(target)


def do_option(target: Target) -> Done:
    """Telnet's "do this option", without reading the refusals."""
    return _again_and_again(DO_X * TELNET_COMMANDS, reads=False).run(target)


def pipelined_gets(target: Target) -> Done:
    """3,600 requests for the page in one piece, without reading the answers."""
    return _again_and_again(GET * GETS, reads=False).run(target)


def frame(payload: bytes, opening: int = 0x81) -> bytes:
    """A frame of a client with a mask of zeroes (RFC 6455, 5.2), of less than 126 bytes."""
    return bytes((opening, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def in_fragments(message: bytes) -> bytes:
    """A message in frames of one byte each."""
    first, *others, last = (message[place : place + 1] for place in range(len(message)))
    return frame(first, 0x01) + b"".join(frame(byte, 0x00) for byte in others) + frame(last, 0x80)


def fragments(target: Target) -> Done:
    """WebSocket messages of 16,000 fragments."""
    piece = in_fragments(line(type="ping").strip().ljust(FRAGMENTS))

    def speech(number: int) -> Iterator[bytes]:
        return chain([UPGRADE, frame(hello(f"fragment{number}", "fragments").strip())], repeat(piece))

    return Flood(speech).run(target)


def many_names(target: Target) -> Done:
    """A hello with far more rooms than are allowed, again and again."""
    return _again_and_again(hello_with_many_names(), reads=True).run(target)


def hello_with_many_names() -> bytes:
    """One line with as many rooms as fit."""
    return line(type="hello", nick="names", rooms=[f"r{number:03}" for number in range(NAMES)])


def enter_and_go(target: Target) -> Done:
    """A hello with 20 rooms and a close, again and again."""
    rooms = ["lobby", *(f"passing{number}" for number in range(1, ROOMS_ENTERED))]
    return come_and_go(target, lambda number: hello(f"passer{number}", *rooms))


def searches(target: Target) -> Done:
    """Searches for many frequent beginnings of words, of a nick that never spoke."""
    piece = do("search", text=" ".join(f"{letter}*" for letter in ascii_lowercase[:22]), nick="nobody") * BURST
    return Flood(lambda number: chain([hello(f"guest{number}", "guests")], repeat(piece)), GUESTS).run(target)


def read_back(target: Target) -> Done:
    """A hundred connections that read back 100 messages at a time, as fast as they may."""
    piece = do("history", count=100, room="lobby") * BURST
    return Flood(lambda number: chain([hello(f"reader{number}", "lobby")], repeat(piece)), READERS).run(target)


def client_hello() -> bytes:
    """The first bytes of a TLS client, as if recorded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sent = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), sent).do_handshake()
    return sent.read()


def replayed_handshakes(target: Target) -> Done:
    """A recorded ClientHello on one connection after another."""
    recorded = client_hello()
    return come_and_go(target, lambda number: recorded)
