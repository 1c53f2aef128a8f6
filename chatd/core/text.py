"""Safe text: the one place that removes control, escape and bidi characters.

What a person says is shown on other people's terminals, on web pages and in the log. One rule makes
it safe for all of them: each character that could control a terminal, break a line, change the
direction of the text after it, or that is invisible, is replaced by one visible character. So
nothing disappears silently, and no text exceeds its limit in characters.

A text that went through `safe_text` can be a value of a Twisted log event: in ``log.info("{text}",
text=text)`` values are not formatted, so braces and percent signs in them have no meaning.
"""

from __future__ import annotations

import re
from typing import Final

from chatd.core.errors import NotText

MARKS_ON_ONE_BASE: Final = 8
"""How many combining marks in a row are shown: no script uses more, and a stack of them would cover
the lines above."""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Replaces a character that is not shown and has no control picture."""

_CONTROLS: Final = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: escape sequences, line ends, NUL
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls (UAX 9)
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # lone surrogates: UTF-8 cannot encode them
)
_HIDDEN: Final = (  # invisible, and no script or emoji needs them, unlike the joiners U+200B to U+200D
    "\u00ad\u180e\u2060-\u2065\u206a-\u206f\ufeff"  # soft hyphen, word joiner, operators, byte order mark
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # annotation, shorthand and musical controls
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags; between them are variation selectors
)
_MARKS: Final = (  # the marks that fit on any base, and those of Thai and Lao, which stack in the same way
    "\u0300-\u036f\u0483-\u0489\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_UNSAFE: Final = re.compile(f"[{_CONTROLS}{_HIDDEN}]|(?<=[{_MARKS}]{{{MARKS_ON_ONE_BASE}}})[{_MARKS}]")

_PICTURES: Final = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\t": " ", "\x7f": "\u2421"}


def decode_line(raw: bytes) -> str:
    r"""The text of one line, without its line end (``\n`` or ``\r\n``), if ``raw`` has one.

    The text is not safe yet. Raises `NotText` if it is not UTF-8 (RFC 3629).
    """
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        reason = f"The line is not UTF-8: byte {line[error.start]:#04x} at position {error.start + 1}."
        raise NotText(reason, "Set your terminal or program to UTF-8 and send it again.") from None


def safe_text(text: str) -> str:
    """``text`` with every unsafe character replaced by a visible one.

    A tab becomes a space, any other C0 character and DEL its control picture (U+2400 to U+2421),
    and everything else U+FFFD: C1, bidi controls, line separators, lone surrogates, hidden format
    characters, and combining marks in a row after the first `MARKS_ON_ONE_BASE`. The length in
    characters does not change, and a text that is already safe is returned unchanged.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text)


def _visible(unsafe: re.Match[str]) -> str:
    return _PICTURES.get(unsafe[0], REPLACEMENT)
