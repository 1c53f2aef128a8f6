"""What people and operators of the server have to do with each other: reports, announcements,
invitations to register, and the log of the server."""

from __future__ import annotations

from chatd.core.account import Kind
from chatd.core.actions.base import check_text, person_of, store
from chatd.core.actions.history import history
from chatd.core.answers import Announcement, Answer, Done
from chatd.core.answers import Report as ReportNews
from chatd.core.commands import Announce, Audit, History, InviteCode, Report
from chatd.core.errors import BadUsage, TooMany
from chatd.core.events import DRAFT, Announced, Reported
from chatd.core.limits import CREDENTIALS, JOIN_LINES, SHOWN_LINES
from chatd.core.policy import visible
from chatd.core.registry import Registry
from chatd.core.session import Session


async def report(registry: Registry, session: Session, command: Report) -> Answer:
    """Tell the operators of a person: those who are here at once, the others by the log."""
    check_text(command.text)
    other = visible(registry, session.person).person(command.nick)
    about = session.current.name.text if session.current else ""
    server, now = registry.rooms.server, registry.now()
    session.out.spend(JOIN_LINES)
    await store(
        session, server, Reported(server.name.text, DRAFT, now, session.nick, session.sender_id, other.nick, command.text, about)
    )
    for person in registry.directory.people:
        if registry.is_operator(person.identity):
            registry.directory.tell(person, ReportNews(session.nick, other.nick, command.text, now, about))
    return Done("report", other.nick)


async def announce(registry: Registry, session: Session, command: Announce) -> Answer:
    """Tell everybody on the server something."""
    check_text(command.text)
    server, now = registry.rooms.server, registry.now()
    await store(session, server, Announced(server.name.text, DRAFT, now, session.nick, session.sender_id, command.text))
    people = registry.directory.people
    session.out.spend(SHOWN_LINES * len(people))
    for person in people:
        registry.directory.tell(person, Announcement(session.nick, command.text, now))
    return Done("announce", str(len(people)))


async def audit(registry: Registry, session: Session, command: Audit) -> Answer:
    """Show the last events of the log of the server."""
    return await history(registry, session, History(command.count, registry.rooms.server.name.text))


async def invite_code(registry: Registry, session: Session, command: InviteCode) -> Answer:
    """Make an invitation, of which only a hash is kept."""
    if registry.settings.registration != "invite":
        raise BadUsage(
            "This server asks nobody for an invitation.", f"It runs with --registration {registry.settings.registration}."
        )
    account, accounts = registry.accounts.get(person_of(session).account), registry.accounts
    assert account is not None, "only the owner of an account is an operator"
    if len(accounts.credentials(account, Kind.INVITE)) >= CREDENTIALS:
        raise TooMany(f"{CREDENTIALS} of your invitations are not used yet.", "Give these out first.")
    code, _ = await accounts.add_secret(account, Kind.INVITE, session.door, registry.now())
    return Done("invite-code", secret=code)
