"""One person's seat: nick, rooms, the current room, whom they do not hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chatd.core.events import Answer, Event, Reason, Said
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.core.names import Name, fold

if TYPE_CHECKING:
    from chatd.core.room import Room


class Outgoing(Protocol):
    """The way out to one person, as the core sees it; ``outlet.py`` has the one that writes to a
    transport."""

    @property
    def acknowledges(self) -> bool:
        """Whether this person wants to know of each message that it is delivered, and not only of
        those that are not."""

    def tell(self, answer: Answer) -> bool:
        """Queue ``answer`` for this person alone; False if they take nothing more."""

    def follow(self, room: Room, cursor: int) -> None:
        """Send the events of ``room`` from number ``cursor`` on."""

    def unfollow(self, room: Room) -> None:
        """Send what happened in ``room`` until now, and nothing after."""

    def turn_to(self, room: Room | None) -> None:
        """Make ``room`` the current one, whose name need not be said with each event."""

    def set_filtered(self, filtered: bool) -> None:
        """Ask :meth:`Session.ignores` before an event is sent, or ask no longer."""

    def hold(self) -> None:
        """Take nothing more that this person asks, until what they have asked is answered: until as
        many :meth:`release`."""

    def release(self) -> None:
        """What was held for is answered."""

    def close(self, reason: Reason) -> None:
        """Send what is queued, and end the connection."""


class Session:
    """One connected seat. It has no :attr:`name` until the person has given a nick."""

    __slots__ = (
        "address",
        "away",
        "away_told",
        "correspondent",
        "current",
        "door",
        "ignoring",
        "last_active",
        "name",
        "out",
        "rooms",
        "scrollback",
        "sender_id",
        "since",
    )

    def __init__(self, out: Outgoing, address: str, door: str, now: int) -> None:
        self.out = out
        self.address = address
        self.door = door
        self.since = now
        """When the connection was made, in milliseconds since 1970-01-01 UTC."""
        self.last_active = now
        """When something was last said or asked, in the same unit."""
        self.name: Name | None = None
        self.sender_id = ""
        self.rooms: dict[str, Room] = {}
        self.current: Room | None = None
        self.away: str | None = None
        self.away_told: set[str] | None = None
        """The keys of those who have been told the away text since it was set."""
        self.ignoring: frozenset[str] = frozenset()
        """The keys of the nicks that are not heard."""
        self.scrollback = SCROLLBACK_EVENTS
        """How many events of a room are told on entering it."""
        self.correspondent = ""
        """The sender_id of who last told this person something in private: somebody else may be
        called so by now."""

    @property
    def nick(self) -> str:
        """The nick as it is shown; empty before there is one."""
        return self.name.text if self.name else ""

    def ignores(self, event: Event) -> bool:
        """Whether ``event`` is a message of somebody whom this person does not hear."""
        return bool(self.ignoring) and isinstance(event, Said) and fold(event.nick) in self.ignoring
