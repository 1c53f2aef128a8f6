"""Accounts: AUTHENTICATE (SASL) and REGISTER (IRCv3 sasl, draft/account-registration)."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.cleaning import clean
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric
from chatd.core import commands
from chatd.core.limits import IRC_SASL_BYTES, IRC_SASL_CHUNK
from chatd.core.names import fold

MECHANISMS: Final = ("PLAIN", "EXTERNAL")


def authenticate(talk: Client, message: Message) -> None:
    """Prove that one owns an account."""
    state, text = talk.registration, message.params[0]
    if not talk.caps & Cap.SASL:
        return talk.reply(Numeric.SASLFAIL)
    if talk.is_registered:
        return talk.reply(Numeric.SASLALREADY)
    if text == "*":
        state.mechanism = state.sent = ""
        return talk.reply(Numeric.SASLABORTED)
    if not state.mechanism:
        return _begin(talk, text.upper())
    if len(text) > IRC_SASL_CHUNK or len(state.sent) + len(text) > IRC_SASL_BYTES:
        state.mechanism = state.sent = ""
        return talk.reply(Numeric.SASLTOOLONG)
    state.sent += "" if text == "+" else text
    if len(text) == IRC_SASL_CHUNK:
        return None  # More follows.
    mechanism, sent, state.mechanism, state.sent = state.mechanism, state.sent, "", ""
    command = _login(mechanism, sent, early=not talk.nick)
    return talk.reply(Numeric.SASLFAIL) if command is None else talk.ask(command)


def _begin(talk: Client, mechanism: str) -> None:
    if mechanism not in MECHANISMS:
        talk.reply(Numeric.SASLMECHS, ",".join(MECHANISMS))
        return talk.reply(Numeric.SASLFAIL)
    talk.registration.mechanism = mechanism
    return talk.send(talk.line("AUTHENTICATE +"))


def _login(mechanism: str, sent: str, early: bool) -> commands.Login | None:
    """What ``sent`` asks for; None: it cannot be read."""
    try:
        text = base64.b64decode(sent, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    if mechanism == "EXTERNAL":
        return commands.Login(clean(text), early=early)
    parts = text.split("\0")
    if len(parts) != 3 or not (parts[1] and parts[2]) or parts[0] not in ("", parts[1]):
        return None
    return commands.Login(clean(parts[1]), clean(parts[2]), early=early)


def register(talk: Client, message: Message) -> None:
    """Make one's nick an account."""
    name, password = message.params[0], message.params[2]
    if not talk.nick:
        return talk.fail("REGISTER", "COMPLETE_CONNECTION_REQUIRED", "Connect first, and register your nick then.", name)
    if talk.is_registered:
        return talk.fail("REGISTER", "ALREADY_AUTHENTICATED", "You are logged in already.", name)
    if name != "*" and fold(name) != fold(talk.nick):
        return talk.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", "The account has the name of your nick.", name)
    return talk.ask(commands.Register(password=password))
