"""Rooms that are removed: nothing of them is left, and no number is given twice in a run."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from chatd.core.answers import Missed
from chatd.core.commands import Command, Hello, Join, Keep, Leave, Me, Quit, Say, Topic
from chatd.core.events import Event, Joined, Said
from chatd.store import database, queries
from chatd.store.watch import Watch
from chatd.store.writer import Batch, DiskWriter, UnstoredRoom
from chatd.testing import Visitor
from tests.admin.command import admin
from tests.store.pumped import Server

TABLES = {"room": "id", "event": "id >> 40", "indexed": "room", "run_start": "room"}
"""The tables that have something of a room, each with where it has the room's id."""


def left_of(path: Path, room: int) -> dict[str, int]:
    """How many rows the database has of the room with this id, by table; only where there are
    some."""
    with closing(sqlite3.connect(path)) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table} WHERE {id} = ?", (room,)).fetchone()[0]
            for table, id in TABLES.items()
        }
    return {table: count for table, count in counts.items() if count}


def joined(room: int, seq: int) -> tuple[int, list[Event]]:
    return room, [Joined("dev", seq, 0, "ada", "o")]


def test_a_removal_is_in_the_transaction_of_the_next_batch(tmp_path: Path) -> None:
    path = tmp_path / database.FILE_NAME
    database.prepare(path)
    answers: SimpleQueue[bool] = SimpleQueue()
    writer = DiskWriter(path, lambda call, *given: call(*given), lambda batches, error: answers.put(error is None), ())
    writer.put(Batch(0, [joined(1, 1)], [UnstoredRoom(1, "dev", "dev")]))
    assert answers.get(timeout=10)
    writer.close()
    writer._connection, writer._watch = database.connect(path), Watch(path)  # The log of this connection is another file.
    writer._removals = [1]
    statements: list[str] = []
    writer._connection.set_trace_callback(statements.append)
    # The same key: the old room must be gone.
    error = writer._commit([Batch(0, [joined(2, 2)], [UnstoredRoom(2, "dev", "dev", 2)])], [])
    writer._connection.close()
    assert [each for each in statements if each.startswith(("BEGIN", "COMMIT"))] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert (error, writer._removals) == (None, [])
    assert (left_of(path, 1), left_of(path, 2)) == ({}, {"room": 1, "event": 1})


def test_a_removal_that_fails_is_done_with_the_next_batch(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.arrive("bob", rooms=("lobby",))
    ada = server.arrive("ada", rooms=("dev",))
    id = server.store.logs["dev"].id
    server.store.drain_writer()
    writer = server.store._writer
    writer._connection.execute("PRAGMA query_only = ON")
    server.store.remove_log("dev")
    server.store.drain_writer()
    assert left_of(server.store.path, id)
    writer._connection.execute("PRAGMA query_only = OFF")
    server.ask(ada, Join("lobby"), Say("hi", room="lobby"))
    server.store.close()
    assert left_of(server.store.path, id) == {}


def test_after_many_rooms_have_come_and_gone_nothing_is_left(tmp_path: Path) -> None:
    """Neither where the server goes on nor where it is killed while people are in them."""
    server = Server(tmp_path / "data")
    for number in range(30):
        person = server.arrive(f"ada{number}", rooms=[f"room{number}-{n}" for n in range(20)])
        if number == 15:
            server.store.drain_writer()
            shutil.copytree(tmp_path / "data", tmp_path / "killed")
        server.ask(person, Quit())
    server.store.drain_writer()
    assert count_rows(server.store.path) == dict.fromkeys(TABLES, 0)
    server.store.close()
    assert count_rows(tmp_path / "killed" / database.FILE_NAME)["room"] == 20
    server = Server(tmp_path / "killed")
    assert server.store.logs == {}
    server.store.close()
    assert count_rows(server.store.path) == dict.fromkeys(TABLES, 0)


def count_rows(path: Path) -> dict[str, int]:
    """How many rows each table has that has something of rooms."""
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def test_a_room_with_more_events_than_memory_holds_goes_too_if_none_is_a_message(tmp_path: Path) -> None:
    server = Server(tmp_path)
    host = server.arrive("host", rooms=("dev", "tea"))
    server.ask(host, Say("kept", room="tea"))
    tails = {key: log.tail for key, log in server.store.logs.items()}
    for tail in tails.values():
        tail.shorten(tail.end - tail.first)  # As where memory is short.
    server.ask(host, Leave("dev"), Leave("tea"))
    assert [*server.store.logs] == ["tea"]
    server.store.close()


def test_a_room_that_is_made_again_goes_on_with_higher_numbers(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ada = server.arrive("ada", rooms=("lobby", "dev"))
    first = server.store.logs["dev"]
    server.ask(ada, Leave("dev"))
    assert "dev" not in server.store.logs
    news = server.ask(ada, Join("dev"), Say("again", room="dev"))
    again = server.store.logs["dev"]
    assert [each.seq for each in news if isinstance(each, Said)] == [first.end + 1]
    assert (again.first, again.end) == (first.end, first.end + 2)
    server.store.drain_writer()
    assert left_of(server.store.path, first.id) == {}
    server.restart()
    stored = server.store.logs["dev"]
    assert (stored.first, stored.end) == (again.first, again.end)
    server.store.close()


def test_after_a_restart_nothing_of_a_removed_room_is_left(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ada = server.arrive("ada", rooms=("lobby", "dev"))
    log, id = server.store.name, server.store.logs["dev"].id
    server.ask(ada, Say("kept", room="lobby"), Leave("dev"))
    server.restart()
    assert left_of(server.store.path, id) == {}
    assert not server.store.knows(log, "dev", 0)
    eve = Visitor(server.registry)
    news = server.ask(eve, Hello("eve", rooms=("dev",), resume={"dev": 1}, log=log))
    assert [(each.room, each.first) for each in news if isinstance(each, Missed)] == [("dev", 0)]
    server.store.close()


def test_a_later_room_with_the_same_id_does_not_inherit_where_runs_began(tmp_path: Path) -> None:
    server = Server(tmp_path)
    old = server.store.name
    ada = server.arrive("ada", rooms=("lobby", "dev"))
    server.ask(ada, Say("kept", room="lobby"), Say("said", room="dev"))
    id = server.store.logs["dev"].id
    server.restart()
    server.arrive("bob", rooms=("lobby",))
    assert left_of(server.store.path, id)["run_start"] == 1
    server.store.remove_log("dev")
    server.store.close()
    server.start()
    assert left_of(server.store.path, id) == {}
    eve = server.arrive("eve", rooms=("tea",))
    assert server.store.logs["tea"].id == id
    server.ask(eve, Say("new", room="tea"))
    server.restart()
    assert [server.store.knows(old, "tea", seq) for seq in range(3)] == [True, False, False]
    server.store.close()


@pytest.mark.parametrize(
    ("command", "stays"), [(None, False), (Say("hi"), True), (Me("waves"), True), (Topic("tea"), True), (Keep("7d"), True)]
)
def test_a_start_removes_the_rooms_in_which_nobody_has_said_or_set_anything(
    tmp_path: Path, command: Command | None, stays: bool
) -> None:
    server = Server(tmp_path)
    ada = server.arrive("ada", rooms=("dev",))
    if command is not None:
        server.ask(ada, command)
    id = server.store.logs["dev"].id
    server.restart()
    assert ("dev" in server.store.logs, bool(left_of(server.store.path, id))) == (stays, stays)
    server.store.close()


def test_a_room_without_any_event_stays_since_its_numbers_go_on(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.ask(server.arrive("ada", rooms=("dev",)), Say("hi"))
    end = server.store.logs["dev"].end
    server.store.close()
    assert admin(tmp_path, "forget", "dev").status == 0
    server.start()
    assert (server.store.logs["dev"].first, server.store.logs["dev"].end) == (end, end)
    server.store.close()


def test_a_start_goes_on_where_blank_rooms_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path)
    server.arrive("ada", rooms=("dev", "tea"))
    server.store.close()

    def fail(connection: sqlite3.Connection, room: int) -> None:
        remove_room(connection, room)
        if room == 2:
            raise sqlite3.OperationalError("database or disk is full")

    remove_room = queries.remove_room
    monkeypatch.setattr(queries, "remove_room", fail)
    server.start()
    assert [*server.store.room_names()] == ["dev", "tea"]
    server.store.close()
