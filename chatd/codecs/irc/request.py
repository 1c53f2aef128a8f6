"""One line of a client, from when it is read until it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatd.core.events import Said

Line = tuple[str, str]
"""The tags of a line, without the ``@``, and the line."""


@dataclass(slots=True, eq=False)
class Request:
    """What a client has asked with the command ``name`` and these ``params``. With a ``label``
    everything that answers it is collected in ``lines`` until it is complete (IRCv3
    labeled-response); ``open`` of its commands are not answered yet."""

    name: str
    params: tuple[str, ...] = ()
    label: str = ""
    lines: list[Line] = field(default_factory=list)
    open: int = 0
    is_closed: bool = False
    """Whether it has asked for all that it will ask for."""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    """The channel modes that were changed: the sign, the letter, and the parameter."""
    found: list[Said] = field(default_factory=list)
    """The messages of CHATHISTORY so far, in ``pages`` answers before the last."""
    pages: int = 0
    room: str = ""
    """The channel whose modes they are."""
    end: list[Line] = field(default_factory=list)
    """What comes last, whatever the answers are."""

    @property
    def is_answered(self) -> bool:
        """Whether nothing more will come."""
        return self.is_closed and not self.open

    def mode_change(self) -> str:
        """The changes as one line has them: ``+it-v bob``; empty: there are none."""
        letters, arguments, last = "", [], ""
        for sign, letter, argument in self.changes:
            letters += letter if sign == last else sign + letter
            last = sign
            if argument:
                arguments.append(argument)
        return " ".join([letters, *arguments])
