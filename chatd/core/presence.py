"""Presence: how a person enters and leaves rooms, and how a session ends.

Everything follows the order of the log. A person who enters gets the state at the seq of their
joining; a person who leaves gets all events before the seq of their leaving.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chatd.core.answers import Closing, Entered, Exited, Missed
from chatd.core.driver import Later, drive
from chatd.core.errors import NotDelivered, Refusal
from chatd.core.events import DRAFT, Event, Joined, Left, Reason
from chatd.core.limits import INBOX_BYTES, JOIN_LINES, SHOWN_LINES
from chatd.core.log import Resume
from chatd.core.membership import Membership, Role
from chatd.core.names import Name
from chatd.core.person import Person
from chatd.core.policy import check_may_enter, may_use_words, role_of, role_on_entering, visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session

# -- Entering --------------------------------------------------------------------------------------


class Entering:
    """A person who is entering a room, until the event of joining is stored.

    The draft is posted immediately, so that several rooms are entered with one commit;
    :meth:`finish` waits for its number.
    """

    def __init__(self, registry: Registry, session: Session, name: Name, resume: Resume | None = None, key: str = "") -> None:
        """``key`` is what the person gives for a room that needs a key."""
        assert session.person is not None
        self._registry = registry
        self._session = session
        self._person = session.person
        self._resume = resume
        self._key = key
        self._refused: Refusal | None = None
        is_known = registry.rooms.get(name.key) is not None
        try:
            self._room = registry.rooms.open(name, session.address)
            check_may_enter(registry, self._person, self._room, key)
        except Refusal as refused:
            self._refused = refused.with_traceback(None)  # Which would make a cycle.
        else:
            # Whoever makes a room owns it, but not who opens a closed one again.
            is_made = not is_known and self._room.is_new and name.key != registry.default_room.key
            self._begin(self._person.identity.subject if is_made else "")

    def _begin(self, owner: str) -> None:
        session, room, now = self._session, self._room, self._registry.now()
        person = self._person
        role = Role.OWNER if owner else role_on_entering(self._registry, person, room)
        draft = Joined(
            room.name.text,
            DRAFT,
            now,
            session.nick,
            session.sender_id,
            owner,
            role.title,
            person.realname,
            person.away,
            account=person.is_registered,
        )
        session.out.spend(JOIN_LINES)
        self._is_kept, self._rights = not room.retention.is_none(now), room.rights
        self._joined: Later[Event | NotDelivered] = Later(self._post, draft)
        session.current, session.removed_from = room, None

    def _post(self, draft: Joined, on_stored: Callable[[Event | NotDelivered], object]) -> None:
        membership = Membership()

        def stored(outcome: Event | NotDelivered) -> None:
            if isinstance(outcome, Event):  # The members at this moment are those at the event's number.
                others = self._registry.directory.sessions(self._person)
                self._roster = _roster(self._room, membership, self._session, *others)
            on_stored(outcome)

        self._membership = membership
        self._registry.rooms.join(self._person, self._room, membership, draft, stored)

    async def finish(self, newcomer: str = "") -> Entered:
        """Let all sessions of the person follow the room, and return the answer for the session
        that asked.

        ``newcomer`` is the nick if the person has just connected. Raises NotDelivered if the
        joining could not be stored, and another Refusal if there can be no such room or the person
        may not enter it; in each case the person is not in the room.
        """
        if self._refused is not None:
            raise self._refused
        outcome = await self._joined
        person, room = self._person, self._room
        is_in = room.members.get(person) is self._membership
        if isinstance(outcome, NotDelivered):
            if is_in:
                remove(self._registry, person, room)
                self._registry.rooms.on_left(room)
            raise outcome
        if room.rights is not self._rights:
            await self._check_again(is_in)
        entered, cursor = self._entered(outcome.seq, newcomer)
        if is_in:
            self._membership.is_told = True
            self._update_other_sessions(outcome.seq)
            _follow(self._session, room, cursor)
        return entered

    async def _check_again(self, is_in: bool) -> None:
        """Raise a Refusal if a change that was stored before the joining keeps the person out, and
        let them leave if they are in the room."""
        try:
            check_may_enter(self._registry, self._person, self._room, self._key)
        except Refusal:
            if is_in:
                await leave(self._registry, self._session, self._room, Reason.LEFT)
            raise

    def _entered(self, seq: int, newcomer: str) -> tuple[Entered, int]:
        """The answer for the joining ``seq``, and the cursor from which to follow the room."""
        past = _past(self._registry, self._session, self._room, seq, self._resume, self._is_kept)
        entered = _describe(self._registry, self._room, self._session, self._roster, seq, past, newcomer)
        return entered, seq + 1 if past.cursor is None else past.cursor

    def _update_other_sessions(self, seq: int) -> None:
        """Let the other sessions of the person follow the room too."""
        for other in self._registry.directory.sessions(self._person):
            if other is not self._session:
                past = _past(self._registry, other, self._room, seq, None, self._is_kept)
                other.out.tell(_describe(self._registry, self._room, other, self._roster, seq, past))
                _follow(other, self._room, seq + 1)


@dataclass(frozen=True, slots=True)
class _Roster:
    """The members of a room at one moment; the person who enters is the last."""

    count: int
    nicks: tuple[str, ...]
    away: Mapping[str, str]


def _roster(room: Room, own: Membership, *sessions: Session) -> _Roster:
    """The members according to the log: the state on which the events after this build. There are
    as many as any of ``sessions`` is told of."""
    attendance, shown = room.attendance, max(session.out.names_shown for session in sessions)
    return _Roster(len(attendance), (*attendance.others(own, shown - 1), own.nick), attendance.away(shown))


@dataclass(frozen=True, slots=True)
class _Past:
    """What a session is shown of the past of a room: ``events``, or if ``cursor`` is not None, all
    events from there on."""

    events: tuple[Event, ...] = ()
    cursor: int | None = None


def _past(registry: Registry, session: Session, room: Room, stop: int, resume: Resume | None, is_kept: bool) -> _Past:
    """The past of ``room`` before seq ``stop``, for a session that has seen it up to ``resume``;
    ``is_kept``: the room keeps its messages."""
    first = visible(registry, session.person).first_seq(room)
    if resume is not None:
        if 0 <= resume.seq < stop and _can_resume(registry, session, room, resume, is_kept and first <= resume.seq + 1):
            return _Past(cursor=resume.seq + 1)
        session.out.tell(Missed(room.name.text, 0, stop - 1))
    start = max(stop - session.scrollback, first)
    return _Past(heard(session, room.log.read(start, stop)) if is_kept else ())


def _can_resume(registry: Registry, session: Session, room: Room, resume: Resume, is_open: bool) -> bool:
    """Whether the client can get all events after ``resume`` without a gap; ``is_open``: whoever
    enters the room may read them."""
    if not registry.store.knows(resume.log, room.name.key, resume.seq):
        return False
    sender_id = session.sender_id
    return is_open or (room.was_member_at(sender_id, resume.seq) and not room.was_removed_after(sender_id, resume.seq))


def _describe(
    registry: Registry, room: Room, session: Session, roster: _Roster, seq: int, past: _Past, newcomer: str = ""
) -> Entered:
    """The answer for a session that follows ``room`` after ``seq``, with what it is shown of the
    past."""
    assert session.person is not None
    session.out.spend(SHOWN_LINES * len(past.events))
    name, state, role = room.name.text, room.log.state, role_of(registry, session.person, room)
    keep, account = state.retention.text, registry.accounts.get(session.person.account)
    read = registry.accounts.mark(account, room.name.key) if account else 0
    return Entered(
        name,
        seq,
        roster.count,
        roster.nicks,
        state.topic,
        roster.away,
        past.events,
        newcomer,
        keep,
        role.title,
        state.topic_by,
        state.topic_time,
        read,
    )


def _follow(session: Session, room: Room, cursor: int) -> None:
    session.out.follow(room, cursor)
    session.out.turn_to(session.current)


def heard(session: Session, past: Sequence[Event]) -> tuple[Event, ...]:
    """``past`` as the person of ``session`` hears it, who may ignore some people."""
    if not session.is_filtered:
        return tuple(past)
    return tuple(event for each in past if (event := session.heard(each)) is not None)


def attach(registry: Registry, session: Session, person: Person, sender_id: str) -> None:
    """Add a session to ``person`` without telling anybody; :func:`follow_rooms` shows it their
    rooms."""
    registry.directory.attach(session, person, sender_id)
    session.out.set_filtered(bool(person.ignoring))


def hand_over(registry: Registry, before: Session, session: Session) -> None:
    """Give ``session`` the seat of ``before``, which ends; nobody is told, since the person stays.
    :func:`follow_rooms` shows it their rooms."""
    person = before.person
    assert person is not None
    for room in registry.rooms.of(person):
        _unfollow(before, room, room.log.end)
    registry.inboxes.detach(before)
    registry.directory.succeed(before, session)
    session.out.set_filtered(bool(person.ignoring))
    end(registry, before, Reason.REPLACED)


async def follow_rooms(
    registry: Registry, session: Session, resume: Mapping[str, Resume], newcomer: str = "", id: str = ""
) -> Entered | None:
    """Let a further session of a person follow the rooms that they are in, those with a key in
    ``resume`` from there on.

    Returns the answer about the last room, if there is any; those about the others are sent, with
    the id ``id``. The first has the nick ``newcomer``.
    """
    person, directory, last = session.person, registry.directory, None
    assert person is not None
    rooms = [(room, room.members[person]) for room in registry.rooms.of(person)]
    for room, membership in rooms:
        if last is not None:
            session.out.tell(replace(last, id=id))
            last = None
            await Later(session.out.when_taken)
        if session not in directory.sessions(person):
            break
        if room.members.get(person) is membership and membership.is_told:  # Otherwise finish() tells the session.
            end = room.log.end
            past = _past(registry, session, room, end, resume.get(room.name.key), not room.retention.is_none(registry.now()))
            session.current = room
            last = _describe(registry, room, session, _roster(room, membership, session), end - 1, past, newcomer)
            newcomer = ""
            _follow(session, room, end if past.cursor is None else past.cursor)
    return last


# -- Leaving ---------------------------------------------------------------------------------------


def leave(registry: Registry, session: Session, room: Room, reason: Reason, text: str = "", by: str = "") -> Later[None]:
    """Remove the person of ``session`` from ``room``. The result is ready when their leaving is
    stored, or waits to be stored again.

    Their sessions get all events before it, and are told; not ``session``, which gets an answer,
    unless it is ``by`` who removes the person.
    """
    person = session.person
    assert person is not None
    sessions = registry.directory.sessions(person)
    text = text if by or reason is Reason.KICKED or may_use_words(registry, person, room) else ""
    membership = remove(registry, person, room, None if by else session)
    hidden = " ".join(person.identity.subjects) if by else ""
    remover = registry.directory.get(by) if by else None
    by_account = remover is not None and remover.is_registered
    draft = Left(
        room.name.text,
        DRAFT,
        registry.now(),
        session.nick,
        session.sender_id,
        reason,
        text,
        by,
        hidden,
        account=bool(person.account),
        by_account=by_account,
    )

    def post(on_left: Callable[[], object]) -> None:
        def stored(outcome: Event | NotDelivered) -> None:
            for follower in sessions:
                _unfollow(follower, room, outcome.seq if isinstance(outcome, Event) else room.log.end)
                if by or (follower is not session and not follower.is_ending):
                    current = follower.current.name.text if follower.current else ""
                    follower.out.tell(Exited(room.name.text, current, by, text, by_account))
            registry.rooms.on_left(room)
            on_left()

        room.report(draft, membership, stored)

    return Later(post)


def remove(registry: Registry, person: Person, room: Room, by: Session | None = None) -> Membership:
    """Remove ``person`` from ``room``; the room that they entered last becomes the current one of
    their sessions, all of which but ``by`` may not know it yet."""
    membership = registry.rooms.remove(person, room)
    last = next(reversed(registry.rooms.of(person)), None)
    for session in registry.directory.sessions(person):
        if session.current is room:
            session.current = last
            if session is not by:
                session.removed_from, session.removed_at = room, registry.now()
    return membership


def _unfollow(session: Session, room: Room, stop: int) -> None:
    session.out.unfollow(room, stop)
    session.out.turn_to(session.current)


# -- The end of a session --------------------------------------------------------------------------


def depart(registry: Registry, session: Session, reason: Reason, text: str = "") -> Sequence[Later[None]]:
    """Free the seat of ``session``, whose connection may be lost. If it is the last session of its
    person, they leave all rooms. Each leaving can be awaited."""
    session.is_ending = True
    person, leavings = session.person, []
    if person is None or session not in registry.directory.sessions(person):
        return ()
    rooms = registry.rooms.of(person)
    if len(registry.directory.sessions(person)) == 1:
        leavings = [leave(registry, session, room, reason, text) for room in rooms]
    else:
        for room in rooms:
            _unfollow(session, room, room.log.end)
    registry.inboxes.detach(session)
    registry.directory.detach(session)
    return leavings


async def quit_session(registry: Registry, session: Session, reason: Reason, text: str = "") -> Closing:
    """Let ``session`` depart. Returns its last answer after all of its messages have been
    answered."""
    session.is_ending = True
    for leaving in depart(registry, session, reason, text):
        await leaving
    await Later(registry.store.after_pending)
    return Closing(reason, text if reason is Reason.KICKED else "")


def end(registry: Registry, session: Session, reason: Reason, text: str = "") -> None:
    """End ``session`` without a command, for instance when its input has ended. ``text`` is what
    whoever has ended it says, or the person themselves."""
    if session.is_ending:
        return

    def on_end(outcome: Closing | Exception) -> None:
        if isinstance(outcome, Closing):
            close(session, outcome)
        else:
            session.out.fail(outcome)

    session.out.reserve(INBOX_BYTES)
    drive(quit_session(registry, session, reason, text), on_end)


def close(session: Session, closing: Closing) -> None:
    """Send ``closing``, the last answer, and end the connection."""
    session.out.tell(closing)
    session.out.close(closing.reason)


def end_for_shutdown(registry: Registry, session: Session) -> None:
    """End ``session`` because the server stops. No leaving is reported, since everybody leaves."""
    person = session.person
    for room in registry.rooms.of(person) if person else ():
        assert person is not None
        remove(registry, person, room)
        for other in registry.directory.sessions(person):
            other.out.unfollow(room, room.log.end)
    registry.inboxes.detach(session)
    session.is_ending = True
    close(session, Closing(Reason.SHUTDOWN))
