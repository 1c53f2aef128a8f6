"""A screen for a person whose terminal is at the other end of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from chatd.core.limits import KEYS_A_LINE, SCREEN_KEPT_LINES, SCREEN_LINES_A_SECOND, SCREEN_SIZE, SCREEN_WAITING_LINES
from chatd.core.ssh_keys import PublicKey
from chatd.doors.fair import FairClock
from chatd.doors.screen_link import ScreenLink
from chatd.doors.server import Server
from chatd.tui.screen import Screen
from chatd.tui.terminal_types import has_links
from chatd.tui.tui import Tui


class Wire(Protocol):
    """The way to the terminal."""

    @property
    def transport(self) -> Any:
        """The transport below, whose socket shows whether the other side reads."""

    @property
    def is_ready(self) -> bool:
        """Whether what is written will be sent at once; if not, `ScreenSession.ready` is called
        when that has changed."""

    def write(self, data: bytes) -> None:
        """Send ``data`` to the terminal."""

    def take_more(self) -> None:
        """The server takes keys again."""

    def close(self, status: int, why: str) -> None:
        """End with the exit status, after what was written. ``why`` is a line for the user."""


class ScreenSession:
    """The screen of one person (`tui.display.Terminal`), in front of a server in the same process.

    The arguments are those of `Caller`; ``wire`` leads to the terminal.
    """

    def __init__(self, server: Server, wire: Wire, address: str, began: float, door: str, is_secure: bool) -> None:
        self._server = server
        self._wire = wire
        self._clock = FairClock(server.clock, server.screens, self._charge, self._fail)
        self.link = ScreenLink(server, self._clock, address, began, door, is_secure, wire, self._on_gone)
        self._tui: Tui | None = None
        self._size = (80, 24)
        self._has_colours = self._has_links = False
        self._term = self._program = ""
        self._saves_bytes = False
        self._is_closed = self._is_lost = False

    def start(
        self,
        nick: str,
        size: tuple[int, int],
        environment: Mapping[str, str],
        password: str = "",
        saves_bytes: bool = False,
    ) -> None:
        """Begin for somebody who wants to be called ``nick`` (empty: ask them), on a terminal with
        this ``size`` in columns and rows, which may be at the end of a slow line
        (``saves_bytes``). ``environment`` has at least ``TERM``."""
        self._saves_bytes = saves_bytes
        self._size = clamped(*size)
        self._has_colours = has_colours(environment)
        self._term, self._program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
        self._has_links = has_links(self._term)
        registry = self._server.registry
        self._tui = tui = Tui(self._clock, registry.now, self, nick, registry.settings.name, waiting_lines=SCREEN_WAITING_LINES)
        tui.link = self.link
        self.link.on_login = self._offer_key
        self.link.start(tui)
        if nick:
            self.link.hello_as(nick, password)
        else:
            tui.ask_nick(f"Welcome to {registry.settings.name}. What is your nick?")

    def use_key(self, key: PublicKey | None) -> None:
        """The user has proved to have ``key``."""
        self.link.caller.session.key = key

    # -- From the terminal

    def keys(self, data: bytes) -> None:
        """Take what was typed."""
        tui = self._tui
        if tui is not None and not self._is_closed:
            self.link.caller.spend(len(data) / KEYS_A_LINE)
            self._clock.run(lambda: tui.keys(data))

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has another size."""
        self._size = clamped(columns, rows)
        tui = self._tui
        if tui is not None:
            self._clock.callLater(0, lambda: tui.resized(*self._size))

    def ready(self) -> None:
        """The wire takes something again."""
        if self._tui is not None:
            self.link.ready()
            self._tui.ready()

    def end_of_input(self) -> None:
        """Nothing more will be typed."""
        if self._tui is not None:
            self._tui.interrupt()
        else:
            self.link.stop()

    def lost(self) -> None:
        """The connection is gone, which may be told more than once."""
        if self._is_lost:
            return
        self._is_closed = self._is_lost = True
        self.link.lost()
        self._tui = None
        del self._clock, self._wire  # No cycle is left.

    # -- tui.display.Terminal

    @property
    def is_ready(self) -> bool:
        """Part of `display.Terminal`."""
        return self._wire.is_ready

    def open(self) -> Screen:
        """Part of `display.Terminal`."""
        return Screen(
            *self._size,
            self._has_colours,
            self._has_links,
            SCREEN_KEPT_LINES,
            self._saves_bytes,
            self._term,
            self._program,
        )

    def write(self, text: str) -> None:
        """Part of `display.Terminal`."""
        if text and not self._is_closed:
            self._wire.write(text.encode("utf-8", "replace"))

    def hide(self, hidden: bool) -> None:
        """Part of `display.Terminal`: the terminal shows nothing by itself."""

    def suspend(self) -> None:
        """Part of `display.Terminal`: there is no program that could be stopped."""

    def close(self, status: int, why: str) -> None:
        """Part of `display.Terminal`."""
        if not self._is_closed:
            self._is_closed = True
            why = why or self.link.why
            self._wire.close(status or int(bool(self.link.why)), why)

    # -- The server

    def _offer_key(self) -> None:
        """Tell the owner of an account once how to come with their key next time."""
        registry, session = self._server.registry, self.link.caller.session
        is_owner = session.person is not None and bool(session.person.account)
        if self._tui is not None and is_owner and session.key is not None and registry.accounts.find_key(session.key.value) is None:
            self._tui.note("/keys add lets you in with the key that you have come with, next time without a password.")
            self.link.on_login = lambda: None

    def _on_gone(self) -> None:
        self.close(1, "")

    def _charge(self, seconds: float) -> None:
        if not self._is_closed:
            self.link.caller.spend(seconds * SCREEN_LINES_A_SECOND)

    def _fail(self, error: Exception) -> None:
        self.link.caller.fail(error)


def clamped(columns: int, rows: int) -> tuple[int, int]:
    """A size that can be painted; 0 means that the terminal does not tell."""
    return min(columns or 80, SCREEN_SIZE[0]), min(rows or 24, SCREEN_SIZE[1])


def has_colours(environment: Mapping[str, str]) -> bool:
    """Whether a terminal with this ``environment`` has 256 colours, and they are wanted."""
    if environment.get("NO_COLOR"):
        return False
    term = environment.get("TERM", "")
    return "256color" in term or "COLORTERM" in environment or term.startswith(("xterm", "screen", "tmux", "putty", "rxvt"))
