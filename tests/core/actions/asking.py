"""What comes back when people ask for things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from chatd.core.errors import NotDelivered
from chatd.core.events import (
    Event,
    Refused,
)
from chatd.core.log import OnStored
from chatd.core.memory import MemoryLog
from chatd.testing import Visitor

T = TypeVar("T")

TOKEN = "t" * 16


def only(kind: type[T], told: Iterable[object]) -> T:
    """The one of ``told`` that is of this kind."""
    (found,) = (thing for thing in told if type(thing) is kind)
    return found


def every(kind: type[T], told: Iterable[object]) -> list[T]:
    return [thing for thing in told if type(thing) is kind]


def refusal(told: Iterable[object]) -> tuple[str, str, str]:
    """Code, reason and hint of the one thing told, which is a refusal."""
    (refused,) = told
    assert isinstance(refused, Refused)
    return refused.code, refused.reason, refused.hint


def rooms_of(person: Visitor) -> list[str]:
    return [room.name.text for room in person.rooms.values()]


class LosingLog(MemoryLog):
    """A log that stores nothing from the time on that it is told so."""

    losing = False

    def append(self, event: Event, on_stored: OnStored) -> None:
        if self.losing:
            on_stored(NotDelivered("The disk is full.", "Nothing was said."))
        else:
            super().append(event, on_stored)


LOST = ("not-delivered", "The disk is full.", "Nothing was said.")
