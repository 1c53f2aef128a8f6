"""A room: its log, and who is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from chatd.core.attendance import Attendance
from chatd.core.events import Event, Joined, Left, Renamed, Said
from chatd.core.log import Log, OnStored
from chatd.core.membership import Membership
from chatd.core.names import Name
from chatd.core.person import Person
from chatd.core.retention import Retention


class Room:
    """A room. ``on_news`` is called when its log has something new to show."""

    __slots__ = ("attendance", "log", "members", "name")

    def __init__(self, name: Name, log: Log, on_news: Callable[[Room], None]) -> None:
        self.name = name
        self.log = log
        self.members: dict[Person, Membership] = {}
        """Who is in, those first who came first."""
        log.on_news = partial(on_news, self)
        self.attendance = Attendance(log)
        """Who is in by the log, which may hear of it later."""

    @property
    def topic(self) -> str:
        """The topic; empty: there is none."""
        return self.log.state.topic

    @property
    def retention(self) -> Retention:
        """How long the room is kept."""
        return self.log.state.retention

    @property
    def is_unsaid(self) -> bool:
        """Whether nobody has said anything that can still be read, or is saying something now."""
        log = self.log
        said = (isinstance(event, Said) for event in log.read(log.first, log.end))
        return log.held == log.first and not log.has_pending and not any(said)

    def has_seen(self, sender_id: str, seq: int) -> bool:
        """Whether who has the seat ``sender_id`` was in when event ``seq`` happened, as far as
        memory knows."""
        before = self.log.read(self.log.held, seq + 1)
        own = [event for event in before if event.sender_id == sender_id and isinstance(event, (Joined, Left))]
        return bool(own) and isinstance(own[-1], Joined)

    # -- What happens

    def post(self, draft: Event, on_stored: OnStored) -> None:
        """Append ``draft``; once it is stored, it is shown to those who are in."""
        self.log.append(draft, on_stored)

    def join(self, person: Person, membership: Membership, draft: Joined, on_stored: OnStored) -> None:
        """Let ``person`` in; their ``membership`` gets its number when ``draft`` is stored."""
        self.members[person] = membership
        self.attendance.post(membership, draft, on_stored, person)

    def report(self, draft: Left | Renamed, membership: Membership, on_stored: OnStored) -> None:
        """Append what has happened and cannot be refused, done by who has, or had, ``membership``.

        ``on_stored`` is told the event, or why there is none; then it waits for
        :meth:`retry_owed`, as far as it is still true by then.
        """
        self.attendance.post(membership, draft, on_stored)

    def retry_owed(self) -> None:
        """Try again to store what has happened and could not be stored."""
        self.attendance.retry()

    # -- Who is in

    def nicks(self, most: int) -> tuple[str, ...]:
        """The nicks of at most ``most`` members, those who came first."""
        return tuple(person.nick for person, _ in zip(self.members, range(most), strict=False))

    def away(self, most: int) -> Mapping[str, str]:
        """Those of the first ``most`` members who are away, with their texts."""
        first = zip(self.members, range(most), strict=False)
        return {person.nick: person.away for person, _ in first if person.away is not None}
