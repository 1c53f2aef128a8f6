"""Negotiating the options of character telnet (RFC 854, 855): what the terminal is, how large it
is, and that the server shows what is typed."""

from __future__ import annotations

import re
from typing import Final

from chatd.doors.telnet import (
    ABORT_OUTPUT,
    ARE_YOU_THERE,
    BINARY,
    BREAK,
    DO,
    DONT,
    ECHO,
    IAC,
    IAC_BYTE,
    INTERRUPT,
    SUB_BEGIN,
    SUB_END,
    SUSPEND,
    TIMING_MARK,
    WILL,
    WONT,
)

GO_AHEAD, TERMINAL_TYPE, SIZE, CHARSET = 3, 24, 31, 42
"""Suppress go-ahead (RFC 858), terminal type (RFC 1091), NAWS (RFC 1073), charset (RFC 2066)."""

ERASE_CHARACTER, ERASE_LINE = 247, 248
IS, SEND = 0, 1
REQUEST, ACCEPTED, REJECTED = 1, 2, 3

OURS: Final = (ECHO, GO_AHEAD, BINARY, CHARSET)
"""What the server offers to do."""

THEIRS: Final = (GO_AHEAD, BINARY, SIZE, TERMINAL_TYPE)
"""What the server asks the client to do."""

KEYS: Final = {
    INTERRUPT: b"\x03", BREAK: b"\x03", ABORT_OUTPUT: b"\x0f", SUSPEND: b"\x1a",
    ERASE_CHARACTER: b"\x7f", ERASE_LINE: b"\x15",
}  # fmt: skip
"""Commands that stand for a key."""

SUB_BYTES: Final = 256
"""The longest subnegotiation that is read, in bytes: no terminal has a longer name."""

NO_TERMINALS: Final = frozenset({"", "dumb", "unknown", "network", "teletype", "tty"})
"""The types of terminals that can only print."""

NOT_UTF8: Final = ("ansi", "syncterm", "vt52")
"""How the types of terminals begin that use another character set than UTF-8."""


_LINE_END: Final = re.compile(rb"\r[\n\0]")


class TelnetOptions:
    """The options of one connection. ``answer`` is what is to be sent; `take_answer` takes it."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        """Columns and rows, as far as the client tells."""
        self.terminal: str | None = None
        """The type of the terminal; empty: it has none; None: the client has not answered."""
        self.shows_typed: bool | None = None
        """Whether the server shows what is typed; None: the client has not answered."""
        self._answer = bytearray()
        self._state = "data"
        self._verb = 0
        self._sub = bytearray()
        self._rejects_utf8 = False
        self._after_return = False

    def offer(self) -> bytes:
        """What to begin with."""
        ours = b"".join(bytes((IAC, WILL, option)) for option in OURS)
        return ours + b"".join(bytes((IAC, DO, option)) for option in THEIRS)

    def withdraw(self) -> bytes:
        """What makes the client show again what is typed, line by line."""
        return bytes((IAC, WONT, ECHO, IAC, WONT, GO_AHEAD)) if self.shows_typed else b""

    def take_answer(self) -> bytes:
        """What is to be sent now."""
        answer, self._answer = bytes(self._answer), bytearray()
        return answer

    @property
    def is_decided(self) -> bool:
        """Whether it is known what kind of terminal there is."""
        return self.shows_typed is False or (self.shows_typed is True and self.terminal is not None)

    @property
    def has_screen(self) -> bool:
        """Whether the terminal can show a screen. One that does not say what it is can, if it shows
        nothing by itself."""
        if not self.shows_typed:
            return False
        return self.terminal is None or self.terminal.lower() not in NO_TERMINALS

    @property
    def is_utf8(self) -> bool:
        """Whether the terminal uses UTF-8."""
        return not (self._rejects_utf8 or (self.terminal or "").lower().startswith(NOT_UTF8))

    def receive(self, data: bytes) -> bytes:
        """What was typed, as a terminal sends it."""
        typed = bytearray()
        start = 0
        while start < len(data):
            if self._state == "data":
                end = data.find(IAC_BYTE, start)
                end, self._state = (len(data), "data") if end < 0 else (end, "command")
                typed += data[start:end]
                start = end + 1
            else:
                self._take(data[start], typed)
                start += 1
        return self._without_line_ends(bytes(typed))

    def _without_line_ends(self, typed: bytes) -> bytes:
        """``typed``, where Enter is CR alone: telnet sends CR LF or CR NUL (RFC 854)."""
        if self._after_return and typed[:1] in (b"\n", b"\0"):
            typed, self._after_return = typed[1:], False
        if typed:
            self._after_return = typed.endswith(b"\r")
        return _LINE_END.sub(b"\r", typed)

    def _take(self, byte: int, typed: bytearray) -> None:
        """Take a byte of a command."""
        if self._state == "command":
            self._in_command(byte, typed)
        elif self._state == "option":
            self._state = "data"
            self._in_option(byte)
        elif self._state == "sub":
            if byte == IAC:
                self._state = "sub_command"
            elif len(self._sub) <= SUB_BYTES:
                self._sub.append(byte)
        elif byte == IAC:  # An escaped 255.
            self._sub.append(IAC)
            self._state = "sub"
        else:
            self._state = "data"
            if byte == SUB_END and len(self._sub) <= SUB_BYTES:
                self._in_sub(bytes(self._sub))

    def _in_command(self, byte: int, typed: bytearray) -> None:
        self._state = "data"
        if byte in (DO, DONT, WILL, WONT):
            self._verb, self._state = byte, "option"
        elif byte == SUB_BEGIN:
            self._sub.clear()
            self._state = "sub"
        elif byte == ARE_YOU_THERE:
            self._answer += b"\a"
        else:
            typed += KEYS.get(byte, b"")

    def _in_option(self, option: int) -> None:
        if self._verb == DO:
            self._on_do(option)
        elif self._verb == DONT:
            if option == ECHO:
                self.shows_typed = False
        elif self._verb == WILL:
            self._on_will(option)
        elif option == TERMINAL_TYPE:
            self.terminal = self.terminal or ""

    def _on_do(self, option: int) -> None:
        if option == ECHO:
            self.shows_typed = True
        elif option == CHARSET:
            self._send_sub(CHARSET, bytes((REQUEST,)) + b";UTF-8")
        elif option not in OURS:
            # After an interrupt the client ignores everything until its timing mark is answered.
            self._answer += bytes((IAC, WONT if option != TIMING_MARK else WILL, option))

    def _on_will(self, option: int) -> None:
        if option == TERMINAL_TYPE:
            if self.terminal is None:
                self._send_sub(TERMINAL_TYPE, bytes((SEND,)))
        elif option not in THEIRS:
            self._answer += bytes((IAC, DONT, option))

    def _in_sub(self, sub: bytes) -> None:
        if sub[:2] == bytes((TERMINAL_TYPE, IS)):
            self.terminal = sub[2:].decode("ascii", "replace")
        elif sub[:1] == bytes((SIZE,)) and len(sub) == 5:
            self.size = int.from_bytes(sub[1:3], "big"), int.from_bytes(sub[3:5], "big")
        elif sub[:2] == bytes((CHARSET, REJECTED)):
            self._rejects_utf8 = True

    def _send_sub(self, option: int, content: bytes) -> None:
        self._answer += bytes((IAC, SUB_BEGIN, option)) + content + bytes((IAC, SUB_END))
