"""A room: its log, its members, its topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatd.errors import NotDelivered
from chatd.events import Event, TopicSet
from chatd.log import Log, Stored
from chatd.names import Name
from chatd.session import Session


class Room:
    """A room.  ``news`` is called when its log has something new to show."""

    __slots__ = ("_news", "log", "members", "name", "topic")

    def __init__(self, name: Name, log: Log, news: Callable[[Room], None]) -> None:
        self.name = name
        self.log = log
        self.members: dict[Session, None] = {}
        self.topic = ""
        self._news = news

    def post(self, event: Event, stored: Stored | None = None) -> None:
        """Append ``event``; once it is safe, show it to the members and tell ``stored``."""

        def settled(failure: NotDelivered | None) -> None:
            if failure is None:
                if isinstance(event, TopicSet):
                    self.topic = event.text
                self._news(self)
            if stored is not None:
                stored(failure)

        self.log.append(event, settled)

    def nicks(self, most: int) -> tuple[str, ...]:
        """The nicks of at most ``most`` members, those who came first."""
        return tuple(session.nick for session, _ in zip(self.members, range(most), strict=False))

    def away(self, most: int) -> Mapping[str, str]:
        """Those of the first ``most`` members who are away, with their texts."""
        first = zip(self.members, range(most), strict=False)
        return {session.nick: session.away for session, _ in first if session.away is not None}
