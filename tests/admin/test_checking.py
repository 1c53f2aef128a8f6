"""``chatd-admin check`` and ``rooms``."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from unittest import mock

import pytest

from chatd.admin import checking
from chatd.admin.progress import Progress
from chatd.core.when import FOR_EVER
from chatd.store import database, deletion
from chatd.store.database import FILE_NAME
from chatd.store.queries import event_id
from tests.admin.command import admin
from tests.store.pumped import PumpedStore, say

DAMAGE = "damage found: restore a backup; export saves what can still be read"


def test_rooms_are_listed(store: PumpedStore) -> None:
    done = admin(store.path.parent, "rooms")
    assert (done.status, done.out) == (0, b"#lobby 1 30\n#tea 1 1\n")


def test_sound_data_is_reported_as_sound(store: PumpedStore) -> None:
    done = admin(store.path.parent, "check")
    assert (done.status, done.line) == (0, "no damage found")


@pytest.mark.parametrize(
    ("damage", "there"),
    [
        ("DELETE FROM event WHERE sent = '1'", 29),
        ("DELETE FROM event WHERE sent = '7'", 29),
        ("UPDATE room SET first = 3 WHERE key = 'lobby'", 30),
        (f"INSERT INTO event SELECT {event_id(1, 0)}, time, kind, nick, '', text, detail, NULL FROM event WHERE sent = '7'", 31),
    ],
)
@pytest.mark.parametrize("at_once", [1, 4, 1000])
def test_a_gap_is_found(folder: Path, damage: str, there: int, at_once: int) -> None:
    with sqlite3.connect(folder / FILE_NAME) as connection:
        connection.execute(damage)
    connection.close()
    with mock.patch.object(checking, "COUNTED_AT_ONCE", at_once):
        done = admin(folder, "check")
    due = 28 if "UPDATE" in damage else 30
    hole = f"#lobby: {there} events are stored, but there should be {due}"
    assert (done.status, done.out.decode().splitlines()) == (1, [hole, DAMAGE])


def test_damage_in_the_file_is_reported(folder: Path) -> None:
    path = folder / FILE_NAME
    with sqlite3.connect(path) as connection:
        [root] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event_sent'").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096 + 2048)
        file.write(b"\xff" * 2048)
    done = admin(folder, "check")
    assert done.status == 1
    assert f"tree page {root} cell" in done.out.decode()
    assert done.out.decode().endswith(f"{DAMAGE}\n")


def test_a_database_that_cannot_be_read_is_named(folder: Path) -> None:
    with sqlite3.connect(folder / FILE_NAME) as connection:
        [root] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").fetchone()
    connection.close()
    with (folder / FILE_NAME).open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    done = admin(folder, "check")
    assert done.status == 1
    assert done.err == f"chatd-admin: {folder / FILE_NAME}: database disk image is malformed\n"


def test_events_that_arrive_or_go_meanwhile_are_no_damage(store: PumpedStore) -> None:
    other = database.connect(store.path)

    def update(progress: Progress, done: int, total: int) -> None:
        deletion.delete_oldest(other, store.room().id, FOR_EVER, 3 * done)
        say(store.room(), "during the check")
        say(store.room("tea"), "during the check", room="tea")
        store.drain()

    with mock.patch.object(Progress, "update", update), mock.patch.object(checking, "COUNTED_AT_ONCE", 4):
        assert admin(store.path.parent, "check").line == "no damage found"
    other.close()
    assert store.room("tea").end > 3
    assert admin(store.path.parent, "rooms").out.startswith(b"#lobby 41 ")
