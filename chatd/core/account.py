"""An account: a nick that somebody owns, and what proves that somebody is its owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from chatd.core.names import Name


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of the nick ``name``, since ``made`` (milliseconds since 1970-01-01 UTC).

    ``id`` stays the same when the account is renamed. ``password`` is the hash of the password, in
    a format that only the authenticator knows (``authenticator.py``); empty: there is none, and
    nobody can log in with one. Nobody can log in to an account that is disabled.
    """

    id: int
    name: Name
    made: int
    password: str = field(default="", repr=False)
    is_disabled: bool = False


class Kind(StrEnum):
    """What a :class:`Credential` is; its value is what the store keeps."""

    SECRET = "secret"
    """A session secret, which the server has made; ``value`` is its SHA-256."""
    KEY = "key"
    """A public key of SSH or of a TLS certificate; ``value`` is its type and the key itself, as in
    ``authorized_keys``."""
    INVITE = "invite"
    """An invitation for one new account, made by this one; ``value`` is the SHA-256 of its code."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Something other than the password that belongs to the account with the id ``account``.

    ``id`` is its number, which people see. ``label`` says what it is for: the door that a secret
    was given to, the comment of a key. ``made`` and ``used`` are when it was made and last used, in
    milliseconds since 1970-01-01 UTC.
    """

    id: int
    account: int
    kind: Kind
    value: str = field(repr=False)
    label: str
    made: int
    used: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """The credential of ``account`` with this ``id`` is no longer valid."""

    id: int
    account: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The owner of ``account`` (an id) has read the events of ``room`` up to ``seq``, or those of a
    private talk, ``@bob``; what they have received of their inbox is under ``@``. 0: it is not
    known any more."""

    account: int
    room: str
    seq: int


@dataclass(frozen=True, slots=True)
class IgnoredNicks:
    """The owner of ``account`` (an id) ignores the people with these ``nicks``, and nobody else."""

    account: int
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertWords:
    """The owner of ``account`` (an id) wants to be alerted to these ``words``, and no others."""

    account: int
    words: tuple[str, ...]


Change = Account | Credential | Dropped | Mark | IgnoredNicks | AlertWords
"""A change of what is stored: a new or changed account, credential, mark, list of ignored nicks or
of words to be alerted to, or a credential that is dropped."""
