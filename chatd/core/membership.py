"""A person's place in a room: since when, and with which role."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What somebody is in a room; each may do what those before may."""

    GUEST = 0
    """Is not in the room."""
    MEMBER = 1


class Membership:
    """One person in one room. ``seq`` is the number of their joining, and None until that is
    stored."""

    __slots__ = ("is_told", "nick", "role", "seq")

    def __init__(self, role: Role = Role.MEMBER) -> None:
        self.role = role
        self.seq: int | None = None
        self.nick = ""
        """The nick that the log has them under; empty: it does not have them in."""
        self.is_told = False
        """Whether their sessions know that they are in, and follow the room."""
