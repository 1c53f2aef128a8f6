"""A person: who others see, whichever and however many connections they come by."""

from __future__ import annotations

from chatd.core.events import Event, Said
from chatd.core.names import Name, fold


class Person:
    """Somebody with a nick. Which sessions they have the directory knows, and which rooms they are
    in the rooms know."""

    __slots__ = ("away", "away_seen_by", "correspondent", "ignoring", "name", "nick")

    def __init__(self, name: Name) -> None:
        self.rename(name)
        self.away: str | None = None
        """The text that they left on going away, which may be empty; None: they are here."""
        self.away_seen_by: frozenset[str] = frozenset()
        """The keys of those who were shown this text."""
        self.ignoring: frozenset[str] = frozenset()
        """The keys of the nicks whose messages they do not want."""
        self.correspondent = ""
        """The sender_id of who wrote to them last in private: another may have the nick by now."""

    def rename(self, name: Name) -> None:
        """Be called ``name`` from now on."""
        self.name = name
        self.nick = name.text

    def ignores(self, event: Event) -> bool:
        """Whether ``event`` is a message of somebody whom this person ignores."""
        return bool(self.ignoring) and isinstance(event, Said) and fold(event.nick) in self.ignoring
