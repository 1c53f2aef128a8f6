"""What happens in a room, as IRC lines: the half of the codec that all clients with the same
capabilities share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from zlib import crc32

from chatd.codecs.event_phrases import REASONS
from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.message import body, pieces
from chatd.codecs.objects import iso_time
from chatd.codecs.phrases import Phrase, Phrases
from chatd.core import events
from chatd.core.answers import Answer
from chatd.core.events import Event, Reason
from chatd.core.limits import IRC_LINE_BYTES
from chatd.core.membership import Role
from chatd.core.names import fold
from chatd.core.rights import ON, Mode

ACCOUNT_HOST: Final = "account"
GUEST_HOST: Final = "guest"
"""What stands for the host of people: nobody is shown an address."""

CTCP: Final = "\x01"
CTCP_PICTURE: Final = "\N{SYMBOL FOR START OF HEADING}"
"""How a text that people see contains the mark of CTCP."""

OPERATOR_ROLES: Final = frozenset({Role.OWNER.word, Role.MODERATOR.word, Role.OPERATOR.word})

FLAGS: Final[Mapping[tuple[str, str], str]] = {
    (Mode.PRIVATE, ON): "+i",
    (Mode.PRIVATE, "off"): "-i",
    (Mode.HIDDEN, ON): "+s",
    (Mode.HIDDEN, "off"): "-s",
    (Mode.MODERATED, ON): "+m",
    (Mode.MODERATED, "off"): "-m",
    (Mode.TOPIC, Role.MODERATOR.word): "+t",
    (Mode.TOPIC, Role.MEMBER.word): "-t",
    (Mode.EXTERNAL, "off"): "+n",
    (Mode.EXTERNAL, ON): "-n",
    (Mode.KEY, ON): "+k *",
    (Mode.KEY, "off"): "-k *",
    (Mode.LIMIT, "off"): "-l",
}
"""The change of channel modes for a mode of a room and its value."""


def source(nick: str, account: bool) -> str:
    """Who does something: ``nick!user@host``, without an address."""
    return f"{nick}!{nick}@{ACCOUNT_HOST}" if account else f"{nick}!~{nick}@{GUEST_HOST}"


def host(account: bool) -> str:
    """What stands for the host of somebody."""
    return ACCOUNT_HOST if account else GUEST_HOST


@lru_cache(maxsize=1024)
def _room_mark(room: str) -> str:
    return f"{crc32(fold(room).encode()):08x}"


def msgid(room: str, seq: int) -> str:
    """The id of event ``seq`` of ``room`` (IRCv3 message-ids)."""
    return f"{seq}-{_room_mark(room)}"


def seq_of(msgid: str, room: str) -> int | None:
    """The seq in ``msgid``, if it is that of an event of ``room``."""
    seq, _, mark = msgid.partition("-")
    return int(seq) if mark == _room_mark(room) and seq.isascii() and seq.isdigit() and len(seq) < 14 else None


def private_msgid(event: events.Private) -> str:
    """The id of a private message, the same for both of its people."""
    return f"{event.time}-{event.common_id}"


def time_of(msgid: str) -> int | None:
    """When the private message with this id was written, in milliseconds since 1970-01-01 UTC;
    None: it is the id of none."""
    time = msgid.partition("-")[0]
    return int(time) if time.isascii() and time.isdigit() and len(time) < 15 else None


def tags(event: Event, view: int) -> str:
    """The tags of ``event`` with the space after them; empty: there are none."""
    if not view & (Cap.TIME | Cap.TAGS | Cap.ACCOUNT_TAG):
        return ""
    words = []
    if view & Cap.TIME:
        words.append(f"time={iso_time(event.time)}")
    if view & Cap.TAGS:
        words.append(f"msgid={msgid(event.room, event.seq)}")
        if about := _replies_to(event):
            to = msgid(event.room, about)
            words.append(f"+draft/reply={to};+reply={to}")
    if view & Cap.ACCOUNT_TAG and event.account and not _is_kicked(event):
        words.append(f"account={event.nick}")
    return f"@{';'.join(words)} " if words else ""


def _replies_to(event: Event) -> int:
    """The seq of the message that ``event`` replies to, or has changed; 0: there is none."""
    if type(event) is events.Said:
        return event.reply
    return event.target if type(event) is events.Edited else 0


def _is_kicked(event: Event) -> bool:
    """Whether ``event`` removes its person: the line comes from whoever has done that."""
    return isinstance(event, events.Left) and event.reason is Reason.KICKED and bool(event.by)


def text_lines(head: str, text: str, is_action: bool = False) -> list[str]:
    """The lines that begin with ``head`` (``:nick!user@host PRIVMSG #room``) and have ``text``:
    several if it is too long for one."""
    if text.startswith(CTCP_PICTURE) and not is_action:
        text = CTCP + text.strip(CTCP_PICTURE) + CTCP
    before, after = (f"{head} :{CTCP}ACTION ", CTCP) if is_action else (f"{head} :", "")
    room = IRC_LINE_BYTES - 2 - len(before.encode()) - len(after)
    if len(text) * 4 <= room and "\n" not in text:
        return [f"{before}{text}{after}"]
    return [f"{before}{piece}{after}" for line in text.split("\n") for piece in pieces(line, room) if piece]


class Lines:
    """Makes the lines of events. ``server`` is what the server calls itself, and ``now`` gives the
    milliseconds since 1970-01-01 UTC."""

    def __init__(self, server: str, now: Callable[[], int]) -> None:
        self.server = server
        self._phrases = Phrases(now)

    def of(self, event: Event, view: int) -> list[str]:
        """The lines of ``event`` without tags, for clients whose capabilities among `Cap.SHOWN` are
        ``view``."""
        if type(event) is events.Said:
            command = "NOTICE" if event.notice else "PRIVMSG"
            return text_lines(f":{source(event.nick, event.account)} {command} #{event.room}", event.text, event.action)
        make = _MAKERS.get(type(event))
        return self._told(event) if make is None else make(self, event, view)

    def phrases(self, news: Answer) -> list[Phrase]:
        """``news`` in words."""
        return self._phrases.of(news)

    @staticmethod
    def time(milliseconds: int) -> str:
        """A time, for people."""
        return iso_time(milliseconds)

    def _told(self, event: Event) -> list[str]:
        """What IRC has no line for, in words."""
        head = f":{self.server} NOTICE #{event.room}"
        return [line for phrase in self._phrases.of(event, current=True) for line in text_lines(head, phrase.text)]

    def _nothing(self, event: Event, view: int) -> list[str]:
        return []

    def _joined(self, event: events.Joined, view: int) -> list[str]:
        who, room = source(event.nick, event.account), f"#{event.room}"
        if view & Cap.EXTENDED_JOIN:
            account = event.nick if event.account else "*"
            lines = [body(who, "JOIN", room, account, trailing=event.realname or event.nick)]
        else:
            lines = [body(who, "JOIN", room)]
        if has := letter(event.role):
            lines.append(f":{self.server} MODE {room} +{has} {event.nick}")
        if event.away is not None and view & Cap.AWAY:
            lines.append(body(who, "AWAY", trailing=event.away or "away"))
        return lines

    def _left(self, event: events.Left, view: int) -> list[str]:
        who = source(event.nick, event.account)
        if _is_kicked(event):
            by = source(event.by, event.by_account)
            return [body(by, "KICK", f"#{event.room}", event.nick, trailing=event.text or event.by)]
        if event.reason is Reason.LEFT:
            return [body(who, "PART", f"#{event.room}", trailing=event.text or None)]
        why = ": ".join(word for word in (REASONS[event.reason], event.text) if word)
        return [body(who, "QUIT", trailing=why or "Quit")]

    def _renamed(self, event: events.Renamed, view: int) -> list[str]:
        return [body(source(event.nick, event.account), "NICK", trailing=event.to)]

    def _topic(self, event: events.TopicSet, view: int) -> list[str]:
        return [body(source(event.nick, event.account), "TOPIC", f"#{event.room}", trailing=event.text)]

    def _role(self, event: events.RoleSet, view: int) -> list[str]:
        change = role_change(event.before, event.role, event.to)
        return [_mode(event, change)] if change else []

    def _banned(self, event: events.BanSet, view: int) -> list[str]:
        return self._told(event) if event.mutes else [_mode(event, f"+b {mask(event.mask)}")]

    def _unbanned(self, event: events.BanLifted, view: int) -> list[str]:
        return self._told(event) if event.mutes else [_mode(event, f"-b {mask(event.mask)}")]

    def _invited(self, event: events.Invited, view: int) -> list[str]:
        return [body(source(event.nick, event.account), "INVITE", event.to, f"#{event.room}")] if view & Cap.INVITE else []

    def _moded(self, event: events.ModeSet, view: int) -> list[str]:
        change = mode_change(event.mode, event.value)
        return [_mode(event, change)] if change else self._told(event)

    def _deleted(self, event: events.Deleted, view: int) -> list[str]:
        if not view & Cap.REDACTION:
            return self._told(event)
        return [
            body(
                source(event.nick, event.account),
                "REDACT",
                f"#{event.room}",
                msgid(event.room, event.target),
                trailing=event.text or None,
            )
        ]


def _mode(event: Event, change: str) -> str:
    return f":{source(event.nick, event.account)} MODE #{event.room} {change}"


def mode_change(mode: str, value: str) -> str:
    """The change of channel modes that sets ``mode`` of a room to ``value``; empty: there is
    none."""
    if mode == Mode.LIMIT and value.isdigit():
        return f"+l {value}"
    return FLAGS.get((mode, value), "")


def role_change(before: str, role: str, nick: str) -> str:
    """The change of channel modes for a new ``role`` of ``nick``, who had ``before``; empty: IRC
    shows none."""
    had, has = letter(before), letter(role)
    if had == has:
        return ""
    lost = had if has or had != "o" else "ov"  # A client may have been shown both (multi-prefix).
    change = (f"+{has}" if has else "") + (f"-{lost}" if lost else "")
    return f"{change} {' '.join([nick] * len(has + lost))}"


def letter(role: str) -> str:
    """The channel mode for ``role``; empty: there is none."""
    if role in OPERATOR_ROLES:
        return "o"
    return "v" if role == Role.VOICE.word else ""


def prefix(role: str, multi: bool = False) -> str:
    """What stands before the nick of somebody with ``role``. A person has one role, but each
    includes those below: ``multi`` shows them too."""
    return {"o": "@+" if multi else "@", "v": "+", "": ""}[letter(role)]


def mask(text: str) -> str:
    """A mask of a ban, as IRC writes it: ``bob!*@*``, ``*!*@192.0.2.0/24``."""
    return f"*!*@{text}" if ":" in text or "/" in text or _is_address(text) else f"{text}!*@*"


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)


_MAKERS: Final[Mapping[type[Event], Callable[[Lines, Any, int], list[str]]]] = {
    events.Blanked: Lines._nothing,
    events.Private: Lines._nothing,
    events.Joined: Lines._joined,
    events.Left: Lines._left,
    events.Renamed: Lines._renamed,
    events.TopicSet: Lines._topic,
    events.RoleSet: Lines._role,
    events.BanSet: Lines._banned,
    events.BanLifted: Lines._unbanned,
    events.Invited: Lines._invited,
    events.ModeSet: Lines._moded,
    events.Deleted: Lines._deleted,
}
