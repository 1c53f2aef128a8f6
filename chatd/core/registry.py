"""The registry: what all connections of a server share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from chatd.core.accounts import Accounts
from chatd.core.admission import Admission
from chatd.core.answers import Answer, PersonChanged
from chatd.core.authenticator import Authenticator, NoAuthenticator
from chatd.core.directory import Directory
from chatd.core.expiry import Expiry
from chatd.core.identity import ACCOUNT, Identity
from chatd.core.inboxes import Inboxes
from chatd.core.limits import ADDRESS_RATE, FLOOD_BURST, FLOOD_RATE, SESSIONS, SESSIONS_PER_ADDRESS
from chatd.core.local_guesses import LocalGuesses
from chatd.core.log import LogStore
from chatd.core.membership import Role
from chatd.core.names import parse_room
from chatd.core.person import Person
from chatd.core.rights import Rights
from chatd.core.room import Room
from chatd.core.rooms import SERVER, Rooms

_NO_RIGHTS: Final = Rights()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the server; a limit of 0 means no limit."""

    name: str = "chatd"
    motd: tuple[str, ...] = ()
    default_room: str = "lobby"
    flood_rate: float = FLOOD_RATE
    flood_burst: int = FLOOD_BURST
    address_rate: float = ADDRESS_RATE
    max_per_address: int = SESSIONS_PER_ADDRESS
    max_sessions: int = SESSIONS
    keep: str = ""
    """How long events are kept at most (``retention.py``); empty: forever."""
    operators: frozenset[str] = frozenset()
    """The keys of the accounts whose owners are operators of the server."""
    clear_passwords: bool = False
    """Whether passwords are accepted over a link that others can read."""
    accounts_only: bool = False
    """Whether only the owners of accounts are admitted, and no guests."""
    server_password: str = field(default="", repr=False)
    """A password that everybody gives before anything else; empty: there is none."""
    registration: str = "open"
    """Who may make an account: ``open``: everybody; ``invite``: who has an invitation; ``closed``:
    nobody."""
    sts: tuple[int, int] | None = None
    """IRC clients are to come inside TLS only: to this port, for so many seconds (IRCv3 sts)."""


class Registry:
    """The accounts, directory, rooms, inboxes, admission and expiry of one server.

    ``store`` has the logs of the rooms, ``now`` returns the milliseconds since 1970-01-01 UTC, and
    ``on_news`` is called with a room when its log has new events.
    """

    def __init__(
        self,
        settings: Settings,
        store: LogStore,
        now: Callable[[], int],
        on_news: Callable[[Room], None],
    ) -> None:
        self.settings = settings
        self.store = store
        self.now = now
        self.default_room = parse_room(settings.default_room)
        self.reserved = frozenset({settings.name, self.default_room.text})
        """Names that nobody may use as a nick on this server."""
        self.ssh_fingerprint = ""
        """The fingerprint of the server's SSH key; empty: it has none."""
        self.admission = Admission(settings.max_sessions, settings.max_per_address)
        self.accounts = Accounts(store)
        self.local_guesses = LocalGuesses()
        self.authenticator: Authenticator = NoAuthenticator()
        """What checks passwords; whoever wires the server sets it, since it knows the accounts."""
        self.directory = Directory(self.accounts, now)
        self.inboxes = Inboxes(store, self.accounts, self.directory, now, on_news)
        self.rooms = Rooms(store, on_news, self.default_room)
        self.next_turn: Callable[[Callable[[], object]], object] = lambda then: then()
        """Calls its argument after others were served; whoever wires the server sets it."""
        self.directory.on_away = self._on_away
        self.expiry = Expiry(settings.keep, store, self.rooms, self.directory, now)

    @property
    def server_rights(self) -> Rights:
        """The rights that hold on the whole server: its operators and its bans."""
        log = self.store.logs.get(SERVER.key)
        return _NO_RIGHTS if log is None else log.state.rights

    def tell_neighbours(self, person: Person, news: Answer) -> None:
        """Tell the sessions that want to know it, of those with whom ``person`` shares a room."""
        told = {other: None for room in self.rooms.of(person) for other in room.members if other is not person}
        for other in told:
            for session in self.directory.sessions(other):
                if session.out.watches:
                    session.out.tell(news)

    def _on_away(self, person: Person) -> None:
        self.tell_neighbours(person, PersonChanged(person.nick, "away", person.away, bool(person.account)))

    def is_operator(self, identity: Identity) -> bool:
        """Whether a person is an operator of the server. A guest is if they have given the password
        of one."""
        if identity.operator and self._is_operator(identity.operator):
            return True
        return not identity.is_guest and self._is_operator(identity.subject.removeprefix(ACCOUNT))

    def _is_operator(self, account: str) -> bool:
        roles = self.server_rights.roles
        return account in self.settings.operators or roles.get(ACCOUNT + account) == Role.OPERATOR
