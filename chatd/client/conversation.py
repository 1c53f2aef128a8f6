"""The conversation as the client knows it: rooms, who is there, what is unread, what of one's own
is on its way.

Pure: fed with news, it changes what it knows and says how the news is to be shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from chatd.client.cells import Line
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.events import Answer, Event
from chatd.core.names import fold

Message = commands.Say | commands.Me | commands.Msg | commands.Reply
"""A command that says something."""

MESSAGES: Final = (commands.Say, commands.Me, commands.Msg, commands.Reply)

IN_A_ROOM: Final = (commands.Say, commands.Me, commands.Topic, commands.Keep, commands.Who, commands.Leave, commands.History)
"""Commands that mean the current room where they name none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something heard, and how to show it.

    ``loud``: it is meant for the person here. ``about``: the command that it answers. Not
    ``shown``: the person has nothing new from it.
    """

    news: Event | Answer
    loud: bool = False
    shown: bool = True
    about: Command | None = None


@dataclass(slots=True)
class RoomView:
    """A room that the person is in.

    ``members`` are those that are known of the ``count`` present, by their folded nicks; those who
    spoke last stand last. The state is that of event number ``as_of``. Events up to number
    ``known`` were seen in a run of the client before this one; ``mark`` is a line that stands
    before what is new, and the number of the first new message.
    """

    name: str
    count: int = 0
    members: dict[str, str] = field(default_factory=dict)
    topic: str = ""
    unread: int = 0
    called: bool = False
    as_of: int = 0
    known: int = 0
    mark: tuple[int, Line] | None = None

    def enter(self, entered: events.Entered) -> None:
        self.count = entered.count
        self.members = {fold(nick): nick for nick in entered.members}
        self.topic = entered.topic
        self.as_of = entered.seq

    def apply(self, event: Event) -> None:
        """Follow ``event``; one that the state already has in it changes nothing."""
        if event.seq <= self.as_of:
            return
        self.as_of = event.seq
        match event:
            case events.Joined():
                self.count += 1
                self.members[fold(event.nick)] = event.nick
            case events.Left():
                self.count = max(0, self.count - 1)
                self.members.pop(fold(event.nick), None)
            case events.Renamed():
                self.members.pop(fold(event.nick), None)
                self.members[fold(event.to)] = event.to
            case events.TopicSet():
                self.topic = event.text
            case events.Said():
                self.members.pop(fold(event.nick), None)
                self.members[fold(event.nick)] = event.nick


@dataclass(slots=True)
class Waiting:
    """An own message on its way, typed at ``time`` (milliseconds since 1970-01-01 UTC)."""

    message: Message
    time: int


class Conversation:
    """All that one client knows.

    ``known`` has the last event of each room that was seen in a run before this one, and
    ``current`` the room to turn to.
    """

    def __init__(self, nick: str, known: Mapping[str, int] | None = None, current: str = "") -> None:
        self.nick = nick
        self.server = ""
        self.current = ""
        self.rooms: dict[str, RoomView] = {}
        self.waiting: dict[str, Waiting] = {}
        self.correspondent = ""
        """Who last told the person something in private."""
        self.heading = ""
        """The room that was asked for last and not answered yet: what is typed after that is meant
        for it."""
        self._last_rename = ("", "")
        self._known = known or {}
        self._wanted = fold(current)

    # -- What is asked

    def settle(self, command: Command) -> Command:
        """``command`` with all that the server would fill in: what the person saw when they typed
        it is what is meant."""
        here = self.heading or self.current
        match command:
            case commands.Reply(text=text) if self.correspondent:
                return commands.Msg(self.correspondent, text)
            case _ if isinstance(command, IN_A_ROOM) and not command.room:
                return replace(command, room=here)
        return command

    def expect(self, command: Command, time: int) -> None:
        """``command`` is on its way; a message is among the `waiting` until it is answered."""
        if isinstance(command, commands.Join):
            self.heading = command.room.removeprefix("#")
        if isinstance(command, MESSAGES):
            self.waiting[command.id] = Waiting(command, time)

    def turn_to(self, room: str) -> None:
        """``room``, which the person is in, is the current one."""
        self.current = room
        view = self.rooms.get(room)
        if view is not None:
            view.unread, view.called = 0, False

    # -- What is heard

    def hear(self, news: Event | Answer, about: Command | None = None) -> Heard:
        """Take in ``news``, which answers the command ``about`` if there is one."""
        if isinstance(news, Event):
            return self._happened(news)
        self.waiting.pop(news.id, None)
        if isinstance(about, commands.Join) and about.room.removeprefix("#") == self.heading:
            self.heading = ""
        match news:
            case events.Welcome():
                self.nick, self.server = news.nick, news.server
            case events.Entered():
                return self._entered(news, about)
            case events.Exited():
                self._exited(news)
            case events.Missed():
                return self._missed(news)
            case events.Done(command="nick"):
                self.nick = news.subject
            case events.Done(command="join"):
                self.turn_to(news.subject)
            case events.Private():
                self.correspondent = news.nick
                return Heard(news, loud=True)
        return Heard(news, about=about)

    def _entered(self, entered: events.Entered, about: Command | None) -> Heard:
        back = entered.room in self.rooms  # After a broken link; what was missed follows, or is the scrollback.
        view = self.rooms.setdefault(entered.room, RoomView(entered.room, known=self._known.get(entered.room, 0)))
        view.enter(entered)
        wanted = fold(entered.room) == self._wanted
        if not self.current or wanted or isinstance(about, commands.Join):
            self._wanted = "" if wanted else self._wanted
            self.turn_to(entered.room)
        past = tuple(event for event in entered.scrollback if not self._is_waiting(event))
        shown = replace(entered, newcomer="" if back else entered.newcomer, scrollback=past)
        return Heard(shown, shown=not back or bool(past), about=about)

    def _is_waiting(self, event: Event) -> bool:
        """Whether ``event`` is an own message that is still shown as on its way."""
        return isinstance(event, events.Said) and event.id in self.waiting and self.is_own(event.nick)

    def _exited(self, exited: events.Exited) -> None:
        self.rooms.pop(exited.room, None)
        if self.current in self.rooms:
            return
        self.turn_to(exited.current if exited.current in self.rooms else next(iter(self.rooms), ""))

    def _missed(self, missed: events.Missed) -> Heard:
        """What is missing of what the person has seen is no news."""
        view, known = self.rooms.get(missed.room), self._known.get(missed.room, 0)
        if missed.first:
            first = max(missed.first, known + 1)
            return Heard(replace(missed, first=first), shown=first <= missed.last)
        self._known = {room: seq for room, seq in self._known.items() if room != missed.room}
        if view is not None:
            view.known, view.mark = 0, None
        return Heard(missed)

    def _happened(self, event: Event) -> Heard:
        view = self.rooms.get(event.room)
        if view is not None:
            view.apply(event)
        match event:
            case events.Said():
                return self._said(event, view)
            case events.Renamed():
                return Heard(event, shown=self._is_new(event))
            case events.Joined() | events.Left():
                return Heard(event, shown=not self.is_own(event.nick))
        return Heard(event)

    def _said(self, said: events.Said, view: RoomView | None) -> Heard:
        new = view is None or said.seq > view.known
        loud = new and not self.is_own(said.nick) and mentions(self.nick, said.text)
        if view is not None and new and said.room != self.current and not self.is_own(said.nick):
            view.unread += 1
            view.called |= loud
        return Heard(said, loud=loud)

    def _is_new(self, renamed: events.Renamed) -> bool:
        """Whether this rename is another's, and was not told in another room already."""
        if fold(self.correspondent) == fold(renamed.nick):
            self.correspondent = renamed.to
        rename = (renamed.nick, renamed.to)
        new = rename != self._last_rename and not self.is_own(renamed.nick) and not self.is_own(renamed.to)
        self._last_rename = rename
        return new

    def is_own(self, nick: str) -> bool:
        """Whether ``nick`` is what the person is called."""
        return fold(nick) == fold(self.nick)

    # -- What can be typed

    def nicks(self) -> list[str]:
        """Those whom the person may want to name: who spoke last in the current room comes first,
        oneself never."""
        views = sorted(self.rooms.values(), key=lambda view: view.name == self.current)
        nicks = [self.correspondent, *(nick for view in views for nick in view.members.values())]
        known: dict[str, str] = {}
        for nick in reversed(nicks):
            known.setdefault(fold(nick), nick)
        return [nick for key, nick in known.items() if key not in ("", fold(self.nick))]


def mentions(nick: str, text: str) -> bool:
    """Whether ``text`` names ``nick`` as a whole word, in any case."""
    key = fold(nick)
    if not key:
        return False
    folded = unicodedata.normalize("NFC", text).lower()
    return re.search(rf"(?<![\w-]){re.escape(key)}(?!\w|-\w)", folded) is not None
