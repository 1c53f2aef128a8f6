"""Deleting single messages."""

from __future__ import annotations

from chatd.core.actions.base import person_of, store
from chatd.core.commands import ROW_OF, Delete
from chatd.core.driver import Later
from chatd.core.errors import NoSuchMessage, NotDelivered
from chatd.core.events import DRAFT, Answer, Blanked, Deleted, Done, Said
from chatd.core.limits import HISTORY_EVENTS, HISTORY_LINES
from chatd.core.names import fold
from chatd.core.policy import check_may, room_of, visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


async def delete(registry: Registry, session: Session, command: Delete) -> Answer:
    """Delete a message: one's own, or as a moderator any."""
    room, person = room_of(registry, session, command.room), person_of(session)
    session.out.spend(HISTORY_LINES)
    await Later(registry.store.after_pending)  # So that people can delete what they have just said.
    said = await _find(registry, session, room, command.which)
    room_of(registry, session, room.name.text)  # They may have been removed meanwhile.
    if said.sender_id != session.sender_id:
        row = ROW_OF[Delete]
        check_may(registry, person, room, row.change, row)
    draft = Deleted(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, said.seq, said.nick)
    await store(session, room, draft)
    return Done("delete", said.nick)


async def _find(registry: Registry, session: Session, room: Room, which: str) -> Said:
    """The message with the number ``which``; or the last one of the person called so, among the
    last events. Raises NoSuchMessage and NotDelivered."""
    log, first = room.log, max(room.log.first, visible(registry, session.person).first_seq(room))
    is_number = which.isascii() and which.isdigit() and len(which) < 14
    start, stop = (int(which), int(which) + 1) if is_number else (log.end - HISTORY_EVENTS, log.end)
    start, stop = max(start, first), min(stop, log.end)
    is_loaded: bool = start >= stop or await Later(log.load, start, stop)
    if not is_loaded:
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    key = "" if is_number else fold(which)
    for event in reversed(log.read(start, stop)):
        if isinstance(event, Said) and not isinstance(event, Blanked) and key in ("", fold(event.nick)):
            return event
    if is_number:
        raise NoSuchMessage(f"#{room.name.text} has no message {which}.", "/delete NICK deletes the last one of a person.")
    raise NoSuchMessage(
        f"#{room.name.text} has no message of {which} among the last ones.", "/delete N deletes the one with a number."
    )
