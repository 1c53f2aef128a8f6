"""The codec for people: plain lines (``docs/protocol.md``, "Text").

A message always follows ``<nick>``, ``* nick``, ``[nick]`` or ``#room``, and what the server says
follows ``--`` or ``!!``, so that nobody can imitate another person or the server. ``rows.py``
ensures this also for the rows of a long line on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Final

from chatd.codecs.base import View
from chatd.codecs.phrases import Kind, Phrase, Phrases, said
from chatd.codecs.rows import with_marked_rows
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.events import Answer, Event
from chatd.core.text import decode_line, safe_text, says_nothing

MARKS: Final[Mapping[Kind, str]] = {Kind.SAID: "", Kind.REPORT: "-- ", Kind.REFUSAL: "!! "}
"""The mark before each kind of phrase."""


class TextView(Enum):
    """The two ways to show a room to people: outside their current room, messages include its
    name."""

    CURRENT_ROOM = "current room"
    OTHER_ROOM = "other room"


_CURRENT_ROOM: Final = TextView.CURRENT_ROOM  # Finding a member by its name takes a tenth of the time of a message.


class TextCodec:
    """Lines for people. ``now`` gives the milliseconds since 1970-01-01 UTC; times are shown in the
    server's zone."""

    name: Final = "text"
    echo: Final = False
    acknowledges: Final = False

    def __init__(self, now: Callable[[], int]) -> None:
        self._phrases = Phrases(now)

    def talk(self) -> TextTalk:
        """The half for one more connection."""
        return TextTalk(self)

    def encode(self, event: Event, view: View) -> bytes:
        """The line of ``event`` with its end; ``view`` is a TextView."""
        current = view is _CURRENT_ROOM
        if type(event) is events.Said:  # The hot path.
            return f"{with_marked_rows(said(event, current))}\r\n".encode()
        return _lines(self._phrases.of(event, current))

    def encode_answer(self, answer: Answer) -> bytes:
        """The lines of ``answer``, each with its end: the same in every talk."""
        return _lines(self._phrases.of(answer))


class TextTalk:
    """One person's half: it has nothing to remember."""

    __slots__ = ("codec",)

    def __init__(self, codec: TextCodec) -> None:
        self.codec = codec

    def decode(self, line: bytes, named: bool) -> Command | None:
        """The command in ``line``; None if it is blank. Raises NotText, UnknownCommand and
        BadUsage."""
        text = safe_text(decode_line(line))
        if says_nothing(text):
            return None
        if not named and not text.startswith("/"):
            return commands.Hello(text.strip())
        return commands.parse(text)

    def encode(self, answer: Answer) -> bytes:
        """The lines of ``answer``, each with its end."""
        return self.codec.encode_answer(answer)

    def view(self, current: bool) -> TextView:
        """How this person is shown a room, ``current`` or not."""
        return TextView.CURRENT_ROOM if current else TextView.OTHER_ROOM


def _lines(phrases: Iterable[Phrase]) -> bytes:
    """The phrases with their marks and line ends."""
    return "".join(f"{with_marked_rows(MARKS[phrase.kind] + phrase.text)}\r\n" for phrase in phrases).encode()
