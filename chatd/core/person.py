"""A person: what others see, however many sessions they have."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.core.empty import NOBODY, NOTHING
from chatd.core.identity import Identity
from chatd.core.ignoring import NO_ONE
from chatd.core.limits import READ_PER_PERSON
from chatd.core.names import Name


class Person:
    """Somebody with a nick. The directory knows their sessions, and :class:`Rooms
    <chatd.core.rooms.Rooms>` knows the rooms that they are in."""

    __slots__ = (
        "account",
        "alerts",
        "away",
        "away_seen_by",
        "identity",
        "ignoring",
        "name",
        "nick",
        "operator",
        "read",
        "realname",
        "user",
    )

    def __init__(self, name: Name, account: str = "") -> None:
        self.rename(name)
        self.account = account
        """The key of their account, which is that of its nick; empty: they are a guest."""
        self.operator = ""
        """The key of the account whose rights as an operator they have been given; empty: none."""
        self.identity: Identity
        """What identifies them for roles and bans, which the directory keeps up to date."""
        self.away: str | None = None
        """Their away text, which may be empty; None: they are not away."""
        self.away_seen_by = NOBODY
        """The keys of the nicks that have been shown this text."""
        self.ignoring = NO_ONE
        """Whom they ignore; `Directory.set_ignoring` tells their sessions of a change."""
        self.alerts: Mapping[str, str] = NOTHING
        """The words that they want to be alerted to, by their folded forms."""
        self.read: Mapping[str, tuple[int, int]] = NOTHING
        """How far they have read since they are here, by the keys of rooms and private talks: up to
        which event, and up to when, in milliseconds since 1970-01-01 UTC."""
        self.user = ""
        """Their name on their own machine, if their program has said it; it proves nothing."""
        self.realname = ""
        """What they call themselves, if they have said it."""

    def rename(self, name: Name) -> None:
        """Change the nick to ``name``."""
        self.name = name
        self.nick = name.text

    def note_read(self, key: str, seq: int, time: int) -> None:
        """They have read what has this ``key`` up to the event ``seq``, and up to ``time``."""
        read = dict(self.read)
        before = read.pop(key, (0, 0))
        read[key] = max(before[0], seq), max(before[1], time)
        if len(read) > READ_PER_PERSON:
            del read[next(iter(read))]
        self.read = read

    @property
    def is_registered(self) -> bool:
        """Whether they own an account."""
        return bool(self.account)
