"""The conversation as the client knows it: rooms, who is there, what is unread, which messages of
the user are pending.

Pure: it takes what the server sends, changes its state, and says how to show it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chatd.core import answers, command_table, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.core.names import fold
from chatd.core.retention import Retention
from chatd.core.state import RoomState
from chatd.tui.cells import Line

Message = commands.Say | commands.Me | commands.Msg | commands.Reply
"""A command that says something."""

MESSAGES: Final = (commands.Say, commands.Me, commands.Msg, commands.Reply)

MEMBERS_KNOWN: Final = 1000
"""How many nicks of a room are known for completion: those who came or spoke last."""

IN_A_ROOM: Final[tuple[type[Command], ...]] = (commands.Who, *(row.make for row in command_table.ROW_OF.values() if row.right))
"""Commands that mean the current room if they name none."""


@dataclass(frozen=True, slots=True)
class Received:
    """Something that the server has sent, and how to show it.

    ``for_me``: it is addressed to the user or mentions them. ``shown``: it tells the user something
    new. ``command``: the command that it answers, if any.
    """

    news: Event | Answer
    for_me: bool = False
    shown: bool = True
    command: Command | None = None


@dataclass(slots=True)
class JoinedRoom:
    """A room that the user is in.

    ``members`` are the nicks that are known of the ``count`` present, by their folded forms; who
    spoke last stands last. All of this is as of event ``as_of``; ``last`` is the number of the last
    event of which there is news, such as the user's own message. Events up to number ``last_seen``
    were shown in an earlier run of the client. ``unread_mark`` is the seq of the first new message,
    and the line that is shown before it.
    """

    name: str
    count: int = 0
    members: dict[str, str] = field(default_factory=dict)
    state: RoomState = field(default_factory=RoomState)
    unread: int = 0
    mentioned: bool = False
    as_of: int = 0
    last: int = 0
    last_seen: int = 0
    unread_mark: tuple[int, Line] | None = None

    def enter(self, entered: answers.Entered) -> None:
        """Take the state that ``entered`` brings."""
        self.count = entered.count
        self.members = {fold(nick): nick for nick in entered.members}
        self.state = RoomState(entered.topic, Retention(entered.keep))
        self.as_of = self.last = entered.seq

    def apply(self, event: Event) -> None:
        """Follow ``event``, unless the state includes it already."""
        self.last = max(self.last, event.seq)
        if event.seq <= self.as_of:
            return
        self.as_of = event.seq
        self.state = self.state.apply(event)
        match event:
            case events.Joined():
                self.count += 1
                self._know(event.nick)
            case events.Left():
                self.count = max(0, self.count - 1)
                self.members.pop(fold(event.nick), None)
            case events.Renamed():
                self.members.pop(fold(event.nick), None)
                self._know(event.to)
            case events.Said():
                self.members.pop(fold(event.nick), None)
                self._know(event.nick)

    def _know(self, nick: str) -> None:
        self.members[fold(nick)] = nick
        if len(self.members) > MEMBERS_KNOWN:
            del self.members[next(iter(self.members))]


@dataclass(slots=True)
class Talk:
    """A private talk with ``nick``, which is a window like a room, and its unread messages."""

    nick: str
    unread: int = 0


@dataclass(slots=True)
class PendingMessage:
    """A message of the user that is not answered yet, typed at ``time`` (milliseconds since
    1970-01-01 UTC)."""

    message: Message
    time: int


class Conversation:
    """All that the client knows.

    ``last_seen`` has the last event of each room that was shown in an earlier run, and ``current``
    the room to switch to on arrival.
    """

    def __init__(self, nick: str, last_seen: Mapping[str, int] | None = None, current: str = "") -> None:
        self.nick = nick
        self.server = ""
        self.current = ""
        self.rooms: dict[str, JoinedRoom] = {}
        self.talks: dict[str, Talk] = {}
        """The private talks, by the folded nicks of the others."""
        self.talk: Talk | None = None
        """The private talk that the user is in, instead of the current room."""
        self.pending: dict[str, PendingMessage] = {}
        self.has_account = False
        """Whether the user is logged in to an account."""
        self.correspondent = ""
        """Who sent the user the last private message."""
        self.requested_room = ""
        """The room of a `join` that is not answered yet: what is typed meanwhile is meant for
        it."""
        self.alerts: tuple[str, ...] = ()
        """Words that the user wants to be alerted to, besides their nick."""
        self.was_moved = False
        """Whether the current room has changed without the user, who may still mean the one
        before."""
        self._last_rename = ("", "")
        self._last_seen = last_seen or {}
        self._wanted_room = fold(current)

    # -- Commands of the user

    def resolve(self, command: Command) -> Command:
        """``command`` with everything filled in that the server would: it means what the user saw
        when they typed it."""
        here = self.requested_room or self.current
        match command:
            case commands.Say(text=text, room="") if self.talk is not None:
                return commands.Msg(self.talk.nick, text)
            case commands.Me(text=text, room="") if self.talk is not None:
                return commands.Msg(self.talk.nick, f"* {self.nick} {text}")
            case commands.Alert(words=words) if words and not self.has_account:
                return commands.Alert((*self.alerts, *words))  # Whoever comes anew as a guest is unknown to the server.
            case commands.Reply(text=text) if self.correspondent:
                return commands.Msg(self.correspondent, text)
            case _ if isinstance(command, IN_A_ROOM) and not getattr(command, "room", here):
                named: dict[str, Any] = {"room": here}
                return replace(command, **named)
        return command

    def on_sent(self, command: Command, time: int) -> None:
        """``command`` has been sent; a message is `pending` until it is answered."""
        if isinstance(command, commands.Join):
            self.requested_room = command.room.removeprefix("#")
        if isinstance(command, commands.Msg):
            self.talk_with(command.nick)
        if isinstance(command, MESSAGES):
            self.pending[command.id] = PendingMessage(command, time)

    @property
    def here(self) -> str:
        """The room whose messages need no name: the current one, unless the user is in a private
        talk."""
        return "" if self.talk is not None else self.current

    def talk_with(self, nick: str) -> Talk:
        """The private talk with ``nick``, which begins if there is none."""
        return self.talks.setdefault(fold(nick), Talk(nick))

    def enter_talk(self, talk: Talk) -> None:
        """Make ``talk`` the window that the user is in."""
        self.talk, talk.unread = talk, 0

    def leave_talk(self) -> None:
        """Close the private talk that the user is in, and go back to the current room."""
        if self.talk is not None:
            self.talks.pop(fold(self.talk.nick), None)
            self.switch_to(self.current)

    @property
    def windows(self) -> list[str | Talk]:
        """The rooms, and then the private talks."""
        return [*self.rooms, *self.talks.values()]

    def switch_to(self, room: str) -> None:
        """Make ``room``, which the user is in, the current one."""
        self.talk, self.current, self.was_moved = None, room, False
        joined = self.rooms.get(room)
        if joined is not None:
            joined.unread, joined.mentioned = 0, False

    # -- News from the server

    def receive(self, news: Event | Answer, command: Command | None = None) -> Received:
        """Take in ``news``, which answers ``command`` if there is one."""
        if isinstance(news, Event):
            return self._on_event(news)
        self.pending.pop(news.id, None)
        if isinstance(command, commands.Join) and command.room.removeprefix("#") == self.requested_room:
            self.requested_room = ""
        match news:
            case answers.Welcome():
                self.nick, self.server, self.has_account = news.nick, news.server, news.account
                if news.account:
                    self.alerts = news.alerts
            case answers.Alerts():
                self.alerts = news.words
            case answers.ReadIs():
                self._on_read(news)
            case answers.Entered():
                return self._on_entered(news, command)
            case answers.Exited():
                self._on_exited(news, is_own=command is not None)
            case answers.Ack() if news.room in self.rooms:
                self.rooms[news.room].last = max(self.rooms[news.room].last, news.seq)
            case answers.Missed():
                return self._on_missed(news)
            case answers.Done(command="nick" | "login" | "register"):
                self.nick, self.has_account = news.subject, self.has_account or news.command != "nick"
            case answers.Done(command="join"):
                self.switch_to(news.subject)
        return Received(news, command=command)

    def _on_read(self, read: answers.ReadIs) -> None:
        """The user has read a room up to an event, perhaps in another session."""
        joined = self.rooms.get(read.room)
        if joined is not None and read.seq >= joined.last:
            joined.unread, joined.mentioned = 0, False

    def _on_entered(self, entered: answers.Entered, command: Command | None) -> Received:
        again = entered.room in self.rooms  # After a broken link; what was missed follows, or is the scrollback.
        last_seen = max(self._last_seen.get(entered.room, 0), entered.read)
        self.rooms.setdefault(entered.room, JoinedRoom(entered.room, last_seen=last_seen)).enter(entered)
        wanted = fold(entered.room) == self._wanted_room
        if not self.current or wanted or isinstance(command, commands.Join):
            self._wanted_room = "" if wanted else self._wanted_room
            self.switch_to(entered.room)
        scrollback = tuple(event for event in entered.scrollback if not self._is_pending(event))
        shown = replace(entered, newcomer="" if again else entered.newcomer, scrollback=scrollback)
        return Received(shown, shown=not again or bool(scrollback), command=command)

    def _is_pending(self, event: Event) -> bool:
        """Whether ``event`` is a message of the user that is still shown as pending."""
        return isinstance(event, events.Said) and event.id in self.pending and self.is_own(event.nick)

    def _on_exited(self, exited: answers.Exited, is_own: bool) -> None:
        self.rooms.pop(exited.room, None)
        if self.current in self.rooms:
            return
        self.switch_to(exited.current if exited.current in self.rooms else next(iter(self.rooms), ""))
        self.was_moved = not is_own and bool(self.current)

    def _on_missed(self, missed: answers.Missed) -> Received:
        """Only what the user has not seen before counts as missed."""
        joined, last_seen = self.rooms.get(missed.room), self._last_seen.get(missed.room, 0)
        if missed.first:
            first = max(missed.first, last_seen + 1)
            return Received(replace(missed, first=first), shown=first <= missed.last)
        self._last_seen = {room: seq for room, seq in self._last_seen.items() if room != missed.room}
        if joined is not None:
            joined.last_seen, joined.unread_mark = 0, None
        return Received(missed)

    def _on_event(self, event: Event) -> Received:
        joined = self.rooms.get(event.room)
        if joined is not None:
            joined.apply(event)
        match event:
            case events.Private():
                self.correspondent = self.correspondent if event.to else event.nick
                talk = self.talk_with(event.to or event.nick)
                talk.unread += not event.to and talk is not self.talk
                return Received(event, for_me=not event.to)
            case events.Said():
                return self._on_said(event, joined)
            case events.Renamed():
                return Received(event, shown=self._is_new(event))
            case events.Joined() | events.Left():
                return Received(event, shown=not self.is_own(event.nick))
        return Received(event)

    def _on_said(self, said: events.Said, joined: JoinedRoom | None) -> Received:
        new = joined is None or said.seq > joined.last_seen
        for_me = new and not self.is_own(said.nick) and any(mentions(word, said.text) for word in (self.nick, *self.alerts))
        if joined is not None and new and said.room != self.here and not self.is_own(said.nick):
            joined.unread += 1
            joined.mentioned |= for_me
        return Received(said, for_me=for_me)

    def _is_new(self, renamed: events.Renamed) -> bool:
        """Whether somebody else is renamed, and no other room has reported it already."""
        if fold(self.correspondent) == fold(renamed.nick):
            self.correspondent = renamed.to
        talk = self.talks.pop(fold(renamed.nick), None)
        if talk is not None:
            talk.nick = renamed.to
            self.talks[fold(renamed.to)] = talk
        rename = (renamed.nick, renamed.to)
        new = rename != self._last_rename and not self.is_own(renamed.nick) and not self.is_own(renamed.to)
        self._last_rename = rename
        return new

    def is_own(self, nick: str) -> bool:
        """Whether ``nick`` is the user's nick."""
        return fold(nick) == fold(self.nick)

    # -- Completion

    @property
    def next_news(self) -> str:
        """The next room after the current one that has unread messages, first those that mention
        the user; empty: none has."""
        names = list(self.rooms)
        start = names.index(self.current) + 1 if self.current in self.rooms else 0
        waiting = [name for name in (*names[start:], *names[:start]) if self.rooms[name].unread]
        return next((name for name in waiting if self.rooms[name].mentioned), waiting[0] if waiting else "")

    def nicks(self) -> list[str]:
        """The nicks that the user may want to type: whoever spoke last in the current room comes
        first; the user's own is left out."""
        rooms = sorted(self.rooms.values(), key=lambda room: room.name == self.current)
        nicks = [self.correspondent, *(nick for room in rooms for nick in room.members.values())]
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
