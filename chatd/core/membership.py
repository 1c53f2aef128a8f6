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

    __slots__ = ("role", "seq")

    def __init__(self, role: Role = Role.MEMBER) -> None:
        self.role = role
        self.seq: int | None = None
