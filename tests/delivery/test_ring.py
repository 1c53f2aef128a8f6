"""The ring, with the kernel's own io_uring: its sends have the results of ``send``."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import os
import socket
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.delivery import ring as module
from chatd.delivery.ring import REQUESTS, Ring


@pytest.fixture(scope="module")
def ring() -> Ring:
    try:
        return Ring()
    except OSError as error:
        pytest.skip(f"this system has no io_uring that may be used: {error}")


class Pair:
    """A socket that does not block, and its other side."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.theirs.setblocking(False)
        self.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *exception: object) -> None:
        self.ours.close()
        self.theirs.close()

    def send(self, chunk: bytes) -> int:
        """Send without the ring; less than 0 is an error number."""
        try:
            return self.ours.send(chunk)
        except OSError as error:
            return -(error.errno or 0)

    def fill(self) -> None:
        while self.send(b"x" * 1000) >= 0:
            pass

    def receive(self) -> bytes:
        received = b""
        try:
            while data := self.theirs.recv(1 << 16):
                received += data
        except BlockingIOError:
            pass
        return received


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    made = [Pair() for _ in range(3)]
    yield made
    for pair in made:
        pair.__exit__()


def numbers(pairs: Sequence[Pair]) -> list[int]:
    return [pair.ours.fileno() for pair in pairs]


def test_every_socket_gets_the_chunk(ring: Ring, pairs: list[Pair]) -> None:
    for chunk in (b"one", b"two and three"):
        assert ring.send(chunk, numbers(pairs)) == [len(chunk)] * 3
        assert [pair.receive() for pair in pairs] == [chunk] * 3
    assert ring.send(b"nobody", ()) == []


def test_every_socket_gets_its_own_chunk(ring: Ring, pairs: list[Pair]) -> None:
    chunks = [b"one", b"", b"two and three"]
    assert ring.send_each(chunks, numbers(pairs)) == [3, 0, 13]
    assert [pair.receive() for pair in pairs] == chunks


def test_every_socket_gets_its_own_piece(ring: Ring, pairs: list[Pair]) -> None:
    memory = ctypes.create_string_buffer(b"onetwo and three")
    assert ring.send_pieces(ctypes.addressof(memory), [3, 0, 13], numbers(pairs)) == [3, 0, 13]
    assert [pair.receive() for pair in pairs] == [b"one", b"", b"two and three"]
    assert ring.send_pieces(ctypes.addressof(memory), [], []) == []


def test_chunks_stay_with_their_sockets_at_the_end_of_the_queue(ring: Ring, pairs: list[Pair]) -> None:
    for turn in range(REQUESTS // 2):
        chunks = [b"%d/%d " % (turn, index) for index in range(6)]
        assert ring.send_each(chunks, numbers(pairs) * 2) == [*map(len, chunks)]
        assert [pair.receive() for pair in pairs] == [chunks[index] + chunks[index + 3] for index in range(3)]


def test_a_socket_that_takes_nothing_disturbs_no_other(ring: Ring, pairs: list[Pair]) -> None:
    full, gone, well = pairs
    full.fill()
    gone.theirs.close()
    closed = os.dup(well.ours.fileno())
    os.close(closed)
    assert ring.send(b"hi", [*numbers(pairs), closed, -1]) == [-errno.EAGAIN, -errno.EPIPE, 2, -errno.EBADF, -errno.EBADF]
    assert well.receive() == b"hi"


def test_a_socket_may_take_a_part(ring: Ring) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    theirs = socket.create_connection(listener.getsockname())
    ours, _ = listener.accept()
    with listener, theirs, ours:
        ours.setblocking(False)
        [taken] = ring.send(bytes(1 << 25), (ours.fileno(),))
        assert 0 < taken < 1 << 25


@given(st.lists(st.tuples(st.integers(1, 5000), st.lists(st.integers(0, 2), max_size=6), st.sets(st.integers(0, 2)))))
@settings(deadline=None)
def test_the_results_are_those_of_send(ring: Ring, steps: list[tuple[int, list[int], set[int]]]) -> None:
    with Pair() as a, Pair() as b, Pair() as c, Pair() as d, Pair() as e, Pair() as f:
        by_ring, plain = (a, b, c), (d, e, f)
        for size, receivers, reading in steps:
            chunk = bytes([size % 251]) * size
            sent = ring.send(chunk, numbers([by_ring[index] for index in receivers]))
            assert sent == [plain[index].send(chunk) for index in receivers]
            for index in reading:
                assert by_ring[index].receive() == plain[index].receive()


def test_there_may_be_more_sockets_than_the_queue_has_places(ring: Ring, pairs: list[Pair]) -> None:
    sockets = numbers(pairs) * REQUESTS
    assert len(ring.send(b"", sockets)) == len(sockets)
    assert ring.send(b"x", numbers(pairs)) == [1, 1, 1]


def test_requests_that_the_kernel_does_not_take_are_made_again(ring: Ring, pairs: list[Pair], monkeypatch: Any) -> None:
    enter = ring._enter
    monkeypatch.setattr(ring, "_enter", lambda call, number, count, *rest: enter(call, number, min(count, 2), *rest))
    assert ring.send(b"hi", numbers(pairs)) == [2, 2, 2]
    assert [pair.receive() for pair in pairs] == [b"hi"] * 3


def test_where_the_kernel_refuses_to_go_on_nothing_is_sent_to_the_others(ring: Ring, pairs: list[Pair], monkeypatch: Any) -> None:
    enter, left = ring._enter, 2

    def refuse_the_third(call: int, number: int, count: int, *rest: Any) -> int:
        nonlocal left
        some = min(count, left)  # Where the end of the queue is near, they are fewer at once.
        left -= some
        return enter(call, number, some, *rest) or -1

    monkeypatch.setattr(ring, "_enter", refuse_the_third)
    assert ring.send(b"hi", numbers(pairs)) == [2, 2]
    monkeypatch.undo()
    assert [pair.receive() for pair in pairs] == [b"hi", b"hi", b""]
    assert ring.send(b"again", numbers(pairs)) == [5, 5, 5]


def test_sends_may_end_in_another_order(ring: Ring, pairs: list[Pair], monkeypatch: Any) -> None:
    enter = ring._enter

    def end_backwards(*call: Any) -> int:
        first = ring._cq_head[0] % len(ring._results)
        submitted: int = enter(*call)
        for ended in (ring._ended, ring._results):
            ended[first : first + submitted] = array(ended.format, ended[first : first + submitted].tolist()[::-1])
        return submitted

    monkeypatch.setattr(ring, "_enter", end_backwards)
    pairs[1].theirs.close()
    assert ring.send_each([b"one", b"two", b"three"], numbers(pairs)) == [3, -errno.EPIPE, 5]


def test_a_ring_whose_sends_do_not_end_is_not_used_again(pairs: list[Pair], ring: Ring, monkeypatch: Any) -> None:
    broken = Ring()
    monkeypatch.setattr(broken, "_enter", lambda call, number, count, *rest: count)
    with pytest.raises(RuntimeError, match="only 0 of 3 sends have ended"):
        broken.send(b"hi", numbers(pairs))
    monkeypatch.undo()
    assert broken.send(b"hi", numbers(pairs)) == []


def test_there_is_no_ring_where_the_system_has_none(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_SYS_SETUP", 99_999)
    with pytest.raises(OSError, match="not available"):
        Ring()
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(OSError, match="not known here"):
        Ring()


def test_there_is_no_ring_where_it_does_something_else(ring: Ring, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_OP_SEND", 0)  # Which does nothing.
    with pytest.raises(OSError, match="does not send"):
        Ring()
    monkeypatch.setattr(module, "_SYS_ENTER", module._SYS_SETUP)  # Which is refused.
    with pytest.raises(OSError, match="does not send"):
        Ring()
    monkeypatch.setattr(module, "_FEATURE_SINGLE_MMAP", 1 << 31)
    with pytest.raises(OSError, match="too old"):
        Ring()


def rings_open() -> int:
    """How many descriptors of rings this process has."""
    numbers = 0
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # It was that of the folder.
            numbers += "io_uring" in os.readlink(f"/proc/self/fd/{number}")
    return numbers


def test_a_ring_has_no_descriptor_when_it_is_gone(ring: Ring) -> None:
    gc.collect()
    before = rings_open()
    another = Ring()
    assert rings_open() > before
    del another
    assert rings_open() == before
