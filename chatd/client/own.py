"""The client's own commands: those that the server need not know of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatd.core.errors import BadUsage
from chatd.core.events import HelpLine

JUMP: Final = HelpLine("jump", "/jump [N]", "show the place of hit N of /search, or of the next; /jump new: the first new message")
OWN: Final = (JUMP,)
"""Each with its usage and help."""

HITS: Final = 1000
"""The greatest number of a hit: the server lists a hundred."""


@dataclass(frozen=True, slots=True)
class Jump:
    """Show the place of hit number ``hit`` (0: the next one), or of the first ``new`` message."""

    hit: int = 0
    new: bool = False


@dataclass(frozen=True, slots=True)
class OwnHelp:
    """Explain ``about``."""

    about: HelpLine


def parse_own(line: str) -> Jump | OwnHelp | None:
    """What ``line`` asks of the client itself; None where it asks nothing. Raises BadUsage."""
    name, *words = line.lower().split() if line.startswith("/") else [""]
    if name == "/help" and len(words) == 1:
        return next((OwnHelp(own) for own in OWN if own.name == words[0].removeprefix("/")), None)
    if name != "/jump":
        return None
    if not words:
        return Jump()
    if words == ["new"]:
        return Jump(new=True)
    word = words[0]
    if len(words) > 1 or not (word.isascii() and word.isdigit() and 0 < int(word[:9]) <= HITS):
        raise BadUsage(f"/jump {' '.join(words)[:32]} leads nowhere.", "Write /jump N with the number of a hit, or /jump new.")
    return Jump(int(word))
