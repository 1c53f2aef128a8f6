"""The rights in a room: the roles of people, its bans, its invitations and its modes.

They are a part of the state of the room (``state.py``), which is the fold of its log, and change
only with an event. What an event keeps from view is in its ``hidden``: tokens, separated by spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from chatd.core.bans import Ban, BanList
from chatd.core.events import BanLifted, BanSet, Event, Invited, Joined, Left, ModeSet, Reason, RoleSet
from chatd.core.identity import ACCOUNT, Identity
from chatd.core.limits import INVITED_PER_ROOM
from chatd.core.membership import Role
from chatd.core.names import fold

NETWORK: Final = "network:"
"""Begins the token of a network in the ``hidden`` of a ban."""

ON: Final = "on"
OFF: Final = "off"


class Mode(StrEnum):
    """The modes of a room, as ``/room`` names them."""

    PRIVATE = "private"
    KEY = "key"
    LIMIT = "limit"
    MODERATED = "moderated"
    TOPIC = "topic"
    SLOW = "slow"
    HISTORY = "history"
    HIDDEN = "hidden"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Modes:
    """What is set for everybody in a room."""

    is_private: bool = False
    """Whether only those who are invited, or have a role, can see the room and enter it."""
    key: str = ""
    """The hash of the word that is needed to enter; empty: none is."""
    limit: int = 0
    """The most members; 0: any number."""
    is_moderated: bool = False
    """Whether only those with a voice may speak."""
    has_locked_topic: bool = False
    """Whether only moderators may set the topic."""
    slow: int = 0
    """The shortest time between two messages of a member, in seconds."""
    hides_past: bool = False
    """Whether members see nothing from before they entered."""
    is_hidden: bool = False
    """Whether the room is in nobody's lists but those of its members; who knows its name may
    enter."""
    is_external: bool = False
    """Whether people may speak in the room without entering it."""

    @property
    def is_listed(self) -> bool:
        """Whether everybody may see that there is this room."""
        return not (self.is_private or self.is_hidden)

    @property
    def is_open(self) -> bool:
        """Whether everybody may enter, and so read."""
        return not (self.is_private or self.is_hidden or self.key or self.hides_past)

    @property
    def takes_anybody(self) -> bool:
        """Whether nothing but a ban keeps somebody from entering who knows the name."""
        return not (self.is_private or self.key or self.limit)

    def with_mode(self, mode: str, value: str, key: str = "") -> Modes:
        """These modes with ``mode`` set to ``value``, as an event writes it; an unknown mode
        changes nothing. ``key`` is the hash of a key."""
        is_on = value == ON
        match mode:
            case Mode.PRIVATE:
                return replace(self, is_private=is_on)
            case Mode.KEY:
                return replace(self, key=key or ON if is_on else "")
            case Mode.LIMIT:
                return replace(self, limit=_number(value))
            case Mode.MODERATED:
                return replace(self, is_moderated=is_on)
            case Mode.TOPIC:
                return replace(self, has_locked_topic=value == Role.MODERATOR.word)
            case Mode.SLOW:
                return replace(self, slow=_number(value))
            case Mode.HISTORY:
                return replace(self, hides_past=value == OFF)
            case Mode.HIDDEN:
                return replace(self, is_hidden=is_on)
            case Mode.EXTERNAL:
                return replace(self, is_external=is_on)
        return self


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may do what in a room. ``roles`` has the role of each subject who has one, and
    ``invited`` the subjects who may enter although the room is private, oldest first."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    bans: tuple[Ban, ...] = ()
    invited: tuple[str, ...] = ()
    modes: Modes = field(default_factory=Modes)
    ban_list: BanList = field(init=False, compare=False, repr=False)
    """The bans, without the mutes."""
    mute_list: BanList = field(init=False, compare=False, repr=False)
    limits_speech: bool = field(init=False, compare=False, repr=False)
    """Whether some members may not say what they like when they like."""
    is_plain: bool = field(init=False, compare=False, repr=False)
    """Whether nothing is set but who has made the room."""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "ban_list", BanList(ban for ban in self.bans if not ban.mutes))
        set_(self, "mute_list", BanList(ban for ban in self.bans if ban.mutes))
        set_(self, "limits_speech", bool(self.bans or self.modes.is_moderated or self.modes.slow))
        has_only_owner = len(self.roles) <= 1 and all(role is Role.OWNER for role in self.roles.values())
        set_(self, "is_plain", has_only_owner and not self.bans and not self.invited and self.modes == Modes())

    def role_of(self, identity: Identity) -> Role:
        """The role of a person who is in the room: at least that of a member."""
        role, roles = Role.MEMBER, self.roles
        if roles:
            for subject in identity.subjects:
                has = roles.get(subject)
                if has is not None and has > role:
                    role = has
        return role

    def limits(self, identity: Identity) -> bool:
        """Whether a member with this ``identity``, perhaps, may not say what they like when they
        like."""
        modes = self.modes
        if modes.is_moderated or modes.slow or self.mute_list.concerns(identity) or self.ban_list.concerns(identity):
            return self.role_of(identity) < Role.VOICE
        return False

    def is_expected(self, identity: Identity) -> bool:
        """Whether a person can see the room and enter it although it is private."""
        return any(subject in self.roles or subject in self.invited for subject in identity.subjects)

    def find(self, mask: str, mutes: bool) -> Ban | None:
        """The ban or mute with this ``mask``."""
        key = fold(mask)
        return next((ban for ban in self.bans if ban.mutes == mutes and fold(ban.mask) == key), None)

    @property
    def size(self) -> int:
        """How many roles, bans and invitations there are."""
        return len(self.roles) + len(self.bans) + len(self.invited)

    @property
    def has_owner(self) -> bool:
        """Whether somebody owns the room."""
        return Role.OWNER in self.roles.values()

    # -- The fold

    def apply(self, event: Event) -> Rights:
        """The rights after ``event``; the same object if it changes nothing."""
        change = CHANGES.get(type(event))
        return self if change is None else change(self, event)

    def with_role(self, subjects: Iterable[str], role: Role) -> Rights:
        """These rights, with ``role`` for the person with these ``subjects``."""
        roles = {subject: had for subject, had in self.roles.items() if subject not in set(subjects)}
        if role > Role.MEMBER:
            roles.update(dict.fromkeys(_granted(subjects), role))
        return replace(self, roles=roles)


def _granted(subjects: Iterable[str]) -> Iterable[str]:
    """To which of the ``subjects`` of a person something is granted: the account if there is one.
    Seats change, so that nobody could take it away from one that is gone."""
    return [subject for subject in subjects if subject.startswith(ACCOUNT)] or subjects


def tokens(hidden: str) -> tuple[str, ...]:
    """The tokens of a ``hidden``."""
    return tuple(hidden.split())


def _on_joined(rights: Rights, event: Joined) -> Rights:
    return rights.with_role(tokens(event.hidden), Role.OWNER) if event.hidden else rights


def _on_left(rights: Rights, event: Left) -> Rights:
    """Who was removed needs a new invitation; so their role ends too if it would let them into a
    private room."""
    if event.reason is not Reason.KICKED:
        return rights
    removed = set(tokens(event.hidden))
    if rights.modes.is_private and event.by != event.nick and not removed.isdisjoint(rights.roles):
        rights = rights.with_role(removed, Role.MEMBER)
    kept = tuple(subject for subject in rights.invited if subject not in removed)
    return rights if kept == rights.invited else replace(rights, invited=kept)


def _set_role(rights: Rights, event: RoleSet) -> Rights:
    return rights.with_role(tokens(event.hidden), Role.__members__.get(event.role.upper(), Role.MEMBER))


def _set_ban(rights: Rights, event: BanSet) -> Rights:
    hidden = tokens(event.hidden)
    networks = tuple(token.removeprefix(NETWORK) for token in hidden if token.startswith(NETWORK))
    subjects = tuple(token for token in hidden if not token.startswith(NETWORK))
    ban = Ban(event.mask, event.mutes, event.until, event.nick, event.text, subjects, networks, event.time)
    others = (other for other in _without(rights, event.mask, event.mutes) if not other.ends_before(event.time))
    return replace(rights, bans=(*others, ban))


def _lift_ban(rights: Rights, event: BanLifted) -> Rights:
    return replace(rights, bans=_without(rights, event.mask, event.mutes))


def _without(rights: Rights, mask: str, mutes: bool) -> tuple[Ban, ...]:
    key = fold(mask)
    return tuple(ban for ban in rights.bans if ban.mutes != mutes or fold(ban.mask) != key)


def _invite(rights: Rights, event: Invited) -> Rights:
    return _with_invited(rights, _granted(tokens(event.hidden)))


def _with_invited(rights: Rights, subjects: Iterable[str]) -> Rights:
    invited = tuple(dict.fromkeys((*rights.invited, *subjects)))
    return replace(rights, invited=invited[-INVITED_PER_ROOM:])


def _set_mode(rights: Rights, event: ModeSet) -> Rights:
    hidden = tokens(event.hidden)
    if event.mode == Mode.PRIVATE:  # Who is in the room when it becomes private may come back.
        rights = _with_invited(rights, hidden)
    key = hidden[0] if event.mode == Mode.KEY and hidden else ""
    return replace(rights, modes=rights.modes.with_mode(event.mode, event.value, key))


CHANGES: Final[Mapping[type[Event], Any]] = {
    Joined: _on_joined,
    Left: _on_left,
    RoleSet: _set_role,
    BanSet: _set_ban,
    BanLifted: _lift_ban,
    Invited: _invite,
    ModeSet: _set_mode,
}
"""How each kind of event changes the rights."""
