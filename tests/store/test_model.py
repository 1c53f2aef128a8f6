"""The log on disk does what the log in memory does: numbers, reading, cursors, ids, topics,
forgetting.

Restarts and a full disk make no difference.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chatd.core.errors import NotDelivered
from chatd.core.events import DRAFT, Event, RetentionSet, Said, TopicSet
from chatd.core.memory import MemoryLog, Messages
from chatd.core.when import FOR_EVER
from chatd.testing import NOON
from tests.store.pumped import Outcomes, PumpedStore

ROOMS = st.sampled_from(["lobby", "tea"])
IDS = st.sampled_from(["", "1", "2", "3", "4"])
NUMBERS = st.integers(0, 60)
HOUR = 3_600_000


class SameLogs(RuleBasedStateMachine):
    """Every step is done with both logs. A reader follows each room with a cursor and must see the
    events of the other log."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = PumpedStore(self.folder)
        messages: Messages = {}
        self.memory = {name: MemoryLog(messages=messages) for name in ("lobby", "tea")}
        self.outcomes: dict[str, Outcomes] = {"memory": [], "disk": []}
        self.cursors = {"lobby": 1, "tea": 1}
        self.seen: dict[str, list[Event]] = {"lobby": [], "tea": []}
        self.now = NOON

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    @rule(hours=st.integers(1, 3))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(room=ROOMS, id=IDS, sender_id=st.sampled_from(["ada", "bob"]))
    def say(self, room: str, id: str, sender_id: str) -> None:
        self.append(Said(room, DRAFT, self.now, sender_id, sender_id, f"in {room}", id=id))
        if id:
            self.store.drain()  # During a look-up others may overtake, which never happens in memory.

    def append(self, draft: Event) -> None:
        """Append to both logs; the outcomes must be the same."""
        self.memory[draft.room].append(draft, self.outcomes["memory"].append)
        self.store.room(draft.room).append(draft, self.outcomes["disk"].append)

    @rule(room=ROOMS, text=st.sampled_from(["", "tea", "no tea"]))
    def set_topic(self, room: str, text: str) -> None:
        self.append(TopicSet(room, DRAFT, self.now, "ada", "ada", text))

    @rule(room=ROOMS, keep=st.sampled_from(["", "1h", "4h"]), hours=st.integers(0, 2))
    def set_retention(self, room: str, keep: str, hours: int) -> None:
        self.append(RetentionSet(room, DRAFT, self.now, "ada", "ada", keep, self.now + hours * HOUR))

    @rule(room=ROOMS, most=st.sampled_from([2 * HOUR, FOR_EVER]))
    def delete_old(self, room: str, most: int) -> None:
        self.store.drain()
        deleted: dict[str, list[tuple[int, int]]] = {"memory": [], "disk": []}
        self.memory[room].delete_old(self.now, most, lambda *arguments: deleted["memory"].append(arguments))
        self.store.room(room).delete_old(self.now, most, lambda *arguments: deleted["disk"].append(arguments))
        self.store.drain_writer()
        assert deleted["disk"] == deleted["memory"]
        assert self.store.room(room).first == self.memory[room].first

    @rule(room=ROOMS, hours=st.integers(-1, 9))
    def find_time(self, room: str, hours: int) -> None:
        self.store.drain()
        seqs: list[int] = []
        self.memory[room].find_time(self.now - hours * HOUR, seqs.append)
        self.store.room(room).find_time(self.now - hours * HOUR, seqs.append)
        self.store.wait(lambda: len(seqs) == 2)
        assert seqs[0] == seqs[1]

    @rule()
    def drain(self) -> None:
        self.store.drain()

    @rule()
    def restart(self) -> None:
        """A start removes the rooms that are blank: something is said in them before."""
        for room, log in self.memory.items():
            is_said = any(isinstance(event, Said) for event in log.read(log.first, log.end))
            if not (is_said or log.state.topic or log.state.retention.text):
                self.append(Said(room, DRAFT, self.now, "ada", "ada", "to stay"))
        self.outcomes = {"memory": [], "disk": []}
        self.store.close()
        self.store = PumpedStore(self.folder)

    @rule(room=ROOMS)
    def fill_the_disk(self, room: str) -> None:
        self.store.drain()
        self.store.limit(0)
        outcomes: Outcomes = []
        disk = self.store.room(room)
        disk.append(Said(room, DRAFT, 0, "ada", "ada", "x" * 50_000, id="lost"), outcomes.append)
        disk.append(Said(room, DRAFT, 0, "ada", "ada", "behind it"), outcomes.append)
        self.store.drain()
        assert [type(outcome) for outcome in outcomes] == [NotDelivered, NotDelivered]
        assert self.store.lookup("ada", "lost") is None
        self.store.limit(None)

    @rule(room=ROOMS, start=NUMBERS, length=NUMBERS)
    def read(self, room: str, start: int, length: int) -> None:
        self.store.drain()
        assert self.loaded(room, start, start + length) == list(self.memory[room].read(start, start + length))

    @rule(room=ROOMS, most=st.integers(1, 10))
    def follow(self, room: str, most: int) -> None:
        stop = min(self.cursors[room] + most, self.store.room(room).end)
        self.seen[room] += self.loaded(room, self.cursors[room], stop)
        self.cursors[room] = max(stop, self.cursors[room])
        kept = [event for event in self.seen[room] if event.seq >= self.memory[room].first]
        assert kept == list(self.memory[room].read(1, self.cursors[room]))

    def loaded(self, room: str, start: int, stop: int) -> list[Event]:
        disk, loaded = self.store.room(room), list[bool]()
        disk.load(start, stop, loaded.append)
        self.store.wait(lambda: loaded)
        return list(disk.read(start, stop))

    @invariant()
    def agree(self) -> None:
        for name, memory in getattr(self, "memory", {}).items():
            disk = self.store.room(name)
            assert disk.first <= disk.held <= disk.end <= memory.end
            if not disk.has_pending:
                assert (disk.end, disk.state) == (memory.end, memory.state)
        if hasattr(self, "store") and not any(self.store.room(name).has_pending for name in self.memory):
            assert sorted(map(repr, self.outcomes["disk"])) == sorted(map(repr, self.outcomes["memory"]))


TestSameLogs = SameLogs.TestCase
TestSameLogs.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
