"""Changing and deleting single messages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chatd.core.actions.base import check_text, person_of, store
from chatd.core.answers import Answer, Done
from chatd.core.command_table import ROW_OF
from chatd.core.commands import Delete, Edit
from chatd.core.driver import Later
from chatd.core.errors import NoSuchMessage, NotDelivered, TooLate
from chatd.core.events import DRAFT, Blanked, Deleted, Edited, Said
from chatd.core.identity import SEAT
from chatd.core.limits import EDIT_SECONDS, HISTORY_EVENTS, HISTORY_LINES, TOPIC_CHARACTERS
from chatd.core.names import fold
from chatd.core.person import Person
from chatd.core.policy import check_may, check_may_speak, room_of, visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


async def delete(registry: Registry, session: Session, command: Delete) -> Answer:
    """Delete a message: one's own, or as a moderator any."""
    room, person = room_of(registry, session, command.room), person_of(session)
    session.out.spend(HISTORY_LINES)
    await Later(registry.store.after_pending)  # So that people can delete what they have just said.
    said = await _find_which(registry, session, room, command.which)
    room_of(registry, session, room.name.text)  # They may have been removed meanwhile.
    if not _is_own(registry, person, said):
        row = ROW_OF[Delete]
        check_may(registry, person, room, row.change, row)
    text = command.text[:TOPIC_CHARACTERS]
    draft = Deleted(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, said.seq, said.nick, text)
    await store(session, room, draft)
    return Done("delete", said.nick)


async def edit(registry: Registry, session: Session, command: Edit) -> Answer:
    """Change the text of one's own message."""
    room, person = room_of(registry, session, command.room), person_of(session)
    check_text(command.text)
    session.out.spend(HISTORY_LINES)
    await Later(registry.store.after_pending)  # So that people can change what they have just said.
    said = await _find(registry, session, room, command.seq, partial(_is_own, registry, person))
    if said is None:
        what = f"message {command.seq} of yours" if command.seq else "message of yours among its last ones"
        raise NoSuchMessage(f"#{room.name.text} has no {what}.", "/history shows what was said.")
    if said.time < registry.now() - EDIT_SECONDS * 1000:
        hint = "/delete N deletes it, and a new message can say it better."
        raise TooLate(f"A message can be changed for {EDIT_SECONDS // 60} minutes.", hint)
    room_of(registry, session, room.name.text)  # They may have been removed meanwhile.
    check_may_speak(registry, person, room)
    session.out.spend(command.text.count("\n"))  # As when it is said.
    draft = Edited(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, said.seq, command.text)
    await store(session, room, draft)
    return Done("edit", room.name.text)


def _is_own(registry: Registry, person: Person, said: Said) -> bool:
    """Whether ``person`` has said this: from one of their seats, or with their nick since it is
    their account."""
    if f"{SEAT}{said.sender_id}" in person.identity.subjects:
        return True
    account = registry.accounts.get(person.account) if person.account else None
    return account is not None and fold(said.nick) == account.name.key and said.time >= account.made


async def _find_which(registry: Registry, session: Session, room: Room, which: str) -> Said:
    """The message with the number ``which``; or the last one of the person called so, among the
    last events. Raises NoSuchMessage and NotDelivered."""
    is_number = which.isascii() and which.isdigit() and len(which) < 14
    seq, key = int(which) if is_number else 0, fold(which)
    said = await _find(registry, session, room, seq, lambda said: said.seq == seq if is_number else fold(said.nick) == key)
    if said is not None:
        return said
    if is_number:
        raise NoSuchMessage(f"#{room.name.text} has no message {which}.", "/delete NICK deletes the last one of a person.")
    raise NoSuchMessage(
        f"#{room.name.text} has no message of {which} among the last ones.", "/delete N deletes the one with a number."
    )


async def _find(registry: Registry, session: Session, room: Room, seq: int, wanted: Callable[[Said], bool]) -> Said | None:
    """The message ``seq`` (0: the newest among the last events) if it is ``wanted``. Raises
    NotDelivered."""
    log, first = room.log, max(room.log.first, visible(registry, session.person).first_seq(room))
    start, stop = (seq, seq + 1) if seq else (log.end - HISTORY_EVENTS, log.end)
    start, stop = max(start, first), min(stop, log.end)
    is_loaded: bool = start >= stop or await Later(log.load, start, stop)
    if not is_loaded:
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    messages = (event for event in reversed(log.read(start, stop)) if isinstance(event, Said) and not isinstance(event, Blanked))
    return next(filter(wanted, messages), None)
