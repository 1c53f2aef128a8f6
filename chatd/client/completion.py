"""Completion: what may stand where the cursor is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chatd.client.conversation import Conversation
from chatd.client.own import OWN
from chatd.core import commands
from chatd.core.names import fold

NAMES: Final = (*(row.name for row in commands.TABLE), *(own.name for own in OWN))

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "keep": ("12h ", "30d ", "8w ", "none ", "- "),
    "history": ("before ", "after ", "around ", "in:"),
    "search": ("in:", "from:", "before:", "after:"),
    "jump": ("new ",),
}
"""What may stand as a word of a command besides what its usage names."""


def options_for(before: str, conversation: Conversation) -> tuple[str, tuple[str, ...]]:
    """What of the text ``before`` the cursor stays, and the ways to go on after it, the likeliest
    first.

    A command, at the beginning; a room after ``#`` or where a command takes one; else a nick, with
    a colon where the line begins with it.
    """
    line = before[before.rfind("\n") + 1 :]
    head, _, word = line.rpartition(" ")
    kept = before[: len(before) - len(word)]
    if not head and word.startswith("/") and not word.startswith("//"):
        return kept, _starting(word[1:], NAMES, "/", " ")
    words = WORDS.get(_command(line), ())
    key, colon, value = word.partition(":")
    if colon and f"{key}:" in words:
        return kept, _value(f"{key}:", value, conversation)
    found = tuple(option for option in words if option.startswith(word.lower()))
    if found and (word or _command(line) != "search"):
        return kept, found
    wanted = _wanted(line)
    if wanted == "COMMAND":
        return kept, _starting(word.removeprefix("/"), NAMES, "", " ")
    if wanted == "ROOM" or word.startswith("#"):
        return kept, _starting(word.removeprefix("#"), conversation.rooms, "#", " ")
    return kept, _starting(word, conversation.nicks(), "", " " if kept.strip() else ": ")


def _value(key: str, start: str, conversation: Conversation) -> tuple[str, ...]:
    """What may follow ``in:`` or ``from:``; nobody knows which times are meant."""
    if key == "in:":
        return _starting(start.removeprefix("#"), conversation.rooms, "in:#", " ")
    return _starting(start, conversation.nicks(), "from:", " ") if key == "from:" else ()


def _command(line: str) -> str:
    """The name of the command in ``line``, once it is complete; empty outside a command."""
    name, space, _ = line.partition(" ")
    return name[1:].lower() if space and name.startswith("/") and not name.startswith("//") else ""


def _wanted(line: str) -> str:
    """What the usage of the command in ``line`` has at its end: ``NICK``, ``ROOM``, ``TEXT``; empty
    outside a command."""
    name, *arguments = line.split(" ")
    row = commands.BY_NAME.get(name[1:].lower()) if name.startswith("/") else None
    usage = row.usage.split() if row else []
    return usage[min(len(arguments), len(usage)) - 1].strip("[]") if usage and arguments else ""


def _starting(start: str, names: Iterable[str], prefix: str, suffix: str) -> tuple[str, ...]:
    key = fold(start) if start else ""
    if start and not key:
        return ()
    return tuple(f"{prefix}{name}{suffix}" for name in names if fold(name).startswith(key))
