"""What came while one was away: gathered until all of it is here, and then told in a few lines.

Whoever comes back, after a break of the link or in another run of the client, gets every event
since (``docs/protocol.md``, "hello"). A room's own are complete when one's own joining has come. Of
ten thousand the last hundred are told; all of them are counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatd.client.cells import Settled
from chatd.client.conversation import Conversation, Heard
from chatd.client.wording import Wording
from chatd.core import events
from chatd.core.events import Event
from chatd.core.limits import SCROLLBACK_EVENTS

TOLD: Final = 100
"""The last new events of a room that are told, in number: a few screenfuls; the others are in the
past."""

TOLD_ELSEWHERE: Final = 10
"""How many new events another room than the current one may have, in number, to be told at once,
without waiting to be turned to."""

WORTH_TELLING: Final = 1000
"""From how many events on it is told how far the gathering is: fewer come in a moment."""

Tell = Callable[[str], list[Settled]]
"""Gives the lines of something, for somebody whose current room is the one named."""


@dataclass(slots=True)
class Backlog:
    """What happened in ``room`` after event number ``after``, the last that was seen, and before
    ``until``, one's own joining.

    ``before`` are the last events that were seen; ``news`` the last new ones, each with its number
    and whether it is a message. ``count`` messages are new, ``calls`` of them say one's nick; the
    first is number ``first``, of the time ``time``.
    """

    room: str
    after: int
    until: int
    at: int = 0
    count: int = 0
    calls: int = 0
    first: int = 0
    time: int = 0
    before: deque[Event] = field(default_factory=lambda: deque(maxlen=SCROLLBACK_EVENTS))
    news: deque[tuple[int, bool, Tell]] = field(default_factory=lambda: deque(maxlen=TOLD))

    def add(self, event: Event, heard: Heard, message: bool, tell: Tell) -> None:
        """Take in ``event``, which is told by ``tell``; ``message``: it is somebody else's
        message."""
        self.at = event.seq
        if event.seq <= self.after:
            self.before.append(event)
            return
        if message:
            self.first, self.time = self.first or event.seq, self.time or event.time
            self.count += 1
            self.calls += heard.loud
        if heard.shown and not isinstance(event, (events.Joined, events.Left)):  # Who is there now is told by itself.
            self.news.append((event.seq, message, tell))

    def forget(self, before: int) -> None:
        """Drop what is before number ``before``."""
        self.before = deque((event for event in self.before if event.seq >= before), maxlen=SCROLLBACK_EVENTS)
        self.news = deque((new for new in self.news if new[0] >= before), maxlen=TOLD)

    @property
    def told(self) -> int:
        """How many of the new messages are told."""
        return sum(message for _, message, _ in self.news)


class Backlogs:
    """The backlogs of all rooms: those that still come, and those that wait until one turns to
    their room.

    ``fits`` tells whether lines can be in sight at once.
    """

    def __init__(self, talk: Conversation, wording: Wording, fits: Callable[[Sequence[Settled]], bool]) -> None:
        self._talk = talk
        self._wording = wording
        self._fits = fits
        self._coming: dict[str, Backlog] = {}
        self._waiting: dict[str, Backlog] = {}

    # -- What comes

    def entered(self, entered: events.Entered, place: int) -> None:
        """One is in a room again, of which everything up to event number ``place`` has come before;
        the rest is coming."""
        room = self._talk.rooms[entered.room]
        coming = self._coming.get(room.name)
        if coming is not None:
            coming.until = entered.seq
        elif place < entered.seq:
            self._coming[room.name] = Backlog(room.name, max(place, room.known), entered.seq, at=place)

    def heard(self, event: Event, heard: Heard) -> list[Settled] | None:
        """The lines to be shown before those of ``event``; None where it is told later, with its
        backlog."""
        backlog = self._coming.get(event.room)
        if backlog is None:
            return []
        if event.seq >= backlog.until:
            return self.finish(event.room)
        message = isinstance(event, events.Said) and not self._talk.is_own(event.nick)
        backlog.add(event, heard, message, lambda here: self._wording.heard(heard, here))
        return None

    def delivered(self, ack: events.Ack, tell: Tell) -> bool:
        """Whether an own message that is delivered has its place in a backlog, and is told
        there."""
        backlog = self._coming.get(ack.room)
        if backlog is None or ack.seq >= backlog.until:
            return False
        backlog.news.append((ack.seq, False, tell))
        return True

    def finish(self, room: str) -> list[Settled]:
        """All of the backlog of ``room`` that will come has come: the lines to be shown now."""
        backlog = self._coming.pop(room, None)
        if backlog is None:
            return []
        if backlog.count and (view := self._talk.rooms.get(room)):
            view.mark = (backlog.first, self._wording.mark(room, backlog.count, backlog.calls, backlog.time))
        if room == self._talk.current:
            return self._lines(backlog)
        if 0 < len(backlog.news) <= TOLD_ELSEWHERE:
            backlog.before.clear()
            return self._lines(backlog)
        if not backlog.count:
            return []
        self._waiting[room] = backlog
        number = list(self._talk.rooms).index(room) + 1 if room in self._talk.rooms else 0
        key = f"Alt-{number}" if 0 < number < 10 else f"/join #{room}"
        return self._wording.unread(room, backlog.count, backlog.calls, backlog.time, key)

    # -- What is told

    def turned_to(self, room: str) -> list[Settled]:
        """One has turned to ``room``: what has waited for that."""
        backlog = self._waiting.pop(room, None)
        return [] if backlog is None else self._lines(backlog)

    def _lines(self, backlog: Backlog) -> list[Settled]:
        here, room = self._talk.current, backlog.room
        lines = self._wording.before(room, tuple(backlog.before), here)
        if not backlog.news:
            return lines
        view = self._talk.rooms.get(room)
        if backlog.count and view is not None and view.mark is not None:
            lines.append(Settled(view.mark[1]))
        news = [line for _, _, tell in backlog.news for line in tell(here)]
        if backlog.told < backlog.count or not self._fits(news):
            news += self._wording.last_of(room, backlog.told, backlog.count)
        return [*lines, *news]

    # -- What else

    def forgotten(self, room: str, before: int) -> None:
        """The log of ``room`` has nothing before number ``before`` any more."""
        for backlog in self._all(room):
            backlog.forget(before)

    def left(self, room: str) -> None:
        """One is in ``room`` no longer."""
        self._coming.pop(room, None)
        self._waiting.pop(room, None)

    def shown(self, room: str, place: int) -> int:
        """Up to which event of ``room`` the person has been told all, where ``place`` is the last
        that has come."""
        return min((backlog.after for backlog in self._all(room)), default=place)

    def _all(self, room: str) -> list[Backlog]:
        return [backlogs[room] for backlogs in (self._coming, self._waiting) if room in backlogs]

    @property
    def progress(self) -> str:
        """How far the gathering is, if that takes a while."""
        for backlog in self._coming.values():
            count, total = backlog.at - backlog.after, backlog.until - backlog.after
            if total >= WORTH_TELLING:
                return f"catching up with #{backlog.room}: {max(0, count) * 100 // total} %"
        return ""
