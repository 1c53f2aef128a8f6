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

    __slots__ = ("role", "seq")

    def __init__(self, role: Role = Role.MEMBER) -> None:
        self.role = role
        self.seq: int | None = None
