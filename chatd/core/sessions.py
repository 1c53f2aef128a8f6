"""The sessions of an account: those that are here, and the secrets with which others can come
back."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.core.account import Account, Kind
from chatd.core.answers import SessionLine
from chatd.core.errors import BadUsage
from chatd.core.events import Reason
from chatd.core.presence import end
from chatd.core.registry import Registry
from chatd.core.session import Session


def listed(registry: Registry, session: Session, account: Account) -> tuple[SessionLine, ...]:
    """The sessions of ``account`` for ``session``, which is one of them, by number."""
    return tuple(sorted(_lines(registry, session, account), key=lambda line: line.number))


def _lines(registry: Registry, session: Session, account: Account) -> Iterator[SessionLine]:
    here: dict[int, list[Session]] = {}
    for other in _here(registry, account):
        here.setdefault(_number_of(registry, other), []).append(other)
    secrets = {secret.id: secret for secret in registry.accounts.credentials(account, Kind.SECRET)}
    for number, sessions in here.items():
        used, latest = max((other.last_active, other.door) for other in sessions)
        since, is_current = min(other.since for other in sessions), session in sessions
        yield SessionLine(number, latest, since, used, True, is_current, number in secrets)
    for number in secrets.keys() - here.keys():
        secret = secrets[number]
        yield SessionLine(number, secret.label, secret.made, secret.used, remembered=True)


def _here(registry: Registry, account: Account) -> tuple[Session, ...]:
    person = registry.directory.of_account(account.name.key)
    return tuple(registry.directory.sessions(person)) if person else ()


def _number_of(registry: Registry, session: Session) -> int:
    """The number of ``session``: that of its secret, or one of its own."""
    if session.credential is not None:
        return session.credential.id
    session.number = session.number or registry.accounts.next_number()
    return session.number


async def end_one(registry: Registry, session: Session, account: Account, number: int) -> None:
    """End the session of ``account`` with this ``number``, which is not that of ``session``, and
    make its secret invalid. Raises BadUsage and NotDelivered."""
    sessions = [other for other in _here(registry, account) if _number_of(registry, other) == number]
    secrets = [secret for secret in registry.accounts.credentials(account, Kind.SECRET) if secret.id == number]
    if not sessions and not secrets:
        raise BadUsage(f"You have no session {number}.", "/sessions lists them.")
    if session in sessions:
        raise BadUsage("You are using this session.", "/logout ends it.")
    for other in sessions:
        end(registry, other, Reason.ENDED)
    await registry.accounts.drop(*secrets)


async def end_others(registry: Registry, session: Session, account: Account) -> None:
    """End all sessions of ``account`` but ``session``, and make all other secrets invalid. Raises
    NotDelivered."""
    for other in _here(registry, account):
        if other is not session:
            end(registry, other, Reason.ENDED)
    secrets = registry.accounts.credentials(account, Kind.SECRET)
    own = session.credential
    await registry.accounts.drop(*(secret for secret in secrets if own is None or secret.id != own.id))
