"""A session: one connected seat of a person, and the way out to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatd.core.events import Answer, Event, Private, Reason
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.core.person import Person
from chatd.core.room import Room


class Outgoing(Protocol):
    """The way out to one session, as the core sees it; ``delivery/outlet.py`` has the one that
    writes to a transport."""

    @property
    def acknowledges(self) -> bool:
        """Whether this session wants to know of each message that it is delivered, and not only of
        those that are not."""

    def tell(self, answer: Answer) -> None:
        """Queue ``answer`` for this session alone.

        It is never dropped: while much is queued no command is taken, and a session that reads
        nothing of it ends.
        """

    def offer(self, message: Private, sender_id: str) -> bool:
        """Queue what another person has written; False if too much of that sender, or of all
        others together, is unread. It takes no room from the session's own answers."""

    def when_taken(self, then: Callable[[], object]) -> None:
        """Call ``then`` when the queued answers leave room for a large one, or none is wanted any
        more."""

    def follow(self, room: Room, cursor: int) -> None:
        """Send the events of ``room`` from number ``cursor`` on."""

    def unfollow(self, room: Room, stop: int) -> None:
        """Send the events of ``room`` before number ``stop``, and nothing after; nothing is done
        where the room is not followed."""

    def turn_to(self, room: Room | None) -> None:
        """Make ``room`` the current one, whose name need not be said with each event."""

    def set_filtered(self, filtered: bool) -> None:
        """Ask :meth:`Session.ignores` before an event is sent, or ask no longer."""

    def reserve(self, size: int) -> None:
        """Keep room for an answer of ``size`` bytes that will come: what is owed counts as what is
        queued. With ``INBOX_BYTES`` no further command is taken until it is there."""

    def release(self, size: int) -> None:
        """Give back what was kept for an answer, which is there."""

    def spend(self, lines: float) -> None:
        """Charge the address of this session for work that costs so many lines."""

    def close(self, reason: Reason) -> None:
        """Send what is queued, and end the connection."""

    def fail(self, defect: BaseException) -> None:
        """Log ``defect``, which is ours, with its traceback, and end the connection at once."""


class Session:
    """One connected seat. It is nobody's until a nick is given: :attr:`person` is None."""

    __slots__ = (
        "address",
        "current",
        "door",
        "is_ending",
        "last_active",
        "out",
        "person",
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
        self.person: Person | None = None
        self.sender_id = ""
        """Names this seat in the log, across changes of nick and broken links: what is sent again
        under the same id is recognised by it."""
        self.current: Room | None = None
        self.scrollback = SCROLLBACK_EVENTS
        """How many events of a room are shown on entering it."""
        self.is_ending = False
        """Whether its end has begun."""

    @property
    def nick(self) -> str:
        """The nick as it is shown; empty before there is one."""
        return self.person.nick if self.person else ""

    @property
    def is_filtered(self) -> bool:
        """Whether this person ignores anybody."""
        return self.person is not None and bool(self.person.ignoring)

    def ignores(self, event: Event) -> bool:
        """Whether ``event`` is a message of somebody whom this person ignores."""
        return self.person is not None and self.person.ignores(event)
