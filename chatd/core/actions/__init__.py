"""Actions: one function for each command, grouped by topic.

An action changes the registry and returns the final answer; ``perform.py`` sends it. What is said
in a room is the one exception: ``perform.py`` has a shorter way for it, since it is nearly all that
people do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatd.core import commands
from chatd.core.actions import accounts, editing, history, info, login, messaging, moderation, preferences, reading, rooms, service
from chatd.core.actions.base import Action
from chatd.core.commands import Command

ACTIONS: Final[Mapping[type[Command], Action]] = {
    commands.Hello: login.hello,
    commands.Nick: login.nick,
    commands.Quit: login.quit,
    commands.Register: accounts.register,
    commands.Login: accounts.login,
    commands.Oper: accounts.oper,
    commands.Password: accounts.password,
    commands.Sessions: accounts.sessions,
    commands.Keys: accounts.keys,
    commands.Release: accounts.release,
    commands.Logout: accounts.logout,
    commands.Msg: messaging.msg,
    commands.Reply: messaging.reply,
    commands.Join: rooms.join,
    commands.Leave: rooms.leave,
    commands.Topic: rooms.topic,
    commands.Keep: rooms.keep,
    commands.Room: rooms.room,
    commands.Owner: moderation.give_role,
    commands.Op: moderation.give_role,
    commands.Voice: moderation.give_role,
    commands.Deop: moderation.give_role,
    commands.Invite: moderation.invite,
    commands.Kick: moderation.kick,
    commands.Mute: moderation.mute,
    commands.Unmute: moderation.unmute,
    commands.Ban: moderation.ban,
    commands.Unban: moderation.unban,
    commands.Bans: moderation.bans,
    commands.Delete: editing.delete,
    commands.Edit: editing.edit,
    commands.Report: service.report,
    commands.Announce: service.announce,
    commands.Audit: service.audit,
    commands.InviteCode: service.invite_code,
    commands.Help: info.help,
    commands.Ping: info.ping,
    commands.Rooms: info.rooms,
    commands.Who: info.who,
    commands.Whois: info.whois,
    commands.Whowas: info.whowas,
    commands.People: info.people,
    commands.Census: info.census,
    commands.Realname: preferences.realname,
    commands.Alert: preferences.alert,
    commands.Watch: preferences.watch,
    commands.History: history.history,
    commands.Search: history.search,
    commands.Ignore: preferences.ignore,
    commands.Unignore: preferences.unignore,
    commands.Away: preferences.away,
    commands.Back: preferences.back,
    commands.Read: reading.read,
    commands.Recent: reading.recent,
}
