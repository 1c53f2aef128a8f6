"""What was found: where in a text the words stand that were searched for, and as much around them
as fits on a line."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final
from unicodedata import combining, normalize

from chatd.client.cells import clusters
from chatd.core.search import spaced

AROUND: Final = 24
"""How much is shown on either side of a word that was found, in characters: a hit is one row of a
usual terminal, or two."""

CUT: Final = "\N{HORIZONTAL ELLIPSIS}"

Pieces = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it was searched for."""


def pieces(text: str, words: Sequence[str]) -> Pieces:
    """``text`` in pieces. ``words`` are found as the server finds them (``docs/protocol.md``):
    whatever their case and accents."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _places(text, words):
        if start > end:
            parts.append((text[end:start], False))
        parts.append((text[start:stop], True))
        end = stop
    if text[end:]:
        parts.append((text[end:], False))
    return parts


def excerpt(text: str, words: Sequence[str]) -> Pieces:
    """The part of ``text`` around the first of ``words`` that is there, cut between words where
    that is possible."""
    places = _places(text, words)
    start, stop = places[0] if places else (0, 0)
    whole = len(text) <= 2 * AROUND + stop - start
    low = 0 if whole or start <= AROUND else _cut_before(text, start)
    high = len(text) if whole or stop + AROUND >= len(text) else _cut_after(text, stop)
    inner = pieces(text[low:high], words)
    return [*([(f"{CUT} ", False)] if low else []), *inner, *([(f" {CUT}", False)] if high < len(text) else [])]


def _cut_before(text: str, start: int) -> int:
    """Where an excerpt begins that is to have `AROUND` characters before ``start``."""
    space = text.find(" ", start - AROUND, start - AROUND // 2) + 1
    ends = _ends(text)
    return space or ends[bisect_left(ends, start - AROUND)]


def _cut_after(text: str, stop: int) -> int:
    space = text.rfind(" ", stop + AROUND // 2, stop + AROUND + 1)
    ends = _ends(text)
    return space if space >= 0 else max(stop, ends[bisect_right(ends, stop + AROUND) - 1])


def _ends(text: str) -> list[int]:
    """Where ``text`` can be cut without cutting a cluster."""
    return [0, *accumulate(map(len, clusters(text)))]


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where ``words`` stand in ``text``: from, to; in order, and none within another."""
    if not words:
        return []
    folded, places = _folded(text)
    found = sorted(match.span() for word in words if (sought := _sought(word)) for match in sought.finditer(folded))
    spans: list[tuple[int, int]] = []
    for start, stop in found:
        if start < stop and (not spans or places[start] >= spans[-1][1]):
            spans.append((places[start], _end_of_accents(text, places[stop - 1] + 1)))
    return spans


def _folded(text: str) -> tuple[str, list[int]]:
    """``text`` without case and accents, and for each character of that the place in ``text``."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        bare = "".join(part for part in normalize("NFKD", character) if not combining(part)).casefold()
        folded.append(bare)
        places += [place] * len(bare)
    return "".join(folded), places


def _end_of_accents(text: str, place: int) -> int:
    while place < len(text) and combining(text[place]):
        place += 1
    return place


def _sought(word: str) -> re.Pattern[str] | None:
    """What ``word`` looks like in a folded text: a whole word, or its beginning (``deploy*``); of a
    script without spaces, any part."""
    bare = word.rstrip("*")
    tokens = re.findall(r"[^\W_]+", _folded(bare)[0])
    if not tokens:
        return None
    begin = "" if _has_no_spaces(bare[:1]) else r"(?<![^\W_])"
    end = "" if bare != word or _has_no_spaces(bare[-1:]) else r"(?![^\W_])"
    return re.compile(begin + r"[\W_]+".join(map(re.escape, tokens)) + end)


def _has_no_spaces(character: str) -> bool:
    return spaced(character) != character
