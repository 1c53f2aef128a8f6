"""The rooms of the server, and which of them a person is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import rooms as module
from chatd.core.answers import Refused
from chatd.core.commands import Command, Hello, Keep, Me, Say, Topic
from chatd.core.errors import BadRoom, NoSuchRoom, NotDelivered, TooMany
from chatd.core.events import DRAFT, Event, Joined, Left, Said
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_room
from chatd.core.perform import perform
from chatd.testing import NOON, Visitor, arrive, new_registry
from tests.core.late import LateStore


def test_a_room_is_created_once_and_found_in_any_spelling() -> None:
    registry = new_registry()
    room = registry.rooms.open(parse_room("Dev"))
    assert registry.rooms.open(parse_room("#DEV")) is room
    assert registry.rooms.find("dev") is registry.rooms.find("#dEv") is room
    assert list(registry.store.logs) == ["dev"]
    assert list(registry.rooms) == [room]


def test_finding_a_room_does_not_create_it() -> None:
    registry = new_registry()
    with pytest.raises(NoSuchRoom) as refused:
        registry.rooms.find("#Dev")
    assert str(refused.value) == "There is no room #Dev. /rooms lists them; /join #dev creates it."
    with pytest.raises(BadRoom):
        registry.rooms.find("#a b")
    assert list(registry.rooms) == []


@pytest.mark.parametrize("name", ["l\u043ebby", "1obby", "L\u041e\u0412BY", "lobby\u02d1"])
def test_a_room_that_looks_like_another_is_not_created(name: str) -> None:
    registry = new_registry()
    registry.rooms.open(parse_room("Lobby"))
    with pytest.raises(BadRoom) as refused:
        registry.rooms.open(parse_room(name))
    assert refused.value.reason == f"#{name} looks like #Lobby."
    assert refused.value.hint == "/join #Lobby enters that room; or choose another name."
    assert [room.name.text for room in registry.rooms] == ["Lobby"]
    assert registry.rooms.open(parse_room("lobby_"))


def test_a_refused_look_alike_room_does_not_affect_the_other_rooms() -> None:
    registry = new_registry()
    arrive(registry, "bob", "lobby")
    ada = Visitor(registry)
    answers = ada.ask(Hello("ada", rooms=("tea", "l\u043ebby", "dev")))
    assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["bad-room"]
    assert [room.name.text for room in registry.rooms] == ["lobby", "tea", "dev"]


def test_stored_rooms_that_look_alike_are_kept() -> None:
    store = MemoryStore("testlog")
    for name in ("lobby", "l\u043ebby"):
        store.log(parse_room(name))
    registry = new_registry(store=store)
    assert [room.name.text for room in registry.rooms] == ["lobby", "l\u043ebby"]
    assert registry.rooms.open(parse_room("l\u043ebby")) is not registry.rooms.open(parse_room("lobby"))


LOOKS = ["lobby", "1obby", "l\u043ebby", "tea", "te\u0430", "dev", "de\u1d20", "hall"]
"""Names of rooms; some of them look alike."""

MADE = st.sampled_from(["192.0.2.1", "192.0.2.2", ""])


@given(st.lists(st.sampled_from(LOOKS), unique=True), st.lists(st.tuples(st.sampled_from(LOOKS), MADE, st.booleans())))
def test_a_room_is_refused_if_any_looks_like_it(stored: list[str], steps: list[tuple[str, str, bool]]) -> None:
    store = MemoryStore("testlog")
    for text in stored:
        store.log(parse_room(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROOMS", 3)
        rooms = new_registry(store=store).rooms
        for text, address, is_left in steps:
            name, room = parse_room(text), rooms.get(text)
            others = [other.name for other in rooms]
            alike = [other.text for other in (*others, rooms.default) if other.skeleton == name.skeleton]
            if room is not None and is_left:
                rooms.on_left(room)
            elif room is None and alike and name != rooms.default:
                with pytest.raises(BadRoom, match=rf"looks like #{alike[0]}\."):
                    rooms.open(name, address)
                assert [other.name for other in rooms] == others
            else:
                assert rooms.open(name, address) in rooms
            assert sorted(id(room) for alike in rooms._by_skeleton.values() for room in alike) == sorted(map(id, rooms))


def test_a_room_that_looks_like_another_is_refused_without_a_look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = new_registry().rooms
    rooms.open(parse_room("tea"))
    monkeypatch.setattr(module.Rooms, "__iter__", None)
    with pytest.raises(BadRoom):
        rooms.open(parse_room("te\u0430"))
    assert rooms.open(parse_room("dev"))


def test_where_no_further_room_is_stored_none_is_created_and_none_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 2)
    monkeypatch.setattr(module, "ROOMS_STORED", 3)
    store = MemoryStore("testlog")
    for name in ("one", "two", "three"):
        store.log(parse_room(name))
    store.is_full = True
    rooms = new_registry(store=store).rooms
    with pytest.raises(TooMany, match=r"^The server already has 3 rooms\."):
        rooms.open(parse_room("four"))
    assert [room.name.text for room in rooms] == ["two", "three"]
    assert rooms.open(parse_room("one"))
    assert rooms.open(rooms.default)
    assert [room.name.text for room in rooms] == ["three", "one", "lobby"]


def test_a_new_room_replaces_the_oldest_empty_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 3)
    registry = new_registry()
    arrive(registry, "ada", "one")
    for name in ("two", "three", "four"):
        registry.rooms.open(parse_room(name))
    assert [room.name.text for room in registry.rooms] == ["one", "three", "four"]


def test_a_room_that_is_created_again_does_not_reuse_seqs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 1)
    registry = new_registry()
    ada = arrive(registry, "ada", "one")
    ada.ask(Say("hello", id="1"))
    ada.lose_link()
    end = registry.rooms.find("one").log.end
    registry.rooms.open(parse_room("two"))
    again = registry.rooms.open(parse_room("one"))
    assert (again.log.first, again.log.end) == (end, end)
    outcomes: list[Event | NotDelivered] = []
    again.log.append(Said("one", DRAFT, NOON, "ada", ada.session.sender_id, "hello", id="1"), outcomes.append)
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, Event)] == [end]


def test_no_room_is_created_when_all_rooms_have_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 2)
    registry = new_registry()
    arrive(registry, "ada", "one", "two")
    with pytest.raises(TooMany, match=r"^The server already has 2 rooms\. Join one of them; /rooms lists them\.$"):
        registry.rooms.open(parse_room("three"))
    assert registry.rooms.open(parse_room("two"))


def test_stored_rooms_are_open_from_the_start() -> None:
    store = MemoryStore("testlog")
    for name in ("dev", "tea"):
        store.log(parse_room(name))
    store._names["odd"] = "no room"  # It was created with an older grammar.
    assert [room.name.text for room in new_registry(store=store).rooms] == ["dev", "tea"]


def test_failed_reports_are_retried_in_all_rooms() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada = Visitor(registry)
    perform(registry, ada.session, Hello("ada", rooms=("dev", "tea")))
    store.answer()
    store.failure = NotDelivered("The disk is full.")
    ada.lose_link()
    store.answer()
    store.failure = None
    registry.rooms.retry_failed()
    store.answer()
    for name in ("dev", "tea"):
        assert [type(event) for event in registry.rooms.find(name).log.read(1, 9)] == [Joined, Left]


def test_the_default_room_is_neither_closed_nor_removed_and_can_always_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 2)
    registry = new_registry()
    arrive(registry, "ada").lose_link()
    default = registry.rooms.find("lobby")
    for name in ("two", "three", "four"):
        registry.rooms.open(parse_room(name))
    assert [room.name.text for room in registry.rooms] == ["lobby", "four"]
    assert registry.rooms.open(registry.rooms.default) is default
    full = new_registry()
    arrive(full, "ada", "one", "two")
    assert full.rooms.open(full.rooms.default)


def test_a_room_in_which_nobody_has_said_or_set_anything_goes_with_its_last_person() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada", "dev"), arrive(registry, "bob", "dev")
    ada.lose_link()
    assert [room.name.text for room in registry.rooms] == ["dev"]
    bob.lose_link()
    assert ([*registry.rooms], [*registry.store.logs]) == ([], [])


@pytest.mark.parametrize(
    "command", [Topic("tea", room="dev"), Keep("7d", room="dev"), Say("hi", room="dev"), Me("waves", room="dev")]
)
def test_a_room_with_a_topic_a_retention_or_a_message_stays(command: Command) -> None:
    registry = new_registry()
    ada = arrive(registry, "ada", "dev")
    ada.ask(command)
    ada.lose_link()
    assert [room.name.text for room in registry.rooms] == ["dev"]


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [("192.0.2.1", "192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2:0:0:9", "2001:db8:0:1::1")],
)
def test_the_rooms_of_one_address_are_limited(monkeypatch: pytest.MonkeyPatch, address: str, same: str, other: str) -> None:
    monkeypatch.setattr(module, "ROOMS_PER_ADDRESS", 2)
    rooms = new_registry().rooms
    for name in ("one", "two"):
        rooms.open(parse_room(name), address)
    with pytest.raises(TooMany, match=r"^Your address has already created 2 rooms\."):
        rooms.open(parse_room("three"), same)
    assert rooms.open(parse_room("two"), same)
    assert rooms.open(rooms.default, same)
    assert rooms.open(parse_room("three"), other)


def test_a_room_that_is_gone_frees_a_place_of_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS_PER_ADDRESS", 1)
    registry = new_registry()
    ada = arrive(registry, "ada", "one")
    with pytest.raises(TooMany):
        registry.rooms.open(parse_room("two"), ada.session.address)
    ada.lose_link()
    assert registry.rooms.open(parse_room("two"), ada.session.address)
