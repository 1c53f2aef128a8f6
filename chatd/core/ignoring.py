"""Whom a person ignores: people, not only nicks.

Guests have nothing that lasts but a nick, so whoever has an ignored nick is ignored. Besides, the
seats of the person who had it then are remembered: they stay ignored under another nick, and so
does what they said under others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from chatd.core.events import Edited, Event, Left, Said, TopicSet
from chatd.core.limits import SEATS_PER_IGNORED
from chatd.core.names import fold

_WITH_TEXT: Final = (Said, Edited, TopicSet, Left)
"""The events that have a text of whoever caused them."""


@dataclass(slots=True)
class Ignored:
    """Somebody who is ignored: the ``nick`` that was given, and the sender_ids of the ``seats``
    that are known to be theirs, newest last."""

    nick: str
    seats: dict[str, None] = field(default_factory=dict)


class IgnoreList:
    """The people whom one person ignores."""

    __slots__ = ("_by_key", "_keys_of_seats")

    def __init__(self, nicks: Iterable[str] = ()) -> None:
        self._by_key: dict[str, Ignored] = {}
        self._keys_of_seats: dict[str, str] = {}
        for nick in nicks:
            self.add(nick)

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: str) -> bool:
        """Whether the nick with this ``key`` is ignored."""
        return key in self._by_key

    @property
    def people(self) -> list[Ignored]:
        """Who is ignored, sorted by nick."""
        return [self._by_key[key] for key in sorted(self._by_key)]

    # -- Changes

    def copy(self) -> IgnoreList:
        """Another list, with the same people. Whoever changes the list of a person changes a copy,
        since theirs may be `NO_ONE`."""
        other = IgnoreList()
        other.merge(self)
        return other

    def add(self, nick: str, seats: Iterable[str] = ()) -> None:
        """Ignore whoever has ``nick``, and the person who has these ``seats``; the oldest of more
        than ``SEATS_PER_IGNORED`` are forgotten."""
        assert self is not NO_ONE, "everybody would ignore them"
        key = fold(nick)
        ignored = self._by_key.setdefault(key, Ignored(nick))
        ignored.nick = nick
        for seat in seats:
            if seat not in self._keys_of_seats:
                ignored.seats[seat] = None
                self._keys_of_seats[seat] = key
        while len(ignored.seats) > SEATS_PER_IGNORED:
            oldest = next(iter(ignored.seats))
            del ignored.seats[oldest], self._keys_of_seats[oldest]

    def merge(self, other: IgnoreList) -> None:
        """Ignore also whoever is in ``other``."""
        for ignored in other.people:
            self.add(ignored.nick, ignored.seats)

    def remove(self, nick: str, seats: Iterable[str] = ()) -> bool:
        """Ignore neither ``nick`` nor the person who has these ``seats``; whether either was
        ignored."""
        keys = {self._keys_of_seats[seat] for seat in seats if seat in self._keys_of_seats} | {fold(nick)} & self._by_key.keys()
        for key in keys:
            for seat in self._by_key.pop(key).seats:
                del self._keys_of_seats[seat]
        return bool(keys)

    # -- Questions

    def covers(self, nick: str, seat: str) -> bool:
        """Whether the person with ``nick`` and ``seat`` is ignored."""
        return seat in self._keys_of_seats or fold(nick) in self._by_key

    def heard(self, event: Event) -> Event | None:
        """``event`` as it is heard: of ignored people no message and no topic, and their leaving
        without its text."""
        if not self._by_key or not isinstance(event, _WITH_TEXT) or not self.covers(event.nick, event.sender_id):
            return event
        if not isinstance(event, Left):
            return None
        return replace(event, text="") if event.text else event


NO_ONE: Final = IgnoreList()
"""The list of everybody who ignores nobody, which never changes."""
