"""Roles, and a person's membership in a room."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a person may do in a room. Each role includes the rights of the roles before it."""

    GUEST = 0
    """Not in the room."""
    MEMBER = 1
    VOICE = 2
    """May also speak where only some may, and as often as they like."""
    MODERATOR = 3
    """May also remove and mute others, and decide who may come in."""
    OWNER = 4
    """May also change the settings of the room and the roles of others."""
    OPERATOR = 5
    """Is an operator of the server: has every right in every room."""

    @property
    def word(self) -> str:
        """The role as it is written: ``moderator``."""
        return self.name.lower()

    @property
    def title(self) -> str:
        """The role as it is written where that of a member is left out."""
        return self.word if self > Role.MEMBER else ""


class Membership:
    """One person in one room. ``seq`` is the number of the event of joining; None until it is
    stored. Their role is not here: it is part of the state of the room (``rights.py``)."""

    __slots__ = ("is_told", "nick", "seq")

    def __init__(self) -> None:
        self.seq: int | None = None
        self.nick = ""
        """The person's nick according to the log; empty: they are not in according to it."""
        self.is_told = False
        """Whether the person's sessions have been told of the joining, and follow the room."""
