"""A session: one connection of a person, and the interface of its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from chatd.core.account import Account, Credential
from chatd.core.answers import Answer
from chatd.core.empty import NOTHING
from chatd.core.events import Event, Reason
from chatd.core.limits import SCROLLBACK_EVENTS
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.core.ssh_keys import PublicKey


class Outgoing(Protocol):
    """The output of one session, as the core sees it; ``delivery/outlet.py`` writes it to a
    transport."""

    @property
    def acknowledges_all(self) -> bool:
        """Whether this session gets an answer to each of its messages that is delivered, and not
        only to those with an id."""

    @property
    def watches(self) -> bool:
        """Whether this session is told what changes of the people with whom it shares a room
        (``answers.PersonChanged``)."""

    @property
    def names_shown(self) -> int:
        """How many members this session is told of at most when it enters a room."""

    def tell(self, answer: Answer) -> None:
        """Queue ``answer`` for this session alone.

        It is never dropped: while much is queued no command is taken, and a session that reads
        nothing of it ends.
        """

    def sent(self, room: Room) -> int:
        """The seq of the next event of ``room`` to send; 0 while the connection takes no more."""

    def taken(self, room: Room) -> int:
        """The seq of the first event of ``room`` that the other side may not have received; 0 if
        that is not known at the moment."""

    def when_taken(self, then: Callable[[], object]) -> None:
        """Call ``then`` when the queued answers leave room for a large one, or none is wanted any
        more."""

    @property
    def is_owed(self) -> bool:
        """Whether more answers are still to come than that of the command that is carried out."""

    def after_news(self, then: Callable[[], object]) -> None:
        """Call ``then`` when the news of all rooms so far are on their way."""

    def follow(self, room: Room, cursor: int) -> None:
        """Send the events of ``room`` from seq ``cursor`` on."""

    def unfollow(self, room: Room, stop: int) -> None:
        """Send the events of ``room`` before seq ``stop`` and none after it. Does nothing if the
        session does not follow the room."""

    def turn_to(self, room: Room | None) -> None:
        """Make ``room`` the current one, whose events may be shown without its name."""

    def set_filtered(self, filtered: bool) -> None:
        """Set whether to send each event as :meth:`Session.heard` says."""

    def reserve(self, size: int) -> None:
        """Keep room for an answer of ``size`` bytes that will come: what is owed counts as what is
        queued. With ``INBOX_BYTES`` no further command is taken until it is there."""

    def release(self, size: int) -> None:
        """Give back what was kept for an answer, which is there."""

    def spend(self, lines: float) -> None:
        """Charge the address of this session for work that costs so many lines."""

    def close(self, reason: Reason) -> None:
        """Send what is queued, and end the connection."""

    def fail(self, defect: BaseException) -> None:
        """Log ``defect``, an error in the server, with its traceback, and end the connection at
        once."""


class Session:
    """One connection with a seat. :attr:`person` is None until it has a nick."""

    __slots__ = (
        "account",
        "address",
        "away",
        "credential",
        "current",
        "door",
        "failed_logins",
        "is_admitted",
        "is_encrypted",
        "is_ending",
        "is_secure",
        "key",
        "last_active",
        "may_return",
        "number",
        "out",
        "person",
        "probe",
        "removed_at",
        "removed_from",
        "scrollback",
        "sender_id",
        "since",
        "watched",
    )

    def __init__(self, out: Outgoing, address: str, door: str, now: int) -> None:
        self.out = out
        self.address = address
        self.door = door
        self.since = now
        """When the connection was made, in milliseconds since 1970-01-01 UTC."""
        self.last_active = now
        """When the last command other than a ping arrived, in the same unit."""
        self.person: Person | None = None
        self.probe: Callable[[], object] | None = None
        """Ends the session soon if nobody is at the other side any more, where the door can find
        that out."""
        self.sender_id = ""
        """The name of this seat in the log, across changes of nick and lost connections: it
        identifies messages that are sent again with the same id."""
        self.current: Room | None = None
        self.removed_from: Room | None = None
        """The room that was the current one, until the person was removed from it at
        :attr:`removed_at` (milliseconds since 1970-01-01 UTC), or left it from another session;
        None after the next command that means the current room."""
        self.removed_at = 0
        self.scrollback = SCROLLBACK_EVENTS
        """How many events of a room are shown on entering it."""
        self.is_ending = False
        """Whether it has begun to end, or has ended."""
        self.may_return = False
        """Whether another connection can take its seat, with its token."""
        self.is_secure = False
        """Whether nobody can read on the way what is sent: by TLS, or on this machine."""
        self.is_encrypted = False
        """Whether what is sent is encrypted on the way: by TLS or SSH."""
        self.key: PublicKey | None = None
        """The public key whose private key it has proved to have: by SSH, or by the certificate of
        a TLS client; ``authentication.by_key`` finds whose it is."""
        self.failed_logins = 0
        """How many wrong passwords it has sent since the last right one."""
        self.is_admitted = False
        """Whether it has given the password of the server."""
        self.account: Account | None = None
        """The account of which it has proved to be the owner before it has a nick."""
        self.watched: Mapping[str, str] = NOTHING
        """The nicks that it watches, by their keys (``watching.py``)."""
        self.number = 0
        """Its number among the sessions of an account, once somebody has asked; see
        :func:`chatd.core.sessions.number_of`."""
        self.credential: Credential | None = None
        """The session secret that it has logged in with, or was given."""
        self.away: str | None = None
        """The away text that was set here; None: the person is not away from this session."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its key; empty: it has none."""
        return "" if self.key is None else self.key.fingerprint

    @property
    def nick(self) -> str:
        """The nick as people see it; empty if there is none yet."""
        return self.person.nick if self.person else ""

    @property
    def is_filtered(self) -> bool:
        """Whether this person ignores anybody."""
        return self.person is not None and bool(self.person.ignoring)

    def heard(self, event: Event) -> Event | None:
        """``event`` as this person hears it, who may ignore whoever caused it; None: not at all."""
        return event if self.person is None else self.person.ignoring.heard(event)
