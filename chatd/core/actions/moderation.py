"""Moderation: inviting, removing, muting and banning people, and their roles.

An operator does the same on the whole server: its log is the room ``@server``.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatd.core.actions.base import Result, person_of, store
from chatd.core.answers import Answer, BanLine, Done, Invitation
from chatd.core.answers import Bans as BansAnswer
from chatd.core.bans import Ban, check_width, is_pattern, parse_mask, span
from chatd.core.command_table import ROW_OF
from chatd.core.commands import Ban as BanCommand
from chatd.core.commands import Bans, Deop, Invite, Kick, Mute, Op, Owner, Unban, Unmute, Voice
from chatd.core.errors import AlreadyThere, BadUsage, NoSuchNick, NotAllowed, NotThere, TooMany
from chatd.core.events import DRAFT, BanLifted, BanSet, Invited, Left, Reason, RoleSet
from chatd.core.identity import ACCOUNT, network_of
from chatd.core.limits import BANS_PER_ROOM, PATTERNS_PER_ROOM, RIGHT_LINES, ROLES_PER_ROOM, SHOWN_LINES, TOPIC_CHARACTERS
from chatd.core.membership import Role
from chatd.core.names import fold
from chatd.core.person import Person
from chatd.core.policy import check_may, check_outranks, find_ban, may, room_of, visible
from chatd.core.presence import end, leave
from chatd.core.registry import Registry
from chatd.core.rights import NETWORK, Rights
from chatd.core.room import Room
from chatd.core.session import Session

GRANTED = {Owner: Role.OWNER, Op: Role.MODERATOR, Voice: Role.VOICE, Deop: Role.MEMBER}
"""The role that each command gives."""

OWN_NETWORKS = frozenset({network_of("127.0.0.1"), network_of("::1")})
"""The networks of this machine itself, which are those of many people: its users, and everybody
behind a proxy on it."""


async def give_role(registry: Registry, session: Session, command: Owner | Op | Voice | Deop) -> Answer:
    """Give a person a role in a room, or take it away."""
    room, role = room_of(registry, session, command.room), GRANTED[type(command)]
    other = _member(registry, session, room, command.nick) if command.member else _person(registry, session, command.nick)
    own = person_of(session)
    check_outranks(registry, own, other, room)
    has = room.rights.role_of(other.identity)
    if role is Role.VOICE and has > role:
        raise BadUsage(f"{other.nick} has a higher role already.", f"/deop {other.nick} takes it away.")
    if has is role or not _is_meant(command, has):
        raise BadUsage(f"{other.nick} has this role already.", "/who shows the roles.")
    if role > Role.MEMBER and len(room.rights.roles) >= ROLES_PER_ROOM:
        raise TooMany(f"#{room.name.text} has {ROLES_PER_ROOM} people with a role.", "/deop one of them first.")
    _check_owner_remains(registry, own, other, room, role)
    hidden = " ".join(other.identity.subjects)
    await store(
        session,
        room,
        RoleSet(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, other.nick, role.word, hidden, has.word),
    )
    return Done(ROW_OF[type(command)].name, other.nick)


def _is_meant(command: Owner | Op | Voice | Deop, has: Role) -> bool:
    """Whether ``command`` is about somebody who ``has`` this role."""
    if not isinstance(command, Deop) or not command.role:
        return True
    return (has is Role.VOICE) is (command.role == Role.VOICE.word)


def _check_owner_remains(registry: Registry, own: Person, other: Person, room: Room, role: Role) -> None:
    """Raise NotAllowed if the last owner would give up their role: nobody could replace them. A
    guest may, who takes it away with them anyway."""
    owners = [subject for subject, has in room.rights.roles.items() if has is Role.OWNER]
    if own is other and own.account and role < Role.OWNER and set(owners) <= {*other.identity.subjects} and owners:
        raise NotAllowed("You are the only owner of the room.", "/owner NICK makes somebody else an owner first.")


async def invite(registry: Registry, session: Session, command: Invite) -> Answer:
    """Let a person into a room although it is private, and tell them. Where anybody may enter, any
    member may tell others of the room."""
    room, other = room_of(registry, session, command.room), _person(registry, session, command.nick)
    if other in room.members:
        raise AlreadyThere(f"{other.nick} is in #{room.name.text} already.", "/who lists who is there.")
    row, person = ROW_OF[Invite], person_of(session)
    if not room.rights.modes.takes_anybody:
        check_may(registry, person, room, row.change, row)
    if may(registry, person, room, row.change):
        hidden = " ".join(other.identity.subjects)
        draft = Invited(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, other.nick, hidden)
        await store(session, room, draft)
    if not other.ignoring.covers(session.nick, session.sender_id):
        registry.directory.tell(other, Invitation(session.nick, room.name.text, person.is_registered))
    return Done("invite", other.nick)


async def kick(registry: Registry, session: Session, command: Kick) -> Answer:
    """Remove a person from a room."""
    room, text = room_of(registry, session, command.room), _reason(command.text)
    person = _member(registry, session, room, command.nick)
    check_outranks(registry, person_of(session), person, room)
    await _remove(registry, session, room, [person], text)
    return Done("kick", person.nick)


async def _remove(registry: Registry, session: Session, room: Room, people: Iterable[Person], text: str) -> None:
    """Remove ``people`` from ``room``; from the server, if it is the log of the server."""
    removed = [(person, registry.directory.sessions(person)) for person in people]
    if room is registry.rooms.server:
        for person, sessions in removed:
            draft = Left(
                room.name.text, DRAFT, registry.now(), person.nick, sessions[0].sender_id, Reason.KICKED, text, session.nick
            )
            await store(session, room, draft)
            for each in sessions:
                end(registry, each, Reason.KICKED, text)
        return
    if removed:
        session.out.spend(RIGHT_LINES * room.rights.size)
    for leaving in [leave(registry, sessions[0], room, Reason.KICKED, text, by=session.nick) for _, sessions in removed]:
        await leaving


async def mute(registry: Registry, session: Session, command: Mute) -> Answer:
    """Do not let a person speak in a room."""
    room = room_of(registry, session, command.room)
    await _set_ban(registry, session, room, command, mutes=True)
    return Done("mute", command.nick)


async def ban(registry: Registry, session: Session, command: BanCommand) -> Answer:
    """Keep a person out of a room, and remove whoever the ban is about, unless they may stay."""
    room = room_of(registry, session, command.room)
    mask = await _set_ban(registry, session, room, command, mutes=False)
    if command.stays and room is not registry.rooms.server:
        return Done("ban", command.nick)
    people = registry.directory.people if room is registry.rooms.server else room.members
    new = Rights(room.rights.roles, tuple(filter(None, [room.rights.find(mask, mutes=False)])))
    banned = [person for person in people if find_ban(registry, person.identity, new) is not None]
    await _remove(registry, session, room, banned, command.text)
    return Done("ban", command.nick)


async def _set_ban(registry: Registry, session: Session, room: Room, command: Mute | BanCommand, mutes: bool) -> str:
    """Store a ban or a mute, and return its mask. If its mask is the nick of somebody present, it
    is also about their account or seat, and for a guest about their address; if it is the nick of
    an account, about that account."""
    mask, text, until = parse_mask(command.nick), _reason(command.text), _end(registry, command.time)
    check_width(mask)
    hidden: list[str] = []
    other = _present(registry, session, mask)
    if other is not None:
        check_outranks(registry, person_of(session), other, room)
        identity = other.identity
        hidden += [*identity.subjects, *identity.keys]
        if identity.is_guest and not mutes:
            hidden += [NETWORK + network for network in identity.networks if network not in OWN_NETWORKS]
        mask = other.nick
    elif registry.accounts.get(fold(mask)) is not None:
        hidden.append(ACCOUNT + fold(mask))
    now = registry.now()
    if room.rights.find(mask, mutes) is None:
        _check_number(room, [ban.mask for ban in room.rights.bans if not ban.ends_before(now)], mask)
    draft = BanSet(room.name.text, DRAFT, now, session.nick, session.sender_id, mask, mutes, until, text, " ".join(hidden))
    await store(session, room, draft)
    return mask


def _check_number(room: Room, masks: list[str], mask: str) -> None:
    """Raise TooMany if ``room``, with these ``masks`` in its bans and mutes, takes no further
    ``mask``."""
    if len(masks) >= BANS_PER_ROOM:
        raise TooMany(f"#{room.name.text} has {BANS_PER_ROOM} bans.", "/bans lists them; /unban lifts one.")
    if is_pattern(mask) and sum(map(is_pattern, masks)) >= PATTERNS_PER_ROOM:
        raise TooMany(f"#{room.name.text} has {PATTERNS_PER_ROOM} patterns.", "/bans lists them; /unban lifts one.")


async def unmute(registry: Registry, session: Session, command: Unmute) -> Answer:
    """Let a person speak again."""
    await _lift(registry, session, command, mutes=True)
    return Done("unmute", command.nick)


async def unban(registry: Registry, session: Session, command: Unban) -> Answer:
    """Lift a ban."""
    await _lift(registry, session, command, mutes=False)
    return Done("unban", command.nick)


async def _lift(registry: Registry, session: Session, command: Unmute | Unban, mutes: bool) -> None:
    room = room_of(registry, session, command.room)
    found = room.rights.find(parse_mask(command.nick), mutes)
    if found is None:
        what = "muted" if mutes else "banned"
        raise NoSuchNick(f"{command.nick} is not {what} in #{room.name.text}.", "/bans lists who is.")
    await store(session, room, BanLifted(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, found.mask, mutes))


def bans(registry: Registry, session: Session, command: Bans) -> Result:
    """List the bans and mutes of a room that are not over."""
    room, now = room_of(registry, session, command.room), registry.now()
    found = tuple(_line(ban) for ban in room.rights.bans if not ban.ends_before(now))
    session.out.spend(SHOWN_LINES * len(found))
    return BansAnswer(room.name.text, found)


def _line(ban: Ban) -> BanLine:
    return BanLine(ban.mask, ban.mutes, ban.until, ban.by, ban.text, ban.since)


def _person(registry: Registry, session: Session, nick: str) -> Person:
    return visible(registry, session.person).person(nick)


def _present(registry: Registry, session: Session, mask: str) -> Person | None:
    """The person whose nick is ``mask``, if they are here."""
    try:
        return _person(registry, session, mask)
    except NoSuchNick:
        return None


def _member(registry: Registry, session: Session, room: Room, nick: str) -> Person:
    """The member of ``room`` called ``nick``; everybody is one of the server. Raises NoSuchNick and
    NotThere."""
    person = _present(registry, session, nick)
    if room is registry.rooms.server:
        return person or _person(registry, session, nick)
    if person is None:
        raise NoSuchNick(f"Nobody called {nick} is in #{room.name.text}.", "/who lists who is there.")
    if person not in room.members:
        raise NotThere(f"{nick} is not in #{room.name.text}.", "/who lists who is there.")
    return person


def _reason(text: str) -> str:
    """The reason ``text``. Raises BadUsage."""
    if len(text) > TOPIC_CHARACTERS:
        raise BadUsage("The reason is too long.", f"A reason has at most {TOPIC_CHARACTERS} characters.")
    return text


def _end(registry: Registry, time: str) -> int:
    """When a ban for ``time`` ends, in milliseconds since 1970-01-01 UTC; 0: never. Raises
    BadUsage."""
    if not time:
        return 0
    duration = span(time)
    if duration is None:
        raise BadUsage(
            f"{time[:32]} is not a duration.", "Write a number of minutes, hours, days or weeks, such as 10m, 2h, 7d or 4w."
        )
    return registry.now() + duration
