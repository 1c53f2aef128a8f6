"""Answers in sentences (``phrases.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import singledispatchmethod
from typing import Final

from chatd.codecs.event_phrases import EventPhrases
from chatd.codecs.wording import announcement, because, in_one_line, kept, log_name, place, report
from chatd.core import answers, events, retention
from chatd.core.answers import Answer
from chatd.core.events import Event, Reason
from chatd.core.highlight import excerpt
from chatd.core.names import INBOX, is_inbox
from chatd.core.when import exact_stamp, stamp

EXCERPT_CHARACTERS: Final = 60
"""How much of a message a search result shows around the word, in characters on either side."""

NICKS_LISTED: Final = 12
"""How many nicks are listed on entering a room: as many as fit on two lines."""

CLOSINGS: Final[Mapping[Reason, str]] = {
    Reason.QUIT: "Goodbye.",
    Reason.TIMED_OUT: "You did not give a nick in time. Goodbye.",
    Reason.NOT_READING: "Your connection took no data for too long. Goodbye.",
    Reason.REPLACED: "You reconnected from elsewhere. Goodbye.",
    Reason.KICKED: "An operator has ended your connection. Goodbye.",
    Reason.ENDED: "This session was ended from another one. Goodbye.",
    Reason.SHUTDOWN: "The server is shutting down. Goodbye.",
}

DONE: Final[Mapping[str, str]] = {
    "nick": "You are now known as {}.",
    "join": "You are now talking in {}.",
    "msg": "Sent to {}.",
    "reply": "Sent to {}.",
    "away": "You are away. /back ends it.",
    "back": "You are back.",
    "owner": "{} owns the room now.",
    "op": "{} is a moderator now.",
    "voice": "{} has a voice now.",
    "deop": "{} has no role now.",
    "invite": "You have invited {}.",
    "kick": "You have removed {}.",
    "mute": "{} is muted.",
    "unmute": "{} may speak again.",
    "ban": "{} is banned.",
    "unban": "{} is not banned any more.",
    "delete": "The message of {} is deleted.",
    "edit": "Your message in #{} is changed.",
    "report": "The operators will see your report of {}.",
    "announce": "{} people were told.",
    "register": "{} is your nick now, whether you are here or not. Log in with your password next time.",
    "invite-code": "Whoever you give this code can register with it, once: /register NICK {}",
    "release": "Nobody but you is here as {} now. If somebody knows your password, /password changes it.",
    "password": "Your password is changed. Your other sessions have ended, and need it.",
    "login": "You are logged in as {}.",
    "oper": "You have the rights of an operator.",
    "realname": "Others are shown: {}",
}


class AnswerPhrases:
    """Makes sentences of answers. ``now`` gives the milliseconds since 1970-01-01 UTC; times are
    shown in the local zone."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._events = EventPhrases(now)

    @singledispatchmethod
    def lines(self, answer: Answer) -> Iterable[str]:
        """The lines of ``answer``: here those of one line, below the others."""
        match answer:
            case answers.Greeting():
                return [f"Welcome to {answer.server}. What is your nick?"]
            case answers.ReadIs() | answers.RecentList():
                return []
            case answers.Ack():
                return []  # People see what they type; only a message that is not delivered gets a line.
            case answers.InboxIs():
                number = answer.seq - answer.after
                new = "1 private message is new" if number == 1 else f"{number} private messages are new"
                return [f"{new}:"] if number > 0 else []
            case answers.AwayNotice(absent=True):
                return [f"{answer.nick} is not here, and gets your message when they come back."]
            case answers.AwayNotice():
                return [_is_away(answer.nick, answer.text)]
            case answers.TopicIs():
                return [f"The topic of #{answer.room} is: {answer.text}" if answer.text else f"#{answer.room} has no topic."]
            case answers.Exited():
                left = f"{answer.by} has removed you from" if answer.by else "You have left"
                now = f"You are now talking in #{answer.current}" if answer.current else "You are not in any room now"
                return [f"{left} #{answer.room}{because(answer.text)}. {now}."]
            case answers.Announcement():
                return [announcement(answer.nick, answer.text)]
            case answers.Report():
                return [report(answer.nick, answer.to, answer.text, answer.about)]
            case answers.Invitation():
                return [f"{answer.nick} invites you to #{answer.room}: /join #{answer.room}"]
            case answers.Forgotten():
                return [f"Messages in {place(answer.room)} from before {stamp(answer.time, self._now())} have been deleted."]
            case answers.Ignoring():
                nicks = [nick + _renamed_to(answer.now.get(nick, "")) for nick in answer.nicks]
                return [f"You ignore {_listed(nicks)}." if nicks else "You ignore nobody."]
            case answers.Slowed():
                return [f"You are sending faster than {answer.rate:g} lines a second: your lines wait, and nothing is lost."]
            case answers.Closing():
                words = CLOSINGS.get(answer.reason, "Goodbye.")
                return [words.replace(".", f"{because(answer.text)}.", 1)]
            case answers.Pong():
                return ["pong"]
        raise TypeError(f"no words for {answer!r}")

    @lines.register
    def _(self, answer: answers.Welcome) -> Iterable[str]:
        return answer.motd

    @lines.register
    def _(self, answer: answers.Entered) -> Iterable[str]:
        return [*self.entered(answer), *self._events.past(answer.scrollback)]

    def entered(self, answer: answers.Entered) -> Iterable[str]:
        """The lines of ``answer`` before those of what happened earlier."""
        hello, closing = ("Hello {}. ", " /help lists what you can do.") if answer.newcomer else ("", "")
        company = _company(answer.count, answer.members)
        yield f"{hello.format(answer.newcomer)}You are in #{answer.room}{company}{closing}"
        if answer.topic:
            yield f"The topic is: {answer.topic}"
        if answer.keep:
            yield f"By choice of its owner, #{answer.room} keeps {kept(answer.keep)}."
        if answer.scrollback:
            yield f"Earlier in #{answer.room}:"

    @lines.register
    def _(self, answer: answers.Done) -> Iterable[str]:
        if answer.command == "topic":
            return [f"The topic is now: {answer.subject}" if answer.subject else "There is no topic now."]
        subject = f"#{answer.subject}" if answer.command == "join" else answer.subject or answer.secret
        return [DONE[answer.command].format(subject)]

    @lines.register
    def _(self, answer: answers.Members) -> Iterable[str]:
        marks = {nick: _in_parentheses(_marks(answer, nick)) for nick in answer.members}
        nicks = [nick + marks[nick] for nick in sorted(answer.members, key=str.casefold)]
        return [f"In #{answer.room} ({answer.count}): {_listed(nicks, answer.count)}"]

    @lines.register
    def _(self, answer: answers.RoomList) -> Iterable[str]:
        for line in answer.rooms:
            topic = f" -- {line.topic}" if line.topic else ""
            yield f"#{line.room} ({line.count}{', joined' if line.joined else ''}){topic}"
        if answer.count > len(answer.rooms):
            yield f"and {answer.count - len(answer.rooms)} more"

    @lines.register
    def _(self, answer: answers.PersonInfo) -> Iterable[str]:
        rooms = ", ".join(f"#{room}" for room in answer.rooms) or "no room"
        since = f"{datetime.fromtimestamp(answer.since / 1000):%Y-%m-%d %H:%M}"
        kind = "registered" if answer.account else "a guest"
        yield f"{answer.nick} ({kind}) is in {rooms}; connected since {since} by {answer.door}, idle for {answer.idle} s"
        if answer.key:
            yield f"{answer.nick} has come with the key {answer.key}"
        if answer.away is not None:
            yield _is_away(answer.nick, answer.away)

    @lines.register
    def _(self, answer: answers.ServerInfo) -> Iterable[str]:
        yield f"{answer.name} is this server; people connected: {answer.count:,}"
        if answer.key:
            yield f"The fingerprint of its SSH key is {answer.key}."

    @lines.register
    def _(self, answer: answers.Bans) -> Iterable[str]:
        if not answer.bans:
            yield f"Nobody is banned or muted in #{answer.room}."
        for ban in answer.bans:
            done = "muted" if ban.mutes else "banned"
            yield f"{ban.mask} is {done} in #{answer.room} by {ban.by}{self._events.until(ban.until)}{because(ban.text)}"

    @lines.register
    def _(self, answer: answers.RoomModes) -> Iterable[str]:
        modes = ", ".join(f"{mode} {value}" for mode, value in answer.modes.items())
        return [
            f"The modes of #{answer.room}: {modes}." if modes else f"#{answer.room} has no modes: everybody may enter and speak."
        ]

    @lines.register
    def _(self, answer: answers.SessionList) -> Iterable[str]:
        now = self._now()
        for line in answer.sessions:
            state = "this one" if line.current else "connected" if line.connected else "not connected"
            kept = ", remembered" if line.remembered else ""
            since, used = stamp(line.since, now), stamp(line.used, now)
            yield f"{line.number}: {line.door}, {state}{kept}, since {since}, last active {used}"

    @lines.register
    def _(self, answer: answers.KeyList) -> Iterable[str]:
        if not answer.keys:
            yield "You have no keys. /keys add KEY adds one."
        for line in answer.keys:
            comment = f" {line.comment}" if line.comment else ""
            yield f"{line.number}: {line.kind} {line.fingerprint}{comment}, since {stamp(line.since, self._now())}"

    @lines.register
    def _(self, answer: answers.PeopleList) -> Iterable[str]:
        if not answer.people:
            yield "There is nobody to describe."
        for line in answer.people:
            about = [line.role, "operator" if line.operator else "", "registered" if line.account else "guest"]
            away = "" if line.away is None else f"away: {line.away}" if line.away else "away"
            called = f" is {line.realname}" if line.realname else ""
            yield f"{line.nick}{called} ({', '.join(filter(None, [*about, away, f'idle {line.idle} s']))})"

    @lines.register
    def _(self, answer: answers.FormerPeople) -> Iterable[str]:
        for line in answer.people:
            called = f", {line.realname}," if line.realname else ""
            yield f"{line.nick}{called} was here until {stamp(line.time, self._now())}."

    @lines.register
    def _(self, answer: answers.Counts) -> Iterable[str]:
        yield (
            f"{answer.people} people are here (at most {answer.most} at once since the start), {answer.operators} of them "
            f"operators, in {answer.rooms} rooms; {answer.unknown} connections have no nick yet."
        )

    @lines.register
    def _(self, answer: answers.Watching) -> Iterable[str]:
        if not (answer.here or answer.missing):
            yield "You watch nobody. /watch NICK tells you when a person comes or goes."
        if answer.here:
            yield f"You watch {_listed(answer.here)}, who {'is' if len(answer.here) == 1 else 'are'} here."
        if answer.missing:
            yield f"You watch {_listed(answer.missing)}, who {'is' if len(answer.missing) == 1 else 'are'} not here."

    @lines.register
    def _(self, answer: answers.Alerts) -> Iterable[str]:
        listed = ", ".join(sorted(answer.words))
        yield f"You are alerted to: {listed}." if listed else "You are alerted to your nick alone."

    @lines.register
    def _(self, answer: answers.Seen) -> Iterable[str]:
        yield f"{answer.nick} has {'left' if answer.gone else 'come'}."

    @lines.register
    def _(self, answer: answers.PersonChanged) -> Iterable[str]:
        if answer.what == "away":
            yield f"{answer.nick} is back." if answer.text is None else _is_away(answer.nick, answer.text)
        else:
            yield f"{answer.nick} has changed their {answer.what}: {answer.text or 'none'}"

    @lines.register
    def _(self, answer: answers.RetentionIs) -> Iterable[str]:
        since = self._events.since(answer.since) if answer.since else ""
        if answer.keep:
            whose = "By your own choice" if answer.room == INBOX else "By choice of its owner"
            yield f"{whose}, {log_name(answer.room)} keeps {kept(answer.keep)}{since}."
        else:
            most = f"for {retention.in_words(answer.most)}" if answer.most else "forever"
            place = log_name(answer.room)
            yield f"{place[0].upper()}{place[1:]} keeps messages {most}."

    @lines.register
    def _(self, answer: answers.HistoryPage) -> Iterable[str]:
        if not answer.events:
            yield f"There is no history of {place(answer.room)} to show{' there' if answer.more or answer.later else ''}."
            return
        where = answer.room if is_inbox(answer.room) else f"in:#{answer.room}"
        notes = [f"at most {answer.limit} lines at once"] if answer.limit else []
        if answer.more:
            notes.append(f"earlier: /history before {answer.events[0].seq} {where}")
        if answer.later and answer.limit:
            notes.append(f"later: /history after {answer.events[-1].seq} {where}")
        yield f"History of {place(answer.room)}{_in_parentheses(notes)}:"
        yield from self._events.past(answer.events)

    @lines.register
    def _(self, answer: answers.SearchResults) -> Iterable[str]:
        if not answer.events:
            yield "Nothing found."
            return
        yield "Found, newest first (/history around TIME in:#ROOM shows the context):"
        yield from (self._hit(event, answer.words) for event in answer.events)
        if answer.more:
            yield "There are more results: add a word, or in:#room, from:nick, before:TIME."

    def _hit(self, event: Event, words: Sequence[str]) -> str:
        if isinstance(event, events.Said):
            parts = excerpt(in_one_line(event.text), words, EXCERPT_CHARACTERS)
            event = replace(event, text="".join(part for part, _ in parts))
        return f"{exact_stamp(event.time)} {self._events.sentence(event, current=False)}"

    @lines.register
    def _(self, answer: answers.HelpText) -> Iterable[str]:
        width = max(len(line.usage) for line in answer.commands)
        if len(answer.commands) == 1:
            yield f"{answer.commands[0].usage}  {_help(answer.commands[0])}"
            return
        yield from (f"{line.usage:<{width}}  {line.help}" for line in answer.commands)
        for group in answer.groups:
            yield f"/help {group} lists the commands for {group}."
        if answer.groups:
            yield "Everything else you type is sent to your current room; // sends a slash."

    @lines.register
    def _(self, answer: answers.Missed) -> Iterable[str]:
        if not answer.first:
            return [f"What you missed in {place(answer.room)} is unknown."]
        count = answer.last - answer.first + 1
        return [f"You have missed {count} events in {place(answer.room)}: your connection did not keep up."]


def _is_away(nick: str, text: str) -> str:
    return f"{nick} is away: {text}" if text else f"{nick} is away."


def _marks(answer: answers.Members, nick: str) -> list[str]:
    """What a list of members says about ``nick``: their role, and whether they are away."""
    role, away = answer.roles.get(nick, ""), answer.away.get(nick)
    return [*filter(None, [role]), *([] if away is None else [f"away: {away}" if away else "away"])]


def _in_parentheses(notes: Sequence[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


def _help(line: answers.HelpLine) -> str:
    """What a command does, and its other names."""
    return f"{line.help}; also {', '.join(f'/{name}' for name in line.also)}" if line.also else line.help


def _renamed_to(nick: str) -> str:
    return f" (now {nick})" if nick else ""


def _company(count: int, members: Sequence[str]) -> str:
    """`` with bob and eve.`` for all members but the last, who is the reader."""
    if count < 2:
        return ", alone."
    return f" with {_listed(members[:-1][:NICKS_LISTED], count - 1)}."


def _listed(names: Sequence[str], count: int = 0) -> str:
    """``bob, eve and carol``; ``bob, eve and 7 others`` if there are more names in all,
    ``count``."""
    rest = count - len(names)
    parts = [*names, f"{rest} other{'s' if rest > 1 else ''}"] if rest > 0 else list(names)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
