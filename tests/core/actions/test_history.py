"""History; tests/store/test_index.py tests searching, in memory and on disk."""

from __future__ import annotations

from functools import partial

import pytest

from chatd.core import answers
from chatd.core.commands import (
    Command,
    Hello,
    History,
    Join,
    Keep,
    Say,
    Search,
)
from chatd.core.errors import TooMany
from chatd.core.events import Said
from chatd.core.limits import HISTORY_EVENTS, SEARCH_LINES, SEARCHED_ROOM_LINES
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.perform import perform
from chatd.core.policy import Visible
from chatd.testing import StandingClock, Visitor, arrive, new_registry, own_account
from tests.core.actions.answers import only, refusal
from tests.core.late import LateStore

TOKEN = "t" * 16


@pytest.mark.parametrize(
    ("history", "seqs", "more"),
    [
        (History(), range(92, 112), True),
        (History(3), range(109, 112), True),
        (History(3, "#Lobby", before=10), range(7, 10), True),
        (History(3, before=3), range(1, 3), False),
        (History(3, before=1), range(0), False),
        (History(100), range(12, 112), True),
        (History(10**9), range(112 - HISTORY_EVENTS, 112), True),
        (History(5, before=10**9), range(107, 112), True),
        (History(100, before=101), range(1, 101), False),
        (History(4, around=50), range(48, 52), True),
        (History(5, around=50), range(48, 53), True),
        (History(1, around=50), range(50, 51), True),
        (History(4, around=1), range(1, 3), False),
        (History(4, around=10**9), range(110, 112), True),
        (History(4, around_time="2026-11-23T13:00Z"), range(110, 112), True),
        (History(4, around_time="2026-11-23T11:00Z"), range(1, 3), False),
    ],
)
def test_history_shows_earlier_events(ada: Visitor, history: History, seqs: range, more: bool) -> None:
    for number in range(110):
        ada.ask(Say(f"line {number}"))
    page = only(answers.HistoryPage, ada.ask(history))
    assert ([event.seq for event in page.events], page.more, page.room) == (list(seqs), more, "lobby")


@pytest.mark.parametrize(("count", "limit"), [(0, 0), (HISTORY_EVENTS, 0), (HISTORY_EVENTS + 1, HISTORY_EVENTS)])
def test_history_says_how_many_there_are_at_most_if_more_are_asked_for(ada: Visitor, count: int, limit: int) -> None:
    assert only(answers.HistoryPage, ada.ask(History(count))).limit == limit


def test_history_ends_at_the_beginning_of_the_log() -> None:
    ada = arrive(new_registry(store=MemoryStore("testlog", partial(MemoryLog, 5))), "ada")
    for text in "abcdefgh":
        ada.ask(Say(text))
    ada.take()
    for before, seqs, more in [(0, [6, 7, 8, 9], True), (7, [5, 6], False), (3, [], False)]:
        page = only(answers.HistoryPage, ada.ask(History(4, before=before)))
        assert ([event.seq for event in page.events], page.more) == (seqs, more)


@pytest.mark.parametrize("command", [History(-1), History(before=-1), History(around=-1)])
def test_history_refuses_negative_numbers(ada: Visitor, command: Command) -> None:
    assert refusal(ada.ask(command)) == (
        "bad-usage",
        "A number is below 0.",
        "Use numbers above 0.",
    )


@pytest.mark.parametrize("command", [History(after=3, before=3), History(before=1, around_time="12:00")])
def test_history_refuses_several_positions(ada: Visitor, command: Command) -> None:
    assert refusal(ada.ask(command)) == (
        "bad-usage",
        "You gave more than one position.",
        "Give one: before, after or around a seq or a time.",
    )


@pytest.mark.parametrize(
    ("command", "seqs"),
    [
        (History(2, after=3), [4, 5]),
        (History(2, after_time="2026-11-23T11:00Z"), [1, 2]),
        (History(2, before_time="2026-11-23T13:00Z"), [5, 6]),
    ],
)
def test_history_goes_forward_and_backward(ada: Visitor, command: History, seqs: list[int]) -> None:
    for text in "abcde":
        ada.ask(Say(text))
    assert [event.seq for event in only(answers.HistoryPage, ada.ask(command)).events] == seqs


def test_a_room_without_retention_has_no_history(ada: Visitor) -> None:
    own_account(ada).ask(Keep("none"))
    ada.ask(Say("unkept"))
    assert only(answers.HistoryPage, ada.ask(History())) == answers.HistoryPage("lobby", (), more=False)


def test_a_search_that_takes_too_long_is_refused() -> None:
    store = LateStore()
    ada = Visitor(new_registry(store=store))
    perform(ada.registry, ada.session, Hello("ada"))
    store.answer()
    store.search = lambda query, asker, on_found: on_found(TooMany("The search takes too long."))  # type: ignore[method-assign, assignment]
    perform(ada.registry, ada.session, Search("tea"))
    store.answer()
    [refused] = [news for news in ada.take() if isinstance(news, answers.Refused)]
    assert (refused.code, refused.reason) == ("too-many", "The search takes too long.")


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        (Search("tea"), ["more tea", "tea"]),
        (Search("tea", count=1), ["more tea"]),
        (Search("tea", room="#dev"), ["more tea"]),
        (Search("tea", nick="BOB"), []),
        (Search("tea", before_time="2026-11-23T11:00Z"), []),
        (Search("tea", after_time="2026-11-23T11:00Z"), ["more tea", "tea"]),
        (Search("tea -more"), ["tea"]),
        (Search("tea in:dev after:2026-11-23T11:00Z"), ["more tea"]),
        (Search("tea from:BOB"), []),
        (Search("tea from:👍"), []),
    ],
)
def test_a_search_finds_messages_in_all_rooms(clock: StandingClock, ada: Visitor, command: Search, texts: list[str]) -> None:
    ada.ask(Say("tea"))
    ada.ask(Join("dev"))
    clock.advance(1)
    ada.ask(Say("more tea"))
    results = only(answers.SearchResults, ada.ask(command))
    assert [event.text for event in results.events if isinstance(event, Said)] == texts
    assert results.more == (command.count == 1)


def test_the_rooms_that_are_searched_are_paid_for(ada: Visitor) -> None:
    arrive(ada.registry, "bob", "dev", "tea")
    before = ada.out.spent
    ada.ask(Search("tea"))
    assert ada.out.spent == before + SEARCH_LINES + 3 * SEARCHED_ROOM_LINES


def test_a_search_in_one_room_looks_at_no_other(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visible, "logs", None)
    ada.ask(Say("tea"))
    assert len(only(answers.SearchResults, ada.ask(Search("tea", room="lobby"))).events) == 1


@pytest.mark.parametrize("command", [Search("tea in:dev", room="lobby"), Search("tea before:12:30", before_time="12:30")])
def test_a_search_refuses_a_filter_in_the_text_and_in_a_field(ada: Visitor, command: Search) -> None:
    code, reason, _ = refusal(ada.ask(command))
    assert code == "bad-usage"
    assert reason.endswith("twice.")
