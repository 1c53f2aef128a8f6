"""Rooms: entering and leaving them, their topic and their retention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatd.core import retention
from chatd.core.actions.base import Result, check_text, store
from chatd.core.answers import Answer, Done, Exited, RetentionIs, RoomModes, TopicIs
from chatd.core.command_table import ROW_OF
from chatd.core.commands import Command, Join, Keep, Leave, Topic
from chatd.core.commands import Room as RoomCommand
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, TooLong, TooMany
from chatd.core.events import DRAFT, ModeSet, Reason, RetentionSet, TopicSet
from chatd.core.inboxes import Inbox
from chatd.core.limits import INVITED_PER_ROOM, ROOM_KEY_CHARACTERS, ROOMS_PER_PERSON, SESSIONS, SLOW_SECONDS, TOPIC_CHARACTERS
from chatd.core.membership import Role
from chatd.core.names import parse_room
from chatd.core.policy import check_may, check_may_speak, key_hash, room_of
from chatd.core.presence import Entering
from chatd.core.presence import leave as leave_room
from chatd.core.registry import Registry
from chatd.core.rights import OFF, ON, Mode, Modes
from chatd.core.room import Room
from chatd.core.session import Session


def join(registry: Registry, session: Session, command: Join) -> Result:
    """Enter a room, or make it the current one if the person is already in it."""
    assert session.person is not None
    name = parse_room(command.room)
    room = registry.rooms.get(name.key)
    if room is not None and session.person in room.members:
        session.current, session.removed_from = room, None
        session.out.turn_to(room)
        return Done("join", room.name.text)
    if len(registry.rooms.of(session.person)) >= ROOMS_PER_PERSON:
        raise TooMany(f"You are already in {ROOMS_PER_PERSON} rooms.", "/leave one of them first.")
    return Entering(registry, session, name, key=command.key).finish()


async def leave(registry: Registry, session: Session, command: Leave) -> Answer:
    """Leave a room; the one entered last becomes the current one."""
    room = registry.rooms.joined_room(session, command.room)
    left = leave_room(registry, session, room, Reason.LEFT, _last_words(command.text))
    current = session.current.name.text if session.current else ""
    await left
    return Exited(room.name.text, current)


def _last_words(text: str) -> str:
    if len(text) > TOPIC_CHARACTERS:
        raise TooLong("The text is too long.", f"It has at most {TOPIC_CHARACTERS} characters.")
    return text


async def topic(registry: Registry, session: Session, command: Topic) -> Answer:
    """Show the topic of a room, or set it."""
    room = room_of(registry, session, command.room)
    if not command.text:
        state = room.log.state
        return TopicIs(room.name.text, state.topic, state.topic_by, state.topic_time)
    if room.rights.modes.has_locked_topic:
        _check_may(registry, session, room, Role.MODERATOR, command)
    check_text(command.text)
    if len(command.text) > TOPIC_CHARACTERS:
        raise TooLong("The topic is too long.", f"A topic has at most {TOPIC_CHARACTERS} characters.")
    if session.person in room.members:  # An operator need not be.
        check_may_speak(registry, session.person, room)
    text = "" if command.text == "-" else command.text
    await store(session, room, TopicSet(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, text))
    return Done("topic", text)


async def keep(registry: Registry, session: Session, command: Keep) -> Answer:
    """Show the retention of a room, or set it."""
    room, now = room_of(registry, session, command.room), registry.now()
    text = "" if command.keep == "-" else command.keep.lower()
    if command.keep and text != room.retention.text:
        _check_duration(text, registry.settings.keep)
        _check_may_keep(registry, session, room, command, text)
        if isinstance(room, Inbox):
            _check_inbox(room, text)
        # Wait for messages that are being stored: they count as earlier than this choice.
        await Later(registry.store.after_pending)
        since = room.retention.changed(text, now, at_once=room.has_no_messages or isinstance(room, Inbox)).since
        await store(session, room, RetentionSet(room.name.text, DRAFT, now, session.nick, session.sender_id, text, since))
        registry.expiry.delete_old_in(room.name.key, room.log)
    current = room.retention
    return RetentionIs(room.name.text, current.text, current.since if current.since > now else 0, registry.settings.keep)


def _check_inbox(inbox: Inbox, text: str) -> None:
    """Raise BadUsage if ``inbox`` cannot be kept for ``text``."""
    if not inbox.is_kept:
        raise BadUsage("The private messages of a guest are never stored.", "/register makes your nick an account.")
    if text == retention.NONE:
        raise BadUsage("Private messages could not wait for you.", "Choose a time, such as 12h or 30d.")


def _check_may_keep(registry: Registry, session: Session, room: Room, command: Keep, text: str) -> None:
    """Raise NotAllowed if the person may not set the retention to ``text``: only an owner may. If
    the room has none, any member may choose a longer one, which deletes nothing."""
    is_longer = retention.duration(text) >= retention.duration(room.retention.text)
    if room.rights.has_owner or not is_longer:
        _check_may(registry, session, room, ROW_OF[Keep].change, command)


def _check_may(registry: Registry, session: Session, room: Room, right: Role, command: Command) -> None:
    assert session.person is not None
    check_may(registry, session.person, room, right, ROW_OF[type(command)])


def _check_duration(text: str, most: str) -> None:
    """Raise BadUsage if ``text`` is not a duration, or longer than the retention of the server."""
    if text and retention.duration(text) > retention.duration(most):
        reason = f"This server keeps messages for at most {retention.in_words(most)}."
        raise BadUsage(reason, "Choose a shorter time, or - for the limit of the server.")


# -- Modes -----------------------------------------------------------------------------------------


async def room(registry: Registry, session: Session, command: RoomCommand) -> Answer:
    """Show the modes of a room, or set one."""
    room = room_of(registry, session, command.room)
    if not command.mode:
        return _modes(room)
    _check_may(registry, session, room, ROW_OF[RoomCommand].change, command)
    mode = _mode(command.mode)
    value = _value(mode, command.value)
    hidden = ""
    if mode is Mode.KEY and value == ON:
        hidden = key_hash(room.name.text, command.value)
    elif mode is Mode.PRIVATE and value == ON:
        present = list(room.members)[-INVITED_PER_ROOM:]
        hidden = " ".join(person.identity.subject for person in present)
    draft = ModeSet(room.name.text, DRAFT, registry.now(), session.nick, session.sender_id, mode, value, hidden)
    await store(session, room, draft)
    return _modes(room)


def _modes(room: Room) -> RoomModes:
    oldest = room.log.read(room.log.held, room.log.held + 1)
    return RoomModes(room.name.text, in_words(room.rights.modes), oldest[0].time if oldest else 0)


def in_words(modes: Modes) -> Mapping[str, str]:
    """The modes that are set, with their values as an event writes them."""
    values = {
        Mode.PRIVATE: ON if modes.is_private else "",
        Mode.KEY: ON if modes.key else "",
        Mode.LIMIT: str(modes.limit or ""),
        Mode.MODERATED: ON if modes.is_moderated else "",
        Mode.TOPIC: Role.MODERATOR.word if modes.has_locked_topic else "",
        Mode.SLOW: str(modes.slow or ""),
        Mode.HISTORY: OFF if modes.hides_past else "",
        Mode.HIDDEN: ON if modes.is_hidden else "",
        Mode.EXTERNAL: ON if modes.is_external else "",
    }
    return {mode.value: value for mode, value in values.items() if value}


def _mode(word: str) -> Mode:
    try:
        return Mode(word.lower())
    except ValueError:
        raise BadUsage(f"There is no mode {word[:32]}.", f"The modes are {', '.join(Mode)}.") from None


def _value(mode: Mode, text: str) -> str:
    """The value ``text`` of ``mode``, as an event writes it. Raises BadUsage."""
    word = text.lower()
    match mode:
        case Mode.PRIVATE | Mode.MODERATED | Mode.HISTORY | Mode.HIDDEN | Mode.EXTERNAL if word in (ON, OFF):
            return word
        case Mode.TOPIC if word in (Role.MODERATOR.word, Role.MEMBER.word):
            return word
        case Mode.LIMIT if word == OFF or _is_up_to(word, SESSIONS):
            return word
        case Mode.SLOW if word == OFF or _is_up_to(word, SLOW_SECONDS):
            return word
        case Mode.KEY if word == OFF or ROOM_KEY_CHARACTERS[0] <= len(text) <= ROOM_KEY_CHARACTERS[1]:
            return OFF if word == OFF else ON
    raise BadUsage(f"This is no value for {mode}.", HINTS[mode])


def _is_up_to(word: str, most: int) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= len(str(most)) and 0 < int(word) <= most


HINTS: Final[Mapping[Mode, str]] = {
    Mode.PRIVATE: "Write /room private on, or off: only invited people can see and enter the room.",
    Mode.KEY: f"Write /room key WORD, with {ROOM_KEY_CHARACTERS[0]} to {ROOM_KEY_CHARACTERS[1]} characters, or /room key off.",
    Mode.LIMIT: f"Write /room limit N, with a number of people up to {SESSIONS}, or /room limit off.",
    Mode.MODERATED: "Write /room moderated on, or off: only people with a voice may speak.",
    Mode.TOPIC: "Write /room topic moderator, or member: who may set the topic.",
    Mode.SLOW: f"Write /room slow N, with a number of seconds up to {SLOW_SECONDS}, or /room slow off.",
    Mode.HISTORY: "Write /room history off, or on: whether members see what was said before they entered.",
    Mode.HIDDEN: "Write /room hidden on, or off: only members see the room in lists, but others can enter it.",
    Mode.EXTERNAL: "Write /room external on, or off: people can speak in the room without entering it.",
}
"""What would be accepted for each mode."""
