"""Tools for tests of chatd and of programs built on it: a registry, people, and a clock that stands
still.

Nothing here opens a connection or waits::

    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    bob.ask(Say("hi"))
    assert [event.text for event in ada.take() if isinstance(event, Said)] == ["hi"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatd.core.accounts import Accounts
from chatd.core.answers import Answer, Missed, Refused
from chatd.core.authenticator import OnChecked, OnHashed
from chatd.core.commands import Command, Hello
from chatd.core.events import Event, Private, Reason
from chatd.core.limits import INBOX_BYTES, NAMES_SHOWN
from chatd.core.log import Asker, LogStore
from chatd.core.memory import MemoryStore
from chatd.core.names import fold
from chatd.core.perform import perform
from chatd.core.presence import depart, heard
from chatd.core.registry import Registry, Settings
from chatd.core.room import Room
from chatd.core.session import Session

NOON = 1_795_435_200_000
"""2026-11-23T12:00:00Z, in milliseconds since 1970-01-01 UTC."""


class StandingClock:
    """Returns the milliseconds since 1970-01-01 UTC when it is called. Time only passes with
    :meth:`advance`."""

    def __init__(self, now: int = NOON) -> None:
        self._now = now

    def __call__(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now += round(seconds * 1000)


class RecordingOutgoing:
    """An output (``session.Outgoing``) that records everything until :meth:`take` is called.

    Like an outlet it has a cursor in each room that it follows. Like the output of a program it
    includes the person's own events.
    """

    session: Session
    acknowledges_all = True
    watches = False
    names_shown = NAMES_SHOWN

    def __init__(self) -> None:
        self.cursors: dict[Room, int] = {}
        """The seq of the next event, for each room that is followed."""
        self.current: Room | None = None
        self.filtered = False
        self.reserved = 0
        """What is kept for answers that are owed, in bytes."""
        self.spent = 0.0
        """What the address was charged, in lines."""
        self.full = False
        """Set it to let the person take nothing more."""
        self.closed: Reason | None = None
        self._received: list[Event | Answer] = []

    def take(self) -> list[Event | Answer]:
        """Everything received since the last call: first the answers, then the events of each
        room."""
        for room in self.cursors:
            self._catch_up(room)
        received, self._received = self._received, []
        return received

    # -- The interface for the core (session.Outgoing)

    def tell(self, answer: Answer) -> None:
        self._received.append(answer)

    def sent(self, room: Room) -> int:
        if self.full or room not in self.cursors:
            return 0
        self._catch_up(room)
        return self.cursors[room]

    def taken(self, room: Room) -> int:
        return self.sent(room)

    def when_taken(self, then: Callable[[], object]) -> None:
        then()

    @property
    def is_owed(self) -> bool:
        return self.reserved > INBOX_BYTES

    def after_news(self, then: Callable[[], object]) -> None:
        then()

    def follow(self, room: Room, cursor: int) -> None:
        assert room not in self.cursors, "this room is followed already"
        self.cursors[room] = cursor

    def unfollow(self, room: Room, stop: int) -> None:
        if room in self.cursors:
            self._catch_up(room, stop)
            del self.cursors[room]

    def turn_to(self, room: Room | None) -> None:
        self.current = room

    def set_filtered(self, filtered: bool) -> None:
        self.filtered = filtered

    def reserve(self, size: int) -> None:
        self.reserved += size

    def release(self, size: int) -> None:
        self.reserved -= size

    @property
    def congested(self) -> bool:
        """Whether a door would take nothing more that the session asks."""
        return self.reserved >= INBOX_BYTES // 2

    def spend(self, lines: float) -> None:
        self.spent += lines

    def close(self, reason: Reason) -> None:
        self.closed = reason

    def fail(self, defect: BaseException) -> None:
        raise defect

    def _catch_up(self, room: Room, stop: int | None = None) -> None:
        cursor, log = self.cursors[room], room.log
        if cursor < log.first:
            self._received.append(Missed(room.name.text, cursor, log.first - 1))
        stop = log.end if stop is None else stop
        news = [event for event in log.read(cursor, stop) if not self._is_own_private(event)]
        self._received.extend(heard(self.session, news) if self.filtered else news)
        self.cursors[room] = max(cursor, stop)

    def _is_own_private(self, event: Event) -> bool:
        return isinstance(event, Private) and event.sender_id == self.session.sender_id


class InstantAuthenticator:
    """An authenticator (``authenticator.Authenticator``) for the passwords of ``accounts`` that
    answers at once, and calls a password ``hash of PASSWORD``."""

    knows_others = False

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.waits: list[float] = []
        """How long connections had to wait, in seconds; none of them did."""

    def check(self, nick: str, password: str, asker: Asker, on_checked: OnChecked) -> None:
        account = self._accounts.get(fold(nick))
        on_checked(account is not None and account.password == f"hash of {password}")

    def hash(self, password: str, asker: Asker, on_hashed: OnHashed) -> None:
        on_hashed(f"hash of {password}")

    def wait(self, seconds: float, then: Callable[[], object]) -> None:
        self.waits.append(seconds)
        then()


class Visitor:
    """Somebody with an admitted connection and no nick yet; ``is_secure``: nobody can listen."""

    def __init__(self, registry: Registry, address: str = "192.0.2.1", door: str = "json", is_secure: bool = True) -> None:
        self.registry = registry
        self.out = RecordingOutgoing()
        self.session = self.out.session = Session(self.out, address, door, registry.now())
        self.session.is_secure = is_secure
        registry.admission.admit(self.session)

    def ask(self, command: Command) -> list[Event | Answer]:
        """Perform ``command`` and return everything received since the last call."""
        perform(self.registry, self.session, command)
        return self.take()

    @property
    def rooms(self) -> Mapping[str, Room]:
        """The rooms that the person is in, by key."""
        person = self.session.person
        return {room.name.key: room for room in self.registry.rooms.of(person)} if person else {}

    def take(self) -> list[Event | Answer]:
        """Everything received since the last call."""
        return self.out.take()

    def lose_link(self, reason: Reason = Reason.LINK_LOST) -> None:
        """Lose the connection."""
        depart(self.registry, self.session, reason)
        self.registry.admission.release(self.session)


def new_registry(
    settings: Settings | None = None,
    now: Callable[[], int] | None = None,
    store: LogStore | None = None,
) -> Registry:
    """A registry with nobody in it; without ``now`` it is always noon."""
    registry = Registry(settings or Settings(), store or MemoryStore("testlog"), now or StandingClock(), lambda room: None)
    registry.authenticator = InstantAuthenticator(registry.accounts)
    return registry


def arrive(registry: Registry, nick: str, *rooms: str, password: str = "") -> Visitor:
    """Somebody called ``nick`` who has entered ``rooms`` (none: the default room) and has taken the
    answers.

    Raises AssertionError if they are refused.
    """
    visitor = Visitor(registry)
    for news in visitor.ask(Hello(nick, rooms=rooms, password=password)):
        assert not isinstance(news, Refused), news.reason
    return visitor


def own_account(visitor: Visitor) -> Visitor:
    """Let ``visitor`` own their nick, as if they had registered it."""
    person = visitor.session.person
    assert person is not None
    visitor.registry.inboxes.detach(visitor.session)
    person.account = person.name.key
    visitor.registry.directory.identify(person)
    visitor.registry.inboxes.attach(visitor.session)
    return visitor
