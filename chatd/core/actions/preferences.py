"""Settings of a person: ignoring others, words to be alerted to, and being away."""

from __future__ import annotations

from chatd.core.actions.base import Result, check_text, person_of
from chatd.core.answers import Alerts, Done, Ignoring, PersonChanged, Watching
from chatd.core.commands import Alert, Away, Back, Ignore, Realname, Unignore, Watch
from chatd.core.errors import BadNick, BadUsage, TooLong, TooMany
from chatd.core.limits import ALERT_CHARACTERS, ALERT_WORDS, AWAY_CHARACTERS, IGNORED_PER_PERSON, REALNAME_CHARACTERS
from chatd.core.names import Name, fold, parse_nick
from chatd.core.person import Person
from chatd.core.registry import Registry
from chatd.core.session import Session


def ignore(registry: Registry, session: Session, command: Ignore) -> Result:
    """Ignore somebody's messages, or list who is ignored."""
    person, directory = person_of(session), registry.directory
    if command.nick:
        name = _name(command.nick)
        if name.key == person.name.key:
            raise BadUsage("You cannot ignore yourself.", "Write /ignore NICK.")
        if name.key not in person.ignoring and len(person.ignoring) >= IGNORED_PER_PERSON:
            raise TooMany(f"You already ignore {IGNORED_PER_PERSON} people.", "/unignore one of them first.")
        ignoring = person.ignoring.copy()
        ignoring.add(*directory.holder(name))
        directory.set_ignoring(person, ignoring)
    return _ignoring(registry, person)


def unignore(registry: Registry, session: Session, command: Unignore) -> Result:
    """Stop ignoring somebody."""
    person, name, directory = person_of(session), _name(command.nick), registry.directory
    ignoring = person.ignoring.copy()
    if not ignoring.remove(*directory.holder(name)):
        raise BadUsage(f"You do not ignore {name.text}.", "/ignore lists the people you ignore.")
    directory.set_ignoring(person, ignoring)
    return _ignoring(registry, person)


def _name(nick: str) -> Name:
    """The nick of somebody else as a name. Raises BadNick with a hint for those who mean
    somebody."""
    try:
        return parse_nick(nick)
    except BadNick as refused:
        raise type(refused)("Nobody can have that nick.", "/who lists who is here.") from None


def _ignoring(registry: Registry, person: Person) -> Ignoring:
    """Whom ``person`` ignores, and the nicks that these people have now, if others."""
    now = {}
    for ignored in person.ignoring.people:
        holders = filter(None, map(registry.directory.session_of, ignored.seats))
        nicks = {holder.nick for holder in holders} - {ignored.nick}
        if nicks:
            now[ignored.nick] = min(nicks)
    return Ignoring(tuple(ignored.nick for ignored in person.ignoring.people), now)


def alert(registry: Registry, session: Session, command: Alert) -> Result:
    """Be alerted to words, or no longer, or list them; one's other sessions are told of a
    change."""
    person = person_of(session)
    words = dict(person.alerts)
    for word in command.words:
        bare = word.removeprefix("-")
        key = fold(bare)
        if not key or len(bare) > ALERT_CHARACTERS or len(bare.split()) > 1:
            raise BadUsage(f"A word has 1 to {ALERT_CHARACTERS} characters.", "Write /alert WORD, or /alert -WORD.")
        check_text(bare)
        if word != bare:
            words.pop(key, None)
        else:
            words[key] = bare
    if len(words) > ALERT_WORDS:
        raise TooMany(f"You can be alerted to {ALERT_WORDS} words.", "/alert -WORD drops one.")
    answer = Alerts(tuple(words.values()))
    if words != person.alerts:
        registry.directory.set_alerts(person, words)
        for other in registry.directory.sessions(person):
            if other is not session:
                other.out.tell(answer)
    return answer


def away(registry: Registry, session: Session, command: Away) -> Result:
    """Be away, with a text for those who write."""
    if command.text:
        check_text(command.text)
    if len(command.text) > AWAY_CHARACTERS:
        raise TooLong("The text is too long.", f"An away text has at most {AWAY_CHARACTERS} characters.")
    registry.directory.set_away(session, command.text)
    return Done("away", command.text)


def watch(registry: Registry, session: Session, command: Watch) -> Result:
    """Be told when people come and go, or not any more, or list whom one watches."""
    watchers, nicks = registry.directory.watchers, command.nicks
    if command.stop:
        watchers.remove(session, nicks) if nicks else watchers.clear(session)
        return Watching()
    valid = [nick for nick in nicks if _is_nick(nick)]
    watchers.add(session, valid)
    shown = valid if nicks else session.watched.values()
    here = {nick: person for nick in shown if (person := registry.directory.get(nick)) is not None}
    missing = [nick for nick in (nicks or shown) if nick not in here]
    return Watching(tuple(person.nick for person in here.values()), tuple(missing))


def _is_nick(text: str) -> bool:
    try:
        parse_nick(text)
    except BadNick:
        return False
    return True


def realname(registry: Registry, session: Session, command: Realname) -> Result:
    """Call oneself something, which others are shown."""
    check_text(command.text)
    if len(command.text) > REALNAME_CHARACTERS:
        raise TooLong("The text is too long.", f"It has at most {REALNAME_CHARACTERS} characters.")
    person = person_of(session)
    person.realname = command.text
    registry.tell_neighbours(person, PersonChanged(person.nick, "realname", command.text, bool(person.account)))
    return Done("realname", command.text)


def back(registry: Registry, session: Session, command: Back) -> Result:
    """Stop being away."""
    if session.away is None:
        raise BadUsage("You are not away.", "/away marks you as away.")
    registry.directory.set_away(session, None)
    return Done("back")
