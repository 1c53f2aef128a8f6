"""Search: queries, and which messages match them.

All words of a query have to be in a message, and none of those that it excludes. A *term* is a word
as people type it: several words are a phrase, and ``deploy*`` is any word that begins with
``deploy``. ``folding.py`` says which words are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from chatd.core.events import Private, Said
from chatd.core.folding import searchable
from chatd.core.names import fold
from chatd.core.when import FOR_EVER


@dataclass(frozen=True, slots=True)
class Query:
    """A search for messages with all terms of ``words`` and none of ``excluded``, in the rooms with
    the keys ``rooms``, optionally by one ``nick`` and within a period.

    Times are in milliseconds since 1970-01-01 UTC, and ``nick`` is case-folded, as is ``peer``, who
    is the other person in an inbox. At most ``limit`` messages are returned.
    """

    words: tuple[str, ...]
    rooms: Collection[str]
    nick: str = ""
    since: int = 0
    until: int = FOR_EVER
    limit: int = 20
    excluded: tuple[str, ...] = ()
    firsts: Mapping[str, int] = field(default_factory=dict)
    """The seqs before which nothing is found, by the keys of rooms."""
    peer: str = ""

    def is_about(self, said: Said) -> bool:
        """Whether ``said`` is by the nick that is asked for, and from the talk with the peer."""
        if self.nick and fold(said.nick) != self.nick:
            return False
        return not self.peer or (isinstance(said, Private) and fold(said.peer) == self.peer)


def matches(query: Query, said: Said) -> bool:
    """Whether ``said`` matches ``query``, except for its room."""
    if not query.since <= said.time < query.until or not query.is_about(said):
        return False
    text = f" {searchable(said.text)} "
    return all(pattern(term) in text for term in query.words) and not any(pattern(term) in text for term in query.excluded)


@functools.lru_cache(maxsize=256)
def pattern(term: str) -> str:
    """What a searchable text with a space before and after it contains if it has ``term``."""
    words = searchable(term)
    return f" {words}" if term.endswith("*") else f" {words} "
