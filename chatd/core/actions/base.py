"""What an action is, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from chatd.core.driver import Later
from chatd.core.errors import BadUsage
from chatd.core.events import Answer, Said
from chatd.core.registry import Registry
from chatd.core.session import Session

Result = Answer | tuple[Answer, ...] | Said | Coroutine[Later[Any], None, Answer | tuple[Answer, ...]]
"""The final answer of a command; or that and then what else is worth knowing; or a draft for the
room that the command is about, which is answered when it is stored, while the next command is taken
already. An action that must wait is a coroutine, and returns one of the first two at the end."""

Action = Callable[[Registry, Session, Any], Result]
"""Carries out one command. A mistake of the person is raised as a Refusal before anything has
changed."""


def check_text(text: str) -> None:
    """Raise BadUsage where ``text`` says nothing."""
    if not text or text.isspace():
        raise BadUsage("There is nothing to say in that.", "Write a text.")
