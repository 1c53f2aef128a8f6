"""Looking back: goes through the past of a room, and has the server tell what is missing of it.

Nothing is shown before the first answer has come, and nothing but what the server has told: its log
is the one truth. What is asked while the link is down is sent when it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from chatd.client.cells import BOLD, FAINT, Line, Row, Span
from chatd.client.conversation import mentions
from chatd.client.keys import Key
from chatd.client.past import Entry, Past
from chatd.client.wording import Wording
from chatd.codecs import phrases
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.events import Answer, Event
from chatd.core.limits import HISTORY_EVENTS
from chatd.core.names import fold

FIRST_MOMENT: Final = "1970-01-01T00:00:00Z"
"""A time before everything: what comes after it begins with the first event that the log has."""


class Goal(Enum):
    """What an answer is for."""

    UP = auto()
    """Open the past, a page up from the present."""
    EVENT = auto()
    """Show the place of an event."""
    OLDEST = auto()
    """Show the beginning of the log."""
    OLDER = auto()
    """Go on before what is here."""
    LATER = auto()
    """Go on after what is here."""


OPENING: Final = (Goal.UP, Goal.EVENT, Goal.OLDEST)


@dataclass(frozen=True, slots=True)
class View:
    """How the present shows a room: its name, the number of its last event, that of the first in
    sight (0: none is), and a line that stands above the event of a number, if there is one."""

    room: str
    last: int
    in_sight: int
    mark: tuple[int, Line] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Event number ``seq`` is the one that one has jumped to, because of ``words`` in it."""

    seq: int
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the server: for what, of how a room, the events from number ``low`` to the
    one before ``high`` (0: nobody knows which), and the hit among them, if that is what is
    wanted."""

    goal: Goal
    view: View
    low: int = 0
    high: int = 0
    hit: Hit | None = None

    @property
    def command(self) -> commands.History:
        """The command that asks for it."""
        room, count = self.view.room, HISTORY_EVENTS
        match self.goal:
            case Goal.UP | Goal.OLDER:
                return commands.History(count, room, before=self.high)
            case Goal.EVENT:
                return commands.History(count, room, around=self.low + count // 2)
            case Goal.LATER:
                return commands.History(count, room, after=self.low - 1)
        return commands.History(count, room, after_time=FIRST_MOMENT)


class Lookback:
    """The past as one person looks at it.

    ``send`` asks the server, and gives the command back with its id. ``nick`` tells what the person
    is called, ``is_up`` whether the link is.
    """

    def __init__(
        self, send: Callable[[Command], Command], wording: Wording, nick: Callable[[], str], is_up: Callable[[], bool]
    ) -> None:
        self.past: Past | None = None
        """What is looked at; None: the present."""
        self.notice = ""
        """What there is to say until the next key, in a few words."""
        self.new = 0
        """The messages that have come since one looks at the past, in number."""
        self.called = False
        """Whether one of them is meant for this person."""
        self._send = send
        self._wording = wording
        self._nick = nick
        self._is_up = is_up
        self._asked: dict[str, Asked | None] = {}
        self._view = View("", 0, 0)
        self._hit: Hit | None = None
        self._size = (80, 22)

    def fit(self, columns: int, height: int) -> None:
        """Fill ``height`` rows of ``columns`` cells."""
        self._size = (columns, height)
        if self.past is not None:
            self.past.fit(columns, height)

    # -- What the person wants

    def up(self, view: View) -> None:
        """Open the past of a room, a page up from the present, which shows it as in ``view``."""
        high = (view.in_sight or view.last) + 1
        self._open(Asked(Goal.UP, view, high - HISTORY_EVENTS, high))

    def to_event(self, view: View, seq: int, hit: Hit | None = None) -> None:
        """Show the place of event ``seq``; with ``hit``, it stands out."""
        low = seq - HISTORY_EVENTS // 2
        self._open(Asked(Goal.EVENT, view, low, low + HISTORY_EVENTS, hit))

    def to_oldest(self, view: View) -> None:
        """Show where the log of a room begins."""
        self._open(Asked(Goal.OLDEST, view))

    def press(self, key: Key) -> bool:
        """Move as ``key`` says; False where it is no key of the past, which is left with it."""
        self.notice = ""
        past = self.past
        if past is None:
            return False
        moves = {Key.PAGE_UP: -past.page, Key.PAGE_DOWN: past.page, Key.UP: -1, Key.DOWN: 1}
        if key in (Key.HOME, Key.OLDEST):
            self.to_oldest(self._view) if past.more else past.show_oldest()
        elif key in moves:
            self._move(past, moves[key])
        else:
            return key is Key.REDRAW
        return True

    def _move(self, past: Past, rows: int) -> None:
        moved = past.scroll(rows)
        self._fetch(past)
        if moved:
            return
        if self._is_waiting(Goal.OLDER if rows < 0 else Goal.LATER):
            self.notice = self._waiting_words()
        elif rows > 0:
            self.close()
        else:
            self.notice = "nothing is before this"

    def close(self) -> None:
        """Go back to the present; what was asked for is not wanted any more."""
        self.past, self.notice = None, ""
        self.new, self.called = 0, False
        self._asked = dict.fromkeys(self._asked)

    # -- What the server is asked

    @property
    def is_opening(self) -> bool:
        """Whether the past is shown as soon as the server has answered."""
        return any(map(self._is_waiting, OPENING))

    def _is_waiting(self, goal: Goal) -> bool:
        return any(asked is not None and asked.goal is goal for asked in self._asked.values())

    def _open(self, asked: Asked) -> None:
        if not self.is_opening:
            self._ask(asked)

    def _ask(self, asked: Asked) -> None:
        self._asked[self._send(asked.command).id] = asked
        if asked.goal in OPENING:
            self.notice = self._waiting_words()

    def _waiting_words(self) -> str:
        return "asking the server" if self._is_up() else "this comes when the link is back"

    def _fetch(self, past: Past) -> None:
        """Ask for what may be wanted soon, if it is not here."""
        if past.more and past.above < 2 * past.page and not self._is_waiting(Goal.OLDER):
            self._ask(Asked(Goal.OLDER, self._view, past.low - HISTORY_EVENTS, past.low))
        if past.later and past.below < past.page and not self._is_waiting(Goal.LATER) and not self._meets_the_present(past):
            self._ask(Asked(Goal.LATER, self._view, past.high, past.high + HISTORY_EVENTS))

    def _meets_the_present(self, past: Past) -> bool:
        """Whether what comes after what is here is what the present shows."""
        return 0 < self._view.in_sight < past.high and not self.new

    # -- What happens meanwhile

    def happened(self, event: Event) -> None:
        """Something has happened in a room."""
        if self.past is not None and self.past.room == event.room:
            self.past.later = True

    def came(self, loud: bool) -> None:
        """A message has come."""
        if self.past is not None:
            self.new += 1
            self.called |= loud

    def forgotten(self, room: str, before: int) -> None:
        """The log of ``room`` has nothing before number ``before`` any more."""
        if self.past is not None and self.past.room == room:
            self.past.forget(before)

    def gone(self, room: str) -> None:
        """``room`` cannot be looked at any more, or its numbers mean something else now."""
        looked_at = [self.past.room] if self.past is not None else []
        if room in [*looked_at, *(asked.view.room for asked in self._asked.values() if asked is not None)]:
            self.close()

    # -- What the server answers

    def answers(self, answer: Answer) -> bool:
        """Take in ``answer`` if something was asked here that it answers."""
        if answer.id not in self._asked:
            return False
        asked = self._asked.pop(answer.id)
        self.notice = "" if asked is not None else self.notice
        if asked is not None and isinstance(answer, events.HistoryPage):
            self._take(asked, answer)
        elif asked is not None and isinstance(answer, events.Refused):
            self.notice = phrases.refusal(answer)
        return True

    def _take(self, asked: Asked, told: events.HistoryPage) -> None:
        """The server has told all there is of what was ``asked``; what it leaves out, those have
        said whom one does not hear."""
        low, high = asked.low, asked.high
        if told.events:
            low = low if told.more else told.events[0].seq
            high = high if told.later and high else told.events[-1].seq + 1
        # Whoever says that there is something before the first is not asked again.
        told = replace(told, more=told.more and low > 1)
        if asked.goal in OPENING:
            self._begin(asked, told, low, high)
        elif self.past is not None and asked.goal is Goal.OLDER and asked.high == self.past.low:
            self.past.add_older(self._entries(told), low, told.more)
        elif self.past is not None and asked.goal is Goal.LATER and asked.low == self.past.high:
            self.past.add_later(self._entries(told), high if told.events or told.later else asked.low, told.later)
        if self.past is not None:
            self._fetch(self.past)

    def _begin(self, asked: Asked, told: events.HistoryPage, low: int, high: int) -> None:
        """Look at what was ``asked`` for, if there is something in it that the present does not
        show."""
        view, first = asked.view, (told.events[0].seq if told.events else asked.high)
        if (asked.goal is Goal.UP and not told.more and 0 < view.in_sight <= first) or not (told.events or told.more):
            self.notice = f"nothing is before this in #{view.room}"
            return
        self._view, self._hit = view, asked.hit
        self.past = past = Past(view.room, (Span(f"-- The log of #{view.room} begins here. --", FAINT),), view.mark)
        past.fit(*self._size)
        past.begin(self._entries(told), low, high, told.more, told.later)
        if asked.goal is Goal.OLDEST:
            past.show_oldest()
        elif asked.goal is Goal.EVENT:
            past.show_event(asked.low + HISTORY_EVENTS // 2)
        if asked.hit is not None and all(event.seq != asked.hit.seq for event in told.events):
            self.notice = "that message is kept no longer"

    def _entries(self, told: events.HistoryPage) -> list[Entry]:
        return [Entry(event.seq, event.time, self._wording.day(event.time), self._lines(event)) for event in told.events]

    def _lines(self, event: Event) -> tuple[Line, ...]:
        nick = self._nick()
        loud = isinstance(event, events.Said) and fold(event.nick) != fold(nick) and mentions(nick, event.text)
        words = self._hit.words if self._hit is not None and self._hit.seq == event.seq else None
        return self._wording.of_log(event, loud, words)

    # -- What is shown

    @property
    def rows(self) -> list[Row]:
        """The rows in sight."""
        return self.past.rows if self.past is not None else []

    @property
    def status(self) -> Line:
        """What the status line tells of the past: the most important first, since a narrow one is
        cut."""
        if self.past is None:
            return ()
        new = f", {self.new:,}{'!' if self.called else ''} new" if self.new else ""
        where = self.notice or (self._wording.date(self.past.time) if self.past.time else "")
        return (Span(f" #{self.past.room}", BOLD), Span(" past"), Span(new, BOLD), Span(f"  {where}"))
