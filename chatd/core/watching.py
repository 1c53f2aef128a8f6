"""Watching people: being told when somebody with a nick comes or goes."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.core.answers import Seen
from chatd.core.errors import TooMany
from chatd.core.limits import WATCHED_PER_SESSION
from chatd.core.names import fold
from chatd.core.session import Session


class Watchers:
    """Which sessions watch which nick."""

    def __init__(self) -> None:
        self._by_key: dict[str, dict[Session, None]] = {}

    def add(self, session: Session, nicks: Sequence[str]) -> None:
        """Tell ``session`` of ``nicks`` from now on. Raises TooMany."""
        new = {key: nick for nick in nicks if (key := fold(nick)) and key not in session.watched}
        if len(session.watched) + len(new) > WATCHED_PER_SESSION:
            raise TooMany(f"You can watch {WATCHED_PER_SESSION} people.", "/watch off NICK ends watching one of them.")
        session.watched = {**session.watched, **new}
        for key in new:
            self._by_key.setdefault(key, {})[session] = None

    def remove(self, session: Session, nicks: Sequence[str]) -> None:
        """Tell ``session`` no longer of ``nicks``."""
        ended = session.watched.keys() & map(fold, nicks)
        for key in ended:
            watching = self._by_key[key]
            del watching[session]
            if not watching:
                del self._by_key[key]
        if ended:
            session.watched = {key: nick for key, nick in session.watched.items() if key not in ended}

    def clear(self, session: Session) -> None:
        """Tell ``session`` of nobody any more."""
        self.remove(session, tuple(session.watched.values()))

    def tell(self, key: str, news: Seen) -> None:
        """Tell those who watch the nick with this ``key``."""
        for session in tuple(self._by_key.get(key, ())):
            session.out.tell(news)
