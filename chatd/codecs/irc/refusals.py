"""Refusals, as the numerics that IRC clients know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import body
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.request import Line
from chatd.core import commands
from chatd.core.answers import Refused
from chatd.core.limits import WATCHED_PER_SESSION
from chatd.core.rooms import SERVER


def lines(talk: Client, refused: Refused) -> list[Line]:
    """The lines for ``refused``, which answers the command that is carried out."""
    running: Any = talk.running
    if talk.request is not None and talk.request.name == "CHATD":
        return [talk.notice(_text(refused))]  # What was asked for in words is refused in words.
    make = _MAKERS.get(type(running))
    if make is not None:
        found = make(talk, running, refused)
        if found is not None:
            return found
    return [_general(talk, running, refused)]


def _text(refused: Refused) -> str:
    return f"{refused.reason} {refused.hint}".rstrip()


def _general(talk: Client, running: Any, refused: Refused) -> Line:
    """The numeric that a code has whatever the command is."""
    if refused.code == "too-long":
        return talk.numeric(Numeric.INPUTTOOLONG, trailing=None)
    numeric = _NUMERICS.get(refused.code)
    room, nick = getattr(running, "room", "").removeprefix("#"), getattr(running, "nick", "")
    if numeric is None:
        return talk.notice(_text(refused))
    if numeric in _ABOUT_NICKS:
        return talk.numeric(numeric, nick, *([f"#{room}"] if numeric in _ABOUT_BOTH and room else []), trailing=_text(refused))
    if numeric in _ABOUT_ROOMS:
        return talk.numeric(numeric, f"#{room}", trailing=_text(refused)) if room else talk.notice(_text(refused))
    return talk.numeric(numeric, trailing=_text(refused))


_NUMERICS: Final[Mapping[str, Numeric]] = {
    "no-such-nick": Numeric.NOSUCHNICK,
    "not-there": Numeric.USERNOTINCHANNEL,
    "already-there": Numeric.USERONCHANNEL,
    "no-such-room": Numeric.NOSUCHCHANNEL,
    "not-in-room": Numeric.NOTONCHANNEL,
    "bad-room": Numeric.NOSUCHCHANNEL,
    "bad-nick": Numeric.ERRONEUSNICKNAME,
    "nick-reserved": Numeric.ERRONEUSNICKNAME,
    "nick-taken": Numeric.NICKNAMEINUSE,
    "not-allowed": Numeric.CHANOPRIVSNEEDED,
    "not-invited": Numeric.INVITEONLYCHAN,
    "wrong-key": Numeric.BADCHANNELKEY,
    "banned": Numeric.BANNEDFROMCHAN,
    "room-full": Numeric.CHANNELISFULL,
    "muted": Numeric.CANNOTSENDTOCHAN,
    "nick-needed": Numeric.NOTREGISTERED,
    "wrong-password": Numeric.PASSWDMISMATCH,
    "not-secure": Numeric.PASSWDMISMATCH,
}

_ABOUT_NICKS: Final = {
    Numeric.NOSUCHNICK,
    Numeric.USERNOTINCHANNEL,
    Numeric.USERONCHANNEL,
    Numeric.ERRONEUSNICKNAME,
    Numeric.NICKNAMEINUSE,
}
_ABOUT_BOTH: Final = {Numeric.USERNOTINCHANNEL, Numeric.USERONCHANNEL}
_ABOUT_ROOMS: Final = {
    Numeric.NOSUCHCHANNEL,
    Numeric.NOTONCHANNEL,
    Numeric.CHANOPRIVSNEEDED,
    Numeric.INVITEONLYCHAN,
    Numeric.BADCHANNELKEY,
    Numeric.BANNEDFROMCHAN,
    Numeric.CHANNELISFULL,
    Numeric.CANNOTSENDTOCHAN,
}


# -- By command ------------------------------------------------------------------------------------


def _hello(talk: Client, running: commands.Hello, refused: Refused) -> list[Line] | None:
    registration = talk.registration
    registration.is_asked = False
    nick, registration.nick = registration.nick, ""
    match refused.code:
        case "password-needed" if registration.password and not registration.gives_password:
            registration.nick, registration.gives_password = nick, True
            hello = registration.hello()
            assert hello is not None
            talk.ask_later(hello)
            return []
        case "password-needed":
            text = f"{nick} is registered. Log in with SASL or with PASS and its password, or choose another nick."
            return [talk.notice(text), talk.numeric(Numeric.NICKNAMEINUSE, nick, trailing=_text(refused))]
        case "nick-taken":
            return [talk.numeric(Numeric.NICKNAMEINUSE, nick, trailing=_text(refused))]
        case "bad-nick" | "nick-reserved":
            return [talk.numeric(Numeric.ERRONEUSNICKNAME, nick[:64] or "*", trailing=_text(refused))]
        case "banned":
            talk.ask_later(commands.Quit())
            return [talk.numeric(Numeric.YOUREBANNEDCREEP, trailing=_text(refused))]
        case "server-password-needed" | "wrong-password" | "not-secure" | "not-allowed" | "registration-needed":
            talk.ask_later(commands.Quit())
            return [talk.numeric(Numeric.PASSWDMISMATCH, trailing=_text(refused))]
    registration.nick = nick
    return [talk.notice(_text(refused))]


def _nick(talk: Client, running: commands.Nick, refused: Refused) -> list[Line] | None:
    if refused.code == "password-needed":
        return [talk.numeric(Numeric.NICKNAMEINUSE, running.nick, trailing=_text(refused))]
    return [talk.notice(_text(refused))] if refused.code in ("not-allowed", "banned") else None


def _say(talk: Client, running: commands.Say | commands.Me, refused: Refused) -> list[Line] | None:
    if refused.code == "no-such-message" and isinstance(running, commands.Say):
        talk.ask_later(replace(running, reply=0))  # What it replies to is gone; what it says is not.
        return []
    if isinstance(running, commands.Say) and running.notice:
        return []
    if refused.code in ("not-in-room", "muted", "banned", "not-allowed"):
        return [talk.numeric(Numeric.CANNOTSENDTOCHAN, f"#{running.room}", trailing=_text(refused))]
    if refused.code == "bad-usage":
        return [talk.numeric(Numeric.NOTEXTTOSEND, trailing=_text(refused))]
    return None


def _msg(talk: Client, running: commands.Msg, refused: Refused) -> list[Line] | None:
    if running.notice:
        return []
    return [talk.numeric(Numeric.NOTEXTTOSEND, trailing=_text(refused))] if refused.code == "bad-usage" else None


def _join(talk: Client, running: commands.Join, refused: Refused) -> list[Line] | None:
    if refused.code == "too-many":
        return [talk.numeric(Numeric.TOOMANYCHANNELS, f"#{running.room}", trailing=_text(refused))]
    return None


def _who(talk: Client, running: commands.Who, refused: Refused) -> list[Line] | None:
    if talk.request is not None and talk.request.name == "NAMES":
        return []  # It ends after all of its rooms.
    return [talk.numeric(Numeric.ENDOFNAMES, f"#{running.room}")]


def _people(talk: Client, running: commands.People, refused: Refused) -> list[Line] | None:
    return []


def _whowas(talk: Client, running: commands.Whowas, refused: Refused) -> list[Line] | None:
    return [talk.numeric(Numeric.WASNOSUCHNICK, running.nick)]


def _role(talk: Client, running: commands.Op, refused: Refused) -> list[Line] | None:
    return [] if refused.code == "bad-usage" else None


def _mode(talk: Client, running: commands.Room, refused: Refused) -> list[Line] | None:
    if refused.code != "bad-usage":
        return None
    letter = "k" if running.mode == "key" else "l"
    return [talk.numeric(Numeric.INVALIDMODEPARAM, f"#{running.room}", letter, "*", trailing=_text(refused))]


def _ban(talk: Client, running: commands.Ban, refused: Refused) -> list[Line] | None:
    if refused.code == "too-many":
        return [talk.numeric(Numeric.BANLISTFULL, f"#{running.room}", running.nick, trailing=_text(refused))]
    if refused.code == "bad-usage":
        return [talk.numeric(Numeric.INVALIDMODEPARAM, f"#{running.room}", "b", running.nick, trailing=_text(refused))]
    return None


def _bans(talk: Client, running: commands.Bans, refused: Refused) -> list[Line] | None:
    if refused.code != "not-allowed" or not running.room:
        return None  # Programs ask for the list whenever they join: that is no mistake of a person.
    return [talk.numeric(Numeric.ENDOFBANLIST, f"#{running.room}", trailing="Only moderators are shown who is banned")]


def _unban(talk: Client, running: commands.Unban, refused: Refused) -> list[Line] | None:
    return [] if refused.code == "no-such-nick" else None


def _kick(talk: Client, running: commands.Kick, refused: Refused) -> list[Line] | None:
    if running.room == SERVER.text and refused.code in ("bad-room", "not-in-room", "not-allowed", "no-such-room"):
        return [talk.numeric(Numeric.NOPRIVILEGES)]
    return None


def _back(talk: Client, running: commands.Back, refused: Refused) -> list[Line] | None:
    return [talk.numeric(Numeric.UNAWAY)]


def _realname(talk: Client, running: commands.Realname, refused: Refused) -> list[Line] | None:
    return [talk.failure("SETNAME", "INVALID_REALNAME", _text(refused))] if refused.code == "bad-usage" else None


def _oper(talk: Client, running: commands.Oper, refused: Refused) -> list[Line] | None:
    if refused.code in ("not-allowed", "bad-nick", "nick-reserved"):
        return [talk.numeric(Numeric.NOOPERHOST, trailing=_text(refused))]
    return [talk.numeric(Numeric.PASSWDMISMATCH, trailing=_text(refused))]


def _login(talk: Client, running: commands.Login, refused: Refused) -> list[Line] | None:
    if talk.request is None or talk.request.name != "AUTHENTICATE":
        return None
    return [talk.numeric(Numeric.SASLFAIL, trailing=f"SASL authentication failed: {_text(refused)}")]


def _register(talk: Client, running: commands.Register, refused: Refused) -> list[Line] | None:
    if talk.request is None or talk.request.name != "REGISTER":
        return None
    code = _REGISTER_CODES.get(refused.code, "TEMPORARILY_UNAVAILABLE")
    return [talk.failure("REGISTER", code, _text(refused), talk.nick)]


_REGISTER_CODES: Final[Mapping[str, str]] = {
    "bad-usage": "UNACCEPTABLE_PASSWORD",
    "too-long": "UNACCEPTABLE_PASSWORD",
    "nick-taken": "ACCOUNT_EXISTS",
    "bad-nick": "BAD_ACCOUNT_NAME",
    "nick-reserved": "BAD_ACCOUNT_NAME",
}


def _history(talk: Client, running: commands.History, refused: Refused) -> list[Line] | None:
    request = talk.request
    if request is None or request.name != "CHATHISTORY":
        return None
    kind, target = request.params[0].upper(), request.params[1]
    if refused.code == "bad-usage":
        return [talk.failure("CHATHISTORY", "INVALID_PARAMS", _text(refused), kind, target)]
    if refused.code == "not-delivered":
        return [talk.failure("CHATHISTORY", "MESSAGE_ERROR", _text(refused), kind, target)]
    return [talk.failure("CHATHISTORY", "INVALID_TARGET", _text(refused), kind, target)]


def _recent(talk: Client, running: commands.Recent, refused: Refused) -> list[Line] | None:
    if talk.request is None or talk.request.name != "CHATHISTORY":
        return None
    return [talk.failure("CHATHISTORY", "MESSAGE_ERROR", _text(refused), "TARGETS")]


def _read(talk: Client, running: commands.Read, refused: Refused) -> list[Line] | None:
    request = talk.request
    if request is None or request.name != "MARKREAD":
        return []  # The client has left the room, about which it has not asked.
    if len(request.params) == 1:
        return [talk.line(body(talk.shared.server, "MARKREAD", request.params[0], "*"))]
    return [talk.failure("MARKREAD", "INVALID_PARAMS", _text(refused), *request.params[:2])]


def _delete(talk: Client, running: commands.Delete, refused: Refused) -> list[Line] | None:
    request = talk.request
    if request is None or request.name != "REDACT":
        return None
    target, id = request.params[:2]
    match refused.code:
        case "no-such-message":
            return [talk.failure("REDACT", "UNKNOWN_MSGID", _text(refused), target, id)]
        case "not-in-room" | "bad-room" | "no-such-room":
            return [talk.failure("REDACT", "INVALID_TARGET", _text(refused), target)]
    return [talk.failure("REDACT", "REDACT_FORBIDDEN", _text(refused), target, id)]


def _watch(talk: Client, running: commands.Watch, refused: Refused) -> list[Line] | None:
    if refused.code != "too-many":
        return None
    return [talk.numeric(Numeric.MONLISTFULL, str(WATCHED_PER_SESSION), ",".join(running.nicks[:3]))]


_MAKERS: Final[Mapping[type[Any], Callable[[Client, Any, Refused], list[Line] | None]]] = {
    commands.Hello: _hello,
    commands.Nick: _nick,
    commands.Say: _say,
    commands.Me: _say,
    commands.Msg: _msg,
    commands.Join: _join,
    commands.Who: _who,
    commands.People: _people,
    commands.Whowas: _whowas,
    commands.Op: _role,
    commands.Voice: _role,
    commands.Deop: _role,
    commands.Room: _mode,
    commands.Ban: _ban,
    commands.Unban: _unban,
    commands.Bans: _bans,
    commands.Kick: _kick,
    commands.Back: _back,
    commands.Realname: _realname,
    commands.Oper: _oper,
    commands.Login: _login,
    commands.Register: _register,
    commands.History: _history,
    commands.Read: _read,
    commands.Recent: _recent,
    commands.Delete: _delete,
    commands.Watch: _watch,
}
