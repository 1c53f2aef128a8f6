"""The policy: what a person may do, and what they may see."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from chatd.core.account import Account
from chatd.core.bans import Ban
from chatd.core.command_table import TABLE, Row
from chatd.core.errors import (
    BadRoom,
    Banned,
    Muted,
    NoSuchNick,
    NoSuchRoom,
    NotAllowed,
    NotInRoom,
    NotInvited,
    RoomFull,
    WrongKey,
)
from chatd.core.identity import Identity
from chatd.core.inboxes import Inbox
from chatd.core.limits import REMOVED_MS
from chatd.core.membership import Role
from chatd.core.names import fold, is_inbox
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.rights import Rights
from chatd.core.room import Room
from chatd.core.rooms import SERVER, no_such_room
from chatd.core.session import Session

SERVER_SIGN = "@"
"""Begins the key of a log that is no room: that of the server, and the inboxes."""


# -- What a person may do --------------------------------------------------------------------------


def role_of(registry: Registry, person: Person, room: Room) -> Role:
    """The role of ``person`` in ``room``, or in their own inbox: :func:`room_of` finds no other."""
    if isinstance(room, Inbox):
        return Role.OWNER
    role = role_on_entering(registry, person, room)
    return role if role is Role.OPERATOR or person in room.members else Role.GUEST


def role_on_entering(registry: Registry, person: Person, room: Room) -> Role:
    """The role that ``person`` has in ``room`` once they are in it."""
    return Role.OPERATOR if registry.is_operator(person.identity) else room.rights.role_of(person.identity)


def may(registry: Registry, person: Person, room: Room, right: Role) -> bool:
    """Whether ``person`` may do in ``room`` what requires the role ``right``."""
    if right is Role.MEMBER and person in room.members:  # Nearly every command.
        return True
    return role_of(registry, person, room) >= right


def check_may(registry: Registry, person: Person, room: Room, right: Role, row: Row) -> None:
    """Raise NotAllowed if ``person`` may not do in ``room`` what requires the role ``right`` with
    the command of ``row``."""
    if not may(registry, person, room, right):
        where = "on the server" if room.name.key.startswith(SERVER_SIGN) else f"in #{room.name.text}"
        raise NotAllowed(f"You may not do this {where}.", f"/{row.name} requires the role {right.word}.")


def check_outranks(registry: Registry, person: Person, other: Person, room: Room) -> None:
    """Raise NotAllowed if ``person`` may not act against ``other`` in ``room``: only somebody with
    a higher role may, and an operator."""
    own, their = role_of(registry, person, room), role_of(registry, other, room)
    if own <= max(their, room.rights.role_of(other.identity)) and other is not person:
        raise NotAllowed(f"You may not do this to {other.nick}.", "Their role is as high as yours, or higher.")


def check_may_enter(registry: Registry, person: Person, room: Room, key: str) -> None:
    """Raise a Refusal if ``person`` may not enter ``room``, for which they give ``key``."""
    rights, identity, name = room.rights, person.identity, room.name.text
    if rights.is_plain or registry.is_operator(identity):
        return
    check_not_banned(registry, identity, room)
    if rights.is_expected(identity):
        return
    modes = rights.modes
    if modes.is_private:
        raise NotInvited(f"#{name} is private.", "Ask somebody who is in it to invite you.")
    if modes.key and not hmac.compare_digest(modes.key, key_hash(name, key)):
        raise WrongKey(f"#{name} needs a key{', and this is not it' if key else ''}.", f"Write /join #{name} KEY.")
    if modes.limit and len(room.members) - (person in room.members) >= modes.limit:
        raise RoomFull(f"#{name} is full: it takes {modes.limit} people.", "Try again later.")


def check_not_banned(registry: Registry, identity: Identity, room: Room) -> None:
    """Raise Banned if a ban of ``room`` keeps out somebody with this ``identity``."""
    ban = find_ban(registry, identity, room.rights)
    if ban is not None:
        raise Banned(f"You are banned from #{room.name.text}{_until(ban)}{_why(ban)}.", "Its moderators can lift the ban.")


def find_ban(registry: Registry, identity: Identity, rights: Rights) -> Ban | None:
    """The ban that keeps somebody with this ``identity`` out of a room with these ``rights``;
    people with a role are not banned."""
    if not rights.ban_list or rights.role_of(identity) > Role.MEMBER or registry.is_operator(identity):
        return None
    return rights.ban_list.find(identity, registry.now())


def check_may_speak(registry: Registry, person: Person, room: Room) -> None:
    """Raise Muted if ``person``, a member of ``room``, may not speak there now. In slow mode, this
    counts as speaking."""
    if registry.server_rights.limits_speech:
        check_not_muted(registry, person)
    rights, identity = room.log.state.rights, person.identity
    if not rights.limits_speech:  # As in nearly every room.
        return
    if not rights.limits(identity) or registry.is_operator(identity):
        return
    _check_voice(registry, person, room)
    now, slow, subject = registry.now(), rights.modes.slow * 1000, identity.subject
    if slow:
        wait = room.spoke_at.get(subject, 0) + slow - now
        if 0 < wait <= slow:
            reason = f"#{room.name.text} is in slow mode: one message in {rights.modes.slow} s."
            raise Muted(reason, f"Try again in {-(-wait // 1000)} s.")
        room.note_spoken(subject, now, slow)


def may_use_words(registry: Registry, person: Person, room: Room) -> bool:
    """Whether others in ``room`` are shown what ``person`` says on leaving it."""
    rights, identity = room.rights, person.identity
    try:
        check_not_muted(registry, person)
        if rights.limits_speech and rights.limits(identity) and not registry.is_operator(identity):
            _check_voice(registry, person, room)
    except Muted:
        return False
    return True


def check_not_muted(registry: Registry, person: Person) -> None:
    """Raise Muted if ``person`` may not speak anywhere on the server, nor in private."""
    mutes, identity = registry.server_rights.mute_list, person.identity
    mute = mutes.find(identity, registry.now()) if mutes else None
    if mute is not None and not registry.is_operator(identity):
        raise Muted(f"You are muted on this server{_until(mute)}{_why(mute)}.", "Its operators can lift this.")


def _check_voice(registry: Registry, person: Person, room: Room) -> None:
    """Raise Muted if ``person``, a member of ``room`` without a role, may not speak there at
    all."""
    name, mute = room.name.text, room.rights.mute_list.find(person.identity, registry.now())
    if mute is not None:
        raise Muted(f"You are muted in #{name}{_until(mute)}{_why(mute)}.", "Its moderators can lift this.")
    ban = room.rights.ban_list.find(person.identity, registry.now())
    if ban is not None:
        raise Muted(f"You are banned from #{name}{_until(ban)}{_why(ban)}, so you may not speak.", "Its moderators can lift this.")
    if room.rights.modes.is_moderated:
        raise Muted(f"#{name} is moderated: only some may speak.", "Ask a moderator for a voice.")


def check_may_come(registry: Registry, identity: Identity) -> None:
    """Raise Banned if somebody with this ``identity`` is banned from the server."""
    ban = registry.server_rights.ban_list.find(identity, registry.now())
    if ban is not None and not registry.is_operator(identity):
        raise Banned(f"You are banned from this server{_until(ban)}{_why(ban)}.", "Its operators can lift the ban.")


def key_hash(room: str, key: str) -> str:
    """The hash under which the key of the room called ``room`` is stored."""
    return sha256(f"{room.casefold()}\n{key}".encode()).hexdigest()


def _until(ban: Ban) -> str:
    return f" until {datetime.fromtimestamp(ban.until / 1000):%Y-%m-%d %H:%M}" if ban.until else ""


def _why(ban: Ban) -> str:
    return f": {ban.text.rstrip('.')}" if ban.text else ""


def room_of(registry: Registry, session: Session, name: str) -> Room:
    """The room that a command of ``session`` is about: one that the person is in, the current one
    if ``name`` is empty; or their own inbox, for ``@`` or ``@bob``. Operators can name any room,
    and the log of the server.

    Raises BadRoom, NotInRoom and NoSuchRoom.
    """
    if not name and session.removed_from is not None:
        _check_knows_current(registry, session, session.removed_from)
    if is_inbox(name.lower()):
        return registry.inboxes.of(session)
    try:
        return registry.rooms.joined_room(session, name)
    except (BadRoom, NotInRoom) as refused:
        person = session.person
        if name and person is not None and registry.is_operator(person.identity):
            return registry.rooms.server if name.lower() == SERVER.text else registry.rooms.find(name)
        if isinstance(refused, NotInRoom):
            _check_exists(registry, person, name)
        raise


def _check_knows_current(registry: Registry, session: Session, before: Room) -> None:
    """Raise NotInRoom if the person has been removed from ``before`` so lately that they may still
    mean it: what they have typed for it must not be said in another room."""
    session.removed_from = None
    current = session.current
    if current is None or registry.now() - session.removed_at >= REMOVED_MS:
        return
    reason = f"You are not in #{before.name.text} any more, so nothing was done."
    raise NotInRoom(reason, f"You are talking in #{current.name.text} now: send it again if it is meant for there.")


def _check_exists(registry: Registry, person: Person | None, name: str) -> None:
    """Raise NoSuchRoom if ``person`` can see no room called ``name``."""
    bare = name.removeprefix("#")
    room = registry.rooms.get(fold(bare))
    if name and (room is None or not visible(registry, person).shows(room)):
        raise NoSuchRoom(f"You are not in #{bare}.", f"/join #{bare} enters it.")


def room_to_speak_in(registry: Registry, session: Session, name: str) -> Room:
    """The room in which ``session`` may say something as far as it is about being there: one that
    the person is in, the current one if ``name`` is empty; or one that takes messages from outside.

    Raises BadRoom, NotInRoom and Banned.
    """
    if not name:
        if session.removed_from is not None:
            _check_knows_current(registry, session, session.removed_from)
        if session.current is not None:
            return session.current
    try:
        return registry.rooms.joined_room(session, name)
    except NotInRoom:
        room = registry.rooms.get(fold(name.removeprefix("#"))) if name else None
        person = session.person
        if room is None or person is None or not (room.rights.modes.is_external and visible(registry, person).shows(room)):
            raise
        check_not_banned(registry, person.identity, room)
        return room


# -- What a person may see -------------------------------------------------------------------------


class Visible:
    """What one person may see. Every list, look-up, search and error text goes through it.

    ``person`` is None for somebody without a nick.
    """

    __slots__ = ("_is_operator", "_person", "_registry")

    def __init__(self, registry: Registry, person: Person | None) -> None:
        self._registry = registry
        self._person = person
        self._is_operator = person is not None and registry.is_operator(person.identity)

    @property
    def _joined(self) -> Sequence[Room]:
        """The rooms that the person is in."""
        return self._registry.rooms.of(self._person) if self._person else ()

    def shows(self, room: Room) -> bool:
        """Whether the person may see that there is this room."""
        rights, person = room.rights, self._person
        if rights.modes.is_listed or self._is_operator:
            return True
        return person is not None and (person in room.members or rights.is_expected(person.identity))

    def rooms(self) -> Iterator[Room]:
        """All rooms that the person may see."""
        return (room for room in self._registry.rooms if self.shows(room))

    def logs(self) -> frozenset[str]:
        """The keys of the rooms whose logs may be searched, including closed rooms."""
        return frozenset(filter(self.may_search, self._registry.store.logs))

    def may_search(self, key: str) -> bool:
        """Whether the log of the room with this key may be searched: the person can enter it as
        anybody can, or is in it."""
        log = self._registry.store.logs.get(key)
        if log is None or key.startswith(SERVER_SIGN):
            return False
        return self._is_operator or self._is_open(log.state.rights) or any(room.name.key == key for room in self._joined)

    def _is_open(self, rights: Rights) -> bool:
        """Whether the person can enter a room with these ``rights`` as anybody can."""
        if not rights.modes.is_open:
            return False
        return self._person is None or find_ban(self._registry, self._person.identity, rights) is None

    def room(self, name: str) -> Room:
        """The room called ``name``. Raises BadRoom and NoSuchRoom."""
        room = self._registry.rooms.find(name)
        if not self.shows(room):
            raise no_such_room(name)
        return room

    def first_seq(self, room: Room) -> int:
        """The number of the first event of ``room`` that the person may read."""
        modes, person = room.rights.modes, self._person
        if not modes.hides_past or self._is_operator:
            return 0
        membership = room.members.get(person) if person else None
        if person is None or membership is None or membership.seq is None:
            return room.log.end
        return 0 if room.rights.role_of(person.identity) > Role.MEMBER else membership.seq

    def firsts(self) -> Mapping[str, int]:
        """The numbers of the first events that the person may read, by the keys of those of their
        rooms in which they may not read all."""
        return {room.name.key: self.first_seq(room) for room in self._joined if room.rights.modes.hides_past}

    def person(self, nick: str) -> Person:
        """The person called ``nick``. Raises NoSuchNick."""
        return self._registry.directory.find(nick)

    def recipient(self, nick: str) -> Person | Account:
        """Whoever is called ``nick`` and can get a private message: somebody who is here, or the
        owner of an account. Raises NoSuchNick."""
        try:
            return self.person(nick)
        except NoSuchNick:
            account = self._registry.accounts.get(fold(nick))
            if account is None or account.is_disabled:
                raise
            return account

    def knows(self, other: Person) -> bool:
        """Whether ``other`` may be in a list of people that the person has not named: they are the
        same, or in the same room. To an operator, everybody may."""
        return other is self._person or self._is_operator or any(other in room.members for room in self._joined)

    def rooms_of(self, other: Person) -> Sequence[Room]:
        """The rooms that ``other`` is in, in the order in which they entered them."""
        return tuple(room for room in self._registry.rooms.of(other) if self.shows(room))

    def commands(self) -> Sequence[Row]:
        """The commands that people can type, as ``/help`` lists them."""
        return TABLE


def visible(registry: Registry, person: Person | None) -> Visible:
    """What ``person`` may see of the server."""
    return Visible(registry, person)
