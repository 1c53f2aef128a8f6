"""Commands that the client carries out itself, and what it adds to others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from chatd.codecs.objects import iso_time
from chatd.core.answers import HelpLine
from chatd.core.commands import Command, History, Search
from chatd.core.errors import BadUsage
from chatd.core.when import parse_time

JUMP: Final = HelpLine("jump", "/jump [N]", "go to hit N of /search, or to the next one; /jump new: to the first new message")
CLEAR: Final = HelpLine("clear", "/clear", "clear the screen; the history keeps everything")
LOCAL: Final = (JUMP, CLEAR)
"""All of them, with usage and help."""

MAX_HIT: Final = 1000
"""The highest number accepted for a hit; the server lists a hundred."""


@dataclass(frozen=True, slots=True)
class Jump:
    """Jump to hit number ``hit`` (0: the next one), or to the first ``new`` message."""

    hit: int = 0
    new: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """Clear the screen."""


@dataclass(frozen=True, slots=True)
class LocalHelp:
    """Explain the command ``about``."""

    about: HelpLine


def parse_local(line: str) -> Jump | Clear | LocalHelp | None:
    """The local command in ``line``; None if it is none. Raises BadUsage."""
    name, *words = line.lower().split() if line.startswith("/") else [""]
    if name == "/help" and len(words) == 1:
        return next((LocalHelp(local) for local in LOCAL if local.name == words[0].removeprefix("/")), None)
    if name == "/clear":
        return Clear()
    if name != "/jump":
        return None
    if not words:
        return Jump()
    if words == ["new"]:
        return Jump(new=True)
    word = words[0]
    if len(words) > 1 or not (word.isascii() and word.isdigit() and 0 < int(word[:9]) <= MAX_HIT):
        raise BadUsage(f"/jump does not take {' '.join(words)[:32]}.", "Write /jump N with the number of a hit, or /jump new.")
    return Jump(int(word))


def in_zone(command: Command, now: int) -> Command:
    """``command`` with times that mean the same to a server in another zone; ``now`` is in
    milliseconds since 1970-01-01 UTC. Raises BadUsage."""
    if not isinstance(command, (History, Search)):
        return command
    named = {name: getattr(command, name, "") for name in ("before_time", "after_time", "around_time")}
    times: dict[str, Any] = {name: iso_time(parse_time(value, now)) for name, value in named.items() if value}
    return replace(command, **times)
