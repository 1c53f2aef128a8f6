"""The commands about the server, and those of its operators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric
from chatd.core import command_table, commands
from chatd.core.errors import Refusal
from chatd.core.limits import TOPIC_CHARACTERS
from chatd.core.rooms import SERVER


def ping(talk: Client, message: Message) -> None:
    """Show that the connection works."""
    if not message.params:
        talk.reply(Numeric.NOORIGIN)
    else:
        talk.ask(commands.Ping())


def pong(talk: Client, message: Message) -> None:
    """Nothing: the door has seen already that the client is there."""


def _is_here(talk: Client, name: str) -> bool:
    """Whether ``name`` is this server, or empty; if not, the client is told so."""
    if not name or name.lower() in (talk.shared.server.lower(), "*") or name.lower() == talk.nick.lower():
        return True
    talk.reply(Numeric.NOSUCHSERVER, name)
    return False


def lusers(talk: Client, message: Message) -> None:
    """Count people and rooms."""
    talk.ask(commands.Census())


def motd(talk: Client, message: Message) -> None:
    """Show the message of the day."""
    if _is_here(talk, message.param(0)):
        talk.send(*motd_lines(talk))


def motd_lines(talk: Client) -> list[tuple[str, str]]:
    """The message of the day."""
    if not talk.motd:
        return [talk.numeric(Numeric.NOMOTD)]
    lines = [talk.numeric(Numeric.MOTD, trailing=f"- {line}") for line in talk.motd]
    start = talk.numeric(Numeric.MOTDSTART, trailing=f"- {talk.shared.server} Message of the day - ")
    return [start, *lines, talk.numeric(Numeric.ENDOFMOTD)]


def version(talk: Client, message: Message) -> None:
    """Say which server this is."""
    if _is_here(talk, message.param(0)):
        talk.reply(Numeric.VERSION, talk.shared.version, talk.shared.server, trailing="")
        for tokens in talk.shared.isupport:
            talk.reply(Numeric.ISUPPORT, *tokens)


def time(talk: Client, message: Message) -> None:
    """Say what time it is."""
    if _is_here(talk, message.param(0)):
        now = datetime.fromtimestamp(talk.shared.now() // 1000, UTC)
        talk.reply(Numeric.TIME, talk.shared.server, trailing=f"{now:%A, %d %B %Y, %H:%M:%S} UTC")


def info(talk: Client, message: Message) -> None:
    """Describe the server."""
    if _is_here(talk, message.param(0)):
        since = datetime.fromtimestamp(talk.shared.since // 1000, UTC)
        about = f"This is {talk.shared.version}, a chat server for nc, telnet, browsers and IRC clients."
        for text in (about, f"On-line since {since:%A, %d %B %Y, %H:%M:%S} UTC."):
            talk.reply(Numeric.INFO, trailing=text)
        talk.reply(Numeric.ENDOFINFO)


def admin(talk: Client, message: Message) -> None:
    """Say how to reach whoever runs the server."""
    if _is_here(talk, message.param(0)):
        talk.reply(Numeric.ADMINME, talk.shared.server)
        talk.reply(Numeric.ADMINLOC1, trailing="CHATD report NICK TEXT tells the operators of a person.")


def links(talk: Client, message: Message) -> None:
    """List the servers: there is one."""
    name = talk.shared.server
    talk.reply(Numeric.LINKS, name, name, trailing="0 chatd")
    talk.reply(Numeric.ENDOFLINKS, "*")


HELP: Final = (
    "JOIN #room, PART #room, PRIVMSG TARGET :text, NOTICE, TOPIC, NAMES, LIST, INVITE, KICK, MODE,",
    "NICK, AWAY, WHO, WHOIS, WHOWAS, ISON, USERHOST, MONITOR, SETNAME, QUIT,",
    "VERSION, TIME, INFO, ADMIN, LUSERS, MOTD, LINKS, OPER, KILL.",
    "CHATD COMMAND does what people type after a slash in other clients: CHATD help lists it.",
)


def help(talk: Client, message: Message) -> None:
    """List the commands."""
    about = message.param(0).upper()
    if about and about not in talk.commands and about != "INDEX":
        return talk.reply(Numeric.HELPNOTFOUND, message.params[0])
    subject = message.param(0) or "*"
    first, *others = HELP if about in ("", "INDEX") else (f"{about}: docs/irc.md describes it.",)
    talk.reply(Numeric.HELPSTART, subject, trailing=first)
    for line in others or [""]:
        talk.reply(Numeric.HELPTXT, subject, trailing=line)
    return talk.reply(Numeric.ENDOFHELP, subject)


def oper(talk: Client, message: Message) -> None:
    """Have the rights of an operator."""
    talk.ask(commands.Oper(message.params[0], message.params[1]))


def kill(talk: Client, message: Message) -> None:
    """End the sessions of a person, as an operator."""
    talk.ask(commands.Kick(message.params[0], message.param(1)[:TOPIC_CHARACTERS], SERVER.text))


def chatd(talk: Client, message: Message) -> None:
    """Do what people type after a slash elsewhere."""
    line = " ".join(message.params)
    try:
        talk.ask(command_table.parse(f"/{line.removeprefix('/')}"))
    except Refusal as refusal:
        talk.send(talk.notice(str(refusal)))
