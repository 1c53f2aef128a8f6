"""A person at a simulated terminal, with a scripted server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chatd.client.link import ReconnectingLink
from chatd.client.login import Login
from chatd.client.saved_state import SavedState
from chatd.core import answers, commands, events
from chatd.tui.display import PAINT_SECONDS
from chatd.tui.saving import Seen
from chatd.tui.screen import DumbScreen, Screen
from chatd.tui.tui import Tui
from tests.client.scripted import TIME, ScriptedServer
from tests.tui.glass import Glass

PAGE_UP, ESCAPE = "\x1b[5~", "\x1b"

LONG = [f"number {number}" for number in range(1, 301)]

RIGHT = "zebra-quartz-lantern"


class Case:
    """A person, as the terminal that `Tui` needs."""

    def __init__(
        self,
        nick_taken: str = "",
        refuse: bool = False,
        before: Collection[str] = (),
        saved: SavedState | None = None,
        dumb: bool = False,
        passwords: Mapping[str, str] | None = None,
        server_password: str = "",
        login: Login | None = None,
        invitation: str | None = None,
    ) -> None:
        self.server = ScriptedServer(nick_taken)
        self.server.passwords.update(passwords or {})
        self.server.server_password = server_password
        self.server.invitation = invitation
        self.server.refuse = refuse
        for text in before:
            self.server.bob_says(text)
        self.glass = Glass(200, 300) if dumb else Glass(60, 12)
        self.dumb = dumb
        self.opened = 0
        self.saved: list[tuple[SavedState, set[str]]] = []
        self.no_place = False
        self.suspended = 0
        self.hidden = False
        self.ends: list[tuple[int, str]] = []
        state = saved or SavedState()
        self.client = Tui(self.server.clock, lambda: TIME, self, "ada", "host:1", state.cursors, state.current, self.save)
        hello = commands.Hello("ada", token="0123456789abcdef")
        cursors = None if saved is None else saved.resume()
        self.client.link = self.link = ReconnectingLink(
            self.server.clock, self.server, hello, self.client, jitter=lambda: 0.5, cursors=cursors, login=login
        )
        self.client.link.start()
        self.settle()

    def save(self, seen: Seen) -> None:
        if self.no_place:
            raise OSError(28, "No space left on device")
        self.saved.append((SavedState(seen.log, seen.rooms, seen.current, seen.last), set(seen.left)))

    def open(self) -> Screen:
        self.opened += 1
        return DumbScreen() if self.dumb else Screen(60, 12, True)

    is_ready = True

    def write(self, text: str) -> None:
        self.glass.write(text.replace("\n", "\r\n") if self.dumb else text)

    def hide(self, hidden: bool) -> None:
        self.hidden = hidden

    def suspend(self) -> None:
        self.suspended += 1
        self.client.suspend_screen()

    def close(self, status: int, why: str) -> None:
        self.ends.append((status, why))

    def settle(self) -> None:
        for _ in range(2):
            self.server.later(PAINT_SECONDS)

    def keys(self, *keys: str) -> None:
        """Press ``keys``, and deliver everything."""
        for key in keys:
            self.client.keys(key.encode())
        self.settle()

    def tell(self, *news: events.Event | answers.Answer) -> None:
        for one in news:
            self.server.connections[-1].tell(one)
        self.settle()

    def shows(self, text: str) -> bool:
        return text in " ".join(line.strip() for line in self.glass.history)

    @property
    def typed(self) -> str:
        return self.glass.lines[-1]

    @property
    def status(self) -> str:
        return self.glass.lines[-2]


def back(seq: int, said_since: int, **more: str) -> Case:
    """A person who comes back and has seen #lobby up to event ``seq``; ``said_since`` messages are
    new."""
    saved = SavedState(more.get("log", "log-1"), ("lobby",), "lobby", {"lobby": seq})
    return Case(before=LONG[: seq + said_since], saved=saved)


def end(case: Case) -> None:
    case.keys("\x03", "\x03")
    assert case.ends


def registered(**more: Any) -> Case:
    return Case(passwords={"ada": RIGHT, "eve": RIGHT}, **more)
