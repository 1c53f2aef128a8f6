"""The commands about channels, which are rooms."""

from __future__ import annotations

from itertools import zip_longest

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.places import is_channel
from chatd.core import commands
from chatd.core.limits import IRC_TARGETS, ROOMS_PER_PERSON, TOPIC_CHARACTERS


def room(talk: Client, name: str) -> str:
    """The name of the room for the channel ``name``; empty: it is none, and the client has been
    told so."""
    if is_channel(name):
        return name[1:]
    talk.reply(Numeric.NOSUCHCHANNEL, name or "*")
    return ""


def join(talk: Client, message: Message) -> None:
    """Enter rooms, or with 0 leave all."""
    if message.params[0] == "0":
        return talk.ask(*(commands.Leave(name) for name in talk.rooms))
    names = [name for name in message.params[0].split(",") if name]
    keys = message.param(1).split(",")
    for name, key in zip_longest(names[:ROOMS_PER_PERSON], keys[: len(names)], fillvalue=""):
        if name and (bare := room(talk, name)):
            talk.ask(commands.Join(bare, key))
    if len(names) > ROOMS_PER_PERSON:
        talk.reply(Numeric.TOOMANYCHANNELS, names[ROOMS_PER_PERSON])
    return None


def part(talk: Client, message: Message) -> None:
    """Leave rooms."""
    text = message.param(1)[:TOPIC_CHARACTERS]
    for name in message.params[0].split(",")[:ROOMS_PER_PERSON]:
        if bare := room(talk, name):
            talk.ask(commands.Leave(bare, text))


def topic(talk: Client, message: Message) -> None:
    """Show or set the topic of a room."""
    bare = room(talk, message.params[0])
    if not bare:
        return
    if len(message.params) == 1:
        talk.ask(commands.Topic(room=bare))
    else:
        talk.ask(commands.Topic(message.params[1][:TOPIC_CHARACTERS].rstrip() or "-", bare))


def names(talk: Client, message: Message) -> None:
    """List who is in rooms."""
    request = talk.request
    assert request is not None
    request.end.append(talk.numeric(Numeric.ENDOFNAMES, message.param(0) or "*"))
    if not message.param(0):
        return talk.ask(commands.Rooms())
    wanted = message.params[0].split(",")[:IRC_TARGETS]
    return talk.ask(*(commands.Who(name[1:], everybody=True) for name in wanted if is_channel(name)))


def list_rooms(talk: Client, message: Message) -> None:
    """List the rooms."""
    assert talk.request is not None
    talk.reply(Numeric.LISTSTART, "Channel")
    talk.request.end.append(talk.numeric(Numeric.LISTEND))
    talk.ask(commands.Rooms())


def invite(talk: Client, message: Message) -> None:
    """Invite somebody into a room."""
    if bare := room(talk, message.params[1]):
        talk.ask(commands.Invite(message.params[0], bare))


def kick(talk: Client, message: Message) -> None:
    """Remove people from rooms."""
    rooms, nicks = message.params[0].split(","), message.params[1].split(",")
    if len(rooms) not in (1, len(nicks)):
        return talk.reply(Numeric.NEEDMOREPARAMS, "KICK")
    text = message.param(2)[:TOPIC_CHARACTERS]
    for name, nick in list(zip_longest(rooms, nicks, fillvalue=rooms[0]))[:IRC_TARGETS]:
        if bare := room(talk, name):
            talk.ask(commands.Kick(nick, text, bare))
    return None
