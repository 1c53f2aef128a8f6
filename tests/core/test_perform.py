"""Performing commands: every command gets exactly one final answer, whatever happens, and a defect
ends its connection, immediately or later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chatd.core import answers, commands
from chatd.core import perform as perform_module
from chatd.core.actions import ACTIONS
from chatd.core.answers import Ack, Answer, AwayNotice, Closing, Missed, Pong, Refused, Welcome
from chatd.core.command_table import ROW_OF
from chatd.core.commands import Command, Hello, History, Join, Keep, Leave, Ping, Quit, Say, Search, Topic, Who
from chatd.core.driver import Later, drive
from chatd.core.errors import NotDelivered
from chatd.core.events import Private, Reason, Said
from chatd.core.limits import ANSWER_BYTES
from chatd.core.log import LogStore
from chatd.core.membership import Role
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_nick
from chatd.core.presence import end
from chatd.core.registry import Registry, Settings
from chatd.core.session import Session
from chatd.testing import RecordingOutgoing, Visitor, new_registry, own_account
from tests.core.late import LateStore

NOT_FINAL = (Welcome, Missed, AwayNotice, answers.Announcement, answers.Report)
"""Answers that may come in addition to the final answer."""

ACCEPTED: list[Command] = [
    commands.Read("lobby", 1),
    commands.Recent(),
    Hello("carol"),
    Say("hi"),
    Ping(),
    commands.Help(),
    commands.Nick("ada2"),
    commands.Me("waves"),
    commands.Msg("bob", "psst"),
    commands.Reply("yes"),
    Join("dev"),
    Join("lobby"),
    Leave(),
    commands.Rooms(),
    commands.Who(),
    commands.Whois("bob"),
    Topic(),
    Topic("tea"),
    Keep(),
    Keep("30d"),
    commands.Room(),
    commands.Room("slow", "5"),
    commands.Room("private", "on"),
    commands.Owner("bob"),
    commands.Op("bob"),
    commands.Voice("bob"),
    commands.Kick("bob", "spam"),
    commands.Mute("bob", "10m", "spam"),
    commands.Unmute("mallory"),
    commands.Ban("bob", "10m", "spam"),
    commands.Unban("mallory"),
    commands.Bans(),
    commands.Delete("bob"),
    commands.Whowas("zed"),
    commands.People(),
    commands.Census(),
    commands.Realname("Ada"),
    commands.Watch(("bob",)),
    commands.Alert(("tea", "-coffee")),
    commands.Oper("ada", "password of ada"),
    commands.Oper(),
    commands.Report("bob", "spams"),
    commands.Announce("restart"),
    commands.Audit(),
    commands.Ignore("bob"),
    commands.Ignore(),
    commands.Away("lunch"),
    History(),
    History(around_time="12:00"),
    Search("tea"),
    commands.Register(password="correct horse battery"),
    commands.Login("eve", "password of eve"),
    commands.Password("password of ada", "correct horse battery"),
    commands.Sessions(),
    commands.Keys(),
    commands.Release(),
    commands.Logout(),
    Quit(),
]
"""Every command in a form that is accepted."""

REFUSED: list[Command] = [
    commands.Login("eve"),
    commands.Register(),
    Hello("ada"),
    Say(""),
    Say("hi", "nowhere"),
    commands.Help("nothing"),
    commands.Nick("a b"),
    commands.Me("", "lobby"),
    commands.Msg("nobody", "psst"),
    commands.Reply(""),
    Join("a b"),
    Leave("nowhere"),
    commands.Who("nowhere"),
    commands.Whois("nobody"),
    Topic("x" * 1000),
    Keep("soon"),
    commands.Room("colour", "on"),
    commands.Room("slow", "none"),
    commands.Owner("nobody"),
    commands.Op("nobody"),
    commands.Voice("nobody"),
    commands.Deop("bob"),
    commands.Invite("bob"),
    commands.Kick("nobody"),
    commands.Mute("bob", "soon"),
    commands.Unmute("bob"),
    commands.Ban("*"),
    commands.Unban("bob"),
    commands.Bans("nowhere"),
    commands.Delete("999"),
    commands.Edit("never said"),
    commands.Whowas("nobody"),
    commands.People("nowhere"),
    commands.Realname(""),
    commands.Alert(("two words",)),
    commands.Watch(tuple(f"nick{number}" for number in range(101))),
    commands.Oper("ada"),
    commands.Report("nobody", "spams"),
    commands.Announce(" "),
    commands.Audit(-1),
    commands.InviteCode(),
    commands.Ignore("ada"),
    commands.Unignore("carol"),
    commands.Away("x" * 1000),
    commands.Back(),
    History(-1),
    Search("!"),
    Search("tea", count=-1),
]
"""Every command that can be refused, in a form that is."""


ACCOUNT_NEEDED = (commands.Logout, commands.Password, commands.Sessions, commands.Keys, commands.Release)
"""The commands of those who are logged in."""


def new_chat(store: LogStore) -> tuple[Registry, Visitor, Visitor]:
    """A registry with ada, who is an operator, and bob, who has sent ada a private message; mallory
    is banned and muted."""
    registry = new_registry(Settings(operators=frozenset({"ada"})), store=store)
    ada, bob = Visitor(registry), Visitor(registry)
    ask(store, ada, Hello("ada"))
    ask(store, own_account(ada), commands.Ban("mallory"))
    ask(store, ada, commands.Mute("mallory"))
    zed = Visitor(registry)
    for first in (Hello("zed"), Quit()):
        ask(store, zed, first)
    for command in (Hello("bob"), commands.Msg("ada", "psst"), Say("spam")):
        ask(store, bob, command)
    add_account(store, registry, "eve")
    ada.take()
    return registry, ada, bob


def who_asks(registry: Registry, ada: Visitor, command: Command) -> Visitor:
    """Who gives ``command``: somebody new, or ada, whose account it is if it needs one. Operators
    cannot register."""
    assert ada.session.person is not None
    if isinstance(command, commands.Register):
        carol = Visitor(registry)
        ask(ada.registry.store, carol, Hello("carol"))
        return carol
    if isinstance(command, (commands.Nick, commands.Register, commands.Login)):
        ada.session.person.account = ""  # A guest.
        registry.directory.identify(ada.session.person)
    if isinstance(command, (*ACCOUNT_NEEDED, commands.Oper)):
        add_account(ada.registry.store, registry, "ada")
    return Visitor(registry) if isinstance(command, Hello) else ada


def add_account(store: LogStore, registry: Registry, nick: str) -> None:
    """An account, whose password the authenticator of the tests knows."""
    drive(registry.accounts.add(parse_nick(nick), f"hash of password of {nick}", registry.now()), lambda account: None)
    if isinstance(store, LateStore):
        store.answer()


def ask(store: LogStore, visitor: Visitor, command: Command) -> list[Answer]:
    """The answers, without events."""
    visitor.ask(command)
    if isinstance(store, LateStore):
        store.answer()
    return [news for news in visitor.take() if isinstance(news, Answer)]


@pytest.fixture(params=[LateStore, lambda: MemoryStore("testlog")], ids=["late", "at once"])
def store(request: pytest.FixtureRequest) -> LogStore:
    made: LogStore = request.param()
    return made


def final_answers(visitor: Visitor, store: LogStore, command: Command) -> list[Answer]:
    """The final answers to ``command``."""
    perform_module.perform(visitor.registry, visitor.session, command)
    if isinstance(store, LateStore):
        store.answer()
    return [news for news in visitor.take() if isinstance(news, Answer) and not isinstance(news, NOT_FINAL)]


def test_all_commands_are_tested() -> None:
    tried = {type(command) for command in ACCEPTED} | {type(command) for command in REFUSED}
    assert tried == set(ROW_OF) == {*ACTIONS, Say, commands.Me}


@pytest.mark.parametrize("command", [*ACCEPTED, *REFUSED], ids=repr)
def test_every_command_gets_exactly_one_final_answer_with_its_id(store: LogStore, command: Command) -> None:
    registry, ada, _ = new_chat(store)
    visitor = who_asks(registry, ada, command)
    [answer] = final_answers(visitor, store, replace(command, id="7"))
    assert answer.id == "7"
    assert isinstance(answer, Refused) == (command in REFUSED)
    assert visitor.out.reserved == 0


@pytest.mark.parametrize("command", [*ACCEPTED, *REFUSED], ids=repr)
def test_it_does_so_too_when_the_disk_fails(command: Command) -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    store.failure = NotDelivered("The disk is full.")
    visitor = who_asks(registry, ada, command)
    [answer] = final_answers(visitor, store, replace(command, id="7"))
    assert (answer.id, visitor.out.reserved) == ("7", 0)


@pytest.mark.parametrize("command", ACCEPTED, ids=repr)
def test_a_connection_lost_meanwhile_is_released(command: Command) -> None:
    store = LateStore()
    registry, ada, bob = new_chat(store)
    visitor = who_asks(registry, ada, command)
    perform_module.perform(registry, visitor.session, command)
    visitor.lose_link()
    store.answer()
    assert visitor.out.reserved == 0
    assert visitor.out.cursors == {}
    present = {bob.session.person} if visitor is ada else {ada.session.person, bob.session.person}
    if isinstance(command, (commands.Kick, commands.Ban)):
        present = set()
    assert set(registry.rooms.find("lobby").members) == present


# -- Holding the session ---------------------------------------------------------------------------


WAITING = [command for command in ACCEPTED if type(command) in (Join, Leave, History, Search, Quit) or command == Keep("30d")]


@pytest.mark.parametrize("command", [c for c in WAITING if c != Join("lobby")], ids=repr)
def test_the_session_is_held_until_the_answer(command: Command) -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    perform_module.perform(registry, ada.session, command)
    assert ada.out.congested
    store.answer()
    assert ada.out.reserved == 0


def test_messages_do_not_hold_the_session() -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    for number in range(3):
        perform_module.perform(registry, ada.session, Say("hi", id=str(number)))
        assert not ada.out.congested
    store.answer()
    assert [ack.id for ack in ada.take() if isinstance(ack, Ack)] == ["0", "1", "2"]


@pytest.mark.parametrize("command", [*ACCEPTED, *REFUSED], ids=repr)
def test_a_session_that_ends_can_do_nothing(command: Command) -> None:
    store = LateStore()
    registry, ada, bob = new_chat(store)
    end(registry, ada.session, Reason.REPLACED)
    perform_module.perform(registry, ada.session, command)
    store.answer()
    assert [news for news in ada.take() if isinstance(news, Answer)] == [Closing(Reason.REPLACED)]
    assert [person.nick for room in registry.rooms for person in room.members] == ["bob"]
    assert not [news for news in bob.take() if isinstance(news, Private)]


# -- Rights ----------------------------------------------------------------------------------------


IN_A_ROOM = [*ACCEPTED, commands.Deop("bob"), commands.Invite("bob"), commands.Edit("better")]
WITH_A_RIGHT = [command for command in IN_A_ROOM if ROW_OF[type(command)].right and not ROW_OF[type(command)].on_server]

FOR_EVERYBODY = {
    *("away", "back", "hello", "help", "ignore", "join", "login", "msg", "nick", "ping", "read", "recent"),
    *("quit", "register", "reply", "report", "rooms", "search", "unignore", "who", "whois"),
    *("alert", "census", "oper", "people", "realname", "watch", "whowas"),
}
"""The commands for which nobody needs a right: what they show goes through ``visible``, and what
enters a room through ``check_may_enter``."""


def test_every_command_that_is_not_for_everybody_is_tried_without_its_right() -> None:
    tried = {ROW_OF[type(command)].name for command in WITH_A_RIGHT} | {row.name for row in ROW_OF.values() if row.on_server}
    needing_account = {ROW_OF[kind].name for kind in ACCOUNT_NEEDED}
    assert {row.name for row in ROW_OF.values()} - tried - needing_account == FOR_EVERYBODY
    for row in ROW_OF.values():
        assert bool(row.right) == (row.name not in FOR_EVERYBODY and row.make not in ACCOUNT_NEEDED), row.name
        assert not row.on_server or row.right is Role.OPERATOR


@pytest.mark.parametrize("kind", ACCOUNT_NEEDED)
def test_a_guest_has_no_account_to_change(store: LogStore, kind: type[Command]) -> None:
    _, _, bob = new_chat(store)
    [refused] = final_answers(bob, store, kind())
    assert isinstance(refused, Refused)
    assert (refused.code, refused.reason) == ("bad-usage", "You are not logged in.")


@pytest.mark.parametrize("command", [command for command in (*ACCEPTED, *REFUSED) if ROW_OF[type(command)].on_server], ids=repr)
def test_what_is_about_the_server_is_for_its_operators(store: LogStore, command: Command) -> None:
    registry, ada, bob = new_chat(store)
    ask(store, ada, commands.Owner("bob"))
    own_account(bob)
    for visitor in (bob, arrive_quietly(registry, store)):
        [refused] = final_answers(visitor, store, command)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.reason) == ("not-allowed", "You may not do this on the server.")
        assert refused.hint == f"/{ROW_OF[type(command)].name} requires the role operator."


def arrive_quietly(registry: Registry, store: LogStore) -> Visitor:
    """A guest in no room of ada's."""
    guest = Visitor(registry)
    ask(store, guest, Hello("guest", rooms=("own",)))
    return guest


@pytest.mark.parametrize("command", WITH_A_RIGHT, ids=repr)
def test_a_command_that_needs_a_role_needs_a_room(store: LogStore, command: Command) -> None:
    _, _, bob = new_chat(store)
    ask(store, bob, Leave())
    [refused] = final_answers(bob, store, replace(command, id="7"))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.id) == ("not-in-room", "7")


@pytest.mark.parametrize("command", [command for command in WITH_A_RIGHT if ROW_OF[type(command)].right > Role.MEMBER], ids=repr)
def test_a_command_needs_its_role(store: LogStore, command: Command) -> None:
    _, _, bob = new_chat(store)
    [refused] = final_answers(bob, store, replace(command, id="7"))
    assert isinstance(refused, Refused)
    row = ROW_OF[type(command)]
    assert (refused.code, refused.reason) == ("not-allowed", "You may not do this in #lobby.")
    assert refused.hint == f"/{row.name} requires the role {row.right.word}."


@pytest.mark.parametrize("command", [Keep("30d"), commands.Room("slow", "5")], ids=repr)
def test_changing_something_needs_another_role_than_looking(store: LogStore, command: Command) -> None:
    _, _, bob = new_chat(store)
    [refused] = final_answers(bob, store, command)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.hint) == ("not-allowed", f"/{ROW_OF[type(command)].name} requires the role owner.")


def test_a_command_waits_for_a_change_of_the_rights_that_it_needs() -> None:
    store = LateStore()
    registry, ada, bob = new_chat(store)
    perform_module.perform(registry, ada.session, commands.Mute("bob"))
    perform_module.perform(registry, bob.session, Say("hi", id="7"))
    assert bob.out.congested
    store.answer()
    assert [(news.code, news.id) for news in bob.take() if isinstance(news, Refused)] == [("muted", "7")]
    assert bob.out.reserved == 0


# -- Runs of messages ------------------------------------------------------------------------------


def test_a_series_is_said_in_the_current_room() -> None:
    store = LateStore()
    registry, ada, bob = new_chat(store)
    room = perform_module.room_for_series(registry, ada.session)
    assert room is not None
    assert room is ada.session.current
    perform_module.say_series(registry, ada.session, room, ["one", "two"])
    assert ada.out.reserved == 2 * ANSWER_BYTES
    store.answer()
    assert [event.text for event in bob.take() if isinstance(event, Said)] == ["one", "two"]
    assert ada.out.reserved == 0


def test_each_message_of_a_series_is_refused_when_the_disk_fails() -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    store.failure = NotDelivered("Not delivered.", "")
    perform_module.say_series(registry, ada.session, registry.rooms.find("lobby"), ["one", "two"])
    store.answer()
    assert [answer.code for answer in ada.take() if isinstance(answer, Refused)] == ["not-delivered"] * 2
    assert ada.out.reserved == 0


def test_a_defect_in_a_series_ends_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    registry, ada, _ = new_chat(LateStore())
    out = collect_defects(ada)
    room = registry.rooms.find("lobby")
    monkeypatch.setattr(room.log, "append_series", lambda *_: 1 / 0)
    perform_module.say_series(registry, ada.session, room, ["one", "two"])
    assert [type(defect) for defect in out.defects] == [ZeroDivisionError]


def test_what_may_differ_from_message_to_message_is_no_series() -> None:
    store = LateStore()
    registry, ada, bob = new_chat(store)
    for command in (commands.Room("slow", "5"), commands.Room("slow", "off"), commands.Mute("bob")):
        perform_module.perform(registry, ada.session, command)
        assert perform_module.room_for_series(registry, bob.session) is None  # The room is changing.
        store.answer()
        is_free = command == commands.Room("slow", "off")
        assert (perform_module.room_for_series(registry, bob.session) is not None) is is_free
    perform_module.perform(registry, bob.session, Leave())
    store.answer()
    assert perform_module.room_for_series(registry, bob.session) is None


# -- Defects ---------------------------------------------------------------------------------------


class DefectCollector(RecordingOutgoing):
    """An output that records defects, as a door logs them."""

    def __init__(self) -> None:
        super().__init__()
        self.defects: list[BaseException] = []

    def fail(self, defect: BaseException) -> None:
        self.defects.append(defect)


def collect_defects(visitor: Visitor) -> DefectCollector:
    """Record the defects of ``visitor``."""
    out = DefectCollector()
    out.session, out.cursors = visitor.session, visitor.out.cursors
    visitor.session.out = visitor.out = out
    return out


def at_once(registry: Registry, session: Session, command: Command) -> Answer:
    raise ZeroDivisionError


async def late(registry: Registry, session: Session, command: Command) -> Answer:
    await Later(registry.store.after_pending)
    raise ZeroDivisionError


@pytest.mark.parametrize("action", [at_once, late])
def test_a_defect_ends_its_connection_once_and_no_other(monkeypatch: pytest.MonkeyPatch, action: Callable[..., Answer]) -> None:
    store = LateStore()
    _, ada, bob = new_chat(store)
    out = collect_defects(ada)
    monkeypatch.setattr(perform_module, "ACTIONS", {**ACTIONS, History: action})
    assert final_answers(ada, store, History()) == []
    assert [type(defect) for defect in out.defects] == [ZeroDivisionError]
    assert out.reserved == 0
    assert final_answers(bob, store, Ping()) == [Pong()]


@pytest.mark.parametrize(
    "command", [Ping(), Who(), History(), Search("tea"), Join("dev"), Keep("30d"), Say("hi"), Leave(), Quit()], ids=repr
)
def test_a_defect_in_an_answer_ends_its_connection(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    out = collect_defects(ada)

    def tell(answer: Answer) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(out, "tell", tell)
    perform_module.perform(registry, ada.session, command)
    store.answer()
    assert [type(defect) for defect in out.defects] == [ZeroDivisionError]
    assert out.reserved == 0


def test_a_defect_in_the_log_ends_the_connection_that_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    out = collect_defects(ada)
    monkeypatch.setattr(registry.rooms.find("lobby").log, "load", lambda *_: 1 / 0)
    perform_module.perform(registry, ada.session, History())
    store.answer()
    assert [type(defect) for defect in out.defects] == [ZeroDivisionError]
    assert out.reserved == 0
