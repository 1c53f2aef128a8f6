"""Rooms: entering and leaving them, their topic, how long they are kept."""

from __future__ import annotations

from chatd.core import retention
from chatd.core.actions.base import Result
from chatd.core.commands import Join, Keep, Leave, Topic
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered, TooLong, TooMany
from chatd.core.events import DRAFT, Answer, Done, Event, Exited, Reason, RetentionIs, RetentionSet, TopicIs, TopicSet
from chatd.core.limits import EVENT_LINES, ROOMS_PER_SESSION, TOPIC_CHARACTERS
from chatd.core.names import parse_room
from chatd.core.presence import Entering
from chatd.core.presence import leave as leave_room
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


def join(registry: Registry, session: Session, command: Join) -> Result:
    """Enter a room, or turn to it where one is in already."""
    assert session.person is not None
    name = parse_room(command.room)
    rooms = registry.rooms.of(session.person)
    room = rooms.get(name.key)
    if room is not None:
        session.current = room
        session.out.turn_to(room)
        return Done("join", room.name.text)
    if len(rooms) >= ROOMS_PER_SESSION:
        raise TooMany(f"You are in {ROOMS_PER_SESSION} rooms already.", "/leave one of them first.")
    return Entering(registry, session, name).finish()


async def leave(registry: Registry, session: Session, command: Leave) -> Answer:
    """Leave a room; the one entered last is the current one then."""
    room = registry.rooms.room_of(session, command.room)
    left = leave_room(registry, session, room, Reason.LEFT)
    current = session.current.name.text if session.current else ""
    await left
    return Exited(room.name.text, current)


async def topic(registry: Registry, session: Session, command: Topic) -> Answer:
    """Show the topic of a room, or set it."""
    room = registry.rooms.room_of(session, command.room)
    if not command.text:
        return TopicIs(room.name.text, room.topic)
    if len(command.text) > TOPIC_CHARACTERS:
        raise TooLong("The topic is too long.", f"A topic has at most {TOPIC_CHARACTERS} characters.")
    text = "" if command.text == "-" else command.text
    await _post(session, room, TopicSet(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, text))
    return Done("topic", text)


async def keep(registry: Registry, session: Session, command: Keep) -> Answer:
    """Show how long a room is kept, or set it."""
    room, now = registry.rooms.room_of(session, command.room), registry.now()
    text = "" if command.keep == "-" else command.keep.lower()
    if command.keep and text != room.retention.text:
        _check_span(text, registry.settings.keep)
        # What was said before counts as said, and what is said next goes by the new choice.
        await Later(registry.store.after_pending)
        since = room.retention.changed(text, now, at_once=room.is_unsaid).since
        await _post(session, room, RetentionSet(room.name.text, DRAFT, now, session.nick, session.sender_id, text, since))
        registry.expiry.delete_old_in(room.name.key, room.log)
    chosen = room.retention
    return RetentionIs(room.name.text, chosen.text, chosen.since if chosen.since > now else 0, registry.settings.keep)


def _check_span(text: str, most: str) -> None:
    """Raise BadUsage where ``text`` is no time, or a longer one than the server keeps anything."""
    if text and retention.span(text) > retention.span(most):
        raise BadUsage(f"This server keeps nothing for longer than {retention.words(most)}.", "Choose less, or - for that long.")


async def _post(session: Session, room: Room, draft: Event) -> None:
    """Have ``draft`` stored. Raises NotDelivered."""
    session.out.spend(EVENT_LINES)
    outcome: Event | NotDelivered = await Later(room.post, draft)
    if isinstance(outcome, NotDelivered):
        raise outcome
