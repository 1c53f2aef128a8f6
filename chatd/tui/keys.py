"""Keys: from the bytes of a terminal to key presses.

Understands the sequences of xterm, tmux, screen, rxvt and the Linux console (ECMA-48 control
sequences, and the older ones that begin with ``ESC O``), bracketed paste, Alt as a leading ESC, and
UTF-8. All of it may arrive in pieces.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

PASTE_BYTES: Final = 1 << 20
"""How much of one paste is kept, in bytes (1 MiB): far more than the editor takes, so that it can
refuse the whole."""

PASTE_SECONDS: Final = 3.0
"""How long to wait for more of a paste, in seconds, before it counts as complete: a terminal sends
all of it at once, with its end, but the link may be slow."""

ESCAPE_SECONDS: Final = 0.05
"""How long to wait for more bytes after an ESC, in seconds: the bytes of one key come together,
even over a slow link."""

SEQUENCE_BYTES: Final = 64
"""The longest control sequence accepted, in bytes; no key sends more than a dozen."""


class Key(Enum):
    """What was pressed. `TEXT` and `PASTE` come with a text, `ALT_DIGIT` with the digit."""

    TEXT = auto()
    PASTE = auto()
    ENTER = auto()
    TAB = auto()
    BACK_TAB = auto()
    BACKSPACE = auto()
    DELETE = auto()
    LEFT = auto()
    RIGHT = auto()
    UP = auto()
    DOWN = auto()
    HOME = auto()
    END = auto()
    WORD_LEFT = auto()
    WORD_RIGHT = auto()
    KILL_TO_END = auto()
    KILL_TO_START = auto()
    KILL_WORD = auto()
    KILL_SHORT_WORD = auto()
    KILL_NEXT_WORD = auto()
    YANK = auto()
    SWAP = auto()
    ALT_DIGIT = auto()
    NEXT_NEWS = auto()
    FIND = auto()
    HELP = auto()
    INTERRUPT = auto()
    END_OF_INPUT = auto()
    REDRAW = auto()
    SUSPEND = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()
    OLDEST = auto()
    NEWEST = auto()
    ESCAPE = auto()


@dataclass(frozen=True, slots=True)
class Press:
    """One key pressed, or a run of ``text`` typed or pasted."""

    key: Key
    text: str = ""


_CONTROLS: Final[Mapping[int, Key]] = {
    0x01: Key.HOME,  # Ctrl-A
    0x02: Key.LEFT,  # Ctrl-B
    0x03: Key.INTERRUPT,  # Ctrl-C
    0x04: Key.END_OF_INPUT,  # Ctrl-D
    0x05: Key.END,  # Ctrl-E
    0x06: Key.RIGHT,  # Ctrl-F
    0x08: Key.BACKSPACE,  # Ctrl-H
    0x09: Key.TAB,
    0x0A: Key.ENTER,  # Ctrl-J, and each line end of a paste that is not bracketed
    0x0B: Key.KILL_TO_END,  # Ctrl-K
    0x0C: Key.REDRAW,  # Ctrl-L
    0x0D: Key.ENTER,
    0x0E: Key.DOWN,  # Ctrl-N
    0x10: Key.UP,  # Ctrl-P
    0x12: Key.FIND,  # Ctrl-R
    0x14: Key.SWAP,  # Ctrl-T
    0x15: Key.KILL_TO_START,  # Ctrl-U
    0x16: Key.PAGE_DOWN,  # Ctrl-V
    0x17: Key.KILL_WORD,  # Ctrl-W
    0x19: Key.YANK,  # Ctrl-Y
    0x1A: Key.SUSPEND,  # Ctrl-Z
    0x7F: Key.BACKSPACE,
}

_FINALS: Final[Mapping[bytes, Key]] = {
    b"A": Key.UP,
    b"B": Key.DOWN,
    b"C": Key.RIGHT,
    b"D": Key.LEFT,
    b"F": Key.END,
    b"H": Key.HOME,
    b"M": Key.ENTER,  # the keypad's, as ESC O M
    b"P": Key.HELP,  # F1, as ESC O P
    b"Z": Key.BACK_TAB,
    b"a": Key.UP,  # rxvt, with a modifier
    b"b": Key.DOWN,
    b"c": Key.WORD_RIGHT,
    b"d": Key.WORD_LEFT,
}

_TILDES: Final[Mapping[bytes, Key]] = {
    b"1": Key.HOME,
    b"11": Key.HELP,
    b"3": Key.DELETE,
    b"4": Key.END,
    b"5": Key.PAGE_UP,
    b"6": Key.PAGE_DOWN,
    b"7": Key.HOME,
    b"8": Key.END,
}

_BY_WORD: Final[Mapping[Key, Key]] = {
    Key.LEFT: Key.WORD_LEFT,
    Key.RIGHT: Key.WORD_RIGHT,
    Key.DELETE: Key.KILL_NEXT_WORD,
    Key.BACKSPACE: Key.KILL_SHORT_WORD,
    Key.HOME: Key.OLDEST,
    Key.END: Key.NEWEST,
}

_ALTS: Final[Mapping[bytes, Key]] = {
    b"a": Key.NEXT_NEWS,
    b"b": Key.WORD_LEFT,
    b"f": Key.WORD_RIGHT,
    b"d": Key.KILL_NEXT_WORD,
    b"v": Key.PAGE_UP,
    b"<": Key.OLDEST,
    b">": Key.NEWEST,
    b"\x08": Key.KILL_SHORT_WORD,
    b"\x7f": Key.KILL_SHORT_WORD,
    b"\r": Key.ENTER,
    b"\n": Key.ENTER,
}

_ESC: Final = 0x1B
_AFTER_ESCAPE: Final = b"\x1b/"
"""What is typed after Esc, and not with Alt, even if both come at once: a further Esc, or a
command, which must not become a message because it has lost its slash."""

_CTRL_C: Final = b"\x03"
_PASTE_START: Final = b"\x1b[200~"
_PASTE_END: Final = b"\x1b[201~"
_CSI: Final = re.compile(rb"\x1b\[(\[[A-E]|[0-?]*[ -/]*[@-Z\\-~])")  # ``ESC [ [ A`` is F1 on the Linux console
_STARTED: Final = re.compile(rb"\x1b(\[(\[|[0-?]*[ -/]*)|O[0-9;]*)?")
_SS3: Final = re.compile(rb"\x1bO([0-9;]*[A-Za-z])")
_TEXT: Final = re.compile(rb"[^\x00-\x1f\x7f]+")


class KeyDecoder:
    """Makes key presses of bytes, which may come in any pieces.

    If `patience` is not 0 after `feed`, only further bytes show what the last ones mean. They may
    never come, so if nothing comes for that many seconds, the caller calls `flush`.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._paste: bytearray | None = None
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def patience(self) -> float:
        """How long to wait for the end of the paste or the escape sequence that has begun, in
        seconds; 0: none has."""
        if self._paste is not None:
            return PASTE_SECONDS
        return ESCAPE_SECONDS if self._rest.startswith(b"\x1b") else 0.0

    def feed(self, data: bytes) -> list[Press]:
        """The keys that ``data`` completes. A Ctrl-C at its end was pressed, not pasted: it ends an
        unfinished paste, which is dropped."""
        self._rest += data
        presses = list(self._keys())
        if self._paste is not None and data.endswith(_CTRL_C):
            self._paste = None
            presses.append(Press(Key.INTERRUPT))
        return presses

    def flush(self) -> list[Press]:
        """End what has begun: a paste is what has come of it, a lone ESC is `ESCAPE`, anything
        longer is no key."""
        if self._paste is not None:
            text, self._paste = self._paste.decode("utf-8", "replace"), None
            return [Press(Key.PASTE, text)]
        if not self.patience:
            return []
        lone, self._rest = self._rest == b"\x1b", b""
        return [Press(Key.ESCAPE)] if lone else []

    def _keys(self) -> Iterator[Press]:
        while self._rest:
            if self._paste is not None:
                press = self._pasted(self._paste)
            elif self._rest[0] == _ESC:
                self._utf8.reset()
                before = len(self._rest)
                press = self._escape()
                if len(self._rest) == before:
                    return
            else:
                press = self._plain()
            if press is not None:
                yield press

    def _plain(self) -> Press | None:
        text = _TEXT.match(self._rest)
        if text is not None:
            self._rest = self._rest[text.end() :]
            decoded = self._utf8.decode(text[0])
            return Press(Key.TEXT, decoded) if decoded else None
        self._utf8.reset()  # A control character ends an unfinished character, which is dropped.
        control, self._rest = self._rest[0], self._rest[1:]
        key = _CONTROLS.get(control)
        return None if key is None else Press(key)

    def _escape(self) -> Press | None:
        """The key that begins with ESC; if it needs more bytes, nothing is consumed."""
        rest = self._rest
        if rest.startswith(_PASTE_START):
            self._rest, self._paste = rest[len(_PASTE_START) :], bytearray()
            return None
        found = _CSI.match(rest) or _SS3.match(rest)
        if found is not None:
            self._rest = rest[found.end() :]
            return _sequence(found[1])
        if _STARTED.fullmatch(rest) and len(rest) <= SEQUENCE_BYTES:
            return None
        if rest[1] in _AFTER_ESCAPE:
            self._rest = rest[1:]
            return Press(Key.ESCAPE)
        return self._alt()

    def _alt(self) -> Press | None:
        if self._rest[1] >= 0x80:
            self._rest = self._rest[1:]
            return None
        char, self._rest = self._rest[1:2], self._rest[2:]
        if char.isdigit():
            return Press(Key.ALT_DIGIT, char.decode())
        key = _ALTS.get(char)
        return None if key is None else Press(key)

    def _pasted(self, paste: bytearray) -> Press | None:
        """Add the bytes to ``paste``, until it ends; beyond `PASTE_BYTES` they are dropped."""
        paste += self._rest
        self._rest = b""
        end = paste.find(_PASTE_END)
        if end >= 0:
            self._rest = bytes(paste[end + len(_PASTE_END) :])
            self._paste = None
            return Press(Key.PASTE, paste[:end].decode("utf-8", "replace"))
        if len(paste) > PASTE_BYTES:
            del paste[PASTE_BYTES - len(_PASTE_END) : -len(_PASTE_END)]
        return None


def _sequence(body: bytes) -> Press | None:
    """The key of a control sequence: the last byte names the key, the parameters the modifiers."""
    if body == b"[A":  # The Linux console
        return Press(Key.HELP)
    parameters = body[:-1].split(b";")
    key = _TILDES.get(parameters[0]) if body[-1:] in (b"~", b"^") else _FINALS.get(body[-1:])
    if key is None or body[:1] in (b"[", b"<", b"=", b">", b"?"):
        return None
    modified = len(parameters) > 1 and parameters[-1] not in (b"", b"1", b"2")  # with Alt or Ctrl; 2 is Shift
    if modified or body.endswith(b"^"):  # which is Ctrl of rxvt
        key = _BY_WORD.get(key, key)
    return Press(key)
