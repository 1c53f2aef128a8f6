"""All commands: what a person or a program can ask for.

How each is typed, who may give it and what ``/help`` says of it is in ``command_table.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from chatd.core.facts import fact
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.core.text import Lines


@fact(kw_only=True)
class Command:
    """A request. ``id`` is chosen by the program and returned with the answer."""

    id: str = ""


@fact()
class Hello(Command):
    """Take the nick ``nick`` and enter ``rooms`` (empty: the default room).

    The owner of a nick logs in with their ``password``, or with a session ``secret``; with
    ``remember``, they are given one. ``server_password`` is that of the server, if it has one. With
    ``register`` the nick becomes an account with ``password``; ``code`` is an invitation.

    ``token`` is a secret chosen by the program. The same token means the same sender, even after a
    lost connection, and takes over the seat of the earlier connection. ``resume`` has the last seq
    seen in each room, in the logs with the name ``log``. ``scrollback`` is how many events of each
    room are shown on entering it, at most ``SCROLLBACK_EVENTS``. ``user`` is the person's name on
    their own machine, and ``realname`` what they call themselves; others are shown both. Without
    ``default_room``, naming no room means to enter none.
    """

    nick: str
    token: str = ""
    rooms: tuple[str, ...] = ()
    resume: Mapping[str, int] = field(default_factory=dict)
    log: str = ""
    scrollback: int = SCROLLBACK_EVENTS
    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    remember: bool = False
    server_password: str = field(default="", repr=False)
    register: bool = False
    code: str = field(default="", repr=False)
    user: str = ""
    realname: str = ""
    default_room: bool = True


@fact()
class Say(Command):
    """Say ``text`` in ``room`` (empty: the current one), in reply to the event ``reply`` (a seq; 0:
    to none); with ``notice``, no program should answer it."""

    text: Lines
    room: str = ""
    reply: int = 0
    notice: bool = False


@fact()
class Edit(Command):
    """Change one's message ``seq`` (0: the last one) in ``room`` (empty: the current one) to
    ``text``."""

    text: Lines
    room: str = ""
    seq: int = 0


@fact()
class Ping(Command):
    """Check that the connection works."""


@fact()
class Read(Command):
    """Note that one has read ``room``, or the private talk ``@bob``, up to event ``seq``, or up to
    a ``time`` as people write it (``when.py``); without both, ask how far."""

    room: str
    seq: int = 0
    time: str = ""


@fact()
class Recent(Command):
    """List the rooms that one is in and one's private talks, by the time of the last message: the
    ``count`` with the latest, or with ``oldest`` the earliest, after and before some times as
    people write them (``when.py``; empty: whenever)."""

    count: int = 0
    after_time: str = ""
    before_time: str = ""
    oldest: bool = False


@fact()
class Help(Command):
    """List the commands, or explain the one called ``about``."""

    about: str = ""


@fact()
class Nick(Command):
    """Change one's nick to ``nick``."""

    nick: str


@fact()
class Me(Command):
    """Describe in ``room`` (empty: the current one) what one does."""

    text: str
    room: str = ""


@fact()
class Msg(Command):
    """Send ``text`` to ``nick`` as a private message (``notice``: :class:`Say`); with ``action``,
    it says what one does."""

    nick: str
    text: Lines
    notice: bool = False
    action: bool = False


@fact()
class Reply(Command):
    """Send ``text`` to whoever sent the last private message."""

    text: Lines


@fact()
class Join(Command):
    """Enter ``room``, which is created if necessary, and make it the current one; ``key`` is for a
    room that needs one."""

    room: str
    key: str = ""


@fact()
class Leave(Command):
    """Leave ``room`` (empty: the current one), with an optional last ``text``."""

    room: str = ""
    text: str = ""


@fact()
class Rooms(Command):
    """List the rooms."""


@fact()
class Who(Command):
    """List who is in ``room`` (empty: the current one); with ``everybody``, all of them, if need be
    in several answers."""

    room: str = ""
    everybody: bool = False


@fact()
class Whois(Command):
    """Show who ``nick`` is."""

    nick: str


@fact()
class Whowas(Command):
    """Show who had ``nick``, or a nick like this pattern, and has left: the last ``count`` of them
    (0: all that are known)."""

    nick: str
    count: int = 0


@fact()
class People(Command):
    """Describe the people in ``room`` (empty: the current one); or those called ``nicks``; or those
    with whom one shares a room, and whose nick is like the pattern ``like``."""

    room: str = ""
    nicks: tuple[str, ...] = ()
    like: str = ""


@fact()
class Census(Command):
    """Count the people and the rooms of the server."""


@fact()
class Realname(Command):
    """Call oneself ``text``."""

    text: str


@fact()
class Topic(Command):
    """Set the topic of ``room`` (empty: the current one) to ``text``; empty: show it; ``-``: remove
    it."""

    text: str = ""
    room: str = ""


@fact()
class Keep(Command):
    """Set the retention of ``room`` (empty: the current one) to ``keep`` (``retention.py``); ``-``:
    that of the server; empty: show it."""

    keep: str = ""
    room: str = ""


@fact()
class Watch(Command):
    """Be told when the people called ``nicks`` come and go; with ``stop``, no longer. Without
    nicks, list whom one watches; with ``stop``, watch nobody."""

    nicks: tuple[str, ...] = ()
    stop: bool = False


@fact()
class Ignore(Command):
    """Ignore the messages of ``nick``; empty: list who is ignored."""

    nick: str = ""


@fact()
class Unignore(Command):
    """Stop ignoring ``nick``."""

    nick: str


@fact()
class Alert(Command):
    """Be alerted to ``words`` too, and no longer to those that begin with a minus; without words,
    list them. It is the client that alerts, and the server keeps the words."""

    words: tuple[str, ...] = ()


@fact()
class Away(Command):
    """Be away, with ``text`` for people who send private messages."""

    text: str = ""


@fact()
class Back(Command):
    """Stop being away."""


@fact()
class History(Command):
    """Show ``count`` events of ``room`` (empty: the current one): the last ones, or those before,
    after or around a position. ``@`` is one's own inbox, ``@bob`` the private talk with bob.

    The position is a seq (0: none), or a time as people write it (``when.py``; empty: none).
    """

    count: int = 0
    room: str = ""
    before: int = 0
    after: int = 0
    before_time: str = ""
    after_time: str = ""
    around: int = 0
    around_time: str = ""


@fact()
class Search(Command):
    """Show the newest ``count`` messages that match ``text`` (``search_text.py``), in all rooms or
    only in ``room``.

    ``nick`` limits the search to one person, ``before_time`` and ``after_time`` to a period
    (``when.py``). The text may have these filters instead.
    """

    text: str
    room: str = ""
    nick: str = ""
    before_time: str = ""
    after_time: str = ""
    count: int = 0


@fact()
class _ToSomebody(Command):
    """Something done to ``nick`` in ``room`` (empty: the current one); with ``member``, only if
    they are in it."""

    nick: str
    room: str = ""
    member: bool = False


@fact()
class Owner(_ToSomebody):
    """Make ``nick`` an owner of the room."""


@fact()
class Op(_ToSomebody):
    """Make ``nick`` a moderator of the room."""


@fact()
class Voice(_ToSomebody):
    """Let ``nick`` speak where only some may."""


@fact()
class Deop(_ToSomebody):
    """Take the role of ``nick`` away; with ``role``, only this one, ``voice`` or ``moderator``,
    which stands for that of an owner too."""

    role: str = ""


@fact()
class Invite(_ToSomebody):
    """Let ``nick`` into the room although it is private."""


@fact()
class Unmute(_ToSomebody):
    """Let ``nick`` speak again."""


@fact()
class Unban(_ToSomebody):
    """Lift the ban with the mask ``nick``."""


@fact()
class Kick(Command):
    """Remove ``nick`` from ``room`` (empty: the current one), for the reason ``text``."""

    nick: str
    text: str = ""
    room: str = ""


@fact()
class Mute(Command):
    """Do not let ``nick`` speak in ``room`` (empty: the current one) for ``time`` (``bans.span``;
    empty: for ever), for the reason ``text``."""

    nick: str
    time: str = ""
    text: str = ""
    room: str = ""


@fact()
class Ban(Command):
    """Remove ``nick``, a nick or another mask (``bans.py``), from ``room`` and keep them out, for
    ``time`` and for the reason ``text`` (:class:`Mute`). With ``stays``, whoever is in the room
    stays, but cannot speak."""

    nick: str
    time: str = ""
    text: str = ""
    room: str = ""
    stays: bool = False


@fact()
class Bans(Command):
    """List the bans and mutes of ``room`` (empty: the current one)."""

    room: str = ""


@fact()
class Delete(Command):
    """Delete the message ``which`` of ``room`` (empty: the current one), for the reason ``text``: a
    seq, or the nick of somebody, whose last message is meant."""

    which: str
    room: str = ""
    text: str = ""


@fact()
class Report(Command):
    """Tell the operators of ``nick``, and why."""

    nick: str
    text: str


@fact()
class Announce(Command):
    """Tell everybody on the server ``text``."""

    text: str


@fact()
class Audit(Command):
    """Show the last ``count`` events of the log of the server."""

    count: int = 0


@fact()
class Room(Command):
    """Set ``mode`` of ``room`` (empty: the current one) to ``value`` (``rights.Mode``); without a
    mode, show the modes."""

    mode: str = ""
    value: str = ""
    room: str = ""


@fact()
class Register(Command):
    """Make one's nick an account with ``password``; ``nick`` is that nick, or that of somebody who
    has none yet, and ``code`` an invitation. With ``remember``, one is given a session secret."""

    nick: str = ""
    code: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    remember: bool = False


@fact()
class Login(Command):
    """Become the owner of the account with the nick ``nick``. With ``remember``, one is given a
    session secret. With ``early``, before one has a
    nick, this only proves it, and a later hello makes one the owner."""

    nick: str
    password: str = field(default="", repr=False)
    remember: bool = False
    early: bool = False


@fact()
class Oper(Command):
    """Have the rights of the operator whose account has the nick ``nick``, by its password, under
    one's own nick and until one leaves; without a nick, give them up."""

    nick: str = ""
    password: str = field(default="", repr=False)


@fact()
class Password(Command):
    """Change one's password to ``new``."""

    password: str = field(default="", repr=False)
    new: str = field(default="", repr=False)


@fact()
class Sessions(Command):
    """List one's sessions; or end the one with the number ``end``."""

    end: int = 0


@fact()
class Keys(Command):
    """List one's keys; or add the one in ``add``, as a line of ``authorized_keys``, or with
    ``own`` the one that this session has come with; or remove the one with the number
    ``remove``."""

    add: str = ""
    remove: int = 0
    own: bool = False


@fact()
class Release(Command):
    """Take one's nick back: end all other sessions of the account, and make their secrets
    invalid."""


@fact()
class InviteCode(Command):
    """Make an invitation, with which somebody can register."""


@fact()
class Logout(Command):
    """End this session, and make its secret invalid."""


@fact()
class Quit(Command):
    """Leave all rooms, with an optional last ``text``, and end the connection."""

    text: str = ""
