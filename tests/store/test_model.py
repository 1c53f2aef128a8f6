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
from chatd.core.events import Event, RetentionSet, Said, TopicSet
from chatd.core.log import MemoryLog
from chatd.core.when import FOR_EVER
from chatd.testing import NOON
from tests.store.pumped import PumpedStore

ROOMS = st.sampled_from(["lobby", "tea"])
IDS = st.sampled_from(["", "1", "2", "3", "4"])
NUMBERS = st.integers(0, 60)
HOUR = 3_600_000


class Alike(RuleBasedStateMachine):
    """Everything is asked of both; a reader follows each room with a cursor, and must see what the
    other log has."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = PumpedStore(self.folder)
        said: dict[tuple[str, str], Said] = {}
        self.memory = {name: MemoryLog(said=said) for name in ("lobby", "tea")}
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
        memory, disk = self.memory[room], self.store.room(room)
        known: list[Said | None] = []
        memory.find(sender_id, id, known.append)
        assert self.store.lookup(disk, sender_id, id) == known[0]
        if known[0] is None:
            said = Said(room, memory.end, self.now, sender_id, sender_id, f"in {room}", id=id)
            memory.append(said, lambda failure: None)
            disk.append(said, lambda failure: None)

    @rule(room=ROOMS, text=st.sampled_from(["", "tea", "no tea"]))
    def set_topic(self, room: str, text: str) -> None:
        event = TopicSet(room, self.memory[room].end, self.now, "ada", "ada", text)
        self.memory[room].append(event, lambda failure: None)
        self.store.room(room).append(event, lambda failure: None)

    @rule(room=ROOMS, keep=st.sampled_from(["", "1h", "4h"]), hours=st.integers(0, 2))
    def choose_how_long_it_is_kept(self, room: str, keep: str, hours: int) -> None:
        event = RetentionSet(room, self.memory[room].end, self.now, "ada", "ada", keep, self.now + hours * HOUR)
        self.memory[room].append(event, lambda failure: None)
        self.store.room(room).append(event, lambda failure: None)

    @rule(room=ROOMS, most=st.sampled_from([2 * HOUR, FOR_EVER]))
    def forget(self, room: str, most: int) -> None:
        self.store.settle()
        told: dict[str, list[tuple[int, int]]] = {"memory": [], "disk": []}
        self.memory[room].forget(self.now, most, lambda *gone: told["memory"].append(gone))
        self.store.room(room).forget(self.now, most, lambda *gone: told["disk"].append(gone))
        self.store.be_done()
        assert told["disk"] == told["memory"]
        assert self.store.room(room).first == self.memory[room].first

    @rule(room=ROOMS, hours=st.integers(-1, 9))
    def look_for_a_time(self, room: str, hours: int) -> None:
        self.store.settle()
        places: list[int] = []
        self.memory[room].at(self.now - hours * HOUR, places.append)
        self.store.room(room).at(self.now - hours * HOUR, places.append)
        self.store.wait(lambda: len(places) == 2)
        assert places[0] == places[1]

    @rule()
    def settle(self) -> None:
        self.store.settle()

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = PumpedStore(self.folder)

    @rule(room=ROOMS)
    def find_the_disk_full(self, room: str) -> None:
        self.store.settle()
        self.store.limit(0)
        outcomes: list[NotDelivered | None] = []
        disk = self.store.room(room)
        disk.append(Said(room, disk.end, 0, "ada", "ada", "x" * 50_000, id="lost"), outcomes.append)
        disk.append(Said(room, disk.end, 0, "ada", "ada", "behind it"), outcomes.append)
        self.store.settle()
        assert [type(outcome) for outcome in outcomes] == [NotDelivered, NotDelivered]
        assert self.store.lookup(disk, "ada", "lost") is None
        self.store.limit(None)

    @rule(room=ROOMS, start=NUMBERS, length=NUMBERS)
    def read(self, room: str, start: int, length: int) -> None:
        self.store.settle()
        assert self.loaded(room, start, start + length) == list(self.memory[room].read(start, start + length))

    @rule(room=ROOMS, most=st.integers(1, 10))
    def follow(self, room: str, most: int) -> None:
        stop = min(self.cursors[room] + most, self.store.room(room).stored)
        self.seen[room] += self.loaded(room, self.cursors[room], stop)
        self.cursors[room] = max(stop, self.cursors[room])
        kept = [event for event in self.seen[room] if event.seq >= self.memory[room].first]
        assert kept == list(self.memory[room].read(1, self.cursors[room]))

    def loaded(self, room: str, start: int, stop: int) -> list[Event]:
        disk, there = self.store.room(room), list[bool]()
        disk.load(start, stop, there.append)
        self.store.wait(lambda: there)
        return list(disk.read(start, stop))

    @invariant()
    def agree(self) -> None:
        for name, memory in getattr(self, "memory", {}).items():
            disk = self.store.room(name)
            assert disk.end == memory.end
            assert disk.first <= disk.held <= disk.stored <= disk.end
            if disk.stored == disk.end:
                assert (disk.topic, disk.keep) == (memory.topic, memory.keep)


TestAlike = Alike.TestCase
TestAlike.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
