"""The commands of IRC: which there are, what they need, and what carries them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatd.codecs.irc import accounts, channels, connecting, history, inquiries, messages, modes, reading, server, watching
from chatd.codecs.irc.cleaning import clean
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric

Handler = Callable[[Client, Message], object]

ANYTIME: Final[Mapping[str, tuple[Handler, int]]] = {
    "CAP": (connecting.cap, 1),
    "NICK": (connecting.nick, 0),
    "USER": (connecting.user, 4),
    "PASS": (connecting.password, 1),
    "PING": (server.ping, 0),
    "PONG": (server.pong, 0),
    "QUIT": (connecting.quit, 0),
    "AUTHENTICATE": (accounts.authenticate, 1),
    "REGISTER": (accounts.register, 3),
}
"""The commands that need no nick: what carries them out, and how many parameters they need."""

HANDLERS: Final[Mapping[str, tuple[Handler, int]]] = {
    **ANYTIME,
    "JOIN": (channels.join, 1),
    "PART": (channels.part, 1),
    "TOPIC": (channels.topic, 1),
    "NAMES": (channels.names, 0),
    "LIST": (channels.list_rooms, 0),
    "INVITE": (channels.invite, 2),
    "KICK": (channels.kick, 2),
    "MODE": (modes.mode, 1),
    "PRIVMSG": (messages.privmsg, 0),
    "NOTICE": (messages.notice, 0),
    "WHO": (inquiries.who, 0),
    "WHOIS": (inquiries.whois, 0),
    "WHOWAS": (inquiries.whowas, 0),
    "ISON": (inquiries.ison, 1),
    "USERHOST": (inquiries.userhost, 1),
    "AWAY": (inquiries.away, 0),
    "SETNAME": (inquiries.setname, 1),
    "LUSERS": (server.lusers, 0),
    "MOTD": (server.motd, 0),
    "VERSION": (server.version, 0),
    "TIME": (server.time, 0),
    "INFO": (server.info, 0),
    "ADMIN": (server.admin, 0),
    "HELP": (server.help, 0),
    "HELPOP": (server.help, 0),
    "LINKS": (server.links, 0),
    "OPER": (server.oper, 2),
    "KILL": (server.kill, 1),
    "CHATHISTORY": (history.chathistory, 1),
    "MARKREAD": (reading.markread, 0),
    "REDACT": (history.redact, 2),
    "MONITOR": (watching.monitor, 1),
    "TAGMSG": (messages.tagmsg, 1),
    "CHATD": (server.chatd, 1),
}
"""All commands."""


def handle(talk: Client, message: Message) -> None:
    """Carry out ``message``, or say what it lacks."""
    name = message.command
    row = HANDLERS.get(name)
    if not message.is_text:
        talk.fail(clean(name)[:32], "INVALID_UTF8", "The line is not UTF-8, and was not read.")
    elif not talk.nick and name not in ANYTIME:
        talk.reply(Numeric.NOTREGISTERED)
    elif row is None:
        talk.reply(Numeric.UNKNOWNCOMMAND, clean(name)[:32])
    else:
        handler, needed = row
        if len(message.params) < needed or (needed and name != "TOPIC" and not message.params[0]):
            talk.reply(Numeric.NEEDMOREPARAMS, name)
        else:
            handler(talk, Message(name, tuple(map(clean, message.params)), message.tags))
