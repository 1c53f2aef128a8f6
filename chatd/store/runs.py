"""The runs of the server: each has a unique name, and the database knows where each room ended when
a run began.

A client names the run in which it saw an event. The event is in the past of this database if the
run is known, and if the room had gone beyond the event when the next run began. Events that a run
numbered after the database was copied are not in the copy; the run that begins on the copy records
where the rooms of the copy end.

A run is stored together with its first events, so a start writes nothing: a run that has stored
nothing has shown nothing.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Mapping
from sqlite3 import Connection

from chatd.core.limits import RUN_STARTS, RUNS_KNOWN


class Runs:
    """The stored runs, read from ``connection``, and the run that begins now. ``ends`` has the next
    seq of each room, by its id."""

    def __init__(self, connection: Connection, ends: Mapping[int, int]) -> None:
        self.name = secrets.token_hex(8)
        """The name of the run that begins now."""
        self._ids = {name: id for id, name in connection.execute("SELECT id, name FROM run ORDER BY id")}
        self._id = max(self._ids.values(), default=0) + 1
        self._runs = [*self._ids.values(), self._id]
        self._starts: dict[int, list[tuple[int, int]]] = {}
        """For each room: the runs, in order, with the room's next seq when the run began; a run is
        left out if the seq is the same as for the run before."""
        for room, run, seq in connection.execute("SELECT room, run, seq FROM run_start ORDER BY room, run"):
            self._starts.setdefault(room, []).append((run, seq))
        self._changed = {room: end for room, end in ends.items() if end != self._start(room, self._id)}
        for room, end in self._changed.items():
            self._starts.setdefault(room, []).append((self._id, end))

    def knows(self, name: str, room: int, seq: int, end: int) -> bool:
        """Whether event ``seq`` of ``room``, whose next seq is ``end`` now, is the event that was
        shown under that number in the run called ``name``."""
        if name == self.name:
            return seq < end
        run = self._ids.get(name)
        return run is not None and seq < self._start(room, self._runs[bisect_right(self._runs, run)])

    def _start(self, room: int, run: int) -> int:
        """The next seq of ``room`` when ``run`` began."""
        starts = self._starts.get(room, [])
        number = bisect_right(starts, run, key=lambda start: start[0])
        return starts[number - 1][1] if number else 1

    def store(self, connection: Connection) -> None:
        """Store the run that begins now, in the transaction of ``connection``, and delete the
        oldest runs beyond the limits."""
        connection.execute("INSERT INTO run (id, name) VALUES (?, ?)", (self._id, self.name))
        rows = [(room, self._id, end) for room, end in self._changed.items()]
        connection.executemany("INSERT INTO run_start (room, run, seq) VALUES (?, ?, ?)", rows)
        _delete_oldest(connection)


def _delete_oldest(connection: Connection) -> None:
    """Delete the oldest runs, and those of their starts that no later run needs."""
    many = "SELECT id FROM run ORDER BY id DESC LIMIT 1 OFFSET ?"
    long = "SELECT run FROM run_start ORDER BY run DESC LIMIT 1 OFFSET ?"
    for oldest, limit in ((many, RUNS_KNOWN), (long, RUN_STARTS)):
        connection.execute(f"DELETE FROM run WHERE id <= ({oldest})", (limit,))
    connection.execute(
        """
        DELETE FROM run_start AS old WHERE EXISTS (
            SELECT 1 FROM run_start
            WHERE room = old.room AND run > old.run AND run <= (SELECT min(id) FROM run)
        )
        """
    )
