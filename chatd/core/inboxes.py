"""Inboxes: the private messages of each person are a log, like a room that nobody else can see.

A message is an event in the inbox of the recipient, and a copy in that of whoever has written it.
Each session of a person is a cursor on their inbox, except for what it has written itself. So
messages wait for people who are not here, and every session gets each of them once.

The inbox of an account is in the store, under ``@`` and the key of its nick. That of a guest is in
memory, belongs to their seat, and goes some minutes after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from random import getrandbits

from chatd.core.account import Account, Mark
from chatd.core.accounts import Accounts
from chatd.core.answers import AwayNotice, InboxIs
from chatd.core.directory import Directory
from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, Private
from chatd.core.facts import fact
from chatd.core.flood import Bucket
from chatd.core.limits import (
    GUEST_INBOXES_BYTES,
    INBOX_CORRESPONDENTS,
    INBOX_LOG_BYTES,
    LEFT_INBOXES,
    MEMORY_ONLY_SECONDS,
    PRIVATE_BYTES,
    SENDER_BYTES,
    STRANGER_BURST,
    STRANGERS_BURST,
    STRANGERS_RATE,
)
from chatd.core.log import Log, LogStore, OnStored, Resume
from chatd.core.memory import MemoryLog, size_of
from chatd.core.names import INBOX, Name, inbox_key
from chatd.core.person import Person
from chatd.core.room import Room
from chatd.core.session import Session

Recipient = Person | Account
"""Somebody who is here, or the owner of an account who is not."""


class Inbox(Room):
    """The inbox of an account, or of a guest. ``taken`` is the number of the last event that a
    session of the owner has surely received."""

    __slots__ = ("correspondents", "is_kept", "left_at", "shares", "strangers", "taken", "told", "waiting")

    def __init__(self, key: str, log: Log, on_news: Callable[[Room], None], is_kept: bool, taken: int, now: int) -> None:
        super().__init__(Name(INBOX, key, key), log, on_news)
        self.is_kept = is_kept
        """Whether it belongs to an account."""
        self.taken = taken
        self.left_at = 0
        """When the owner, a guest, has left; in milliseconds since 1970-01-01 UTC."""
        self.waiting: Counter[str] = Counter()
        """What has come since the owner stopped reading, in bytes: in all, and from each sender."""
        self.strangers = Bucket(STRANGERS_RATE, STRANGERS_BURST, now / 1000)
        """What people may still write to whom the owner has never written."""
        self.shares: dict[str, Bucket] = {}
        """What each of them may still write."""
        self.correspondents: dict[str, None] = {}
        """The keys of the inboxes to which the owner has written, oldest first."""
        self.told: set[str] = set()
        """Who knows already that the owner is not here."""

    def add_correspondent(self, key: str) -> None:
        """The owner has written to the inbox with this ``key``."""
        self.correspondents[key] = None
        if len(self.correspondents) > INBOX_CORRESPONDENTS:
            del self.correspondents[next(iter(self.correspondents))]


@fact()
class Letter:
    """A private message to ``nick``: the draft for the inbox of whoever writes it, ``own``, and the
    one for that of the recipient, ``other``."""

    nick: str
    own: Inbox
    draft: Private
    other: Inbox
    copy: Private


class Inboxes:
    """All inboxes. ``store`` has those of accounts, ``now`` returns the milliseconds since
    1970-01-01 UTC, and ``on_news`` is called with an inbox when it has new events."""

    def __init__(
        self, store: LogStore, accounts: Accounts, directory: Directory, now: Callable[[], int], on_news: Callable[[Room], None]
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._directory = directory
        self._now = now
        self._on_news = on_news
        self._by_key: dict[str, Inbox] = {}
        """The inboxes that were used since the start, except for those of guests who have left."""
        self._guests: dict[Inbox, MemoryLog] = {}
        """Those of guests among them, and their logs."""
        self._left: dict[str, Inbox] = {}
        """The inboxes of guests who have left, oldest first."""
        self._attached: dict[Session, Inbox | None] = {}
        """The sessions that follow their inbox; None: there is none yet."""
        self._fresh: set[Inbox] = set()
        """The inboxes with events that their owner may not have received."""

    # -- Looking up

    def get(self, key: str) -> Inbox | None:
        """The inbox with this key, if there is one."""
        inbox = self._by_key.get(key)
        if inbox is None and key in self._store.logs:
            inbox = self._make(key, self._store.logs[key], is_kept=True)
        return inbox or self._left.get(key)

    def of(self, session: Session) -> Inbox:
        """The inbox of the person of ``session``."""
        return self._attached.get(session) or self._open(*self._owner(session))

    def _owner(self, session: Session) -> tuple[str, Sequence[Session]]:
        """The key of the inbox of ``session``, and the sessions that it belongs to."""
        person = session.person
        assert person is not None
        return _key(person.account, session.sender_id), self._directory.sessions(person)

    def of_recipient(self, recipient: Recipient) -> tuple[Inbox, Sequence[Session]]:
        """The inbox of ``recipient``, and their sessions."""
        if isinstance(recipient, Account):
            return self._open(inbox_key(recipient.name.key), ()), ()
        sessions = self._directory.sessions(recipient)
        return self._open(_key(recipient.account, sessions[0].sender_id), sessions), sessions

    def _open(self, key: str, sessions: Sequence[Session]) -> Inbox:
        inbox = self._by_key.get(key) or self.get(key)
        if inbox is not None:
            return inbox
        is_kept = key.startswith(INBOX)
        log = self._store.log(Name(INBOX, key, key)) if is_kept else MemoryLog(size=INBOX_LOG_BYTES)
        inbox = self._make(key, log, is_kept)
        if isinstance(log, MemoryLog) and not is_kept:
            self._guests[inbox] = log
        for session in sessions:
            if session in self._attached:
                if is_kept:  # They may have followed that of a guest before.
                    session.out.tell(InboxIs(inbox.taken, inbox.taken))
                self._follow(session, inbox, inbox.taken + 1)
        return inbox

    def _make(self, key: str, log: Log, is_kept: bool) -> Inbox:
        account = self._accounts.get(key.removeprefix(INBOX)) if is_kept else None
        taken = max(self._accounts.mark(account, INBOX) if account else 0, log.first - 1)
        inbox = self._by_key[key] = Inbox(key, log, self._on_news, is_kept, taken, self._now())
        return inbox

    # -- Sessions

    def attach(self, session: Session, resume: Resume | None = None) -> InboxIs | None:
        """Let ``session`` follow the inbox of its person from the event after ``resume`` on, if
        that is possible, and otherwise from the first one that no session has received. Returns
        what to tell the session, if anything."""
        person = session.person
        if person is None or session.is_ending:
            return None
        key, _ = self._owner(session)
        if key in self._left:
            returned = self._by_key[key] = self._left.pop(key)
            assert isinstance(returned.log, MemoryLog)
            self._guests[returned] = returned.log
        inbox = self._attached[session] = self.get(key)
        if inbox is None:
            return InboxIs(0, 0) if resume else None
        self._note_taken(inbox)
        after = resume.seq if resume and self._knows(inbox, resume) else inbox.taken
        self._follow(session, inbox, after + 1)
        inbox.waiting.clear()
        inbox.told.clear()
        last, account = inbox.log.end - 1, self._accounts.get(person.account)
        read = self._accounts.read_talks(account) if account else {}
        return InboxIs(after, last, read) if resume or person.account or after < last else None

    def _knows(self, inbox: Inbox, resume: Resume) -> bool:
        if resume.seq < 0:
            return False
        if inbox.is_kept:
            return self._store.knows(resume.log, inbox.name.key, resume.seq)
        return resume.log == self._store.name and resume.seq < inbox.log.end

    def _follow(self, session: Session, inbox: Inbox, cursor: int) -> None:
        self._attached[session] = inbox
        session.out.follow(inbox, cursor)

    def detach(self, session: Session) -> None:
        """``session`` follows its inbox no more, since it ends or logs in."""
        inbox = self._attached.pop(session, None)
        if inbox is not None:
            self._note_taken(inbox, session)
            session.out.unfollow(inbox, inbox.log.end)
        left = self._by_key.pop(session.sender_id, None)
        if left is not None:  # They are a guest.
            left.left_at = self._now()
            self._left[session.sender_id] = left
            self._fresh.discard(left)
            del self._guests[left]
            self._drop_left()

    def _drop_left(self) -> None:
        latest = self._now() - MEMORY_ONLY_SECONDS * 1000
        for key, inbox in tuple(self._left.items()):
            if inbox.left_at > latest and len(self._left) <= LEFT_INBOXES:
                break
            del self._left[key]

    # -- What has been received

    def note_taken(self) -> None:
        """Note what people have received, so that they are not told again; called every few
        seconds."""
        self._drop_left()
        for inbox in tuple(self._fresh):
            self._note_taken(inbox)
        self._drop_received()

    def _drop_received(self) -> None:
        """If the inboxes of guests take more than ``GUEST_INBOXES_BYTES``, drop the older half of
        the largest ones, of what has been received."""
        excess = sum(log.size for log in self._guests.values()) - GUEST_INBOXES_BYTES
        if excess <= 0:
            return
        for inbox, log in sorted(self._guests.items(), key=lambda each: each[1].size, reverse=True):
            excess -= log.size
            log.drop(min(inbox.taken + 1, (log.first + log.end) // 2))
            excess += log.size
            if excess <= 0:
                break

    def _note_taken(self, inbox: Inbox, leaving: Session | None = None) -> None:
        before = inbox.taken
        sessions = [leaving] if leaving else [session for session in self._sessions(inbox) if session in self._attached]
        inbox.taken = max(before, *(session.out.taken(inbox) - 1 for session in sessions), 0)
        if inbox.taken >= inbox.log.end - 1:
            self._fresh.discard(inbox)
        account = self._accounts.get(inbox.name.key.removeprefix(INBOX)) if inbox.is_kept else None
        if account is not None and inbox.taken > before:
            self._accounts.set_marks([Mark(account.id, INBOX, inbox.taken)])

    def _sessions(self, inbox: Inbox) -> Iterator[Session]:
        key = inbox.name.key
        if inbox.is_kept:
            person = self._directory.of_account(key.removeprefix(INBOX))
            yield from self._directory.sessions(person) if person else ()
        else:
            seat = self._directory.session_of(key)
            yield from (seat,) if seat else ()

    # -- Messages

    def write(
        self, session: Session, recipient: Recipient, text: str, id: str, notice: bool = False, action: bool = False
    ) -> Letter:
        """A message of ``session`` to ``recipient``, to be posted. Raises NotDelivered if they
        would not get it."""
        person = session.person
        assert person is not None
        self._directory.check_ignored(session, recipient)
        own = self.of(session)
        other, sessions = self.of_recipient(recipient)
        nick = recipient.name.text
        is_guest, seat, now = not person.account, session.sender_id, session.last_active
        common_id = f"{getrandbits(32):08x}"
        make = partial(
            Private, INBOX, DRAFT, now, session.nick, seat, text, action, notice=notice, guest=is_guest, common_id=common_id
        )
        other_id = "" if own.is_kept and other.is_kept else id  # Of two copies on the disk, one has the id.
        draft, copy = make(id=id, to=nick), make(id=other_id)
        self._check_space(own, other, sessions, person, copy, nick)
        return Letter(nick, own, draft, other, copy)

    def _check_space(self, own: Inbox, other: Inbox, sessions: Sequence[Session], person: Person, copy: Private, nick: str) -> None:
        """Raise NotDelivered if the owner of ``other``, called ``nick``, gets more than they
        read."""
        if own is other:
            return
        sent = max((session.out.sent(other) for session in sessions), default=0)
        if sent == other.log.end:
            other.waiting.clear()
        elif not (sent and other.is_kept):
            self._check_waiting(other, sent > 0, bool(sessions), person, size_of(copy), nick)
        if other.is_kept and own.name.key not in other.correspondents:
            self._check_stranger(other, _sender(person), nick)
        own.add_correspondent(other.name.key)

    def _check_stranger(self, other: Inbox, sender: str, nick: str) -> None:
        """Raise NotDelivered if ``nick``, the owner of ``other``, gets too much from people to whom
        they have not written; ``sender`` is one of them."""
        now = self._now() / 1000
        share = other.shares.setdefault(sender, Bucket(STRANGERS_RATE, STRANGER_BURST, now))
        if share.wait(now) or other.strangers.wait(now):
            reason = f"{nick} gets too many messages from people to whom they have not written."
            raise NotDelivered(reason, "Try again later.")
        share.spend(1)
        other.strangers.spend(1)
        if len(other.shares) > INBOX_CORRESPONDENTS:
            del other.shares[next(iter(other.shares))]

    def _check_waiting(self, other: Inbox, is_reading: bool, is_here: bool, person: Person, size: int, nick: str) -> None:
        """Raise NotDelivered if too much waits for ``nick``; of one sender, unless
        ``is_reading``."""
        sender, waiting = _sender(person), other.waiting
        is_too_much = not is_reading and waiting[sender] + size > SENDER_BYTES
        if is_too_much or waiting[INBOX] + size > PRIVATE_BYTES:
            state = "is not reading at the moment" if is_here else "is not here, and their inbox is full"
            raise NotDelivered(f"{nick} {state}.", "Nothing was sent; try again later.")
        waiting[sender] += size
        waiting[INBOX] += size

    def post(self, letter: Letter, on_stored: OnStored) -> None:
        """Store the message in both inboxes, in one commit if both are on the disk. ``on_stored``
        is called with the event in the sender's."""
        own, other, draft, copy = letter.own, letter.other, letter.draft, letter.copy
        self._fresh.add(other)
        self._fresh.add(own)
        if own is other:
            own.log.append(draft, on_stored)
        elif own.is_kept == other.is_kept:
            own.log.append(draft, on_stored, (other.log, copy))
        elif own.is_kept:
            own.log.append(draft, lambda outcome: self._on_first(outcome, draft, other, copy, on_stored))
        else:
            other.log.append(copy, lambda outcome: self._on_first(outcome, copy, own, draft, on_stored))

    def _on_first(self, outcome: Event | NotDelivered, first: Private, inbox: Inbox, second: Private, on_stored: OnStored) -> None:
        """Add ``second`` to ``inbox``, which is in memory, if ``first`` is stored and new."""
        if outcome is first:
            inbox.log.append(second, lambda second: on_stored(outcome if first.to else second))
        elif isinstance(outcome, Private) and not outcome.to:  # It was sent before, and its number is that of the recipient.
            unknown = replace(outcome, seq=DRAFT)
            inbox.log.find_sent(outcome.sender_id, outcome.id, lambda sent: on_stored(sent or unknown))
        else:
            on_stored(outcome)

    def absence_notice(self, session: Session, account: Account) -> AwayNotice | None:
        """A notice for ``session`` that the owner of ``account`` is not here, once for each time
        that they go."""
        inbox = self.get(inbox_key(account.name.key))
        if inbox is None or session.sender_id in inbox.told:
            return None
        if len(inbox.told) >= INBOX_CORRESPONDENTS:
            inbox.told.clear()
        inbox.told.add(session.sender_id)
        return AwayNotice(account.name.text, "", True)


def _key(account: str, sender_id: str) -> str:
    return inbox_key(account) if account else sender_id


def _sender(person: Person) -> str:
    """What ``person`` counts as where each sender has a share: all guests of one address are one
    sender."""
    networks = person.identity.networks
    return person.account or (networks[0] if networks else person.identity.subject)
