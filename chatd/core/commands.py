"""What a person can ask, and the one table of it.

:data:`TABLE` drives everything: how a line is taken apart, what may be done before a nick is given,
what ``/help`` prints, and the tables in the documents. A row's ``usage`` is read by people and by
:func:`parse` alike: each word stands for the command's next field, ``[WORD]`` may be left out, and
``TEXT`` takes the rest of the line.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatd.core.errors import BadUsage, UnknownCommand
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.core.membership import Role
from chatd.core.text import safe_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something asked. ``id`` is the program's own name for it, and comes back with the answer."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Hello(Command):
    """Be called ``nick`` and enter ``rooms`` (none named: the default room).

    ``token`` is a secret that the program has made up: the same token is the same sender, also
    after a broken link, and takes over the seat of its own lost connection. ``resume`` gives, for
    each room, the last event seen, of the logs that were called ``log``. ``scrollback`` is how many
    events of each room are told on entering it, at most ``SCROLLBACK_EVENTS``.
    """

    nick: str
    token: str = ""
    rooms: tuple[str, ...] = ()
    resume: Mapping[str, int] = field(default_factory=dict)
    log: str = ""
    scrollback: int = SCROLLBACK_EVENTS


@dataclass(frozen=True, slots=True)
class Say(Command):
    """Say ``text`` in ``room`` (empty: the current one)."""

    text: str
    room: str = ""


@dataclass(frozen=True, slots=True)
class Ping(Command):
    """Ask for a sign of life."""


@dataclass(frozen=True, slots=True)
class Help(Command):
    """List the commands, or explain the one called ``about``."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class Nick(Command):
    """Be called ``nick`` from now on."""

    nick: str


@dataclass(frozen=True, slots=True)
class Me(Command):
    """Say in ``room`` (empty: the current one) what you do."""

    text: str
    room: str = ""


@dataclass(frozen=True, slots=True)
class Msg(Command):
    """Tell ``text`` to ``nick`` alone."""

    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply(Command):
    """Tell ``text`` to whoever told you something last."""

    text: str


@dataclass(frozen=True, slots=True)
class Join(Command):
    """Enter ``room``, which is made if need be, and make it the current one."""

    room: str


@dataclass(frozen=True, slots=True)
class Leave(Command):
    """Leave ``room`` (empty: the current one)."""

    room: str = ""


@dataclass(frozen=True, slots=True)
class Rooms(Command):
    """List the rooms."""


@dataclass(frozen=True, slots=True)
class Who(Command):
    """List who is in ``room`` (empty: the current one)."""

    room: str = ""


@dataclass(frozen=True, slots=True)
class Whois(Command):
    """Tell about ``nick``."""

    nick: str


@dataclass(frozen=True, slots=True)
class Topic(Command):
    """Set the topic of ``room`` (empty: the current one) to ``text``; empty: tell it; ``-``: take
    it away."""

    text: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Keep(Command):
    """Have ``room`` (empty: the current one) kept for ``keep`` (``keep.py``); ``-``: as long as the
    server keeps; empty: tell."""

    keep: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Ignore(Command):
    """Hear nothing of ``nick``; empty: tell whom you do not hear."""

    nick: str = ""


@dataclass(frozen=True, slots=True)
class Unignore(Command):
    """Hear ``nick`` again."""

    nick: str


@dataclass(frozen=True, slots=True)
class Away(Command):
    """Be away, with ``text`` for those who write to you."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Back(Command):
    """Be away no longer."""


@dataclass(frozen=True, slots=True)
class History(Command):
    """Show ``count`` events of ``room`` (empty: the current one): the last ones, or those before,
    after or around a place.

    The place is a seq (0: none), or a time as people write it (``when.py``; empty: none).
    """

    count: int = 0
    room: str = ""
    before: int = 0
    after: int = 0
    before_time: str = ""
    after_time: str = ""
    around: int = 0
    around_time: str = ""


@dataclass(frozen=True, slots=True)
class Search(Command):
    """Show the newest ``count`` messages that have all words of ``text``, in whichever room
    (``room``: in that one).

    ``nick`` asks for those of one person, ``before_time`` and ``after_time`` for those of a time
    (``when.py``).
    """

    text: str
    room: str = ""
    nick: str = ""
    before_time: str = ""
    after_time: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Quit(Command):
    """Leave every room, with a last ``text``, and end the connection."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One command: its name, the class that it makes, its usage and help, and who may give it.

    ``right`` is the role that it takes in the room that it is about; GUEST: none. ``read`` makes
    the command of what follows its name, where the words of its usage are not simply its fields.
    """

    name: str
    make: type[Command]
    usage: str
    help: str
    right: Role = Role.GUEST
    nick_needed: bool = True
    read: Callable[[Row, str], Command] | None = None


def _read_history(row: Row, rest: str) -> Command:
    """``[N]``, or ``before``, ``after`` or ``around``, a seq or a time, and then ``[N]``;
    somewhere, ``in:#room``."""
    words = rest.split()
    rooms = [word.removeprefix("in:") for word in words if word.startswith("in:")]
    room = rooms[0] if rooms else ""
    side, *places = [word for word in words if not word.startswith("in:")] or [""]
    if side not in ("before", "after", "around"):
        numbers = _arguments(row, " ".join([side, *places]))
        return History(int(numbers[0]) if numbers else 0, room)
    if not places:
        raise BadUsage(f"/{row.name} {side} needs a place.", f"Write /{row.name} {side} 12:30, or another time, or a seq.")
    place, number = places[0], " ".join(places[1:])
    count = _count(row, number) if number else 0
    is_seq = place.isascii() and place.isdigit()
    named: dict[str, Any] = {side: _count(row, place)} if is_seq else {f"{side}_time": place}
    return History(count, room, **named)


def _read_search(row: Row, rest: str) -> Command:
    """Words, and between them ``in:#room``, ``from:nick``, ``before:TIME`` and ``after:TIME``."""
    words: list[str] = []
    chosen = {"in:": "", "from:": "", "before:": "", "after:": ""}
    for word in rest.split():
        key, colon, value = word.partition(":")
        if value and key + colon in chosen:
            chosen[key + colon] = value
        else:
            words.append(word)
    if not words:
        hint = f"Write /{row.name} tea, or with what you know: /{row.name} tea in:#lobby from:ada after:2026-11-01."
        raise BadUsage(f"/{row.name} needs words.", hint)
    return Search(" ".join(words), chosen["in:"], chosen["from:"], chosen["before:"], chosen["after:"])


TABLE: tuple[Row, ...] = (
    Row("help", Help, "[COMMAND]", "list the commands, or explain one", nick_needed=False),
    Row("nick", Nick, "NICK", "change your nick", nick_needed=False),
    Row("me", Me, "TEXT", "say what you do: /me waves", Role.MEMBER),
    Row("msg", Msg, "NICK TEXT", "send one person a message that nobody else sees"),
    Row("reply", Reply, "TEXT", "answer the last private message"),
    Row("join", Join, "ROOM", "enter a room, or go back to one you are in"),
    Row("leave", Leave, "[ROOM]", "leave a room, or the current one", Role.MEMBER),
    Row("rooms", Rooms, "", "list the rooms"),
    Row("who", Who, "[ROOM]", "list who is in a room, or in the current one"),
    Row("whois", Whois, "NICK", "show who a person is"),
    Row("topic", Topic, "[TEXT]", "show the topic, or set it; - removes it", Role.MEMBER),
    Row("keep", Keep, "[TIME]", "show how long a room is kept, or set it: 12h, 30d, none, -", Role.MEMBER),
    Row("ignore", Ignore, "[NICK]", "stop seeing a person's messages, or list whom you ignore"),
    Row("unignore", Unignore, "NICK", "see a person's messages again"),
    Row("away", Away, "[TEXT]", "be away, with a text for those who write to you"),
    Row("back", Back, "", "say that you are back"),
    Row(
        "history",
        History,
        "[N]",
        "show the last N, or: before, after, around TIME N; in:#room",
        Role.MEMBER,
        read=_read_history,
    ),
    Row("search", Search, "TEXT", "find messages; in:#room from:nick before:DATE after:DATE", read=_read_search),
    Row("quit", Quit, "[TEXT]", "leave, with a last message if you like", nick_needed=False),
)
"""What people can type."""

UNTYPED: tuple[Row, ...] = (
    Row("hello", Hello, "", "", nick_needed=False),
    Row("say", Say, "", "", Role.MEMBER),
    Row("ping", Ping, "", "", nick_needed=False),
)
"""What is asked without a slash: by the first line, by a line that is said, or by programs
alone."""

BY_NAME: Mapping[str, Row] = {row.name: row for row in TABLE}
ROW_OF: Mapping[type[Command], Row] = {row.make: row for row in (*TABLE, *UNTYPED)}


def find_row(name: str) -> Row:
    """The row of the command ``name``, with or without its slash and in either case.

    Raises UnknownCommand, with the nearest name that exists.
    """
    bare = name.removeprefix("/").lower()
    row = BY_NAME.get(bare)
    if row is None:
        near = difflib.get_close_matches(bare[:32], BY_NAME, n=1, cutoff=0.5)
        hint = f"Did you mean /{near[0]}? /help lists all." if near else "/help lists what you can do."
        raise UnknownCommand(f"There is no command /{bare[:32]}.", hint)
    return row


def parse(line: str) -> Command:
    """The command that a person typed: ``line`` begins with a slash, or is said as it stands
    (``//`` says a slash).

    Raises UnknownCommand and BadUsage.
    """
    if not line.startswith("/"):
        return Say(line)
    if line.startswith("//"):
        return Say(line[1:])
    name, _, rest = line[1:].partition(" ")
    row = find_row(name)
    if row.read is not None:
        return row.read(row, rest.strip())
    return row.make(*_arguments(row, rest.strip()))


def usage_line(row: Row) -> str:
    """How the command of ``row`` is written: ``/msg NICK TEXT``."""
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
        raise BadUsage(f"/{row.name} takes fewer arguments.", f"Write {usage_line(row)}.")
    return arguments


def _count(row: Row, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value[:9]) < 10**6):
        raise BadUsage(f"/{row.name} needs a number.", f"Write {usage_line(row)}, with a whole number N above 0.")
    return int(value[:9])
