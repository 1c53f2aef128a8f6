"""How a search compares texts: one folding, for what is indexed and for what is searched for.

- The compatibility forms of a character are the same (NFKC): fullwidth and halfwidth letters,
  ligatures, and each way to encode an accent, a Hangul syllable or a kana with a voicing mark.
- Case does not matter (full case folding: ``ß`` is ``ss``, ``ς`` is ``σ``).
- The marks of Latin, Greek and Cyrillic are accents, and those of Hebrew, Arabic and Syriac are
  mostly vowels that people leave out: they are folded away. ``é`` is ``e``, ``ё`` is ``е``, ``أ``
  is ``ا``. Only `_LETTERS` stay, since nobody types ``и`` for ``й``.
- In other scripts marks are letters: the vowel signs of Indic and South-East Asian scripts, and the
  voicing marks of kana (``が`` is not ``か``).
- Latin letters with a stroke, and others that Unicode does not decompose, count as what people type
  instead of them (`_STAND_INS`).
- Ignorable characters are left out (UAX #44), and so is the kashida. A ZWNJ between Arabic letters
  separates words, as Persian uses it.

A *word* is a sequence of letters, digits and marks. In scripts that are written without spaces,
each character is a word, and so is each Hangul syllable, since particles are attached to words; a
search for several characters is then a search for consecutive words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from unicodedata import normalize, unidata_version

from chatd.core.characters import DEFAULT_IGNORABLE, MARKS, in_class
from chatd.core.limits import FOLDED_CHARACTERS

RULE: Final = f"1, Unicode {unidata_version}"
"""The name of this folding. A text that was indexed under another name may fold to something else
now."""

_LETTERS: Final = frozenset("йїўѓќ")
_STAND_INS: Final = {
    **dict(zip("ıłøđðħŧ", "iloddht", strict=True)),
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    **dict.fromkeys("\u02bb\u02bc", "'"),  # Letters to Unicode, but many people type an apostrophe.
}

_FOLDED_AWAY: Final = re.compile(
    "["
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # Latin and Greek, and around symbols
    "\u0483-\u0489\u2de0-\u2dff\ua66f-\ua672\ua674-\ua67d\ua69e-\ua69f"  # Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\ufb1e"  # Hebrew
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0897-\u089f\u08ca-\u08ff"  # Arabic
    "\u0711\u0730-\u074a"  # Syriac
    f"{in_class(DEFAULT_IGNORABLE)}]+"
)
_UNSPACED: Final = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u109f"  # Tibetan, Myanmar
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U0001aff0-\U0001b16f"  # more kana
    "\U00020000-\U0003ffff"  # more Han
    "]"
)
_MARK: Final = re.compile(f"[{in_class(MARKS)}]")
_ARABIC_ZWNJ: Final = re.compile("(?<=[\u0600-\u06ff])\u200c")

_PIECES: Final = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}|.)"  # A flag has two letters.
    f"(?:[{in_class(MARKS)}{in_class(DEFAULT_IGNORABLE)}\u3131-\u318e\uff9e-\uffdc\U0001f3fb-\U0001f3ff]|(?<=\u200d).)*+",
    re.DOTALL,
)
"""A character with everything after it that may combine with it, also in NFKC (compatibility and
halfwidth jamo, halfwidth voicing marks)."""


class _Folded(dict[int, str]):
    """What each character of a text in NFKC becomes: a part of a word, words, or a space. Filled as
    characters occur, and emptied when it is full."""

    def __missing__(self, code: int) -> str:
        if len(self) >= FOLDED_CHARACTERS:
            self.clear()
        folded = self[code] = _fold_character(chr(code))
        return folded


_FOLDED: Final = _Folded()


def searchable(text: str) -> str:
    """The words of ``text`` as a search compares them, with a space between two."""
    return " ".join(folded(text).split())


def folded(text: str) -> str:
    """Like `searchable`, but with one space or more between two words, and around them."""
    if not text.isascii():
        text = normalize("NFKC", text)
        if "\u200c" in text:
            text = _ARABIC_ZWNJ.sub(" ", text)
    return text.translate(_FOLDED)


def folded_pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """``text`` in pieces, each a character with its marks, or an emoji made of several: where it
    begins and ends, and what it is `folded` to."""
    return ((piece.start(), piece.end(), folded(piece[0])) for piece in _PIECES.finditer(text))


def _fold_character(character: str) -> str:
    lower = character.casefold()
    if lower not in _LETTERS:
        lower = _FOLDED_AWAY.sub("", normalize("NFKD", character)).casefold()
        lower = normalize("NFC", _STAND_INS.get(lower, lower))
    return "".join(map(_word_part, lower))


def _word_part(character: str) -> str:
    if not (character.isalnum() or _MARK.match(character)):
        return " "
    return f" {character} " if _UNSPACED.match(character) else character
