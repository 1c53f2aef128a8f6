"""Performing commands: every command gets exactly one final answer, whatever happens, and a defect
ends its connection, immediately or later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chatd.core import commands
from chatd.core import perform as perform_module
from chatd.core.actions import ACTIONS
from chatd.core.commands import ROW_OF, Command, Hello, History, Join, Keep, Leave, Ping, Quit, Say, Search, Topic
from chatd.core.driver import Later
from chatd.core.errors import NotDelivered
from chatd.core.events import Ack, Answer, AwayNotice, Missed, Pong, Refused, Welcome
from chatd.core.log import LogStore
from chatd.core.membership import Role
from chatd.core.memory import MemoryStore
from chatd.core.registry import Registry
from chatd.core.session import Session
from chatd.testing import RecordingOutgoing, Visitor, new_registry
from tests.core.late import LateStore

NOT_FINAL = (Welcome, Missed, AwayNotice)
"""Answers that may come in addition to the final answer."""

ACCEPTED: list[Command] = [
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
    commands.Ignore("bob"),
    commands.Ignore(),
    commands.Away("lunch"),
    History(),
    History(around_time="12:00"),
    Search("tea"),
    Quit(),
]
"""Every command in a form that is accepted."""

REFUSED: list[Command] = [
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
    commands.Ignore("ada"),
    commands.Unignore("carol"),
    commands.Away("x" * 1000),
    commands.Back(),
    History(-1),
    Search("!"),
    Search("tea", count=-1),
]
"""Every command that can be refused, in a form that is."""


def new_chat(store: LogStore) -> tuple[Registry, Visitor, Visitor]:
    """A registry with ada and bob; bob has sent ada a private message."""
    registry = new_registry(store=store)
    ada, bob = Visitor(registry), Visitor(registry)
    for visitor, command in ((ada, Hello("ada")), (bob, Hello("bob")), (bob, commands.Msg("ada", "psst"))):
        ask(store, visitor, command)
    ada.take()
    return registry, ada, bob


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
    assert tried == set(ROW_OF) == set(ACTIONS)


@pytest.mark.parametrize("command", [*ACCEPTED, *REFUSED], ids=repr)
def test_every_command_gets_exactly_one_final_answer_with_its_id(store: LogStore, command: Command) -> None:
    registry, ada, _ = new_chat(store)
    visitor = Visitor(registry) if isinstance(command, Hello) else ada
    [answer] = final_answers(visitor, store, replace(command, id="7"))
    assert answer.id == "7"
    assert isinstance(answer, Refused) == (command in REFUSED)
    assert visitor.out.reserved == 0


@pytest.mark.parametrize("command", [*ACCEPTED, *REFUSED], ids=repr)
def test_it_does_so_too_when_the_disk_fails(command: Command) -> None:
    store = LateStore()
    registry, ada, _ = new_chat(store)
    store.failure = NotDelivered("The disk is full.")
    visitor = Visitor(registry) if isinstance(command, Hello) else ada
    [answer] = final_answers(visitor, store, replace(command, id="7"))
    assert (answer.id, visitor.out.reserved) == ("7", 0)


@pytest.mark.parametrize("command", ACCEPTED, ids=repr)
def test_a_connection_lost_meanwhile_is_released(command: Command) -> None:
    store = LateStore()
    registry, ada, bob = new_chat(store)
    visitor = Visitor(registry) if isinstance(command, Hello) else ada
    perform_module.perform(registry, visitor.session, command)
    visitor.lose_link()
    store.answer()
    assert visitor.out.reserved == 0
    assert visitor.out.cursors == {}
    present = {bob.session.person} if visitor is ada else {ada.session.person, bob.session.person}
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


# -- Rights ----------------------------------------------------------------------------------------


MEMBERS_ONLY = [command for command in ACCEPTED if ROW_OF[type(command)].right is Role.MEMBER]


@pytest.mark.parametrize("command", MEMBERS_ONLY, ids=repr)
def test_a_command_needs_its_role(store: LogStore, command: Command) -> None:
    registry, ada, _ = new_chat(store)
    assert ada.session.person is not None
    registry.rooms.find("lobby").members[ada.session.person].role = Role.GUEST
    [refused] = final_answers(ada, store, replace(command, id="7"))
    assert isinstance(refused, Refused)
    name = ROW_OF[type(command)].name
    assert (refused.code, refused.reason) == ("not-allowed", "You may not do this in #lobby.")
    assert refused.hint == f"/{name} requires the role member."


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


@pytest.mark.parametrize("command", [History(), Search("tea"), Join("dev"), Keep("30d"), Say("hi"), Leave(), Quit()], ids=repr)
def test_a_defect_in_a_late_answer_ends_its_connection(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
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
