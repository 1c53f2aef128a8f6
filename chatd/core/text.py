"""Safe text: replacing the characters that can deceive readers.

A message is shown on other people's terminals, on pages and in the log. The same rules make it safe
for all of them:

- Characters that control a terminal, break a line, change the text direction or are invisible are
  replaced by something visible.
- Characters that a script needs are allowed only where they have a function: at most
  `MARKS_ON_ONE_BASE` marks on a base; one variation selector after a character that has variants;
  one joiner between letters that join, or between emoji; at most `BLANKS_IN_A_ROW` consecutive
  blanks. The rest is removed or replaced.

docs/security.md describes the attacks that this prevents. The result of `safe_text` may be given to
a Twisted log event as a value: in ``log.info("{text}", text=text)`` no value is formatted, so
braces and percent signs in it mean nothing.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Annotated, Final

from chatd.core.characters import BLANKS, DEFAULT_IGNORABLE, MARKS, in_class
from chatd.core.errors import NotText
from chatd.core.limits import BLANKS_IN_A_ROW, MARKS_ON_ONE_BASE

Lines = Annotated[str, "lines"]
"""The type of a text that may have several lines: what people say."""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Replaces a character that is not shown and has no control picture."""

_CONTROLS: Final = (
    "\x00-\x08\x0a-\x1f\x7f-\x9f"  # C0 but for the tab, DEL, C1: escape sequences, line ends, NUL
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls (UAX 9)
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # lone surrogates: UTF-8 cannot encode them
)
_HIDDEN: Final = (  # ignorable; no script or emoji needs them
    "\u00ad\u17b4\u17b5\u2060-\u2065\u206a-\u206f\ufeff"  # soft hyphen, word joiner, operators, byte order mark
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # annotation, shorthand and musical controls
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags; the code points between them are variation selectors
)
_SELECTORS: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_GRAPHEME_JOINER: Final = "\N{COMBINING GRAPHEME JOINER}"  # stands between two marks, and is a mark
_JOINERS: Final = "\u034f\u180e\u200b-\u200d"  # grapheme joiner, Mongolian vowel separator, word break, ZWNJ, ZWJ
_TAGS: Final = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in f"{region}\x7f") for region in ("gbeng", "gbsct", "gbwls"))
"""The tag sequences after a black flag in the flags of England, Scotland and Wales (UTS #51,
ED-14a)."""

_BLANK: Final = in_class(BLANKS)
_BMP_MARK: Final = in_class(" ".join(part for part in MARKS.split() if len(part) <= len("0000-0000")))
_NOT_SIMPLE: Final = (  # One class, one look-up per character: beyond the BMP, only ideographs and emoji are simple.
    f"{_CONTROLS}{in_class(BLANKS.replace('0020', ''))}{_BMP_MARK}\u00ad\u034f\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U00010000-\U0001efff\U00040000-\U0010ffff"
)
_USUAL: Final = re.compile(f"(?:[^{_NOT_SIMPLE}]++(?:[{_BMP_MARK}]{{1,{MARKS_ON_ONE_BASE}}}+)?+)*+")
"""Matches most texts that are safe already, so that they need no further processing."""

_WORD: Final = f"[^ {_NOT_SIMPLE}]++"
_PIECES: Final = re.compile(
    f"(?P<plain>{_WORD}(?:[ ]{_WORD})*+)|(?P<blanks>[{_BLANK}]+)|(?P<selectors>[{_SELECTORS}]+)|(?P<joiners>[{_JOINERS}]+)|"
    f"(?P<marks>[{in_class(MARKS)}]+)|(?P<tags>(?<=\U0001f3f4)(?:{_TAGS}))|(?P<unsafe>[{_CONTROLS}{_HIDDEN}]+)|(?P<rare>.)"
)

_TOO_BLANK: Final = " " * (BLANKS_IN_A_ROW + 1)
_NOTHING: Final = re.compile(f"[{_BLANK}{in_class(DEFAULT_IGNORABLE)}]*+")
_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20) if code != 0x09} | {0x7F: "\u2421"}
"""What replaces C0 characters but for the tab, and DEL, as a table for `str.translate`."""

_HAS_PICTURE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


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


def read_line(raw: bytes) -> str:
    """The safe text of one line, as `decode_line` and `safe_text` make it. Raises `NotText`."""
    if raw.isascii():
        text = raw.decode()
        if text.isprintable() and _TOO_BLANK not in text:  # Nearly every line.
            return text
    return safe_text(decode_line(raw))


def read_lines(raw: bytes) -> list[str]:
    """The safe texts of several lines of printable ASCII, as `read_line` makes each of them."""
    text = raw.decode()
    return [safe_text(line) for line in text.splitlines()] if _TOO_BLANK in text else text.splitlines()


def safe_text(text: str) -> str:
    """``text`` without characters that can deceive. The result is never longer than ``text``, and a
    safe text is returned unchanged.

    A tab becomes a space, another C0 character or DEL its control picture (U+2400 to U+2421).
    U+FFFD replaces C1, bidi controls, line separators, lone surrogates, ignorable characters that
    no script needs, marks beyond the limit and marks at the beginning of the text. Extra selectors,
    joiners and blanks are removed.
    """
    if ((text.isascii() and text.isprintable()) or _USUAL.fullmatch(text)) and _TOO_BLANK not in text:
        return text
    safe = _Cleaning().clean(text)
    return text if safe == text else safe


def safe_lines(text: str) -> str:
    """A ``text`` of several lines with each line safe (`safe_text`), and without blank lines at its
    ends. LF or CR LF ends a line; the result has LF only."""
    if "\n" not in text:
        return safe_text(text)
    lines = [safe_text(line.removesuffix("\r")) for line in text.split("\n")]
    shown = [number for number, line in enumerate(lines) if not says_nothing(line)]
    return "\n".join(lines[shown[0] : shown[-1] + 1]) if shown else ""


def safe_part(text: str) -> str:
    """The result of `safe_text` for ``text`` as a part of a longer text: its first characters may
    belong to the last character of the part before."""
    return safe_text(text) if text.isascii() else safe_text(f"\N{DOTTED CIRCLE}{text}")[1:]


def says_nothing(text: str) -> bool:
    """Whether ``text`` is empty or has only blank and ignorable characters."""
    return not "!" <= text[:1] <= "~" and _NOTHING.fullmatch(text) is not None  # Most begin with a visible character.


class _Cleaning:
    """One pass over a text, piece by piece. The result for a piece depends on the characters kept
    before it and on those that follow, never on removed ones, so a safe text is unchanged."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._base = ""  # The character that marks, selectors and joiners apply to.
        self._marks = self._blanks = 0
        self._selected = self._joined = False

    def clean(self, text: str) -> str:
        if _HAS_PICTURE.search(text):  # Piece by piece, a text of them would take ten times as long.
            text = text.translate(_PICTURES)
        for piece in _PIECES.finditer(text):
            match piece.lastgroup:
                case "plain" | "rare":
                    self._add(piece[0])
                case "marks":
                    self._add_marks(piece[0])
                case "blanks":
                    self._add_blanks(piece[0])
                case "selectors":
                    self._add_selectors(piece[0])
                case "joiners":
                    self._add_joiners(piece[0], text[piece.end() : piece.end() + 1])
                case "tags":
                    self._kept.append(piece[0])
                case _:
                    self._add(REPLACEMENT * len(piece[0]))
        return "".join(self._kept)

    def _add(self, characters: str) -> None:
        """Keep ``characters``; each of them can be a base."""
        self._kept.append(characters)
        self._base = characters[-1]
        self._marks = self._blanks = 0
        self._selected = self._joined = False

    def _add_blanks(self, run: str) -> None:
        for blank in run[: BLANKS_IN_A_ROW - self._blanks]:
            self._kept.append(" " if blank == "\t" else blank)
            if blank not in "\u3164\uffa0":
                self._base = blank
            if blank not in "\u115f\u1160\u3164\uffa0":  # A terminal may not draw these, and draw marks on the character before.
                self._marks = 0
            self._blanks += 1
            self._selected = self._joined = True

    def _add_marks(self, run: str) -> None:
        kept = run[: MARKS_ON_ONE_BASE - self._marks] if self._base else ""
        self._kept.append(kept)
        self._marks += len(kept)
        self._blanks, self._joined = 0, False
        if kept != run:
            self._add(REPLACEMENT)

    def _add_selectors(self, run: str) -> None:
        for selector in run:
            if self._base and not self._selected and not self._joined and _has_variant(self._base, selector):
                self._kept.append(selector)
                self._selected = True

    def _add_joiners(self, run: str, following: str) -> None:
        for joiner in run:
            if self._base and not self._joined and self._joins(joiner, following):
                self._kept.append(joiner)
                self._joined = True
                self._marks += joiner == _GRAPHEME_JOINER

    def _joins(self, joiner: str, following: str) -> bool:
        """Whether ``joiner`` has a function here. At the end of a text that may still be typed, it
        is allowed."""
        if joiner == _GRAPHEME_JOINER:
            return 0 < self._marks < MARKS_ON_ONE_BASE
        if joiner == "\N{MONGOLIAN VOWEL SEPARATOR}":
            return _is_mongolian(self._base)
        return not following or _takes_joiners(self._base) or _takes_joiners(following)


# -- Properties of characters ----------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def _has_variant(base: str, selector: str) -> bool:
    """Whether ``selector`` can select a variant of ``base``: a Mongolian letter, an ideograph, a
    symbol or an emoji."""
    if selector < "\ufe00":
        return _is_mongolian(base)
    if selector > "\ufe0f":
        return _is_ideograph(base)
    if base.isascii():
        return base in "#*0123456789"  # keycaps
    return unicodedata.category(base) not in {"Lu", "Ll", "Lt", "Lm"} or unicodedata.decomposition(base).startswith("<font>")


def _is_mongolian(base: str) -> bool:
    return "\u1800" <= base <= "\u18af"


def _is_ideograph(base: str) -> bool:
    return "\u3400" <= base <= "\u9fff" or "\uf900" <= base <= "\ufaff" or "\U00020000" <= base <= "\U0003ffff"


@functools.lru_cache(maxsize=1024)
def _takes_joiners(base: str) -> bool:
    """Whether ``base`` is an emoji, or a letter of a script that joins letters or that puts no
    spaces between words. Unassigned code points count as such letters."""
    piece = _PIECES.match(base)
    if piece is None or piece.lastgroup not in {"plain", "rare"} or base == REPLACEMENT:
        return False
    return unicodedata.category(base) in {"Lo", "Lm", "So", "Sk", "Cn"} or unicodedata.bidirectional(base) in {"R", "AL"}
