"""A room: its log and its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chatd.core.attendance import Attendance
from chatd.core.events import Event, Joined, Left, Reason, Renamed, Said
from chatd.core.limits import VERDICTS
from chatd.core.log import Log, OnStored
from chatd.core.membership import Membership
from chatd.core.names import Name
from chatd.core.person import Person
from chatd.core.retention import Retention
from chatd.core.rights import Rights, tokens
from chatd.core.state import RoomState


class Room:
    """A room. ``on_news`` is called with it when its log has new events."""

    __slots__ = ("attendance", "log", "members", "name", "spoke_at")

    def __init__(self, name: Name, log: Log, on_news: Callable[[Room], None]) -> None:
        self.name = name
        self.log = log
        self.members: dict[Person, Membership] = {}
        """The members, in the order in which they entered."""
        self.spoke_at: dict[str, int] = {}
        """When each subject last spoke in slow mode, in milliseconds since 1970-01-01 UTC, oldest
        first."""
        log.on_news = partial(on_news, self)
        self.attendance = Attendance(log)
        """Who is in according to the log, which may lag behind ``members``."""

    @property
    def topic(self) -> str:
        """The topic; empty: none."""
        return self.log.state.topic

    @property
    def retention(self) -> Retention:
        """How long events of the room are kept."""
        return self.log.state.retention

    @property
    def rights(self) -> Rights:
        """The roles, bans, invitations and modes of the room."""
        return self.log.state.rights

    @property
    def has_no_messages(self) -> bool:
        """Whether the log has no message, stored or waiting to be stored."""
        return self.log.last_message < self.log.first and not self.log.has_pending

    @property
    def is_new(self) -> bool:
        """Whether nothing has ever happened in the room, as far as its log knows."""
        return self.log.first == self.log.end and not self.log.has_pending and self.log.state == RoomState()

    @property
    def is_blank(self) -> bool:
        """Whether the room can be removed without loss: it has no messages and no settings, and its
        log is up to date."""
        if self.topic or self.retention.text or not self.rights.is_plain:
            return False
        return self.attendance.is_settled and self.has_no_messages

    def was_member_at(self, sender_id: str, seq: int) -> bool:
        """Whether the holder of the seat ``sender_id`` was in the room at event ``seq``, according
        to the events in memory."""
        before = self.log.read(self.log.held, seq + 1)
        own = [event for event in before if event.sender_id == sender_id and isinstance(event, (Joined, Left))]
        return bool(own) and isinstance(own[-1], Joined)

    def was_removed_after(self, sender_id: str, seq: int) -> bool:
        """Whether somebody has removed the holder of the seat ``sender_id`` after event ``seq``,
        according to the events in memory."""
        later, subject = self.log.read(seq + 1, self.log.end), f"seat:{sender_id}"
        removed = [event for event in later if isinstance(event, Left) and event.reason is Reason.KICKED]
        return any(event.sender_id == sender_id or subject in tokens(event.hidden) for event in removed)

    # -- Appending

    def post(self, draft: Event, on_stored: OnStored) -> None:
        """Append ``draft``; the members see it when it is stored."""
        self.log.append(draft, on_stored)

    def post_series(self, drafts: Sequence[Said], on_stored: OnStored) -> None:
        """Append ``drafts``, a series of messages."""
        self.log.append_series(drafts, on_stored)

    def join(self, person: Person, membership: Membership, draft: Joined, on_stored: OnStored) -> None:
        """Add ``person`` as a member; ``membership`` gets its number when ``draft`` is stored."""
        self.members[person] = membership
        self.attendance.post(membership, draft, on_stored, person)

    def report(self, draft: Left | Renamed, membership: Membership, on_stored: OnStored) -> None:
        """Append an event that has happened already and cannot be refused; ``membership`` is that
        of the person, who may have left.

        ``on_stored`` is called with the event, or with the reason why it is not stored; then
        :meth:`retry_failed` appends it again if it is still true.
        """
        self.attendance.post(membership, draft, on_stored)

    def retry_failed(self) -> None:
        """Append the reports that could not be stored."""
        self.attendance.retry()

    def note_spoken(self, subject: str, now: int, slow: int) -> None:
        """``subject`` has spoken at ``now``; who has not for ``slow`` milliseconds is forgotten."""
        spoke_at = self.spoke_at
        spoke_at.pop(subject, None)
        spoke_at[subject] = now
        while (oldest := next(iter(spoke_at))) != subject and (spoke_at[oldest] <= now - slow or len(spoke_at) > VERDICTS):
            del spoke_at[oldest]

    # -- Members

    def nicks(self, limit: int) -> tuple[str, ...]:
        """The nicks of the first ``limit`` members."""
        return tuple(person.nick for person, _ in zip(self.members, range(limit), strict=False))

    def away(self, limit: int) -> Mapping[str, str]:
        """The nicks of those of the first ``limit`` members who are away, with their texts."""
        first = zip(self.members, range(limit), strict=False)
        return {person.nick: person.away for person, _ in first if person.away is not None}
