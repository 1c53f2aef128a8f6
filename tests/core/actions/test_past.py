"""Reading back; searching is tested in tests/store/test_index.py, over both logs."""

from __future__ import annotations

from functools import partial

import pytest

from chatd.core import events
from chatd.core.commands import (
    Command,
    History,
    Say,
)
from chatd.core.limits import (
    HISTORY_EVENTS,
)
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.testing import Visitor, arrive, new_registry
from tests.core.actions.asking import only, refusal

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
        (History(5, around=50), range(47, 52), True),
        (History(4, around=1), range(1, 3), False),
        (History(4, around=10**9), range(110, 112), True),
        (History(4, around_time="2026-11-23T13:00Z"), range(110, 112), True),
        (History(4, around_time="2026-11-23T11:00Z"), range(1, 3), False),
    ],
)
def test_history_reads_the_log_back(ada: Visitor, history: History, seqs: range, more: bool) -> None:
    for number in range(110):
        ada.ask(Say(f"line {number}"))
    told = only(events.HistoryPage, ada.ask(history))
    assert ([event.seq for event in told.events], told.more, told.room) == (list(seqs), more, "lobby")


def test_history_ends_where_the_log_does() -> None:
    ada = arrive(new_registry(store=MemoryStore("testlog", partial(MemoryLog, 5))), "ada")
    for text in "abcdefgh":
        ada.ask(Say(text))
    ada.take()
    for before, seqs, more in [(0, [6, 7, 8, 9], True), (7, [5, 6], False), (3, [], False)]:
        told = only(events.HistoryPage, ada.ask(History(4, before=before)))
        assert ([event.seq for event in told.events], told.more) == (seqs, more)


@pytest.mark.parametrize("command", [History(-1), History(before=-1), History(around=-1)])
def test_history_takes_no_numbers_below_0(ada: Visitor, command: Command) -> None:
    assert refusal(ada.ask(command)) == (
        "bad-usage",
        "These numbers make no sense.",
        "Write numbers above 0.",
    )
