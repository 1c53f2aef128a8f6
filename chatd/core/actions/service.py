"""What people and operators of the server have to do with each other: reports, announcements, and
the log of the server."""

from __future__ import annotations

from chatd.core.actions.base import check_text, person_of, store
from chatd.core.actions.history import history
from chatd.core.commands import ROW_OF, Announce, Audit, History, Report
from chatd.core.events import DRAFT, Announced, Announcement, Answer, Done, Reported
from chatd.core.events import Report as ReportNews
from chatd.core.limits import JOIN_LINES, SHOWN_LINES
from chatd.core.membership import Role
from chatd.core.policy import check_may, visible
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
    _check_operator(registry, session, command)
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
    _check_operator(registry, session, command)
    return await history(registry, session, History(command.count, registry.rooms.server.name.text))


def _check_operator(registry: Registry, session: Session, command: Announce | Audit) -> None:
    check_may(registry, person_of(session), registry.rooms.server, Role.OPERATOR, ROW_OF[type(command)])
