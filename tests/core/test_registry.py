"""The registry: who is connected, who is called what, and which rooms there are."""

from __future__ import annotations

import pytest

from chatd.core import registry as module
from chatd.core.commands import Say
from chatd.core.errors import BadRoom, NickTaken, NoSuchNick, NoSuchRoom, ServerFull, TooMany
from chatd.core.events import Said
from chatd.core.names import parse_nick, parse_room
from chatd.core.registry import Registry, Settings
from chatd.core.session import Session
from chatd.testing import NOON, RecordingOutgoing, arrive, new_registry


def new_session(address: str = "192.0.2.1") -> Session:
    return Session(RecordingOutgoing(), address, "text", NOON)


def limited(per_address: int = 0, sessions: int = 0) -> Registry:
    return new_registry(Settings(max_per_address=per_address, max_sessions=sessions))


# -- Connections -----------------------------------------------------------------------------------


def test_the_server_takes_so_many_and_no_more() -> None:
    registry = limited(sessions=2)
    one, other = new_session(), new_session("192.0.2.2")
    registry.admit(one)
    registry.admit(other)
    with pytest.raises(ServerFull, match=r"^The server is full\. Try again later\.$"):
        registry.admit(new_session("192.0.2.3"))
    registry.dismiss(one)
    late = new_session("192.0.2.3")
    registry.admit(late)
    assert registry.connections() == (other, late)


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("this machine", "this machine", False),
        ("", "", False),
    ],
)
def test_an_address_takes_so_many_and_no_more(address: str, other: str, same: bool) -> None:
    registry = limited(per_address=1)
    first = new_session(address)
    registry.admit(first)
    if same:
        with pytest.raises(ServerFull, match="too many connections from your address"):
            registry.admit(new_session(other))
        registry.dismiss(first)
    registry.admit(new_session(other))


def test_a_limit_of_0_is_none() -> None:
    registry = limited()
    for _ in range(1000):
        registry.admit(new_session())
    assert len(registry.connections()) == 1000


def test_who_was_not_admitted_may_be_dismissed() -> None:
    registry = limited(per_address=1)
    registry.admit(new_session())
    registry.dismiss(new_session())
    with pytest.raises(ServerFull):
        registry.admit(new_session())


# -- Nicks -----------------------------------------------------------------------------------------


def test_a_nick_is_found_in_every_spelling() -> None:
    registry, session = new_registry(), new_session()
    registry.claim(session, parse_nick("Éva"))
    for spelling in ("Éva", "éva", "E\u0301VA"):
        assert registry.person(spelling) is session
    with pytest.raises(NoSuchNick, match=r"^Nobody called Eva is here\. /who lists who is\.$"):
        registry.person("Eva")


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("ada", "Ada is here already. Choose another nick."),
        ("ADA", "Ada is here already. Choose another nick."),
        ("\u0430da", "\u0430da looks like Ada, who is here already. Choose another nick."),
    ],
)
def test_a_nick_has_one_holder(wanted: str, why: str) -> None:
    registry, holder = new_registry(), new_session()
    registry.claim(holder, parse_nick("Ada"))
    with pytest.raises(NickTaken) as refused:
        registry.claim(new_session(), parse_nick(wanted))
    assert str(refused.value) == why
    registry.claim(holder, parse_nick(wanted))
    assert holder.nick == wanted


def test_a_nick_is_taken_by_its_key_where_the_spelling_looks_different() -> None:
    registry = new_registry()
    registry.claim(new_session(), parse_nick("νους"))
    with pytest.raises(NickTaken, match="νους is here already"):
        registry.claim(new_session(), parse_nick("ΝΟΥΣ"))


def test_the_old_nick_is_free_after_another_is_claimed_and_after_release() -> None:
    registry, session = new_registry(), new_session()
    for nick in ("ada", "bob"):
        registry.claim(session, parse_nick(nick))
    registry.claim(new_session(), parse_nick("ada"))
    registry.release(session)
    assert session.name is None
    registry.release(session)
    registry.claim(new_session(), parse_nick("bob"))


def test_a_refused_claim_changes_nothing() -> None:
    registry, ada, bob = new_registry(), new_session(), new_session()
    registry.claim(ada, parse_nick("ada"))
    registry.claim(bob, parse_nick("bob"))
    with pytest.raises(NickTaken):
        registry.claim(bob, parse_nick("ada"))
    assert (registry.person("ada"), registry.person("bob")) == (ada, bob)


def test_an_origin_has_one_seat() -> None:
    registry, session, other = new_registry(), new_session(), new_session()
    registry.seat(session, "seat")
    assert registry.holder("seat") is session
    with pytest.raises(AssertionError):
        registry.seat(other, "seat")
    registry.release(session)
    assert registry.holder("seat") is None
    registry.seat(other, "seat")
    registry.release(session)
    assert registry.holder("seat") is other


def test_the_names_of_the_server_and_of_its_room_are_reserved() -> None:
    registry = new_registry(Settings(name="plaza", default_room="#Yard"))
    assert registry.reserved == {"plaza", "Yard"}
    assert registry.default_room == parse_room("Yard")


# -- Rooms -----------------------------------------------------------------------------------------


def test_a_room_is_made_once_and_found_in_every_spelling() -> None:
    registry = new_registry()
    room = registry.open_room(parse_room("Dev"))
    assert registry.open_room(parse_room("#DEV")) is room
    assert registry.room("dev") is registry.room("#dEv") is room
    assert list(registry.store.logs) == ["dev"]
    assert list(registry.rooms()) == [room]


def test_a_room_that_is_not_there_is_not_made_by_looking() -> None:
    registry = new_registry()
    with pytest.raises(NoSuchRoom) as refused:
        registry.room("#Dev")
    assert str(refused.value) == "There is no room #Dev. /rooms lists them; /join #dev makes it."
    with pytest.raises(BadRoom):
        registry.room("#a b")
    assert list(registry.rooms()) == []


def test_the_oldest_empty_room_makes_place_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 3)
    registry = new_registry()
    arrive(registry, "ada", "one")
    for name in ("two", "three", "four"):
        registry.open_room(parse_room(name))
    assert [room.name.text for room in registry.rooms()] == ["one", "three", "four"]


def test_a_room_that_is_made_anew_gives_no_number_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 1)
    registry = new_registry()
    ada = arrive(registry, "ada", "one")
    ada.ask(Say("hello", id="1"))
    ada.lose_link()
    end = registry.room("one").log.end
    registry.open_room(parse_room("two"))
    again = registry.open_room(parse_room("one"))
    assert (again.log.first, again.log.end) == (end, end)
    found: list[Said | None] = []
    again.log.find(ada.session.sender_id, "1", found.append)
    assert found == [None]


def test_no_room_is_made_where_people_are_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOMS", 2)
    registry = new_registry()
    arrive(registry, "ada", "one", "two")
    with pytest.raises(TooMany, match=r"^There are 2 rooms already\. Enter one of them; /rooms lists them\.$"):
        registry.open_room(parse_room("three"))
    assert registry.open_room(parse_room("two"))


# -- Private messages ------------------------------------------------------------------------------


def test_so_many_private_messages_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRIVATE_IDS", 3)
    registry = new_registry()
    for id in "12345":
        registry.remember_told("seat", id, "bob")
    assert registry.told == {("seat", id): "bob" for id in "345"}
