"""The table that describes all commands.

:data:`TABLE` says how a line is parsed, what is allowed before a nick is given, what ``/help``
prints, and what the tables in the documents contain. Both people and :func:`parse` read a row's
``usage``: each word stands for the next field of the command, ``[WORD]`` is optional, and ``TEXT``
is the rest of the line.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chatd.core.bans import span
from chatd.core.commands import (
    Alert,
    Announce,
    Audit,
    Away,
    Back,
    Ban,
    Bans,
    Census,
    Command,
    Delete,
    Deop,
    Edit,
    Hello,
    Help,
    History,
    Ignore,
    Invite,
    InviteCode,
    Join,
    Keep,
    Keys,
    Kick,
    Leave,
    Login,
    Logout,
    Me,
    Msg,
    Mute,
    Nick,
    Op,
    Oper,
    Owner,
    Password,
    People,
    Ping,
    Quit,
    Read,
    Realname,
    Recent,
    Register,
    Release,
    Reply,
    Report,
    Room,
    Rooms,
    Say,
    Search,
    Sessions,
    Topic,
    Unban,
    Unignore,
    Unmute,
    Voice,
    Watch,
    Who,
    Whois,
    Whowas,
)
from chatd.core.errors import BadUsage, UnknownCommand
from chatd.core.limits import NUMBER_DIGITS
from chatd.core.membership import Role
from chatd.core.names import INBOX
from chatd.core.search_text import read_search
from chatd.core.text import safe_text
from chatd.core.when import take_time


@dataclass(frozen=True, slots=True)
class Row:
    """One command: its name, its class, its usage and help, and who may use it.

    ``right`` is the role that it requires in its room, or with ``on_server`` on the whole server;
    GUEST: none. ``change`` is the role that it
    requires to change something, if it can also show something. ``read`` parses the rest of the
    line if the words of the usage are not simply the fields of the command. ``group`` is the group
    in which ``/help`` lists it; empty: it always does. ``also`` has names
    under which people know it from IRC and other chats; ``/help`` alone does not list them. With
    ``in_inbox``, its room may be the person's own inbox: ``@``, or ``@bob`` for one talk.
    """

    name: str
    make: type[Command]
    usage: str
    help: str
    right: Role = Role.GUEST
    nick_needed: bool = True
    read: Callable[[Row, str], Command] | None = None
    also: tuple[str, ...] = ()
    change: Role = Role.GUEST
    group: str = ""
    on_server: bool = False
    in_inbox: bool = False


def _read_history(row: Row, rest: str) -> Command:
    """Read ``[N]``, or ``before``, ``after`` or ``around`` with a seq or a time and then ``[N]``;
    ``in:#room`` or ``@nick`` may be anywhere."""
    words = rest.split()
    rooms = [word.removeprefix("in:") for word in words if word.startswith(("in:", INBOX))]
    room = rooms[0] if rooms else ""
    side, *position = [word for word in words if not word.startswith(("in:", INBOX))] or [""]
    if side not in ("before", "after", "around"):
        numbers = _arguments(row, " ".join([side, *position]))
        return History(int(numbers[0]) if numbers else 0, room)
    if not position:
        raise BadUsage(f"/{row.name} {side} needs a time.", f"Write /{row.name} {side} 12:30.")
    value, number = take_time(position)
    count = _count(row, " ".join(number)) if number else 0
    is_seq = value.isascii() and value.isdigit()
    fields: dict[str, Any] = {side: _count(row, value)} if is_seq else {f"{side}_time": value}
    return History(count, room, **fields)


def _read_in_room(row: Row, rest: str) -> Command:
    """Read the words of the usage; ``in:#room`` may be anywhere."""
    words = rest.split(" ")
    rooms = [word.removeprefix("in:") for word in words if word.startswith("in:")]
    command = row.make(*_arguments(row, " ".join(word for word in words if not word.startswith("in:")).strip()))
    return replace(command, room=rooms[0]) if rooms else command  # type: ignore[call-arg]


def _read_with_time(row: Row, rest: str) -> Command:
    """Read ``NICK``, perhaps a time, and then a text; ``in:#room`` may be anywhere."""
    words = [word for word in rest.split() if not word.startswith("in:")]
    time = [words.pop(1)] if len(words) > 1 and span(words[1]) is not None else []
    rooms = [word for word in rest.split() if word.startswith("in:")]
    command = _read_in_room(replace(row, usage="NICK [TEXT]"), " ".join([*words, *rooms]))
    text = command.time  # type: ignore[attr-defined]
    return replace(command, time="".join(time), text=text)  # type: ignore[call-arg]


def _read_search(row: Row, rest: str) -> Command:
    """Read words, mixed with ``in:#room``, ``from:nick``, ``before:TIME`` and ``after:TIME``."""
    read = read_search(rest)
    given: dict[str, Any] = {FIELD_OF_FILTER[name]: value for name, value in read.filters.items()}
    return Search(read.text, **given)


FIELD_OF_FILTER: Mapping[str, str] = {"in": "room", "from": "nick", "before": "before_time", "after": "after_time"}
"""The fields of `Search` for the filters of its text."""


def _read_register(row: Row, rest: str) -> Command:
    """Read nothing, or a nick, or a nick and an invitation."""
    words = rest.split()
    if len(words) > 2:
        reason = f"/{row.name} takes your nick and an invitation, and never a password: others can read the line."
        raise BadUsage(reason, f"Write {usage_line(row)}; the password is asked for.")
    nick, code, *_ = *words, "", ""
    return Register(nick, code)


def _read_login(row: Row, rest: str) -> Command:
    """Read a nick, and never a password: the line stays on the screen, and in what a client
    remembers."""
    words = rest.split()
    if len(words) > 1 or (len(words) < 1 and not row.usage.startswith("[") and row.usage) or (words and not row.usage):
        reason = f"/{row.name} takes {'a nick' if row.usage else 'nothing'}, and never a password: others can read the line."
        raise BadUsage(reason, f"Write {usage_line(row)}; the password is asked for.")
    return row.make(*words)


def _read_watch(row: Row, rest: str) -> Command:
    """Read nicks; ``off`` before them ends watching them."""
    words = rest.split()
    is_end = bool(words) and words[0].lower() == "off"
    return Watch(tuple(words[is_end:]), is_end)


def _read_alert(row: Row, rest: str) -> Command:
    """Read words; a minus before one removes it."""
    return Alert(tuple(rest.split()))


def _read_sessions(row: Row, rest: str) -> Command:
    """Read nothing, or ``end N``."""
    word, _, number = rest.partition(" ")
    if word not in ("", "end"):
        raise BadUsage(f"/{row.name} lists your sessions, or ends one.", f"Write /{row.name}, or /{row.name} end N.")
    return Sessions(_count(row, number.strip()) if word else 0)


def _read_keys(row: Row, rest: str) -> Command:
    """Read nothing, ``add KEY``, ``add`` alone, or ``remove N``."""
    word, _, value = rest.partition(" ")
    value = value.strip()
    if word == "add" and not value:
        return Keys(own=True)
    if word not in ("", "add", "remove") or bool(word) != bool(value):
        hint = f"Write /{row.name}, /{row.name} add KEY with a line of a .pub file, or /{row.name} remove N."
        raise BadUsage(f"/{row.name} lists your keys, adds one, or removes one.", hint)
    return Keys(add=value) if word == "add" else Keys(remove=_count(row, value) if word else 0)


ACCOUNTS: Final = "accounts"
"""The group of the commands about accounts."""

MODERATION: Final = "moderation"
"""The group of the commands for those who look after a room."""

TABLE: tuple[Row, ...] = (
    Row("help", Help, "[COMMAND]", "list the commands, or explain one", nick_needed=False, also=("?", "h")),
    Row("nick", Nick, "NICK", "change your nick", nick_needed=False),
    Row("me", Me, "TEXT", "say what you do: /me waves", Role.MEMBER),
    Row("edit", Edit, "TEXT", "change the last message that you said", Role.MEMBER),
    Row(
        "msg",
        Msg,
        "NICK TEXT",
        "send one person a message that nobody else sees",
        also=("query", "whisper", "tell", "dm", "pm"),
    ),
    Row("reply", Reply, "TEXT", "answer the last private message", also=("r",)),
    Row("join", Join, "ROOM [KEY]", "enter a room, or go back to one you are in", also=("j",)),
    Row("leave", Leave, "[ROOM]", "leave a room, or the current one", Role.MEMBER, also=("part",)),
    Row("rooms", Rooms, "", "list the rooms", also=("list", "channels")),
    Row("who", Who, "[ROOM]", "list who is in a room, or in the current one", also=("names", "users")),
    Row("whois", Whois, "NICK", "show who a person is"),
    Row("topic", Topic, "[TEXT]", "show the topic, or set it; - removes it", Role.MEMBER),
    Row(
        "keep",
        Keep,
        "[TIME]",
        "show how long a room is kept, or set it: 30d, -",
        Role.MEMBER,
        read=_read_in_room,
        change=Role.OWNER,
        in_inbox=True,
    ),
    Row(
        "room",
        Room,
        "[MODE] [VALUE]",
        "show the modes of a room, or set one",
        Role.MEMBER,
        read=_read_in_room,
        change=Role.OWNER,
        group=MODERATION,
    ),
    Row(
        "invite",
        Invite,
        "NICK",
        "let a person into a private room",
        Role.MEMBER,
        read=_read_in_room,
        change=Role.MODERATOR,
        group=MODERATION,
    ),
    Row("kick", Kick, "NICK [TEXT]", "remove a person from a room", Role.MODERATOR, read=_read_in_room, group=MODERATION),
    Row(
        "mute",
        Mute,
        "NICK [TIME] [TEXT]",
        "do not let a person speak: /mute bob 10m",
        Role.MODERATOR,
        read=_read_with_time,
        group=MODERATION,
    ),
    Row("unmute", Unmute, "NICK", "let a person speak again", Role.MODERATOR, read=_read_in_room, group=MODERATION),
    Row(
        "ban",
        Ban,
        "NICK [TIME] [TEXT]",
        "keep a person out: /ban bob 2h spam",
        Role.MODERATOR,
        read=_read_with_time,
        group=MODERATION,
    ),
    Row("unban", Unban, "NICK", "let a person come back", Role.MODERATOR, read=_read_in_room, group=MODERATION),
    Row("bans", Bans, "", "list who is banned or muted", Role.MODERATOR, read=_read_in_room, group=MODERATION),
    Row("voice", Voice, "NICK", "let a person speak where only some may", Role.MODERATOR, read=_read_in_room, group=MODERATION),
    Row("op", Op, "NICK", "make a person a moderator", Role.OWNER, read=_read_in_room, group=MODERATION),
    Row("owner", Owner, "NICK", "make a person an owner of the room", Role.OWNER, read=_read_in_room, group=MODERATION),
    Row("deop", Deop, "NICK", "take a person's role away", Role.MODERATOR, read=_read_in_room, group=MODERATION),
    Row(
        "delete",
        Delete,
        "WHICH",
        "delete a message by its number, or the last of NICK",
        Role.MEMBER,
        read=_read_in_room,
        change=Role.MODERATOR,
        group=MODERATION,
        in_inbox=True,
    ),
    Row("whowas", Whowas, "NICK [N]", "show who had a nick before", group=MODERATION),
    Row("people", People, "[ROOM]", "describe the people in a room", group=MODERATION),
    Row("census", Census, "", "count the people and the rooms", group=MODERATION),
    Row("report", Report, "NICK TEXT", "tell the operators of a person", group=MODERATION),
    Row("announce", Announce, "TEXT", "tell everybody on the server (operators)", Role.OPERATOR, group=MODERATION, on_server=True),
    Row("audit", Audit, "[N]", "show what was done on the server (operators)", Role.OPERATOR, group=MODERATION, on_server=True),
    Row("invite-code", InviteCode, "", "invite somebody to register (operators)", Role.OPERATOR, group=MODERATION, on_server=True),
    Row("ignore", Ignore, "[NICK]", "ignore a person, or list whom you ignore", also=("block",)),
    Row("unignore", Unignore, "NICK", "see a person's messages again", also=("unblock",)),
    Row("away", Away, "[TEXT]", "be away, with a text for those who write to you"),
    Row("back", Back, "", "say that you are back"),
    Row(
        "history",
        History,
        "[N]",
        "show the last N, or: before, after, around TIME N",
        Role.MEMBER,
        read=_read_history,
        in_inbox=True,
    ),
    Row("search", Search, "TEXT", 'find words, "a phrase", -not; in:#room from:nick', read=_read_search),
    Row(
        "register",
        Register,
        "[NICK]",
        "make your nick yours; asks for a password",
        nick_needed=False,
        read=_read_register,
        group=ACCOUNTS,
    ),
    Row(
        "login",
        Login,
        "NICK",
        "log in to an account; asks for the password",
        nick_needed=False,
        read=_read_login,
        group=ACCOUNTS,
    ),
    Row("alert", Alert, "[WORD]", "be alerted to a word, or list them; -WORD: no more", read=_read_alert, group=ACCOUNTS),
    Row("watch", Watch, "[NICK]", "be told when a person comes or goes", read=_read_watch, group=ACCOUNTS),
    Row("realname", Realname, "TEXT", "say who you are; /whois shows it", group=ACCOUNTS),
    Row("oper", Oper, "[NICK]", "have an operator's rights; asks for the password", read=_read_login, group=ACCOUNTS),
    Row("password", Password, "", "change your password; ends your other sessions", read=_read_login, group=ACCOUNTS),
    Row("sessions", Sessions, "", "list where you are logged in; end N ends one", read=_read_sessions, group=ACCOUNTS),
    Row("keys", Keys, "", "list your keys; add [KEY], remove N", read=_read_keys, group=ACCOUNTS),
    Row("release", Release, "", "take your nick back: end all your other sessions", group=ACCOUNTS),
    Row("logout", Logout, "", "log out of your account, and leave", group=ACCOUNTS),
    Row(
        "quit",
        Quit,
        "[TEXT]",
        "leave, with a text; in nc Ctrl-C, in telnet Ctrl-D",
        nick_needed=False,
        also=("exit", "bye"),
    ),
)
"""The commands that people can type."""

UNTYPED: tuple[Row, ...] = (
    Row("hello", Hello, "", "", nick_needed=False),
    Row("say", Say, "", "", Role.MEMBER),
    Row("ping", Ping, "", "", nick_needed=False),
    Row("read", Read, "", ""),
    Row("recent", Recent, "", ""),
)
"""The commands without a slash: the first line, a line that is said, and what only programs
send."""

GROUPS: Final = tuple(dict.fromkeys(row.group for row in TABLE if row.group))
"""The groups of commands that ``/help`` lists only if they are asked for."""

BY_NAME: Mapping[str, Row] = {name: row for row in TABLE for name in (row.name, *row.also)}
ROW_OF: Mapping[type[Command], Row] = {row.make: row for row in (*TABLE, *UNTYPED)}


INSTEAD: Mapping[str, str] = {
    "w": "/msg NICK TEXT writes to one person, /who lists who is here.",
    "say": "What you type without a slash is sent to your current room.",
    "clear": "Your own program can clear its screen; chatd-client has /clear.",
}
"""What works instead of commands that other chats have, and that could mean several things or
nothing here."""


def find_row(name: str) -> Row:
    """The row of the command ``name``, with or without its slash, in upper or lower case.

    Raises UnknownCommand, which names what works instead, or the most similar command.
    """
    bare = name.removeprefix("/").lower()
    row = BY_NAME.get(bare)
    if row is None:
        raise UnknownCommand(f"There is no command /{bare[:32]}.", INSTEAD.get(bare) or _similar(bare[:32]))
    return row


def _similar(name: str) -> str:
    near = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.5)
    return f"Did you mean /{near[0]}? /help lists all." if near else "/help lists what you can do."


def parse(line: str) -> Command:
    """The command in a ``line`` that a person typed: it begins with a slash, or it is said as it is
    (``//`` says a slash). A text of several lines is said as it is.

    Raises UnknownCommand and BadUsage.
    """
    if not line.startswith("/") or "\n" in line:
        return Say(line)
    if line.startswith("//"):
        return Say(line[1:])
    name, _, rest = line[1:].partition(" ")
    row = find_row(name)
    if row.read is not None:
        return row.read(row, rest.strip())
    return row.make(*_arguments(row, rest.strip()))


def usage_line(row: Row) -> str:
    """The usage of the command of ``row``: ``/msg NICK TEXT``."""
    return f"/{row.name} {row.usage}".rstrip()


def _arguments(row: Row, rest: str) -> list[str | int]:
    arguments: list[str | int] = []
    for word in row.usage.split():
        if not rest:
            if word.startswith("["):
                break
            raise BadUsage(f"/{row.name} needs an argument.", f"Write {usage_line(row)}.")
        value, _, rest = (safe_text(rest), "", "") if word.strip("[]") == "TEXT" else rest.partition(" ")  # It begins anew.
        arguments.append(_count(row, value) if word == "[N]" else value)
        rest = rest.lstrip()
    if rest:
        raise BadUsage(f"/{row.name} has too many arguments.", f"Write {usage_line(row)}.")
    return arguments


def _count(row: Row, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= NUMBER_DIGITS and int(value)):
        raise BadUsage(f"/{row.name} needs a number.", f"Write {usage_line(row)}, with a whole number N above 0.")
    return int(value)
