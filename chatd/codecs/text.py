"""The codec for people: plain lines (``docs/protocol.md``, "Text").

A message always follows ``<nick>``, ``* nick``, ``[nick]`` or ``#room``, and what the server says
follows ``--`` or ``!!``, so that nobody can imitate another person or the server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatd.codecs.phrases import Kind, Phrases, said
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.events import Answer, Event
from chatd.core.text import decode_line, safe_text

MARKS: Final[Mapping[Kind, str]] = {Kind.SAID: "", Kind.REPORT: "-- ", Kind.REFUSAL: "!! "}
"""The mark before each kind of phrase."""


class TextCodec:
    """Lines for people. ``now`` gives the milliseconds since 1970-01-01 UTC; times are shown in the
    server's zone."""

    name: Final = "text"
    echo: Final = False
    acknowledges: Final = False
    names_rooms: Final = True

    def __init__(self, now: Callable[[], int]) -> None:
        self._phrases = Phrases(now)

    def decode(self, line: bytes, named: bool) -> Command | None:
        """The command in ``line``; None if it is blank. Raises NotText, UnknownCommand and
        BadUsage."""
        text = safe_text(decode_line(line))
        if not text or text.isspace():
            return None
        if not named and not text.startswith("/"):
            return commands.Hello(text.strip())
        return commands.parse(text)

    def encode(self, news: Event | Answer, current: bool = True) -> bytes:
        """The lines of ``news``, with marks and line ends."""
        if type(news) is events.Said:  # The hot path.
            return f"{said(news, current)}\r\n".encode()
        return "".join(f"{MARKS[phrase.kind]}{phrase.text}\r\n" for phrase in self._phrases.of(news, current)).encode()
