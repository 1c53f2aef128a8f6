"""The data folder, read and changed; and new database files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from chatd.admin import data
from chatd.store import database
from chatd.store.database import UnusableError
from tests.store.pumped import PumpedStore


def test_data_is_read_while_a_server_runs_and_changed_when_none_does(store: PumpedStore, folder: Path) -> None:
    with data.open_to_read(store.path.parent) as connection:
        assert data.room(connection, "#LOBBY").end == 31
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM event")
    with pytest.raises(UnusableError, match=r"a server is using .* stop it first"), data.open_to_change(store.path.parent):
        pass
    with data.open_to_change(folder), pytest.raises(UnusableError, match="another server"):
        PumpedStore(folder)


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [
        (f"user_version = {database.VERSION + 1}", "from a newer chatd"),
        (f"user_version = {database.VERSION - 1}", "start the server once"),
        ("application_id = 7", "not a chatd database"),
    ],
)
def test_another_version_is_refused(folder: Path, pragma: str, reason: str) -> None:
    with sqlite3.connect(folder / database.FILE_NAME) as connection:
        connection.execute(f"PRAGMA {pragma}")
    connection.close()
    for opening in (data.open_to_read, data.open_to_change):
        with pytest.raises(UnusableError, match=reason), opening(folder):
            pass


def test_a_file_is_complete_or_absent(tmp_path: Path) -> None:
    file = tmp_path / "file"
    (tmp_path / "file.part").write_text("left by a kill")
    (tmp_path / "file.part-journal").write_text("left by a kill")
    with pytest.raises(UnicodeEncodeError), data.new_file(file) as part:
        part.write_text("half \udfff")
    assert list(tmp_path.iterdir()) == []
    with data.new_file(file) as part:
        part.write_text("whole")
        assert not file.exists()
    assert list(tmp_path.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_new_database_is_one_file(tmp_path: Path) -> None:
    with data.new_database(tmp_path / "part") as connection:
        connection.execute("INSERT INTO room (key, name) VALUES ('tea', 'tea')")
        assert [path.name for path in tmp_path.iterdir()] == ["part"]


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [(1, 1, "no events"), (7, 8, "1 event (7)"), (7, 9, "2 events (7 to 8)"), (1, 1001, "1,000 events (1 to 1000)")],
)
def test_ranges_of_events_in_words(start: int, stop: int, words: str) -> None:
    assert data.event_range(start, stop) == words


def test_a_new_database_is_not_put_beside_an_old_write_ahead_log(tmp_path: Path) -> None:
    (tmp_path / "file-wal").write_text("of another database")
    with pytest.raises(UnusableError, match=r"file-wal exists without .*: move it away"), data.new_file(tmp_path / "file"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file-wal"]
