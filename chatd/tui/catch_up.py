"""Catching up: what happened while the user was away is collected, and then shown in a few lines.

Whoever comes back, after a broken link or in another run of the client, gets every event since
(``docs/protocol.md``, "hello"). The catch-up of a room is complete when the user's own `joined`
arrives. Of ten thousand messages all are counted and the last hundred are shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatd.core import answers, events
from chatd.core.events import Event
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.tui.cells import FinalLine
from chatd.tui.conversation import Conversation, Received
from chatd.tui.formatter import Formatter

SHOWN: Final = 100
"""How many of the latest new events of a room are shown: a few screenfuls. The history has the
others."""

SHOWN_ELSEWHERE: Final = 10
"""Up to how many new events of a room that is not the current one are shown at once. More than that
wait until the user switches to it."""

PROGRESS_EVENTS: Final = 1000
"""From how many missing events on progress is shown: fewer arrive in a moment."""

Format = Callable[[str], list[FinalLine]]
"""Makes the lines of something, for a user whose current room is the one given."""


@dataclass(slots=True)
class CatchUp:
    """What happened in ``room`` after event ``after``, the last one seen, and before event
    ``until``, the user's own joining. ``at`` is the last event received.

    ``context`` has the last events that were seen before; ``new`` the last new ones, each with its
    seq and whether it is a message of somebody else. There are ``count`` new messages, of which
    ``mentions`` mention the user; the first has the seq ``first`` and the time ``time``.
    """

    room: str
    after: int
    until: int
    at: int = 0
    count: int = 0
    mentions: int = 0
    first: int = 0
    time: int = 0
    context: deque[Event] = field(default_factory=lambda: deque(maxlen=SCROLLBACK_EVENTS))
    new: deque[tuple[int, bool, Format]] = field(default_factory=lambda: deque(maxlen=SHOWN))

    def add(self, event: Event, received: Received, message: bool, format: Format) -> None:
        """Add ``event``, which ``format`` makes lines of; ``message``: it is a message of somebody
        else."""
        self.at = event.seq
        if event.seq <= self.after:
            self.context.append(event)
            return
        if message:
            self.first, self.time = self.first or event.seq, self.time or event.time
            self.count += 1
            self.mentions += received.for_me
        if received.shown and not isinstance(event, (events.Joined, events.Left)):  # `entered` says who is there now.
            self.new.append((event.seq, message, format))

    def drop_before(self, seq: int) -> None:
        """Drop the events before number ``seq``."""
        self.context = deque((event for event in self.context if event.seq >= seq), maxlen=SCROLLBACK_EVENTS)
        self.new = deque((new for new in self.new if new[0] >= seq), maxlen=SHOWN)

    @property
    def messages_shown(self) -> int:
        """How many of the new messages are shown."""
        return sum(message for _, message, _ in self.new)


class CatchUps:
    """The catch-ups of all rooms: those still arriving, and those that wait until the user switches
    to their room.

    ``fits`` tells whether lines fit on the screen together.
    """

    def __init__(self, conversation: Conversation, formatter: Formatter, fits: Callable[[Sequence[FinalLine]], bool]) -> None:
        self._conversation = conversation
        self._formatter = formatter
        self._fits = fits
        self._arriving: dict[str, CatchUp] = {}
        self._waiting: dict[str, CatchUp] = {}

    # -- Events arrive

    def on_entered(self, entered: answers.Entered, cursor: int) -> None:
        """The user is in a room again. Events up to number ``cursor`` were received before; the
        others are about to arrive."""
        room = self._conversation.rooms[entered.room]
        arriving = self._arriving.get(room.name)
        if arriving is not None:
            arriving.until = entered.seq
        elif cursor < entered.seq:
            self._arriving[room.name] = CatchUp(room.name, max(cursor, room.last_seen), entered.seq, at=cursor)

    def on_event(self, event: Event, received: Received) -> list[FinalLine] | None:
        """The lines to show before those of ``event``; None: the event is shown later, as part of
        its catch-up."""
        catch_up = self._arriving.get(event.room)
        if catch_up is None:
            return []
        if event.seq >= catch_up.until:
            return self.finish(event.room)
        message = isinstance(event, events.Said) and not self._conversation.is_own(event.nick)
        catch_up.add(event, received, message, lambda here: self._formatter.received(received, here))
        return None

    def on_delivered(self, ack: answers.Ack, format: Format) -> bool:
        """Whether a delivered message of the user belongs into a catch-up, and is shown there."""
        catch_up = self._arriving.get(ack.room)
        if catch_up is None or ack.seq >= catch_up.until:
            return False
        catch_up.new.append((ack.seq, False, format))
        return True

    def finish(self, room: str) -> list[FinalLine]:
        """No more of the catch-up of ``room`` will arrive: the lines to show now."""
        catch_up = self._arriving.pop(room, None)
        if catch_up is None:
            return []
        if catch_up.count and (joined := self._conversation.rooms.get(room)):
            mark = self._formatter.unread_mark(room, catch_up.count, catch_up.mentions, catch_up.time)
            joined.unread_mark = (catch_up.first, mark)
        if room == self._conversation.current:
            return self._lines(catch_up)
        if 0 < len(catch_up.new) <= SHOWN_ELSEWHERE:
            catch_up.context.clear()
            return self._lines(catch_up)
        return self._announce(catch_up) if catch_up.count else []

    def _announce(self, catch_up: CatchUp) -> list[FinalLine]:
        """Keep ``catch_up`` until the user switches to its room: the line that says so."""
        room, rooms = catch_up.room, list(self._conversation.rooms)
        self._waiting[room] = catch_up
        number = rooms.index(room) + 1 if room in rooms else 0
        key = f"Alt-{number}" if 0 < number < 10 else f"/join #{room}"
        return self._formatter.unread_elsewhere(room, catch_up.count, catch_up.mentions, catch_up.time, key)

    # -- Events are shown

    def on_switched(self, room: str) -> list[FinalLine]:
        """The user has switched to ``room``: the lines that have waited for that."""
        catch_up = self._waiting.pop(room, None)
        return [] if catch_up is None else self._lines(catch_up)

    def _lines(self, catch_up: CatchUp) -> list[FinalLine]:
        here, room = self._conversation.here, catch_up.room
        lines = self._formatter.earlier(room, tuple(catch_up.context), here)
        if not catch_up.new:
            return lines
        joined = self._conversation.rooms.get(room)
        if catch_up.count and joined is not None and joined.unread_mark is not None:
            lines.append(FinalLine(joined.unread_mark[1]))
        new = [line for _, _, format in catch_up.new for line in format(here)]
        if catch_up.messages_shown < catch_up.count or not self._fits(new):
            new += self._formatter.catch_up_end(room, catch_up.messages_shown, catch_up.count)
        return [*lines, *new]

    def last_shown(self, room: str, cursor: int) -> int:
        """The last event of ``room`` up to which all have been shown, where ``cursor`` is the last
        one received."""
        return min((catch_up.after for catch_up in self._all(room)), default=cursor)

    @property
    def progress(self) -> str:
        """How far a catch-up is, if it takes a while."""
        for catch_up in self._arriving.values():
            count, total = catch_up.at - catch_up.after, catch_up.until - catch_up.after
            if total >= PROGRESS_EVENTS:
                return f"catching up with #{catch_up.room}: {max(0, count) * 100 // total} %"
        return ""

    # -- Rooms change

    def on_forgotten(self, room: str, before: int) -> None:
        """The log of ``room`` no longer has the events before number ``before``."""
        for catch_up in self._all(room):
            catch_up.drop_before(before)

    def on_left(self, room: str) -> None:
        """The user is no longer in ``room``."""
        self._arriving.pop(room, None)
        self._waiting.pop(room, None)

    def _all(self, room: str) -> list[CatchUp]:
        return [catch_ups[room] for catch_ups in (self._arriving, self._waiting) if room in catch_ups]
