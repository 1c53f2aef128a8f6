"""The directory: who is connected under which nick and with which sessions. Only the directory
delivers to people."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from chatd.core.account import Account
from chatd.core.accounts import Accounts
from chatd.core.answers import Answer, AwayNotice, FormerLine, Seen
from chatd.core.empty import NOBODY
from chatd.core.errors import NickTaken, NoSuchNick, NotDelivered, PasswordNeeded
from chatd.core.identity import identify
from chatd.core.ignoring import NO_ONE, IgnoreList
from chatd.core.limits import ALERT_WORDS, FORMER_PEOPLE, IGNORE_LISTS
from chatd.core.names import Name, fold
from chatd.core.person import Person
from chatd.core.session import Session
from chatd.core.watching import Watchers


class Directory:
    """Nicks, look-alikes and seats. ``accounts`` knows whose nicks are owned, whether or not they
    are here, and ``now`` returns the milliseconds since 1970-01-01 UTC."""

    def __init__(self, accounts: Accounts, now: Callable[[], int]) -> None:
        self._accounts = accounts
        self._now = now
        self._by_key: dict[str, Person] = {}
        self._by_skeleton: dict[str, Person] = {}
        self._by_sender: dict[str, Session] = {}
        self._sessions: dict[Person, tuple[Session, ...]] = {}
        self.former: deque[FormerLine] = deque(maxlen=FORMER_PEOPLE)
        """Who has left, or has changed their nick, the last one first."""
        self.on_away: Callable[[Person], object] = lambda person: None
        """Called with a person who has gone away, has come back, or is away with another text."""
        self.watchers = Watchers()
        """Who is told when people come and go."""
        self.most = 0
        """The most people who were here at once since the start."""
        self._ignoring: set[Person] = set()
        """The people who ignore somebody."""
        self._ignored_by: dict[str, IgnoreList] = {}
        """Whom the owners of accounts ignore who have left, by the key of the account; at most
        ``IGNORE_LISTS``, oldest first."""

    # -- Who is here

    def find(self, nick: str) -> Person:
        """The person called ``nick``. Raises NoSuchNick."""
        person = self._by_key.get(fold(nick))
        if person is None:
            raise NoSuchNick(f"Nobody called {nick} is here.", "/who lists who is here.")
        return person

    def get(self, nick: str) -> Person | None:
        """The person called ``nick``, if they are here."""
        return self._by_key.get(fold(nick))

    def holder(self, name: Name) -> tuple[str, Sequence[str]]:
        """The nick, as it is written now, and the sender_ids of whoever has the nick ``name``; if
        nobody does, ``name`` and none."""
        person = self._by_key.get(name.key)
        return (person.nick, [session.sender_id for session in self.sessions(person)]) if person else (name.text, ())

    @property
    def people(self) -> Sequence[Person]:
        """Everybody who is here, in the order in which they came."""
        return tuple(self._sessions)

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._sessions)

    def sessions(self, person: Person) -> Sequence[Session]:
        """The sessions of ``person``, oldest first; none after they have left."""
        return self._sessions.get(person, ())

    def session_of(self, sender_id: str) -> Session | None:
        """The session that currently has the seat ``sender_id``."""
        return self._by_sender.get(sender_id)

    # -- Arriving and leaving

    def of_account(self, key: str) -> Person | None:
        """The person who is logged in to the account with this ``key``."""
        person = self._by_key.get(key)
        return person if person is not None and person.account == key else None

    def guests_like(self, name: Name) -> Sequence[Person]:
        """The guests who have the nick ``name``, or one that looks the same."""
        holders = {self._by_key.get(name.key), self._by_skeleton.get(name.skeleton)}
        return [person for person in holders if person is not None and not person.account]

    def check_free(self, name: Name, except_for: Person | None = None, account: str = "") -> None:
        """Raise PasswordNeeded if the nick ``name`` is owned, unless the account with the key
        ``account`` owns it; NickTaken if a nick that looks the same is owned, or if somebody other
        than ``except_for`` has such a nick; should that be a guest whose connection is dead, the
        nick is free soon."""
        self._check_owner(name, account)
        for holder in (self._by_key.get(name.key), self._by_skeleton.get(name.skeleton)):
            if holder is None or holder is except_for:
                continue
            self._probe(holder)
            if holder.name.key == name.key:
                raise NickTaken(f"{holder.nick} is here already.", "Choose another nick.")
            raise NickTaken(f"{name.text} looks like {holder.nick}, who is here already.", "Choose another nick.")

    def _probe(self, holder: Person) -> None:
        """Let the sessions of the guest ``holder`` show that they are alive; the owner of an
        account can do without, and log in again."""
        for session in () if holder.account else self.sessions(holder):
            if session.probe is not None:
                session.probe()

    def _check_owner(self, name: Name, account: str) -> None:
        owner = self._accounts.owner(name)
        if owner is None or owner.name.key == account:
            return
        if owner.name.key == name.key:
            raise PasswordNeeded(f"{name.text} is registered.", "Log in with its password, or choose another nick.")
        raise NickTaken(f"{name.text} looks like {owner.name.text}, who is registered.", "Choose another nick.")

    def arrive(self, session: Session, name: Name, sender_id: str, account: str = "") -> Person:
        """Add a new person called ``name``, whose first session is ``session``: a guest, or the
        owner of the account with the key ``account``. Raises NickTaken and PasswordNeeded."""
        self.check_free(name, account=account)
        person = Person(name, account)
        self._add_name(person)
        self.attach(session, person, sender_id)
        if account:
            self.own(person, account)
        self.watchers.tell(person.name.key, Seen(person.nick, account=person.is_registered))
        return person

    def own(self, person: Person, account: str) -> None:
        """Make ``person`` the owner of the account with this key (empty: a guest), who ignores whom
        they have ignored before, and is alerted to the same words."""
        person.account = account
        before = self._ignoring_of(account)
        ignoring = person.ignoring
        if before:
            self._ignored_by.pop(account, None)
            ignoring = ignoring.copy()
            ignoring.merge(before)
        self.set_ignoring(person, ignoring)
        owner = self._accounts.get(account)
        if owner is not None:
            kept = {fold(word): word for word in self._accounts.alerts(owner)}
            self.set_alerts(person, dict(list({**kept, **person.alerts}.items())[:ALERT_WORDS]))

    def attach(self, session: Session, person: Person, sender_id: str) -> None:
        """Add ``session`` to the sessions of ``person``, with the seat ``sender_id``, which must be
        free."""
        assert sender_id not in self._by_sender, "a seat has one session"
        session.person, session.sender_id = person, sender_id
        self._by_sender[sender_id] = session
        self._sessions[person] = (*self.sessions(person), session)
        self.most = max(self.most, len(self._sessions))
        self.identify(person)
        if person.away is not None:  # They are here again.
            self._set_away(person, None)

    def succeed(self, before: Session, session: Session) -> None:
        """Give ``session`` the seat of ``before``, which has it no more: its person is the same,
        and away if they were."""
        person = before.person
        assert person is not None
        session.person, session.sender_id, session.away = person, before.sender_id, before.away
        self._sessions[person] = tuple(session if each is before else each for each in self._sessions[person])
        self._by_sender[session.sender_id] = session
        self.identify(person)

    def detach(self, session: Session) -> bool:
        """Free the seat of ``session``. Returns whether it was the last session of its person, who
        is removed in that case."""
        person = session.person
        sessions = self.sessions(person) if person else ()
        self.watchers.clear(session)
        if person is None or session not in sessions:
            return False
        del self._by_sender[session.sender_id]
        left = tuple(each for each in sessions if each is not session)
        if left:
            self._sessions[person] = left
            self.identify(person)
            self._set_away(person, left[-1].away)
            return False
        del self._sessions[person]
        self._ignoring.discard(person)
        if person.account and person.ignoring:
            self._ignored_by[person.account] = person.ignoring
            if len(self._ignored_by) > IGNORE_LISTS:
                del self._ignored_by[next(iter(self._ignored_by))]
        self._remove_name(person)
        self._remember(person)
        self.watchers.tell(person.name.key, Seen(person.nick, gone=True))
        return True

    def rename(self, person: Person, name: Name) -> None:
        """Change the nick of ``person`` to ``name``; whoever ignores the old one goes on ignoring
        them. Raises NickTaken and PasswordNeeded."""
        self.check_free(name, person, person.account)
        for other in self._ignoring:
            if person.name.key in other.ignoring:
                other.ignoring.add(*self.holder(person.name))
        self._remove_name(person)
        before, key = person.nick, person.name.key
        if key != name.key:
            self._remember(person)
        person.rename(name)
        self._add_name(person)
        self.identify(person)
        if key != name.key:
            self.watchers.tell(key, Seen(before, gone=True))
            self.watchers.tell(name.key, Seen(name.text, account=person.is_registered))

    def identify(self, person: Person) -> None:
        """Bring the identity of ``person`` up to date: their nick, account or sessions have
        changed."""
        sessions = self.sessions(person)
        seats = [session.sender_id for session in sessions]
        account = self._accounts.get(person.account)
        made = account.made if account else 0
        addresses, keys = [session.address for session in sessions], [session.fingerprint for session in sessions]
        person.identity = identify(person.name.key, person.account, seats, addresses, made, keys, person.operator)

    def _remember(self, person: Person) -> None:
        """``person`` no longer has their nick."""
        self.former.appendleft(FormerLine(person.nick, self._now(), person.user, person.realname, bool(person.account)))

    def _add_name(self, person: Person) -> None:
        self._by_key[person.name.key] = person
        self._by_skeleton[person.name.skeleton] = person

    def _remove_name(self, person: Person) -> None:
        del self._by_key[person.name.key]
        del self._by_skeleton[person.name.skeleton]

    # -- Delivering to people

    def tell(self, person: Person, answer: Answer) -> None:
        """Queue ``answer`` for every session of ``person``."""
        for session in self.sessions(person):
            session.out.tell(answer)

    def set_ignoring(self, person: Person, ignoring: IgnoreList) -> None:
        """Let ``person`` ignore whom ``ignoring`` names, which may have changed."""
        person.ignoring = ignoring or NO_ONE
        (self._ignoring.add if ignoring else self._ignoring.discard)(person)
        for session in self.sessions(person):
            session.out.set_filtered(bool(ignoring))
        account = self._accounts.get(person.account)
        nicks = tuple(ignored.nick for ignored in ignoring.people)
        if account is not None and nicks != self._accounts.ignored(account):
            self._accounts.set_ignored(account, nicks)

    def set_alerts(self, person: Person, alerts: Mapping[str, str]) -> None:
        """Let ``person`` be alerted to these words, which are kept if they own an account."""
        person.alerts = alerts
        account, words = self._accounts.get(person.account), tuple(alerts.values())
        if account is not None and words != self._accounts.alerts(account):
            self._accounts.set_alerts(account, words)

    def _ignoring_of(self, account: str) -> IgnoreList | None:
        """Whom the owner of the account with this key ignores, who is not here; of those who were
        ignored before the start of the server, only the nicks are known."""
        if account in self._ignored_by:
            return self._ignored_by[account]
        owner = self._accounts.get(account)
        return IgnoreList(self._accounts.ignored(owner)) if owner else None

    def set_away(self, session: Session, text: str | None) -> None:
        """Mark the person of ``session`` as away from there with ``text``; None: as back. They are
        away if they are away from all of their sessions."""
        assert session.person is not None
        session.away = text
        self._set_away(session.person, text)

    def _set_away(self, person: Person, text: str | None) -> None:
        before = person.away
        is_here = any(session.away is None for session in self.sessions(person))
        person.away = None if is_here else text
        person.away_seen_by = NOBODY
        if person.away != before:
            self.on_away(person)

    def check_ignored(self, sender: Session, recipient: Person | Account) -> None:
        """Raise NotDelivered if ``recipient``, who need not be here, ignores ``sender``."""
        ignoring = self._ignoring_of(recipient.name.key) if isinstance(recipient, Account) else recipient.ignoring
        if ignoring and ignoring.covers(sender.nick, sender.sender_id):
            raise NotDelivered(f"{recipient.name.text} ignores you.", "Nothing was sent.")

    def away_notice(self, sender: Session, recipient: Person) -> AwayNotice | None:
        """A notice for ``sender`` that ``recipient`` is away, once for each time they go away."""
        assert sender.person is not None
        key = sender.person.name.key
        if recipient.away is None or key in recipient.away_seen_by:
            return None
        recipient.away_seen_by |= {key}
        return AwayNotice(recipient.nick, recipient.away)
