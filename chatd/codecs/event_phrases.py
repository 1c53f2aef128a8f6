"""Events in sentences (``phrases.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from chatd.codecs.wording import announcement, because, in_one_line, kept, log_name, place, report
from chatd.core import events
from chatd.core.events import Event, Reason
from chatd.core.names import INBOX
from chatd.core.when import stamp

REASONS: Final[Mapping[Reason, str]] = {
    Reason.LEFT: "",
    Reason.QUIT: "quit",
    Reason.LINK_LOST: "connection lost",
    Reason.TIMED_OUT: "timed out",
    Reason.NOT_READING: "not reading",
    Reason.REPLACED: "reconnected",
    Reason.KICKED: "removed",
    Reason.ENDED: "session ended",
    Reason.SHUTDOWN: "server shutdown",
}

ROLES: Final[Mapping[str, str]] = {
    "operator": "made {} an operator of the server",
    "owner": "made {} an owner",
    "moderator": "made {} a moderator",
    "voice": "given {} a voice",
    "member": "taken the role of {} away",
}

MODES: Final[Mapping[tuple[str, str], str]] = {
    ("private", "on"): "made {} private: only invited people can see and enter it",
    ("private", "off"): "opened {} to everybody",
    ("key", "on"): "set a key for {}",
    ("key", "off"): "removed the key of {}",
    ("limit", "off"): "removed the limit of {}",
    ("moderated", "on"): "made {} moderated: only people with a voice may speak",
    ("moderated", "off"): "let everybody speak in {}",
    ("topic", "moderator"): "let only moderators set the topic of {}",
    ("topic", "member"): "let everybody set the topic of {}",
    ("slow", "off"): "ended the slow mode of {}",
    ("history", "off"): "hidden what was said in {} from people who enter later",
    ("history", "on"): "opened what was said in {} to people who enter later",
    ("hidden", "on"): "hidden {} from lists",
    ("hidden", "off"): "put {} on lists again",
    ("external", "on"): "opened {} to messages from people who are not in it",
    ("external", "off"): "closed {} to messages from people who are not in it",
}
"""What somebody has done who has set a mode to a value."""


def speaker(message: events.Said, current: bool = True) -> str:
    """What precedes each line of a message: ``<ada>``, or ``* ada`` before what she does; after the
    name of its room unless that is the ``current`` one of the reader."""
    nick = f"* {message.nick}" if message.action else f"<{message.nick}>"
    return nick if current else f"#{message.room} {nick}"


def said(message: events.Said, current: bool = True) -> list[str]:
    """The lines of a message, each behind its :func:`speaker`."""
    head = speaker(message, current)
    return [f"{head} {line}" for line in message.text.split("\n")]


def private(message: events.Private) -> list[str]:
    """The lines of a private message: ``[ada] hi``, or ``[to bob] hi`` for one's own; an action
    begins with a star and the nick."""
    head = f"[to {message.to}]" if message.to else f"[{message.nick}]"
    head = f"{head} * {message.nick}" if message.action else head
    return [f"{head} {line}" for line in message.text.split("\n")]


class EventPhrases:
    """Makes sentences of events. ``now`` gives the milliseconds since 1970-01-01 UTC; times are
    shown in the local zone."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._last_stamp: tuple[tuple[int, int] | None, str] = None, ""
        """The stamp of the last earlier event, after the two minutes for which it is right: that of
        the event and that of the present."""

    def lines(self, event: Event) -> list[str]:
        """The lines of a message, or the sentence for another event."""
        match event:
            case events.Private():
                return private(event)
            case events.Said() if not isinstance(event, events.Blanked):
                return said(event)
        return [self.sentence(event)]

    def sentence(self, event: Event, current: bool = True) -> str:
        """The sentence for ``event``, in one line; ``current``: it is from the current room of the
        reader."""
        match event:
            case events.Blanked():
                return f"a message of {event.nick} was deleted{_in(event.room, current)}"
            case events.Private():
                return " ".join(private(replace(event, text=in_one_line(event.text))))
            case events.Said():
                return " ".join(said(replace(event, text=in_one_line(event.text)), current))
            case events.Joined():
                return f"{event.nick} has joined #{event.room}"
            case events.Left(reason=Reason.KICKED, by=""):
                return f"An operator has removed {event.nick} from the server{because(event.text)}"
            case events.Left(reason=Reason.KICKED):
                return f"{event.by} has removed {event.nick} from #{event.room}{because(event.text)}"
            case events.Left():
                return f"{event.nick} has left #{event.room}{_why(event.reason, event.text)}"
            case events.Renamed():
                return f"{event.nick} is now known as {event.to}{'' if current else f' (in #{event.room})'}"
            case events.TopicSet(text=""):
                return f"{event.nick} has removed the topic of #{event.room}"
            case events.TopicSet():
                return f"{event.nick} has set the topic of #{event.room}: {event.text}"
            case events.RetentionSet():
                since = self.since(event.since) if event.since > event.time else ""
                return f"{event.nick} has set {log_name(event.room)} to keep {kept(event.keep)}{since}; /keep changes it"
            case events.Edited(text=""):
                return f"{event.nick} has changed a message{_in(event.room, current)}"
            case events.Edited():
                return f"{event.nick} has changed a message{_in(event.room, current)} to: {in_one_line(event.text)}"
            case events.Deleted():
                whose = "a message of their own" if event.to == event.nick else f"a message of {event.to}"
                return f"{event.nick} has deleted {whose}{_in(event.room, current)}"
            case events.Reported():
                return report(event.nick, event.to, event.text, event.about)
            case events.Announced():
                return announcement(event.nick, event.text)
            case events.RoleSet():
                done = ROLES[event.role].format(event.to) if event.role in ROLES else f"given {event.to} the role {event.role}"
                return f"{event.nick} has {done}{_in(event.room, current)}"
            case events.BanSet():
                done = "muted" if event.mutes else "banned"
                until = self.until(event.until)
                return f"{event.nick} has {done} {event.mask}{_in(event.room, current)}{until}{because(event.text)}"
            case events.BanLifted():
                done = "let {} speak again" if event.mutes else "lifted the ban of {}"
                return f"{event.nick} has {done.format(event.mask)}{_in(event.room, current)}"
            case events.Invited():
                return f"{event.nick} has invited {event.to} to {place(event.room)}"
            case events.ModeSet():
                return f"{event.nick} has {_mode_set(f'#{event.room}', event.mode, event.value)}"
        raise TypeError(f"no words for {event!r}")

    def until(self, time: int) -> str:
        """Until when something holds; empty: for ever."""
        return f" until {stamp(time, self._now())}" if time else ""

    def past(self, past: Sequence[Event]) -> Iterable[str]:
        """Earlier events, each with its time. They are reports, so that nobody takes them for new
        messages."""
        return (line for event in past for line in self.earlier(event))

    def earlier(self, event: Event) -> list[str]:
        """The lines of ``event``, which happened earlier, each with its time."""
        minutes = event.time // 60_000, self._now() // 60_000
        if self._last_stamp[0] != minutes:  # People who come and leave do so one after the other.
            self._last_stamp = minutes, stamp(event.time, self._now())
        return [f"{self._last_stamp[1]} {line}" for line in self.lines(event)]

    def since(self, time: int) -> str:
        """From when on something holds."""
        return f", from {stamp(time, self._now())} on"


def _why(reason: Reason, text: str) -> str:
    words = ": ".join(word for word in (REASONS[reason], text) if word)
    return f" ({words})" if words else ""


def _in(room: str, current: bool) -> str:
    return "" if current or room == INBOX else f" in #{room}"


def _mode_set(room: str, mode: str, value: str) -> str:
    """What somebody has done who has set ``mode`` of ``room`` to ``value``."""
    if mode == "limit" and value.isdigit():
        return f"limited {room} to {value} people"
    if mode == "slow" and value.isdigit():
        return f"put {room} into slow mode: one message in {value} s for each member"
    known = MODES.get((mode, value))
    return known.format(room) if known else f"set the mode {mode} of {room} to {value}"
