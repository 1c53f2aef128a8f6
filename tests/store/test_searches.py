"""Searches: one at a time, addresses in turn, and none for who has gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chatd.core.events import Event
from chatd.core.log import Asker
from chatd.core.search import Query
from chatd.store.searches import Searches


class World:
    """Searches whose thread is the test."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[], bool], Callable[[Any], object]]] = []
        self.answered: list[tuple[str, object]] = []
        self.gone: set[str] = set()
        self.searches = Searches(self.ask)

    def ask(self, question: Any, on_answer: Callable[[Any], object]) -> None:
        self.asked.append((question.keywords["query"].words[0], question.keywords["give_up"], on_answer))

    def search(self, word: str, address: str) -> None:
        def on_answer(answer: Sequence[Event] | Exception) -> None:
            self.answered.append((word, answer))

        self.searches.put(Query((word,), ()), Asker(address, lambda: word not in self.gone), on_answer)

    def run(self) -> str:
        """Answer the search that runs; its word."""
        [(word, _, on_answer)] = self.asked
        self.asked.clear()
        on_answer([])
        return word


def test_addresses_take_turns() -> None:
    world = World()
    for n in range(4):
        world.search(f"eve{n}", "192.0.2.1")
    world.search("ada", "192.0.2.2")
    world.search("bob", "192.0.2.3")
    assert [world.run() for _ in range(6)] == ["eve0", "eve1", "ada", "bob", "eve2", "eve3"]
    assert len(world.searches) == 0
    assert world.asked == []


def test_whoever_has_gone_is_not_searched_for() -> None:
    world = World()
    for word in ("one", "two", "three"):
        world.search(word, "192.0.2.1")
    world.gone.add("two")
    assert [world.run(), world.run()] == ["one", "three"]
    assert [word for word, _ in world.answered] == ["one", "two", "three"]


def test_a_search_that_nobody_wants_any_more_is_given_up() -> None:
    world = World()
    world.search("one", "192.0.2.1")
    [(_, give_up, _)] = world.asked
    assert not give_up()
    world.gone.add("one")
    assert give_up()


def test_a_search_takes_less_time_while_another_address_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("chatd.store.searches.time.monotonic", lambda: now[0])
    world = World()
    world.search("one", "192.0.2.1")
    world.search("more", "192.0.2.1")
    [(_, give_up, _)] = world.asked
    now[0] += 1.0
    assert not give_up()
    world.search("other", "192.0.2.2")
    assert give_up()
    world.run()
    [(_, give_up, _)] = world.asked
    now[0] += 1.0
    assert give_up()
    world.run()
    [(word, give_up, _)] = world.asked
    now[0] += 2.9
    assert (word, give_up()) == ("other", False)
    now[0] += 0.2
    assert give_up()


def test_an_error_is_told_and_the_next_search_runs() -> None:
    world = World()
    world.search("one", "192.0.2.1")
    world.search("two", "192.0.2.1")
    error = sqlite3.OperationalError("interrupted")
    world.asked.pop()[2](error)
    assert world.answered == [("one", error)]
    assert world.run() == "two"


def test_a_defect_of_who_asked_stops_nobody_else() -> None:
    world = World()
    world.searches.put(Query(("one",), ()), Asker("192.0.2.1", lambda: True), lambda answer: 1 / 0)
    world.search("two", "192.0.2.1")
    with pytest.raises(ZeroDivisionError):
        world.asked.pop()[2]([])
    assert world.run() == "two"
