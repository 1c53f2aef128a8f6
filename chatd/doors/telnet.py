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
BINARY, TIMING_MARK = 0, 6

MANGLED: Final = {INTERRUPT: 0x83, ABORT_OUTPUT: 0x8F, SUSPEND: 0x9A, BREAK: 0x9C}
"""A client in its 7-bit mode takes some bytes of UTF-8 for Ctrl-C, Ctrl-O, Ctrl-Z and Ctrl-\\: the
command that it sends in place of each, and the byte."""


class Telnet:
    """Removes telnet's commands from the bytes of one connection, however they are cut into
    chunks."""

    __slots__ = ("_asked_binary", "_missing", "_option", "_state", "_sub_bytes")

    def __init__(self) -> None:
        self._state = "data"
        self._option = 0
        self._missing = 0
        self._sub_bytes = 0
        self._asked_binary = False

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """What the person typed, and what to answer to their client."""
        typed, answer = bytearray(), bytearray()
        if not self._asked_binary:
            # In binary mode the client does not mangle UTF-8 (RFC 856).
            self._asked_binary = True
            answer += bytes((IAC, DO, BINARY))
        for byte in data:
            getattr(self, f"_in_{self._state}")(byte, typed, answer)
        return bytes(typed), bytes(answer)

    def _in_data(self, byte: int, typed: bytearray, answer: bytearray) -> None:
        if byte == IAC:
            self._state = "command"
        else:
            self._type(byte, typed)

    def _type(self, byte: int, typed: bytearray) -> None:
        typed.append(byte)
        # How many bytes of the same character are still missing (RFC 3629, 3).
        if 0x80 <= byte < 0xC0:
            self._missing = max(0, self._missing - 1)
        else:
            self._missing = (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)

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
            self._type(MANGLED[byte], typed)

    def _in_option(self, byte: int, typed: bytearray, answer: bytearray) -> None:
        self._state = "data"
        if self._option == DO:
            # After an interrupt the client ignores everything until its timing mark is answered
            # (RFC 860).
            answer += bytes((IAC, WONT, byte))
        elif self._option == WILL and byte != BINARY:
            answer += bytes((IAC, DONT, byte))

    def _in_sub(self, byte: int, typed: bytearray, answer: bytearray) -> None:
        self._sub_bytes += 1
        if byte == IAC:
            self._state = "sub_command"
        elif self._sub_bytes > TELNET_BYTES:
            self._state = "data"

    def _in_sub_command(self, byte: int, typed: bytearray, answer: bytearray) -> None:
        self._state = "data" if byte == SUB_END else "sub"
