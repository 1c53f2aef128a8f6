"""Which rooms there are, and which of them a person is in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from chatd.core.errors import BadRoom, NoSuchRoom, NotInRoom, TooMany
from chatd.core.events import Joined
from chatd.core.limits import ROOMS
from chatd.core.log import LogStore, OnStored
from chatd.core.membership import Membership
from chatd.core.names import Name, parse_room
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.core.session import Session


class Rooms:
    """The rooms, whose logs ``store`` has; ``on_news`` is told of a room in which something is
    new."""

    def __init__(self, store: LogStore, on_news: Callable[[Room], None]) -> None:
        self._store = store
        self._on_news = on_news
        self._by_key: dict[str, Room] = {}
        self._of: dict[Person, dict[str, Room]] = {}
        for name in store.room_names()[-ROOMS:]:
            with contextlib.suppress(BadRoom):  # The grammar was another one when it was made.
                self.open(parse_room(name))

    def __iter__(self) -> Iterator[Room]:
        """Every room, those that are empty and only keep their log included."""
        return iter(self._by_key.values())

    def open(self, name: Name) -> Room:
        """The room called ``name``, made if need be. Raises TooMany when all places for rooms are
        taken by people."""
        room = self._by_key.get(name.key)
        if room is None:
            if len(self._by_key) >= ROOMS:
                self._close_oldest()
            room = self._by_key[name.key] = Room(name, self._store.log(name), self._on_news)
        return room

    def get(self, key: str) -> Room | None:
        """The room with this key, if there is one."""
        return self._by_key.get(key)

    def find(self, name: str) -> Room:
        """The room called ``name``. Raises BadRoom and NoSuchRoom."""
        key = parse_room(name).key
        room = self._by_key.get(key)
        if room is None:
            raise NoSuchRoom(f"There is no room #{name.removeprefix('#')}.", f"/rooms lists them; /join #{key} makes it.")
        return room

    def retry_owed(self) -> None:
        """Try again to store what has happened and could not be stored; called every few
        seconds."""
        for room in self:
            room.retry_owed()

    def _close_oldest(self) -> None:
        """Make place for a room: the oldest empty one goes, unless its log must still be told who
        left. A log that is in memory alone goes with it."""
        for key, room in self._by_key.items():
            if not room.members and room.attendance.is_settled:
                del self._by_key[key]
                self._store.close_log(key)
                return
        raise TooMany(f"There are {ROOMS} rooms already.", "Enter one of them; /rooms lists them.")

    # -- Who is in which

    def of(self, person: Person) -> Mapping[str, Room]:
        """The rooms that ``person`` is in, by key, in the order of entering."""
        return self._of.get(person, {})

    def room_of(self, session: Session, name: str) -> Room:
        """The room called ``name``, which the person of ``session`` must be in; empty: the current
        one.

        Raises BadRoom and NotInRoom.
        """
        if not name:
            if session.current is None:
                raise NotInRoom("You are in no room.", "/join ROOM enters one; /rooms lists them.")
            return session.current
        rooms = self.of(session.person) if session.person else {}
        room = rooms.get(name) or rooms.get(parse_room(name).key)
        if room is None:
            bare = name.removeprefix("#")
            raise NotInRoom(f"You are not in #{bare}.", f"/join #{bare} enters it.")
        return room

    def join(self, person: Person, room: Room, membership: Membership, draft: Joined, on_stored: OnStored) -> None:
        """Let ``person`` into ``room``, with this ``membership``, which ``draft`` reports."""
        self._of.setdefault(person, {})[room.name.key] = room
        room.join(person, membership, draft, on_stored)

    def remove(self, person: Person, room: Room) -> Membership:
        """Let ``person`` be in ``room`` no longer; the membership that ends."""
        rooms = self._of[person]
        del rooms[room.name.key]
        if not rooms:
            del self._of[person]
        return room.members.pop(person)
