"""The half of the codec that all clients share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatd.codecs.base import View
from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.events import tags
from chatd.codecs.irc.shared import Shared
from chatd.codecs.irc.talk import IrcTalk
from chatd.core.events import Event
from chatd.core.limits import NAMES_SHOWN
from chatd.core.registry import Settings


class IrcCodec:
    """Lines for IRC clients (``shared.Shared`` has the arguments)."""

    name: Final = "irc"
    echo: Final = False
    acknowledges_all: Final = False  # Only a message with a label has an id, and needs an answer.
    tells_once: Final = True
    names_shown: Final = NAMES_SHOWN

    def __init__(self, settings: Settings, now: Callable[[], int], offered: Mapping[str, str] | None = None) -> None:
        self.shared = Shared(settings, now, offered)

    def talk(self) -> IrcTalk:
        """The half for one more client."""
        return IrcTalk(self, self.shared)

    def encode(self, event: Event, view: View) -> bytes:
        """The lines of ``event``; ``view`` has the capabilities of `Cap.SHOWN`."""
        assert isinstance(view, int)
        lines = self.shared.lines.of(event, view)
        if not lines:
            return b""
        first = f"{tags(event, view)}{lines[0]}\r\n"
        if len(lines) == 1:
            return first.encode()
        further = tags(event, view & ~Cap.TAGS)  # An id names one line alone.
        return "".join([first, *(f"{further}{line}\r\n" for line in lines[1:])]).encode()
