"""Highlighting of search results: where the words are in a text, and an excerpt around them that
fits on a line."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final
from unicodedata import combining, normalize

from chatd.client.cells import clusters
from chatd.core.search import spaced

CONTEXT_CHARACTERS: Final = 24
"""How much of the text is shown on either side of a word, in characters: an excerpt takes one or
two rows of a usual terminal."""

CUT: Final = "\N{HORIZONTAL ELLIPSIS}"

Pieces = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it matches the search."""


def highlight(text: str, words: Sequence[str]) -> Pieces:
    """``text`` in pieces. ``words`` match as on the server (``docs/protocol.md``), without regard
    to case and accents."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _matches(text, words):
        if start > end:
            parts.append((text[end:start], False))
        parts.append((text[start:stop], True))
        end = stop
    if text[end:]:
        parts.append((text[end:], False))
    return parts


def excerpt(text: str, words: Sequence[str]) -> Pieces:
    """The part of ``text`` around the first match of ``words``, cut between words where
    possible."""
    matches = _matches(text, words)
    start, stop = matches[0] if matches else (0, 0)
    whole = len(text) <= 2 * CONTEXT_CHARACTERS + stop - start
    low = 0 if whole or start <= CONTEXT_CHARACTERS else _cut_before(text, start)
    high = len(text) if whole or stop + CONTEXT_CHARACTERS >= len(text) else _cut_after(text, stop)
    inner = highlight(text[low:high], words)
    return [*([(f"{CUT} ", False)] if low else []), *inner, *([(f" {CUT}", False)] if high < len(text) else [])]


def _cut_before(text: str, start: int) -> int:
    """Where an excerpt begins, about `CONTEXT_CHARACTERS` before ``start``."""
    space = text.find(" ", start - CONTEXT_CHARACTERS, start - CONTEXT_CHARACTERS // 2) + 1
    ends = _ends(text)
    return space or ends[bisect_left(ends, start - CONTEXT_CHARACTERS)]


def _cut_after(text: str, stop: int) -> int:
    space = text.rfind(" ", stop + CONTEXT_CHARACTERS // 2, stop + CONTEXT_CHARACTERS + 1)
    ends = _ends(text)
    return space if space >= 0 else max(stop, ends[bisect_right(ends, stop + CONTEXT_CHARACTERS) - 1])


def _ends(text: str) -> list[int]:
    """Where ``text`` can be cut without cutting a cluster."""
    return [0, *accumulate(map(len, clusters(text)))]


def _matches(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """The start and end of each match of ``words`` in ``text``, in order and without overlap."""
    if not words:
        return []
    folded, offsets = _folded(text)
    patterns = filter(None, map(_pattern, words))
    found = sorted(match.span() for pattern in patterns for match in pattern.finditer(folded))
    spans: list[tuple[int, int]] = []
    for start, stop in found:
        if start < stop and (not spans or offsets[start] >= spans[-1][1]):
            spans.append((offsets[start], _end_of_accents(text, offsets[stop - 1] + 1)))
    return spans


def _folded(text: str) -> tuple[str, list[int]]:
    """``text`` without case and accents, and for each of its characters the offset in ``text``."""
    folded: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        bare = "".join(part for part in normalize("NFKD", character) if not combining(part)).casefold()
        folded.append(bare)
        offsets += [offset] * len(bare)
    return "".join(folded), offsets


def _end_of_accents(text: str, offset: int) -> int:
    while offset < len(text) and combining(text[offset]):
        offset += 1
    return offset


def _pattern(word: str) -> re.Pattern[str] | None:
    """Matches ``word`` in a folded text: as a whole word, as the beginning of one (``deploy*``), or
    anywhere in a script without spaces."""
    bare = word.rstrip("*")
    tokens = re.findall(r"[^\W_]+", _folded(bare)[0])
    if not tokens:
        return None
    begin = "" if _has_no_spaces(bare[:1]) else r"(?<![^\W_])"
    end = "" if bare != word or _has_no_spaces(bare[-1:]) else r"(?![^\W_])"
    return re.compile(begin + r"[\W_]+".join(map(re.escape, tokens)) + end)


def _has_no_spaces(character: str) -> bool:
    return spaced(character) != character
