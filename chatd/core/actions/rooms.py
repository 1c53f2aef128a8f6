"""Rooms: entering and leaving them, their topic and their retention."""

from __future__ import annotations

from chatd.core import retention
from chatd.core.actions.base import Result
from chatd.core.commands import Join, Keep, Leave, Topic
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NotDelivered, TooLong, TooMany
from chatd.core.events import DRAFT, Answer, Done, Event, Exited, Reason, RetentionIs, RetentionSet, TopicIs, TopicSet
from chatd.core.limits import EVENT_LINES, ROOMS_PER_PERSON, TOPIC_CHARACTERS
from chatd.core.names import parse_room
from chatd.core.presence import Entering
from chatd.core.presence import leave as leave_room
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


def join(registry: Registry, session: Session, command: Join) -> Result:
    """Enter a room, or make it the current one if the person is already in it."""
    assert session.person is not None
    name = parse_room(command.room)
    rooms = registry.rooms.of(session.person)
    room = rooms.get(name.key)
    if room is not None:
        session.current = room
        session.out.turn_to(room)
        return Done("join", room.name.text)
    if len(rooms) >= ROOMS_PER_PERSON:
        raise TooMany(f"You are already in {ROOMS_PER_PERSON} rooms.", "/leave one of them first.")
    return Entering(registry, session, name).finish()


async def leave(registry: Registry, session: Session, command: Leave) -> Answer:
    """Leave a room; the one entered last becomes the current one."""
    room = registry.rooms.joined_room(session, command.room)
    left = leave_room(registry, session, room, Reason.LEFT)
    current = session.current.name.text if session.current else ""
    await left
    return Exited(room.name.text, current)


async def topic(registry: Registry, session: Session, command: Topic) -> Answer:
    """Show the topic of a room, or set it."""
    room = registry.rooms.joined_room(session, command.room)
    if not command.text:
        return TopicIs(room.name.text, room.topic)
    if len(command.text) > TOPIC_CHARACTERS:
        raise TooLong("The topic is too long.", f"A topic has at most {TOPIC_CHARACTERS} characters.")
    text = "" if command.text == "-" else command.text
    await _post(session, room, TopicSet(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, text))
    return Done("topic", text)


async def keep(registry: Registry, session: Session, command: Keep) -> Answer:
    """Show the retention of a room, or set it."""
    room, now = registry.rooms.joined_room(session, command.room), registry.now()
    text = "" if command.keep == "-" else command.keep.lower()
    if command.keep and text != room.retention.text:
        _check_duration(text, registry.settings.keep)
        # Wait for messages that are being stored: they count as earlier than this choice.
        await Later(registry.store.after_pending)
        since = room.retention.changed(text, now, at_once=room.has_no_messages).since
        await _post(session, room, RetentionSet(room.name.text, DRAFT, now, session.nick, session.sender_id, text, since))
        registry.expiry.delete_old_in(room.name.key, room.log)
    current = room.retention
    return RetentionIs(room.name.text, current.text, current.since if current.since > now else 0, registry.settings.keep)


def _check_duration(text: str, most: str) -> None:
    """Raise BadUsage if ``text`` is not a duration, or longer than the retention of the server."""
    if text and retention.duration(text) > retention.duration(most):
        reason = f"This server keeps messages for at most {retention.in_words(most)}."
        raise BadUsage(reason, "Choose a shorter time, or - for the limit of the server.")


async def _post(session: Session, room: Room, draft: Event) -> None:
    """Have ``draft`` stored. Raises NotDelivered."""
    session.out.spend(EVENT_LINES)
    outcome: Event | NotDelivered = await Later(room.post, draft)
    if isinstance(outcome, NotDelivered):
        raise outcome
