"""MONITOR: being told when people come and go (IRCv3 monitor)."""

from __future__ import annotations

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.events import source
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.request import Line
from chatd.core import answers, commands


def monitor(talk: Client, message: Message) -> None:
    """Watch people, or list whom one watches."""
    kind, nicks = message.params[0].upper(), tuple(nick for nick in message.param(1).split(",") if nick)
    session = talk.session
    assert session is not None
    match kind:
        case "+" if nicks:
            talk.ask(commands.Watch(nicks))
        case "-" if nicks:
            talk.ask(commands.Watch(nicks, stop=True))
        case "C":
            talk.ask(commands.Watch(stop=True))
        case "L":
            talk.send(*_lines(talk, Numeric.MONLIST, tuple(session.watched.values())), talk.numeric(Numeric.ENDOFMONLIST))
        case "S":
            talk.ask(commands.Watch())
        case _:
            talk.reply(Numeric.NEEDMOREPARAMS, "MONITOR")


def watching(talk: Client, answer: answers.Watching) -> list[Line]:
    """Who of those whom the client watches is here."""
    return [*_lines(talk, Numeric.MONONLINE, answer.here), *_lines(talk, Numeric.MONOFFLINE, answer.missing)]


def seen(talk: Client, answer: answers.Seen) -> list[Line]:
    """Somebody whom the client watches has come or gone."""
    if answer.gone:
        return _lines(talk, Numeric.MONOFFLINE, (answer.nick,))
    return [talk.numeric(Numeric.MONONLINE, trailing=source(answer.nick, answer.account))]


def _lines(talk: Client, numeric: Numeric, nicks: tuple[str, ...]) -> list[Line]:
    """``nicks``, a few in each line: they fit whatever they are."""
    return [talk.numeric(numeric, trailing=",".join(nicks[start : start + 3])) for start in range(0, len(nicks), 3)]
