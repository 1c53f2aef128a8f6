"""Answers, as the lines that an IRC client waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any, Final

from chatd.codecs.event_phrases import REASONS
from chatd.codecs.irc import history, listings, reading, refusals, watching
from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.events import CTCP_PICTURE, host, mask, mode_change, source
from chatd.codecs.irc.message import body, cut
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.request import Line
from chatd.codecs.irc.server import motd_lines
from chatd.codecs.objects import iso_time
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.membership import Role
from chatd.core.names import INBOX, fold
from chatd.core.rights import Mode
from chatd.core.when import stamp


def answer_lines(talk: Client, answer: Answer) -> list[Line]:
    """The lines of ``answer``."""
    return _lines(answer, talk)


@singledispatch
def _lines(answer: Answer, talk: Client) -> list[Line]:
    return _words(answer, talk)


def _words(answer: Answer, talk: Client) -> list[Line]:
    """What IRC has no line for, in words."""
    return [talk.notice(phrase.text) for phrase in talk.shared.lines.phrases(answer)]


@_lines.register(answers.Greeting)
@_lines.register(answers.Ack)
@_lines.register(answers.InboxIs)
@_lines.register(answers.Forgotten)
def _(answer: Answer, talk: Client) -> list[Line]:
    """What an IRC client need not know."""
    return []


@_lines.register(answers.Pong)
def _(answer: answers.Pong, talk: Client) -> list[Line]:
    request = talk.request
    if request is None or request.name != "PING":
        return []
    token = request.params[0]
    return [talk.line(body(talk.shared.server, "PONG", talk.shared.server, trailing=token))]


# -- Coming and going ------------------------------------------------------------------------------


@_lines.register(answers.Welcome)
def _(answer: answers.Welcome, talk: Client) -> list[Line]:
    codec = talk.shared
    talk.nick, talk.motd = answer.nick, answer.motd
    version, server, numeric = codec.version, codec.server, talk.numeric
    start = [
        numeric(Numeric.WELCOME, trailing=f"Welcome to {server}, {talk.mask}"),
        numeric(Numeric.YOURHOST, trailing=f"Your host is {server}, running {version}"),
        numeric(Numeric.CREATED, trailing=f"This server was started at {iso_time(codec.since)}"),
        numeric(Numeric.MYINFO, server, version, "io", "bklimnostv", "bklov"),
        *(numeric(Numeric.ISUPPORT, *tokens) for tokens in codec.isupport),
    ]
    written = codec.join(start)
    talk.held = []
    talk.ask_later(commands.Census())
    talk.write(written)
    return []


@_lines.register(answers.Counts)
def _(answer: answers.Counts, talk: Client) -> list[Line]:
    numeric, people, most = talk.numeric, answer.people, answer.most
    counts = [
        numeric(Numeric.LUSERCLIENT, trailing=f"There are 0 users and {people} invisible on 1 servers"),
        numeric(Numeric.LUSEROP, str(answer.operators)),
        numeric(Numeric.LUSERUNKNOWN, str(answer.unknown)),
        numeric(Numeric.LUSERCHANNELS, str(answer.rooms)),
        numeric(Numeric.LUSERME, trailing=f"I have {people} clients and 0 servers"),
        numeric(Numeric.LOCALUSERS, str(people), str(most), trailing=f"Current local users {people}, max {most}"),
        numeric(Numeric.GLOBALUSERS, str(people), str(most), trailing=f"Current global users {people}, max {most}"),
    ]
    held, talk.held = talk.held, None
    return counts if held is None else [*counts, *motd_lines(talk), *held]


@_lines.register(answers.Closing)
def _(answer: answers.Closing, talk: Client) -> list[Line]:
    why = ": ".join(filter(None, (REASONS[answer.reason] or answer.reason.value, answer.text)))
    return [talk.line(cut(f"ERROR :Closing link: {why}"))]


@_lines.register(answers.Entered)
def _(answer: answers.Entered, talk: Client) -> list[Line]:
    room, person = f"#{answer.room}", talk.session.person if talk.session else None
    if talk.caps & Cap.EXTENDED_JOIN:
        realname = (person.realname if person else "") or talk.nick
        joined = body(talk.mask, "JOIN", room, talk.nick if talk.is_registered else "*", trailing=realname)
    else:
        joined = body(talk.mask, "JOIN", room)
    found = [talk.line(joined)]
    if answer.topic:
        found.append(talk.numeric(Numeric.TOPIC, room, trailing=answer.topic))
        found += _topic_who(talk, room, answer.topic_by, answer.topic_time)
    implicit = not talk.caps & Cap.NO_IMPLICIT_NAMES
    talk.rooms[answer.room] = answer if implicit else None
    if implicit:
        talk.ask_later(commands.Who(answer.room, everybody=True))
    if talk.caps & Cap.READ_MARKER:
        talk.ask_later(commands.Read(answer.room))  # Before that: MARKREAD comes before the end of the names.
    return found if implicit else [*found, *_past(talk, answer)]


def _topic_who(talk: Client, room: str, by: str, time: int) -> list[Line]:
    return [talk.numeric(Numeric.TOPICWHOTIME, room, by, str(time // 1000))] if time else []


@_lines.register(answers.Members)
def _(answer: answers.Members, talk: Client) -> list[Line]:
    found = listings.names(talk, answer)
    if answer.more or (talk.request is not None and talk.request.name == "NAMES"):
        return found  # NAMES has one end for all of its rooms.
    found.append(talk.numeric(Numeric.ENDOFNAMES, f"#{answer.room}"))
    entered = talk.rooms.get(answer.room)
    if entered is not None:
        talk.rooms[answer.room] = None
        found += _past(talk, entered)
    return found


def _past(talk: Client, entered: answers.Entered) -> list[Line]:
    """The messages from before the client has entered a room, unless it asks for them itself."""
    if talk.caps & Cap.HISTORY:
        return []
    said = [event for event in entered.scrollback if type(event) is events.Said and not event.text.startswith(CTCP_PICTURE)]
    found = [line for event in said for line in talk.past(event)]
    if not talk.caps & Cap.TIME:
        times = [stamp(event.time, talk.shared.now()) for event in said for _ in talk.past(event)]
        found = [(tags, _dated(line, time)) for (tags, line), time in zip(found, times, strict=True)]
    return talk.batch("chathistory", f"#{entered.room}", found) if found else []


def _dated(line: str, time: str) -> str:
    """``line``, a message, with ``time`` before its text."""
    head, _, text = line.partition(" :")
    mark = "\x01ACTION "
    return f"{head} :{mark}[{time}] {text.removeprefix(mark)}" if text.startswith(mark) else f"{head} :[{time}] {text}"


@_lines.register(answers.Exited)
def _(answer: answers.Exited, talk: Client) -> list[Line]:
    talk.rooms.pop(answer.room, None)
    if answer.by:
        by = source(answer.by, answer.by_account)
        return [talk.line(body(by, "KICK", f"#{answer.room}", talk.nick, trailing=answer.text or answer.by))]
    running = talk.running
    text = running.text if isinstance(running, commands.Leave) and answer.id == running.id else ""
    return [talk.line(body(talk.mask, "PART", f"#{answer.room}", trailing=text or None))]


# -- What was done ---------------------------------------------------------------------------------


@_lines.register(answers.Done)
def _(answer: answers.Done, talk: Client) -> list[Line]:
    make = _DONE.get(answer.command)
    is_of_server = talk.channel.startswith(INBOX)  # The log of the server, which is no channel.
    if make is not None and not is_of_server:
        return make(talk, talk.running, answer.subject)
    is_news = is_of_server or answer.command not in _SHOWN
    return _words(answer, talk) if talk.is_asked_in_words and is_news else []


def _renamed(talk: Client, running: Command | None, nick: str) -> list[Line]:
    before, mask, talk.nick = talk.nick, talk.mask, nick
    return [talk.line(body(mask, "NICK", trailing=nick))] if before != nick else []


def _topic_set(talk: Client, running: Any, text: str) -> list[Line]:
    return [talk.line(body(talk.mask, "TOPIC", f"#{talk.channel}", trailing=text))]


def _invited(talk: Client, running: Any, nick: str) -> list[Line]:
    return [talk.numeric(Numeric.INVITING, nick, f"#{talk.channel}")]


def _away(talk: Client, running: Any, text: str) -> list[Line]:
    return [talk.numeric(Numeric.NOWAWAY)]


def _back(talk: Client, running: Any, text: str) -> list[Line]:
    return [talk.numeric(Numeric.UNAWAY)]


def _realname(talk: Client, running: Any, text: str) -> list[Line]:
    return [talk.line(body(talk.mask, "SETNAME", trailing=text))] if talk.caps & Cap.SETNAME else []


def _role(sign: str, letter: str) -> Callable[[Client, Any, str], list[Line]]:
    def changed(talk: Client, running: Any, nick: str) -> list[Line]:
        letters = letter or ("v" if running.role == Role.VOICE.word else "o")
        _change(talk, sign, letters, nick)
        return []

    return changed


def _change(talk: Client, sign: str, letter: str, argument: str) -> None:
    if talk.request is not None:
        talk.request.room = talk.request.room or f"#{talk.channel}"
        talk.request.changes.append((sign, letter, argument))


def _banned(sign: str) -> Callable[[Client, Any, str], list[Line]]:
    def changed(talk: Client, running: Any, subject: str) -> list[Line]:
        _change(talk, sign, "b", mask(running.nick))
        return []

    return changed


def _oper(talk: Client, running: Any, nick: str) -> list[Line]:
    if not running.nick:
        talk.modes.discard("o")
        return [talk.line(body(talk.mask, "MODE", talk.nick, "-o"))]
    talk.modes.add("o")
    return [talk.numeric(Numeric.YOUREOPER), talk.line(body(talk.mask, "MODE", talk.nick, "+o"))]


def _login(talk: Client, running: Any, nick: str) -> list[Line]:
    if not isinstance(running, commands.Login):
        return []
    mask = source(talk.nick, account=True) if talk.nick else "*"
    found = [talk.numeric(Numeric.LOGGEDIN, mask, nick, trailing=f"You are now logged in as {nick}")]
    if talk.request is not None and talk.request.name == "AUTHENTICATE":
        found.append(talk.numeric(Numeric.SASLSUCCESS))  # Clients wait for nothing else after the 900.
    if talk.nick:
        found += [*_host_changed(talk, talk.nick), *_renamed(talk, running, nick)]
    return [*found, *_account(talk, nick)]


def _register(talk: Client, running: Any, nick: str) -> list[Line]:
    text, changed = f"{talk.nick} is yours alone now.", [*_host_changed(talk, talk.nick), *_account(talk, talk.nick)]
    if talk.request is None or talk.request.name != "REGISTER":
        return [talk.notice(text), *changed]
    return [talk.line(body(talk.shared.server, "REGISTER", "SUCCESS", talk.nick, trailing=text)), *changed]


def _host_changed(talk: Client, nick: str) -> list[Line]:
    """The guest called ``nick`` owns an account now: that shows in their user name and host (IRCv3
    chghost)."""
    return [talk.line(body(source(nick, False), "CHGHOST", nick, host(account=True)))] if talk.caps & Cap.CHGHOST else []


def _account(talk: Client, nick: str) -> list[Line]:
    return [talk.line(body(talk.mask, "ACCOUNT", nick))] if talk.nick and talk.caps & Cap.ACCOUNT else []


_DONE: Final[Mapping[str, Callable[[Client, Any, str], list[Line]]]] = {
    "nick": _renamed,
    "topic": _topic_set,
    "invite": _invited,
    "away": _away,
    "back": _back,
    "realname": _realname,
    "op": _role("+", "o"),
    "owner": _role("+", "o"),
    "voice": _role("+", "v"),
    "deop": _role("-", ""),
    "ban": _banned("+"),
    "unban": _banned("-"),
    "oper": _oper,
    "login": _login,
    "register": _register,
}


_SHOWN: Final = frozenset({"delete", "edit", "kick"})
"""What the client is sent as an event, if it was asked for in words."""


@_lines.register(answers.RoomModes)
def _(answer: answers.RoomModes, talk: Client) -> list[Line]:
    running = talk.running
    if isinstance(running, commands.Room) and running.mode:
        _note_mode(talk, running)
        return []
    room = f"#{answer.room}"
    found = [talk.numeric(Numeric.CHANNELMODEIS, room, *listings.modes(answer.modes).split(" "))]
    return [*found, talk.numeric(Numeric.CREATIONTIME, room, str(answer.since // 1000))]


def _note_mode(talk: Client, running: commands.Room) -> None:
    if running.mode == Mode.KEY and running.value != "off":
        return _change(talk, "+", "k", running.value)
    change, _, argument = mode_change(running.mode, running.value).partition(" ")
    if change:
        _change(talk, change[0], change[1], argument)
    return None


@_lines.register(answers.TopicIs)
def _(answer: answers.TopicIs, talk: Client) -> list[Line]:
    room = f"#{answer.room}"
    if not answer.text:
        return [talk.numeric(Numeric.NOTOPIC, room)]
    return [talk.numeric(Numeric.TOPIC, room, trailing=answer.text), *_topic_who(talk, room, answer.by, answer.time)]


@_lines.register(answers.Refused)
def _(answer: answers.Refused, talk: Client) -> list[Line]:
    return refusals.lines(talk, answer)


# -- Lists -----------------------------------------------------------------------------------------


@_lines.register(answers.RoomList)
def _(answer: answers.RoomList, talk: Client) -> list[Line]:
    request = talk.request
    if request is None or request.name not in ("LIST", "NAMES"):
        return _words(answer, talk)
    with_people = [line for line in answer.rooms if line.count]
    if request.name == "LIST":
        return listings.rooms(talk, with_people, request.params)
    for line in sorted(with_people, key=lambda line: fold(line.room), reverse=True):
        talk.ask_later(commands.Who(line.room, everybody=True))
    return []


@_lines.register(answers.PeopleList)
def _(answer: answers.PeopleList, talk: Client) -> list[Line]:
    return listings.people(talk, answer)


@_lines.register(answers.PersonInfo)
def _(answer: answers.PersonInfo, talk: Client) -> list[Line]:
    if talk.request is not None and talk.request.name == "WHOIS":
        return listings.whois(talk, answer)
    return _words(answer, talk)


@_lines.register(answers.FormerPeople)
def _(answer: answers.FormerPeople, talk: Client) -> list[Line]:
    return listings.whowas(talk, answer)


@_lines.register(answers.HistoryPage)
def _(answer: answers.HistoryPage, talk: Client) -> list[Line]:
    request = talk.request
    if request is not None and request.name == "CHATHISTORY":
        return history.page(talk, answer, request)
    return _words(answer, talk)


@_lines.register(answers.RecentList)
def _(answer: answers.RecentList, talk: Client) -> list[Line]:
    is_asked = talk.request is not None and talk.request.name == "CHATHISTORY"
    return history.targets(talk, answer) if is_asked else _words(answer, talk)


@_lines.register(answers.ReadIs)
def _(answer: answers.ReadIs, talk: Client) -> list[Line]:
    return reading.read(talk, answer)


@_lines.register(answers.Watching)
def _(answer: answers.Watching, talk: Client) -> list[Line]:
    return watching.watching(talk, answer)


@_lines.register(answers.Seen)
def _(answer: answers.Seen, talk: Client) -> list[Line]:
    return watching.seen(talk, answer)


@_lines.register(answers.Bans)
def _(answer: answers.Bans, talk: Client) -> list[Line]:
    return listings.bans(talk, answer)


# -- What nobody has asked for ---------------------------------------------------------------------


@_lines.register(answers.AwayNotice)
def _(answer: answers.AwayNotice, talk: Client) -> list[Line]:
    running = talk.running
    if isinstance(running, commands.Msg) and running.notice:
        return []
    return [talk.numeric(Numeric.AWAY, answer.nick, trailing=answer.text or "away")]


@_lines.register(answers.Invitation)
def _(answer: answers.Invitation, talk: Client) -> list[Line]:
    tag = f"account={answer.nick}" if answer.account and talk.caps & Cap.ACCOUNT_TAG else ""
    return [talk.line(body(source(answer.nick, answer.account), "INVITE", talk.nick, f"#{answer.room}"), tag)]


@_lines.register(answers.PersonChanged)
def _(answer: answers.PersonChanged, talk: Client) -> list[Line]:
    who, text = source(answer.nick, answer.account), answer.text
    if answer.what == "away" and talk.caps & Cap.AWAY:
        return [talk.line(body(who, "AWAY", trailing=None if text is None else text or "away"))]
    if answer.what == "realname" and talk.caps & Cap.SETNAME:
        return [talk.line(body(who, "SETNAME", trailing=text or ""))]
    if answer.what == "account":
        account = talk.line(body(source(answer.nick, True), "ACCOUNT", text or "*"))
        return [*_host_changed(talk, answer.nick), *([account] if talk.caps & Cap.ACCOUNT else [])]
    return []
