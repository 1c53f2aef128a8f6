"""What a command does: one function for each.

An action changes the registry and the rooms, and tells the person. A mistake of the person is
raised as a Refusal before anything has changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

from chatd.core import commands, events, retention, when
from chatd.core.commands import Command
from chatd.core.errors import BadUsage, NickNeeded, NoSuchNick, NotDelivered, NotInRoom, Refusal, TooLong, TooMany
from chatd.core.events import Event, Reason
from chatd.core.limits import (
    AWAY_CHARACTERS,
    FOUND_EVENTS,
    HISTORY_EVENTS,
    ID_CHARACTERS,
    IGNORED_PER_SESSION,
    NAMES_SHOWN,
    ROOMS_PER_SESSION,
    SCROLLBACK_EVENTS,
    TOKEN_CHARACTERS,
    TOPIC_CHARACTERS,
)
from chatd.core.names import Name, fold, parse_nick, parse_room
from chatd.core.registry import Registry
from chatd.core.room import Room
from chatd.core.search import Query, words_of
from chatd.core.session import Session

Action = Callable[[Registry, Session, Any], None]


def perform(registry: Registry, session: Session, command: Command) -> None:
    """Carry out ``command`` for ``session``; a refusal is told to the person."""
    try:
        if len(command.id) > ID_CHARACTERS:
            raise TooLong("The id is too long.", f"An id has at most {ID_CHARACTERS} characters.")
        make = type(command)
        if session.name is None and make not in BEFORE_NICK:
            raise NickNeeded("You have no nick yet.", "Say first what you want to be called.")
        if make is not commands.Ping:  # A program sends these by itself; nobody is the less idle for them.
            session.last_active = registry.now()
        ACTIONS[make](registry, session, command)
    except Refusal as refusal:
        refuse(session, refusal, command.id)


def refuse(session: Session, refusal: Refusal, id: str = "") -> None:
    """Tell the person of ``session`` why not."""
    session.out.tell(events.Refused(refusal.code, refusal.reason, refusal.hint, id=id or refusal.id))


# -- Coming and going ------------------------------------------------------------------------------


def hello(registry: Registry, session: Session, command: commands.Hello) -> None:
    if session.name is not None:
        raise BadUsage("You have a nick already.", f"You are {session.nick}; /nick changes it.")
    name = parse_nick(command.nick, registry.reserved)
    wanted = {room.key: room for room in map(parse_room, [*command.rooms, *command.resume])}
    if len(wanted) > ROOMS_PER_SESSION:
        raise TooMany("These are too many rooms.", f"A person can be in {ROOMS_PER_SESSION} rooms.")
    sender_id = _sender_id(command.token)
    before = registry.holder(sender_id)
    registry.check_free(name, but_for=before or session)
    if before is not None:
        session.ignoring, session.away = before.ignoring, before.away
        session.out.set_filtered(bool(session.ignoring))
        end(registry, before, Reason.REPLACED)
    registry.claim(session, name)
    registry.seat(session, sender_id)
    session.scrollback = min(max(command.scrollback, 0), SCROLLBACK_EVENTS)
    settings = registry.settings
    session.out.tell(events.Welcome(name.text, settings.name, registry.store.name, settings.motd, id=command.id))
    seen = {parse_room(room).key: seq for room, seq in command.resume.items()}
    newcomer = name.text
    for room in list(wanted.values()) or [registry.default_room]:
        _enter(registry, session, room, command.id, newcomer, seen.get(room.key), command.log)
        newcomer = ""


def _sender_id(token: str) -> str:
    """The name of a sender: made from the token, which a reader of the log cannot find out again,
    or from chance."""
    if not token:
        return secrets.token_hex(16)
    shortest, longest = TOKEN_CHARACTERS
    if not shortest <= len(token) <= longest:
        raise BadUsage("The token is too short or too long.", f"A token has {shortest} to {longest} characters.")
    return sha256(token.encode()).hexdigest()[:32]


def nick(registry: Registry, session: Session, command: commands.Nick) -> None:
    if session.name is None:
        return hello(registry, session, commands.Hello(command.nick, id=command.id))
    old, name = session.nick, parse_nick(command.nick, registry.reserved)
    registry.claim(session, name)
    session.out.tell(events.Done("nick", name.text, id=command.id))
    if name.text != old:
        for room in session.rooms.values():
            event = events.Renamed(room.name.text, room.log.end, registry.now(), old, session.sender_id, name.text)
            room.report(event, room.members[session])


def quit(registry: Registry, session: Session, command: commands.Quit) -> None:
    end(registry, session, Reason.QUIT, command.text, command.id)


def end(registry: Registry, session: Session, reason: Reason, text: str = "", id: str = "") -> None:
    """Let ``session`` go: it leaves its rooms, is told why, and its connection is closed."""
    depart(registry, session, reason, text)

    def close() -> None:
        session.out.tell(events.Closing(reason, id=id))
        session.out.close(reason)

    session.out.hold()
    registry.store.after_pending(close)  # Whoever leaves is told first how what they said has ended.


def dismiss(session: Session) -> None:
    """Let ``session`` go because the server stops: nobody is told of each who leaves, as everybody
    does."""
    for room in list(session.rooms.values()):
        if _forget(session, room):
            session.out.unfollow(room)
    session.out.tell(events.Closing(Reason.SHUTDOWN))
    session.out.close(Reason.SHUTDOWN)


def depart(registry: Registry, session: Session, reason: Reason, text: str = "") -> None:
    """Take ``session`` out of its rooms and free its nick; its connection may be gone already."""
    for room in list(session.rooms.values()):
        _exit(registry, session, room, reason, text)
    registry.release(session)


def join(registry: Registry, session: Session, command: commands.Join) -> None:
    name = parse_room(command.room)
    room = session.rooms.get(name.key)
    if room is not None:
        session.current = room
        session.out.turn_to(room)
        session.out.tell(events.Done("join", room.name.text, id=command.id))
        return
    if len(session.rooms) >= ROOMS_PER_SESSION:
        raise TooMany(f"You are in {ROOMS_PER_SESSION} rooms already.", "/leave one of them first.")
    _enter(registry, session, name, command.id)


def _enter(
    registry: Registry,
    session: Session,
    name: Name,
    id: str,
    newcomer: str = "",
    seen: int | None = None,
    seen_log: str = "",
) -> None:
    room, now = registry.open_room(name), registry.now()
    log, joined, unkept = room.log, room.log.end, room.log.keep.is_none(now)
    known = seen is not None and seen_log == registry.store.name and 0 <= seen < joined
    if seen is not None and unkept:
        known = known and room.has_seen(session.sender_id, seen)
    room.members[session] = joined
    session.rooms[name.key] = session.current = room
    # Who is in when this is numbered is in at this number; the topic changes only with what is
    # stored.
    others = [nick for nick in room.nicks(NAMES_SHOWN) if nick != session.nick]
    nicks, count, away = (*others[: NAMES_SHOWN - 1], session.nick), len(room.members), room.away(NAMES_SHOWN)

    def stored(failure: NotDelivered | None) -> None:
        let_in(failure)
        session.out.release()

    def let_in(failure: NotDelivered | None) -> None:
        still_in = room.members.get(session) == joined
        if failure is not None:
            if still_in:
                _forget(session, room)
            return refuse(session, failure, id)
        if seen is not None and not known:
            session.out.tell(events.Missed(room.name.text, 0, joined - 1))
        scrollback = () if known or unkept else _heard(session, log.read(joined - session.scrollback, joined))
        here, kept = room.name.text, log.keep.text
        session.out.tell(events.Entered(here, joined, count, nicks, room.topic, away, scrollback, newcomer, kept, id=id))
        if still_in:
            session.out.follow(room, seen + 1 if known and seen is not None else joined + 1)
            session.out.turn_to(session.current)

    session.out.hold()
    room.post(events.Joined(room.name.text, joined, now, session.nick, session.sender_id), stored)


def leave(registry: Registry, session: Session, command: commands.Leave) -> None:
    room = _room_of(session, command.room)
    _exit(registry, session, room, Reason.LEFT)
    current = session.current.name.text if session.current else ""
    registry.store.after_pending(lambda: session.out.tell(events.Exited(room.name.text, current, id=command.id)))


def _exit(registry: Registry, session: Session, room: Room, reason: Reason, text: str = "") -> None:
    joined = room.members[session]
    if _forget(session, room):
        registry.store.after_pending(lambda: _unfollow(session, room))
    now, name = registry.now(), room.name.text
    room.report(events.Left(name, room.log.end, now, session.nick, session.sender_id, reason, text), joined)


def _forget(session: Session, room: Room) -> bool:
    """Take ``session`` out of ``room``; whether it follows the room, as one whose joining is not
    stored does not."""
    joined = room.members.pop(session)
    session.rooms.pop(room.name.key, None)
    if session.current is room:
        session.current = next(reversed(session.rooms.values()), None)
    return joined < room.log.stored


def _unfollow(session: Session, room: Room) -> None:
    session.out.unfollow(room)
    session.out.turn_to(session.current)


# -- Talking ---------------------------------------------------------------------------------------


def say(registry: Registry, session: Session, command: commands.Say | commands.Me) -> None:
    room, text, id = _room_of(session, command.room), command.text, command.id
    if not text or text.isspace():
        raise BadUsage("There is nothing to say in that.", "Write a text.")
    if not id:
        return _post(session, room, command)

    def found(said: events.Said | None) -> None:
        if said is not None:  # Sent again is not said twice (design, promise 3).
            room.log.confirm(said, lambda failure: _acknowledge(session, said, failure))
        elif session in room.members:  # Whose link broke meanwhile will say it again.
            _post(session, room, command)
        session.out.release()

    session.out.hold()
    room.log.find(session.sender_id, id, found)


def _post(session: Session, room: Room, command: commands.Say | commands.Me) -> None:
    action = type(command) is commands.Me
    said = events.Said(
        room.name.text, room.log.end, session.last_active, session.nick, session.sender_id, command.text, action, command.id
    )
    room.post(said, lambda failure: _acknowledge(session, said, failure))


def _acknowledge(session: Session, said: events.Said, failure: NotDelivered | None) -> None:
    if failure is not None:
        refuse(session, failure, said.id)
    elif session.out.acknowledges:
        session.out.tell(events.Ack(said.room, said.seq, said.time, id=said.id))


def msg(registry: Registry, session: Session, command: commands.Msg) -> None:
    if not _was_told(registry, session, command):
        _tell(registry, session, registry.person(command.nick), command)


def reply(registry: Registry, session: Session, command: commands.Reply) -> None:
    if not _was_told(registry, session, command):
        _tell(registry, session, _correspondent(registry, session), command)


def _correspondent(registry: Registry, session: Session) -> Session:
    if not session.correspondent:
        raise BadUsage("Nobody has told you anything yet.", "Write /msg NICK TEXT.")
    other = registry.holder(session.correspondent)
    if other is None:
        raise NoSuchNick("Whoever told you something last is gone.", "/who lists who is here.")
    return other


def _was_told(registry: Registry, session: Session, command: commands.Msg | commands.Reply) -> bool:
    """Whether ``command`` was carried out before and is sent again: it is answered again, and not
    told twice."""
    told = registry.told.get((session.sender_id, command.id)) if command.id else None
    if told is not None:
        session.out.tell(events.Done(commands.ROW_OF[type(command)].name, told, id=command.id))
    return told is not None


def _tell(registry: Registry, session: Session, other: Session, command: commands.Msg | commands.Reply) -> None:
    what, id, text = commands.ROW_OF[type(command)].name, command.id, command.text
    if not text or text.isspace():
        raise BadUsage("There is nothing to say in that.", "Write a text.")
    if session.name is not None and session.name.key in other.ignoring:
        raise NotDelivered(f"{other.nick} does not hear you.", "Nothing was told.")
    if not other.out.tell(events.Private(session.nick, text, registry.now())):
        raise NotDelivered(f"{other.nick} is not reading at the moment.", "Nothing was told; try again later.")
    other.correspondent = session.sender_id
    if id:
        registry.remember_told(session.sender_id, id, other.nick)
    session.out.tell(events.Done(what, other.nick, id=id))
    _tell_away(session, other)


def _tell_away(session: Session, other: Session) -> None:
    """Tell ``session`` that ``other`` is away, once for each time that they go."""
    if other.away is None or session.name is None:
        return
    if other.away_told is None:
        other.away_told = set()
    if session.name.key not in other.away_told:
        other.away_told.add(session.name.key)
        session.out.tell(events.AwayNotice(other.nick, other.away))


def topic(registry: Registry, session: Session, command: commands.Topic) -> None:
    room = _room_of(session, command.room)
    if not command.text:
        session.out.tell(events.TopicIs(room.name.text, room.topic, id=command.id))
        return
    if len(command.text) > TOPIC_CHARACTERS:
        raise TooLong("The topic is too long.", f"A topic has at most {TOPIC_CHARACTERS} characters.")
    text = "" if command.text == "-" else command.text

    def stored(failure: NotDelivered | None) -> None:
        if failure is not None:
            refuse(session, failure, command.id)
        else:
            session.out.tell(events.Done("topic", text, id=command.id))

    now, name = registry.now(), room.name.text
    room.post(events.TopicSet(name, room.log.end, now, session.nick, session.sender_id, text), stored)


def keep(registry: Registry, session: Session, command: commands.Keep) -> None:
    room, most = _room_of(session, command.room), registry.settings.keep
    here, text, now = room.log.keep, "" if command.keep == "-" else command.keep.lower(), registry.now()

    def answer() -> None:
        chosen = room.log.keep
        since = chosen.since if chosen.since > now else 0
        session.out.tell(events.RetentionIs(room.name.text, chosen.text, since, most, id=command.id))

    if not command.keep or text == here.text:
        return answer()
    if text and retention.span(text) > retention.span(most):
        raise BadUsage(f"This server keeps nothing for longer than {retention.words(most)}.", "Choose less, or - for that long.")

    def choose() -> None:
        since = here.changed(text, now, at_once=room.is_unsaid).since
        room.post(events.RetentionSet(room.name.text, room.log.end, now, session.nick, session.sender_id, text, since), stored)

    def stored(failure: NotDelivered | None) -> None:
        if failure is not None:
            refuse(session, failure, command.id)
        else:
            answer()
            registry.forget_in(room.name.key, room.log)
        session.out.release()

    session.out.hold()
    registry.store.after_pending(choose)  # So that what was said before counts, and what is said next obeys.


# -- Looking ---------------------------------------------------------------------------------------


def help(registry: Registry, session: Session, command: commands.Help) -> None:
    rows = (commands.find_row(command.about),) if command.about else commands.TABLE
    lines = tuple(events.HelpLine(row.name, commands.usage_line(row), row.help) for row in rows)
    session.out.tell(events.HelpText(lines, id=command.id))


def rooms(registry: Registry, session: Session, command: commands.Rooms) -> None:
    known = sorted(registry.rooms(), key=lambda room: (-len(room.members), room.name.key))
    lines = tuple(
        events.RoomLine(room.name.text, len(room.members), room.topic, session in room.members) for room in known[:NAMES_SHOWN]
    )
    session.out.tell(events.RoomList(len(known), lines, id=command.id))


def who(registry: Registry, session: Session, command: commands.Who) -> None:
    room = registry.room(command.room) if command.room else _room_of(session, "")
    nicks, away = room.nicks(NAMES_SHOWN), room.away(NAMES_SHOWN)
    session.out.tell(events.Members(room.name.text, len(room.members), nicks, away, id=command.id))


def whois(registry: Registry, session: Session, command: commands.Whois) -> None:
    other = registry.person(command.nick)
    idle = max(0, registry.now() - other.last_active) // 1000
    where = tuple(room.name.text for room in other.rooms.values())
    session.out.tell(events.PersonInfo(other.nick, where, other.since, idle, other.door, other.away, id=command.id))


def history(registry: Registry, session: Session, command: commands.History) -> None:
    room = _room_of(session, command.room)
    if min(command.count, command.before, command.after, command.around) < 0:
        raise BadUsage("These numbers make no sense.", "Write numbers above 0.")
    seqs, times = (command.before, command.after, command.around), (command.before_time, command.after_time, command.around_time)
    if sum(map(bool, (*seqs, *times))) > 1:
        raise BadUsage("These are several places.", "Name one: before, after or around a seq or a time.")
    count = min(command.count or SCROLLBACK_EVENTS, HISTORY_EVENTS)
    named = "".join(times)
    time = when.moment(named, registry.now()) if named else 0
    later = count if command.after or command.after_time else count // 2 if command.around or command.around_time else 0

    def show(place: int) -> None:
        start = min(place, room.log.stored) + later - count
        _show(session, room, start, start + count, command.id)

    def find() -> None:
        if room.log.keep.is_none(registry.now()):
            session.out.tell(events.HistoryPage(room.name.text, (), False, id=command.id))
            session.out.release()
        elif named:
            room.log.at(time, show)
        else:
            show(command.after + 1 if command.after else command.before or command.around or room.log.stored)

    session.out.hold()
    registry.store.after_pending(find)  # So that people see what they have just said themselves.


def _show(session: Session, room: Room, start: int, stop: int, id: str) -> None:
    """Answer with the events of ``room`` from ``start`` to ``stop``, and take what the person asks
    again."""
    log = room.log
    start, stop = max(start, log.first), min(stop, log.stored)

    def loaded(there: bool) -> None:
        if there:
            past = _heard(session, log.read(start, stop))
            session.out.tell(events.HistoryPage(room.name.text, past, start > log.first, stop < log.stored, id=id))
        else:
            refuse(session, NotDelivered("The server cannot read its disk.", "Try again later."), id)
        session.out.release()

    log.load(start, stop, loaded)


def search(registry: Registry, session: Session, command: commands.Search) -> None:
    words = words_of(command.text)
    if not words or command.count < 0:
        raise BadUsage("There is nothing to search for in that.", "Give a word, or several.")
    most = min(command.count or FOUND_EVENTS, HISTORY_EVENTS)
    now = registry.now()
    query = Query(
        words,
        registry.room(command.room).name.key if command.room else "",
        fold(command.nick),
        when.moment(command.after_time, now) if command.after_time else 0,
        when.moment(command.before_time, now) if command.before_time else when.FOR_EVER,
        most + 1,
    )

    def found(sought: Sequence[Event] | None) -> None:
        if sought is None:
            refuse(session, TooMany("Too much would be looked through.", "Add a word, in:#room or after:DATE."), command.id)
        else:
            shown = _heard(session, sought[:most])
            session.out.tell(events.SearchResults(words, shown, len(sought) > most, id=command.id))
        session.out.release()

    session.out.hold()
    registry.store.after_pending(lambda: registry.store.search(query, found))


def _heard(session: Session, past: Sequence[Event]) -> tuple[Event, ...]:
    """``past`` without the messages of those whom ``session`` does not hear."""
    return tuple(event for event in past if not session.ignores(event))


def ping(registry: Registry, session: Session, command: commands.Ping) -> None:
    session.out.tell(events.Pong(id=command.id))


# -- Oneself ---------------------------------------------------------------------------------------


def ignore(registry: Registry, session: Session, command: commands.Ignore) -> None:
    if command.nick:
        name = parse_nick(command.nick)
        if session.name is not None and name.key == session.name.key:
            raise BadUsage("You cannot ignore yourself.", "Write /ignore NICK.")
        if len(session.ignoring | {name.key}) > IGNORED_PER_SESSION:
            raise TooMany(f"You ignore {IGNORED_PER_SESSION} people already.", "/unignore one of them first.")
        session.ignoring |= {name.key}
        session.out.set_filtered(True)
    session.out.tell(events.Ignoring(tuple(sorted(session.ignoring)), id=command.id))


def unignore(registry: Registry, session: Session, command: commands.Unignore) -> None:
    key = parse_nick(command.nick).key
    if key not in session.ignoring:
        raise BadUsage(f"You do not ignore {command.nick}.", "/ignore lists whom you do.")
    session.ignoring -= {key}
    session.out.set_filtered(bool(session.ignoring))
    session.out.tell(events.Ignoring(tuple(sorted(session.ignoring)), id=command.id))


def away(registry: Registry, session: Session, command: commands.Away) -> None:
    if len(command.text) > AWAY_CHARACTERS:
        raise TooLong("The text is too long.", f"An away text has at most {AWAY_CHARACTERS} characters.")
    session.away, session.away_told = command.text, None
    session.out.tell(events.Done("away", command.text, id=command.id))


def back(registry: Registry, session: Session, command: commands.Back) -> None:
    if session.away is None:
        raise BadUsage("You are not away.", "/away goes away.")
    session.away = session.away_told = None
    session.out.tell(events.Done("back", id=command.id))


def _room_of(session: Session, name: str) -> Room:
    """The room called ``name``, which the person must be in; empty: the current one. Raises BadRoom
    and NotInRoom."""
    if not name:
        if session.current is None:
            raise NotInRoom("You are in no room.", "/join ROOM enters one; /rooms lists them.")
        return session.current
    room = session.rooms.get(parse_room(name).key)
    if room is None:
        raise NotInRoom(f"You are not in #{name.removeprefix('#')}.", f"/join #{name.removeprefix('#')} enters it.")
    return room


ACTIONS: Final[dict[type[Command], Action]] = {
    commands.Hello: hello,
    commands.Say: say,
    commands.Ping: ping,
    commands.Help: help,
    commands.Nick: nick,
    commands.Me: say,
    commands.Msg: msg,
    commands.Reply: reply,
    commands.Join: join,
    commands.Leave: leave,
    commands.Rooms: rooms,
    commands.Who: who,
    commands.Whois: whois,
    commands.Topic: topic,
    commands.Keep: keep,
    commands.Ignore: ignore,
    commands.Unignore: unignore,
    commands.Away: away,
    commands.Back: back,
    commands.History: history,
    commands.Search: search,
    commands.Quit: quit,
}

BEFORE_NICK: Final = frozenset({commands.Hello, commands.Ping, *(row.make for row in commands.TABLE if not row.nick_needed)})
