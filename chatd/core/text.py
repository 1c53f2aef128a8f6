"""Safe text: the one place where control, escape and bidi characters end.

What a person said is shown on other people's terminals, on pages and in the log. One rule makes it
safe for all of them: each character that could steer a terminal, break a line, turn the direction
of what follows or hide is replaced by one visible character, so that nothing vanishes silently and
no text outgrows its limit in characters.

A text that went through `safe_text` may be given to a Twisted log event as a value: in
``log.info("{text}", text=text)`` no value is formatted, so braces and percent signs in it mean
nothing.
"""

from __future__ import annotations

import re
from typing import Final

from chatd.core.errors import NotText

MARKS_ON_ONE_BASE: Final = 8
"""The most combining marks in a row that are shown, in characters: no script stacks more, and a
pile of them would cover the lines above."""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that is not shown and has no picture of its own."""

_STEERING: Final = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: escape sequences, line ends, NUL
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls (UAX 9)
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # lone surrogates: they have no UTF-8
)
_HIDDEN: Final = (  # invisible, and needed by no script or emoji; the joiners U+200B to U+200D are, and stay
    "\u00ad\u180e\u2060-\u2065\u206a-\u206f\ufeff"  # soft hyphen, word joiner, operators, byte order mark
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # annotation, shorthand and musical controls
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags; between them are variation selectors
)
_MARKS: Final = (  # the marks that fit on any base, and those of Thai and Lao, which pile up in the same way
    "\u0300-\u036f\u0483-\u0489\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_UNSAFE: Final = re.compile(f"[{_STEERING}{_HIDDEN}]|(?<=[{_MARKS}]{{{MARKS_ON_ONE_BASE}}})[{_MARKS}]")

_PICTURES: Final = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\t": " ", "\x7f": "\u2421"}


def decode_line(raw: bytes) -> str:
    r"""The text of one line, without its end (``\n`` or ``\r\n``, where ``raw`` still has it).

    The text is not safe yet. Raises `NotText` for anything but UTF-8 (RFC 3629).
    """
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        reason = f"The line is not UTF-8: byte {line[error.start]:#04x} at position {error.start + 1}."
        raise NotText(reason, "Nothing of it was used. Set your terminal or program to UTF-8.") from None


def safe_text(text: str) -> str:
    """``text`` with every character that is not safe to show replaced by a visible one.

    A tab becomes a space, another C0 character or DEL its control picture (U+2400 to U+2421),
    everything else U+FFFD: C1, bidi controls, line separators, lone surrogates, hidden format
    characters, and each combining mark of a pile after the first `MARKS_ON_ONE_BASE`. The length in
    characters stays the same; a text that is safe already is returned as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text)


def _visible(unsafe: re.Match[str]) -> str:
    return _PICTURES.get(unsafe[0], REPLACEMENT)
