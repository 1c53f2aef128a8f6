"""The one way in: a command is checked, carried out, and answered.

Whatever an action does, :func:`perform` gives every command exactly one final answer, with its id:
what the action returns, or the refusal that it raises. What it holds it releases. Any other
exception is a defect of ours; it costs the connection that met it, at once or late, and nobody
else.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from chatd.core.actions import ACTIONS
from chatd.core.commands import ROW_OF, Command, Ping, Row
from chatd.core.driver import Later, drive
from chatd.core.errors import NickNeeded, NotAllowed, NotDelivered, Refusal, TooLong
from chatd.core.events import Ack, Answer, Closing, Event, Refused, Said
from chatd.core.limits import ID_CHARACTERS
from chatd.core.policy import may
from chatd.core.presence import close
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


def perform(registry: Registry, session: Session, command: Command) -> None:
    """Carry out ``command`` for ``session``, and answer it."""
    try:
        room = _check(registry, session, command)
        result = ACTIONS[type(command)](registry, session, command)
    except Refusal as refusal:
        refuse(session, refusal, command.id)
    except Exception as defect:
        session.out.fail(defect)
    else:
        if isinstance(result, Said):
            assert room is not None, "the table says that it takes a member"
            room.post(result, Delivery(session, command.id))
        elif isinstance(result, Answer):
            _answer(session, command.id, result)
        elif isinstance(result, tuple):
            _answer(session, command.id, *result)
        else:
            _run(session, command.id, result)


def refuse(session: Session, refusal: Refusal, id: str = "") -> None:
    """Tell ``session`` why not."""
    session.out.tell(Refused(refusal.code, refusal.reason, refusal.hint, id=id or refusal.id))


# -- Before ----------------------------------------------------------------------------------------


def _check(registry: Registry, session: Session, command: Any) -> Room | None:
    """The room in which ``command`` takes a right, if it takes one.

    Raises the Refusal that stands in the way, whatever the command does.
    """
    if len(command.id) > ID_CHARACTERS:
        raise TooLong("The id is too long.", f"An id has at most {ID_CHARACTERS} characters.")
    row, person, room = ROW_OF[type(command)], session.person, None
    if person is None:
        if row.nick_needed:
            raise NickNeeded("You have no nick yet.", "First say what you want to be called.")
    elif row.right:  # More than a guest's.
        room = registry.rooms.room_of(session, command.room)
        if not may(person, room, row.right):
            raise _not_allowed(room, row)
    if type(command) is not Ping:  # Programs send these by themselves; nobody is less idle for them.
        session.last_active = registry.now()
    return room


def _not_allowed(room: Room, row: Row) -> NotAllowed:
    role = row.right.name.lower()
    return NotAllowed(f"You may not do this in #{room.name.text}.", f"/{row.name} takes a {role}.")


# -- After -----------------------------------------------------------------------------------------


class Delivery:
    """Answers one message when its log has stored it, or has not; the next command need not
    wait."""

    __slots__ = ("_id", "_session")

    def __init__(self, session: Session, id: str) -> None:
        self._session = session
        self._id = id

    def __call__(self, outcome: Event | NotDelivered) -> None:
        session = self._session
        try:
            if isinstance(outcome, NotDelivered):
                refuse(session, outcome, self._id)
            elif session.out.acknowledges:
                session.out.tell(Ack(outcome.room, outcome.seq, outcome.time, id=self._id))
        except Exception as defect:
            session.out.fail(defect)


def _run(session: Session, id: str, action: Coroutine[Later[Any], None, Answer | tuple[Answer, ...]]) -> None:
    """Run an action that may have to wait; until it ends, no further command is taken."""

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
            session.out.release()

    session.out.hold()
    drive(action, on_end)


def _answer(session: Session, id: str, answer: Answer, *more: Answer) -> None:
    answer = replace(answer, id=id) if id else answer
    if isinstance(answer, Closing):
        close(session, answer)
    else:
        session.out.tell(answer)
    for news in more:
        session.out.tell(news)
