"""What every codec offers: a half that all connections share, and a talk for each of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol, TypeAlias

from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event

View: TypeAlias = Hashable
"""One of the ways in which a codec shows the events of a room. It means something to its codec
alone: all others only compare it. Readers with an equal codec and an equal view are sent the same
bytes."""


class Codec(Protocol):
    """Encodes events, once for all readers of a view. It has no state that belongs to a
    connection."""

    @property
    def name(self) -> str:
        """What the codec is called: ``text``, ``json``."""

    @property
    def echo(self) -> bool:
        """Whether people are sent what they did themselves."""

    @property
    def acknowledges_all(self) -> bool:
        """Whether people are told of each of their messages that it is delivered, and not only of
        those with an id."""

    @property
    def tells_once(self) -> bool:
        """Whether somebody who reads several rooms is told once of what happens in all of them:
        that a person quits, or changes their nick."""

    @property
    def names_shown(self) -> int:
        """How many members somebody who enters a room is told of at most, themselves among
        them."""

    def encode(self, event: Event, view: View) -> bytes:
        """The bytes of ``event``, whole lines, as ``view`` shows it."""

    def talk(self) -> Talk:
        """The half for one more connection."""


class Talk(Protocol):
    """The half of a codec that belongs to one connection, and may have state: lines to commands,
    answers to lines."""

    @property
    def codec(self) -> Codec:
        """The half that is shared."""

    def decode(self, line: bytes, named: bool) -> Command | None:
        """The command in ``line``, without its end; None where there is nothing in it.

        ``named``: the person has a nick. Every text in the command is safe (``text.py``). Raises
        Refusal.
        """

    @property
    def read_series(self) -> Callable[[bytes, int, int], tuple[list[str], int]] | None:
        """Reads a *series*: lines of which each is a message in the current room and nothing else.

        It is called with what has arrived, the position of the first line and the most lines to
        read. Returns their texts, which are safe, and the position after them; no texts if there
        are fewer than two such lines. It is None itself where each line is decoded alone.
        """

    def encode(self, answer: Answer) -> bytes:
        """The bytes of ``answer``, whole lines."""

    @property
    def next_command(self) -> Callable[[], Command | None] | None:
        """Returns a further command that earlier lines or answers ask for, or None if there is
        none; it is None itself where each line is one command."""

    def edit(self, event: Event, piece: bytes, own: bool) -> bytes:
        """What this connection is sent of ``event``, of which ``piece`` is what all others are
        sent; ``own``: it has caused the event.

        It is asked where that may differ: of own events where the codec has no echo, and where the
        codec tells once, of events that may happen in several rooms. Where the codec does not tell
        once, nothing is sent of the own events that it is asked about.
        """

    def view(self, current: bool) -> View:
        """How this connection is shown a room that is its current one, or is not."""
