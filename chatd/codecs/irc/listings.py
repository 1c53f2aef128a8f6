"""Lists: names, rooms, people, bans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.events import host, mask, mode_change, prefix, source
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.request import Line
from chatd.core import answers
from chatd.core.bans import Pattern
from chatd.core.limits import IRC_LINE_BYTES
from chatd.core.names import fold
from chatd.core.rights import Mode


def names(talk: Client, answer: answers.Members) -> list[Line]:
    """The members of a room, as many in each line as fit."""
    head = f":{talk.shared.server} {Numeric.NAMREPLY.number} {talk.target} {'@' if answer.secret else '='} #{answer.room} :"
    roles, accounts = answer.roles, set(answer.accounts) if talk.caps & Cap.USERHOST else set()
    multi = bool(talk.caps & Cap.MULTI_PREFIX)
    words = (
        (prefix(roles[nick], multi) if nick in roles else "")
        + (source(nick, nick in accounts) if talk.caps & Cap.USERHOST else nick)
        for nick in answer.members
    )
    return [talk.line(line) for line in _packed(head, words)]


def _packed(head: str, words: Iterable[str]) -> Iterator[str]:
    """Lines that begin with ``head`` and have ``words``, as many in each as fit."""
    room = left = IRC_LINE_BYTES - 2 - len(head.encode())
    packed: list[str] = []
    for word in words:
        size = (len(word) if word.isascii() else len(word.encode())) + 1
        if size > left and packed:
            yield head + " ".join(packed)
            packed, left = [], room
        packed.append(word)
        left -= size
    if packed:
        yield head + " ".join(packed)


def modes(values: Mapping[str, str]) -> str:
    """The modes of a room, as they are written: ``+int``, ``+kl * 20``."""
    shown = {Mode.EXTERNAL.value: "off", **values}
    letters, arguments = "", []
    for mode, value in shown.items():
        change, _, argument = mode_change(mode, value).partition(" ")
        if change.startswith("+"):
            letters += change[1]
            arguments += [argument] if argument else []
    return " ".join([f"+{letters}", *arguments])


def rooms(talk: Client, found: Iterable[answers.RoomLine], params: Sequence[str]) -> list[Line]:
    """The rooms that match the conditions of LIST (ELIST)."""
    conditions = [word for word in (params[0].split(",") if params else ()) if word]
    return [
        talk.numeric(Numeric.LIST, f"#{line.room}", str(line.count), trailing=line.topic)
        for line in found
        if all(_matches(line, word) for word in conditions if word[0] in "<>!")
        and (any(_matches(line, word) for word in masks) if (masks := [w for w in conditions if w[0] not in "<>!"]) else True)
    ]


def _matches(line: answers.RoomLine, word: str) -> bool:
    if word[0] in "<>":
        number = word[1:]
        if not (number.isascii() and number.isdigit() and len(number) < 9):
            return True
        return line.count < int(number) if word[0] == "<" else line.count > int(number)
    pattern = word.removeprefix("!")
    is_like = (
        Pattern(fold(pattern.removeprefix("#"))).matches(fold(line.room))
        if "#" in pattern[:1]
        else Pattern(fold(pattern)).matches(f"#{fold(line.room)}")
    )
    return is_like is not word.startswith("!")


def people(talk: Client, answer: answers.PeopleList) -> list[Line]:
    """The answer to WHO, ISON, USERHOST, or MODE for somebody else."""
    request = talk.request
    name = request.name if request is not None else ""
    if name == "MODE":  # Of somebody else, or of nobody.
        assert request is not None
        return [talk.numeric(Numeric.USERSDONTMATCH) if answer.people else talk.numeric(Numeric.NOSUCHNICK, request.params[0])]
    if name == "ISON":
        return [talk.numeric(Numeric.ISON, trailing=" ".join(line.nick for line in answer.people))]
    if name == "USERHOST":
        return [talk.numeric(Numeric.USERHOST, trailing=" ".join(map(_userhost, answer.people)))]
    params = request.params if request is not None else ()
    fields, _, token = params[1].partition(",") if len(params) > 1 and params[1].startswith("%") else ("", "", "")
    if fields:
        return [_whox(talk, line, answer.room, fields[1:], token) for line in answer.people]
    operators = len(params) > 1 and params[1] == "o"
    return [_who(talk, line, answer.room) for line in answer.people if line.operator or not operators]


def _userhost(line: answers.PersonLine) -> str:
    operator, away = "*" if line.operator else "", "-" if line.away is not None else "+"
    return f"{line.nick}{operator}={away}{user(line.user, line.nick, line.account)}@{host(line.account)}"


def user(name: str, nick: str, account: bool) -> str:
    """The user name of somebody, as WHO and WHOIS show it; nobody has checked it."""
    return name if account and name else f"~{name or nick}"


def _flags(talk: Client, line: answers.PersonLine) -> str:
    shown = prefix(line.role, bool(talk.caps & Cap.MULTI_PREFIX))
    return f"{'H' if line.away is None else 'G'}{'*' if line.operator else ''}{shown}"


def _who(talk: Client, line: answers.PersonLine, room: str) -> Line:
    return talk.numeric(
        Numeric.WHOREPLY,
        f"#{room}" if room else "*",
        user(line.user, line.nick, line.account),
        host(line.account),
        talk.shared.server,
        line.nick,
        _flags(talk, line),
        trailing=f"0 {line.realname or line.nick}",
    )


WHOX_ORDER: Final = "tcuihsnfdlaor"
"""The fields of WHOX, in the order in which they are sent."""


def _whox(talk: Client, line: answers.PersonLine, room: str, fields: str, token: str) -> Line:
    values = {
        "t": token[:3] or "0",
        "c": f"#{room}" if room else "*",
        "u": user(line.user, line.nick, line.account),
        "i": "255.255.255.255",
        "h": host(line.account),
        "s": talk.shared.server,
        "n": line.nick,
        "f": _flags(talk, line),
        "d": "0",
        "l": str(line.idle),
        "a": line.nick if line.account else "0",
        "o": "n/a",
    }
    chosen = [values[name] for name in WHOX_ORDER if name in fields and name in values]
    if "r" in fields:
        return talk.numeric(Numeric.WHOSPCRPL, *chosen, trailing=line.realname or line.nick)
    return talk.numeric(Numeric.WHOSPCRPL, *chosen)


def whois(talk: Client, answer: answers.PersonInfo) -> list[Line]:
    """The answer to WHOIS."""
    nick, numeric = answer.nick, talk.numeric
    about = user(answer.user, nick, answer.account)
    found = [numeric(Numeric.WHOISUSER, nick, about, host(answer.account), "*", trailing=answer.realname or nick)]
    head = f":{talk.shared.server} {Numeric.WHOISCHANNELS.number} {talk.target} {nick} :"
    channels = (f"{prefix(answer.roles.get(room, ''))}#{room}" for room in answer.rooms)
    found += [talk.line(line) for line in _packed(head, channels)]
    found.append(numeric(Numeric.WHOISSERVER, nick, talk.shared.server, trailing=f"chatd ({answer.door})"))
    if answer.operator:
        found.append(numeric(Numeric.WHOISOPERATOR, nick))
    if answer.account:
        found.append(numeric(Numeric.WHOISACCOUNT, nick, nick))
    if answer.secure:
        found.append(numeric(Numeric.WHOISSECURE, nick))
    if answer.away is not None:
        found.append(numeric(Numeric.AWAY, nick, trailing=answer.away or "away"))
    return [*found, numeric(Numeric.WHOISIDLE, nick, str(answer.idle), str(answer.since // 1000))]


def whowas(talk: Client, answer: answers.FormerPeople) -> list[Line]:
    """The answer to WHOWAS."""
    found = []
    for line in answer.people:
        about = user(line.user, line.nick, line.account)
        realname = line.realname or line.nick
        found.append(talk.numeric(Numeric.WHOWASUSER, line.nick, about, host(line.account), "*", trailing=realname))
        left = talk.shared.lines.time(line.time)
        found.append(talk.numeric(Numeric.WHOISSERVER, line.nick, talk.shared.server, trailing=left))
    return found


def bans(talk: Client, answer: answers.Bans) -> list[Line]:
    """The bans of a room, without the mutes."""
    room = f"#{answer.room}"
    shown = [line for line in answer.bans if not line.mutes]
    found = [
        talk.numeric(Numeric.BANLIST, room, mask(line.mask), line.by or talk.shared.server, str(line.since // 1000))
        for line in shown
    ]
    return [*found, talk.numeric(Numeric.ENDOFBANLIST, room)]
