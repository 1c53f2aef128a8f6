"""Attendance: who is in a room according to its log, and the events that the log still lacks.

People leave and change their nicks whether or not the log can store it. The log is therefore not
sent a list of old events, but the difference between its state and the current facts: at most one
event per person, made when it is appended. Two rules keep the events consistent, however long the
disk takes: at most one event per person is pending; and nobody takes a nick that the log still
assigns to somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Joined, Left, Renamed
from chatd.core.log import Log, OnStored
from chatd.core.membership import Membership
from chatd.core.names import fold
from chatd.core.person import Person

Draft = Joined | Left | Renamed


@dataclass(slots=True, eq=False)
class _Change:
    """The event that the log lacks for one person, and the callbacks for its outcome."""

    draft: Draft
    person: Person | None
    waiting: tuple[OnStored, ...]

    def merged_with(self, earlier: _Change) -> _Change:
        """This change, merged with ``earlier``, a change of the same person that was never
        appended."""
        if isinstance(earlier.draft, Joined) and isinstance(self.draft, Renamed):
            self.draft = replace(earlier.draft, nick=self.draft.to)
            self.person = earlier.person
        self.waiting = earlier.waiting + self.waiting
        return self

    def answer(self, outcome: Event | NotDelivered) -> None:
        """Call the waiting callbacks with ``outcome``, once."""
        waiting, self.waiting = self.waiting, ()
        for on_stored in waiting:
            on_stored(outcome)


class Attendance:
    """Who is in a room according to its ``log``: the fold of the events stored since the start."""

    __slots__ = ("_by_nick", "_log", "_missing", "_pending", "_present", "_waiting_for_nick")

    def __init__(self, log: Log) -> None:
        self._log = log
        self._present: dict[Membership, Person] = {}
        """Who is in according to the log, in the order of joining; `Membership.nick` is the nick
        there."""
        self._missing: dict[Membership, _Change] = {}
        """The changes that are not appended yet: they wait for another change, or could not be
        stored."""
        self._pending: set[Membership] = set()
        """The memberships with a pending event: appended, and not answered."""
        self._by_nick: dict[str, Membership] = {}
        """The holder of each nick, by its key, according to the log or to a pending event."""
        self._waiting_for_nick: dict[str, Membership] = {}
        """The membership that waits for each nick, by its key, until the log no longer assigns it
        to somebody else."""

    # -- The state of the log

    @property
    def is_settled(self) -> bool:
        """Whether the log lacks no event."""
        return not self._missing and not self._pending

    def __len__(self) -> int:
        return len(self._present)

    def others(self, own: Membership, limit: int) -> tuple[str, ...]:
        """The nicks of at most ``limit`` people other than ``own`` who are in according to the
        log."""
        return tuple(islice((membership.nick for membership in self._present if membership is not own), limit))

    def away(self, limit: int) -> Mapping[str, str]:
        """The away texts of the first ``limit`` people, by nick, as far as they are away."""
        first = islice(self._present.items(), limit)
        return {membership.nick: person.away for membership, person in first if person.away is not None}

    def may_take(self, key: str, membership: Membership) -> bool:
        """Whether ``membership`` can take the nick with this ``key``: False if the log assigns it
        to somebody else for whom it still lacks an event."""
        holder = self._by_nick.get(key, membership)
        return holder is membership or holder not in self._missing

    # -- Appending

    def post(self, membership: Membership, draft: Draft, on_stored: OnStored, person: Person | None = None) -> None:
        """Append ``draft``, updated to what is true when it is appended; ``person`` is the person
        who joins.

        ``on_stored`` is called with the event, or with the reason why it is not stored now. A
        joining that cannot be stored is dropped; any other event waits for :meth:`retry`.
        """
        change = _Change(draft, person, (on_stored,))
        earlier = self._missing.pop(membership, None)
        self._missing[membership] = change.merged_with(earlier) if earlier else change
        self._try(membership)

    def retry(self) -> None:
        """Append the changes that could not be stored."""
        for membership in tuple(self._missing):
            self._try(membership)

    def _try(self, membership: Membership) -> None:
        """Append the change of ``membership``, or first the changes that block it."""
        next_: Membership | None = membership
        for _ in range(len(self._missing)):
            if next_ is None or next_ in self._pending or next_ not in self._missing:
                break
            next_ = self._append(next_)

    def _append(self, membership: Membership) -> Membership | None:
        """Append the change of ``membership``. If another membership blocks it, return that one."""
        draft = _updated(self._missing[membership].draft, membership.nick)
        nick = "" if draft is None else _nick_after(draft)
        key = fold(nick)
        holder = self._by_nick.get(key, membership)
        if holder is not membership and (holder in self._missing or holder in self._pending):
            self._waiting_for_nick[key] = membership
            return holder
        change = self._missing.pop(membership)
        if draft is None:
            change.answer(NotDelivered("Not delivered: it is no longer true.", "There is nothing to do."))
            return None
        if key:
            self._by_nick[nick if nick == key else key] = membership  # Their nick is kept already.
        self._pending.add(membership)
        self._log.append(draft, partial(self._answered, membership, change, draft))
        return None

    # -- Outcomes

    def _answered(self, membership: Membership, change: _Change, draft: Draft, outcome: Event | NotDelivered) -> None:
        self._pending.discard(membership)
        before = membership.nick
        if isinstance(outcome, Event):
            self._apply(membership, change, draft, outcome.seq)
        elif not isinstance(draft, Joined):
            self._missing.setdefault(membership, change)
        self._release_nicks(membership, before, _nick_after(draft))
        try:
            change.answer(outcome)
        finally:
            if isinstance(outcome, NotDelivered):
                self._fail(membership, outcome)
            self._continue(membership, before, _nick_after(draft), is_stored=isinstance(outcome, Event))

    def _continue(self, membership: Membership, *nicks: str, is_stored: bool) -> None:
        """Append the changes that waited for ``membership``, or for one of these ``nicks``."""
        if is_stored:
            self._try(membership)
        for key in map(fold, nicks if self._waiting_for_nick else ()):
            if key in self._waiting_for_nick and key not in self._by_nick:
                self._try(self._waiting_for_nick.pop(key))

    def _apply(self, membership: Membership, change: _Change, draft: Draft, seq: int) -> None:
        """Update the state: ``draft`` is stored with number ``seq``."""
        membership.nick = _nick_after(draft)
        if isinstance(draft, Joined):
            assert change.person is not None
            membership.seq = seq
            self._present[membership] = change.person
        elif isinstance(draft, Left):
            del self._present[membership]

    def _release_nicks(self, membership: Membership, *nicks: str) -> None:
        """Release the ``nicks`` that the log no longer assigns to ``membership``."""
        for key in {fold(nick) for nick in nicks if nick != membership.nick} - {fold(membership.nick)}:
            if self._by_nick.get(key) is membership:
                del self._by_nick[key]

    def _fail(self, membership: Membership, failure: NotDelivered) -> None:
        """Report ``failure`` for the change of ``membership``, and for the changes that wait for
        its nick."""
        failing: Membership | None = membership
        while failing is not None and (change := self._missing.get(failing)) is not None:
            if not failing.nick:  # The joining was never stored.
                del self._missing[failing]
            change.answer(failure)
            failing = self._waiting_for_nick.pop(fold(failing.nick), None) if failing.nick else None


def _updated(draft: Draft, nick: str) -> Draft | None:
    """``draft`` updated for a person with ``nick`` in the log (empty: not in); None if it would
    change nothing."""
    if isinstance(draft, Joined):
        return draft
    if not nick or (isinstance(draft, Renamed) and draft.to == nick):
        return None
    return draft if draft.nick == nick else replace(draft, nick=nick)


def _nick_after(draft: Draft) -> str:
    """The nick in the log after ``draft``; empty: the person has left."""
    if isinstance(draft, Joined):
        return draft.nick
    return draft.to if isinstance(draft, Renamed) else ""
