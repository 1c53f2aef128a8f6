"""The type of an action, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from chatd.core.answers import Answer
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered, TooLong
from chatd.core.events import Event
from chatd.core.limits import EVENT_LINES, RIGHT_LINES, TEXT_LINES
from chatd.core.log import OnStored
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session
from chatd.core.state import changes_state
from chatd.core.text import says_nothing


@dataclass(slots=True)
class Sending:
    """A private message that is still to be sent: ``post`` stores it, and ``answers`` are what to
    tell its sender when it is stored, the final one first."""

    post: Callable[[OnStored], object]
    answers: Callable[[Event], tuple[Answer, ...]]


Result = Answer | Sending | Coroutine[Later[Any], None, Answer | tuple[Answer, ...]]
"""The final answer to a command; or a private message, which is answered when it is stored, without
holding up the next command. An action that has to wait is a coroutine, which returns the final
answer at the end, or that followed by further ones."""

Action = Callable[[Registry, Session, Any], Result]
"""Carries out one command. Raises a Refusal for a mistake of the person, before it changes
anything."""


def check_text(text: str) -> int:
    """How many lines of ``text`` follow the first. Raises BadUsage if it is empty or looks empty,
    and TooLong if it has too many lines."""
    if says_nothing(text):
        raise BadUsage("The message is empty.", "Write a text that can be seen.")
    further = text.count("\n")
    if further >= TEXT_LINES:
        raise TooLong("The message has too many lines.", f"A message has at most {TEXT_LINES} lines; send several.")
    return further


def person_of(session: Session) -> Person:
    """The person of ``session``, for a command that needs a nick."""
    assert session.person is not None, "the table says that this needs a nick"
    return session.person


async def store(session: Session, room: Room, draft: Event) -> None:
    """Have ``draft`` stored in the log of ``room``. Raises NotDelivered."""
    session.out.spend(EVENT_LINES)
    if session.person is not None and session.person.account:
        draft = replace(draft, account=True)
    if changes_state(draft):
        session.out.spend(RIGHT_LINES * room.rights.size)
    outcome: Event | NotDelivered = await Later(room.post, draft)
    if isinstance(outcome, NotDelivered):
        raise outcome
