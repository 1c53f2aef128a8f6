"""Actions: what each command does, one function for each, parted by what they are about.

An action changes the registry and returns the final answer; who is told what, and when, is for
``perform.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatd.core import commands
from chatd.core.actions import arriving, looking, oneself, past, rooms, talking
from chatd.core.actions.base import Action
from chatd.core.commands import Command

ACTIONS: Final[Mapping[type[Command], Action]] = {
    commands.Hello: arriving.hello,
    commands.Nick: arriving.nick,
    commands.Quit: arriving.quit,
    commands.Say: talking.say,
    commands.Me: talking.say,
    commands.Msg: talking.msg,
    commands.Reply: talking.reply,
    commands.Join: rooms.join,
    commands.Leave: rooms.leave,
    commands.Topic: rooms.topic,
    commands.Keep: rooms.keep,
    commands.Help: looking.help,
    commands.Ping: looking.ping,
    commands.Rooms: looking.rooms,
    commands.Who: looking.who,
    commands.Whois: looking.whois,
    commands.History: past.history,
    commands.Search: past.search,
    commands.Ignore: oneself.ignore,
    commands.Unignore: oneself.unignore,
    commands.Away: oneself.away,
    commands.Back: oneself.back,
}
