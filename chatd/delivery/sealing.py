"""Sealing: a chunk for many readers inside TLS becomes records (RFC 8446, 5), one for each of them.

Twisted's way from ``write`` to the socket leads through eight objects of each reader. With two
hundred readers none of them is in the processor's caches when it is wanted, so that way costs more
than OpenSSL does. Here OpenSSL is called for one reader after the other, and the records lie in one
buffer, from which they are sent together (``ring.py``).

Nearly always that is all. The transport does the rest where the socket has not taken all of a
record, OpenSSL not all of the chunk, or OpenSSL has more to send than one record.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from chatd.delivery.quick_tls import IS_KNOWN, ffi, lib

RECORD_BYTES: Final = 1 << 14
"""What one record carries at most, in bytes (RFC 8446, 5.1)."""

SPARE_BYTES: Final = 1 << 8
"""What a record has besides what it carries, in bytes: with OpenSSL's ciphers and without padding
about 30, and never more than this (RFC 8446, 5.2)."""

BUFFER_BYTES: Final = 1 << 18
"""The room for the records of several readers, in bytes: it should fit into the cache of one
processor core."""

_buffer: Final[Any] = ffi.new("char[]", BUFFER_BYTES) if IS_KNOWN else None
_content: Final[Any] = ffi.buffer(_buffer) if IS_KNOWN else b""
_address: Final = int(ffi.cast("uintptr_t", _buffer)) if IS_KNOWN else 0

Finish = Callable[[bytes, bytes], object]
"""Is called with the end of what was sealed and with the end of the chunk, of which either may be
empty: sends the one, then everything else that OpenSSL has to send, and writes the other."""


class Sealable(Protocol):
    """A reader for whom can be sealed: the handshake is over, and everything that OpenSSL had to
    send so far is sent."""

    @property
    def ssl(self) -> Any:
        """OpenSSL's connection (``SSL *``)."""

    @property
    def outgoing(self) -> Any:
        """Where that puts what is to be sent (``BIO *``)."""

    @property
    def sock(self) -> socket.socket:
        """The socket that carries the records."""

    @property
    def finish(self) -> Finish:
        """Does what the socket or OpenSSL has not done."""


class Sealing(NamedTuple):
    """What a transport that is TLS tells about itself, so that one can seal for it
    (:class:`Sealable`)."""

    ssl: Any
    outgoing: Any
    sock: socket.socket
    finish: Finish


class Sealed:
    """The records for some readers, one after the other in memory, from :attr:`address` on."""

    address: Final = _address

    def __init__(self, readers: Sequence[Sealable]) -> None:
        self._readers = readers
        self.lengths: list[int] = []
        """The length of what is there for each reader, in bytes."""
        self.sockets: list[int] = []
        """The number of the socket of each reader."""
        self._rests: dict[int, bytes] = {}
        """The end of the chunk for those, by their places, of whom something is unfinished."""

    def add(self, chunk: bytes) -> None:
        """Seal ``chunk`` for the readers; there is room for all."""
        write, read, place, size = lib.SSL_write, lib.BIO_read, _buffer, len(chunk)
        most = size + SPARE_BYTES
        lengths, sockets = self.lengths, self.sockets
        for reader in self._readers:
            taken = write(reader.ssl, chunk, size)
            length = read(reader.outgoing, place, most)
            if taken != size or length == most:
                self._rests[len(lengths)] = chunk[max(0, taken) :]
                length = max(0, length)
                lib.ERR_clear_error()  # Otherwise the next call for another connection would find the error.
            place += length
            lengths.append(length)
            sockets.append(reader.sock.fileno())

    def finish(self, sent: Sequence[int]) -> None:
        """Let the transports do what is left, when so many bytes are sent to each reader; less than
        0 is an error. To the readers after those nothing is sent so far."""
        if sent == self.lengths and not self._rests:  # As nearly always.
            return
        start = 0
        for place, (reader, length) in enumerate(zip(self._readers, self.lengths, strict=True)):
            done = max(0, sent[place]) if place < len(sent) else 0
            if done < length or place in self._rests:
                reader.finish(_content[start + done : start + length], self._rests.get(place, b""))
            start += length


def seal(chunk: bytes, readers: Sequence[Sealable]) -> Iterator[Sealed]:
    """Seal ``chunk``, of at most ``RECORD_BYTES``, for ``readers``: for as many at once as there is
    room for. Each group has to be sent and finished before the next is asked for."""
    at_once = BUFFER_BYTES // (len(chunk) + SPARE_BYTES)
    for first in range(0, len(readers), at_once):
        sealed = Sealed(readers[first : first + at_once])
        sealed.add(chunk)
        yield sealed
