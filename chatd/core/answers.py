"""Answers: what one person is told, as facts without finished sentences.

An :class:`Answer` is the answer to a command, or news for one person alone. It is in no log; what
is in one is in ``events.py``. Room names are written without ``#``. A ``time`` is in milliseconds
since 1970-01-01 UTC. An ``id`` is the id of the command that is answered, or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from chatd.core.events import Event, Reason
from chatd.core.facts import fact


@fact(kw_only=True)
class Answer:
    """Something for one person: the answer to their command, or news for them alone."""

    id: str = ""


@fact()
class Greeting(Answer):
    """The server called ``server`` greets a new connection and asks for a nick."""

    server: str


@fact()
class Welcome(Answer):
    """The nick is accepted. ``log`` is the name of the server's logs: with another name, seqs mean
    something else. ``secret`` is a new session secret, if one was asked for; ``account``: you are
    logged in, and not a guest. ``alerts`` are the words that you want to be alerted to."""

    nick: str
    server: str
    log: str
    motd: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    account: bool = False
    alerts: tuple[str, ...] = ()


@fact()
class Entered(Answer):
    """You have entered ``room`` with the event ``seq``.

    ``members`` are some of the ``count`` members, you last. ``away`` has those of them who are
    away, with their texts. ``scrollback`` is what happened before, oldest first. ``newcomer`` is
    your nick if you have just connected, and empty if you were in another room before. ``keep`` is
    the retention of the room, empty if it is that of the server. ``role`` is yours, empty if you
    are a member like others. ``topic_by`` has set the topic at ``topic_time``, if that is known.
    ``read`` is the last event that you have read in any of your sessions, as far as they have said
    so.
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
    role: str = ""
    topic_by: str = ""
    topic_time: int = 0
    read: int = 0


@fact()
class Exited(Answer):
    """You have left ``room``; ``current`` is your current room now, empty if you are in none.

    If ``by``, who is registered with ``by_account``, has removed you, ``text`` is why.
    """

    room: str
    current: str
    by: str = ""
    text: str = ""
    by_account: bool = False


@fact()
class Invitation(Answer):
    """``nick``, who is registered with ``account``, invites you to ``room``."""

    nick: str
    room: str
    account: bool = False


@fact()
class Announcement(Answer):
    """``nick``, an operator, tells everybody ``text``."""

    nick: str
    text: str
    time: int


@fact()
class Report(Answer):
    """You are an operator, and ``nick`` tells you of ``to`` in ``about`` (:class:`Reported`)."""

    nick: str
    to: str
    text: str
    time: int
    about: str = ""


@fact()
class Ack(Answer):
    """Your message is event ``seq`` of ``room``: it is stored and sent to all members."""

    room: str
    seq: int
    time: int


@fact()
class Done(Answer):
    """``command`` was carried out; ``subject`` is a nick, a room, a text or empty. ``secret`` is a
    new session secret, if one was asked for.

    If it has sent a private message, that is event ``seq`` of your inbox.
    """

    command: str
    subject: str = ""
    secret: str = field(default="", repr=False)
    seq: int = 0
    time: int = 0


@fact()
class InboxIs(Answer):
    """You get the private messages of your inbox after the number ``after``; the last one so far is
    ``seq``. ``read`` has up to where you have read which talks (``@bob``)."""

    after: int
    seq: int
    read: Mapping[str, int] = field(default_factory=dict)


@fact()
class ReadIs(Answer):
    """You have read ``room``, or the private talk ``@bob``, up to event ``seq``, in one of your
    sessions. ``time`` is when it has happened, or a later time up to which you have read. 0: that
    is not known."""

    room: str
    seq: int
    time: int = 0


@fact()
class RecentLine:
    """One conversation of a :class:`RecentList`: a ``room``, or the private talk ``@bob``, whose
    last message is of ``time``."""

    room: str
    time: int


@fact()
class RecentList(Answer):
    """Your conversations, the one with the latest message last."""

    rooms: tuple[RecentLine, ...]


@fact()
class AwayNotice(Answer):
    """``nick``, who got your private message, is away with ``text``; with ``absent``, they are not
    here at all, and get it when they come back."""

    nick: str
    text: str
    absent: bool = False


@fact()
class Members(Answer):
    """Who is in ``room``: ``members`` are some of the ``count`` members, ``away`` has those of them
    who are away, with their texts, ``roles`` those who are more than members, and ``accounts``
    those who are registered. ``secret``: the room is not in everybody's lists. ``more``: further
    answers have further members."""

    room: str
    count: int
    members: tuple[str, ...]
    away: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    secret: bool = False
    more: bool = False


@fact()
class BanLine:
    """One ban or mute of a :class:`Bans`, as in :class:`BanSet`; ``by`` has set it at ``since`` (0:
    nobody knows)."""

    mask: str
    mutes: bool = False
    until: int = 0
    by: str = ""
    text: str = ""
    since: int = 0


@fact()
class Bans(Answer):
    """The bans and mutes of ``room``, in the order in which they were set."""

    room: str
    bans: tuple[BanLine, ...]


@fact()
class RoomModes(Answer):
    """The modes of ``room``: those that are set, each with its value (:class:`ModeSet`). The oldest
    event at hand has happened at ``since``."""

    room: str
    modes: Mapping[str, str] = field(default_factory=dict)
    since: int = 0


@fact()
class RoomLine:
    """One room of a :class:`RoomList`."""

    room: str
    count: int
    topic: str = ""
    joined: bool = False


@fact()
class RoomList(Answer):
    """The rooms of the server: ``rooms`` are some of the ``count``, largest first."""

    count: int
    rooms: tuple[RoomLine, ...]


@fact()
class PersonInfo(Answer):
    """Who ``nick`` is: connected since ``since`` through ``door``, idle for ``idle`` seconds.

    ``away`` is their text if they are away, and otherwise None. ``account``: they are registered,
    and not a guest. ``key`` is the fingerprint of the key that they came with, if they did.
    ``operator``: they are an operator of the server. ``user`` is their name on their own machine,
    and ``realname`` what they call themselves, if they have said it. ``roles`` has those of
    ``rooms`` in which they are more than members. ``secure``: all of their connections are
    encrypted.
    """

    nick: str
    rooms: tuple[str, ...]
    since: int
    idle: int
    door: str
    away: str | None = None
    account: bool = False
    key: str = ""
    operator: bool = False
    user: str = ""
    realname: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    secure: bool = False


@fact()
class ServerInfo(Answer):
    """What the server called ``name`` tells of itself: how many people are connected (``count``),
    and the fingerprint of its SSH key (``key``), if it has one."""

    name: str
    count: int
    key: str = ""


@fact()
class PersonLine:
    """One person of :class:`PeopleList`; the fields are those of :class:`PersonInfo`, and ``role``
    is theirs in the room of the list."""

    nick: str
    user: str = ""
    realname: str = ""
    away: str | None = None
    account: bool = False
    operator: bool = False
    role: str = ""
    idle: int = 0


@fact()
class PeopleList(Answer):
    """Some people: those in ``room``, or if it is empty, those that were asked for."""

    people: tuple[PersonLine, ...]
    room: str = ""


@fact()
class FormerLine:
    """Somebody who had ``nick`` and left at ``time``."""

    nick: str
    time: int
    user: str = ""
    realname: str = ""
    account: bool = False


@fact()
class FormerPeople(Answer):
    """Who had ``nick`` and has left, the last one first."""

    nick: str
    people: tuple[FormerLine, ...]


@fact()
class Counts(Answer):
    """How many people are here, ``operators`` of them operators of the server and ``most`` at once
    since its start; how many connections have no nick yet; and how many rooms have members."""

    people: int
    operators: int
    most: int
    unknown: int
    rooms: int


@fact()
class Watching(Answer):
    """Whom you watch: those who are ``here``, and those who are ``missing``."""

    here: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@fact()
class Alerts(Answer):
    """The ``words`` that you want to be alerted to, besides your nick."""

    words: tuple[str, ...] = ()


@fact()
class Seen(Answer):
    """``nick``, whom you watch, has come, or with ``gone`` has left. ``account``: they are
    registered."""

    nick: str
    gone: bool = False
    account: bool = False


@fact()
class PersonChanged(Answer):
    """Something else than the nick has changed of ``nick``, with whom you share a room: ``what`` is
    ``away``, ``account`` or ``realname``, and ``text`` the new text, None if there is none now.
    ``account``: they are registered."""

    nick: str
    what: str
    text: str | None = None
    account: bool = False


@fact()
class TopicIs(Answer):
    """The topic of ``room``; empty: there is none. ``by`` has set it at ``time``, if that is
    known."""

    room: str
    text: str
    by: str = ""
    time: int = 0


@fact()
class RetentionIs(Answer):
    """The retention of ``room`` is ``keep``, in effect from ``since`` on; that of the server is
    ``most``.

    Both are written as in :class:`RetentionSet`. ``since`` is 0 if it is already in effect.
    """

    room: str
    keep: str = ""
    since: int = 0
    most: str = ""


@fact()
class Forgotten(Answer):
    """The events of ``room`` from before ``time``, with seqs below ``before``, have been
    deleted."""

    room: str
    before: int
    time: int


@fact()
class Ignoring(Answer):
    """The ``nicks`` that you ignore; ``now`` has the present nick of those who have changed it."""

    nicks: tuple[str, ...]
    now: Mapping[str, str] = field(default_factory=dict)


@fact()
class SessionLine:
    """One session of a :class:`SessionList`: ``number`` names it. It came through ``door``, exists
    since ``since``, and was last active at ``used``.

    ``connected``: it is here. ``current``: it is the one that asks. ``remembered``: it has a
    session secret, with which it can come back.
    """

    number: int
    door: str
    since: int
    used: int
    connected: bool = False
    current: bool = False
    remembered: bool = False


@fact()
class SessionList(Answer):
    """Where you are logged in, or can log in without the password."""

    sessions: tuple[SessionLine, ...]


@fact()
class KeyLine:
    """One key of a :class:`KeyList`: ``number`` names it; ``kind`` is its type, ``ssh-ed25519`` or
    ``certificate``, ``fingerprint`` its SHA-256 as OpenSSH writes it, ``comment`` what its owner
    calls it, and ``since`` when it was added."""

    number: int
    kind: str
    fingerprint: str
    comment: str
    since: int


@fact()
class KeyList(Answer):
    """Your public keys."""

    keys: tuple[KeyLine, ...]


@fact()
class HistoryPage(Answer):
    """Events of ``room``, oldest first; ``more``: the log has older ones; ``later``: it has later
    ones. ``limit`` is how many there are at once, if more were asked for, and otherwise 0."""

    room: str
    events: tuple[Event, ...]
    more: bool
    later: bool = False
    limit: int = 0


@fact()
class SearchResults(Answer):
    """Messages with all of ``words``, newest first; ``more``: there are older ones."""

    words: tuple[str, ...]
    events: tuple[Event, ...]
    more: bool = False


@fact()
class HelpLine:
    """One command of a :class:`HelpText`; ``also`` has its other names."""

    name: str
    usage: str
    help: str
    also: tuple[str, ...] = ()


@fact()
class HelpText(Answer):
    """Some commands; ``groups`` are the groups of those that are not among them."""

    commands: tuple[HelpLine, ...]
    groups: tuple[str, ...] = ()


@fact()
class Refused(Answer):
    """A refusal (``errors.py``). ``room`` is the one that a hello could not enter, if that is what
    was refused."""

    code: str
    reason: str
    hint: str = ""
    room: str = ""


@fact()
class Missed(Answer):
    """You have missed the events ``first`` to ``last`` of ``room``, which the log no longer has;
    you continue after them.

    ``first`` is 0 if you resume with a seq from another log: nobody knows what you have missed.
    """

    room: str
    first: int
    last: int


@fact()
class Slowed(Answer):
    """You are sending faster than ``rate`` lines a second; your lines wait, but none is lost."""

    rate: float


@fact()
class Closing(Answer):
    """The server ends this connection for ``reason``; ``text`` is what an operator has said about
    it."""

    reason: Reason
    text: str = ""


@fact()
class Pong(Answer):
    """The answer to a ping."""
