"""The type of an action, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from chatd.core.driver import Later
from chatd.core.errors import BadUsage
from chatd.core.events import Answer, Said
from chatd.core.registry import Registry
from chatd.core.session import Session

Result = Answer | tuple[Answer, ...] | Said | Coroutine[Later[Any], None, Answer]
"""The final answer to a command; or the final answer followed by further answers; or a draft for
the room of the command, which is answered when it is stored, without holding up the next command.
An action that has to wait is a coroutine, which returns its answer at the end."""

Action = Callable[[Registry, Session, Any], Result]
"""Carries out one command. Raises a Refusal for a mistake of the person, before it changes
anything."""


def check_text(text: str) -> None:
    """Raise BadUsage if ``text`` is empty or only spaces."""
    if not text or text.isspace():
        raise BadUsage("The message is empty.", "Write a text that is more than spaces.")
