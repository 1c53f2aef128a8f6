"""The tools that chatd offers for tests of other programs."""

from __future__ import annotations

from functools import partial

import pytest

from chatd import testing
from chatd.core.answers import Entered, Exited, Missed, Pong
from chatd.core.commands import Hello, Ignore, Join, Leave, Ping, Say
from chatd.core.events import Joined, Left, Reason, Said
from chatd.core.limits import INBOX_BYTES
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.registry import Settings
from chatd.testing import NOON, RecordingOutgoing, StandingClock, Visitor, arrive, new_registry


def test_the_example_in_the_docstring_runs() -> None:
    assert testing.__doc__ is not None
    lines = [line.strip() for line in testing.__doc__.splitlines() if line.startswith("    ")]
    assert lines
    exec("\n".join(lines), {**vars(testing), "Say": Say, "Said": Said})


def test_the_clock_only_advances_when_told_to() -> None:
    clock = StandingClock()
    assert [clock(), clock()] == [NOON, NOON]
    clock.advance(1.5)
    assert clock() == NOON + 1500
    assert StandingClock(7)() == 7


def test_answers_come_before_events_and_nothing_comes_twice() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    bob.ask(Say("hi"))
    ada.out.tell(Pong())
    assert [type(news) for news in ada.take()] == [Pong, Joined, Said]
    assert ada.take() == []


def test_leaving_shows_everything_before_it() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    bob.ask(Say("hi"))
    assert [type(news) for news in ada.ask(Leave())] == [Joined, Said, Exited]
    bob.ask(Say("gone?"))
    assert ada.take() == []


def test_dropped_events_are_missed() -> None:
    registry = new_registry(store=MemoryStore("testlog", partial(MemoryLog, 8)))
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    for text in "abcdefghi":
        bob.ask(Say(text))
    missed, *said = ada.take()
    assert missed == Missed("lobby", 2, 4)
    assert [event.seq for event in said if isinstance(event, Said)] == list(range(5, 12))


def test_ignored_messages_are_not_recorded() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    ada.ask(Ignore("bob"))
    bob.ask(Say("hi"))
    assert ada.take() == []


def test_who_is_full_takes_answers_and_says_so() -> None:
    ada = arrive(new_registry(), "ada")
    lobby = ada.rooms["lobby"]
    assert ada.out.sent(lobby) == ada.out.taken(lobby) == lobby.log.end
    ada.out.full = True
    assert ada.out.sent(lobby) == 0
    assert ada.ask(Ping()) == [Pong()]


def test_much_that_is_owed_is_congestion() -> None:
    out, taken = RecordingOutgoing(), list[str]()
    out.reserve(INBOX_BYTES)
    assert out.congested
    out.release(INBOX_BYTES)
    assert not out.congested
    out.when_taken(lambda: taken.append("at once"))
    assert taken == ["at once"]


def test_a_room_is_followed_once() -> None:
    ada = arrive(new_registry(), "ada")
    assert ada.session.current is not None
    with pytest.raises(AssertionError, match="followed already"):
        ada.out.follow(ada.session.current, 1)


def test_a_lost_connection_leaves_nothing_behind() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    ada.take()
    bob.lose_link(Reason.TIMED_OUT)
    (left,) = ada.take()
    assert isinstance(left, Left)
    assert left.reason is Reason.TIMED_OUT
    assert tuple(registry.admission) == (ada.session,)


def test_arriving_enters_the_given_rooms() -> None:
    registry = new_registry(Settings(default_room="yard"))
    assert list(arrive(registry, "ada").rooms) == ["yard"]
    assert list(arrive(registry, "bob", "one", "two").rooms) == ["one", "two"]


def test_a_refused_arrival_raises() -> None:
    registry = new_registry()
    arrive(registry, "ada")
    with pytest.raises(AssertionError, match="ada is here already"):
        arrive(registry, "ada")


def test_a_person_has_no_nick_before_hello() -> None:
    person = Visitor(new_registry(), address="192.0.2.9", door="text")
    assert (person.session.nick, person.session.address, person.session.door) == ("", "192.0.2.9", "text")
    person.ask(Hello("ada"))
    (entered,) = person.ask(Join("dev"))
    assert isinstance(entered, Entered)
