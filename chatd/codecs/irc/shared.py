"""What all clients share: the settings of the server, and how lines become bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from chatd import __version__
from chatd.codecs.irc.capabilities import NAMES
from chatd.codecs.irc.events import Lines
from chatd.codecs.irc.isupport import tokens
from chatd.codecs.irc.request import Line
from chatd.core.events import Left, Reason
from chatd.core.registry import Settings


class Shared:
    """What a client needs to know of the server. ``now`` gives the milliseconds since 1970-01-01
    UTC, and ``offered`` are capabilities, with their values, that depend on how the server was
    started."""

    def __init__(self, settings: Settings, now: Callable[[], int], offered: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self.server = settings.name
        self.now = now
        self.since = now()
        """When the server has started."""
        self.version = f"chatd-{__version__}"
        self.lines = Lines(settings.name, now)
        self.offered: dict[str, str] = {**dict.fromkeys(NAMES, ""), **(offered or {})}
        self.isupport = tokens(settings)

    def join(self, lines: Iterable[Line]) -> bytes:
        """The bytes of ``lines``."""
        return "".join([f"@{tags} {line}\r\n" if tags else f"{line}\r\n" for tags, line in lines]).encode()


def is_quit(event: Left) -> bool:
    """Whether ``event`` is shown as a QUIT, which is about all rooms. Whom nobody in the room has
    removed, an operator has removed from the server."""
    return event.reason is not Reason.LEFT and not (event.reason is Reason.KICKED and event.by)
