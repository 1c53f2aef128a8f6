"""A room: its log and its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Joined, Left, Said
from chatd.core.limits import OWED_EVENTS
from chatd.core.log import Log, Stored
from chatd.core.names import Name
from chatd.core.session import Session


class Room:
    """A room. ``news`` is called when its log has something new to show."""

    __slots__ = ("_news", "_owed", "log", "members", "name")

    def __init__(self, name: Name, log: Log, news: Callable[[Room], None]) -> None:
        self.name = name
        self.log = log
        self.members: dict[Session, int] = {}
        """Who is in, each with the number of their joining."""
        self._news = news
        self._owed: list[Event] = []

    @property
    def topic(self) -> str:
        """The topic; empty: there is none."""
        return self.log.topic

    @property
    def is_unsaid(self) -> bool:
        """Whether nobody has said anything that is there to be read, or is saying something now."""
        log = self.log
        said = (isinstance(event, Said) for event in log.read(log.first, log.stored))
        return log.held == log.first and log.stored == log.end and not any(said)

    def has_seen(self, sender_id: str, seq: int) -> bool:
        """Whether whoever sits on the seat ``sender_id`` was in when event ``seq`` happened, as far
        as memory knows."""
        before = self.log.read(self.log.held, seq + 1)
        own = [event for event in before if event.sender_id == sender_id and isinstance(event, (Joined, Left))]
        return bool(own) and isinstance(own[-1], Joined)

    def post(self, event: Event, stored: Stored | None = None) -> None:
        """Append ``event``; once it is safe, show it to the members and tell ``stored``."""

        def settled(failure: NotDelivered | None) -> None:
            if failure is None:
                self._news(self)
            if stored is not None:
                stored(failure)

        self.log.append(event, settled)

    def report(self, event: Event, joined: int) -> None:
        """Append ``event``, which has happened and cannot be refused, done by somebody whose
        joining has the number ``joined``.

        Where it cannot be stored it waits for :meth:`settle`, unless their joining was not stored
        either.
        """

        def stored(failure: NotDelivered | None) -> None:
            if failure is not None and joined < self.log.stored and len(self._owed) < OWED_EVENTS:
                self._owed.append(event)

        self.post(event, stored)

    def settle(self) -> None:
        """Try again to store what has happened and could not be."""
        owed, self._owed = self._owed, []
        for event in owed:
            self.report(replace(event, seq=self.log.end), 0)

    def nicks(self, most: int) -> tuple[str, ...]:
        """The nicks of at most ``most`` members, those who came first."""
        return tuple(session.nick for session, _ in zip(self.members, range(most), strict=False))

    def away(self, most: int) -> Mapping[str, str]:
        """Those of the first ``most`` members who are away, with their texts."""
        first = zip(self.members, range(most), strict=False)
        return {session.nick: session.away for session, _ in first if session.away is not None}
