"""Completion: what may follow the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chatd.core import command_table
from chatd.core.names import fold
from chatd.tui.conversation import Conversation
from chatd.tui.local_commands import LOCAL

NAMES: Final = (*(row.name for row in command_table.TABLE), *(local.name for local in LOCAL))

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "keep": ("12h ", "30d ", "8w ", "none ", "- "),
    "history": ("before ", "after ", "around ", "in:"),
    "search": ("in:", "from:", "before:", "after:"),
    "jump": ("new ",),
}
"""Words that a command takes besides what its usage line names."""


def options_for(before: str, conversation: Conversation) -> tuple[str, tuple[str, ...]]:
    """The part of the text ``before`` the cursor that stays, and the options that may follow it,
    the most likely first.

    A command at the beginning of the line; a room after ``#`` or where a command takes one; else a
    nick, with a colon at the beginning of the line.
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
    matching = tuple(option for option in words if option.startswith(word.lower()))
    if matching and (word or _command(line) != "search"):
        return kept, matching
    argument = _argument(line)
    if argument == "COMMAND":
        return kept, _starting(word.removeprefix("/"), NAMES, "", " ")
    if argument == "ROOM" or word.startswith("#"):
        return kept, _starting(word.removeprefix("#"), conversation.rooms, "#", " ")
    return kept, _starting(word, conversation.nicks(), "", " " if kept.strip() else ": ")


def _value(key: str, start: str, conversation: Conversation) -> tuple[str, ...]:
    """What may follow ``in:`` or ``from:``; times are not completed."""
    if key == "in:":
        return _starting(start.removeprefix("#"), conversation.rooms, "in:#", " ")
    return _starting(start, conversation.nicks(), "from:", " ") if key == "from:" else ()


def _command(line: str) -> str:
    """The name of the command in ``line``, once it is complete; empty outside a command."""
    name, space, _ = line.partition(" ")
    return name[1:].lower() if space and name.startswith("/") and not name.startswith("//") else ""


def _argument(line: str) -> str:
    """The argument that the command in ``line`` takes at its end: ``NICK``, ``ROOM``, ``TEXT``;
    empty outside a command."""
    name, *arguments = line.split(" ")
    row = command_table.BY_NAME.get(name[1:].lower()) if name.startswith("/") else None
    usage = row.usage.split() if row else []
    return usage[min(len(arguments), len(usage)) - 1].strip("[]") if usage and arguments else ""


def _starting(start: str, names: Iterable[str], prefix: str, suffix: str) -> tuple[str, ...]:
    key = fold(start) if start else ""
    if start and not key:
        return ()
    return tuple(f"{prefix}{name}{suffix}" for name in names if fold(name).startswith(key))
