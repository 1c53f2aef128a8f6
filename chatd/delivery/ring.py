"""A ring: many sends in one system call, by io_uring(7) of Linux.

The program writes requests into memory that it shares with the kernel, the *submission queue*, and
enters the kernel once for all of them. The kernel writes what came of each into the *completion
queue*. A request to a socket that takes nothing now fails at once, like ``send`` on it does, so all
requests have ended when the call returns: nothing happens later, and no memory is used later.

The layouts are those of ``linux/io_uring.h``; io_uring_setup(2) and io_uring_enter(2) explain them.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import socket
import struct
import sys
import weakref
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

MACHINES: Final = frozenset({"x86_64", "aarch64"})
"""The machines on which the numbers and layouts below are known to hold."""

REQUESTS: Final = 512
"""How many requests the submission queue has room for, a power of two. With the completions they
take the 64 KiB that Linux before 5.12 lets everybody lock in memory."""

_SYS_SETUP: Final = 425
_SYS_ENTER: Final = 426
_OP_SEND: Final = 26
_FEATURE_SINGLE_MMAP: Final = 1 << 0
"""One mapping has both queues (Linux 5.4)."""
_OFFSET_REQUESTS: Final = 0x1000_0000
"""Where the requests are, for mmap(2) of the ring; both queues are at 0."""

_PARAMS: Final = struct.Struct("=30I")
"""``struct io_uring_params``. Of its numbers, those from 10 on are offsets in the submission queue,
and those from 20 on in the completion queue."""
_SQ_ENTRIES, _CQ_ENTRIES, _FEATURES = 0, 1, 5
_SQ_HEAD, _SQ_TAIL, _SQ_ARRAY = 10, 11, 16
_CQ_HEAD, _CQ_TAIL, _CQ_COMPLETIONS = 20, 21, 25

_REQUEST_BYTES: Final = 64
"""The size of ``struct io_uring_sqe``. It has the opcode in byte 0, the socket from byte 4 on, the
address from 16, the length from 24, the flags of the send from 28, and from 32 on a number of ours
that the completion repeats: its place."""
_COMPLETION_BYTES: Final = 16
"""The size of ``struct io_uring_cqe``. It has our number, and the result from byte 8 on."""

_FLAGS: Final = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
_MASK_32: Final = 0xFFFF_FFFF


class Ring:
    """Sends by io_uring. It belongs to the thread that uses it.

    Raises OSError where the system has no io_uring, does not allow it, or has one that might let
    the caller wait.
    """

    def __init__(self) -> None:
        if sys.platform != "linux" or platform.machine() not in MACHINES:
            raise OSError(errno.ENOSYS, "io_uring is not known here")
        libc = ctypes.CDLL(None, use_errno=True)
        params = ctypes.create_string_buffer(_PARAMS.size)
        number: int = libc.syscall(_SYS_SETUP, REQUESTS, params)
        if number < 0:
            raise OSError(ctypes.get_errno(), "io_uring is not available")
        self._number = number
        self._is_usable = True
        """Whether all sends have ended so far when they should."""
        weakref.finalize(self, os.close, number)
        self._enter = libc.syscall
        self._enter.argtypes = (
            *(ctypes.c_long, ctypes.c_int),  # The call, the ring,
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_uint),  # how many to submit, for how many to wait, flags,
            *(ctypes.c_void_p, ctypes.c_size_t),  # signals.
        )
        self._map(_PARAMS.unpack(params.raw))
        self._check_that_nothing_waits()

    def _map(self, params: tuple[int, ...]) -> None:
        if not params[_FEATURES] & _FEATURE_SINGLE_MMAP:
            raise OSError(errno.ENOSYS, "io_uring is too old")
        self._size, completions = params[_SQ_ENTRIES], params[_CQ_ENTRIES]
        sq_end = params[_SQ_ARRAY] + 4 * self._size
        cq_end = params[_CQ_COMPLETIONS] + _COMPLETION_BYTES * completions
        queues = memoryview(mmap.mmap(self._number, max(sq_end, cq_end), flags=mmap.MAP_SHARED))
        requests = memoryview(mmap.mmap(self._number, _REQUEST_BYTES * self._size, flags=mmap.MAP_SHARED, offset=_OFFSET_REQUESTS))

        def counter(offset: int) -> memoryview:
            return queues[offset : offset + 4].cast("I")

        self._sq_head, self._sq_tail = counter(params[_SQ_HEAD]), counter(params[_SQ_TAIL])
        self._cq_head, self._cq_tail = counter(params[_CQ_HEAD]), counter(params[_CQ_TAIL])
        queues[params[_SQ_ARRAY] : sq_end].cast("I")[:] = array("I", range(self._size))  # Each place has its own request.
        requests.cast("Q")[0 :: _REQUEST_BYTES // 8] = array("Q", (_OP_SEND,)) * self._size
        words = _REQUEST_BYTES // 4
        self._sockets = requests.cast("i")[1::words]
        self._addresses = requests.cast("Q")[2 :: words // 2]
        self._lengths = requests.cast("I")[6::words]
        requests.cast("I")[7::words] = array("I", (_FLAGS,)) * self._size
        self._places = memoryview(array("Q", range(self._size)))
        requests.cast("Q")[4 :: words // 2] = self._places
        self._ended = queues[params[_CQ_COMPLETIONS] : cq_end].cast("Q")[0 :: _COMPLETION_BYTES // 8]
        self._results = queues[params[_CQ_COMPLETIONS] : cq_end].cast("i")[2 :: _COMPLETION_BYTES // 4]

    def _check_that_nothing_waits(self) -> None:
        """Raise OSError unless a send to a socket that is full fails at once, as the rest of this
        class relies on."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            try:
                while True:
                    ours.send(bytes(1 << 16))
            except BlockingIOError:
                pass
            try:
                sent = self.send(b"x", (ours.fileno(),))
            except RuntimeError:
                sent = []
            if sent != [-errno.EAGAIN]:
                raise OSError(errno.ENOSYS, "io_uring does not send as is needed")

    def send(self, chunk: bytes, sockets: Sequence[int]) -> list[int]:
        """Send ``chunk`` to each of ``sockets``, which are numbers of descriptors. Returns how many
        bytes each of them has taken; less than 0 is an error number.

        The result is shorter than ``sockets`` if the kernel refuses to go on: nothing was sent to
        the others. Raises RuntimeError if some sends have not ended when they should; nothing is
        sent by this ring then any more.
        """
        address = ctypes.c_void_p.from_buffer(ctypes.c_char_p(chunk)).value or 0
        return self._send(array("Q", (address,)) * len(sockets), array("I", (len(chunk),)) * len(sockets), sockets)

    def send_each(self, chunks: Sequence[bytes], sockets: Sequence[int]) -> list[int]:
        """Send each of ``chunks`` to the one of ``sockets`` in its place; otherwise as
        :meth:`send`."""
        addresses = array("Q", bytes((ctypes.c_char_p * len(chunks))(*chunks)))
        return self._send(addresses, array("I", map(len, chunks)), sockets)

    def send_pieces(self, address: int, lengths: Sequence[int], sockets: Sequence[int]) -> list[int]:
        """Send to each of ``sockets`` the piece of memory in its place: pieces of these ``lengths``
        lie one after the other from ``address`` on. Otherwise as :meth:`send`."""
        return self._send(array("Q", accumulate(lengths[:-1], initial=address)), array("I", lengths), sockets)

    def _send(self, addresses: array[int], lengths: array[int], sockets: Sequence[int]) -> list[int]:
        numbers, results = array("i", sockets), list[int]()
        while self._is_usable and len(results) < len(numbers):
            ended = self._submit(addresses, lengths, numbers, len(results))
            results += ended
            if not ended:
                break
        return results

    def _submit(self, addresses: array[int], lengths: array[int], sockets: array[int], done: int) -> list[int]:
        """Send to those after the first ``done`` of ``sockets``, as many as there are places until
        the end of the submission queue."""
        tail, head = self._sq_tail[0], self._cq_head[0]
        start = tail % self._size
        count = min(len(sockets) - done, self._size - start)
        here, those = slice(start, start + count), slice(done, done + count)
        self._sockets[here] = sockets[those]
        self._addresses[here] = addresses[those]
        self._lengths[here] = lengths[those]
        self._sq_tail[0] = (tail + count) & _MASK_32
        submitted = max(0, self._enter(_SYS_ENTER, self._number, count, 0, 0, None, 0))
        self._sq_tail[0] = self._sq_head[0]  # Take back what the kernel has not taken.
        ended = (self._cq_tail[0] - head) & _MASK_32
        if ended != submitted:
            self._is_usable = False
            raise RuntimeError(f"only {ended} of {submitted} sends have ended")
        self._cq_head[0] = self._cq_tail[0]
        first = head % len(self._results)
        places, results = self._ended[first : first + ended], self._results[first : first + ended].tolist()
        if places == self._places[start : start + ended]:  # As nearly always.
            return results
        by_place = dict(zip(places.tolist(), results, strict=True))
        return [by_place[place] for place in range(start, start + ended)]
