"""The commands with which a client comes and goes: CAP, NICK, USER, PASS and QUIT."""

from __future__ import annotations

from chatd.codecs.irc import capabilities
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message, body
from chatd.codecs.irc.numerics import Numeric
from chatd.core import commands
from chatd.core.errors import BadNick
from chatd.core.limits import REALNAME_CHARACTERS, TOPIC_CHARACTERS, USER_CHARACTERS
from chatd.core.names import parse_nick


def cap(talk: Client, message: Message) -> None:
    """Negotiate capabilities."""
    what = message.params[0].upper()
    if what in ("LS", "REQ") and not talk.nick:
        talk.registration.is_negotiating = True
    match what:
        case "LS":
            number = message.param(1)
            talk.version = max(talk.version, int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 301)
            if talk.version >= capabilities.VERSION_WITH_VALUES:
                talk.caps |= capabilities.Cap.NOTIFY
            _list(talk, "LS", [*capabilities.words(talk.listed, talk.version)])
        case "LIST":
            _list(talk, "LIST", capabilities.names(talk.caps))
        case "REQ":
            _request(talk, message.param(1))
        case "END":
            if not talk.nick:
                talk.registration.is_negotiating = False
                register(talk)
        case _:
            talk.reply(Numeric.INVALIDCAPCMD, message.params[0] or "*")


def _list(talk: Client, kind: str, words: list[str]) -> None:
    lines = capabilities.lines(words)
    if talk.version < capabilities.VERSION_WITH_VALUES:
        lines = [" ".join(lines)]
    for number, line in enumerate(lines, 1):
        more = ["*"] if number < len(lines) else []
        talk.send(talk.line(body(talk.shared.server, "CAP", talk.target, kind, *more, trailing=line)))


def _request(talk: Client, text: str) -> None:
    caps = capabilities.requested(text, talk.caps, talk.offered)
    if caps is None:
        talk.send(talk.line(body(talk.shared.server, "CAP", talk.target, "NAK", trailing=text)))
        return
    before, talk.caps = talk.shown, caps
    talk.send(talk.line(body(talk.shared.server, "CAP", talk.target, "ACK", trailing=text)))
    if talk.shown != before:
        talk.on_view()


def nick(talk: Client, message: Message) -> None:
    """Choose or change the nick."""
    wanted = message.param(0)
    if not wanted:
        talk.reply(Numeric.NONICKNAMEGIVEN)
    elif talk.nick:
        talk.ask(commands.Nick(wanted))
    else:
        try:
            parse_nick(wanted)
        except BadNick as refused:
            return talk.reply(Numeric.ERRONEUSNICKNAME, wanted[:64], trailing=str(refused))
        talk.registration.nick = wanted
        talk.registration.gives_password = False
        register(talk)
    return None


def user(talk: Client, message: Message) -> None:
    """Say who one is."""
    if talk.nick or talk.registration.user:
        return talk.reply(Numeric.ALREADYREGISTERED)
    name, realname = message.params[0], message.params[3]
    if not name or not realname:
        return talk.reply(Numeric.NEEDMOREPARAMS, "USER")
    talk.registration.user = "".join(c for c in name if c.isalnum() or c in "-_.")[:USER_CHARACTERS] or "user"
    talk.registration.realname = realname[:REALNAME_CHARACTERS]
    return register(talk)


def password(talk: Client, message: Message) -> None:
    """Give the password of the server, or of the account."""
    if talk.nick:
        talk.reply(Numeric.ALREADYREGISTERED)
    else:
        talk.registration.password = message.params[0]


def register(talk: Client) -> None:
    """Ask for the nick when everything is known."""
    hello = talk.registration.hello()
    if hello is not None:
        talk.ask(hello)


def quit(talk: Client, message: Message) -> None:
    """Leave."""
    talk.ask(commands.Quit(message.param(0)[:TOPIC_CHARACTERS]))
