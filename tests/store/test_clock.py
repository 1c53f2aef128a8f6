"""The wall clock is set back or forward: seqs, history and search keep the order of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from chatd.core.answers import Ack, Answer, HistoryPage, SearchResults
from chatd.core.commands import Hello, History, Say, Search
from chatd.core.events import Event, Said
from chatd.testing import Visitor
from tests.store.pumped import Server

HOUR, YEAR = 3600, 365 * 24 * 3600
STEPS = {"an hour back": [-HOUR], "a year forward": [YEAR], "forward and back": [YEAR, -YEAR - HOUR], "back twice": [-HOUR, -HOUR]}
"""By how many seconds the clock is set each time."""

TOKEN = "a token that nobody guesses"
BETWEEN = 10
"""How many messages are said before each step, a minute apart."""


@pytest.fixture(params=["memory", "disk"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path if request.param == "disk" else None)
    yield server
    server.store.close()


def talk(server: Server, person: Visitor, steps: Sequence[int]) -> list[Event | Answer]:
    """Let the person talk while the clock is set. Returns everything they receive."""
    answers: list[Event | Answer] = []
    for step in [*steps, 0]:
        for number in range(BETWEEN):
            server.time.advance(60)
            answers += server.ask(person, Say(f"tea {number}", id=f"{len(answers)}"))
        server.time.advance(step)
    return answers


def messages(answers: Sequence[Event | Answer]) -> list[Said]:
    return [event for event in answers if isinstance(event, Said)]


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_all_events_arrive_once_and_in_order(server: Server, steps: Sequence[int]) -> None:
    ada, bob = server.arrive("ada"), server.arrive("bob")
    ada.take()
    acks = [item.seq for item in talk(server, ada, steps) if isinstance(item, Ack)]
    received = messages(bob.take())
    assert [event.seq for event in received] == acks
    assert acks == list(range(acks[0], acks[0] + BETWEEN * (len(steps) + 1)))
    assert [b.time - a.time for a, b in pairwise(received)].count(60_000) == len(received) - 1 - len(steps)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_resuming_and_sending_again_work(tmp_path: Path, steps: Sequence[int]) -> None:
    server = Server(tmp_path)
    ada = server.arrive("ada", token=TOKEN)
    said = talk(server, ada, steps)
    server.restart()
    eve = Visitor(server.registry)
    news = server.ask(eve, Hello("eve", resume={"lobby": messages(said)[-16].seq}, log=server.store.name))
    assert messages(news) == messages(said)[-15:]
    ada = server.arrive("ada", token=TOKEN)
    again = server.ask(ada, Say("tea 0", id="0"))
    assert [item for item in again if isinstance(item, Ack)] == [item for item in said if isinstance(item, Ack)][:1]
    server.store.close()


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_history_by_time_splits_the_log_at_that_time(server: Server, steps: Sequence[int]) -> None:
    ada = server.arrive("ada")
    talk(server, ada, steps)
    everything = page(server, ada, History(count=100))
    times = {event.seq: event.time for event in everything}
    for moment in sorted({time + off for time in times.values() for off in (-30_000, 0)}):
        text = datetime.fromtimestamp(moment / 1000, UTC).isoformat()
        before = [event.seq for event in page(server, ada, History(count=100, before_time=text))]
        after = [event.seq for event in page(server, ada, History(count=100, after_time=text))]
        assert [*before, *after] == list(times)
        assert not before or times[before[-1]] < moment
        assert not after or times[after[0]] >= moment


def page(server: Server, person: Visitor, command: History) -> Sequence[Event]:
    [answer] = server.ask(person, command)
    assert isinstance(answer, HistoryPage)
    return answer.events


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_a_search_lists_the_last_messages_first(server: Server, steps: Sequence[int]) -> None:
    ada = server.arrive("ada")
    said = messages(talk(server, ada, steps))
    [results] = server.ask(ada, Search("tea", count=7))
    assert isinstance(results, SearchResults)
    assert list(results.events) == said[:-8:-1]
    text = datetime.fromtimestamp(said[0].time / 1000, UTC).isoformat()
    [results] = server.ask(ada, Search("tea", after_time=text, count=100))
    assert isinstance(results, SearchResults)
    assert list(results.events) == [event for event in reversed(said) if event.time >= said[0].time]
