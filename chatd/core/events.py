"""What happened: facts, never finished sentences.

Two families. An :class:`Event` happened in a room, stands in the room's log under its ``seq`` and
goes to all who are in the room. An :class:`Answer` is for one person and stands in no log. Codecs
make words, or JSON, or IRC lines of both. Room names are written without ``#``; a ``time`` is in
milliseconds since 1970-01-01 UTC; an ``id`` is what a program put on the command that is answered,
or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

DRAFT: Final = 0
"""The ``seq`` of an event that no log has numbered yet."""


class Reason(StrEnum):
    """Why somebody is in a room no longer; the values are those of ``docs/protocol.md``."""

    LEFT = "left"
    QUIT = "quit"
    LINK_LOST = "link-lost"
    TIMED_OUT = "timed-out"
    NOT_READING = "not-reading"
    REPLACED = "replaced"
    SHUTDOWN = "shutdown"


# -- In a room -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room: number ``seq`` of its log, done by ``nick``.

    ``sender_id`` tells whose seat it came from, across changes of nick and broken links; it is a
    secret between the server and that seat, and no codec shows it. An event is a *draft* before
    its log has numbered it: its seq is :data:`DRAFT`.
    """

    room: str
    seq: int
    time: int
    nick: str
    sender_id: str

    def number(self, seq: int) -> Self:
        """Let this draft be the event ``seq``; for logs alone. Everybody else sees it only
        after that, and never sees it change: a copy would take as long as making it."""
        object.__setattr__(self, "seq", seq)
        return self


@dataclass(frozen=True, slots=True)
class Said(Event):
    """A message; with ``action``, something that ``nick`` does (``/me``)."""

    text: str
    action: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """``nick`` has come in."""


@dataclass(frozen=True, slots=True)
class Left(Event):
    """``nick`` is gone, for ``reason``, with an optional last ``text``."""

    reason: Reason
    text: str = ""


@dataclass(frozen=True, slots=True)
class Renamed(Event):
    """``nick`` is called ``to`` from now on."""

    to: str


@dataclass(frozen=True, slots=True)
class TopicSet(Event):
    """The topic is ``text``; empty: there is none."""

    text: str


@dataclass(frozen=True, slots=True)
class RetentionSet(Event):
    """The room is kept for ``keep`` from ``since`` on (``keep.py``): ``30d``, ``none``, or empty:
    as long as the server keeps."""

    keep: str
    since: int


# -- To one person ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Something for one person: the answer to their command, where there is an ``id``, or news for
    them alone."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Greeting(Answer):
    """The connection stands; the server ``server`` asks for a nick."""

    server: str


@dataclass(frozen=True, slots=True)
class Welcome(Answer):
    """The nick is accepted. ``log`` names this server's logs: under another name, other numbers."""

    nick: str
    server: str
    log: str
    motd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entered(Answer):
    """You are in ``room`` from event ``seq`` on, which is your own joining.

    ``members`` are some of the ``count`` nicks present, yours the last of them; ``away`` has those
    of them who are away, with their texts; ``scrollback`` is what happened before, oldest first.
    ``newcomer`` is your nick where this is your arrival on the server, and empty where you were in
    another room before. ``keep`` is how long the room is kept, if not as the server keeps.
    """

    room: str
    seq: int
    count: int
    members: tuple[str, ...]
    topic: str = ""
    away: Mapping[str, str] = field(default_factory=dict)
    scrollback: tuple[Event, ...] = ()
    newcomer: str = ""
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Exited(Answer):
    """You have left ``room``; ``current`` is where your plain lines go now, empty if nowhere."""

    room: str
    current: str


@dataclass(frozen=True, slots=True)
class Ack(Answer):
    """Your message is event ``seq`` of ``room``: stored, and handed to everybody there."""

    room: str
    seq: int
    time: int


@dataclass(frozen=True, slots=True)
class Done(Answer):
    """``command`` is carried out on ``subject``: a nick, a room, a text, or nothing."""

    command: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Private(Answer):
    """``nick`` tells you ``text``, and nobody else."""

    nick: str
    text: str
    time: int


@dataclass(frozen=True, slots=True)
class AwayNotice(Answer):
    """``nick``, to whom you wrote, is away and leaves ``text``."""

    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Members(Answer):
    """Who is in ``room``: ``members`` are some of the ``count`` present, ``away`` those of them who
    are away."""

    room: str
    count: int
    members: tuple[str, ...]
    away: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoomLine:
    """One room of a :class:`RoomList`."""

    room: str
    count: int
    topic: str = ""
    joined: bool = False


@dataclass(frozen=True, slots=True)
class RoomList(Answer):
    """The rooms there are: ``rooms`` are some of the ``count``, the largest first."""

    count: int
    rooms: tuple[RoomLine, ...]


@dataclass(frozen=True, slots=True)
class PersonInfo(Answer):
    """Who ``nick`` is: here since ``since``, silent for ``idle`` seconds, calling by ``door``.

    ``away`` is their text if they are away, and None if not.
    """

    nick: str
    rooms: tuple[str, ...]
    since: int
    idle: int
    door: str
    away: str | None = None


@dataclass(frozen=True, slots=True)
class TopicIs(Answer):
    """The topic of ``room``; empty: there is none."""

    room: str
    text: str


@dataclass(frozen=True, slots=True)
class RetentionIs(Answer):
    """``room`` is kept for ``keep``, in force from ``since`` on; the server keeps nothing for
    longer than ``most``.

    Each is written as in :class:`RetentionSet`; ``since`` is 0 where it is in force.
    """

    room: str
    keep: str = ""
    since: int = 0
    most: str = ""


@dataclass(frozen=True, slots=True)
class Forgotten(Answer):
    """What happened in ``room`` before ``time``, the events before number ``before``, has been
    deleted."""

    room: str
    before: int
    time: int


@dataclass(frozen=True, slots=True)
class Ignoring(Answer):
    """The nicks that you do not hear."""

    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage(Answer):
    """Events of ``room``, oldest first; ``more``: the log holds older ones; ``later``: it holds
    later ones."""

    room: str
    events: tuple[Event, ...]
    more: bool
    later: bool = False


@dataclass(frozen=True, slots=True)
class SearchResults(Answer):
    """Messages with all of ``words``, the newest first; ``more``: there are older ones."""

    words: tuple[str, ...]
    events: tuple[Event, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One command of a :class:`HelpText`."""

    name: str
    usage: str
    help: str


@dataclass(frozen=True, slots=True)
class HelpText(Answer):
    """What can be asked."""

    commands: tuple[HelpLine, ...]


@dataclass(frozen=True, slots=True)
class Refused(Answer):
    """A refusal of ``errors.py``, said to the person."""

    code: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Missed(Answer):
    """The log no longer holds events ``first`` to ``last`` of ``room``; you go on after them.

    ``first`` is 0 when the numbers that you resume from belong to another log, and nobody knows
    what you missed.
    """

    room: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Slowed(Answer):
    """You send faster than ``rate`` lines a second; your lines wait, none is lost."""

    rate: float


@dataclass(frozen=True, slots=True)
class Closing(Answer):
    """The server ends this connection, for ``reason``."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Pong(Answer):
    """The answer to a ping."""
