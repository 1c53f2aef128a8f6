"""The part of telnet that a chat needs (RFC 854, RFC 855, RFC 856).

The byte 255 cannot occur in UTF-8, so it always begins a telnet command, whatever the client. A
caller that never sends it never receives a telnet command either.
"""

from __future__ import annotations

from typing import Final

from chatd.core.limits import TELNET_BYTES

IAC: Final = 255
DONT, DO, WONT, WILL = 254, 253, 252, 251
SUB_BEGIN, SUB_END = 250, 240
ARE_YOU_THERE, BREAK, INTERRUPT, ABORT_OUTPUT, SUSPEND = 246, 243, 244, 245, 237
BINARY, ECHO, TIMING_MARK = 0, 1, 6
IAC_BYTE: Final = b"\xff"

MANGLED: Final = {INTERRUPT: 0x83, ABORT_OUTPUT: 0x8F, SUSPEND: 0x9A, BREAK: 0x9C}
"""A client in its 7-bit mode takes some bytes of UTF-8 for Ctrl-C, Ctrl-O, Ctrl-Z and Ctrl-\\: the
command that it sends in place of each, and the byte."""

LONGEST_CHARACTER: Final = 4
"""The longest character of UTF-8, in bytes: more of them do not change how many are missing."""


class Telnet:
    """Removes telnet's commands from the bytes of one connection, however they are cut into
    chunks."""

    __slots__ = ("_asked_binary", "_echo_offers", "_is_hidden", "_missing", "_option", "_state", "_sub_bytes")

    def __init__(self) -> None:
        self._state = "data"
        self._option = 0
        self._missing = 0
        self._sub_bytes = 0
        self._asked_binary = False
        self._is_hidden = False
        self._echo_offers = 0
        """How many offers to echo the client has not answered yet."""

    def hide(self, is_hidden: bool) -> bytes:
        """What hides the next line while it is typed, or ends that: the client shows nothing of it
        while the server says that it does (RFC 857). It has not shown the end of the line before
        either."""
        if is_hidden == self._is_hidden:
            return b"\r\n" if is_hidden else b""
        self._is_hidden = is_hidden
        if is_hidden:
            self._echo_offers += 1
            return bytes((IAC, WILL, ECHO))
        return bytes((IAC, WONT, ECHO)) + b"\r\n"

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """What the person typed, and what to answer to their client. What is typed is copied in
        whole runs, and only telnet's commands are looked at one by one."""
        typed, answer = bytearray(), bytearray()
        if not self._asked_binary:
            # In binary mode the client does not mangle UTF-8 (RFC 856).
            self._asked_binary = True
            answer += bytes((IAC, DO, BINARY))
        start = 0
        while start < len(data):
            if self._state == "data":
                start = self._take_run(data, start, typed)
            elif self._state == "sub":
                start = self._skip_sub(data, start)
            else:
                self._take_byte(data[start], typed, answer)
                start += 1
        return bytes(typed), bytes(answer)

    def _take_run(self, data: bytes, start: int, typed: bytearray) -> int:
        """Take what is typed up to the next command; the position after its first byte."""
        end = data.find(IAC_BYTE, start)
        if end < 0:
            end = len(data)
        else:
            self._state = "command"
        typed += data[start:end]
        for byte in data[max(start, end - LONGEST_CHARACTER) : end]:
            self._count(byte)
        return end + 1

    def _count(self, byte: int) -> None:
        """Count how many bytes of the same character are still missing after ``byte`` (RFC 3629,
        3)."""
        if 0x80 <= byte < 0xC0:
            self._missing = max(0, self._missing - 1)
        else:
            self._missing = (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)

    def _skip_sub(self, data: bytes, start: int) -> int:
        """Skip a subnegotiation up to its next IAC, or up to the longest that is read; the position
        after that."""
        stop = min(len(data), start + max(1, TELNET_BYTES + 1 - self._sub_bytes))
        found = data.find(IAC_BYTE, start, stop)
        end = stop if found < 0 else found + 1
        self._sub_bytes += end - start
        if found >= 0:
            self._state = "sub_command"
        elif self._sub_bytes > TELNET_BYTES:
            self._state = "data"
        return end

    def _take_byte(self, byte: int, typed: bytearray, answer: bytearray) -> None:
        """Take a byte of a command."""
        if self._state == "command":
            self._in_command(byte, typed, answer)
        elif self._state == "option":
            self._in_option(byte, answer)
        else:
            self._state = "data" if byte == SUB_END else "sub"

    def _in_command(self, byte: int, typed: bytearray, answer: bytearray) -> None:
        self._state = "data"
        if byte == IAC:  # An escaped 255, which is not UTF-8: the line will be refused.
            typed.append(IAC)
        elif byte in (DO, DONT, WILL, WONT):
            self._option = byte
            self._state = "option"
        elif byte == SUB_BEGIN:
            self._sub_bytes = 0
            self._state = "sub"
        elif byte == ARE_YOU_THERE:
            answer += b"-- Yes.\r\n"
        elif self._missing and byte in MANGLED:  # Nobody presses a key inside a character.
            typed.append(MANGLED[byte])
            self._count(MANGLED[byte])

    def _in_option(self, byte: int, answer: bytearray) -> None:
        self._state = "data"
        if byte == ECHO and self._option in (DO, DONT) and self._echo_offers:
            self._echo_offers -= 1  # It answers our offer, and gets no answer.
        elif self._option == DO:
            # After an interrupt the client ignores everything until its timing mark is answered
            # (RFC 860).
            answer += bytes((IAC, WONT, byte))
        elif self._option == WILL and byte != BINARY:
            answer += bytes((IAC, DONT, byte))
