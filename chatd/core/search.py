"""Search: queries, and how a text is split into words.

In scripts that are written without spaces, each character counts as a word, and a word of a query
with several characters is a phrase. So a search finds any part of a Chinese, Japanese or Thai
sentence, and whole words in other scripts.
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
    "\uac00-\ud7a3"  # Hangul: it has spaces, but particles are attached to words
    "\U00020000-\U0003ffff"  # more Han
    "])"
)


@dataclass(frozen=True, slots=True)
class Query:
    """A search for messages with all of ``words`` in the rooms with the keys ``rooms``, optionally
    by one ``nick`` and within a period.

    A word that ends with ``*`` matches all words that begin with it. Times are in milliseconds
    since 1970-01-01 UTC, and ``nick`` is case-folded. At most ``limit`` messages are returned.
    """

    words: tuple[str, ...]
    rooms: Collection[str]
    nick: str = ""
    since: int = 0
    until: int = FOR_EVER
    limit: int = 20


def spaced(text: str) -> str:
    """``text`` with spaces around each character that counts as a word."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def words_of(text: str) -> tuple[str, ...]:
    """The words of ``text`` that a search can find: those with a letter or a digit."""
    return tuple(word for word in text.split() if any(character.isalnum() for character in word))


def matches(query: Query, said: Said) -> bool:
    """Whether ``said`` matches ``query``, except for its room."""
    if not query.since <= said.time < query.until or (query.nick and fold(said.nick) != query.nick):
        return False
    tokens = _tokens(said.text)
    return all(_contains(tokens, _tokens(word), word.endswith("*")) for word in query.words)


def _tokens(text: str) -> list[str]:
    """The words of ``text``, without case and accents."""
    bare = (character for character in normalize("NFKD", spaced(text)) if not combining(character))
    return re.findall(r"[^\W_]+", "".join(bare).casefold())


def _contains(tokens: list[str], phrase: list[str], is_prefix: bool) -> bool:
    """Whether ``tokens`` contain ``phrase``; ``is_prefix``: its last word may be the beginning of
    one."""
    for start in range(len(tokens) - len(phrase) + 1):
        *before, last = tokens[start : start + len(phrase)]
        if before == phrase[:-1] and (last.startswith(phrase[-1]) if is_prefix else last == phrase[-1]):
            return True
    return False


def excerpt(text: str, words: Sequence[str], around: int) -> str:
    """The part of ``text`` with about ``around`` characters on either side of the first of
    ``words``."""
    folded = text.casefold()
    positions = [folded.find(word.rstrip("*").casefold()) for word in words]
    middle = min((position for position in positions if position >= 0), default=0)
    start, stop = max(0, middle - around), middle + around
    return ("… " if start else "") + text[start:stop].strip() + (" …" if stop < len(text) else "")
