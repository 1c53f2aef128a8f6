"""MODE: the modes of channels, which are modes, roles and bans of rooms, and those of people."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from chatd.codecs.irc.channels import room
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message
from chatd.codecs.irc.numerics import Numeric
from chatd.core import commands
from chatd.core.commands import Command
from chatd.core.limits import IRC_MODES
from chatd.core.membership import Role
from chatd.core.names import fold
from chatd.core.rights import OFF, ON, Mode

FLAGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "i": (Mode.PRIVATE, ON, OFF),
    "s": (Mode.HIDDEN, ON, OFF),
    "m": (Mode.MODERATED, ON, OFF),
    "t": (Mode.TOPIC, Role.MODERATOR.word, Role.MEMBER.word),
    "n": (Mode.EXTERNAL, OFF, ON),
}
"""The channel modes without a parameter: the mode of the room, and its values when the flag is set
and when it is not."""

WITH_PARAMETER: Final = {"+": "ovbkl", "-": "ovbk"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a mode: ``+o bob``."""

    sign: str
    letter: str
    argument: str = ""
    has_argument: bool = False


def changes(params: tuple[str, ...]) -> Iterator[Change]:
    """The changes that the parameters after the target ask for."""
    arguments = iter(params[1:])
    sign = "+"
    for letter in params[0][:IRC_MODES]:
        if letter in "+-":
            sign = letter
        elif letter in WITH_PARAMETER[sign]:
            argument = next(arguments, None)
            yield Change(sign, letter, argument or "", argument is not None)
        else:
            yield Change(sign, letter)


def mode(talk: Client, message: Message) -> None:
    """Show or change modes."""
    target = message.params[0]
    if not target.startswith("#"):
        return _own_modes(talk, message)
    bare = room(talk, target)
    if not bare:
        return None
    if len(message.params) == 1:
        return talk.ask(commands.Room(room=bare))
    assert talk.request is not None
    talk.request.room = f"#{bare}"
    for change in changes(message.params[1:]):
        command = _command(talk, change, bare)
        if command is not None:
            talk.ask(command)
    return None


def _command(talk: Client, change: Change, room: str) -> Command | None:
    """The command for ``change`` in ``room``; None: the client was told why there is none."""
    letter, argument, is_set = change.letter, change.argument, change.sign == "+"
    if letter in FLAGS:
        name, on, off = FLAGS[letter]
        return commands.Room(name, on if is_set else off, room)
    if letter == "b":
        return _ban(talk, change, room)
    if letter in "kl":
        return _parameter(talk, change, room)
    if letter not in "ov":
        talk.reply(Numeric.UNKNOWNMODE, letter, trailing=Numeric.UNKNOWNMODE.text)
        return None
    if not argument:
        talk.reply(Numeric.NEEDMOREPARAMS, "MODE")
        return None
    if is_set:
        return (commands.Op if letter == "o" else commands.Voice)(argument, room, member=True)
    role = Role.MODERATOR if letter == "o" else Role.VOICE
    return commands.Deop(argument, room, member=True, role=role.word)


def _parameter(talk: Client, change: Change, room: str) -> Command | None:
    """+k, -k, +l or -l."""
    name, argument = (Mode.KEY if change.letter == "k" else Mode.LIMIT), change.argument
    if change.sign == "-":
        return commands.Room(name, OFF, room)
    if change.letter == "l" and not change.has_argument:
        talk.reply(Numeric.NEEDMOREPARAMS, "MODE")
        return None
    if not argument or " " in argument or "," in argument or argument.lower() == OFF:
        talk.reply(Numeric.INVALIDMODEPARAM, f"#{room}", change.letter, "*", trailing="This is no value for the mode.")
        return None
    return commands.Room(name, argument, room)


def _ban(talk: Client, change: Change, room: str) -> Command | None:
    if not change.argument:
        assert talk.request is not None
        if change.has_argument or change.sign == "-" or commands.Bans(room) in (asked for asked, _ in talk.queue):
            return None  # The list is long: it is shown once.
        return commands.Bans(room)
    mask = own_mask(change.argument)
    if not mask:
        text = "People are banned by their nick (bob!*@*), or by their address (*!*@192.0.2.1)."
        talk.reply(Numeric.INVALIDMODEPARAM, f"#{room}", "b", change.argument, trailing=text)
        return None
    return commands.Ban(mask, room=room, stays=True) if change.sign == "+" else commands.Unban(mask, room)


def own_mask(text: str) -> str:
    """The mask of a ban (``bans.py``) for ``text`` as IRC writes it; empty: there is none. What
    stands for a user name is the nick again, with ``~`` for a guest (``events.source``): so
    ``*!~bob@*`` is about bob, as is ``*!*bob@*``, in which the first star stands for the ``~``."""
    if "!" not in text and "@" not in text:
        return text
    left, _, host = text.rpartition("@") if "@" in text else (text, "", "*")
    nick, _, user = left.partition("!") if "!" in left else ("*", "", left)
    if nick.strip("*"):
        return nick
    if user.strip("*~"):
        return user.removeprefix("*").removeprefix("~")
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        return ""
    return host


def _own_modes(talk: Client, message: Message) -> None:
    target = message.params[0]
    if fold(target) != fold(talk.nick):
        return talk.ask(commands.People(nicks=(target,)))
    if len(message.params) == 1:
        return talk.reply(Numeric.UMODEIS, f"+{''.join(sorted(talk.modes))}")
    for change in changes(message.params[1:]):
        if change.letter == "o" and change.sign == "-" and "o" in talk.modes:
            talk.ask(commands.Oper())
        elif change.letter not in "io":  # Everybody is invisible to those who share no room with them.
            talk.reply(Numeric.UMODEUNKNOWNFLAG)
    return None
