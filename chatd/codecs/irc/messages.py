"""PRIVMSG and NOTICE."""

from __future__ import annotations

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.events import CTCP_PICTURE, seq_of, text_lines
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.places import is_channel
from chatd.core import commands
from chatd.core.limits import IRC_TARGETS

ACTION = f"{CTCP_PICTURE}ACTION"


def privmsg(talk: Client, message: Message) -> None:
    """Say something in rooms and to people."""
    if not message.param(0):
        return talk.reply(Numeric.NORECIPIENT, trailing=f"No recipient given ({message.command})")
    if not message.param(1):
        return talk.reply(Numeric.NOTEXTTOSEND)
    targets = [target for target in message.params[0].split(",") if target]
    if len(targets) > IRC_TARGETS:
        return talk.reply(Numeric.TOOMANYTARGETS, targets[IRC_TARGETS])
    return _say(talk, targets, message, is_notice=False)


def notice(talk: Client, message: Message) -> None:
    """The same, for programs that must not be answered; mistakes are not answered either."""
    if message.param(1):
        targets = [target for target in message.params[0].split(",") if target]
        _say(talk, targets[:IRC_TARGETS], message, is_notice=True)


def tagmsg(talk: Client, message: Message) -> None:
    """Tags without a text (IRCv3 message-tags): no client is sent those of another."""


def _fits(talk: Client, target: str, text: str, is_action: bool) -> bool:
    """Whether others can be sent this as one line. The client knows how long that may be: its own
    lines are as long as those that others are sent."""
    head = f":{talk.mask} PRIVMSG {target}"
    return len(text_lines(head, text, is_action)) == 1


def _say(talk: Client, targets: list[str], message: Message, is_notice: bool) -> None:
    text, reply = message.params[1], message.tags.get("+draft/reply") or message.tags.get("+reply", "")
    is_action = text.startswith(f"{ACTION} ") and not is_notice
    if is_action:
        text = text.removeprefix(ACTION).removesuffix(CTCP_PICTURE).strip()
    for target in targets:
        if not is_notice and not _fits(talk, target, text, is_action):
            talk.reply(Numeric.INPUTTOOLONG)
        elif not target.startswith("#"):
            talk.ask(commands.Msg(target, text, notice=is_notice, action=is_action))
        elif not is_channel(target):
            if not is_notice:
                talk.reply(Numeric.NOSUCHCHANNEL, target)
        elif is_action:
            talk.ask(commands.Me(text, target[1:]))
        else:
            talk.ask(commands.Say(text, target[1:], seq_of(reply, target[1:]) or 0, notice=is_notice))
