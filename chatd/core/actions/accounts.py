"""Accounts: making one, logging in to it and out of it, its password, its sessions and its keys."""

from __future__ import annotations

from contextlib import suppress

from chatd.core.account import Account, Credential, Kind
from chatd.core.actions.base import Result, person_of, store
from chatd.core.actions.login import change_nick, enter_rooms, hello, new_secret, release_nick, take_seat, with_inbox
from chatd.core.answers import Alerts, Answer, Done, KeyLine, KeyList, PersonChanged, SessionList
from chatd.core.authentication import by_key, by_password, check_present, check_secure, make_account, new_hash
from chatd.core.commands import Hello, Keys, Login, Logout, Oper, Password, Register, Release, Sessions
from chatd.core.errors import BadUsage, NickNeeded, NotAllowed, NotDelivered, PasswordNeeded, WrongPassword
from chatd.core.events import DRAFT, Reason, RoleSet
from chatd.core.identity import identify
from chatd.core.membership import Role
from chatd.core.names import fold, parse_nick
from chatd.core.person import Person
from chatd.core.policy import check_may_come
from chatd.core.presence import end, leave, quit_session
from chatd.core.registry import Registry
from chatd.core.session import Session
from chatd.core.sessions import end_one, end_others, listed
from chatd.core.ssh_keys import PublicKey, parse_key


def register(registry: Registry, session: Session, command: Register) -> Result:
    """Make the nick of this person an account, which they are logged in to from then on; or come
    with a new account."""
    if session.person is None:
        return hello(registry, session, _hello_with(command))
    return _register(registry, session, session.person, command)


def _hello_with(command: Register) -> Hello:
    return Hello(command.nick, register=True, code=command.code, password=command.password, remember=command.remember)


async def _register(registry: Registry, session: Session, person: Person, command: Register) -> Answer | tuple[Answer, ...]:
    if person.account:
        raise BadUsage(f"{person.nick} is registered already, and you are logged in.", "/password changes the password.")
    if command.nick and fold(command.nick) != person.name.key:
        # What was typed may be a password, so it is not repeated.
        raise BadUsage("This is not your nick.", "/register makes an account of the nick that you have; the password is asked for.")
    account = await make_account(registry, session, person.name, command.password, command.code)
    registry.inboxes.detach(session)
    registry.directory.own(person, account.name.key)
    registry.directory.identify(person)
    registry.tell_neighbours(person, PersonChanged(person.nick, "account", person.nick, account=True))
    secret = ""
    if command.remember:
        with suppress(NotDelivered):  # The account is stored, and its owner has the password.
            secret = await new_secret(registry, session, account)
    return with_inbox(registry, session, Done("register", person.nick, secret))


async def login(registry: Registry, session: Session, command: Login) -> Answer | tuple[Answer, ...]:
    """Log in to an account: the guest becomes its owner, with its nick."""
    if session.person is None:
        return await _prove(registry, session, command)
    person = person_of(session)
    if person.account:
        raise BadUsage(f"You are logged in as {person.nick} already.", "/logout logs out.")
    name = parse_nick(command.nick or person.nick)
    if registry.accounts.get(name.key) is None and not registry.authenticator.knows_others:
        # What was typed may be a password, so it is not repeated.
        raise BadUsage("No account has this nick.", "Write /login NICK; the password is asked for, and never part of the line.")
    check_secure(registry, session)
    own = None if command.password else by_key(registry, session, name)
    if own is None and not command.password:
        raise PasswordNeeded(f"{name.text} is registered.", "Log in with its password.")
    account = own or await by_password(registry, session, name, command.password)
    key = account.name.key
    check_may_come(registry, identify(key, key, [session.sender_id], [session.address], account.made, [session.fingerprint]))
    secret = await new_secret(registry, session, account) if command.remember else ""
    release_nick(registry, account, session)
    if registry.directory.of_account(account.name.key) is None:
        before = person.nick
        done = await change_nick(registry, session, account.name, account.name.key)
        registry.tell_neighbours(person, PersonChanged(before, "account", person.nick))
        _tell_alerts(session)
        return with_inbox(registry, session, Done("login", done.subject, secret))
    return await _join_own(registry, session, person, account, secret)


async def _prove(registry: Registry, session: Session, command: Login) -> Answer:
    """Remember of which account ``session`` is the owner, for when it has a nick."""
    if not command.early:
        raise NickNeeded("You have no nick yet.", "Choose a nick first.")
    check_secure(registry, session)
    if command.password:
        account = await by_password(registry, session, parse_nick(command.nick), command.password)
    else:
        found = registry.accounts.find_key(session.key.value) if session.key is not None else None
        if found is None or (command.nick and fold(command.nick) != found[0].name.key):
            raise WrongPassword("No key of this account was shown.", "Log in with its password.")
        own = by_key(registry, session, found[0].name)
        assert own is not None, "its key was found"
        account = own
    session.account = account
    return Done("login", account.name.text)


async def oper(registry: Registry, session: Session, command: Oper) -> Answer:
    """Have the rights of an operator under one's own nick, or give them up."""
    person = person_of(session)
    if command.nick:
        name = parse_nick(command.nick)
        check_secure(registry, session)
        if not command.password:
            raise PasswordNeeded(f"You want the rights of {name.text}.", "Give the password of that account.")
        account = await by_password(registry, session, name, command.password)
        key = account.name.key
        if not registry.is_operator(identify(key, key, (), ())):
            raise NotAllowed(
                f"{account.name.text} is no operator of this server.", "The server's operators are named with --operator."
            )
        server = registry.rooms.server
        draft = RoleSet(
            server.name.text, DRAFT, registry.now(), account.name.text, session.sender_id, person.nick, Role.OPERATOR.word
        )
        await store(session, server, draft)
        person.operator = key
    else:
        person.operator = ""
    registry.directory.identify(person)
    return Done("oper", person.nick)


async def _join_own(
    registry: Registry, session: Session, guest: Person, account: Account, secret: str
) -> Answer | tuple[Answer, ...]:
    """Make ``session`` one more session of the owner of ``account``, who is here already, with a
    new session ``secret``, if any; the guest leaves."""
    for leaving in [leave(registry, session, room, Reason.LEFT) for room in registry.rooms.of(guest)]:
        await leaving
    check_present(session)
    key = account.name.key
    check_may_come(registry, identify(key, key, [session.sender_id], [session.address], account.made, [session.fingerprint]))
    registry.inboxes.detach(session)
    registry.directory.detach(session)
    take_seat(registry, session, account.name, session.sender_id, account)
    session.out.tell(Done("login", session.nick, secret))
    _tell_alerts(session)
    return with_inbox(registry, session, await enter_rooms(registry, session, {}))


def _tell_alerts(session: Session) -> None:
    """Tell ``session`` to which words its owner is alerted, who has logged in after the welcome."""
    words = person_of(session).alerts
    if words:
        session.out.tell(Alerts(tuple(words.values())))


async def password(registry: Registry, session: Session, command: Password) -> Answer:
    """Change the password. Whoever knows the old one, and has logged in with it elsewhere, is
    logged out."""
    account = _own_account(registry, session)
    check_secure(registry, session)
    if not (command.password and command.new):
        raise PasswordNeeded(f"You are changing the password of {account.name.text}.", "Give the old one and a new one.")
    await by_password(registry, session, account.name, command.password)
    hashed = await new_hash(registry, session, account.name, command.new)
    await registry.accounts.set_password(account, hashed)
    await end_others(registry, session, account)
    return Done("password")


async def sessions(registry: Registry, session: Session, command: Sessions) -> Answer:
    """List the sessions of the account, after ending one of them if one is named."""
    account = _own_account(registry, session)
    if command.end:
        await end_one(registry, session, account, command.end)
    return SessionList(listed(registry, session, account))


async def keys(registry: Registry, session: Session, command: Keys) -> Answer:
    """List the keys of the account, after adding or removing one."""
    account, accounts = _own_account(registry, session), registry.accounts
    if command.add or command.own:
        key = _own_key(session) if command.own else parse_key(command.add)
        await accounts.add_key(account, key.value, key.comment, registry.now())
    if command.remove:
        removed = [key for key in accounts.credentials(account, Kind.KEY) if key.id == command.remove]
        if not removed:
            raise BadUsage(f"You have no key {command.remove}.", "/keys lists them.")
        await accounts.drop(*removed)
    return KeyList(tuple(map(_key_line, accounts.credentials(account, Kind.KEY))))


def _own_key(session: Session) -> PublicKey:
    if session.key is None:
        raise BadUsage("You have not come with a key or a certificate.", "Write /keys add KEY with a line of a .pub file.")
    return session.key


def _key_line(credential: Credential) -> KeyLine:
    key = parse_key(credential.value)
    return KeyLine(credential.id, key.kind, key.fingerprint, credential.label, credential.made)


def _own_account(registry: Registry, session: Session) -> Account:
    """The account that ``session`` is logged in to. Raises BadUsage."""
    account = registry.accounts.get(person_of(session).account)
    if account is None:
        raise BadUsage("You are not logged in.", "/login NICK logs in to an account, and /register makes one of your nick.")
    return account


async def release(registry: Registry, session: Session, command: Release) -> Answer:
    """Take the nick back from whoever else has it, at once: the other sessions of the account end,
    and guests who look like it get another nick."""
    account = _own_account(registry, session)
    release_nick(registry, account, session)
    await end_others(registry, session, account)
    return Done("release", account.name.text)


async def logout(registry: Registry, session: Session, command: Logout) -> Answer:
    """End a session of an account, and make its secret invalid; with it end the other connections
    that have come with this secret, which are the same session."""
    _own_account(registry, session)
    own = session.credential
    if own is not None:
        for other in registry.directory.sessions(person_of(session)):
            if other is not session and other.credential is not None and other.credential.id == own.id:
                end(registry, other, Reason.ENDED)
        await registry.accounts.drop(own)
    return await quit_session(registry, session, Reason.QUIT)
