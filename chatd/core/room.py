"""A room: its log and its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Joined, Left, Said
from chatd.core.limits import RETRY_EVENTS
from chatd.core.log import Log, OnStored
from chatd.core.membership import Membership
from chatd.core.names import Name
from chatd.core.person import Person
from chatd.core.retention import Retention


class Room:
    """A room. ``on_news`` is called with it when its log has new events."""

    __slots__ = ("_retry_queue", "log", "members", "name")

    def __init__(self, name: Name, log: Log, on_news: Callable[[Room], None]) -> None:
        self.name = name
        self.log = log
        self.members: dict[Person, Membership] = {}
        """The members, in the order in which they entered."""
        log.on_news = partial(on_news, self)
        self._retry_queue: list[Event] = []

    @property
    def topic(self) -> str:
        """The topic; empty: there is none."""
        return self.log.state.topic

    @property
    def retention(self) -> Retention:
        """How long events of the room are kept."""
        return self.log.state.retention

    @property
    def has_no_messages(self) -> bool:
        """Whether the log has no message, stored or waiting to be stored."""
        log = self.log
        messages = (isinstance(event, Said) for event in log.read(log.first, log.end))
        return log.held == log.first and not log.has_pending and not any(messages)

    @property
    def is_blank(self) -> bool:
        """Whether nothing of the room is worth keeping: nobody has said or set anything."""
        return not self.topic and not self.retention.text and not self._retry_queue and self.has_no_messages

    def was_member_at(self, sender_id: str, seq: int) -> bool:
        """Whether who has the seat ``sender_id`` was in when event ``seq`` happened, as far as
        memory knows."""
        before = self.log.read(self.log.held, seq + 1)
        own = [event for event in before if event.sender_id == sender_id and isinstance(event, (Joined, Left))]
        return bool(own) and isinstance(own[-1], Joined)

    # -- Appending

    def post(self, draft: Event, on_stored: OnStored) -> None:
        """Append ``draft``; the members see it when it is stored."""
        self.log.append(draft, on_stored)

    def join(self, person: Person, draft: Joined, on_stored: OnStored) -> Membership:
        """Add ``person`` to the members. The membership gets its seq when ``draft`` is stored."""
        membership = self.members[person] = Membership()

        def stored(outcome: Event | NotDelivered) -> None:
            if isinstance(outcome, Event):
                membership.seq = outcome.seq
            on_stored(outcome)

        self.post(draft, stored)
        return membership

    def report(self, draft: Event, membership: Membership, on_stored: OnStored) -> None:
        """Append something that has happened already, such as the person of ``membership`` leaving.

        If it cannot be stored, it waits for :meth:`retry_failed`, unless their joining was not
        stored either.
        """

        def stored(outcome: Event | NotDelivered) -> None:
            if isinstance(outcome, NotDelivered) and membership.seq is not None:
                self._queue_retry(draft)
            on_stored(outcome)

        self.post(draft, stored)

    def retry_failed(self) -> None:
        """Try again to store the reports that could not be stored."""
        drafts, self._retry_queue = self._retry_queue, []
        for draft in drafts:
            self.post(draft, lambda outcome, draft=draft: self._retried(draft, outcome))  # type: ignore[misc]

    def _retried(self, draft: Event, outcome: Event | NotDelivered) -> None:
        if isinstance(outcome, NotDelivered):
            self._queue_retry(draft)

    def _queue_retry(self, draft: Event) -> None:
        if len(self._retry_queue) < RETRY_EVENTS:
            self._retry_queue.append(draft)

    # -- Members

    def nicks(self, limit: int) -> tuple[str, ...]:
        """The nicks of the first ``limit`` members."""
        return tuple(person.nick for person, _ in zip(self.members, range(limit), strict=False))

    def away(self, limit: int) -> Mapping[str, str]:
        """The nicks of those of the first ``limit`` members who are away, with their texts."""
        first = zip(self.members, range(limit), strict=False)
        return {person.nick: person.away for person, _ in first if person.away is not None}
