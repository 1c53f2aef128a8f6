"""Presence: how a person comes into a room and leaves it, and how a session ends.

Everything is told in the order of the log: who enters is told the state at the number of their
joining, and who leaves gets everything before the number of their leaving.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chatd.core.driver import Later, drive
from chatd.core.errors import NotDelivered, TooMany
from chatd.core.events import DRAFT, Closing, Entered, Event, Joined, Left, Missed, Reason
from chatd.core.limits import NAMES_SHOWN
from chatd.core.membership import Membership
from chatd.core.names import Name
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session

# -- Entering --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resume:
    """The last event that a client has seen of a room, when the logs were called ``log``."""

    seq: int
    log: str


class Entering:
    """A person on the way into a room: from the draft of their joining until it is stored.

    The draft is posted at once, so that several rooms are entered with one commit; :meth:`finish`
    waits for its number.
    """

    def __init__(self, registry: Registry, session: Session, name: Name, resume: Resume | None = None) -> None:
        assert session.person is not None
        self._registry = registry
        self._session = session
        self._person = session.person
        self._resume = resume
        self._full: TooMany | None = None
        try:
            self._room = registry.rooms.open(name)
        except TooMany as full:
            self._full = full
        else:
            self._begin()

    def _begin(self) -> None:
        session, room, now = self._session, self._room, self._registry.now()
        draft = Joined(room.name.text, DRAFT, now, session.nick, session.sender_id)
        self._is_kept = not room.retention.is_none(now)
        self._joined: Later[Event | NotDelivered] = Later(self._post, draft)
        session.current = room

    def _post(self, draft: Joined, on_stored: Callable[[Event | NotDelivered], object]) -> None:
        membership = Membership()

        def stored(outcome: Event | NotDelivered) -> None:
            if isinstance(outcome, Event):  # Who is in now is in at its number.
                self._company = _company(self._room, membership)
            on_stored(outcome)

        self._membership = membership
        self._registry.rooms.join(self._person, self._room, membership, draft, stored)

    async def finish(self, newcomer: str = "") -> Entered:
        """What the session that asked is told; every session of the person follows the room from
        there.

        ``newcomer`` is the nick where this is their arrival on the server. Raises NotDelivered
        where the joining could not be stored, and TooMany where there is no place for the room: the
        person is not in it then.
        """
        if self._full is not None:
            raise self._full
        outcome = await self._joined
        person, room = self._person, self._room
        is_in = room.members.get(person) is self._membership
        if isinstance(outcome, NotDelivered):
            if is_in:
                remove(self._registry, person, room)
            raise outcome
        entered, cursor = self._entered(outcome.seq, newcomer)
        if is_in:
            self._membership.is_told = True
            self._show_others(outcome.seq)
            _follow(self._session, room, cursor)
        return entered

    def _entered(self, seq: int, newcomer: str) -> tuple[Entered, int]:
        """What is told of the room at the joining ``seq``, and the first event to be sent."""
        room, session, resume = self._room, self._session, self._resume
        is_resumed = resume is not None and self._is_known(resume, seq)
        if resume is not None and not is_resumed:
            session.out.tell(Missed(room.name.text, 0, seq - 1))
        number = 0 if is_resumed or not self._is_kept else session.scrollback
        entered = _told(room, session, self._company, seq, number, newcomer)
        return entered, resume.seq + 1 if resume is not None and is_resumed else seq + 1

    def _is_known(self, resume: Resume, seq: int) -> bool:
        """Whether what follows ``resume`` can be told without a gap."""
        if not 0 <= resume.seq < seq or not self._registry.store.knows(resume.log, self._room.name.key, resume.seq):
            return False
        return self._is_kept or self._room.has_seen(self._session.sender_id, resume.seq)

    def _show_others(self, seq: int) -> None:
        """Let the person's other sessions follow too."""
        for other in self._registry.directory.sessions(self._person):
            if other is not self._session:
                number = other.scrollback if self._is_kept else 0
                other.out.tell(_told(self._room, other, self._company, seq, number))
                _follow(other, self._room, seq + 1)


@dataclass(frozen=True, slots=True)
class _Company:
    """Who is in a room at one moment, the person who enters named last."""

    count: int
    nicks: tuple[str, ...]
    away: Mapping[str, str]


def _company(room: Room, own: Membership) -> _Company:
    """Who is in by the log, as whoever follows it from here on knows."""
    attendance = room.attendance
    return _Company(len(attendance), (*attendance.others(own, NAMES_SHOWN - 1), own.nick), attendance.away(NAMES_SHOWN))


def _told(room: Room, session: Session, company: _Company, seq: int, scrollback: int, newcomer: str = "") -> Entered:
    """What a session is told that follows ``room`` after event ``seq``, with so much of what was
    before."""
    past = without_ignored(session, room.log.read(seq - scrollback, seq))
    name, state = room.name.text, room.log.state
    return Entered(name, seq, company.count, company.nicks, state.topic, company.away, past, newcomer, state.retention.text)


def _follow(session: Session, room: Room, cursor: int) -> None:
    session.out.follow(room, cursor)
    session.out.turn_to(session.current)


def without_ignored(session: Session, past: Sequence[Event]) -> tuple[Event, ...]:
    """``past`` without the messages of those whom ``session`` ignores."""
    return tuple(event for event in past if not session.ignores(event))


def attach(registry: Registry, session: Session, person: Person, sender_id: str) -> None:
    """Seat a further session of ``person``, quietly: it follows the rooms that they are in."""
    registry.directory.attach(session, person, sender_id)
    session.out.set_filtered(bool(person.ignoring))
    for room in registry.rooms.of(person).values():
        membership = room.members[person]
        if membership.is_told:  # Otherwise it is told when the joining is stored.
            last = room.log.end - 1
            session.current = room
            session.out.tell(_told(room, session, _company(room, membership), last, session.scrollback))
            _follow(session, room, last + 1)


# -- Leaving ---------------------------------------------------------------------------------------


def leave(registry: Registry, session: Session, room: Room, reason: Reason, text: str = "") -> Later[None]:
    """Take the person of ``session`` out of ``room``; awaited, their leaving is stored, or owed.

    Their sessions get everything that happened before it.
    """
    person = session.person
    assert person is not None
    sessions = registry.directory.sessions(person)
    membership = remove(registry, person, room)
    draft = Left(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, reason, text)

    def post(on_left: Callable[[], object]) -> None:
        def stored(outcome: Event | NotDelivered) -> None:
            for follower in sessions:
                _unfollow(follower, room, outcome.seq if isinstance(outcome, Event) else room.log.end)
            on_left()

        room.report(draft, membership, stored)

    return Later(post)


def remove(registry: Registry, person: Person, room: Room) -> Membership:
    """Let ``person`` be in ``room`` no longer, and their sessions turn to the room entered last."""
    membership = registry.rooms.remove(person, room)
    last = next(reversed(tuple(registry.rooms.of(person).values())), None)
    for session in registry.directory.sessions(person):
        if session.current is room:
            session.current = last
    return membership


def _unfollow(session: Session, room: Room, stop: int) -> None:
    session.out.unfollow(room, stop)
    session.out.turn_to(session.current)


# -- The end of a session --------------------------------------------------------------------------


def depart(registry: Registry, session: Session, reason: Reason, text: str = "") -> Sequence[Later[None]]:
    """Free the seat of ``session``, whose connection may be gone; the last one takes its person out
    of their rooms. Each of these leavings can be awaited."""
    person, leavings = session.person, []
    if person is None or session not in registry.directory.sessions(person):
        return ()
    rooms = tuple(registry.rooms.of(person).values())
    if len(registry.directory.sessions(person)) == 1:
        leavings = [leave(registry, session, room, reason, text) for room in rooms]
    else:
        for room in rooms:
            _unfollow(session, room, room.log.end)
    registry.directory.detach(session)
    return leavings


async def ending(registry: Registry, session: Session, reason: Reason, text: str = "") -> Closing:
    """Let ``session`` depart; its last word, when it has been told how all that it said has
    ended."""
    session.is_ending = True
    for leaving in depart(registry, session, reason, text):
        await leaving
    await Later(registry.store.after_pending)
    return Closing(reason)


def end(registry: Registry, session: Session, reason: Reason) -> None:
    """End ``session`` though it has not asked for it, as when its input has ended."""
    if session.is_ending:
        return

    def on_end(outcome: Closing | Exception) -> None:
        if isinstance(outcome, Closing):
            close(session, outcome)
        else:
            session.out.fail(outcome)

    session.out.hold()
    drive(ending(registry, session, reason), on_end)


def close(session: Session, closing: Closing) -> None:
    """Say ``closing``, the last word, and end the connection."""
    session.out.tell(closing)
    session.out.close(closing.reason)


def end_for_shutdown(registry: Registry, session: Session) -> None:
    """End ``session`` because the server stops: nobody is told of each who leaves, as everybody
    does."""
    person = session.person
    for room in tuple(registry.rooms.of(person).values()) if person else ():
        assert person is not None
        remove(registry, person, room)
        for other in registry.directory.sessions(person):
            other.out.unfollow(room, room.log.end)
    session.is_ending = True
    close(session, Closing(Reason.SHUTDOWN))
