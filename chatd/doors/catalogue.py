"""Which doors there are, what each needs, and how it is opened.

A door's module, and with it the library that it needs, is imported when the first caller comes to
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from chatd.doors.front import FrontFactory
from chatd.doors.line import ChatFactory
from chatd.doors.openings import Door

if TYPE_CHECKING:
    from chatd.doors.web import WebDoor

NEEDS: Final[Mapping[Door, tuple[str, str]]] = {
    Door.TEXT: ("", ""),
    Door.JSON: ("", ""),
    Door.TLS: ("OpenSSL", "Twisted[tls]"),
    Door.WEB: ("wsproto", "Twisted[websocket]"),
}
"""The doors that chatd has: the module that each needs besides Twisted, and what to install to have
it."""


def is_installed(door: Door) -> bool:
    """Whether what ``door`` needs is there."""
    module, _ = NEEDS[door]
    return not module or find_spec(module) is not None


def missing(door: Door) -> str:
    """What to do about a door that is not installed."""
    module, install = NEEDS[door]
    return f"{door} needs {module}, which is not installed: pip install '{install}'"


def open_line_doors(front: FrontFactory, doors: Sequence[Door]) -> None:
    """Open the doors of lines that are among ``doors``."""
    server = front.server
    if Door.TEXT in doors:
        front.doors[Door.TEXT] = ChatFactory(server, server.text, accepts_json=Door.JSON in doors).build
    if Door.JSON in doors:
        front.doors[Door.JSON] = ChatFactory(server, server.json).build


def open_web_door(front: FrontFactory, origins: Sequence[str]) -> None:
    """Open the web door, also to the pages of ``origins``."""

    @cache
    def door() -> WebDoor:
        from chatd.doors.web import WebDoor

        return WebDoor(front.server, origins)

    front.doors[Door.WEB] = lambda address, began: door().buildProtocol(address, began)
