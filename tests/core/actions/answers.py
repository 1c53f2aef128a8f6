"""Helpers for looking at the answers to commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from chatd.core.answers import Refused
from chatd.core.errors import NotDelivered
from chatd.core.events import Event
from chatd.core.log import Copy, OnStored
from chatd.core.memory import MemoryLog
from chatd.testing import Visitor

T = TypeVar("T")

TOKEN = "t" * 16


def only(kind: type[T], answers: Iterable[object]) -> T:
    """The only one of ``answers`` that is of this kind."""
    (answer,) = (item for item in answers if type(item) is kind)
    return answer


def every(kind: type[T], answers: Iterable[object]) -> list[T]:
    return [item for item in answers if type(item) is kind]


def refusal(answers: Iterable[object]) -> tuple[str, str, str]:
    """Code, reason and hint of the only answer, which must be a refusal."""
    (refused,) = answers
    assert isinstance(refused, Refused)
    return refused.code, refused.reason, refused.hint


def rooms_of(person: Visitor) -> list[str]:
    return [room.name.text for room in person.rooms.values()]


class LosingLog(MemoryLog):
    """A log that stores nothing while ``losing`` is set."""

    losing = False

    def append(self, event: Event, on_stored: OnStored, copy: Copy | None = None) -> None:
        if self.losing:
            on_stored(NotDelivered("The disk is full.", "Nothing was said."))
        else:
            super().append(event, on_stored, copy)


LOST = ("not-delivered", "The disk is full.", "Nothing was said.")
