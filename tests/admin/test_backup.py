"""``chatd-admin backup``."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from chatd.admin import backup
from chatd.admin.main import STOPPED
from chatd.admin.progress import Progress
from chatd.store.database import APPLICATION_ID, FILE_NAME
from tests.admin.command import admin
from tests.conversations.processes import cannot
from tests.store.pumped import PumpedStore, say


def test_a_backup_of_a_running_server_has_everything_and_its_own_log_name(store: PumpedStore, tmp_path: Path) -> None:
    folder = tmp_path / "restored"
    folder.mkdir()
    copy = folder / FILE_NAME
    done = admin(store.path.parent, "backup", str(copy))
    assert (done.status, done.line) == (0, f"{copy}: {copy.stat().st_size:,} bytes")
    assert copy.stat().st_mode & 0o777 == 0o600
    say(store.room(), "after the backup")
    restored = PumpedStore(folder)
    assert restored.room().end == 31
    assert restored.name != store.name
    assert restored.lookup("o1", "7") is not None
    restored.close()


def test_it_ends_however_many_messages_arrive(store: PumpedStore, tmp_path: Path) -> None:
    calls = []

    def update(progress: Progress, done: int, total: int) -> None:
        calls.append(done)
        assert len(calls) <= total, "it began anew"
        say(store.room(), f"during the backup {len(calls)}")
        store.drain()

    with mock.patch.object(backup, "PAGES_AT_ONCE", 1), mock.patch.object(Progress, "update", update):
        assert admin(store.path.parent, "backup", str(tmp_path / FILE_NAME)).status == 0
    assert calls == sorted(calls)
    assert len(calls) > 5
    assert store.room().end > 31
    assert admin(tmp_path, "check").line == "no damage found"
    assert admin(tmp_path, "rooms").out == b"#lobby 1 30\n#tea 1 1\n"


def test_data_from_an_older_chatd_can_be_backed_up_before_the_upgrade(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.executescript((Path(__file__).parents[1] / "store" / "schema-2.sql").read_text())
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2;")
        connection.execute("INSERT INTO server VALUES ('7')")
    connection.close()
    assert "back it up" in admin(tmp_path, "rooms").line
    assert admin(tmp_path, "backup", str(tmp_path / "copy")).status == 0
    (tmp_path / "copy").rename(tmp_path / FILE_NAME)
    restored = PumpedStore(tmp_path)
    assert restored.name != "7"
    restored.close()


def test_a_backup_overwrites_nothing(store: PumpedStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = admin(store.path.parent, "backup", str(tmp_path / "file"))
    assert (done.status, done.line) == (1, f"chatd-admin: {tmp_path / 'file'} exists already; choose another name")
    assert (tmp_path / "file").read_text() == "mine"


def test_ctrl_c_leaves_nothing_behind(store: PumpedStore, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    with mock.patch.object(Progress, "update", side_effect=KeyboardInterrupt):
        done = admin(store.path.parent, "backup", str(place / "file"))
    assert (done.status, done.line) == (STOPPED, "chatd-admin: stopped")
    assert list(place.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    if os.geteuid():
        cannot("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        cannot("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_named_and_leaves_no_partial_file(store: PumpedStore, small_disk: Path) -> None:
    say(store.room(), "x" * 100_000)
    store.drain()
    done = admin(store.path.parent, "backup", str(small_disk / "file"))
    assert done.status == 1
    assert done.line == f"chatd-admin: {store.path} cannot be copied to {small_disk / 'file'}: database or disk is full"
    assert list(small_disk.iterdir()) == []


def test_damage_is_named(folder: Path, tmp_path: Path) -> None:
    path = folder / FILE_NAME
    with path.open("r+b") as file:
        file.truncate(5000)
    done = admin(folder, "backup", str(tmp_path / "file"))
    assert done.status == 1
    assert str(path) in done.line
    assert not (tmp_path / "file").exists()
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(path) as connection:
        connection.execute("SELECT * FROM event").fetchall()
    connection.close()
