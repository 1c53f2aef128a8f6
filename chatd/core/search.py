"""What is searched for, and what a text's words are.

Scripts that write words without spaces have no words here but characters: each is one, and a word
of a query that has several is found where they follow one another. So a part of a Chinese, Japanese
or Thai sentence is found, as a whole word of any other script is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import combining, normalize

from chatd.core.events import Said
from chatd.core.names import fold
from chatd.core.when import FOR_EVER

_UNSPACED: Final = re.compile(
    "(["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u109f"  # Tibetan, Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\uac00-\ud7a3"  # Hangul: words are spaced, but particles cling to them
    "\U00020000-\U0003ffff"  # more Han
    "])"
)


@dataclass(frozen=True, slots=True)
class Query:
    """Messages with all of ``words`` in the rooms with these keys; where given, by who is called
    ``nick``, and from one time up to another.

    A word that ends with ``*`` is the beginning of one. Times are in milliseconds since 1970-01-01
    UTC; ``nick`` is folded. At most ``most`` messages are wanted.
    """

    words: tuple[str, ...]
    rooms: Collection[str]
    nick: str = ""
    since: int = 0
    until: int = FOR_EVER
    most: int = 20


def spaced(text: str) -> str:
    """``text`` with spaces around each character that is a word of its own."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def words_of(text: str) -> tuple[str, ...]:
    """The words of ``text`` that can be searched for: those with a letter or a digit."""
    return tuple(word for word in text.split() if any(character.isalnum() for character in word))


def matches(query: Query, said: Said) -> bool:
    """Whether ``said`` is sought by ``query``, its room aside."""
    if not query.since <= said.time < query.until or (query.nick and fold(said.nick) != query.nick):
        return False
    tokens = _tokens(said.text)
    return all(_has(tokens, _tokens(word), word.endswith("*")) for word in query.words)


def _tokens(text: str) -> list[str]:
    """The words of ``text`` without case and accents."""
    bare = (character for character in normalize("NFKD", spaced(text)) if not combining(character))
    return re.findall(r"[^\W_]+", "".join(bare).casefold())


def _has(tokens: list[str], phrase: list[str], beginning: bool) -> bool:
    """Whether ``phrase`` stands in ``tokens``; ``beginning``: its last word may go on."""
    for start in range(len(tokens) - len(phrase) + 1):
        *before, last = tokens[start : start + len(phrase)]
        if before == phrase[:-1] and (last.startswith(phrase[-1]) if beginning else last == phrase[-1]):
            return True
    return False


def excerpt(text: str, words: Sequence[str], around: int) -> str:
    """The part of ``text`` with about ``around`` characters on either side of the first of
    ``words``."""
    folded = text.casefold()
    places = [folded.find(word.rstrip("*").casefold()) for word in words]
    middle = min((place for place in places if place >= 0), default=0)
    start, stop = max(0, middle - around), middle + around
    return ("… " if start else "") + text[start:stop].strip() + (" …" if stop < len(text) else "")
