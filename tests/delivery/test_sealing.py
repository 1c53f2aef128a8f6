"""Sealing: whatever the sockets take and OpenSSL does, everybody inside TLS receives exactly their
bytes, in order."""

from __future__ import annotations

import ctypes
import errno
import gc
import ssl
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from wsproto.connection import Connection, ConnectionType

from chatd.delivery.quick_tls import READ_BYTES, QuickConnection, lib
from chatd.delivery.ring import Ring
from chatd.delivery.sealing import BUFFER_BYTES, RECORD_BYTES, SPARE_BYTES, Sealed, Sealing, seal
from chatd.delivery.sends import RING_READERS, Receiver, Sends
from chatd.delivery.writers import SealingWriter, TransportWriter, sealing_of, writer_for
from chatd.doors.caller import Input
from chatd.doors.frames import FramedTransport
from chatd.doors.tls import Certificate, TlsDoor
from tests.delivery.test_quick_tls import Pair
from tests.delivery.test_sends import Peer
from tests.delivery.test_writers import Batches
from tests.doors.test_tls import make, new_context
from tests.wires import UNLIMITED, Kernel, KernelSocket, SocketWire


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make(tmp_path_factory.mktemp("certificate"), "chat.example")


@pytest.fixture(scope="module")
def context(paths: tuple[str, str]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_file(str(Path(paths[0])))
    context.use_privatekey_file(paths[1])
    return context


def content(sealed: Sealed) -> list[bytes]:
    """What is sealed for each reader."""
    start, pieces = sealed.address, []
    for length in sealed.lengths:
        pieces.append(ctypes.string_at(start, length))
        start += length
    return pieces


# -- OpenSSL alone ---------------------------------------------------------------------------------


class SealedPair(Pair):
    """A connection for which is sealed, and the client on its other side; ``number``: of the
    socket."""

    def __init__(self, context: SSL.Context, number: int = 5) -> None:
        super().__init__(QuickConnection, context)
        self.finished: list[tuple[bytes, bytes]] = []
        assert isinstance(self.connection, QuickConnection)
        sock = NumberedSocket(Kernel(), number)
        self.sealing = Sealing(*self.connection.pointers, sock, lambda sealed, rest: self.finished.append((sealed, rest)))

    def receive(self, records: bytes) -> bytes:
        """What the client makes of ``records``."""
        self._incoming.write(records)
        return self.heard()


class NumberedSocket(KernelSocket):
    """A fake socket that has a number, by which the fake ring finds its kernel."""

    def __init__(self, kernel: Kernel, number: int) -> None:
        super().__init__(kernel)
        self.number = number

    def fileno(self) -> int:
        return self.number


def test_each_has_a_record_of_their_own(context: SSL.Context) -> None:
    pairs = [SealedPair(context, number) for number in range(3)]
    for size in (1, 100, RECORD_BYTES):
        (sealed,) = seal(b"x" * size, [pair.sealing for pair in pairs])
        assert sealed.sockets == [0, 1, 2]
        assert len({*content(sealed)}) == 3
        assert [pair.receive(records) for pair, records in zip(pairs, content(sealed), strict=True)] == [b"x" * size] * 3
        sealed.finish(sealed.lengths)
    assert [pair.finished for pair in pairs] == [[]] * 3


def test_more_than_there_is_room_for_are_sealed_one_group_after_another(context: SSL.Context) -> None:
    at_once = BUFFER_BYTES // (RECORD_BYTES + SPARE_BYTES)
    pairs = [SealedPair(context) for _ in range(at_once + 2)]
    heard, groups, left = [], [], [*pairs]
    for sealed in seal(b"x" * RECORD_BYTES, [pair.sealing for pair in pairs]):
        groups.append(len(sealed.lengths))
        assert sum(sealed.lengths) <= BUFFER_BYTES
        heard += [left.pop(0).receive(records) for records in content(sealed)]
    assert groups == [at_once, 2]
    assert heard == [b"x" * RECORD_BYTES] * len(pairs)


def test_what_the_socket_does_not_take_is_finished(context: SSL.Context) -> None:
    pairs = [SealedPair(context) for _ in range(5)]
    (sealed,) = seal(b"hello", [pair.sealing for pair in pairs])
    records = content(sealed)
    sealed.finish([sealed.lengths[0], 3, -errno.EAGAIN, sealed.lengths[3]])
    assert [pair.finished for pair in pairs] == [[], [(records[1][3:], b"")], [(records[2], b"")], [], [(records[4], b"")]]


def test_what_openssl_does_not_take_is_finished(context: SSL.Context) -> None:
    early, closed, well = (SealedPair(context) for _ in range(3))
    early.connection = QuickConnection(context, None)
    early.connection.set_accept_state()
    early.sealing = early.sealing._replace(**dict(zip(("ssl", "outgoing"), early.connection.pointers, strict=True)))
    closed.connection.shutdown()
    closed.pass_on()
    (sealed,) = seal(b"hello", [pair.sealing for pair in (early, closed, well)])
    assert sealed.lengths[:2] == [0, 0]
    sealed.finish(sealed.lengths)
    assert (early.finished, closed.finished, well.finished) == ([(b"", b"hello")], [(b"", b"hello")], [])
    assert well.receive(content(sealed)[2]) == b"hello"
    assert lib.ERR_peek_error() == 0  # Otherwise it would be taken for an error of another connection.


def test_of_a_long_chunk_the_end_is_finished(context: SSL.Context) -> None:
    pair = SealedPair(context)
    chunk = b"x" * RECORD_BYTES + b"end"
    (sealed,) = seal(chunk, [pair.sealing])
    sealed.finish(sealed.lengths)
    assert pair.receive(content(sealed)[0]) == b"x" * RECORD_BYTES
    assert pair.finished == [(b"", b"end")]


def test_what_openssl_had_before_goes_first_and_the_rest_of_it_is_finished(context: SSL.Context) -> None:
    pair = SealedPair(context)
    for text in (b"one" * 100, b"two" * 100):
        pair.connection.send(text)
    (sealed,) = seal(b"three", [pair.sealing])
    assert sealed.lengths == [len(b"three") + SPARE_BYTES]
    assert pair.receive(content(sealed)[0]) == b""  # Not a whole record so far.
    sealed.finish(sealed.lengths)
    assert pair.finished == [(b"", b"")]
    assert pair.receive(pair.connection.bio_read(READ_BYTES)) == b"one" * 100 + b"two" * 100 + b"three"


# -- Below a writer --------------------------------------------------------------------------------


class TlsReader:
    """A reader inside TLS, with everything between its writer and the kernel, and the client that
    decrypts what the kernel takes."""

    def __init__(self, certificate: Certificate, number: int, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        self.kernel = Kernel()
        self.wire = SocketWire(self.kernel)
        self.wire._handle = NumberedSocket(self.kernel, number)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = new_context(version).wrap_bio(self._incoming, self._outgoing)
        built = TlsDoor(certificate, lambda address, began: Protocol(), Clock()).build("192.0.2.1", 0.0)
        assert isinstance(built, TLSMemoryBIOProtocol)
        self.tls = built
        self.tls.makeConnection(self.wire)
        for _ in range(3):
            with suppress(ssl.SSLWantReadError):
                self.client.do_handshake()
            self.carry()
        self.writer = writer_for(self.tls, Batches())
        self.sink = self.writer.sink
        self.expected = b""

    def carry(self) -> None:
        """Carry what there is from the one side to the other."""
        if data := self._outgoing.read():
            self.tls.dataReceived(data)
        taken, self.kernel.taken = self.kernel.taken, b""
        self._incoming.write(taken)

    def heard(self) -> bytes:
        """Everything that the client has received, once the kernel has space for everything."""
        self.kernel.space = UNLIMITED
        while self.wire.dataBuffer or self.wire._tempDataBuffer or self.wire.producer is not None:
            self.wire.can_write()
        self.carry()
        received = b""
        with suppress(ssl.SSLWantReadError):
            while data := self.client.read(1 << 20):
                received += data
        return received


class KernelRing(Ring):
    """A ring that gives to the kernels of TLS readers, to ``most`` in all, and to plain peers."""

    def __init__(self, readers: Sequence[TlsReader], most: int = 1 << 30) -> None:
        self.kernels = {reader.wire.getHandle().fileno(): reader.kernel for reader in readers}
        self.most = most
        self.pieces = 0

    def send(self, chunk: bytes, sockets: Sequence[int]) -> list[int]:
        return [len(chunk)] * len(sockets)

    def send_pieces(self, address: int, lengths: Sequence[int], sockets: Sequence[int]) -> list[int]:
        sent: list[int] = []
        for length, number in zip(lengths, sockets, strict=True):
            if not self.most:
                break
            self.most -= 1
            self.pieces += 1
            try:
                sent.append(self.kernels[number].take(ctypes.string_at(address, length)))
            except OSError:
                sent.append(-errno.EAGAIN)
            address += length
        return sent


def send(sends: Sends, chunk: bytes, *readers: TlsReader) -> dict[Receiver, int]:
    """Send ``chunk`` to ``readers``, and to so many strangers that the ring is used."""
    return dict(sends.send(chunk, [*STRANGERS, *readers]))


STRANGERS: list[Receiver] = [Peer(number, UNLIMITED) for number in range(100, 100 + RING_READERS)]
"""Readers with a socket of their own."""


@pytest.fixture(scope="module")
def certificate(paths: tuple[str, str]) -> Certificate:
    return Certificate(*paths)


SIZES = st.one_of(st.integers(1, 300), st.sampled_from([RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 40_000]))
SPACES = st.sampled_from([0, 1, 10, 100, 1000, UNLIMITED, UNLIMITED])
STEPS = st.one_of(
    st.tuples(st.just("send"), SIZES, st.just(0)),
    st.tuples(st.just("answer"), st.integers(0, 2), SIZES),
    st.tuples(st.just("space"), st.integers(0, 2), SPACES),
    st.tuples(st.just("write"), st.integers(0, 2), st.just(0)),
)

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@settings(max_examples=60)
@given(st.lists(STEPS, max_size=25), st.sampled_from([1 << 30, 1 << 30, 0, 1, 4]), st.sampled_from(VERSIONS))
def test_each_receives_exactly_their_bytes_in_order(
    certificate: Certificate, steps: list[tuple[str, int, int]], most: int, version: ssl.TLSVersion
) -> None:
    readers = [TlsReader(certificate, number, version) for number in range(3)]
    sends = Sends(lambda: KernelRing(readers, most))
    for count, (step, first, second) in enumerate(steps):
        if step == "send":
            chunk = (b"%d " % count * first)[:first]
            short = send(sends, chunk, *readers)
            for reader in readers:
                reader.expected += chunk[: short.get(reader, len(chunk))]
        elif step == "answer":
            reader, chunk = readers[first], (b"(%d)" % count * second)[:second]
            reader.expected += chunk[: reader.sink.send(chunk)]
        elif step == "space":
            readers[first].kernel.space = second
        else:
            readers[first].wire.can_write()
    for reader in readers:
        assert reader.heard() == reader.expected


def test_frames_are_sealed_too(certificate: Certificate) -> None:
    reader = TlsReader(certificate, 1)
    framed = FramedTransport(reader.tls, Connection(ConnectionType.SERVER), cast(Input, None))
    assert sealing_of(framed) == sealing_of(reader.tls) is not None
    assert sealing_of(FramedTransport(SocketWire(Kernel()), Connection(ConnectionType.SERVER), cast(Input, None))) is None


def test_records_go_by_the_ring(certificate: Certificate) -> None:
    readers = [TlsReader(certificate, number) for number in range(RING_READERS)]
    ring = KernelRing(readers)
    assert Sends(lambda: ring).send(b"hello", readers) == []
    assert ring.pieces == len(readers)
    assert {reader.heard() for reader in readers} == {b"hello"}


def test_more_than_a_record_is_not_sealed(certificate: Certificate) -> None:
    reader = TlsReader(certificate, 1)
    ring = KernelRing([reader])
    sends = Sends(lambda: ring)
    for size, pieces in ((RECORD_BYTES + 1, 0), (RECORD_BYTES, 1)):
        assert send(sends, b"x" * size, reader) == {}
        assert (len(reader.heard()), ring.pieces) == (size, pieces)


def test_a_ring_that_fails_is_not_used_again(certificate: Certificate) -> None:
    readers = [TlsReader(certificate, number) for number in range(3)]
    ring = KernelRing(readers, most=1)
    sends = Sends(lambda: ring)
    assert send(sends, b"one", *readers) == {}
    ring.most = 10
    assert send(sends, b"two", *readers) == {}
    assert ring.pieces == 1
    assert {reader.heard() for reader in readers} == {b"onetwo"}


def test_the_transport_finishes_what_openssl_has_not_done(certificate: Certificate) -> None:
    reader = TlsReader(certificate, 1)
    before, chunk = b"before" * 100, b"x" * RECORD_BYTES + b"end"
    assert isinstance(reader.sink, SealingWriter)
    lib.SSL_write(reader.sink.ssl, before, len(before))
    assert send(Sends(lambda: KernelRing([reader])), b"and", reader) == {}
    assert reader.heard() == before + b"and"
    (sealed,) = seal(chunk, [reader.sink])
    sealed.finish([0])
    assert reader.heard() == chunk


def test_nothing_is_sealed_for_a_reader_who_is_paused(certificate: Certificate) -> None:
    slow = TlsReader(certificate, 1)
    sends = Sends(lambda: KernelRing([slow]))
    slow.kernel.space = 10
    assert send(sends, b"one", slow) == {}  # The transport has taken all of it.
    assert send(sends, b"two", slow) == {slow: 0}
    assert slow.heard() == b"one"
    assert send(sends, b"three", slow) == {}
    assert slow.heard() == b"three"


@pytest.mark.parametrize("side", ["client", "server"])
def test_one_who_closes_disturbs_nobody(certificate: Certificate, side: str) -> None:
    leaver, other = TlsReader(certificate, 1), TlsReader(certificate, 2)
    sends = Sends(lambda: KernelRing([leaver, other]))
    send(sends, b"one", leaver, other)
    if side == "client":
        with suppress(ssl.SSLWantReadError):
            leaver.client.unwrap()
        leaver.carry()
    else:
        leaver.tls.abortConnection()
    send(sends, b"two", leaver, other)
    other.client.write(b"still here")
    other.carry()
    assert other.heard() == b"onetwo"
    assert not other.wire.aborted
    assert other.wire.lost is None


def test_a_connection_that_is_reset_is_left_to_its_transport(certificate: Certificate) -> None:
    gone, other = TlsReader(certificate, 1), TlsReader(certificate, 2)
    gone.kernel.broken = True
    sends = Sends(lambda: KernelRing([gone, other]))
    send(sends, b"one", gone, other)
    gone.wire.can_write()
    assert gone.wire.lost is not None
    assert other.heard() == b"one"


def test_nothing_is_sealed_without_pointers_or_a_socket(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = TlsReader(certificate, 1)
    assert isinstance(reader.writer, SealingWriter)
    assert sealing_of(reader.wire) is None
    monkeypatch.setattr(reader.wire, "getHandle", lambda: None)
    reader.tls.transport = reader.wire
    assert sealing_of(reader.tls) is None
    monkeypatch.setattr("chatd.delivery.quick_tls.IS_KNOWN", False)
    plain = TlsReader(certificate, 2)
    assert type(plain.writer) is TransportWriter
    assert plain.sink.send(b"hello") == 5
    assert plain.heard() == b"hello"


def test_openssl_is_freed_with_its_connection(certificate: Certificate) -> None:
    reader = TlsReader(certificate, 1)
    assert isinstance(reader.writer, SealingWriter)
    connection = weakref.ref(reader.writer.ssl)
    gc.disable()
    try:
        with suppress(ssl.SSLWantReadError):
            reader.client.unwrap()
        reader.carry()
        reader.tls.connectionLost(Failure(ConnectionDone()))
        del reader.writer, reader.sink  # As an outlet does.
        assert connection() is None
    finally:
        gc.enable()
