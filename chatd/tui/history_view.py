"""The history view: scrolls through the history of a room, and fetches it from the server.

Nothing is shown before the first answer. A request made while the link is lost is sent when it is
back. The other view is the live one, which shows new messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from chatd.codecs import phrases
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.core.limits import HISTORY_EVENTS
from chatd.core.names import fold
from chatd.tui.cells import BOLD, FAINT, Line, Row, Span
from chatd.tui.conversation import mentions
from chatd.tui.formatter import Formatter
from chatd.tui.history_window import Entry, HistoryWindow
from chatd.tui.keys import Key

FIRST_MOMENT: Final = "1970-01-01T00:00:00Z"
"""Before every event: what comes after it begins with the first event of the log."""


class Goal(Enum):
    """What a request is for."""

    UP = auto()  # open the history, a page up from the live view
    EVENT = auto()  # open the history at an event
    OLDEST = auto()  # open the history at its beginning
    OLDER = auto()  # fetch events before those in the window
    LATER = auto()  # fetch events after those in the window


OPENING: Final = (Goal.UP, Goal.EVENT, Goal.OLDEST)


@dataclass(frozen=True, slots=True)
class RoomOnScreen:
    """How the live view shows a room: its name, the number of its ``last`` event, the number of its
    first visible one (0: none is visible), and its unread mark (`conversation.JoinedRoom`)."""

    name: str
    last: int
    first_visible: int
    unread_mark: tuple[int, Line] | None = None


@dataclass(frozen=True, slots=True)
class JumpTarget:
    """Event number ``seq``, which the user jumps to, and the ``words`` that were searched for."""

    seq: int
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the server: what it is for, the room as the live view shows it, the events from
    number ``low`` up to, not including, ``high`` (both 0: not known), and the target of a jump."""

    goal: Goal
    room: RoomOnScreen
    low: int = 0
    high: int = 0
    target: JumpTarget | None = None

    @property
    def command(self) -> commands.History:
        """The command for it."""
        room, count = self.room.name, HISTORY_EVENTS
        match self.goal:
            case Goal.UP | Goal.OLDER:
                return commands.History(count, room, before=self.high)
            case Goal.EVENT:
                return commands.History(count, room, around=self.low + count // 2)
            case Goal.LATER:
                return commands.History(count, room, after=self.low - 1)
        return commands.History(count, room, after_time=FIRST_MOMENT)


class HistoryView:
    """The history as the user sees it.

    ``send`` returns the command with its id, ``nick`` the user's nick, ``is_up`` whether the link
    is up."""

    def __init__(
        self, send: Callable[[Command], Command], formatter: Formatter, nick: Callable[[], str], is_up: Callable[[], bool]
    ) -> None:
        self.window: HistoryWindow | None = None
        """The part of the history that is shown; None: the live view is."""
        self.notice = ""
        """A short notice for the status line, until the next key."""
        self.new = 0
        """How many messages have arrived since the history was opened."""
        self.mentioned = False
        """Whether one of them mentions the user."""
        self._send = send
        self._formatter = formatter
        self._nick = nick
        self._is_up = is_up
        self._requests: dict[str, Request | None] = {}
        self._room = RoomOnScreen("", 0, 0)
        self._target: JumpTarget | None = None
        self._size = (80, 22)

    def resize(self, columns: int, height: int) -> None:
        """Fill ``height`` rows of ``columns`` cells."""
        self._size = (columns, height)
        if self.window is not None:
            self.window.resize(columns, height)

    # -- Keys and commands of the user

    def page_up(self, room: RoomOnScreen) -> None:
        """Open the history of a room, a page up from the live view."""
        high = (room.first_visible or room.last) + 1
        self._open(Request(Goal.UP, room, high - HISTORY_EVENTS, high))

    def open_at(self, room: RoomOnScreen, seq: int, target: JumpTarget | None = None) -> None:
        """Open the history at event ``seq``; with ``target``, the event stands out."""
        low = seq - HISTORY_EVENTS // 2
        self._open(Request(Goal.EVENT, room, low, low + HISTORY_EVENTS, target))

    def open_oldest(self, room: RoomOnScreen) -> None:
        """Open the history at its beginning."""
        self._open(Request(Goal.OLDEST, room))

    def press(self, key: Key) -> bool:
        """Scroll as ``key`` says; False: it is no key of the history, and closes it."""
        self.notice = ""
        window = self.window
        if window is None:
            return False
        moves = {Key.PAGE_UP: -window.page, Key.PAGE_DOWN: window.page, Key.UP: -1, Key.DOWN: 1}
        if key in (Key.HOME, Key.OLDEST):
            self.open_oldest(self._room) if window.more else window.show_oldest()
        elif key in moves:
            self._move(window, moves[key])
        else:
            return key is Key.REDRAW
        return True

    def _move(self, window: HistoryWindow, rows: int) -> None:
        moved = window.scroll(rows)
        self._fetch(window)
        if moved:
            return
        if self._is_requested(Goal.OLDER if rows < 0 else Goal.LATER):
            self.notice = self._waiting_notice()
        elif rows > 0:
            self.close()
        else:
            self.notice = "there is nothing before this"

    def close(self) -> None:
        """Go back to the live view, and drop all requests."""
        self.window, self.notice = None, ""
        self.new, self.mentioned = 0, False
        self._requests = dict.fromkeys(self._requests)

    # -- Requests

    @property
    def is_opening(self) -> bool:
        """Whether the history opens as soon as the server has answered."""
        return any(map(self._is_requested, OPENING))

    def _is_requested(self, goal: Goal) -> bool:
        return any(request is not None and request.goal is goal for request in self._requests.values())

    def _open(self, request: Request) -> None:
        if not self.is_opening:
            self._request(request)

    def _request(self, request: Request) -> None:
        self._requests[self._send(request.command).id] = request
        if request.goal in OPENING:
            self.notice = self._waiting_notice()

    def _waiting_notice(self) -> str:
        return "asking the server" if self._is_up() else "waiting for the connection"

    def _fetch(self, window: HistoryWindow) -> None:
        """Request what may be needed soon, if it is not here."""
        if window.more and window.above < 2 * window.page and not self._is_requested(Goal.OLDER):
            self._request(Request(Goal.OLDER, self._room, window.low - HISTORY_EVENTS, window.low))
        if window.later and window.below < window.page and not self._is_requested(Goal.LATER) and not self._meets_live_view(window):
            self._request(Request(Goal.LATER, self._room, window.high, window.high + HISTORY_EVENTS))

    def _meets_live_view(self, window: HistoryWindow) -> bool:
        """Whether the live view goes on where the window ends."""
        return 0 < self._room.first_visible < window.high and not self.new

    # -- Callbacks

    def on_event(self, event: Event) -> None:
        """An event of a room has arrived."""
        if self.window is not None and self.window.room == event.room:
            self.window.later = True

    def on_message(self, for_me: bool) -> None:
        """A message has arrived; ``for_me``: it mentions the user."""
        if self.window is not None:
            self.new += 1
            self.mentioned |= for_me

    def on_forgotten(self, room: str, before: int) -> None:
        """The log of ``room`` no longer has the events before number ``before``."""
        if self.window is not None and self.window.room == room:
            self.window.drop_before(before)

    def on_deleted(self, room: str, seq: int) -> None:
        """Message number ``seq`` of ``room`` was deleted."""
        if self.window is not None and self.window.room == room:
            self.window.drop(seq)

    def on_room_gone(self, room: str) -> None:
        """The user has left ``room``, or its log has new numbers."""
        shown = [self.window.room] if self.window is not None else []
        if room in [*shown, *(request.room.name for request in self._requests.values() if request is not None)]:
            self.close()

    # -- Answers

    def take_answer(self, answer: Answer) -> bool:
        """Whether ``answer`` belongs to a request of the history; if so, show it."""
        if answer.id not in self._requests:
            return False
        request = self._requests.pop(answer.id)
        self.notice = "" if request is not None else self.notice
        if request is not None and isinstance(answer, answers.HistoryPage):
            self._on_page(request, answer)
        elif request is not None and isinstance(answer, answers.Refused):
            self.notice = phrases.refusal(answer)
        return True

    def _on_page(self, request: Request, page: answers.HistoryPage) -> None:
        """Show ``page``. It has all events of the range except messages of people whom the user
        ignores."""
        low, high = request.low, request.high
        if page.events:
            low = low if page.more else page.events[0].seq
            high = high if page.later and high else page.events[-1].seq + 1
        # Before event 1 there is nothing, whatever the server says.
        page = replace(page, more=page.more and low > 1)
        if request.goal in OPENING:
            self._open_window(request, page, low, high)
        elif self.window is not None and request.goal is Goal.OLDER and request.high == self.window.low:
            self.window.add_older(self._entries(page), low, page.more)
        elif self.window is not None and request.goal is Goal.LATER and request.low == self.window.high:
            self.window.add_later(self._entries(page), high if page.events or page.later else request.low, page.later)
        if self.window is not None:
            self._fetch(self.window)

    def _open_window(self, request: Request, page: answers.HistoryPage, low: int, high: int) -> None:
        """Open the history at ``page``, if it has anything that the live view does not show."""
        room, first = request.room, (page.events[0].seq if page.events else request.high)
        if (request.goal is Goal.UP and not page.more and 0 < room.first_visible <= first) or not (page.events or page.more):
            self.notice = f"there is nothing before this in #{room.name}"
            return
        self._room, self._target = room, request.target
        beginning = (Span(f"-- The log of #{room.name} begins here. --", FAINT),)
        self.window = window = HistoryWindow(room.name, beginning, room.unread_mark)
        window.resize(*self._size)
        window.replace(self._entries(page), low, high, page.more, page.later)
        if request.goal is Goal.OLDEST:
            window.show_oldest()
        elif request.goal is Goal.UP and room.first_visible:
            window.show_before(room.first_visible)
        elif request.goal is Goal.EVENT:
            window.show_event(request.low + HISTORY_EVENTS // 2)
        if request.target is not None and all(event.seq != request.target.seq for event in page.events):
            self.notice = "that message is no longer kept"

    def _entries(self, page: answers.HistoryPage) -> list[Entry]:
        return [Entry(event.seq, event.time, self._formatter.day_line(event.time), self._lines(event)) for event in page.events]

    def _lines(self, event: Event) -> tuple[Line, ...]:
        nick = self._nick()
        for_me = isinstance(event, events.Said) and fold(event.nick) != fold(nick) and mentions(nick, event.text)
        words = self._target.words if self._target is not None and self._target.seq == event.seq else None
        return self._formatter.history_lines(event, for_me, words)

    # -- Output

    @property
    def rows(self) -> list[Row]:
        """The visible rows."""
        return self.window.rows if self.window is not None else []

    @property
    def status(self) -> Line:
        """The status line of the history, with the most important first: a narrow one is cut."""
        if self.window is None:
            return ()
        new = f", {self.new:,}{'!' if self.mentioned else ''} new" if self.new else ""
        where = self.notice or (self._formatter.date(self.window.time) if self.window.time else "")
        return (Span(f" #{self.window.room}", BOLD), Span(" history"), Span(new, BOLD), Span(f"  {where}"))
