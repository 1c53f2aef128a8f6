"""What somebody types who has been removed from their current room, and may not know it yet."""

from __future__ import annotations

import pytest

from chatd.core.answers import Exited, Refused
from chatd.core.commands import Command, Join, Kick, Leave, Me, Say, Topic
from chatd.core.events import Said
from chatd.core.limits import REMOVED_MS
from chatd.core.registry import Registry
from chatd.testing import StandingClock, Visitor, arrive, own_account
from tests.core.actions.answers import only

DEV = "dev"
REFUSED = Refused(
    "not-in-room",
    "You are not in #dev any more, so nothing was done.",
    "You are talking in #tea now: send it again if it is meant for there.",
)


@pytest.fixture
def mia(registry: Registry, owner: Visitor) -> Visitor:
    """Somebody who is in tea, and has then entered dev."""
    mia = arrive(registry, "mia", "tea", DEV)
    owner.take()
    return mia


@pytest.mark.parametrize("command", [Say("the password is 42"), Me("waves"), Topic("a topic"), Leave()], ids=repr)
def test_nothing_is_done_in_another_room(owner: Visitor, mia: Visitor, command: Command) -> None:
    owner.ask(Kick("mia"))
    assert only(Exited, mia.take()) == Exited(DEV, "tea", "olga")
    assert mia.ask(command) == [REFUSED]
    assert not isinstance(mia.ask(command)[0], Refused), "it is refused once"


def test_who_names_a_room_or_turns_to_one_knows_where_they_are(owner: Visitor, mia: Visitor) -> None:
    owner.ask(Kick("mia"))
    mia.take()
    assert only(Said, mia.ask(Say("hi", "tea"))).room == "tea"
    mia.ask(Join("tea"))
    assert only(Said, mia.ask(Say("hi"))).room == "tea"


def test_later_they_know(clock: StandingClock, owner: Visitor, mia: Visitor) -> None:
    owner.ask(Kick("mia"))
    mia.take()
    clock.advance(REMOVED_MS / 1000)
    assert only(Said, mia.ask(Say("hi"))).room == "tea"


def test_another_current_room_stays(registry: Registry, owner: Visitor, mia: Visitor) -> None:
    mia.ask(Join("tea"))
    owner.ask(Kick("mia"))
    mia.take()
    assert only(Said, mia.ask(Say("hi"))).room == "tea"


def test_who_leaves_by_another_session_is_told_too(registry: Registry, mia: Visitor) -> None:
    own_account(mia)
    phone = Visitor(registry)
    registry.directory.attach(phone.session, mia.session.person, "phone")  # type: ignore[arg-type]
    phone.session.current = registry.rooms.find(DEV)
    assert Exited(DEV, "tea") in mia.ask(Leave())
    assert phone.take() == [Exited(DEV, "tea")]
    assert phone.ask(Say("hi")) == [REFUSED]
    assert only(Said, mia.ask(Say("hi"))).room == "tea", "who has left knows it"
