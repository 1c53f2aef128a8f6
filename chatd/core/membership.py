"""A person's membership in a room: their role, and the event of joining."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """A person's role in a room. Each role includes the rights of the roles before it."""

    GUEST = 0
    """Not in the room."""
    MEMBER = 1


class Membership:
    """One person in one room. ``seq`` is the number of the event of joining; None until it is
    stored."""

    __slots__ = ("is_told", "nick", "role", "seq")

    def __init__(self, role: Role = Role.MEMBER) -> None:
        self.role = role
        self.seq: int | None = None
        self.nick = ""
        """The person's nick according to the log; empty: they are not in according to it."""
        self.is_told = False
        """Whether the person's sessions have been told of the joining, and follow the room."""
