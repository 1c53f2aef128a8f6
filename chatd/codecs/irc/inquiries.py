"""The commands about people: WHO, WHOIS, WHOWAS, ISON, USERHOST, AWAY and SETNAME."""

from __future__ import annotations

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.modes import own_mask
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.places import is_channel
from chatd.core import commands
from chatd.core.limits import AWAY_CHARACTERS, IRC_TARGETS, REALNAME_CHARACTERS

ANYBODY = ("", "*", "0")
"""The masks of WHO that mean everybody."""


def who(talk: Client, message: Message) -> None:
    """Describe the people in a room, or those with a nick."""
    mask = message.param(0)
    assert talk.request is not None
    talk.request.end.append(talk.numeric(Numeric.ENDOFWHO, mask or "*"))
    if is_channel(mask):
        talk.ask(commands.People(mask[1:]))
    elif mask in ANYBODY:
        talk.ask(commands.People(like="*"))
    else:
        nick = own_mask(mask).removeprefix("~")
        talk.ask(commands.People(like=nick) if "*" in nick or "?" in nick else commands.People(nicks=(nick,)))


def whois(talk: Client, message: Message) -> None:
    """Describe people."""
    wanted = message.param(1) or message.param(0)
    nicks = [nick for nick in wanted.split(",") if nick][:IRC_TARGETS]
    if not nicks:
        return talk.reply(Numeric.NONICKNAMEGIVEN)
    assert talk.request is not None
    talk.request.end.append(talk.numeric(Numeric.ENDOFWHOIS, wanted))
    return talk.ask(*(commands.Whois(nick) for nick in nicks))


def whowas(talk: Client, message: Message) -> None:
    """Describe who had a nick."""
    nick, number = message.param(0), message.param(1)
    if not nick:
        return talk.reply(Numeric.NONICKNAMEGIVEN)
    assert talk.request is not None
    talk.request.end.append(talk.numeric(Numeric.ENDOFWHOWAS, nick))
    count = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    return talk.ask(commands.Whowas(nick, count))


def ison(talk: Client, message: Message) -> None:
    """Say who of some people is here."""
    talk.ask(commands.People(nicks=_nicks(message)))


def userhost(talk: Client, message: Message) -> None:
    """Say who some people are."""
    talk.ask(commands.People(nicks=_nicks(message)[:5]))


def _nicks(message: Message) -> tuple[str, ...]:
    return tuple(nick for param in message.params for nick in param.split())


def away(talk: Client, message: Message) -> None:
    """Be away, or back."""
    text = message.param(0)[:AWAY_CHARACTERS]
    talk.ask(commands.Away(text) if text else commands.Back())


def setname(talk: Client, message: Message) -> None:
    """Call oneself something."""
    if len(message.params[0]) > REALNAME_CHARACTERS:
        talk.fail("SETNAME", "INVALID_REALNAME", "The realname is too long.")
    else:
        talk.ask(commands.Realname(message.params[0]))
