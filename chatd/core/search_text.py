"""The text of a search as people type it: terms, terms that are excluded, and filters.

Whatever is not one of these is refused; it would find something else than was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatd.core.errors import BadUsage
from chatd.core.folding import searchable
from chatd.core.limits import SEARCH_TERMS
from chatd.core.when import DAY_AND_CLOCK

FILTERS: Final = ("in", "from", "before", "after")
"""The filters: a room, a nick, and two times."""

_EXAMPLE: Final = 'Write tea "a phrase" -word deploy*, and narrow it down with in:#lobby from:ada after:2026-11-01.'
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_MINUS: Final = "-\u2212\u2013"  # a hyphen, and the minus and the dash that keyboards make of it
_PART: Final = re.compile(rf'(?i:before|after):{DAY_AND_CLOCK}(?!\S)|[{_MINUS}]?"[^"]*"(?!\S)|\S+')
_FILTER: Final = re.compile(r"([A-Za-z]+):(?![:/\\])(.*)", re.DOTALL)
_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True)
class SearchText:
    """What a text says: the terms ``words`` and ``excluded`` (``search.py``), and the values of the
    ``filters`` by name. ``text`` is the text without filters."""

    text: str
    words: tuple[str, ...]
    excluded: tuple[str, ...]
    filters: Mapping[str, str]


def read_search(text: str) -> SearchText:
    """Read what a person typed. Raises BadUsage."""
    kept: list[str] = []
    words: list[str] = []
    excluded: list[str] = []
    filters: dict[str, str] = {}
    parts: Sequence[str] = _PART.findall(text.translate(_QUOTES))
    for place, part in enumerate(parts, 1):
        match = None if '"' in part else _FILTER.fullmatch(part)
        if match and (name := _filter_name(match[1], match[2], part, filters)):
            filters[name] = match[2]
            continue
        kept.append(part)
        if part[0] in _MINUS and len(part) > 1:
            excluded.append(_term(part[1:], part))
        else:
            _check_operator(part, is_first=not words, is_last=place == len(parts))
            words.append(_term(part, part))
    if not words:
        raise BadUsage("There are only excluded words." if excluded else "There are no words to search for.", _EXAMPLE)
    if len(kept) > SEARCH_TERMS:
        raise BadUsage(f"A search has at most {SEARCH_TERMS} words.", "Leave some out.")
    return SearchText(" ".join(kept), tuple(words), tuple(excluded), filters)


def _filter_name(key: str, value: str, part: str, known: Mapping[str, str]) -> str:
    """The name of the filter in ``part``; empty if it is a word that ends with a colon. Raises
    BadUsage."""
    name = key.lower()
    if name not in FILTERS:
        if value:
            hint = f'Use in:, from:, before: or after:, or write "{part[:32]}" to find these words.'
            raise BadUsage(f"There is no filter {key[:32]}:.", hint)
        return ""
    if not value:
        example = {"in": "in:#lobby", "from": "from:ada"}.get(name, f"{name}:2026-11-23")
        raise BadUsage(f"There is nothing after {name}:.", f"Write {example}, without a space.")
    if name in known:
        raise BadUsage(f"You gave {name}: twice.", "Give it once.")
    return name


def _term(term: str, part: str) -> str:
    """The term that a person wrote as ``term``, without quotation marks; ``part`` is what they
    wrote in all. Raises BadUsage."""
    is_phrase = len(term) > 1 and term[0] == term[-1] == '"'
    bare = term[1:-1].strip() if is_phrase else term
    shown = part[:32]
    if '"' in bare or bare == '"':
        raise BadUsage("A quotation mark has no other one around the words.", 'Write "a phrase", with spaces around it.')
    if not is_phrase and part != term and (term[0] in _MINUS or _FILTER.fullmatch(term)):
        raise BadUsage(f"{shown} cannot be excluded.", f'-word excludes a word; "{shown}" finds these words.')
    if not searchable(bare):
        raise BadUsage(f"{shown} has no letter or digit, so it cannot be found.", "Leave it out.")
    if "*" in bare[:-1]:
        raise BadUsage("* is only possible at the end of a word.", "Write deploy* to find every word that begins with deploy.")
    return bare


def _check_operator(word: str, is_first: bool, is_last: bool) -> None:
    if word in _OPERATORS and not is_last and (word == "NOT" or not is_first):
        hint = f'All words have to be there, and -word excludes one; "{word}" finds the word.'
        raise BadUsage(f"A search does not know {word}.", hint)
