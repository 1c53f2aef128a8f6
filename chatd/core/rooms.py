"""The rooms of the server, and which of them each person is in."""

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
    """All rooms. ``store`` has their logs, and ``on_news`` is called with a room when its log has
    new events."""

    def __init__(self, store: LogStore, on_news: Callable[[Room], None]) -> None:
        self._store = store
        self._on_news = on_news
        self._by_key: dict[str, Room] = {}
        self._by_person: dict[Person, dict[str, Room]] = {}
        for name in store.room_names()[-ROOMS:]:
            with contextlib.suppress(BadRoom):  # It was created with an older grammar.
                self.open(parse_room(name))

    def __iter__(self) -> Iterator[Room]:
        """All rooms, including empty ones that only have a log."""
        return iter(self._by_key.values())

    def open(self, name: Name) -> Room:
        """The room called ``name``; it is created if necessary. Raises TooMany if there are too
        many rooms and none is empty."""
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
            raise NoSuchRoom(f"There is no room #{name.removeprefix('#')}.", f"/rooms lists them; /join #{key} creates it.")
        return room

    def retry_failed(self) -> None:
        """Try again to store the reports that could not be stored; called every few seconds."""
        for room in self:
            room.retry_failed()

    def _close_oldest(self) -> None:
        """Make space for a room: close the oldest empty one, which deletes a log that is only in
        memory."""
        for key, room in self._by_key.items():
            if not room.members:
                del self._by_key[key]
                self._store.close_log(key)
                return
        raise TooMany(f"The server already has {ROOMS} rooms.", "Join one of them; /rooms lists them.")

    # -- Memberships

    def of(self, person: Person) -> Mapping[str, Room]:
        """The rooms that ``person`` is in, by key, in the order in which they entered them."""
        return self._by_person.get(person, {})

    def joined_room(self, session: Session, name: str) -> Room:
        """The room called ``name``, which the person of ``session`` must be in; empty: the current
        one.

        Raises BadRoom and NotInRoom.
        """
        if not name:
            if session.current is None:
                raise NotInRoom("You are not in any room.", "/join ROOM enters one; /rooms lists them.")
            return session.current
        rooms = self.of(session.person) if session.person else {}
        room = rooms.get(name) or rooms.get(parse_room(name).key)
        if room is None:
            bare = name.removeprefix("#")
            raise NotInRoom(f"You are not in #{bare}.", f"/join #{bare} enters it.")
        return room

    def join(self, person: Person, room: Room, draft: Joined, on_stored: OnStored) -> Membership:
        """Add ``person`` to ``room`` and append ``draft``, the event of joining."""
        self._by_person.setdefault(person, {})[room.name.key] = room
        return room.join(person, draft, on_stored)

    def remove(self, person: Person, room: Room) -> Membership:
        """Remove ``person`` from ``room`` and return their membership."""
        rooms = self._by_person[person]
        del rooms[room.name.key]
        if not rooms:
            del self._by_person[person]
        return room.members.pop(person)
