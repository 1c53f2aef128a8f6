"""A person's membership in a room: their role, and since which event."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What somebody is in a room. Each role includes the rights of the roles before it."""

    GUEST = 0
    """Somebody who is not in the room."""
    MEMBER = 1


class Membership:
    """One person in one room. ``seq`` is the number of the event of joining; None until that is
    stored."""

    __slots__ = ("is_told", "nick", "role", "seq")

    def __init__(self, role: Role = Role.MEMBER) -> None:
        self.role = role
        self.seq: int | None = None
        self.nick = ""
        """The nick that the log has them under; empty: it does not have them in."""
        self.is_told = False
        """Whether their sessions know that they are in, and follow the room."""
