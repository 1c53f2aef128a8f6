"""The capabilities (IRCv3 capability-negotiation): which there are, and how a client asks for
them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chatd.core.limits import IRC_CAP_BYTES


class Cap:
    """The bits of the capabilities that a client has asked for. Those before `SHOWN` change how the
    events of a room are shown. They are plain numbers: each question to an ``enum.Flag`` takes
    longer than to make a line."""

    TIME = 1
    TAGS = 2
    ACCOUNT_TAG = 4
    EXTENDED_JOIN = 8
    AWAY = 16
    INVITE = 32
    REDACTION = 64
    SHOWN = 127
    ECHO = 128
    LABELS = 256
    BATCH = 512
    MULTI_PREFIX = 1024
    USERHOST = 2048
    ACCOUNT = 4096
    SETNAME = 8192
    NOTIFY = 1 << 14
    REPLIES = 1 << 15
    SASL = 1 << 16
    HISTORY = 1 << 17
    CHGHOST = 1 << 18
    REGISTRATION = 1 << 19
    NO_IMPLICIT_NAMES = 1 << 20
    READ_MARKER = 1 << 21


NAMES: Final[Mapping[str, int]] = {
    "account-notify": Cap.ACCOUNT,
    "account-tag": Cap.ACCOUNT_TAG,
    "away-notify": Cap.AWAY,
    "batch": Cap.BATCH,
    "cap-notify": Cap.NOTIFY,
    "draft/chathistory": Cap.HISTORY,
    "draft/message-redaction": Cap.REDACTION,
    "draft/no-implicit-names": Cap.NO_IMPLICIT_NAMES,
    "draft/read-marker": Cap.READ_MARKER,
    "chghost": Cap.CHGHOST,
    "echo-message": Cap.ECHO,
    "extended-join": Cap.EXTENDED_JOIN,
    "invite-notify": Cap.INVITE,
    "labeled-response": Cap.LABELS,
    "message-tags": Cap.TAGS,
    "multi-prefix": Cap.MULTI_PREFIX,
    "server-time": Cap.TIME,
    "setname": Cap.SETNAME,
    "standard-replies": Cap.REPLIES,
    "userhost-in-names": Cap.USERHOST,
}
"""The capabilities that every client is offered."""

VERSION_WITH_VALUES: Final = 302
"""The version of CAP LS from which on a client reads values and several lines."""


def words(offered: Mapping[str, str], version: int) -> Iterable[str]:
    """What CAP LS lists of ``offered``, the capabilities with their values."""
    for name, value in sorted(offered.items()):
        yield f"{name}={value}" if value and version >= VERSION_WITH_VALUES else name


def lines(words: Iterable[str]) -> list[str]:
    """``words`` as lines of at most ``IRC_CAP_BYTES`` bytes; one empty line if there are none."""
    result = [""]
    for word in words:
        if result[-1] and len(result[-1]) + 1 + len(word) > IRC_CAP_BYTES:
            result.append("")
        result[-1] += f" {word}" if result[-1] else word
    return result


def requested(text: str, had: int, offered: Mapping[str, str]) -> int | None:
    """The capabilities after CAP REQ with ``text`` of a client that ``had`` some; None: one of them
    is not offered, so that nothing changes."""
    caps = had
    for word in text.split(" "):
        name = word.removeprefix("-")
        if not name:
            continue
        if name not in offered:
            return None
        caps = caps & ~BY_NAME[name] if word.startswith("-") else caps | BY_NAME[name]
    return caps


BY_NAME: Final[Mapping[str, int]] = {
    **NAMES,
    "sasl": Cap.SASL,
    "draft/account-registration": Cap.REGISTRATION,
}
"""All capabilities."""


def names(caps: int) -> list[str]:
    """The names of ``caps``."""
    return [name for name, cap in BY_NAME.items() if cap and caps & cap]
