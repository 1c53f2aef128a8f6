"""The policy: what a person may do, and what they may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatd.core.commands import TABLE, Row
from chatd.core.membership import Role
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.room import Room


def may(person: Person, room: Room, right: Role) -> bool:
    """Whether ``person`` may do in ``room`` what requires the role ``right``."""
    membership = room.members.get(person)
    return not right if membership is None else membership.role >= right


class Visible:
    """What one person may see. Every list, look-up, search and error text goes through it.

    ``person`` is None for somebody without a nick. At present everybody may see everything.
    """

    __slots__ = ("_person", "_registry")

    def __init__(self, registry: Registry, person: Person | None) -> None:
        self._registry = registry
        self._person = person

    def rooms(self) -> Iterator[Room]:
        """All rooms."""
        return iter(self._registry.rooms)

    def logs(self) -> frozenset[str]:
        """The keys of the rooms whose logs may be searched, including closed rooms."""
        return frozenset(self._registry.store.logs)

    def room(self, name: str) -> Room:
        """The room called ``name``. Raises BadRoom and NoSuchRoom."""
        return self._registry.rooms.find(name)

    def person(self, nick: str) -> Person:
        """The person called ``nick``. Raises NoSuchNick."""
        return self._registry.directory.find(nick)

    def rooms_of(self, other: Person) -> Sequence[Room]:
        """The rooms that ``other`` is in, in the order in which they entered them."""
        return tuple(self._registry.rooms.of(other).values())

    def commands(self) -> Sequence[Row]:
        """The commands that people can type, as ``/help`` lists them."""
        return TABLE


def visible(registry: Registry, person: Person | None) -> Visible:
    """What ``person`` may see of the server."""
    return Visible(registry, person)
