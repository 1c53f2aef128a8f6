"""Messages: in a room, and in private."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from chatd.core.account import Account
from chatd.core.actions.base import Result, Sending, check_text, person_of
from chatd.core.answers import Ack, Answer, AwayNotice, Done
from chatd.core.command_table import ROW_OF
from chatd.core.commands import Me, Msg, Reply, Say
from chatd.core.driver import Later
from chatd.core.errors import BadUsage, NoSuchMessage, NoSuchNick, NotDelivered, Refusal
from chatd.core.events import DRAFT, Event, Private, Said
from chatd.core.inboxes import Recipient
from chatd.core.limits import HISTORY_EVENTS
from chatd.core.names import INBOX, fold
from chatd.core.person import Person
from chatd.core.policy import check_may_speak, check_not_muted, visible
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.session import Session


def message(registry: Registry, session: Session, person: Person, room: Room, command: Say | Me) -> Said:
    """The draft of what ``person`` says in ``room`` with ``command``. Raises a Refusal if they may
    not."""
    text = command.text
    further = check_text(text)
    if further:
        session.out.spend(further)  # On a terminal, each line is one.
    check_may_speak(registry, person, room)
    name, now, nick, sender_id, account = room.name.text, session.last_active, person.nick, session.sender_id, bool(person.account)
    if isinstance(command, Me):
        return Said(name, DRAFT, now, nick, sender_id, text, True, command.id, account=account)
    reply = command.reply and _check_reply(registry, session, room, command.reply)
    return Said(name, DRAFT, now, nick, sender_id, text, False, command.id, reply, notice=command.notice, account=account)


def messages(session: Session, room: Room, texts: Sequence[str]) -> list[Said]:
    """The drafts of a series that the person of ``session``, who may speak there, says in
    ``room``; ``texts`` are safe, not empty, and of one line each."""
    person = person_of(session)
    name, now, nick, sender_id, account = room.name.text, session.last_active, person.nick, session.sender_id, bool(person.account)
    return [Said(name, DRAFT, now, nick, sender_id, text, account=account) for text in texts]


def _check_reply(registry: Registry, session: Session, room: Room, seq: int) -> int:
    """``seq``, an event of ``room`` that this person can see. Raises NoSuchMessage."""
    first = max(room.log.first, visible(registry, session.person).first_seq(room))
    if not first <= seq < room.log.end:
        raise NoSuchMessage(f"#{room.name.text} has no event {seq} to reply to.", "The seq of an event is in its object.")
    return seq


def msg(registry: Registry, session: Session, command: Msg) -> Result:
    """Send one person a message that nobody else sees."""
    session.out.spend(check_text(command.text))
    try:
        return _sending(registry, session, command, visible(registry, session.person).recipient(command.nick))
    except Refusal as refusal:
        if not command.id:
            raise
        return _sent_before(registry, session, command, refusal)


async def reply(registry: Registry, session: Session, command: Reply) -> tuple[Answer, ...]:
    """Answer the last private message."""
    check_text(command.text)
    try:
        sending = _sending(registry, session, command, await _last_correspondent(registry, session))
    except Refusal as refusal:
        return await _sent_before(registry, session, command, refusal)
    outcome: Event | NotDelivered = await Later(sending.post)
    if isinstance(outcome, NotDelivered):
        raise outcome
    return sending.answers(outcome)


def _sending(registry: Registry, session: Session, command: Msg | Reply, recipient: Recipient) -> Sending:
    check_not_muted(registry, person_of(session))
    is_notice, is_action = isinstance(command, Msg) and command.notice, isinstance(command, Msg) and command.action
    letter = registry.inboxes.write(session, recipient, command.text, command.id, is_notice, is_action)

    def answers(event: Event) -> tuple[Answer, ...]:
        if event.room != INBOX:  # The id is that of a message in a room.
            return (Ack(event.room, event.seq, event.time),)
        done = Done(ROW_OF[type(command)].name, letter.nick, seq=event.seq, time=event.time)
        notice = _absence_notice(registry, session, recipient)
        return (done,) if notice is None else (done, notice)

    return Sending(partial(registry.inboxes.post, letter), answers)


def _absence_notice(registry: Registry, session: Session, recipient: Recipient) -> AwayNotice | None:
    if isinstance(recipient, Account):
        return registry.inboxes.absence_notice(session, recipient)
    return registry.directory.away_notice(session, recipient)


async def _sent_before(registry: Registry, session: Session, command: Msg | Reply, refusal: Refusal) -> tuple[Answer, ...]:
    """The answer to a message that was sent before under the same id; it is not sent again,
    whatever has happened since. Raises ``refusal`` if it was not."""
    find_sent = registry.inboxes.of(session).log.find_sent
    sent: Said | None = await Later(find_sent, session.sender_id, command.id) if command.id else None
    if not isinstance(sent, Private):
        raise refusal
    return (Done(ROW_OF[type(command)].name, sent.peer, seq=sent.seq, time=sent.time),)


async def _last_correspondent(registry: Registry, session: Session) -> Recipient:
    """Whoever has written the last private message to the person of ``session``. Raises BadUsage,
    NoSuchNick and NotDelivered."""
    log = registry.inboxes.of(session).log
    start, stop = max(log.first, log.end - HISTORY_EVENTS), log.end
    if not await Later(log.load, start, stop):
        raise NotDelivered("The server cannot read its disk.", "Try again later.")
    for event in reversed(log.read(start, stop)):
        if isinstance(event, Private) and not event.to:
            return _writer_of(registry, event)
    raise BadUsage("Nobody has written to you yet.", "Write /msg NICK TEXT.")


def _writer_of(registry: Registry, message: Private) -> Recipient:
    """Whoever has written ``message``: the owner of the account, if it is still the same one; for a
    guest, the seat, whatever its nick is by now. Raises NoSuchNick."""
    if message.guest:
        seat = registry.directory.session_of(message.sender_id)
        if seat is not None and seat.person is not None:
            return seat.person
    else:
        account = registry.accounts.get(fold(message.nick))
        if account is not None and not account.is_disabled and account.made <= message.time:
            return registry.directory.of_account(account.name.key) or account
    raise NoSuchNick("The person who wrote to you last has left.", "/who lists who is here.")
