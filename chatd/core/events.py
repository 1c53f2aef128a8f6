"""Events: what happened in a room, as facts without finished sentences.

An :class:`Event` is in its room's log under its ``seq`` and is sent to all members; what one person
alone is told is in ``answers.py``. Codecs turn both into sentences, JSON or IRC lines. Room names
are written without ``#``. A ``time`` is in milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Final, Self

from chatd.core.facts import fact
from chatd.core.text import Lines

DRAFT: Final = 0
"""The ``seq`` of an event that no log has numbered yet."""


class Reason(StrEnum):
    """Why somebody has left a room; ``docs/protocol.md`` lists the values."""

    LEFT = "left"
    QUIT = "quit"
    LINK_LOST = "link-lost"
    TIMED_OUT = "timed-out"
    NOT_READING = "not-reading"
    REPLACED = "replaced"
    ENDED = "ended"
    KICKED = "kicked"
    SHUTDOWN = "shutdown"


# -- In a room -------------------------------------------------------------------------------------


@fact()
class Event:
    """Something that ``nick`` did in a room; ``seq`` is its number in the log. ``account``: they
    are registered, and not a guest; it is stored with messages alone.

    ``sender_id`` names the seat that it came from, across changes of nick and lost connections. It
    is a secret between the server and that seat, and no codec shows it. An event is a *draft* until
    its log has numbered it; its seq is :data:`DRAFT`.
    """

    room: str
    seq: int
    time: int
    nick: str
    sender_id: str
    account: bool = field(default=False, kw_only=True)

    def number(self, seq: int) -> Self:
        """Turn this draft into the event ``seq``; only logs call this.

        The event is changed in place, since a copy takes as long as creating it. Nobody else sees
        it before.
        """
        self.seq = seq  # type: ignore[misc]
        return self


@fact()
class Said(Event):
    """A message; with ``action``, what ``nick`` does (``/me``); with ``notice``, one that no
    program should answer.

    ``reply`` is the seq of the event that it replies to, and ``edited`` that of the
    :class:`Edited` that it has its text from; 0: there is none.
    """

    text: Lines
    action: bool = False
    id: str = ""
    reply: int = 0
    edited: int = 0
    notice: bool = field(default=False, kw_only=True)


# Like a sender_id, a ``hidden`` is for the server alone: no codec shows it (``rights.py``).


@fact()
class Joined(Event):
    """``nick`` has entered the room with ``role``, empty if they are a member like others;
    ``hidden`` is their subject if they have made it, and own it. ``realname`` is what they call
    themselves, and ``away`` their text if they are away; neither is stored."""

    hidden: str = ""
    role: str = ""
    realname: str = ""
    away: str | None = None


@fact()
class Left(Event):
    """``nick`` has left for ``reason``, with an optional last ``text``.

    If ``by`` has removed them, ``text`` is why, and ``hidden`` has the subjects of ``nick``.
    ``by_account``: ``by`` is registered.
    """

    reason: Reason
    text: str = ""
    by: str = ""
    hidden: str = ""
    by_account: bool = field(default=False, kw_only=True)


@fact()
class Renamed(Event):
    """``nick`` has changed their nick to ``to``."""

    to: str


@fact()
class TopicSet(Event):
    """The topic is now ``text``; empty: there is none."""

    text: str


@fact()
class RetentionSet(Event):
    """The retention of the room is ``keep`` (``retention.py``) from the time ``since`` on: ``30d``,
    ``none``, or empty for that of the server."""

    keep: str
    since: int


@fact()
class Blanked(Said):
    """A message that was deleted: its number stays, and its text is empty."""


def blanked(said: Said) -> Blanked:
    """What is left of ``said`` when it is deleted."""
    return Blanked(said.room, said.seq, said.time, said.nick, said.sender_id, "", said.action, said.id)


@fact()
class Edited(Event):
    """``nick`` has changed the text of their message ``target`` (a seq) to ``text``.

    It is empty if the message was changed again, or deleted, since.
    """

    target: int
    text: Lines


@fact()
class Private(Said):
    """A private message, in an inbox (``inboxes.py``). ``to`` is the recipient, in the inbox of
    whoever has written it; in that of the recipient it is empty.

    ``guest``: whoever has written it had no account. Of the messages of one millisecond, only the
    two copies of one have the same ``common_id``.
    """

    to: str = ""
    guest: bool = False
    common_id: str = ""

    @property
    def peer(self) -> str:
        """The nick of the other person, for the owner of the inbox."""
        return self.to or self.nick


MESSAGES: Final[frozenset[type[Event]]] = frozenset({Said, Private})
"""The kinds of events that are messages."""

PRESENCE: Final[frozenset[type[Event]]] = frozenset({Joined, Left, Renamed})
"""The kinds of events that only say who is in the room, and under which nick."""


@fact()
class Deleted(Event):
    """``nick`` has deleted the message ``target`` (a seq) of ``to``, for the reason ``text``:
    nobody can read it any more."""

    target: int
    to: str
    text: str = ""


@fact()
class Reported(Event):
    """``nick`` has told the operators of ``to`` in ``about``, a room (empty: none), for the reason
    ``text``; only in the log of the server."""

    to: str
    text: str
    about: str = ""


@fact()
class Announced(Event):
    """``nick``, an operator, has told everybody ``text``; only in the log of the server."""

    text: str


@fact()
class RoleSet(Event):
    """``nick`` has given ``to``, whose subject is in ``hidden``, the role ``role``: ``owner``,
    ``moderator``, ``voice`` or ``member``; ``before`` is the one that they had."""

    to: str
    role: str
    hidden: str = ""
    before: str = ""


@fact()
class BanSet(Event):
    """``nick`` has banned, or with ``mutes`` muted, whoever ``mask`` is about, for the reason
    ``text``.

    It ends at ``until``, in milliseconds since 1970-01-01 UTC; 0: never. ``hidden`` has the
    subjects and the networks of the person who was present.
    """

    mask: str
    mutes: bool = False
    until: int = 0
    text: str = ""
    hidden: str = ""


@fact()
class BanLifted(Event):
    """``nick`` has lifted the ban, or with ``mutes`` the mute, of ``mask``."""

    mask: str
    mutes: bool = False


@fact()
class Invited(Event):
    """``nick`` has invited ``to``, whose subjects are in ``hidden``."""

    to: str
    hidden: str = ""


@fact()
class ModeSet(Event):
    """``nick`` has set ``mode`` (``rights.Mode``) to ``value``.

    ``hidden`` has the hash of a key; and the subjects of the members when the room becomes private.
    """

    mode: str
    value: str
    hidden: str = ""
