"""A stateful model of people, sessions, roles and rooms: no event ever reaches somebody who may not
read it, in memory and on disk.

The model knows the rights in its own, simple way. It says of each command whether it is refused,
and who may read what.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.core import commands
from chatd.core.answers import Answer, Entered, Exited, HistoryPage, Refused, SearchResults
from chatd.core.commands import Command, Hello, Join, Say
from chatd.core.driver import drive
from chatd.core.events import BanSet, Event, Left
from chatd.core.presence import attach, follow_rooms
from chatd.testing import Visitor, own_account
from tests.codecs.strategies import texts_of
from tests.store.pumped import Server

MEMBER, VOICE, MODERATOR, OWNER, OPERATOR = 1, 2, 3, 4, 5
GRANTS: Final[dict[str, tuple[type[Any], int, int]]] = {
    "owner": (commands.Owner, OWNER, OWNER),
    "op": (commands.Op, MODERATOR, OWNER),
    "voice": (commands.Voice, VOICE, MODERATOR),
    "deop": (commands.Deop, MEMBER, MODERATOR),
}
"""Each command that gives a role, with the role and with the one that is needed."""

NOWHERE: Final = "nowhere"
"""A room that does not exist."""

HOUR: Final = 3_600_000


@dataclass(eq=False)
class Actor:
    """One of the people, who comes and goes. ``token``: the same seat each time."""

    name: str
    address: str
    account: bool = False
    token: bool = False
    nick: str = ""
    seats: int = 0
    visitors: list[Visitor] = field(default_factory=list)

    @property
    def is_operator(self) -> bool:
        return self.name == "ada"

    @property
    def id(self) -> str:
        """What a role belongs to."""
        return self.name if self.account or self.token else f"{self.name} {self.seats}"


@dataclass
class Ban:
    nick: str
    until: int
    ids: set[str]
    addresses: set[str]

    def is_about(self, actor: Actor, now: int) -> bool:
        is_over = 0 < self.until <= now
        at_address = not actor.account and actor.address in self.addresses
        return not is_over and (actor.nick == self.nick or actor.id in self.ids or at_address)


@dataclass
class Place:
    """A room."""

    name: str
    roles: dict[str, int] = field(default_factory=dict)
    invited: set[str] = field(default_factory=set)
    bans: dict[str, Ban] = field(default_factory=dict)
    mutes: dict[str, Ban] = field(default_factory=dict)
    modes: set[str] = field(default_factory=set)
    members: list[Actor] = field(default_factory=list)
    inside: tuple[Actor, ...] = ()
    """The members before the last command."""
    since: dict[Actor, int] = field(default_factory=dict)
    """The seq from which on each member may read where the past is hidden."""
    resumes: dict[str, int] = field(default_factory=dict)
    """The seq of the last event that each id has seen who has lost their link."""

    def rank(self, actor: Actor) -> int:
        if actor.is_operator:
            return OPERATOR
        return max(MEMBER, self.roles.get(actor.id, 0)) if actor in self.members else 0

    def is_banned(self, actor: Actor, now: int) -> bool:
        if actor.is_operator or actor.id in self.roles:
            return False
        return any(ban.is_about(actor, now) for ban in self.bans.values())

    def may_enter(self, actor: Actor, now: int, key: str) -> bool:
        if actor.is_operator:
            return True
        if self.is_banned(actor, now):
            return False
        is_expected = actor.id in self.roles or actor.id in self.invited
        return is_expected or not ("private" in self.modes or ("key" in self.modes and key != "sesame"))

    def may_speak(self, actor: Actor, now: int) -> bool:
        if actor not in self.members:
            return False
        is_silent = "moderated" in self.modes or any(mute.is_about(actor, now) for mute in self.mutes.values())
        return self.rank(actor) >= VOICE or not is_silent

    def knows(self, actor: Actor) -> bool:
        """Whether ``actor`` may know that there is this room."""
        is_inside = actor in self.members or actor.id in self.roles or actor.id in self.invited
        return "private" not in self.modes or actor.is_operator or is_inside

    def may_search(self, actor: Actor, now: int) -> bool:
        return actor.is_operator or not (self.modes & {"private", "key", "history"} or self.is_banned(actor, now))

    def may_read(self, actor: Actor, seq: int) -> bool:
        if actor.is_operator:
            return True
        is_all_shown = "history" not in self.modes or self.rank(actor) > MEMBER
        return actor in self.members and (is_all_shown or seq >= self.since[actor])

    def remove(self, actor: Actor) -> None:
        """``actor`` is removed by somebody."""
        self.members.remove(actor)
        self.invited.discard(actor.id)
        self.resumes.pop(actor.id, None)


ACTORS: Final = ("ada", "olga", "zed", "mia", "eve")
PLACES: Final = ("zz-dev", "zz-den")
WHO = st.sampled_from(ACTORS)
WHERE = st.sampled_from(PLACES)
MODERATORS = st.sampled_from(["olga", "olga", "mia", "mia", "ada", "zed", "eve"])
OTHERS = st.sampled_from(["zed", "eve", "mia", "zed", "eve", "olga", "ada"])
MODES = st.sampled_from(["private", "moderated", "history", "key"])


class RightsInMemory(RuleBasedStateMachine):
    """ada is an operator, olga and zed have accounts, mia has a token, and eve comes from the same
    address without one."""

    on_disk = False

    @initialize(modes=st.sets(MODES, max_size=2), people=st.sets(OTHERS, min_size=2))
    def begin(self, modes: set[str], people: set[str]) -> None:
        self.folder = Path(tempfile.mkdtemp()) if self.on_disk else None
        self.server = Server(self.folder)
        self.actors = {
            "ada": Actor("ada", "192.0.2.1", account=True),
            "olga": Actor("olga", "192.0.2.2", account=True),
            "zed": Actor("zed", "192.0.2.3", account=True),
            "mia": Actor("mia", "192.0.2.4", token=True),
            "eve": Actor("eve", "192.0.2.4"),
        }
        self.places = {name: Place(name) for name in PLACES}
        self.number = 0
        for name in ACTORS:
            self.arrive(name, resumes=False)
        self.enter("olga", "zz-dev", "")
        self.enter("mia", "zz-den", "")
        self.say("olga", "zz-dev")
        self.say("mia", "zz-den")
        for mode in sorted(modes):
            self.set_mode("olga", "zz-dev", mode, is_set=True)
        for name in sorted(people):
            self.invite("olga", name, "zz-dev")
            self.enter(name, "zz-dev", "sesame")

    def teardown(self) -> None:
        if hasattr(self, "server"):
            self.server.store.close()
            if self.folder is not None:
                shutil.rmtree(self.folder)

    # -- Coming and going

    @rule(name=WHO, resumes=st.booleans())
    def arrive(self, name: str, resumes: bool) -> None:
        actor = self.actors[name]
        if actor.visitors:
            return
        actor.nick, actor.seats = name, actor.seats + 1
        visitor = Visitor(self.server.registry, actor.address)
        wanted = {place.name: place.resumes[actor.id] for place in self.places.values() if actor.id in place.resumes}
        wanted = wanted if resumes and actor.token else {}
        log, token = self.server.store.name, name * 8 if actor.token else ""
        hello = Hello(name, token=token, rooms=() if wanted else ("lobby",), resume=wanted, log=log)
        aware, entering = self.aware(), {room for room in wanted if self.places[room].may_enter(actor, self.now, "")}
        received = self.server.ask(visitor, hello)
        actor.visitors = [visitor]
        if actor.account:
            own_account(visitor)
        entered = {news.room: news.seq for news in received if isinstance(news, Entered)}
        assert entered.keys() - {"lobby"} == entering
        for room in entering:
            self.places[room].members.append(actor)
            self.places[room].since[actor] = wanted[room] + 1
        assert len([news for news in received if isinstance(news, (Entered, Refused))]) == max(1, len(wanted))
        self.check(actor, received, aware)

    @rule(name=WHO)
    def lose_link(self, name: str) -> None:
        actor = self.actors[name]
        if not actor.visitors:
            return
        actor.visitors.pop().lose_link()
        self.server.drain()
        if not actor.visitors:
            for place in self.places.values():
                if actor in place.members:
                    place.resumes[actor.id] = self.end(place) - 2  # Before the event of leaving.
                    place.members.remove(actor)
        self.check(actor, [], self.aware())

    @precondition(lambda self: self.actors["olga"].visitors)
    @rule(name=st.sampled_from(["olga", "zed"]))
    def open_another_session(self, name: str) -> None:
        actor = self.actors[name]
        if len(actor.visitors) != 1:
            return
        person = actor.visitors[0].session.person
        assert person is not None
        visitor = Visitor(self.server.registry, actor.address)
        attach(self.server.registry, visitor.session, person, f"{self.number:032x}")
        self.number += 1
        drive(follow_rooms(self.server.registry, visitor.session, {}), lambda answer: None)
        actor.visitors.append(visitor)
        self.check(actor, [], self.aware())

    @rule(name=WHO, room=WHERE, key=st.sampled_from(["", "sesame", "wrong"]))
    def enter(self, name: str, room: str, key: str) -> None:
        actor, place = self.actors[name], self.places[room]
        if actor in place.members:
            return
        is_made = not self.end(place)

        def entered(answer: Answer) -> None:
            assert isinstance(answer, Entered)
            place.members.append(actor)
            place.since[actor] = answer.seq
            if is_made:
                place.roles[actor.id] = OWNER

        self.step(actor, Join(room, key), place.may_enter(actor, self.now, key), entered, named=place)

    @rule(name=WHO, room=WHERE)
    def leave(self, name: str, room: str) -> None:
        actor, place = self.actors[name], self.places[room]

        def left(answer: Answer) -> None:
            assert isinstance(answer, Exited)
            place.members.remove(actor)
            place.resumes.pop(actor.id, None)

        self.step(actor, commands.Leave(room), actor in place.members, left, named=place)

    @rule(name=st.sampled_from(["mia", "eve"]), again=st.booleans())
    def change_nick(self, name: str, again: bool) -> None:
        actor = self.actors[name]
        if not actor.visitors:
            return
        renamed = replace(actor, nick=f"{name}-2" if again else name)
        inside = [place for place in self.places.values() if actor in place.members]
        is_free = not any(place.is_banned(renamed, self.now) for place in inside)

        def changed(answer: Answer) -> None:
            actor.nick = renamed.nick

        self.step(actor, commands.Nick(renamed.nick), is_free, changed)

    # -- Speaking

    @rule(name=WHO, room=WHERE)
    def say(self, name: str, room: str) -> None:
        actor, place = self.actors[name], self.places[room]
        self.step(actor, Say("tea", room), place.may_speak(actor, self.now), named=place)

    @rule(name=WHO, room=WHERE)
    def set_topic(self, name: str, room: str) -> None:
        actor, place = self.actors[name], self.places[room]
        is_outside = actor.is_operator and actor not in place.members
        may = is_outside or place.may_speak(actor, self.now)
        self.step(actor, commands.Topic("tea", room), may, named=place)

    # -- Moderating

    @rule(name=MODERATORS, other=OTHERS, room=WHERE, grant=st.sampled_from(list(GRANTS)))
    def give_role(self, name: str, other: str, room: str, grant: str) -> None:
        actor, target, place = self.actors[name], self.actors[other], self.places[room]
        make, role, needed = GRANTS[grant]
        has, owners = place.roles.get(target.id, MEMBER), [id for id, had in place.roles.items() if had == OWNER]
        may = place.rank(actor) >= needed and bool(target.visitors) and self.outranks(actor, target, place)
        may = may and has != role and not (grant == "voice" and has > VOICE)
        may = may and not (actor is target and actor.account and owners == [target.id] and role < OWNER)

        def given(answer: Answer) -> None:
            place.roles.pop(target.id, None)
            if role > MEMBER:
                place.roles[target.id] = role

        self.step(actor, make(target.nick, room), may, given, named=place)

    @rule(name=MODERATORS, other=OTHERS, room=WHERE)
    def kick(self, name: str, other: str, room: str) -> None:
        actor, target, place = self.actors[name], self.actors[other], self.places[room]
        may = place.rank(actor) >= MODERATOR and target in place.members and self.outranks(actor, target, place)

        def kicked(answer: Answer) -> None:
            place.remove(target)
            if "private" in place.modes and actor is not target:
                place.roles.pop(target.id, None)  # It would let them in again (docs/moderation.md, "Removing people").

        self.step(actor, commands.Kick(target.nick, room=room), may, kicked, named=place)

    @rule(name=MODERATORS, other=OTHERS, room=WHERE, mutes=st.booleans(), time=st.sampled_from(["", "1h"]))
    def ban(self, name: str, other: str, room: str, mutes: bool, time: str) -> None:
        actor, target, place = self.actors[name], self.actors[other], self.places[room]
        nick, is_here = target.nick or other, bool(target.visitors)
        may = place.rank(actor) >= MODERATOR and (not is_here or self.outranks(actor, target, place))
        new = Ban(nick, self.now + HOUR if time else 0, {target.id} if is_here else set(), set())
        if is_here and not target.account and not mutes:
            new.addresses.add(target.address)

        def banned(answer: Answer) -> None:
            (place.mutes if mutes else place.bans)[nick] = new
            for member in [] if mutes else list(place.members):
                if new.is_about(member, self.now) and not member.is_operator and member.id not in place.roles:
                    place.remove(member)

        make = commands.Mute if mutes else commands.Ban
        self.step(actor, make(nick, time, room=room), may, banned, named=place)

    @rule(name=MODERATORS, other=OTHERS, room=WHERE, mutes=st.booleans())
    def lift(self, name: str, other: str, room: str, mutes: bool) -> None:
        actor, place = self.actors[name], self.places[room]
        nick, held = self.actors[other].nick or other, place.mutes if mutes else place.bans
        make = commands.Unmute if mutes else commands.Unban
        may = place.rank(actor) >= MODERATOR and nick in held
        self.step(actor, make(nick, room), may, lambda answer: held.pop(nick), named=place)

    @rule(name=MODERATORS, other=OTHERS, room=WHERE)
    def invite(self, name: str, other: str, room: str) -> None:
        actor, target, place = self.actors[name], self.actors[other], self.places[room]
        is_moderator = place.rank(actor) >= MODERATOR
        tells = actor in place.members and not place.modes & {"private", "key"}
        may = (is_moderator or tells) and bool(target.visitors) and target not in place.members

        def invited(answer: Answer) -> None:
            if is_moderator:
                place.invited.add(target.id)

        self.step(actor, commands.Invite(target.nick, room), may, invited, named=place)

    @rule(name=MODERATORS, room=WHERE, mode=MODES, is_set=st.booleans())
    def set_mode(self, name: str, room: str, mode: str, is_set: bool) -> None:
        actor, place = self.actors[name], self.places[room]
        value = {True: "on", False: "off"}[is_set != (mode == "history")] if mode != "key" or not is_set else "sesame"

        def changed(answer: Answer) -> None:
            (place.modes.add if is_set else place.modes.discard)(mode)
            if mode == "private" and is_set:
                place.invited.update(member.id for member in place.members)

        self.step(actor, commands.Room(mode, value, room), place.rank(actor) >= OWNER, changed, named=place)

    @rule(name=WHO, room=WHERE)
    def kick_from_the_server(self, name: str, room: str) -> None:
        target, ada = self.actors[name], self.actors["ada"]
        if not ada.visitors or target is ada or not target.visitors:
            return

        def removed(answer: Answer) -> None:
            target.visitors = []
            for place in self.places.values():
                place.resumes.pop(target.id, None)
                if target in place.members:
                    place.members.remove(target)

        gone = [*target.visitors]
        self.step(ada, commands.Kick(target.nick, room="@server"), True, removed)
        for visitor in gone:
            assert visitor.out.closed is not None
            assert not [news for news in visitor.take() if isinstance(news, Event)]

    # -- Asking

    @rule(name=WHO, room=WHERE)
    def read(self, name: str, room: str) -> None:
        actor, place = self.actors[name], self.places[room]
        may = actor in place.members or actor.is_operator
        self.step(actor, commands.History(room=room), may, named=place)

    @rule(name=WHO, word=st.sampled_from(["tea", "zz"]))
    def search(self, name: str, word: str) -> None:
        self.step(self.actors[name], commands.Search(word), True)

    @rule(name=WHO, room=WHERE)
    def search_in(self, name: str, room: str) -> None:
        actor, place = self.actors[name], self.places[room]
        may = actor in place.members or place.may_search(actor, self.now)
        self.step(actor, commands.Search("tea", room=room), may, named=place)

    @rule(name=MODERATORS, other=OTHERS, room=WHERE)
    def look(self, name: str, other: str, room: str) -> None:
        actor, place = self.actors[name], self.places[room]
        self.step(actor, commands.Rooms(), True)
        self.step(actor, commands.Whois(self.actors[other].nick), bool(self.actors[other].visitors))
        self.step(actor, commands.Who(room), place.knows(actor), named=place)

    # -- Time

    @rule()
    def wait(self) -> None:
        self.server.time.advance(HOUR / 1000)

    def restart(self) -> None:
        before = {key: log.state for key, log in self.server.store.logs.items()}
        self.server.restart()
        after = {key: log.state for key, log in self.server.store.logs.items()}
        assert after == {key: state for key, state in before.items() if key in after}
        assert {*PLACES} <= after.keys()
        for actor in self.actors.values():
            actor.visitors = []
        for place in self.places.values():
            place.members.clear()
            place.resumes.clear()

    # -- What holds

    @property
    def now(self) -> int:
        return self.server.time()

    def outranks(self, actor: Actor, target: Actor, place: Place) -> bool:
        return actor is target or place.rank(actor) > max(place.rank(target), place.roles.get(target.id, 0))

    def end(self, place: Place) -> int:
        """The number of the next event; 0: the room was never made."""
        log = self.server.store.logs.get(place.name)
        return 0 if log is None else log.end

    def aware(self) -> set[tuple[str, str]]:
        return {(name, place.name) for name, actor in self.actors.items() for place in self.places.values() if place.knows(actor)}

    def step(
        self,
        actor: Actor,
        command: Command,
        may: bool,
        effect: Callable[[Any], object] = lambda answer: None,
        named: Place | None = None,
    ) -> None:
        """Let ``actor`` give ``command``, which succeeds if they ``may``; it has named the room
        ``named``."""
        if not actor.visitors:
            return
        self.number += 1
        aware, ends = self.aware(), [self.end(place) for place in self.places.values()]
        for place in self.places.values():
            place.inside = tuple(place.members)
        visitor = actor.visitors[self.number % len(actor.visitors)]
        change: dict[str, Any] = {"id": f"c{self.number}"}
        received = self.server.ask(visitor, replace(command, **change))
        answers = [news for news in received if isinstance(news, Answer) and news.id == change["id"]]
        assert len(answers) == 1, (command, received)
        [answer] = answers
        assert isinstance(answer, Refused) != may, (command, answer, may)
        if may:
            effect(answer)
        else:
            assert [self.end(place) for place in self.places.values()] == ends
            if named is not None and (actor.name, named.name) not in aware and not isinstance(command, Join):
                self.check_same_as_nowhere(visitor, command, answer, named)
            received.remove(answer)
        self.check(actor, received, aware)

    def check_same_as_nowhere(self, visitor: Visitor, command: Command, answer: Answer, named: Place) -> None:
        """A private room is refused as one that does not exist."""
        change: dict[str, Any] = {"room": NOWHERE}
        [other] = self.server.ask(visitor, replace(command, **change))
        assert isinstance(answer, Refused)
        assert isinstance(other, Refused)
        as_nowhere = [text.replace(named.name, NOWHERE) for text in (answer.code, answer.reason, answer.hint)]
        assert as_nowhere == [other.code, other.reason, other.hint]

    def check(self, asked: Actor, received: list[Event | Answer], before: set[tuple[str, str]]) -> None:
        """Check what everybody has received; ``asked`` has already taken ``received``. ``before``
        says who knew which rooms before."""
        aware = before | self.aware()
        for name, actor in self.actors.items():
            news = [each for visitor in actor.visitors for each in visitor.take()]
            for each in [*news, *(received if actor is asked else [])]:
                self.check_events(actor, each)
                unknown = [room for room in PLACES if (name, room) not in aware]
                assert not [text for text in texts_of(each) for room in unknown if room in text], (name, each)

    def check_events(self, actor: Actor, news: Event | Answer) -> None:
        for event in _events_in(news):
            place = self.places.get(event.room)
            if place is None:
                continue
            may_search = isinstance(news, SearchResults) and place.may_search(actor, self.now)
            # Whom a ban is about is removed behind it, and behind others.
            is_own_ban = actor in place.inside and (isinstance(event, BanSet) or (isinstance(event, Left) and event.by != ""))
            is_own_ban = is_own_ban and event.nick != actor.nick
            assert may_search or is_own_ban or place.may_read(actor, event.seq), (actor.name, event)

    @invariant()
    def the_members_are_those_of_the_model(self) -> None:
        if not hasattr(self, "server"):
            return
        for place in self.places.values():
            room = self.server.registry.rooms.get(place.name)
            nicks = [person.nick for person in room.members] if room else []
            assert sorted(nicks) == sorted(member.nick for member in place.members)


def _events_in(news: Event | Answer) -> Iterator[Event]:
    match news:
        case Event():
            yield news
        case Entered():
            yield from news.scrollback
        case HistoryPage() | SearchResults():
            yield from news.events


class RightsOnDisk(RightsInMemory):
    """The same, with restarts."""

    on_disk = True
    restart = rule()(RightsInMemory.restart)


TestRightsInMemory = RightsInMemory.TestCase
TestRightsInMemory.settings = settings(max_examples=50, stateful_step_count=50, deadline=None)
TestRightsOnDisk = RightsOnDisk.TestCase
TestRightsOnDisk.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
