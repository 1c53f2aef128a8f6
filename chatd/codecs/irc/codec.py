"""The half of the codec that all clients share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatd.codecs.base import View
from chatd.codecs.irc.events import tagged, tags
from chatd.codecs.irc.shared import Shared
from chatd.codecs.irc.talk import IrcTalk
from chatd.core.events import Event
from chatd.core.registry import Settings


class IrcCodec:
    """Lines for IRC clients (``shared.Shared`` has the arguments)."""

    name: Final = "irc"
    echo: Final = False
    acknowledges: Final = True
    tells_once: Final = True

    def __init__(self, settings: Settings, now: Callable[[], int], offered: Mapping[str, str] | None = None) -> None:
        self.shared = Shared(settings, now, offered)

    def talk(self) -> IrcTalk:
        """The half for one more client."""
        return IrcTalk(self, self.shared)

    def encode(self, event: Event, view: View) -> bytes:
        """The lines of ``event``; ``view`` has the capabilities of `Cap.SHOWN`."""
        assert isinstance(view, int)
        lines = self.shared.lines.of(event, view)
        return "".join([f"{line}\r\n" for line in tagged(lines, tags(event, view))]).encode()
