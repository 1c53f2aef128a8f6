"""What every codec offers."""

from __future__ import annotations

from typing import Protocol

from chatd.core.commands import Command
from chatd.core.events import Answer, Event


class Codec(Protocol):
    """Turns lines into commands, and events and answers into lines; one object serves any number of
    connections."""

    @property
    def name(self) -> str:
        """What this way of speaking is called: ``text``, ``json``."""

    @property
    def echo(self) -> bool:
        """Whether people are sent what they did themselves."""

    @property
    def acknowledges(self) -> bool:
        """Whether people are told of each of their messages that it is delivered."""

    @property
    def names_rooms(self) -> bool:
        """Whether an event reads otherwise in the current room than elsewhere."""

    def decode(self, line: bytes, named: bool) -> Command | None:
        """The command in ``line``, without its end; None where there is nothing in it.

        ``named``: the person has a nick. Every text in the command is safe (``text.py``). Raises
        Refusal.
        """

    def encode(self, news: Event | Answer, current: bool = True) -> bytes:
        """The bytes of ``news``, whole lines; ``current``: it happened in the person's current
        room."""
