"""Who is here: connections, nicks, rooms."""

from __future__ import annotations

import contextlib
import ipaddress
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from chatd.core.errors import BadRoom, NickTaken, NoSuchNick, NoSuchRoom, ServerFull, TooMany
from chatd.core.events import Forgotten
from chatd.core.limits import FLOOD_BURST, FLOOD_RATE, PRIVATE_IDS, ROOMS, SESSIONS, SESSIONS_PER_ADDRESS
from chatd.core.log import Log, Store
from chatd.core.names import Name, fold, parse_room
from chatd.core.retention import span
from chatd.core.room import Room
from chatd.core.session import Session


@dataclass(frozen=True, slots=True)
class Settings:
    """What whoever runs the server has chosen; a limit of 0 is no limit."""

    name: str = "chatd"
    motd: tuple[str, ...] = ()
    default_room: str = "lobby"
    flood_rate: float = FLOOD_RATE
    flood_burst: int = FLOOD_BURST
    max_per_address: int = SESSIONS_PER_ADDRESS
    max_sessions: int = SESSIONS
    keep: str = ""
    """How long everything is kept at most (``keep.py``); empty: for ever."""


class Connection(Protocol):
    """What counts as a connection: a session, or a caller of whom nothing is known yet."""

    @property
    def address(self) -> str:
        """Where it comes from, as people write it."""


class Registry:
    """The one place that knows who is present, under which nick, and which rooms there are.

    ``store`` has the logs of the rooms, ``now`` gives the milliseconds since 1970-01-01 UTC, and
    ``news`` is told of a room when something has happened there.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        now: Callable[[], int],
        news: Callable[[Room], None],
    ) -> None:
        self.settings = settings
        self.store = store
        self.now = now
        self.default_room = parse_room(settings.default_room)
        self.reserved = frozenset({settings.name, self.default_room.text})
        self.told: dict[tuple[str, str], str] = {}
        self._news = news
        self._connected: dict[Connection, str] = {}
        self._per_address: Counter[str] = Counter()
        self._by_key: dict[str, Session] = {}
        self._by_skeleton: dict[str, Session] = {}
        self._by_sender: dict[str, Session] = {}
        self._rooms: dict[str, Room] = {}
        self._open_rooms()

    # -- Connections

    def admit(self, connection: Connection) -> None:
        """Count a new connection. Raises ServerFull where it is one too many."""
        settings, place = self.settings, _network(connection.address)
        if settings.max_sessions and len(self._connected) >= settings.max_sessions:
            raise ServerFull("The server is full.", "Try again later.")
        if place and settings.max_per_address and self._per_address[place] >= settings.max_per_address:
            raise ServerFull("There are too many connections from your address.", "Close one of them first.")
        self._connected[connection] = place
        self._per_address[place] += 1

    def dismiss(self, connection: Connection) -> None:
        """Forget a connection; it must have released its seat."""
        place = self._connected.pop(connection, None)
        if place is not None:
            self._per_address[place] -= 1
            if not self._per_address[place]:
                del self._per_address[place]

    def connections(self) -> tuple[Session, ...]:
        """All sessions, those without a nick included."""
        return tuple(connection for connection in self._connected if isinstance(connection, Session))

    # -- Nicks

    def check_free(self, name: Name, but_for: Session) -> None:
        """Raise NickTaken where somebody other than ``but_for`` is called ``name``, or what looks
        the same."""
        for holder in (self._by_key.get(name.key), self._by_skeleton.get(name.skeleton)):
            if holder is None or holder is but_for:
                continue
            if holder.name is not None and holder.name.key == name.key:
                raise NickTaken(f"{holder.nick} is here already.", "Choose another nick.")
            raise NickTaken(f"{name.text} looks like {holder.nick}, who is here already.", "Choose another nick.")

    def claim(self, session: Session, name: Name) -> None:
        """Let ``session`` be called ``name``, instead of what it was called. Raises NickTaken."""
        self.check_free(name, session)
        self._forget_name(session)
        session.name = name
        self._by_key[name.key] = session
        self._by_skeleton[name.skeleton] = session

    def seat(self, session: Session, sender_id: str) -> None:
        """Know ``session`` as the one sender of ``sender_id``, which nobody else may hold."""
        assert sender_id not in self._by_sender
        session.sender_id = sender_id
        self._by_sender[sender_id] = session

    def release(self, session: Session) -> None:
        """Free the nick and the sender_id of ``session``."""
        self._forget_name(session)
        session.name = None
        if self._by_sender.get(session.sender_id) is session:
            del self._by_sender[session.sender_id]

    def holder(self, sender_id: str) -> Session | None:
        """Who sits on the seat of ``sender_id``."""
        return self._by_sender.get(sender_id)

    def person(self, nick: str) -> Session:
        """Who is called ``nick``. Raises NoSuchNick."""
        session = self._by_key.get(fold(nick))
        if session is None:
            raise NoSuchNick(f"Nobody called {nick} is here.", "/who lists who is.")
        return session

    def _forget_name(self, session: Session) -> None:
        if session.name is not None:
            del self._by_key[session.name.key]
            del self._by_skeleton[session.name.skeleton]

    # -- Rooms

    def open_room(self, name: Name) -> Room:
        """The room called ``name``, made if need be. Raises TooMany when all places for rooms are
        taken by people."""
        room = self._rooms.get(name.key)
        if room is None:
            if len(self._rooms) >= ROOMS:
                self._close_oldest()
            room = self._rooms[name.key] = Room(name, self.store.log(name), self._news)
        return room

    def _open_rooms(self) -> None:
        """Open the rooms that the store knows from before, as many as there is place for."""
        for name in self.store.room_names()[-ROOMS:]:
            with contextlib.suppress(BadRoom):  # The grammar was another one when it was made.
                self.open_room(parse_room(name))

    def room(self, name: str) -> Room:
        """The room called ``name``. Raises BadRoom and NoSuchRoom."""
        key = parse_room(name).key
        room = self._rooms.get(key)
        if room is None:
            raise NoSuchRoom(f"There is no room #{name.removeprefix('#')}.", f"/rooms lists them; /join #{key} makes it.")
        return room

    def rooms(self) -> Iterator[Room]:
        """Every room, those that are empty and only keep their log included."""
        return iter(self._rooms.values())

    def settle(self) -> None:
        """Try again to store what has happened and could not be; called every few seconds."""
        for room in self._rooms.values():
            room.settle()

    def _close_oldest(self) -> None:
        """Make place for a room: the empty one that was made first goes, and with it a log that is
        in memory alone."""
        for key, room in self._rooms.items():
            if not room.members:
                del self._rooms[key]
                self.store.close_log(key)
                return
        raise TooMany(f"There are {ROOMS} rooms already.", "Enter one of them; /rooms lists them.")

    # -- Forgetting

    def forget(self) -> None:
        """Delete what is older than its room, or the server, keeps it; called every few minutes."""
        for key, log in self.store.logs.items():
            self.forget_in(key, log)

    def forget_in(self, key: str, log: Log) -> None:
        """Delete what is too old in the log of one room, and tell those who are there."""

        def forgotten(first: int, time: int) -> None:
            room = self._rooms.get(key)
            for session in () if room is None else room.members:
                session.out.tell(Forgotten(session.rooms[key].name.text, first, time))

        log.forget(self.now(), span(self.settings.keep), forgotten)

    # -- Private messages

    def remember_told(self, sender_id: str, id: str, nick: str) -> None:
        """Remember that the message ``id`` from ``sender_id`` was told to ``nick``, so that it is
        not told twice."""
        self.told[sender_id, id] = nick
        if len(self.told) > PRIVATE_IDS:
            del self.told[next(iter(self.told))]


def _network(address: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 network of 64 bits; empty for callers of
    this machine's sockets."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if ip.version == 4:
        return address
    mapped = ip.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((ip, 64), strict=False))
