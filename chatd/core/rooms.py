"""The rooms of the server, and which of them each person is in."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from chatd.core.errors import BadRoom, NoSuchRoom, NotInRoom, TooMany
from chatd.core.events import Joined
from chatd.core.identity import network_of
from chatd.core.limits import ROOMS, ROOMS_PER_ADDRESS, ROOMS_STORED
from chatd.core.log import LogStore, OnStored
from chatd.core.membership import Membership
from chatd.core.names import Name, parse_room
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.core.singles import Singles

SERVER: Final = Name("@server", "@server", "@server")
"""The name of the log of the server, in which operators find what was done: nobody enters it, and
no room can be called so."""


class Rooms:
    """All rooms. ``store`` has their logs, and ``on_news`` is called with a room when its log has
    new events."""

    def __init__(self, store: LogStore, on_news: Callable[[Room], None], default: Name) -> None:
        self.default = default
        self._store = store
        self._on_news = on_news
        self._by_key: dict[str, Room] = {}
        self._by_skeleton: dict[str, list[Room]] = {}
        """The rooms that look alike, oldest first."""
        self._by_person: dict[Person, tuple[Room, ...]] = {}
        self._singles = Singles[Room]()
        self._made_by: dict[Room, str] = {}
        """The address that created each room, for the rooms created since the start."""
        self._made: Counter[str] = Counter()
        self._server: Room | None = None
        for name in store.room_names()[-ROOMS:]:
            with contextlib.suppress(BadRoom):  # It was created with an older grammar.
                self._add(parse_room(name))  # Two that look alike both stay.

    def __iter__(self) -> Iterator[Room]:
        """All rooms, including empty ones that only have a log."""
        return iter(self._by_key.values())

    def open(self, name: Name, address: str = "") -> Room:
        """The room called ``name``; if there is none, it is created for somebody at ``address``.

        Raises BadRoom if a new room would look like another one, and TooMany if the address has
        created too many rooms, if no more are stored, or if no room can make place for it. The
        default room can always be opened.
        """
        room = self._by_key.get(name.key)
        return self._make(name, network_of(address)) if room is None else room

    def _make(self, name: Name, network: str) -> Room:
        if name.key != self.default.key:
            self._check_distinct(name)
            self._check_number(name, network)
        room = self._add(name)
        if network:
            self._made_by[room] = network
            self._made[network] += 1
        return room

    def _add(self, name: Name) -> Room:
        room = self._by_key[name.key] = Room(name, self._store.log(name), self._on_news)
        self._by_skeleton.setdefault(name.skeleton, []).append(room)
        return room

    def _check_distinct(self, name: Name) -> None:
        """Raise BadRoom if another room looks like ``name``."""
        alike = next(iter(self._by_skeleton.get(name.skeleton, ())), None)
        if alike is not None and not alike.rights.modes.is_listed:
            raise BadRoom(f"#{name.text} looks like the name of another room.", "Choose another name.")
        other = self.default if alike is None else alike.name
        if other.skeleton == name.skeleton:
            hint = f"/join #{other.text} enters that room; or choose another name."
            raise BadRoom(f"#{name.text} looks like #{other.text}.", hint)

    def _check_number(self, name: Name, network: str) -> None:
        """Check the limits for one more room, called ``name``, and close an empty one if necessary.
        Raises TooMany."""
        if self._made[network] >= ROOMS_PER_ADDRESS:
            raise TooMany(f"Your address has already created {ROOMS_PER_ADDRESS} rooms.", "Join one of them; /rooms lists them.")
        if self._store.is_full and name.key not in self._store.logs:
            raise _too_many(ROOMS_STORED)
        if len(self._by_key) >= ROOMS:
            self._close_one(network)

    @property
    def server(self) -> Room:
        """The log of the server, as a room."""
        if self._server is None:
            self._server = Room(SERVER, self._store.log(SERVER), self._on_news)
        return self._server

    def get(self, key: str) -> Room | None:
        """The room with this key, if there is one."""
        return self._by_key.get(key)

    def find(self, name: str) -> Room:
        """The room called ``name``. Raises BadRoom and NoSuchRoom."""
        room = self._by_key.get(parse_room(name).key)
        if room is None:
            raise no_such_room(name)
        return room

    def retry_failed(self) -> None:
        """Try again to store the reports that could not be stored; called every few seconds."""
        for room in self:
            room.retry_failed()

    def _close_one(self, network: str) -> None:
        """Close the oldest empty room that the same address created, or else the oldest empty one.
        A room whose log still lacks an event stays. If the log is only in memory, it is deleted.
        Raises TooMany."""
        own = (room for room, maker in self._made_by.items() if maker == network)
        room = next(filter(self._may_close, itertools.chain(own, self)), None)
        if room is None:
            raise _too_many(ROOMS)
        self._drop(room)
        self._store.close_log(room.name.key)

    def _may_close(self, room: Room) -> bool:
        return not room.members and room.attendance.is_settled and room.name.key != self.default.key

    def on_left(self, room: Room) -> None:
        """Remove ``room`` if it is empty and blank; called when somebody's leaving is stored."""
        is_open = self._by_key.get(room.name.key) is room
        if is_open and not room.members and room.is_blank and room.name.key != self.default.key:
            self._drop(room)
            self._store.remove_log(room.name.key)

    def _drop(self, room: Room) -> None:
        del self._by_key[room.name.key]
        alike = self._by_skeleton[room.name.skeleton]
        alike.remove(room)
        if not alike:
            del self._by_skeleton[room.name.skeleton]
        network = self._made_by.pop(room, "")
        if network:
            self._made[network] -= 1
            if not self._made[network]:
                del self._made[network]

    # -- Memberships

    def of(self, person: Person) -> Sequence[Room]:
        """The rooms that ``person`` is in, in the order in which they entered them."""
        return self._by_person.get(person, ())

    def joined_room(self, session: Session, name: str) -> Room:
        """The room called ``name``, which the person of ``session`` must be in; empty: the current
        one.

        Raises BadRoom and NotInRoom.
        """
        if not name:
            if session.current is None:
                raise NotInRoom("You are not in any room.", "/join ROOM enters one; /rooms lists them.")
            return session.current
        room = self._by_key.get(name) or self._by_key.get(parse_room(name).key)
        if room is None or session.person not in room.members:
            bare = name.removeprefix("#")
            raise NotInRoom(f"You are not in #{bare}.", f"/join #{bare} enters it.")
        return room

    def join(self, person: Person, room: Room, membership: Membership, draft: Joined, on_stored: OnStored) -> None:
        """Let ``person`` into ``room``, with this ``membership``, which ``draft`` reports."""
        self._by_person[person] = (*others, room) if (others := self.of(person)) else self._singles.of(room)
        room.join(person, membership, draft, on_stored)

    def remove(self, person: Person, room: Room) -> Membership:
        """Remove ``person`` from ``room`` and return their membership."""
        left = tuple(other for other in self._by_person.pop(person) if other is not room)
        if left:
            self._by_person[person] = left
        return room.members.pop(person)


def _too_many(most: int) -> TooMany:
    return TooMany(f"The server already has {most} rooms.", "Join one of them; /rooms lists them.")


def no_such_room(name: str) -> NoSuchRoom:
    """The refusal when there is no room ``name``, or none that may be seen."""
    bare = name.removeprefix("#")
    return NoSuchRoom(f"There is no room #{bare}.", f"/rooms lists them; /join #{parse_room(name).key} creates it.")
