"""The entry point of the core: checks a command, carries it out and answers it.

Whatever an action does, :func:`perform` gives every command exactly one final answer with its id:
what the action returns, or the refusal that it raises. It releases the session if it has held it.
Any other exception is a defect of the server; it ends the connection that caused it, immediately or
later, and no other.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from chatd.core.actions import ACTIONS
from chatd.core.actions.base import Result, Sending
from chatd.core.actions.messaging import message, messages
from chatd.core.answers import Ack, Answer, Closing, Refused
from chatd.core.command_table import ROW_OF
from chatd.core.commands import Command, Me, Ping, Say
from chatd.core.driver import Later, drive
from chatd.core.errors import BadUsage, Muted, NickNeeded, NotDelivered, Refusal, TooLong
from chatd.core.events import Event
from chatd.core.inboxes import Inbox
from chatd.core.limits import ANSWER_BYTES, ID_CHARACTERS, INBOX_BYTES
from chatd.core.policy import check_may, check_may_speak, room_of, room_to_speak_in
from chatd.core.presence import close
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


def perform(registry: Registry, session: Session, command: Command) -> None:
    """Carry out ``command`` for ``session``, and answer it; nothing is done for a session that is
    ending, whose person has left."""
    if session.is_ending:
        return
    try:
        if isinstance(command, (Say, Me)):
            _say(registry, session, command)
            return
        room = _check(registry, session, command)
        if room is not None and room.log.is_changing:
            _perform_later(registry, session, command)
            return
        _finish(session, command.id, ACTIONS[type(command)](registry, session, command))
    except Refusal as refusal:
        refuse(session, refusal, command.id)
    except Exception as defect:
        session.out.fail(defect)


def _perform_later(registry: Registry, session: Session, command: Command) -> None:
    """Carry out ``command`` when the change that its room is waiting for is stored: it may be about
    the rights that the command needs. The session's next command waits too."""

    def on_stored() -> None:
        try:
            perform(registry, session, command)
        finally:
            session.out.release(INBOX_BYTES)  # Now the next command is taken, perhaps immediately.

    session.out.reserve(INBOX_BYTES)
    registry.store.after_pending(on_stored)


def refuse(session: Session, refusal: Refusal, id: str = "") -> None:
    """Send ``refusal`` to ``session``."""
    session.out.tell(Refused(refusal.code, refusal.reason, refusal.hint, id=id or refusal.id))


# -- Before ----------------------------------------------------------------------------------------


def _check(registry: Registry, session: Session, command: Any) -> Room | None:
    """The room in which ``command`` requires a right, if it requires one.

    Raises a Refusal if the session may not use the command at all.
    """
    _check_id(command)
    row, person, room = ROW_OF[type(command)], session.person, None
    if person is None:
        if row.nick_needed:
            raise _nick_needed()
    elif row.on_server:
        check_may(registry, person, registry.rooms.server, row.right, row)
    elif row.right:  # More than a guest's.
        room = room_of(registry, session, command.room)
        if isinstance(room, Inbox) and not row.in_inbox:
            raise BadUsage(f"/{row.name} is about rooms, and this is a private talk.", "/msg NICK TEXT writes there.")
        check_may(registry, person, room, row.right, row)
    if type(command) is not Ping:  # Programs send pings by themselves, so they do not end idleness.
        session.last_active = registry.now()
    return room


def _check_id(command: Command) -> None:
    """Raise TooLong if the id of ``command`` is too long."""
    if len(command.id) > ID_CHARACTERS:
        raise TooLong("The id is too long.", f"An id has at most {ID_CHARACTERS} characters.")


def _nick_needed() -> NickNeeded:
    return NickNeeded("You have no nick yet.", "Choose a nick first.")


# -- Messages in rooms -----------------------------------------------------------------------------


def _say(registry: Registry, session: Session, command: Say | Me) -> None:
    """Say something in a room. Nearly every command is this one, so it has a short way of its own;
    it is answered when it is stored."""
    if command.id:
        _check_id(command)
    if session.person is None:
        raise _nick_needed()
    room = room_to_speak_in(registry, session, command.room)
    session.last_active = registry.now()
    if room.log.is_changing:
        _perform_later(registry, session, command)
        return
    draft = message(registry, session, session.person, room, command)
    session.out.reserve(ANSWER_BYTES)
    room.post(draft, Delivery(session, command.id))


def room_for_series(registry: Registry, session: Session) -> Room | None:
    """The room in which ``session`` may now say a series of messages; None: each of them has to be
    looked at, since it may be refused, or wait, while another is not."""
    room, person = session.current, session.person
    if room is None or person is None or session.removed_from is not None or session.is_ending:
        return None
    if room.log.is_changing or room.rights.modes.slow:
        return None
    try:
        check_may_speak(registry, person, room)
    except Muted:
        return None
    return room


def say_series(registry: Registry, session: Session, room: Room, texts: Sequence[str]) -> None:
    """Say ``texts``, which are safe, in ``room``, which is :func:`room_for_series` now; what is the
    same for all of them is done once."""
    try:
        session.last_active = registry.now()
        drafts = messages(session, room, texts)
        session.out.reserve(ANSWER_BYTES * len(drafts))
        room.post_series(drafts, Delivery(session, "", number=len(drafts)))
    except Exception as defect:
        session.out.fail(defect)


# -- After -----------------------------------------------------------------------------------------


def _finish(session: Session, id: str, result: Result) -> None:
    """Do what remains after an action: store a private message, answer, or wait for the answer."""
    if isinstance(result, Sending):
        session.out.reserve(ANSWER_BYTES)
        result.post(Delivery(session, id, result))
    elif isinstance(result, Answer):
        _answer(session, id, result)
    else:
        _run(session, id, result)


class Delivery:
    """Answers one message when its log has stored or refused it, or a series of so many;
    ``sending``: it is a private one. The next command does not wait for this."""

    __slots__ = ("_id", "_number", "_sending", "_session")

    def __init__(self, session: Session, id: str, sending: Sending | None = None, number: int = 1) -> None:
        self._number = number
        self._session = session
        self._id = id
        self._sending = sending

    def __call__(self, outcome: Event | NotDelivered) -> None:
        session = self._session
        try:
            if isinstance(outcome, NotDelivered):
                for _ in range(self._number):
                    refuse(session, outcome, self._id)
            elif self._sending is not None:
                _answer(session, self._id, *self._sending.answers(outcome))
            elif self._id or session.out.acknowledges_all:
                session.out.tell(Ack(outcome.room, outcome.seq, outcome.time, id=self._id))
        except Exception as defect:
            session.out.fail(defect)
        finally:
            session.out.release(ANSWER_BYTES * self._number)


def _run(session: Session, id: str, action: Coroutine[Later[Any], None, Answer | tuple[Answer, ...]]) -> None:
    """Run an action that may have to wait. The session is held until it ends."""

    def on_end(outcome: Answer | tuple[Answer, ...] | Exception) -> None:
        try:
            if isinstance(outcome, Answer):
                _answer(session, id, outcome)
            elif isinstance(outcome, tuple):
                _answer(session, id, *outcome)
            elif isinstance(outcome, Refusal):
                refuse(session, outcome, id)
            else:
                session.out.fail(outcome)
        except Exception as defect:
            session.out.fail(defect)
        finally:
            session.out.release(INBOX_BYTES)

    session.out.reserve(INBOX_BYTES)
    drive(action, on_end)


def _answer(session: Session, id: str, answer: Answer, *more: Answer) -> None:
    answer = replace(answer, id=id) if id else answer
    if isinstance(answer, Closing):
        close(session, answer)
    else:
        session.out.tell(answer)
    for news in more:
        session.out.tell(news)
