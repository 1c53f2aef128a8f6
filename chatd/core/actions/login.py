"""Logging in, changing the nick, and quitting."""

from __future__ import annotations

import secrets
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

from chatd.core.account import Account, Kind
from chatd.core.actions.base import Result, person_of
from chatd.core.answers import Answer, Closing, Done, Refused, Welcome
from chatd.core.authentication import (
    by_key,
    by_password,
    by_secret,
    check_present,
    check_secure,
    check_server_password,
    make_account,
)
from chatd.core.commands import Hello, Nick, Quit
from chatd.core.driver import Later, drive
from chatd.core.errors import (
    BadUsage,
    NickTaken,
    NotAllowed,
    NotDelivered,
    PasswordNeeded,
    Refusal,
    RegistrationNeeded,
    TooMany,
    WrongPassword,
)
from chatd.core.events import DRAFT, Event, Reason, Renamed
from chatd.core.identity import Identity, identify
from chatd.core.limits import (
    EVENT_LINES,
    REALNAME_CHARACTERS,
    ROOMS_PER_PERSON,
    SCROLLBACK_EVENTS,
    TOKEN_CHARACTERS,
    USER_CHARACTERS,
)
from chatd.core.log import Resume
from chatd.core.names import INBOX, Name, parse_nick, parse_room
from chatd.core.person import Person
from chatd.core.policy import check_may_come, check_not_banned, find_ban
from chatd.core.presence import Entering, attach, end, follow_rooms, hand_over, quit_session
from chatd.core.registry import Registry
from chatd.core.session import Session


async def hello(registry: Registry, session: Session, command: Hello) -> Answer | tuple[Answer, ...]:
    """Log in and enter the rooms, all with one commit. The final answer is about the last room, and
    the one about the inbox follows."""
    if session.person is not None:
        raise BadUsage("You already have a nick.", f"You are {session.nick}; /nick changes it.")
    name = parse_nick(command.nick, registry.reserved)
    requested = _requested_rooms(command)
    sender_id = _sender_id(command.token)
    await check_server_password(registry, session, command.server_password)
    account = _proven(registry, session) or await _account(registry, session, name, command)  # Where it is a guest, nobody waits.
    if session.account is not None and account is not None:
        name = account.name
    secret = await new_secret(registry, session, account) if account and command.remember and not command.secret else ""
    session.scrollback = min(max(command.scrollback, 0), SCROLLBACK_EVENTS)
    session.may_return = bool(command.token)
    take_seat(registry, session, name, sender_id, account)
    _introduce(session, command)
    settings = registry.settings
    is_owner, log = account is not None, registry.store.name
    alerts = tuple(person_of(session).alerts.values())
    session.out.tell(Welcome(session.nick, settings.name, log, settings.motd, secret, is_owner, alerts, id=command.id))
    entered = await enter_rooms(registry, session, requested, command.id, command.default_room)
    return with_inbox(registry, session, entered, command.resume.get(INBOX), command.log)


def with_inbox(
    registry: Registry, session: Session, answer: Answer, seen: int | None = None, log: str = ""
) -> Answer | tuple[Answer, ...]:
    """Let ``session`` follow its inbox, of which the client has seen the events up to ``seen``
    during the run called ``log``. Returns ``answer``, and what to tell of the inbox."""
    inbox = registry.inboxes.attach(session, None if seen is None else Resume(seen, log))
    return answer if inbox is None else (answer, inbox)


def _proven(registry: Registry, session: Session) -> Account | None:
    """The account of which ``session`` has proved to be the owner, if it has, and nothing has
    changed. Raises WrongPassword."""
    account = session.account
    if account is not None and registry.accounts.get(account.name.key) is not account:
        session.account = None
        raise WrongPassword("The account has changed meanwhile.", "Log in again.")
    return account


def _introduce(session: Session, command: Hello) -> None:
    """Note what the person says about themselves, unless they have said it from another session."""
    person = session.person
    assert person is not None
    person.user = person.user or command.user[:USER_CHARACTERS]
    person.realname = person.realname or command.realname[:REALNAME_CHARACTERS]


async def _account(registry: Registry, session: Session, name: Name, command: Hello) -> Account | None:
    """The account of the person who sends ``command``; None: they are a guest."""
    if command.register:
        return await make_account(registry, session, name, command.password, command.code)
    if command.secret:
        account, session.credential = await by_secret(registry, session, name, command.secret)
        return account
    if command.password:
        return await by_password(registry, session, name, command.password)
    own = by_key(registry, session, name)
    if own is not None:
        return own
    if registry.settings.accounts_only and registry.accounts.owner(name) is None:
        refusal = _not_admitted(registry.settings.registration)
        if registry.authenticator.knows_others:
            check_secure(registry, session)
            raise PasswordNeeded(f"{name.text} needs a password, as everybody does here.", f"Log in with it. {refusal.hint}")
        raise refusal
    if registry.accounts.get(name.key) is not None:
        check_secure(registry, session)  # Otherwise they would be asked for a password, which others could read.
    return None


def _not_admitted(registration: str) -> Refusal:
    """The refusal of a guest on a server that admits registered people alone."""
    reason = "Only registered people are admitted to this server."
    if registration == "closed":
        return NotAllowed(reason, "Ask its operator for an account.")
    code = " CODE, with an invitation" if registration == "invite" else ""
    return RegistrationNeeded(reason, f"Write /register NICK{code}.")


async def new_secret(registry: Registry, session: Session, account: Account) -> str:
    """A session secret for ``session``, which logs in to ``account`` from then on."""
    secret, session.credential = await registry.accounts.add_secret(account, Kind.SECRET, session.door, registry.now())
    if registry.accounts.get(account.name.key) is not account:  # Changing the password makes earlier secrets invalid.
        await registry.accounts.drop(session.credential)
        raise WrongPassword("The password has changed meanwhile.", "Log in with the new one.")
    check_present(session)
    return secret


async def enter_rooms(
    registry: Registry, session: Session, requested: Requested, id: str = "", default_room: bool = True
) -> Answer:
    """Let ``session`` follow the rooms that its person is in already, by another session, and enter
    those of ``requested``; if there is none at all, the default room, unless it is not wanted.

    Returns the last answer; those before are sent with the id ``id``.
    """
    person = session.person
    assert person is not None
    own = {room.name.key for room in registry.rooms.of(person)}
    if not own and not requested and default_room:
        requested = {registry.default_room.key: (registry.default_room, None)}
    resumes = {key: resume for key, (_, resume) in requested.items() if resume is not None}
    last: Answer | None = await follow_rooms(registry, session, resumes, person.nick, id)
    newcomer = "" if last else person.nick
    for key, entering in [(key, Entering(registry, session, *room)) for key, room in requested.items() if key not in own]:
        if last is not None:
            session.out.tell(replace(last, id=id))
            await Later(session.out.when_taken)
        last, newcomer = await _entered(entering, requested[key][0], newcomer), ""
    return last or Done("login", person.nick)


async def _entered(entering: Entering, room: Name, newcomer: str) -> Answer:
    """The answer to entering ``room``, one of several."""
    try:
        return await entering.finish(newcomer)
    except Refusal as refusal:
        return Refused(refusal.code, refusal.reason, refusal.hint, room.text)


Requested = Mapping[str, tuple[Name, Resume | None]]
"""Rooms to enter, by key, each with the event to resume after, if any."""


def _requested_rooms(command: Hello) -> Requested:
    """The rooms that ``command`` names. Raises BadRoom and TooMany."""
    if not command.rooms and not command.resume:
        return {}
    if len(command.rooms) > ROOMS_PER_PERSON or len(command.resume) > ROOMS_PER_PERSON + 1:
        raise _too_many_rooms()  # Before parsing the names, which costs more than sending them.
    seqs = {room: seq for room, seq in command.resume.items() if room != INBOX}
    resume = {parse_room(room).key: Resume(seq, command.log) for room, seq in seqs.items()}
    rooms = {room.key: room for room in map(parse_room, [*command.rooms, *seqs])}
    if len(rooms) > ROOMS_PER_PERSON:
        raise _too_many_rooms()
    return {key: (room, resume.get(key)) for key, room in rooms.items()}


def _too_many_rooms() -> TooMany:
    return TooMany("You asked for too many rooms.", f"A person can be in {ROOMS_PER_PERSON} rooms.")


def _sender_id(token: str) -> str:
    """The sender_id of a seat: a hash of the token, from which nobody can recover the token, or
    random if there is none. Raises BadUsage."""
    if not token:
        return secrets.token_hex(16)
    shortest, longest = TOKEN_CHARACTERS
    if not shortest <= len(token) <= longest:
        raise BadUsage("The token is too short or too long.", f"A token has {shortest} to {longest} characters.")
    return sha256(token.encode()).hexdigest()[:32]


def take_seat(registry: Registry, session: Session, name: Name, sender_id: str, account: Account | None) -> None:
    """Give ``session`` a seat: as a guest called ``name``, or as the owner of ``account``, who may
    be here already. It replaces the session that has the seat, if any, and goes on as the same
    person if it comes under the same nick.

    Raises NickTaken, PasswordNeeded, Banned, and NotAllowed where the seat is that of another
    account.
    """
    directory, key = registry.directory, account.name.key if account else ""
    before = directory.session_of(sender_id)
    old = before.person if before else None
    if old is not None and old.account not in ("", key):
        raise NotAllowed("This token is that of somebody who is logged in.", "Log in as they did, or use another token.")
    if account is not None:
        release_nick(registry, account, session)
    if account is None or directory.of_account(key) is None:
        directory.check_free(name, old, key)
    made = account.made if account else 0
    identity = identify(name.key, key, [sender_id], [session.address], made, [session.fingerprint])
    check_may_come(registry, identity)
    if before is not None and old is not None and _is_same(old, name, account) and not _is_banned(registry, old, identity):
        return hand_over(registry, before, session)
    if before is not None:
        end(registry, before, Reason.REPLACED)
    present = directory.of_account(key) if account else None
    if present is not None:
        return attach(registry, session, present, sender_id)
    person = directory.arrive(session, account.name if account else name, sender_id, key)
    if old is not None and before is not None:
        directory.set_away(session, before.away)
        ignoring = person.ignoring.copy()
        ignoring.merge(old.ignoring)
        directory.set_ignoring(person, ignoring)


def _is_same(person: Person, name: Name, account: Account | None) -> bool:
    """Whether whoever comes with the token of ``person`` is them, under the same nick."""
    return person.account == account.name.key if account else not person.account and person.nick == name.text


def _is_banned(registry: Registry, person: Person, identity: Identity) -> bool:
    """Whether ``person``, who now has this ``identity``, is banned from one of their rooms, for
    instance because of another address: they have to enter their rooms anew."""
    return any(find_ban(registry, identity, room.rights) for room in registry.rooms.of(person))


def release_nick(registry: Registry, account: Account, session: Session) -> None:
    """Take the nick of ``account`` from a guest other than ``session`` who has it or looks like it,
    since they came before the account was known: they get another one, and are told. Raises
    NotDelivered."""
    for guest in registry.directory.guests_like(account.name):
        if guest is not session.person:
            first = registry.directory.sessions(guest)[0]
            drive(change_nick(registry, first, _guest_nick(registry), ""), partial(_on_released, registry, guest))


def _on_released(registry: Registry, guest: Person, outcome: Done | Exception) -> None:
    assert isinstance(outcome, Done), outcome
    registry.directory.tell(guest, outcome)


def _guest_nick(registry: Registry) -> Name:
    """A nick that nobody has."""
    while True:
        with suppress(NickTaken, PasswordNeeded):
            name = parse_nick(f"guest-{secrets.randbelow(1_000_000):06}")
            registry.directory.check_free(name)
            return name


def nick(registry: Registry, session: Session, command: Nick) -> Result:
    """Change the nick; before login, the same as hello."""
    person = session.person
    if person is None:
        return hello(registry, session, Hello(command.nick, id=command.id))
    name = parse_nick(command.nick, registry.reserved)
    if person.account not in ("", name.key):
        raise NotAllowed(f"Your nick is that of your account, {person.nick}.", "/logout first, and come back under another nick.")
    return change_nick(registry, session, name, person.account)


def change_nick(registry: Registry, session: Session, name: Name, account: str) -> Coroutine[Later[Any], None, Done]:
    """Call the person of ``session`` ``name`` from now on, and make them the owner of the account
    with the key ``account``, if any. Raises NickTaken, PasswordNeeded and NotDelivered."""
    person = session.person
    assert person is not None
    old = person.nick
    registry.directory.check_free(name, person, account)
    _check_free_by_logs(registry, person, name)
    _check_not_banned(registry, person, name, account)
    if account != person.account:
        registry.inboxes.detach(session)
    registry.directory.own(person, account)
    registry.directory.rename(person, name)
    return _renamed(registry, session, person, old)


def _check_not_banned(registry: Registry, person: Person, name: Name, account: str) -> None:
    """Raise Banned if ``person`` would be banned, from the server or from one of their rooms, if
    they were called ``name`` and owned ``account``."""
    sessions = registry.directory.sessions(person)
    seats, addresses = [session.sender_id for session in sessions], [session.address for session in sessions]
    owned = registry.accounts.get(account)
    keys = [session.fingerprint for session in sessions]
    identity = identify(name.key, account, seats, addresses, owned.made if owned else 0, keys)
    check_may_come(registry, identity)
    for room in registry.rooms.of(person):
        check_not_banned(registry, identity, room)


def _check_free_by_logs(registry: Registry, person: Person, name: Name) -> None:
    """Raise NotDelivered if the log of one of the person's rooms still assigns ``name`` to somebody
    else."""
    for room in registry.rooms.of(person):
        if not room.attendance.may_take(name.key, room.members[person]):
            reason = f"#{room.name.text} still lists {name.text}, since a change could not be stored yet."
            raise NotDelivered(reason, "Try again later, or choose another nick.")


async def _renamed(registry: Registry, session: Session, person: Person, old: str) -> Done:
    """Report in every room that ``person`` has changed their nick from ``old``. Later messages of
    the person follow the report."""
    if person.nick == old:
        return Done("nick", old)
    session.out.spend(EVENT_LINES * len(registry.rooms.of(person)))
    reported = []
    for room in registry.rooms.of(person):
        draft = Renamed(room.name.text, DRAFT, registry.now(), old, session.sender_id, person.nick, account=bool(person.account))
        reported.append(Later[Event | NotDelivered](room.report, draft, room.members[person]))
    done = Done("nick", person.nick)
    for each in reported:
        await each
    return done


def quit(registry: Registry, session: Session, command: Quit) -> Coroutine[Later[Any], None, Closing]:
    """Leave all rooms and end the connection."""
    return quit_session(registry, session, Reason.QUIT, command.text)
