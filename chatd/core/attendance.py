"""Attendance: whom a room's log has in, under which nick, and what the log must still be told.

A leaving and a change of nick happen whether or not they can be stored. What the log then owes its
readers is no list of old events, but the difference between what it says and what is true now: for
each person at most one event, made when it is appended. Two rules keep the order sensible, whoever
waits for the disk and for how long: of one person, one event is on its way at a time; and nobody
takes a nick that the log still gives to somebody else.
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
    """What the log must be told of one person, and who waits to hear what became of it."""

    draft: Draft
    person: Person | None
    waiting: tuple[OnStored, ...]

    def after(self, earlier: _Change) -> _Change:
        """This change where ``earlier``, of the same person, was not even tried."""
        if isinstance(earlier.draft, Joined) and isinstance(self.draft, Renamed):
            self.draft = replace(earlier.draft, nick=self.draft.to)
            self.person = earlier.person
        self.waiting = earlier.waiting + self.waiting
        return self

    def tell(self, outcome: Event | NotDelivered) -> None:
        """Let everybody who waits know, once."""
        waiting, self.waiting = self.waiting, ()
        for on_stored in waiting:
            on_stored(outcome)


class Attendance:
    """Who is in a room by its ``log``: the fold of the events that it has stored since the
    start."""

    __slots__ = ("_by_nick", "_claims", "_in", "_log", "_on_way", "_wanted")

    def __init__(self, log: Log) -> None:
        self._log = log
        self._in: dict[Membership, Person] = {}
        """Whom the log has in, those first who came first; `Membership.nick` says under which
        nick."""
        self._wanted: dict[Membership, _Change] = {}
        """What is not on its way yet: it waits for something, or could not be stored."""
        self._on_way: set[Membership] = set()
        """Of whom something is on its way."""
        self._by_nick: dict[str, Membership] = {}
        """Who has a nick, by its key, in the log or by what is on its way."""
        self._claims: dict[str, Membership] = {}
        """Who waits until the log has somebody else no longer under the nick with this key."""

    # -- What the log says

    @property
    def is_settled(self) -> bool:
        """Whether the log knows all that has happened."""
        return not self._wanted and not self._on_way

    def __len__(self) -> int:
        return len(self._in)

    def others(self, own: Membership, most: int) -> tuple[str, ...]:
        """The nicks of at most ``most`` whom the log has in besides ``own``."""
        return tuple(islice((membership.nick for membership in self._in if membership is not own), most))

    def away(self, most: int) -> Mapping[str, str]:
        """Those of the first ``most`` who are away, with their texts."""
        first = islice(self._in.items(), most)
        return {membership.nick: person.away for membership, person in first if person.away is not None}

    def may_take(self, key: str, membership: Membership) -> bool:
        """Whether ``membership`` can get the nick with this ``key``: not where the log gives it to
        somebody of whom it must still be told something."""
        holder = self._by_nick.get(key, membership)
        return holder is membership or holder not in self._wanted

    # -- What the log is told

    def post(self, membership: Membership, draft: Draft, on_stored: OnStored, person: Person | None = None) -> None:
        """Append ``draft``, or what is true by then; ``person`` is who joins.

        ``on_stored`` is told the event, or why there is none now. A joining that is not stored has
        not happened; anything else waits for :meth:`retry`.
        """
        change = _Change(draft, person, (on_stored,))
        earlier = self._wanted.pop(membership, None)
        self._wanted[membership] = change.after(earlier) if earlier else change
        self._try(membership)

    def retry(self) -> None:
        """Try again to store what could not be stored."""
        for membership in tuple(self._wanted):
            self._try(membership)

    def _try(self, membership: Membership) -> None:
        """Append what is wanted of ``membership``; where somebody must be done first who waits
        only for being tried again, that."""
        next_: Membership | None = membership
        for _ in range(len(self._wanted)):
            if next_ is None or next_ in self._on_way or next_ not in self._wanted:
                break
            next_ = self._append(next_)

    def _append(self, membership: Membership) -> Membership | None:
        """Append what is wanted of ``membership``, or say who is before them."""
        draft = _true_now(self._wanted[membership].draft, membership.nick)
        key = "" if draft is None else fold(_nick_after(draft))
        holder = self._by_nick.get(key, membership)
        if holder is not membership and (holder in self._wanted or holder in self._on_way):
            self._claims[key] = membership
            return holder
        change = self._wanted.pop(membership)
        if draft is None:
            change.tell(NotDelivered("Not delivered: it is no longer so.", "Nothing is to be done."))
            return None
        if key:
            self._by_nick[key] = membership
        self._on_way.add(membership)
        self._log.append(draft, partial(self._answered, membership, change, draft))
        return None

    # -- What the log answers

    def _answered(self, membership: Membership, change: _Change, draft: Draft, outcome: Event | NotDelivered) -> None:
        self._on_way.discard(membership)
        before = membership.nick
        if isinstance(outcome, Event):
            self._follow(membership, change, draft, outcome.seq)
        elif not isinstance(draft, Joined):
            self._wanted.setdefault(membership, change)
        self._release(membership, before, _nick_after(draft))
        try:
            change.tell(outcome)
        finally:
            if isinstance(outcome, NotDelivered):
                self._fail(membership, outcome)
            self._go_on(membership, before, _nick_after(draft), is_stored=isinstance(outcome, Event))

    def _go_on(self, membership: Membership, *nicks: str, is_stored: bool) -> None:
        """Append what has waited for ``membership``, or for one of these ``nicks`` to be free."""
        if is_stored:
            self._try(membership)
        for key in map(fold, nicks):
            if key in self._claims and key not in self._by_nick:
                self._try(self._claims.pop(key))

    def _follow(self, membership: Membership, change: _Change, draft: Draft, seq: int) -> None:
        """``draft`` is stored: go by it."""
        membership.nick = _nick_after(draft)
        if isinstance(draft, Joined):
            assert change.person is not None
            membership.seq = seq
            self._in[membership] = change.person
        elif isinstance(draft, Left):
            del self._in[membership]

    def _release(self, membership: Membership, *nicks: str) -> None:
        """Free those of these ``nicks`` that the log does not have ``membership`` under."""
        for key in {fold(nick) for nick in nicks} - {fold(membership.nick)}:
            if self._by_nick.get(key) is membership:
                del self._by_nick[key]

    def _fail(self, membership: Membership, failure: NotDelivered) -> None:
        """Nothing of ``membership`` can be stored now, nor of those who wait for their nick."""
        failing: Membership | None = membership
        while failing is not None and (change := self._wanted.get(failing)) is not None:
            if not failing.nick:  # They never were in, and are not now.
                del self._wanted[failing]
            change.tell(failure)
            failing = self._claims.pop(fold(failing.nick), None) if failing.nick else None


def _true_now(draft: Draft, nick: str) -> Draft | None:
    """``draft`` of somebody whom the log has under ``nick`` (empty: has not); None where it says
    nothing new."""
    if isinstance(draft, Joined):
        return draft
    if not nick or (isinstance(draft, Renamed) and draft.to == nick):
        return None
    return replace(draft, nick=nick)


def _nick_after(draft: Draft) -> str:
    """The nick that the log has somebody under after ``draft``; empty: they are gone."""
    if isinstance(draft, Joined):
        return draft.nick
    return draft.to if isinstance(draft, Renamed) else ""
