"""Where the words of a search are in a text, and an excerpt around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from chatd.core.folding import folded_pieces
from chatd.core.search import pattern

CUT: Final = "\N{HORIZONTAL ELLIPSIS}"

Pieces = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it matches the search."""


def highlight(text: str, terms: Sequence[str]) -> Pieces:
    """``text`` in pieces; ``terms`` match as they do in a search (``search.py``)."""
    return _pieces(text, _places(text, terms), 0, len(text))


def excerpt(text: str, terms: Sequence[str], around: int) -> Pieces:
    """The part of ``text`` with about ``around`` characters on either side of the first match, cut
    between words where possible."""
    places = _places(text, terms)
    start, stop = places[0] if places else (0, 0)
    is_whole = len(text) <= 2 * around + stop - start
    low = 0 if is_whole or start <= around else _cut_before(text, start, around)
    high = len(text) if is_whole or stop + around >= len(text) else _cut_after(text, stop, around)
    inner = _pieces(text, places, low, high)
    return [*([(f"{CUT} ", False)] if low else []), *inner, *([(f" {CUT}", False)] if high < len(text) else [])]


def _pieces(text: str, places: Sequence[tuple[int, int]], low: int, high: int) -> Pieces:
    """``text`` from ``low`` to ``high``, in pieces; ``places`` are the matches in the whole text: a
    word that is cut at an end may look like another one."""
    parts: list[tuple[str, bool]] = []
    end = low
    for start, stop in places:
        start, stop = max(start, low), min(stop, high)
        if start < stop:
            parts += [(text[end:start], False), (text[start:stop], True)]
            end = stop
    return [part for part in (*parts, (text[end:high], False)) if part[0]]


def _cut_before(text: str, start: int, around: int) -> int:
    space = text.find(" ", start - around, start - around // 2) + 1
    return space or next(end for end in _ends(text) if end >= start - around)


def _cut_after(text: str, stop: int, around: int) -> int:
    space = text.rfind(" ", stop + around // 2, stop + around + 1)
    return space if space >= 0 else max(end for end in (stop, *_ends(text)) if end <= max(stop, stop + around))


def _ends(text: str) -> Iterator[int]:
    """Where ``text`` can be cut without cutting what people see as one character."""
    return (stop for _, stop, _ in folded_pieces(text))


def _places(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """The start and end of each match of ``terms`` in ``text``, in order and without overlap."""
    if not terms:
        return []
    folded, places = _folded(text)
    found: list[tuple[int, int]] = []
    for wanted in map(pattern, terms):
        size = len(wanted.strip())
        begin = folded.find(wanted) if size else -1
        while begin >= 0:
            found.append((places[begin + 1][0], places[begin + size][1]))
            begin = folded.find(wanted, begin + 1)
    return _without_overlap(sorted(found))


def _folded(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """The searchable ``text`` with a space before and after it, and where in ``text`` each of its
    characters comes from."""
    characters, places = [" "], [(0, 0)]
    for start, stop, piece in folded_pieces(text):
        for character in piece:
            if character != " " or characters[-1] != " ":
                characters.append(character)
                places.append((start, stop))
    return f"{''.join(characters).rstrip()} ", places


def _without_overlap(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in places:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged
