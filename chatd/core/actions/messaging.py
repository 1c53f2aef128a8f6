"""Messages: in a room, and in private."""

from __future__ import annotations

from chatd.core.actions.base import Result, check_text
from chatd.core.commands import ROW_OF, Me, Msg, Reply, Say
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NoSuchMessage, NoSuchNick, NotDelivered
from chatd.core.events import DRAFT, Answer, Done, Said
from chatd.core.person import Person
from chatd.core.policy import check_may_speak, visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session

Sent = Answer | tuple[Answer, ...]
"""The answer to a private message that was sent, perhaps with a notice that the recipient is
away."""


def say(registry: Registry, session: Session, command: Say | Me) -> Said:
    """Send a message to a room, or describe an action."""
    room, text = registry.rooms.joined_room(session, command.room), command.text
    check_text(text)
    session.out.spend(text.count("\n"))  # On a terminal, each line is one.
    assert session.person is not None
    check_may_speak(registry, session.person, room)
    now, sender_id = session.last_active, session.sender_id
    if isinstance(command, Me):
        return Said(room.name.text, DRAFT, now, session.nick, sender_id, text, True, command.id)
    reply = command.reply and _check_reply(registry, session, room, command.reply)
    return Said(room.name.text, DRAFT, now, session.nick, sender_id, text, False, command.id, reply)


def _check_reply(registry: Registry, session: Session, room: Room, seq: int) -> int:
    """``seq``, an event of ``room`` that this person can see. Raises NoSuchMessage."""
    first = max(room.log.first, visible(registry, session.person).first_seq(room))
    if not first <= seq < room.log.end:
        raise NoSuchMessage(f"#{room.name.text} has no event {seq} to reply to.", "The seq of an event is in its object.")
    return seq


def msg(registry: Registry, session: Session, command: Msg) -> Result:
    """Send one person a message that nobody else sees."""
    earlier = _sent_before(registry, session, command)
    return earlier or _send(registry, session, visible(registry, session.person).person(command.nick), command)


def reply(registry: Registry, session: Session, command: Reply) -> Result:
    """Answer the last private message."""
    earlier = _sent_before(registry, session, command)
    return earlier or _send(registry, session, _reply_recipient(registry, session), command)


def _sent_before(registry: Registry, session: Session, command: Msg | Reply) -> Done | None:
    """The answer to a message that was delivered before under the same id; it is not delivered
    again."""
    recipient = registry.directory.recipient_of(session.sender_id, command.id)
    return None if recipient is None else Done(ROW_OF[type(command)].name, recipient)


def _send(registry: Registry, session: Session, recipient: Person, command: Msg | Reply) -> Result:
    check_text(command.text)
    session.out.spend(command.text.count("\n"))
    if command.id:
        registry.directory.check_ignored(session, recipient)
        return _send_once(registry, session, recipient, command)
    return _deliver(registry, session, recipient, command)


async def _send_once(registry: Registry, session: Session, recipient: Person, command: Msg | Reply) -> Sent:
    """Send a message that has an id, at most once: the id is stored before delivery, so after a
    crash in between the message counts as delivered. Raises NotDelivered."""
    sender_id, store = session.sender_id, registry.store
    failure: NotDelivered | None = await Later(store.note_private, sender_id, command.id, recipient.nick)
    if failure is not None:
        raise failure
    before = _sent_before(registry, session, command)  # Another connection of the sender may have been faster.
    try:
        return before or _deliver(registry, session, recipient, command)
    except NotDelivered:
        await Later(store.note_private, sender_id, command.id, "")
        raise


def _deliver(registry: Registry, session: Session, recipient: Person, command: Msg | Reply) -> Sent:
    registry.directory.send_private(session, recipient, command.text, command.id)
    done = Done(ROW_OF[type(command)].name, recipient.nick)
    notice = registry.directory.away_notice(session, recipient)
    return done if notice is None else (done, notice)


def _reply_recipient(registry: Registry, session: Session) -> Person:
    assert session.person is not None
    if not session.person.reply_to:
        raise BadUsage("Nobody has written to you yet.", "Write /msg NICK TEXT.")
    directory = registry.directory
    seat = directory.session_of(session.person.reply_to)
    person = seat.person if seat else directory.of_account(session.person.reply_account)
    if person is None:
        raise NoSuchNick("The person who wrote to you last has left.", "/who lists who is here.")
    return person
