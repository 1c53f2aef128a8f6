"""Sends: chunks to many readers, with one system call where the kernel can (``ring.py``), also
inside TLS (``sealing.py``)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice, repeat
from typing import Final, Protocol, TypeVar

from chatd.delivery.ring import Ring
from chatd.delivery.sealing import RECORD_BYTES, seal
from chatd.delivery.writers import SealingWriter, Sink

RING_READERS: Final = 16
"""From how many readers on the ring is used. To fill it takes as long as to call ``send`` for ten
of them."""


class Receiver(Protocol):
    """Somebody to send to."""

    @property
    def sink(self) -> Sink:
        """Where to send, if everything from before is taken."""


R = TypeVar("R", bound=Receiver)


class Sends:
    """Sends to many; ``open_ring`` opens the ring, when the first chunk is for many."""

    def __init__(self, open_ring: Callable[[], Ring] = Ring) -> None:
        self._open_ring: Callable[[], Ring] | None = open_ring
        self._ring: Ring | None = None
        """The ring, while there is one that works."""

    def send(self, chunk: bytes, readers: Collection[R]) -> list[tuple[R, int]]:
        """Send ``chunk`` to each of ``readers``. Returns those who have not taken all of it, each
        with how many bytes they have."""
        ring = self._usable_ring() if len(readers) >= RING_READERS else None
        if ring is None:
            return _one_by_one(readers, repeat(chunk))
        sockets = [reader.sink.fileno() for reader in readers]
        if min(sockets) >= 0:
            return self._by_ring(ring, chunk, readers, sockets)
        direct = {reader: number for reader, number in zip(readers, sockets, strict=True) if number >= 0}
        others = [reader for reader, number in zip(readers, sockets, strict=True) if number < 0]
        return [*self._by_ring(ring, chunk, direct, [*direct.values()]), *self._sealed(ring, chunk, others)]

    def send_each(self, chunks: Sequence[bytes], readers: Sequence[R]) -> list[tuple[R, int]]:
        """Send each of ``chunks`` to the one of ``readers`` in its place; otherwise as
        :meth:`send`."""
        ring = self._usable_ring() if len(readers) >= RING_READERS else None
        sockets = [reader.sink.fileno() for reader in readers] if ring is not None else ()
        if ring is None or min(sockets) < 0:
            return _one_by_one(readers, chunks)
        return self._outcome(readers, chunks, ring.send_each(chunks, sockets))

    def _usable_ring(self) -> Ring | None:
        open_ring, self._open_ring = self._open_ring, None
        if open_ring is not None:
            with contextlib.suppress(OSError):  # Many systems do not have it, or forbid it.
                self._ring = open_ring()
        return self._ring

    def _by_ring(self, ring: Ring, chunk: bytes, readers: Collection[R], sockets: Sequence[int]) -> list[tuple[R, int]]:
        sent = ring.send(chunk, sockets)
        if sent == [len(chunk)] * len(sockets):  # As nearly always.
            return []
        return self._outcome(readers, repeat(chunk), sent)

    def _sealed(self, ring: Ring, chunk: bytes, readers: Sequence[R]) -> list[tuple[R, int]]:
        """Send to ``readers``, whose sinks are no sockets. Those for whom ``chunk`` is sealed have
        taken all of it: what their sockets do not take, their transports queue."""
        if len(chunk) > RECORD_BYTES:
            return _one_by_one(readers, repeat(chunk))
        sealable, others = list[SealingWriter](), list[R]()
        for reader in readers:
            sink = reader.sink
            if isinstance(sink, SealingWriter) and not sink.is_paused:
                sealable.append(sink)
            else:
                others.append(reader)
        for sealed in seal(chunk, sealable):
            sent = ring.send_pieces(sealed.address, sealed.lengths, sealed.sockets)
            if len(sent) < len(sealed.lengths):
                self._ring = None
            sealed.finish(sent)
        return _one_by_one(others, repeat(chunk))

    def _outcome(self, readers: Collection[R], chunks: Iterable[bytes], sent: Sequence[int]) -> list[tuple[R, int]]:
        """Who has not taken all, where the ring has ``sent`` so much of ``chunks``. If the kernel
        has refused to go on, the others are sent to without the ring, which is not used again."""
        pairs, done = zip(readers, chunks, strict=False), len(sent)
        short = [(reader, max(0, taken)) for taken, (reader, chunk) in zip(sent, pairs, strict=False) if taken != len(chunk)]
        if done < len(readers):
            self._ring = None
            short += _one_by_one([*readers][done:], islice(chunks, done, None))
        return short


def _one_by_one(readers: Iterable[R], chunks: Iterable[bytes]) -> list[tuple[R, int]]:
    short: list[tuple[R, int]] = []
    for reader, chunk in zip(readers, chunks, strict=False):
        try:
            sent = reader.sink.send(chunk)
        except OSError:  # It takes nothing now, or is gone; the transport will find out which.
            sent = 0
        if sent != len(chunk):
            short.append((reader, sent))
    return short
