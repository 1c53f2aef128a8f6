"""Proving that one owns an account, by its password or by a session secret.

Guessing is slowed for whoever guesses, never for the owner: each failure costs the address of the
connection, and makes the connection wait, longer each time. No number of failures locks an account.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import Final

from chatd.core.account import Account, Credential, Kind
from chatd.core.driver import Later
from chatd.core.errors import (
    BadUsage,
    NickTaken,
    NotAllowed,
    NotSecure,
    PasswordNeeded,
    ServerPasswordNeeded,
    TooMany,
    WrongPassword,
)
from chatd.core.events import DRAFT, Invited
from chatd.core.identity import identify, network_of
from chatd.core.limits import BUSY_SECONDS, FAILED_LOGIN_LINES, FAILED_LOGIN_SECONDS, LOGIN_LINES, PASSWORD_CHARACTERS
from chatd.core.log import Asker
from chatd.core.names import Name
from chatd.core.password import check_length, prepared
from chatd.core.policy import check_may_come
from chatd.core.registry import Registry
from chatd.core.session import Session

DIFFERENT_CHARACTERS: Final = 4
"""How many different characters a password has at least, in number."""

_BUSY: Final = TooMany("Too many people are logging in at the moment.", "Try again in a few seconds.")


def check_secure(registry: Registry, session: Session) -> None:
    """Raise NotSecure if others could read a password that ``session`` sends."""
    if not (session.is_secure or registry.settings.clear_passwords):
        raise NotSecure(
            "A password would be readable on the way: this connection is not encrypted.", "Connect with TLS, or from this machine."
        )


def asker_of(session: Session) -> Asker:
    """``session`` as somebody who waits for a password to be checked."""
    return Asker(session.address, lambda: not session.is_ending)


async def check_server_password(registry: Registry, session: Session, password: str) -> None:
    """Let ``session`` in if ``password`` is that of the server, or if it has none. Raises
    ServerPasswordNeeded, also for a wrong one, and NotSecure."""
    expected = registry.settings.server_password
    if not expected or session.is_admitted:
        return
    check_secure(registry, session)
    if not password:
        raise ServerPasswordNeeded("This server has a password.", "Give it, and then your nick.")
    await _wait_for_turn(registry, session)
    if not compare_digest(_digest(password), _digest(expected)):
        await _fail(registry, session)
        raise ServerPasswordNeeded("That is not the password of the server.", "Ask whoever has told you about it.")
    _give_turn_back(registry, session)
    session.is_admitted = True


def _digest(password: str) -> bytes:
    """What is compared instead of ``password``: all digests have the same length."""
    return sha256(prepared(password).encode()).digest()


async def by_password(registry: Registry, session: Session, name: Name, password: str) -> Account:
    """The account with the nick ``name``, if ``password`` is its password.

    Raises NotSecure, TooMany, WrongPassword, and NotAllowed if the account is disabled.
    """
    check_secure(registry, session)
    session.out.spend(LOGIN_LINES)
    await _wait_for_turn(registry, session)
    before = registry.accounts.get(name.key)
    is_right: bool | None = False
    if len(password) <= PASSWORD_CHARACTERS[1]:
        is_right = await Later(registry.authenticator.check, name.text, prepared(password), asker_of(session))
    check_present(session)
    if is_right is None:
        await _slow_down(registry, session, BUSY_SECONDS)
        raise _BUSY
    account = registry.accounts.get(name.key)
    if not is_right or before not in (None, account):  # It may have been checked with a password that was changed meanwhile.
        await _fail(registry, session)
        raise WrongPassword(f"That is not the password of {name.text}.", "Try again, or choose another nick.")
    _give_turn_back(registry, session)
    if account is None:  # The operator's own file, or whatever else was asked, knows this person.
        account = await registry.accounts.add(name, "", registry.now())
        check_present(session)
    return _admitted(session, account)


async def by_secret(registry: Registry, session: Session, name: Name, secret: str) -> tuple[Account, Credential]:
    """The account with the nick ``name``, if ``secret`` is one of its session secrets, and that
    secret. Raises NotSecure, WrongPassword and NotAllowed."""
    check_secure(registry, session)
    found = registry.accounts.find_secret(Kind.SECRET, secret)
    if found is None or found[0].name.key != name.key:
        await _fail(registry, session)
        raise WrongPassword("This session secret is not valid, or not any more.", "Log in with the password.")
    account, credential = found
    _admitted(session, account)
    registry.accounts.note_use(credential, registry.now())
    return account, credential


def by_key(registry: Registry, session: Session, name: Name) -> Account | None:
    """The account with the nick ``name``, if the key of ``session`` is one of its keys. Raises
    NotAllowed."""
    found = registry.accounts.find_key(session.key.value) if session.key is not None else None
    if found is None or found[0].name.key != name.key:
        return None
    account, credential = found
    _admitted(session, account)
    registry.accounts.note_use(credential, registry.now())
    return account


async def make_account(registry: Registry, session: Session, name: Name, password: str, code: str) -> Account:
    """Make an account with the nick ``name``, which is that of ``session``, or which nobody has,
    and with ``password``; on a server that asks for an invitation, ``code`` is one.

    Raises NotAllowed, Banned, NickTaken, NotSecure, PasswordNeeded, WrongPassword, BadUsage,
    TooMany and NotDelivered.
    """
    registration, invitation = registry.settings.registration, None
    if registration == "closed":
        raise NotAllowed("Nobody can register on this server by themselves.", "Ask its operator for an account.")
    if name.key in registry.settings.operators:  # Whoever came first would be an operator.
        hint = f"`chatd-admin accounts add {name.text}` makes their account."
        raise NotAllowed(f"{name.text} is the nick of an operator of this server.", hint)
    # An account is not about an address, so it must not lift the ban of a guest.
    check_may_come(registry, identify(name.key, "", [session.sender_id], [session.address], 0, [session.fingerprint]))
    _check_unowned(registry, session, name)
    check_secure(registry, session)
    if registration == "invite":
        if not code:
            raise NotAllowed("Registering on this server needs an invitation.", "Write /register NICK CODE.")
        invitation = registry.accounts.find_invitation(code)
        if invitation is None or not _may_invite(registry, registry.accounts.maker(invitation)):
            await _fail(registry, session)
            raise WrongPassword("This invitation is not valid, or used already.", "Ask for another one.")
    if not password:
        raise PasswordNeeded(f"You are registering {name.text}.", "Choose a password.")
    hashed = await new_hash(registry, session, name, password)
    _check_unowned(registry, session, name)  # Somebody may have come meanwhile.
    account = await registry.accounts.add(name, hashed, registry.now(), session.address, invitation)
    if invitation is not None:
        await _note_invited(registry, invitation, name)
    return account


def _may_invite(registry: Registry, maker: Account | None) -> bool:
    """Whether ``maker``, who has made an invitation, is still an operator."""
    if maker is None:
        return True
    key = maker.name.key
    return not maker.is_disabled and registry.is_operator(identify(key, key, (), ()))


async def _note_invited(registry: Registry, invitation: Credential, name: Name) -> None:
    """Record in the log of the server who has invited the owner of ``name``."""
    maker, server = registry.accounts.maker(invitation), registry.rooms.server
    nick = maker.name.text if maker else invitation.label
    # The account is made, whether or not this can be stored.
    await Later(server.post, Invited(server.name.text, DRAFT, registry.now(), nick, "", name.text))


def _check_unowned(registry: Registry, session: Session, name: Name) -> None:
    """Raise NickTaken if somebody owns ``name`` or what looks like it, or another person has it."""
    if registry.accounts.owner(name) is not None:
        raise NickTaken(f"{name.text}, or a nick that looks like it, is registered already.", "Choose another nick.")
    registry.directory.check_free(name, session.person)


async def new_hash(registry: Registry, session: Session, name: Name, password: str) -> str:
    """The hash of ``password``, a new password for ``name``. Raises NotSecure, TooMany, and
    BadUsage if the password is easy to guess."""
    check_secure(registry, session)
    check_length(password)
    if len({*password}) < DIFFERENT_CHARACTERS or password.lower().strip("0123456789") == name.key:
        raise BadUsage("This password is too easy to guess.", "Choose another one, such as four words that nobody would expect.")
    session.out.spend(LOGIN_LINES)
    hashed: str | None = await Later(registry.authenticator.hash, prepared(password), asker_of(session))
    check_present(session)
    if hashed is None:
        await _slow_down(registry, session, BUSY_SECONDS)
        raise _BUSY
    return hashed


def check_present(session: Session) -> None:
    """Raise NotAllowed if ``session`` has ended while something was checked for it: nobody would
    read the answer, and nothing must be done for it any more."""
    if session.is_ending:
        raise NotAllowed("The connection has ended.", "Connect again.")


def _admitted(session: Session, account: Account) -> Account:
    session.failed_logins = 0
    if account.is_disabled:
        raise NotAllowed(f"The account {account.name.text} is disabled.", "Ask the operator of this server.")
    return account


async def _wait_for_turn(registry: Registry, session: Session) -> None:
    """Wait before a password of somebody without an address is checked: nothing else makes them
    pay. Raises TooMany."""
    if network_of(session.address):
        return
    seconds = registry.local_guesses.take(registry.now())
    if seconds is None:
        await _slow_down(registry, session, BUSY_SECONDS)
        raise _BUSY
    if seconds:
        await _slow_down(registry, session, seconds)


def _give_turn_back(registry: Registry, session: Session) -> None:
    if not network_of(session.address):
        registry.local_guesses.give_back()


async def _fail(registry: Registry, session: Session) -> None:
    """Let whoever guesses pay and wait."""
    session.out.spend(FAILED_LOGIN_LINES)
    seconds = min(2.0**session.failed_logins, FAILED_LOGIN_SECONDS)
    session.failed_logins += 1
    await _slow_down(registry, session, seconds)


async def _slow_down(registry: Registry, session: Session, seconds: float) -> None:
    await Later(registry.authenticator.wait, seconds)
    check_present(session)
